"""docs/webhooks.md says of every sender what its code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gitops_streams.serve.senders.known import SENDERS
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Sender, Subject

_TEXT = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text(encoding="utf-8")
_TELLS = {
    Subject.IMAGES: "images",
    Subject.REPOSITORIES: "pushes to Git",
    Subject.BOTH: "images and pushes to Git",
}


@pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.name)
def test_a_section_and_a_row_for_every_sender(sender: Sender) -> None:
    assert f"\n### {sender.title}\n" in _TEXT
    assert f"| [{sender.title}](#{sender.docs_anchor}) | `{sender.name}` | {_TELLS[sender.subject]} | " in _TEXT


def test_no_section_is_left_over() -> None:
    assert re.findall(r"^### (.*)$", _TEXT, re.MULTILINE) == [sender.title for sender in SENDERS]


@pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.name)
def test_every_header_that_proves_something_is_named(sender: Sender) -> None:
    section = _TEXT.partition(f"\n### {sender.title}\n")[2].partition("\n### ")[0]
    for proof in sender.authentication:
        header = getattr(proof, "header", None)
        assert header is None or f"`{header}" in section or "as with [" in section, header


def test_every_option_is_in_the_table() -> None:
    assert all(f"`{name}`" in _TEXT for name in Options.__slots__)


def test_anchors_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^a-z0-9 -]", "", each.lower()).replace(" ", "-")
        for each in re.findall(r"^#+ (.*)$", _TEXT, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]*)\)", _TEXT)) <= headings
