"""The annotation of image change triggers: what each one names, and the words for what does nothing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_streams.manifests import trigger_annotation
from gitops_streams.manifests.field_path import POD_SPECS, FieldPath, corrected, parse
from gitops_streams.manifests.occurrence import Occurrence, TriggeredField
from gitops_streams.manifests.scan import scan
from gitops_streams.yamledit.pointer import render

TEMPLATE = POD_SPECS["Deployment"]
KEY = "image.openshift.io/triggers"
WEB = {"kind": "ImageStreamTag", "name": "web:prod"}
PATH = 'spec.template.spec.containers[?(@.name=="web")].image'
BASE = "spec.template.spec"


def trigger(path: str = PATH, /, **fields):
    return {"from": WEB, "fieldPath": path} | fields


@pytest.fixture
def triggered():
    """Scan a Deployment with containers ``web`` and ``side`` and an init container ``setup``.

    Returns what its triggers name, ``pointer stream:tag`` with the namespace and what keeps it off, then the problems.
    """

    def find(annotation, *, kind: str = "Deployment", namespace: str | None = "acme", **spec) -> list[str]:
        text = annotation if isinstance(annotation, str) else json.dumps(annotation)
        pod = {
            "initContainers": [{"name": "setup", "image": " "}],
            "containers": [{"name": "web", "image": ""}, {"name": "side", "image": "quay.io/acme/side:1"}],
        } | spec
        body = {"template": {"spec": pod}}
        document = {
            "kind": kind,
            "metadata": {"annotations": {KEY: text}} | ({"namespace": namespace} if namespace else {}),
            "spec": {"jobTemplate": {"spec": body}} if kind == "CronJob" else body,
        }
        file, problems = scan("a.yaml", json.dumps(document, ensure_ascii=False).encode(), frozenset())
        lines = []
        for item in () if file is None else file.findings:
            assert isinstance(item, Occurrence)
            assert isinstance(item.form, TriggeredField)
            named = item.form.trigger
            words = [render(item.pointer), f"{named.namespace}/{named.stream}:{named.tag}", named.hands_off]
            lines.append(" ".join(word for word in words if word))
        return lines + [problem.reason.removeprefix(KEY) for problem in problems]

    return find


class TestAnnotationsReactor:
    """The cases of library-go's test of this name, each with data of our own."""

    def test_no_annotation(self, triggered):
        assert triggered([]) == []
        assert triggered("null") == []

    def test_no_container(self, triggered):
        assert triggered([trigger()], containers=[], initContainers=[]) == [
            f"[0]: no such container: {json.dumps(PATH)}; its pod spec has no container"
        ]

    @pytest.mark.parametrize(
        ("path", "wanted"),
        [
            (f"{BASE}.containers[9].image", "no such container"),
            (f"{BASE}.containers[0].name", "field path is not valid"),
            ("spec.paused", "field path is not valid"),
        ],
    )
    def test_wrong_paths(self, triggered, path, wanted):
        (line,) = triggered([trigger(path)])
        assert line.startswith(f"[0]: {wanted}: {json.dumps(path)}; write ")

    def test_no_ref(self, triggered):
        line, reason = triggered([{"fieldPath": PATH}])
        assert line.startswith('[0]: from.kind is ""')
        assert reason == "[0]: from.name is empty"

    def test_its_own_namespace_is_the_default(self, triggered):
        assert triggered([trigger()]) == ["/spec/template/spec/containers/0/image acme/web:prod"]
        assert triggered([trigger()], namespace=None) == ["/spec/template/spec/containers/0/image None/web:prod"]

    def test_another_namespace(self, triggered):
        assert triggered([trigger(**{"from": WEB | {"namespace": "shared"}})]) == [
            "/spec/template/spec/containers/0/image shared/web:prod"
        ]

    @pytest.mark.parametrize("keyword", ["containers", "initContainers"])
    def test_an_init_container_goes_first_whatever_the_keyword(self, triggered, keyword):
        path = f'{BASE}.{keyword}[?(@.name=="web")].image'
        init = [{"name": "web", "image": "x"}]
        assert triggered([trigger(path)], initContainers=init) == [
            "/spec/template/spec/initContainers/0/image acme/web:prod"
        ]
        assert triggered([trigger(path)]) == ["/spec/template/spec/containers/0/image acme/web:prod"]

    def test_an_index_counts_in_its_own_list(self, triggered):
        assert triggered([trigger(f"{BASE}.initContainers[0].image"), trigger(f"{BASE}.containers[1].image")]) == [
            "/spec/template/spec/initContainers/0/image acme/web:prod",
            "/spec/template/spec/containers/1/image acme/web:prod",
        ]

    def test_paused(self, triggered):
        assert triggered([trigger(paused=True)]) == [
            "/spec/template/spec/containers/0/image acme/web:prod it is paused"
        ]
        assert triggered([trigger(paused=False)]) == triggered([trigger(paused=None)]) == triggered([trigger()])

    def test_one_of_two_resolves(self, triggered):
        wrong = trigger(f"{BASE}.containers[1].image", **{"from": WEB | {"name": "web"}})
        first, second = triggered([trigger(), wrong])
        assert first == "/spec/template/spec/containers/0/image acme/web:prod"
        assert second == (
            '[1]: from.name "web" has no colon, so OpenShift never resolves it; '
            'write "from":{"kind":"ImageStreamTag","name":"web:latest"}'
        )

    @pytest.mark.parametrize("image", ["", " ", "SET_BY_TRIGGER", "web:prod", "quay.io/a/b:1@sha256:" + "0" * 64])
    def test_whatever_stood_there_before(self, triggered, image):
        assert triggered([trigger()], containers=[{"name": "web", "image": image}]) == [
            "/spec/template/spec/containers/0/image acme/web:prod"
        ]

    def test_both(self, triggered):
        other = trigger(f'{BASE}.containers[?(@.name=="side")].image', **{"from": WEB | {"name": "side:"}})
        assert triggered([trigger(), other]) == [
            "/spec/template/spec/containers/0/image acme/web:prod",
            "/spec/template/spec/containers/1/image acme/side:latest",
        ]


