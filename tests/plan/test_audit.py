"""What ``check`` objects to, without a network."""

from __future__ import annotations

import pytest

from gitops_streams.plan.audit import audit
from gitops_streams.render import audit as shown

A, B, C, D = (f"sha256:{digit * 64}" for digit in "abcd")
SHORT_A = "sha256:aaaaaaaaaaaa"
WEB = "quay.io/acme/web"


@pytest.fixture
def findings(plan_files, stream, lock):
    """Audit one document against stream ``web``: ``prod`` is at A, was at B, then at C."""

    def find(document: str, history: dict[str, str] | None = None, **tags: str) -> list[str]:
        declared = stream("web", **(tags or {"prod": f"{WEB}:1.4"}))
        recorded = lock("web", prod=[A, B, C]) if history is None else history
        planned = plan_files({"app.yaml": document, "streams.json": declared} | recorded)
        found = audit(planned.catalog, planned.bindings, planned.history)
        return [f"{item.file}:{item.line} {item.kind} {item.tag}: {item.reason}" for item in found]

    return find


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        (f"{WEB}:1.4@{A}", []),
        (f"{WEB}@{A}", []),
        (f"{WEB}:1.4", [f"unpinned web:prod: {WEB}:1.4 has no digest; run gitops-streams reconcile"]),
        (
            f"{WEB}:1.4@{B}",
            ["behind web:prod: sha256:bbbbbbbbbbbb is 1 behind what web:prod resolved to, sha256:aaaaaaaaaaaa"],
        ),
        (
            f"{WEB}@{C}",
            ["behind web:prod: sha256:cccccccccccc is 2 behind what web:prod resolved to, sha256:aaaaaaaaaaaa"],
        ),
        (
            f"{WEB}:1.4@{D}",
            ["unknown-digest web:prod: sha256:dddddddddddd was never recorded for web:prod, which is at " + SHORT_A],
        ),
        (f"{WEB}:1.5", []),
    ],
)
def test_a_site(findings, pod, image, wanted):
    assert findings(pod(image)) == [f"app.yaml:2 {item}" for item in wanted]


def test_without_a_history_a_pin_cannot_be_judged(findings, pod):
    assert findings(pod(f"{WEB}:1.4@{D}"), history={}) == []


@pytest.mark.parametrize(
    ("value", "part", "kind"),
    [
        (f"1.4@{A}", "tag", None),
        ("1.4", "tag", "unpinned"),
        (f"1.4@{B}", "tag", "behind"),
        (f"{A}", "digest", None),
        (f"{A.removeprefix('sha256:')}", "digest", None),
        (f"{D}", "digest", "unknown-digest"),
        ("tbd", "digest", "unpinned"),
        (f"{WEB}", "name", None),
    ],
)
def test_a_marked_part(findings, value, part, kind):
    found = findings(f'kind: Pod\nvalue: {value} # {{"$imagestream": "web:prod:{part}"}}\n')
    assert [item.split()[1] for item in found] == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("tag", "digest", "disagrees"),
    [(f"1.4@{A}", A, False), (f"1.4@{A}", B, True), (f"1.4@{A}", '""', False), ("1.4", A, False)],
)
def test_a_tag_and_a_digest_key_that_disagree(findings, tag, digest, disagrees):
    found = findings(f"values:\n  repository: {WEB}\n  tag: {tag}\n  digest: {digest}\n")
    wanted = "disagreement web:prod: its tag names the digest aaaaaaaaaaaa… and its digest key bbbbbbbbbbbb…"
    assert found == ([f"app.yaml:3 {wanted}"] if disagrees else [])


def test_a_bare_sha_agrees_with_its_own_digits(findings):
    digits = A.removeprefix("sha256:")
    assert findings(f'values:\n  repository: {WEB}\n  tag: "1.4@{A}"\n  sha: {digits}\n') == []


def test_declarations_that_lead_nowhere(findings, pod):
    circle, back, gone = findings(pod("x"), prod="alias:gone", a="alias:b", b="alias:a", ok=f"{WEB}:1")
    assert circle.endswith("broken-alias web:a: reference tag is circular: web:a → web:b → web:a")
    assert back.endswith("broken-alias web:b: reference tag is circular: web:b → web:a → web:b")
    assert "broken-alias web:prod: there is no stream tag web:gone" in gone


def test_declarations_that_cannot_be_read(findings, pod):
    (found,) = findings(pod("x"), prod="Not A Reference", ok=f"{WEB}:1")
    assert found.startswith(
        'streams.json:1 invalid-declaration web:prod: spec.tags[prod].from.name: Invalid value: "Not'
    )


def test_findings_come_in_the_order_of_the_files(findings):
    document = f"kind: Pod\na: {{image: '{WEB}:1.4'}}\nb: {{image: '{WEB}:1.4@{B}'}}\n"
    assert [item.split()[:2] for item in findings(document)] == [["app.yaml:2", "unpinned"], ["app.yaml:3", "behind"]]


def test_shown_as_text_it_is_one_line_each(plan_files, stream, pod):
    planned = plan_files({"a\x1b[2J\n.yaml": pod(f"{WEB}:1.4"), "s.json": stream("web", prod=f"{WEB}:1.4")})
    found = audit(planned.catalog, planned.bindings, planned.history)
    assert shown.text(found, planned.plan.problems, 1) == (
        f"a\\x1b[2J\\n.yaml:2: unpinned: web:prod: {WEB}:1.4 has no digest; run gitops-streams reconcile\n"
        "1 site checked, 1 finding\n"
    )
