"""``referencePolicy.type: Local``: places that are named after a stream tag refer to the stream's own repository."""

from __future__ import annotations

import json

import pytest

from gitops_streams.errors import InvalidReference
from gitops_streams.plan.model import Change, Pin, Unchanged
from gitops_streams.streams.local_registry import LocalRegistry
from gitops_streams.yamledit.problem import Problem

WEB = "quay.io/acme/web"
HOST = "registry.svc:5000"
REGISTRY = LocalRegistry(HOST)
DIGEST = f"sha256:{'1' * 64}"
MARKER = ' # {"$imagestream": "acme/web:prod"}'


def stream(namespace: str | None = "acme", policy: str = "Local", *, lookup: bool = False) -> str:
    """Declare ``web`` with ``prod``, which follows a tag, and ``live``, which follows ``prod``."""
    tags = [
        ("prod", {"kind": "DockerImage", "name": f"{WEB}:1.4"}),
        ("live", {"kind": "ImageStreamTag", "name": "prod"}),
    ]
    spec = {
        "lookupPolicy": {"local": lookup},
        "tags": [{"name": name, "from": source, "referencePolicy": {"type": policy}} for name, source in tags],
    }
    metadata = {"name": "web"} | ({"namespace": namespace} if namespace else {})
    return json.dumps({"apiVersion": "v1", "kind": "ImageStream", "metadata": metadata, "spec": spec}) + "\n"


def triggered(name: str, namespace: str | None = "acme") -> str:
    field = "spec.template.spec.containers[0].image"
    annotation = json.dumps([{"from": {"kind": "ImageStreamTag", "name": name}, "fieldPath": field}])
    place = f"  namespace: {namespace}\n" if namespace else ""
    return (
        f"kind: Deployment\nmetadata:\n  name: x\n{place}  annotations:\n"
        f"    image.openshift.io/triggers: '{annotation}'\n"
        "spec:\n  template:\n    spec:\n      containers:\n      - name: x\n        image: ' '\n"
    )


def notices(planned) -> list[Problem]:
    return [problem for problem in planned.plan.problems if "referencePolicy" in problem.reason]


@pytest.fixture
def written(plan_files):
    """Write a document, see that a second run changes nothing, and return the lines that changed."""

    def write(document: str, declared: str, *, registry: LocalRegistry | None = REGISTRY, pin=Pin.TAG_AND_DIGEST):
        files = {"s.json": declared, "a.yaml": document}
        first = plan_files(files, local_registry=registry, pin=pin)
        again = plan_files(first.files, local_registry=registry, pin=pin)
        assert all(isinstance(site, Unchanged) for site in again.plan.sites), list(again.plan.sites)
        assert len(list(again.plan.sites)) == len(list(first.plan.sites)) > 0
        lines = zip(document.splitlines(), first.files["a.yaml"].decode().splitlines(), strict=True)
        digest = next(iter(first.plan.tags)).digest
        return [after.strip().replace(str(digest), "DIGEST") for before, after in lines if before != after]

    return write


PLACES = {
    "a trigger": (triggered("web:prod"), [f"image: '{HOST}/acme/web:prod@DIGEST'"]),
    "a trigger, an alias": (triggered("web:live"), [f"image: '{HOST}/acme/web:live@DIGEST'"]),
    "a marker": (f"image: x{MARKER}\n", [f"image: {HOST}/acme/web:prod@DIGEST{MARKER}"]),
    "a marker at the source": (f"image: {WEB}:1.4{MARKER}\n", [f"image: {HOST}/acme/web:prod@DIGEST{MARKER}"]),
    "a name and a digest": (
        f'repository: x{MARKER[:-2]}:name"}}\ndigest: {DIGEST}{MARKER[:-2]}:digest"}}\n',
        [f'repository: {HOST}/acme/web{MARKER[:-2]}:name"}}', f'digest: DIGEST{MARKER[:-2]}:digest"}}'],
    ),
    "a name and a tag": (
        f'repository: x{MARKER[:-2]}:name"}}\ntag: x{MARKER[:-2]}:tag"}}\n',
        [f'repository: {HOST}/acme/web{MARKER[:-2]}:name"}}', f'tag: prod@DIGEST{MARKER[:-2]}:tag"}}'],
    ),
    "a tag alone": (
        f'repository: {WEB}\ntag: x{MARKER[:-2]}:tag"}}\n',
        [f'tag: 1.4@DIGEST{MARKER[:-2]}:tag"}}'],
    ),
    "by source": (f"image: {WEB}:1.4\n", [f"image: {WEB}:1.4@DIGEST"]),
    "the local reference": (f"image: {HOST}/acme/web:prod\n", [f"image: {HOST}/acme/web:prod@DIGEST"]),
    "the local reference, an alias": (f"image: {HOST}/acme/web:live\n", [f"image: {HOST}/acme/web:live@DIGEST"]),
    "the local reference, another digest": (
        f"image: {HOST}/acme/web:prod@{DIGEST}\n",
        [f"image: {HOST}/acme/web:prod@DIGEST"],
    ),
    "a kustomization": (
        f"kind: Kustomization\nimages:\n- name: {HOST}/acme/web\n  newTag: prod\n  digest: {DIGEST}\n",
        ["digest: DIGEST"],
    ),
}


