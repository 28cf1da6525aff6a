"""Which stream tag a trigger or a bare name means, from namespace to namespace; and what comes of it."""

from __future__ import annotations

import json

import pytest

from gitops_streams.oci.resolution import Cause, Unresolvable
from gitops_streams.plan.model import Change, Failed, Held, Pin, Rule, Unchanged
from gitops_streams.plan.saved import fit, read
from gitops_streams.render import json_report
from gitops_streams.render.report import Report
from gitops_streams.schemas import load

WEB = "quay.io/acme/web"
PATH = "spec.template.spec.containers[0].image"


def deployment(image: str, name: str, namespace: str | None = None, of: str | None = None, **fields) -> str:
    origin = {"kind": "ImageStreamTag", "name": name} | ({"namespace": of} if of else {})
    annotation = json.dumps([{"from": origin, "fieldPath": PATH} | fields])
    place = f"  namespace: {namespace}\n" if namespace else ""
    return (
        f"kind: Deployment\nmetadata:\n  name: x\n{place}  annotations:\n"
        f"    image.openshift.io/triggers: '{annotation}'\n"
        f"spec:\n  template:\n    spec:\n      containers:\n      - name: x\n        image: {image}\n"
    )


def pod(image: str, namespace: str | None = None) -> str:
    metadata = f"{{namespace: {namespace}}}" if namespace else "{}"
    return f"kind: Pod\nmetadata: {metadata}\nspec:\n  containers:\n  - image: {image}\n"


def with_lookup(declared: str) -> str:
    document = json.loads(declared)
    return json.dumps({**document, "spec": document["spec"] | {"lookupPolicy": {"local": True}}})


@pytest.fixture
def bound(plan_files):
    """Bind the one image of a document: ``stream:tag (rule)``, or why it is not bound."""

    def bind(document: str, *streams: str) -> str | None:
        files = {f"streams{number}.json": text for number, text in enumerate(streams)}
        bindings = plan_files(files | {"app.yaml": document}).bindings
        outcomes = [f"{site.tag} ({site.rule})" for site in bindings.sites]
        outcomes += [reference.reason for reference in bindings.skipped]
        assert len(outcomes) <= 1, outcomes
        return outcomes[0] if outcomes else None

    return bind


