"""Which stream tags are resolved once, in every run, or when their spec changes: as declared, and what is asked."""

from __future__ import annotations

import pytest

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.oci.resolution import Method, Question, Resolved
from gitops_streams.streams.follow import Followed, follow
from gitops_streams.streams.history import EMPTY, History, Item, StreamStatus
from gitops_streams.streams.policy import ask

DECLARED = """\
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {{name: web, namespace: acme{more}}}
spec:
  tags:
    - name: prod
      {tag}
      from: {{kind: DockerImage, name: "quay.io/acme/web:1.4"}}
    - name: live
      {alias}
      from: {{kind: ImageStreamTag, name: prod}}
"""
IMAGE = Digest.of(b"recorded")


def declared(tag: str = "", alias: str = "", more: str = "") -> str:
    return DECLARED.format(tag=tag, alias=alias, more=more)


def recorded(fingerprint: str, name: str) -> History:
    item = Item(Reference.parse(f"quay.io/acme/web@{IMAGE}"), IMAGE, "1.4", fingerprint)
    return History({name.stream: StreamStatus(name.stream, {name.tag: (item,)})})


@pytest.mark.parametrize(
    ("tag", "wanted"),
    [
        ("", None),
        ("importPolicy: {}", None),
        ("importPolicy: {scheduled: null}", None),
        ("importPolicy: {scheduled: true}", True),
        ("importPolicy: {scheduled: false}", False),
        ("importPolicy: {scheduled: no, insecure: true}", False),
    ],
)
def test_what_the_declaration_says(read, key, tag, wanted):
    found = read(declared(tag)).tags[key("acme/web:prod")]
    assert found.scheduled is wanted
    assert found.fingerprint == read(declared()).tags[key("acme/web:prod")].fingerprint


@pytest.mark.parametrize("written", [None, True, False])
@pytest.mark.parametrize("configured", [True, False])
@pytest.mark.parametrize("state", ["current", "another spec", "nothing"])
def test_what_is_asked(read, key, written, configured, state):
    text = "" if written is None else f"importPolicy: {{scheduled: {str(written).lower()}}}"
    catalog, name = read(declared(text)), key("acme/web:prod")
    fingerprint = catalog.tags[name].fingerprint if state == "current" else "0" * 16
    history = EMPTY if state == "nothing" else recorded(fingerprint, name)
    every_run = configured if written is None else written
    for start in ("acme/web:prod", "acme/web:live"):
        followed = follow(catalog, key(start), history)
        assert isinstance(followed, Followed)
        answer = ask(followed, history=history, scheduled=configured)
        if every_run or state != "current":
            assert isinstance(answer, Question)
        else:
            assert answer == Resolved(IMAGE, "", "quay.io", Method.RECORDED)


def test_a_source_that_names_a_digest_needs_no_record(read, key):
    catalog = read(declared().replace("web:1.4", f"web@{IMAGE}"))
    followed = follow(catalog, key("acme/web:prod"))
    assert isinstance(followed, Followed)
    assert ask(followed, scheduled=False) == Resolved(IMAGE, "", "quay.io", Method.DECLARED)


SNAPSHOT = "gitops-streams.io/snapshot"


@pytest.mark.parametrize(
    ("alias", "more", "wanted"),
    [
        ("", "", False),
        (f"annotations: {{{SNAPSHOT}: 'true'}}", "", True),
        (f"annotations: {{{SNAPSHOT}: 'false'}}", "", False),
        ("", f", annotations: {{{SNAPSHOT}: 'true'}}", True),
        (f"annotations: {{{SNAPSHOT}: 'false'}}", f", annotations: {{{SNAPSHOT}: 'true'}}", False),
        (f"annotations: {{{SNAPSHOT}: ''}}", f", annotations: {{{SNAPSHOT}: 'true'}}", False),
    ],
)
def test_snapshots(read, key, alias, more, wanted):
    catalog, name = read(declared(alias=alias, more=more)), key("acme/web:live")
    assert catalog.tags[name].snapshot is wanted
    assert catalog.tags[name].fingerprint == read(declared()).tags[name].fingerprint
    taken = follow(catalog, name, recorded(catalog.tags[name].fingerprint, name))
    fresh = follow(catalog, name, recorded("0" * 16, name))
    assert isinstance(taken, Followed)
    assert isinstance(fresh, Followed)
    assert (taken.recorded is not None) is wanted
    assert fresh.recorded is None


def test_a_snapshot_that_is_neither(read, key):
    catalog = read(declared(alias=f"annotations: {{{SNAPSHOT}: 'yes'}}"))
    (wrong,) = catalog.invalid
    assert wrong.key == key("acme/web:live")
    assert wrong.reason == f'spec.tags[live]: annotation {SNAPSHOT}: "yes": it must be "true" or "false"'
    assert wrong.line == 10