@pytest.mark.parametrize(("document", "lines"), PLACES.values(), ids=PLACES.keys())
def test_what_is_written(written, document: str, lines: list[str]):
    assert written(document, stream()) == lines


def test_a_bare_name(written):
    document = "kind: Pod\nmetadata: {namespace: acme}\nspec:\n  containers:\n  - image: web:prod\n"
    assert written(document, stream(lookup=True)) == [f"- image: {HOST}/acme/web:prod@DIGEST{MARKER}"]


def test_pin_digest(written):
    assert written(triggered("web:prod"), stream(), pin=Pin.DIGEST) == [f"image: '{HOST}/acme/web@DIGEST'"]


def test_a_prefix(written):
    registry = LocalRegistry.parse("example.com/a/b")
    assert written(triggered("web:prod"), stream(), registry=registry) == [
        "image: 'example.com/a/b/acme/web:prod@DIGEST'"
    ]


def test_a_digest_alone_is_known_by_the_history(plan_files, lock):
    files = {
        "s.json": stream(),
        "a.yaml": f"image: {HOST}/acme/web@{DIGEST}\n",
        **lock("web", "acme", WEB, prod=[DIGEST]),
    }
    (site,) = plan_files(files, local_registry=REGISTRY).plan.sites
    assert isinstance(site, Change)
    assert site.after.startswith(f"{HOST}/acme/web@sha256:")


@pytest.mark.parametrize("registry", [REGISTRY, None])
def test_source_stays_source(written, registry):
    assert written(triggered("web:prod"), stream(policy="Source"), registry=registry) == [f"image: '{WEB}:1.4@DIGEST'"]


def test_a_stream_without_a_namespace_is_in_that_of_the_place(written, plan_files):
    assert written(triggered("web:prod"), stream(None)) == [f"image: '{HOST}/acme/web:prod@DIGEST'"]
    assert written(triggered("web:prod", None), stream(None)) == [f"image: '{WEB}:1.4@DIGEST'"]
    files = {"s.json": stream(None), "a.yaml": triggered("web:prod", None)}
    (problem,) = notices(plan_files(files, local_registry=REGISTRY))
    assert problem.reason == (
        "web:prod says referencePolicy Local, but neither its stream nor what uses it names a namespace:"
        " references keep the source's registry"
    )


def test_without_a_registry_the_source_is_referred_to_and_that_is_said_once(written, plan_files):
    assert written(triggered("web:prod"), stream(), registry=None) == [f"image: '{WEB}:1.4@DIGEST'"]
    files = {"s.json": stream(), "a.yaml": triggered("web:prod"), "b.yaml": triggered("web:live")}
    (problem,) = notices(plan_files(files))
    assert (problem.file, problem.line) == ("s.json", 1)
    assert problem.reason == (
        "2 stream tags in use say referencePolicy Local, but localRegistry is not configured:"
        " references keep the source's registry"
    )
    assert notices(plan_files({"s.json": stream()})) == []


@pytest.mark.parametrize("text", ["r.example.com", "r:5000", "localhost", "r.example.com:5000/a/b"])
def test_an_address(text: str):
    assert str(LocalRegistry.parse(text).repository("acme", "web")) == f"{text}/acme/web"


@pytest.mark.parametrize(
    "text", ["", "streams", "r.example.com/", "https://r.example.com", "r.example.com/A", "r.x@y", "r x"]
)
def test_no_address(text: str):
    with pytest.raises(InvalidReference):
        LocalRegistry.parse(text)