class TestTriggers:
    @pytest.mark.parametrize(
        ("of_trigger", "of_document", "of_streams", "wanted"),
        [
            (None, None, [None], "s:t (trigger)"),
            (None, "a", ["a", "b"], "a/s:t (trigger)"),
            ("b", "a", ["a", "b"], "b/s:t (trigger)"),
            (None, None, ["a"], "a/s:t (trigger)"),
            ("a", None, [None], "s:t (trigger)"),
            ("a", None, [None, "a"], "a/s:t (trigger)"),
            (None, None, ["a", "b"], "names a/s:t, b/s:t: ambiguous; give the object a namespace"),
            (None, "c", ["a"], "names c/s:t, which no file declares; a/s is declared"),
            (None, "c", [], "names c/s:t, which no file declares"),
        ],
    )
    def test_namespaces(self, bound, stream, of_trigger, of_document, of_streams, wanted):
        streams = [stream("s", namespace, t=f"{WEB}:1.4") for namespace in of_streams] or [stream("x", t=f"{WEB}:1")]
        found = bound(deployment("x", "s:t", of_document, of_trigger), *streams)
        line = 6 if of_document else 5
        assert found.removeprefix(f"image.openshift.io/triggers (line {line}) ") == wanted

    def test_may_name_an_alias(self, bound, stream):
        assert bound(deployment("x", "s:b"), stream("s", a=f"{WEB}:1.4", b="alias:a")) == "s:b (trigger)"

    def test_go_before_the_source(self, bound, stream):
        streams = [stream("web", prod=f"{WEB}:1.4"), stream("other", x="quay.io/acme/other:9")]
        assert bound(deployment(f"{WEB}:1.4", "other:x"), *streams) == "other:x (trigger)"

    def test_that_name_no_tag_of_the_stream_say_which_there_are(self, bound, stream):
        reason = bound(deployment(f"{WEB}:1.4", "web:nope"), stream("web", prod=f"{WEB}:1.4"))
        assert reason.endswith("names web:nope, which is not declared; web has prod")

    def test_that_name_an_unusable_tag_say_so(self, bound, stream):
        reason = bound(deployment("x", "s:t"), stream("s", t="NOT A REFERENCE", u=f"{WEB}:1"))
        assert reason.endswith("names s:t, whose declaration cannot be used")

    def test_that_are_paused_keep_every_rule_off(self, bound, stream):
        reason = bound(deployment(f"{WEB}:1.4", "web:prod", paused=True), stream("web", prod=f"{WEB}:1.4"))
        assert reason == (
            "image.openshift.io/triggers (line 5) names it and it is paused, so it is left alone; "
            'add # {"$imagestream": "web:prod"} behind it to have it pinned here'
        )

    def test_that_are_paused_give_way_to_a_marker(self, bound, stream):
        document = deployment('x # {"$imagestream": "web:prod"}', "web:prod", paused=True)
        assert bound(document, stream("web", prod=f"{WEB}:1.4")) == "web:prod (marker)"

    def test_that_openshift_ignores_leave_the_field_to_other_rules(self, bound, stream):
        document = deployment(f"{WEB}:1.4", "web:prod", paused="true")
        assert bound(document, stream("web", prod=f"{WEB}:1.4")) == "web:prod (source)"

    @pytest.mark.parametrize("image", ['" "', "''", "", "SET_BY_TRIGGER", "web:prod", "web", "other.example.com/x:9"])
    def test_set_whatever_is_there(self, plan_files, stream, image):
        files = {"s.json": stream("web", prod=f"{WEB}:1.4"), "app.yaml": deployment(image, "web:prod")}
        (change,) = plan_files(files).plan.sites
        assert isinstance(change, Change)
        assert change.after.startswith(f"{WEB}:1.4@sha256:")

    def test_keep_a_spelling_and_drop_the_tag_where_that_is_wanted(self, plan_files, stream):
        files = {"s.json": stream("s", t="docker.io/library/nginx:1"), "app.yaml": deployment("nginx:0", "s:t")}
        (change,) = plan_files(files, pin=Pin.DIGEST).plan.sites
        assert isinstance(change, Change)
        assert change.after.startswith("nginx@sha256:")

    def test_are_done_once(self, plan_files, stream):
        files = {"s.json": stream("web", prod=f"{WEB}:1.4"), "app.yaml": deployment("' '", "web:prod")}
        (site,) = plan_files(plan_files(files).files).plan.sites
        assert isinstance(site, Unchanged)
        assert site.site.rule is Rule.TRIGGER


def config(**changes: str) -> str:
    """Write a DeploymentConfig whose containers are set by a trigger each."""
    triggers = [
        {
            "type": "ImageChange",
            "imageChangeParams": {
                "automatic": True,
                "containerNames": [container],
                "from": {"kind": "ImageStreamTag", "name": name},
            },
        }
        for container, name in changes.items()
    ]
    containers = [{"name": container, "image": " "} for container in changes]
    return json.dumps(
        {"kind": "DeploymentConfig", "spec": {"triggers": triggers, "template": {"spec": {"containers": containers}}}}
    )