class TestKinds:
    @pytest.mark.parametrize("kind", ["Deployment", "DaemonSet", "StatefulSet"])
    def test_that_are_watched(self, triggered, kind):
        assert triggered([trigger()], kind=kind) == ["/spec/template/spec/containers/0/image acme/web:prod"]

    def test_a_cron_job_has_a_path_of_its_own(self, triggered):
        path = f'spec.jobTemplate.{BASE}.containers[?(@.name=="web")].image'
        assert triggered([trigger(path)], kind="CronJob") == [
            "/spec/jobTemplate/spec/template/spec/containers/0/image acme/web:prod"
        ]
        assert triggered([trigger()], kind="CronJob") == [
            f'[0]: field path is not valid: {json.dumps(PATH)}; write "fieldPath":{json.dumps(path)}'
        ]

    @pytest.mark.parametrize("kind", ["Job", "ReplicaSet", "Rollout", "Service"])
    def test_that_are_not(self, triggered, kind):
        assert triggered([trigger()], kind=kind) == [
            f": OpenShift does not watch this kind ({kind}), only {', '.join(sorted(POD_SPECS))}; it has no effect"
        ]

    def test_a_deployment_config_has_its_own(self, triggered):
        (line,) = triggered([trigger()], kind="DeploymentConfig")
        assert line.startswith(": a DeploymentConfig has triggers of its own, spec.triggers")

    def test_a_pod_template_is_no_place_for_it(self):
        text = f"kind: Deployment\nspec: {{template: {{metadata: {{annotations: {{{KEY}: '[]'}}}}}}}}\n"
        _, (problem,) = scan("a.yaml", text.encode(), frozenset())
        assert problem.line == 2
        assert "it belongs on the Deployment itself" in problem.reason


def whole(reason: str, *triggers) -> str:
    text = json.dumps(list(triggers), separators=(",", ":"))
    return f": OpenShift ignores all of it: {reason}; write {text}"


