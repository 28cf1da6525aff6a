"""What ``check`` warns of: stream tags that nothing uses, pins of no stream; tags with a digest of another tag."""

from __future__ import annotations

import json

import jsonschema
import pytest

from gitops_streams import schemas
from gitops_streams.manifests.survey import survey
from gitops_streams.plan.audit import audit
from gitops_streams.plan.audit_uses import untracked, unused
from gitops_streams.render import audit as shown

A, B, C = (f"sha256:{digit * 64}" for digit in "abc")
WEB = "quay.io/acme/web"


@pytest.fixture
def planned(plan_files, stream, lock):
    """Plan one document against stream ``web``, whose tags are at these digests."""

    def plan(document, recorded, **tags):
        return plan_files({"app.yaml": document, "streams.json": stream("web", **tags)} | lock("web", **recorded))

    return plan


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ({"prod": f"{WEB}:1.4"}, []),
        ({"prod": f"{WEB}:1.4", "old": f"{WEB}:1.3"}, ["old"]),
        ({"prod": f"{WEB}:1.4", "v1": f"{WEB}:1.3", "old": "alias:v1"}, ["old"]),
        ({"other": f"{WEB}:1.3"}, ["other"]),
    ],
)
def test_tags_without_a_use(planned, pod, tags, wanted):
    found = planned(pod(f"{WEB}:1.4"), {}, **tags)
    findings = unused(found.catalog, found.bindings)
    assert [finding.tag.tag for finding in findings] == wanted
    assert all(finding.kind.severity == "warning" for finding in findings)


def test_what_images_are_pushed_to_may_be_unused(plan_files, pod):
    text = "apiVersion: v1\nkind: ImageStream\nmetadata: {name: web}\nspec: {tags: [{name: built}]}\n"
    found = plan_files({"s.yaml": text, "a.yaml": pod("x")})
    assert unused(found.catalog, found.bindings) == ()


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (f"{WEB}:1.4@{A}", None),
        (f"{WEB}:1.4", None),
        ("nginx:1", None),
        (f"nginx:1@{A}", "no stream tag follows it; gitops-streams init proposes one"),
        (f"nginx@{A}", "it has a digest and no tag, and the digest is in no stream tag's history; add"),
        (f"{WEB}@{A}", None),
        (f"{WEB}@{B}", "it has a digest and no tag, and the digest is in no stream tag's history; add"),
    ],
)
def test_pins_of_no_stream(planned, pod, image, reason):
    document = pod(image)
    found = planned(document, {"prod": [A]}, prod=f"{WEB}:1.4")
    surveyed, _ = survey("app.yaml", document.encode())
    pins = untracked([surveyed], found.catalog, found.history)
    assert [(pin.line, pin.reason[: len(reason or "")]) for pin in pins] == ([(2, reason)] if reason else [])


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        (f"{WEB}:1.4@{A}", []),
        (f"{WEB}:1.4@{B}", [("disagreement", "it names the tag 1.4, and sha256:bbbbbbbbbbbb is recorded for 1.5")]),
        (f"{WEB}:1.4@{C}", [("unknown-digest", "sha256:cccccccccccc was never recorded for web:prod, which is at")]),
        (f"{WEB}@{B}", []),
    ],
)
def test_a_digest_of_another_tag(planned, pod, image, wanted):
    found = planned(pod(image), {"1.4": [A], "1.5": [B]}, **{"1.4": f"{WEB}:1.4", "1.5": f"{WEB}:1.5"})
    findings = audit(found.catalog, found.bindings, found.history)
    told = [(finding.kind.value, finding.reason.replace("web:1.4", "web:prod")) for finding in findings]
    assert [(kind, reason[: len(wanted[0][1])]) for kind, reason in told] == wanted


def test_what_is_printed_keeps_errors_and_warnings_apart(planned, pod):
    document = f"a: {{image: '{WEB}:1.4'}}\nb: {{image: 'nginx:1@{A}'}}\n"
    found = planned(document, {}, prod=f"{WEB}:1.4", old=f"{WEB}:1.3")
    surveyed, _ = survey("app.yaml", document.encode())
    findings = (*audit(found.catalog, found.bindings, found.history), *unused(found.catalog, found.bindings))
    pins = untracked([surveyed], found.catalog, found.history)
    assert shown.text(findings, [], 1, pins) == (
        f"app.yaml:1: unpinned: web:prod: {WEB}:1.4 has no digest; run gitops-streams reconcile\n"
        "app.yaml:2: warning: untracked-pin: nginx:1@sha256:aaaaaaaaaaaa…: no stream tag follows it;"
        " gitops-streams init proposes one\n"
        "streams.json:1: warning: unused: web:old: no reference that can be pinned and no alias uses it\n"
        "1 site checked, 1 finding, 2 warnings\n"
    )
    document = json.loads(shown.as_json(findings, [], 1, pins))
    jsonschema.validate(document, schemas.load("check"))
    assert [(each["kind"], each["severity"], each["stream"]) for each in document["findings"]] == [
        ("unpinned", "error", "web"),
        ("untracked-pin", "warning", None),
        ("unused", "warning", "web"),
    ]
    assert f"nginx:1@{A}: " in document["findings"][1]["reason"]
    assert "| warning: unused | `web:old` |" in shown.markdown(findings, [], 1, pins)
