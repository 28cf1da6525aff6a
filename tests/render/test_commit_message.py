from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.errors import ConfigError
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Repository
from gitops_streams.render.commit_message import CommitMessage, Move, render_commit_message

OLD, NEW = Digest("sha256", "e3b0" * 16), Digest("sha256", "8aed2a6a" * 8)
API = Move("payments/api:v2", Repository("quay.io", "acme/api"), OLD, NEW)
WEB = Move("payments/web:prod", Repository("quay.io", "acme/web"), None, NEW)


def test_one_tag() -> None:
    assert render_commit_message(CommitMessage((API,), files=3)) == (
        "chore(images): update payments/api:v2 to sha256:8aed2a6a\n"
        "\n"
        "payments/api:v2 sha256:e3b0e3b0e3b0 → sha256:8aed2a6a8aed\n"
        "\n"
        f"Image-Digest: quay.io/acme/api@{NEW}\n"
    )


def test_several_tags_in_any_order_give_one_message() -> None:
    message = CommitMessage(
        (WEB, API, API), 2, "payments-prod", "A Bot <a@example.com>", ("C <c@example.com>", "C <c@example.com>")
    )
    text = render_commit_message(message)
    assert text == render_commit_message(
        CommitMessage((API, WEB), 2, "payments-prod", "A Bot <a@example.com>", ("C <c@example.com>",))
    )
    assert text == (
        "chore(images): update 2 digests in payments-prod\n"
        "\n"
        "payments/api:v2 sha256:e3b0e3b0e3b0 → sha256:8aed2a6a8aed\n"
        "payments/web:prod unpinned → sha256:8aed2a6a8aed\n"
        "\n"
        f"Image-Digest: quay.io/acme/api@{NEW}\n"
        f"Image-Digest: quay.io/acme/web@{NEW}\n"
        "Co-authored-by: C <c@example.com>\n"
        "Signed-off-by: A Bot <a@example.com>\n"
    )


def test_no_tag_moved() -> None:
    assert render_commit_message(CommitMessage((), files=1)) == "chore(images): update 1 file\n"


def test_a_template() -> None:
    message = CommitMessage(
        (API, WEB), 7, "prod", subject="build({scope}): {count} in {files}", body="Why: x\n\n{tags}\n"
    )
    assert render_commit_message(message).splitlines()[:4] == ["build(prod): 2 in 7", "", "Why: x", ""]


@pytest.mark.parametrize(
    ("subject", "body"), [("{nope}", ""), ("x", "{moves.__class__}"), ("{}", ""), ("{scope}", "x")]
)
def test_a_template_that_cannot_be_used(subject: str, body: str) -> None:
    with pytest.raises(ConfigError):
        render_commit_message(CommitMessage((API,), 1, subject=subject, body=body))


def test_the_subject_has_at_most_72_characters() -> None:
    long = Move(f"{'namespace' * 9}/web:1", API.repository, OLD, NEW)
    subject = render_commit_message(CommitMessage((long,), 1)).splitlines()[0]
    assert len(subject) == 72
    assert subject.endswith("…")


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_hostile_text_adds_no_lines(name: str, scope: str, author: str) -> None:
    move = Move(f"{name}\r\nImage-Digest: evil\x1b[2J", API.repository, OLD, NEW)
    text = render_commit_message(CommitMessage((move, WEB), 1, f"x{scope}\nSigned-off-by: evil", f"A{author}\n\nB"))
    subject, empty, one, two, gap, *trailers = text.removesuffix("\n").split("\n")
    assert (empty, gap) == ("", "")
    assert len(subject) <= 72
    assert one.endswith("→ sha256:8aed2a6a8aed")
    assert two.endswith("→ sha256:8aed2a6a8aed")
    assert [trailer.split(":")[0] for trailer in trailers] == ["Image-Digest", "Image-Digest", "Signed-off-by"]
    assert text.replace("\n", "").isprintable()