class TestTraps:
    """What people write, and the corrected text that they are shown."""

    @pytest.mark.parametrize(("written", "meant"), [("true", True), ("false", False), ("False", False), ("no", False)])
    def test_paused_as_text(self, triggered, written, meant):
        right = trigger(paused=True) if meant else trigger()
        assert triggered([trigger(paused=written)]) == [whole("[0].paused must be true or false without quotes", right)]

    @pytest.mark.parametrize(("written", "meant"), [("true", "true"), ("false", "false"), (True, "true")])
    def test_pause(self, triggered, written, meant):
        first, second = triggered([trigger(pause=written)])
        assert first == "/spec/template/spec/containers/0/image acme/web:prod"
        assert second == f'[0]: OpenShift ignores "pause", so it pauses nothing; write "paused":{meant}'

    @pytest.mark.parametrize(
        ("path", "right"),
        [
            (f"{BASE}.containers[?(@.name=='web')].image", PATH),
            (f'{BASE}.containers[?(@.name == "web")].image', PATH),
            (f'{BASE}.containers[?(@.name=="web")]', PATH),
            (f'{BASE}.containers[(@.name=="web")].image', PATH),
            (f'{BASE}.containers[@.name=="web"].image', PATH),
            (f"{BASE}.containers[web sidecar].image", None),
            (f'{BASE}.containers["web"].image', PATH),
            (f'.{BASE}.containers[?(@.name=="web")].image', PATH),
            ('spec.containers[?(@.name=="web")].image', PATH),
            (f"{BASE}.containers[ 0 ].image", f"{BASE}.containers[0].image"),
            (f'{BASE}.initContainers[?(@.name=="web")].image ', f'{BASE}.initContainers[?(@.name=="web")].image'),
        ],
    )
    def test_paths_outside_of_the_grammar(self, triggered, path, right):
        (line,) = triggered([trigger(path)])
        known = [f'{BASE}.{key}[?(@.name=="{name}")].image' for key, name in CONTAINERS]
        rights = " or ".join(f'"fieldPath":{json.dumps(each)}' for each in ([right] if right else known))
        assert line == f"[0]: field path is not valid: {json.dumps(path)}; write {rights}"

    def test_a_container_that_is_not_there(self, triggered):
        path = f'{BASE}.containers[?(@.name=="wep")].image'
        rights = " or ".join(
            f'"fieldPath":{json.dumps(f"{BASE}.{key}[?(@.name==" + json.dumps(name) + ")].image")}'
            for key, name in CONTAINERS
        )
        assert triggered([trigger(path)]) == [f"[0]: no such container: {json.dumps(path)}; write {rights}"]

    def test_a_container_without_an_image(self, triggered):
        assert triggered([trigger()], containers=[{"name": "web"}]) == [
            '[0]: the container "web" has no image that could be set; write image: " " into it'
        ]

    def test_an_api_version(self, triggered):
        origin = {"apiVersion": "image.openshift.io/v1", **WEB, "namespace": "x"}
        (line,) = triggered([trigger(**{"from": origin})])
        assert line == (
            "[0]: with from.apiVersion, changes of the stream do not fire it; "
            'write "from":{"kind":"ImageStreamTag","name":"web:prod","namespace":"x"}'
        )

    def test_another_kind(self, triggered):
        (line,) = triggered([trigger(**{"from": WEB | {"kind": "ImageStream"}})])
        assert line == (
            '[0]: from.kind is "ImageStream": only ImageStreamTag fires; '
            'write "from":{"kind":"ImageStreamTag","name":"web:prod"}'
        )

    @pytest.mark.parametrize("name", ["UPPER:x", "a/b:x", "web:a b", "web:prod:more", ":x"])
    def test_names_that_nothing_can_have(self, triggered, name):
        assert triggered([trigger(**{"from": WEB | {"name": name}})]) == [
            f"[0]: from.name {json.dumps(name)} names no stream tag"
        ]

    def test_a_parameter_of_a_template(self, triggered):
        (line,) = triggered([trigger(**{"from": WEB | {"name": "${NAME}:latest"}})])
        assert line.startswith("[0]: not followed: it holds an unexpanded parameter")

    def test_the_same_path_twice(self, triggered):
        assert triggered([trigger(), trigger(**{"from": WEB | {"name": "x:1"}})]) == [
            whole(
                "duplicate triggers are not allowed: one fieldPath stands twice",
                trigger(),
            )
        ]

    def test_the_same_container_by_two_paths(self, triggered):
        by_index = f"{BASE}.containers[0].image"
        assert triggered([trigger(), trigger(by_index)]) == ["/spec/template/spec/containers/0/image acme/web:prod"]
        assert triggered([trigger(), trigger(by_index, **{"from": WEB | {"name": "x:1"}})]) == [
            ": 2 triggers name the image on line 1; leave one of them"
        ]

    def test_one_trigger_without_its_list(self, triggered):
        assert triggered(trigger()) == [whole("it must be a list", trigger())]

    @pytest.mark.parametrize(
        "text",
        [
            f"[{{'from':{{'kind':'ImageStreamTag','name':'web:prod'}},'fieldPath':'{BASE}.containers[0].image'}}]",
            f'[{{"from":{{"kind":"ImageStreamTag","name":"web:prod"}},"fieldPath":"{BASE}.containers[0].image"}},]',
            f'[{{"from":{{"kind":"ImageStreamTag","name":"web:prod",}},"fieldPath":"{BASE}.containers[0].image"}}]',
            f"- from: {{kind: ImageStreamTag, name: 'web:prod'}}\n  fieldPath: {BASE}.containers[0].image\n",
        ],
    )
    def test_what_is_almost_json(self, triggered, text):
        (line,) = triggered(text)
        assert line.startswith(": OpenShift ignores all of it: it is not JSON (")
        right = json.dumps([trigger(f"{BASE}.containers[0].image")], separators=(",", ":"))
        assert line.endswith(f"); write {right}")

    @pytest.mark.parametrize("quote", ['"', "'"])
    def test_quotes_that_are_not_escaped(self, triggered, quote):
        text = f'[{{"from":{json.dumps(WEB)},"fieldPath":"{BASE}.containers[?(@.name=={quote}web{quote})].image"}}]'
        (line,) = triggered(text)
        right = f'"fieldPath":{json.dumps(PATH)}'
        assert right in line

    @pytest.mark.parametrize("text", ["", "no", "[", "[" * 5000, '{"a": NaN}', "\x00", "[1", "!!python/x []"])
    def test_what_is_nothing_at_all(self, text):
        read = trigger_annotation.read(text)
        assert isinstance(read, trigger_annotation.Unreadable)
        assert read.reason.endswith(f"; write {trigger_annotation.FORM}")

    @pytest.mark.parametrize("item", [1, "x", [], {"from": 1}, {"from": {"name": 1}}, {"fieldPath": {}}, {"paused": 1}])
    def test_values_of_another_type(self, item):
        read = trigger_annotation.read(json.dumps([item]))
        assert isinstance(read, trigger_annotation.Unreadable)

    def test_names_of_fields_match_whatever_their_case(self, triggered):
        text = json.dumps([{"From": {"KIND": "ImageStreamTag", "Name": "web:prod"}, "fieldpath": PATH, "PAUSED": True}])
        assert triggered(text) == ["/spec/template/spec/containers/0/image acme/web:prod it is paused"]

    def test_have_the_line_of_the_annotation(self):
        text = f"kind: Deployment\nmetadata:\n  annotations:\n    a: b\n    {KEY}: |\n      nonsense\n"
        _, (problem,) = scan("a.yaml", text.encode(), frozenset())
        assert problem.line == 5


