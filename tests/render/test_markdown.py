"""Markdown in which foreign text is shown and never obeyed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gitops_streams.render import inert, markdown
from gitops_streams.render.report import Published, Report

markdown_it = pytest.importorskip("markdown_it", reason="a Markdown parser is what judges here")

EXPECTED = Path(__file__).parent / "expected/report.md"


def tokens(text):
    """Every token of a document, as GitHub's Markdown has it: with tables, strikethrough and raw HTML."""
    parser = markdown_it.MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    for token in parser.parse(text):
        yield token
        yield from token.children or ()


def plain_text(text) -> str:
    return "\n".join(token.content for token in tokens(text) if token.type == "text")


def shown_code(text) -> list[str]:
    return [token.content for token in tokens(text) if token.type == "code_inline"]


def test_shows_the_tags_that_moved(mixed):
    assert markdown.render(Report(mixed, Published("worktree", ("a", "b")))) == EXPECTED.read_text()


def test_foreign_text_is_code_and_nothing_else(hostile):
    text = markdown.render(Report(hostile, Published("push", ("a",), "0" * 40, "main` <b>", "https://evil.example")))
    kinds = {token.type for token in tokens(text)}
    assert "table_open" in kinds
    assert kinds.isdisjoint(
        {"link_open", "image", "html_block", "strong_open_foreign", "s_open", "fence", "code_block"}
    )
    assert {token.content for token in tokens(text) if token.type == "html_inline"} <= {"<br>"}
    outside = plain_text(text)
    for bait in ("evil", "@", "#", "script", "tada", "secrets", "~", "|", "\\"):
        assert bait not in outside, bait
    assert any("<script>alert(1)</script>" in code for code in shown_code(text))
    # Headings, rows and items are ours alone.
    assert [token.tag for token in tokens(text) if token.type == "heading_open"] == ["h3", "h3", "h3"]
    assert sum(token.type == "tr_open" for token in tokens(text)) == 2
    assert sum(token.type == "td_open" for token in tokens(text)) == 4
    assert text.isprintable() or not any(ord(char) < 32 and char != "\n" for char in text)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text("`|\\ a\n<>[]()@#*_~&!-\x1b\u202e") | st.text())
@example("`")
@example(" ` ")
@example("a\\|b|c\\\\|")
@example("``a`")
@example(" a ")
@example("  ")
@example("")
@example("z")
def test_a_code_span_holds_the_whole_text_in_a_table_as_elsewhere(text):
    wanted = inert.shown(text).replace("|", "\\x7c")
    span = inert.code(text)
    for document in (f"| {span} | z |\n| --- | --- |\n| {span} | `z` |\n", f"- before {span} behind\n"):
        if wanted.strip():
            assert {*shown_code(document), "z"} == {wanted, "z"}
            assert "link_open" not in {token.type for token in tokens(document)}
        else:
            assert "(empty)" in plain_text(document)


@given(st.text())
def test_a_line_is_one_line_without_controls(text):
    shown = inert.line(text)
    assert len(shown.splitlines()) <= 1
    assert not any(char in shown for char in "\x1b\x9b\x07\u202e\u2066\u2028")
    shown.encode()
