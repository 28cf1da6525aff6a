"""The table, line by line, and what it keeps away from a terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_streams.manifests.advised import Advice
from gitops_streams.plan.model import SkippedReference
from gitops_streams.render import published_words, table
from gitops_streams.render.report import Published, Report

EXPECTED = Path(__file__).parent / "expected/table.txt"


def test_shows_what_changes_what_does_not_and_why(mixed):
    assert table.render(Report(mixed)) == EXPECTED.read_text()


def test_lists_sites_that_stay_only_if_asked(plan_files, mixed, stream):
    files = {"a.yaml": "image: nginx:1\n", "s.json": stream("n", one="nginx:1")}
    again = plan_files(plan_files(files).files).plan
    assert (
        table.render(Report(again)) == "stream tags: 1 unchanged · sites: 1 unchanged · 0 files to change · 1 request\n"
    )
    assert "unchanged  n:one         a.yaml:1  nginx:1@sha256:" in table.render(Report(again, every_site=True))


@pytest.mark.parametrize(
    "published",
    [
        Published("worktree", ("a", "b")),
        Published("commit", ("a",), "0123456789abcdef", "main"),
        Published("push", ("a",), "0123456789abcdef", "main", "origin"),
    ],
    ids=lambda published: published.mode,
)
def test_ends_with_what_became_of_it(mixed, published):
    empty = replace(mixed, tags=(), skipped=(), files=(), problems=(), requests=0)
    summary, became = table.render(Report(empty, published)).splitlines()
    assert summary == "stream tags: none in use · sites: none · 0 files to change · 0 requests"
    assert became == published_words.published(published)


def test_sends_a_terminal_nothing_but_text(hostile):
    published = Published("push", ("a",), "\x1b]0;x\x07", "main\x1b[2J", "origin\n")
    text = table.render(Report(hostile, published))
    assert "\\x1b[31m" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", text)
    # Nobody can add a line either.
    assert len(text.splitlines()) == 17
    assert not any(line.startswith("# c") for line in text.splitlines())


def test_asks_for_no_advice_that_it_does_not_show(mixed):
    asked = []

    def skipped(number: int) -> SkippedReference:
        return SkippedReference("a.yaml", number, "nginx:1", "text", Advice(lambda: asked.append(number) or "this"))

    report = Report(replace(mixed, skipped=tuple(map(skipped, range(20)))))
    assert "  a.yaml:9: nginx:1: text; to edit it, configure this\n  … and 10 more" in table.render(report)
    assert asked == list(range(10))
    assert "a.yaml:19: nginx:1: text; to edit it, configure this\n" in table.render(replace(report, every_site=True))
