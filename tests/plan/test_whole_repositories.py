"""``spec.dockerImageRepository``: what manifests name becomes stream tags, whatever the order of the files."""

from __future__ import annotations

import json
from itertools import permutations

import pytest

from gitops_streams.plan.model import Change, Unchanged
from gitops_streams.streams.whole_repository import MAX_TAGS

WEB = "quay.io/acme/web"
DIGEST = f"sha256:{'1' * 64}"


def whole(
    name: str = "web", namespace: str | None = "acme", repository: str = WEB, *, local: bool = False, **tags: str
) -> str:
    """Declare a stream for a whole repository; ``tags`` are declared beside it."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    entries = [{"name": tag, "from": {"kind": "DockerImage", "name": source}} for tag, source in tags.items()]
    spec = {"dockerImageRepository": repository, "lookupPolicy": {"local": local}, "tags": entries}
    return json.dumps({"apiVersion": "v1", "kind": "ImageStream", "metadata": metadata, "spec": spec}) + "\n"


def triggered(name: str) -> str:
    field = "spec.template.spec.containers[0].image"
    annotation = json.dumps([{"from": {"kind": "ImageStreamTag", "name": name}, "fieldPath": field}])
    return (
        "kind: Deployment\nmetadata:\n  name: x\n  namespace: acme\n  annotations:\n"
        f"    image.openshift.io/triggers: '{annotation}'\n"
        "spec:\n  template:\n    spec:\n      containers:\n      - name: x\n        image: ' '\n"
    )


@pytest.fixture
def bound(plan_files):
    """Bind documents: ``stream:tag (rule)`` of each site, and why others are not bound."""

    def bind(files: dict[str, str]) -> tuple[list[str], list[str]]:
        bindings = plan_files(files).bindings
        return [f"{site.tag} ({site.rule})" for site in bindings.sites], [each.reason for each in bindings.skipped]

    return bind


def test_a_reference_to_any_tag_is_bound(bound, pod):
    files = {"s.json": whole(), "a.yaml": pod(f"{WEB}:1.4"), "b.yaml": pod(f"{WEB}:main@{DIGEST}")}
    assert bound(files) == (["acme/web:1.4 (source)", "acme/web:main (source)"], [])


def test_markers_triggers_and_local_names_name_any_tag(bound, pod):
    files = {
        "s.json": whole(local=True),
        "a.yaml": pod("x", ' # {"$imagestream": "acme/web:2"}'),
        "b.yaml": triggered("web:3"),
        "c.yaml": "kind: Pod\nmetadata: {namespace: acme}\nspec:\n  containers:\n  - image: web:4\n",
    }
    assert bound(files) == (["acme/web:2 (marker)", "acme/web:3 (trigger)", "acme/web:4 (local)"], [])


def test_an_alias_names_any_tag(plan_files, pod):
    alias = json.loads(whole("other", repository="quay.io/acme/other"))
    alias["spec"]["tags"] = [{"name": "prod", "from": {"kind": "ImageStreamTag", "name": "web:1.4"}}]
    planned = plan_files(
        {"s.json": whole(), "o.json": json.dumps(alias), "a.yaml": pod("x", ' # {"$imagestream": "acme/other:prod"}')}
    )
    assert [str(tag.key) for tag in planned.plan.tags] == ["acme/other:prod", "acme/web:1.4"]
    assert f"image: {WEB}:1.4@sha256:" in planned.files["a.yaml"].decode()


def test_what_is_declared_goes_before(bound, pod, stream):
    """In the stream itself, and in others."""
    place = {"a.yaml": pod(f"{WEB}:1.4")}
    assert bound({**place, "s.json": whole(prod=f"{WEB}:1.4")}) == (["acme/web:prod (source)"], [])
    assert bound({**place, "s.json": whole(), "o.json": stream("one", "acme", x=f"{WEB}:1.4")})[0] == [
        "acme/one:x (source)"
    ]
    assert bound({**place, "s.json": whole(**{"1.4": "quay.io/acme/else:1"})}) == (
        [],
        ["acme/web:1.4 is declared in spec.tags and does not follow it; declare another tag that does"],
    )


def test_a_reference_without_a_tag_is_not_taken_for_latest(bound, pod):
    assert bound({"s.json": whole(), "a.yaml": pod(WEB)}) == (
        [],
        ["it names no tag; write :latest if that is what it means"],
    )


def test_two_streams_of_one_repository(bound, pod):
    streams = {"s.json": whole(namespace="dev"), "t.json": whole(namespace="prod")}
    assert bound({**streams, "a.yaml": pod(f"{WEB}:1", namespace="prod")}) == (["prod/web:1 (source)"], [])
    sites, reasons = bound({**streams, "a.yaml": pod(f"{WEB}:1")})
    assert sites == []
    assert reasons[0].startswith("ambiguous: dev/web:1, prod/web:1 track it")


def test_a_digest_alone_is_known_by_the_history(bound, pod, lock):
    files = {"s.json": whole(), "a.yaml": pod(f"{WEB}@{DIGEST}"), **lock("web", "acme", WEB, **{"1.4": [DIGEST]})}
    assert bound(files) == (["acme/web:1.4 (history)"], [])


def test_only_what_is_used_is_a_stream_tag(plan_files, pod, lock):
    files = {"s.json": whole(), "a.yaml": pod(f"{WEB}:1.4"), **lock("web", "acme", WEB, old=[DIGEST])}
    assert [str(key) for key in plan_files(files).catalog.tags] == ["acme/web:1.4"]


def test_a_second_run_changes_nothing(plan_files, pod):
    files = {"s.json": whole(), "a.yaml": pod(f"{WEB}:1.4"), "b.yaml": triggered("web:3")}
    first = plan_files(files)
    assert [type(site) for site in first.plan.sites] == [Change, Change]
    again = plan_files(first.files)
    assert [type(site) for site in again.plan.sites] == [Unchanged, Unchanged]
    assert again.files == first.files


def test_beyond_the_limit_places_stay_and_that_is_said(plan_files, pod):
    files = {f"{n:03}.yaml": pod(f"{WEB}:1.{n}") for n in range(MAX_TAGS + 2)}
    planned = plan_files({**files, "s.json": whole()})
    assert len(planned.plan.tags) == MAX_TAGS
    advice = f"is beyond the first {MAX_TAGS} tags of spec.dockerImageRepository; declare it in spec.tags"
    assert [(each.file, each.reason) for each in planned.bindings.skipped] == [
        (f"{n:03}.yaml", f"acme/web:1.{n} {advice}") for n in (0, 1)
    ]
    (problem,) = planned.plan.problems
    assert problem.reason.endswith("52 of its tags are used and 50 followed; not 1.1, 1.0: declare it in spec.tags")
    assert planned.plan.requests == MAX_TAGS


def test_the_order_of_the_files_is_of_no_account(plan_files, pod, monkeypatch):
    monkeypatch.setattr("gitops_streams.streams.whole_repository.MAX_TAGS", 2)
    parts = {
        "a.yaml": pod(f"{WEB}:latest"),
        "b.yaml": pod("x", ' # {"$imagestream": "acme/web:1.5"}'),
        "c.yaml": triggered("web:2.0"),
        "d.yaml": pod(f"{WEB}:word"),
        "s.json": whole(),
    }
    told = set()
    for order in permutations(parts):
        planned = plan_files({path: parts[path] for path in order})
        bound = sorted(str(site.tag) for site in planned.bindings.sites)
        skipped = sorted(each.file for each in planned.bindings.skipped)
        told.add((*bound, *skipped, str(planned.plan.problems)))
    ((latest, newest, *rest),) = told
    assert (latest, newest) == ("acme/web:2.0", "acme/web:latest")
    assert rest[:2] == ["b.yaml", "d.yaml"]