CONTAINERS = [("initContainers", "setup"), ("containers", "web"), ("containers", "side")]
NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
PATHS = st.builds(FieldPath, st.sampled_from(["containers", "initContainers"]), st.integers(0, 99) | NAMES)
BASES = st.sampled_from(sorted(set(POD_SPECS.values())))


class TestGrammar:
    @settings(deadline=None)
    @given(PATHS, BASES)
    def test_what_is_written_is_read(self, path: FieldPath, base: tuple[str, ...]):
        assert parse(path.text(base), base) == path
        assert corrected(path.text(base)) == path

    @settings(deadline=None)
    @given(PATHS, BASES, st.data())
    def test_nothing_else_is(self, path: FieldPath, base: tuple[str, ...], data: st.DataObject):
        """One character more, less or other: it is another container's path, or none."""
        text = path.text(base)
        at = data.draw(st.integers(0, len(text) - 1))
        put = data.draw(st.sampled_from([*" '\"[]()?@.=x0\n", ""]))
        changed = text[:at] + put + text[at + data.draw(st.integers(0, 1)) :]
        read = parse(changed, base)
        assert read is None or read.text(base) == changed or changed[: text.index("[")] == text[: text.index("[")]
        if read is not None and isinstance(read.selector, str):
            assert read.text(base) == changed

    @settings(deadline=None)
    @given(
        PATHS, BASES, st.sampled_from(["'", '"', ""]), st.sampled_from(["", " ", "  "]), st.sampled_from(["=", "=="])
    )
    def test_what_is_meant_is_guessed(self, path: FieldPath, base: tuple[str, ...], quote: str, gap: str, sign: str):
        name = f"?({gap}@.name{gap}{sign}{gap}{quote}{path.selector}{quote}{gap})"
        selector = f"{gap}{path.selector}{gap}" if isinstance(path.selector, int) else name
        assert corrected(f"{'.'.join(base)}.{path.list}[{selector}]") == path

    @pytest.mark.timeout(20)
    @pytest.mark.parametrize(
        "text", ["containers[" * 50_000, "containers[" + " " * 500_000, "containers[?(@.name==" * 50_000]
    )
    def test_no_path_takes_long(self, text):
        assert corrected(text) is None
        assert parse(text, TEMPLATE) is None


@settings(deadline=None)
@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from([*'[]{}",:', "from", "name", "null", "1", "'", "\\", "\n", " "])).map("".join)
)
def test_no_annotation_breaks_anything(text: str):
    read = trigger_annotation.read(text)
    if isinstance(read, trigger_annotation.Unreadable):
        assert "\n" not in read.reason


@settings(deadline=None)
@given(
    st.lists(
        st.builds(dict, name=NAMES, path=PATHS, paused=st.booleans()), max_size=4, unique_by=lambda item: item["path"]
    )
)
def test_what_is_shown_is_read_back(items):
    """The corrected text is what OpenShift takes: written out and read again, it says the same."""
    triggers = tuple(
        trigger_annotation.Declared(
            "ImageStreamTag", f"{item['name']}:1", "", "", item["path"].text(TEMPLATE), item["paused"]
        )
        for item in items
    )
    assert trigger_annotation.read(trigger_annotation.as_text(triggers)) == triggers