class TestDeploymentConfigs:
    def outcomes(self, planned):
        return {site.site.occurrence.owner.container: site for site in planned.plan.sites}

    def test_all_of_them(self, plan_files, stream):
        streams = stream("s", a=f"{WEB}:1", b=f"{WEB}:2")
        sites = self.outcomes(plan_files({"s.json": streams, "dc.json": config(x="s:a", y="s:b")}))
        assert {type(site) for site in sites.values()} == {Change}

    def test_or_none_if_one_cannot_be_resolved(self, plan_files, stream):
        files = {"s.json": stream("s", a=f"{WEB}:1", b=f"{WEB}:2"), "dc.json": config(x="s:a", y="s:b")}
        down = Unresolvable(Cause.UNAVAILABLE, "quay.io is down")
        sites = self.outcomes(plan_files(files, answers={f"{WEB}:2": down}))
        assert isinstance(sites["y"], Failed)
        assert isinstance(sites["x"], Held)
        assert sites["x"].reason == "a DeploymentConfig's triggers work all or nothing, and s:b failed: quay.io is down"

    def test_or_none_if_one_is_not_declared(self, plan_files, stream):
        planned = plan_files({"s.json": stream("s", a=f"{WEB}:1"), "dc.json": config(x="s:a", y="s:nope")})
        assert self.outcomes(planned) == {}
        assert [item.reason for item in planned.plan.skipped] == [
            "spec.triggers (line 1) names s:nope, which is not declared; s has a",
            "spec.triggers works all or nothing, and also names s:nope, which is not declared; s has a",
        ]

    def test_what_is_resolved_for_the_others_counts_as_used(self, plan_files, stream):
        document = json.loads(config(x="s:a", y="s:b"))
        document["spec"]["template"]["spec"]["containers"].pop()
        planned = plan_files({"s.json": stream("s", a=f"{WEB}:1", b=f"{WEB}:2"), "dc.json": json.dumps(document)})
        assert [str(tag.key) for tag in planned.plan.tags] == ["s:a", "s:b"]


UNKNOWN = (
    "its object names no namespace, so it is not known whether web:t is a stream tag; "
    'add # {"$imagestream": "a/web:t"} if it is'
)


class TestLocalNames:
    @pytest.mark.parametrize(
        ("of_document", "of_streams", "wanted"),
        [
            (None, [None], "web:t (local)"),
            ("a", ["a", "b"], "a/web:t (local)"),
            ("a", [None], "web:t (local)"),
            ("a", [None, "a"], "a/web:t (local)"),
            ("c", ["a"], None),
            (
                None,
                ["a"],
                UNKNOWN,
            ),
            (None, [None, "a"], "web:t (local)"),
        ],
    )
    def test_are_of_ones_own_namespace(self, bound, stream, of_document, of_streams, wanted):
        streams = [with_lookup(stream("web", namespace, t=f"{WEB}:1.4")) for namespace in of_streams]
        assert bound(pod("web:t", of_document), *streams) == wanted

    def test_are_looked_up_only_where_the_stream_allows_it(self, bound, stream):
        assert bound(pod("web:t"), stream("web", t=f"{WEB}:1.4")) is None

    def test_go_before_the_source(self, bound, stream):
        streams = [with_lookup(stream("nginx", t=f"{WEB}:1")), stream("hub", x="nginx:t")]
        assert bound(pod("nginx:t"), *streams) == "nginx:t (local)"

    def test_leave_to_the_source_what_no_stream_has(self, bound, stream):
        streams = [with_lookup(stream("nginx", other=f"{WEB}:1")), stream("hub", x="nginx:t")]
        assert bound(pod("nginx:t"), *streams) == "hub:x (source)"

    def test_become_references_with_a_marker(self, plan_files, stream):
        files = {"s.json": with_lookup(stream("web", "a", t=f"{WEB}:1.4")), "app.yaml": pod("web:t", "a")}
        first = plan_files(files)
        assert first.files["app.yaml"].endswith(b' # {"$imagestream": "a/web:t"}\n')
        (site,) = plan_files(first.files).plan.sites
        assert isinstance(site, Unchanged)
        assert site.site.rule is Rule.MARKER

    def test_are_carried_out_from_a_saved_plan_with_their_marker(self, plan_files, stream):
        files = {"s.json": with_lookup(stream("web", "a", t=f"{WEB}:1.4")), "app.yaml": pod("web:t", "a")}
        planned = plan_files(files)
        text = json_report.render(Report(planned.plan))
        (file,) = read(text.encode(), load("plan"), "plan.json").files
        assert fit(file, files["app.yaml"].encode()).after == planned.files["app.yaml"]
        patch = json.loads(text)["files"][0]["patch"]
        assert patch[0]["comments"] == [{"path": "/spec/containers/0/image", "text": '# {"$imagestream": "a/web:t"}'}]
