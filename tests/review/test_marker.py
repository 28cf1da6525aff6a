"""The marker and the box in a body that anybody may have edited."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.oci.digest import Digest
from gitops_streams.review.marker import (
    REBUILD_BOX,
    Marker,
    NoMarker,
    fingerprint,
    read,
    rebuild_asked,
    rewritten,
    write,
)
from gitops_streams.streams.model import StreamKey, TagKey

HEAD = "0123456789" * 4
HOSTILE = ["-->", "--!>", "<!--", "--", "---", "`", "``", "\r\n", "\u2028", "</details>", "{}", '"', "\\", "\\u002d"]
words = st.text(min_size=1, max_size=50) | st.lists(st.sampled_from(HOSTILE), min_size=1).map("".join)
markers = st.builds(
    Marker,
    group=words,
    base=words,
    head=st.from_regex(r"[0-9a-f]{40}", fullmatch=True) | st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    fingerprint=st.from_regex(r"([0-9a-f]{12})?", fullmatch=True),
    closed=st.booleans(),
)
ends = st.sampled_from(["\n", "\r\n"])


def test_a_marker_is_one_line_of_html_comment():
    line = write(Marker("payments--prod", "main", HEAD, "b1946ac92492"))
    assert line == (
        '<!-- gitops-streams:v1 {"group":"payments-\\u002dprod","base":"main",'
        f'"head":"{HEAD}","fp":"b1946ac92492"}} -->'
    )


@given(marker=markers, hidden=st.booleans(), end=ends, before=st.sampled_from(["", "\ufeff", "\n", "LGTM\r\n"]))
def test_what_is_written_is_read_and_nothing_gets_out_of_it(marker, hidden, end, before):
    line = write(marker, hidden=hidden)
    assert line.isascii()
    assert "\n" not in line
    inner = line.removeprefix("<!--").removesuffix("-->") if hidden else line[1:-1]
    assert not re.search(r"--|[<>`]", inner)
    text = f"{before.removeprefix(chr(0xFEFF))}{line}{end}body{end}"
    assert read(text) == marker
    assert read(line) == marker


@given(old=markers, new=markers, hidden=st.booleans(), end=ends)
def test_only_the_marker_is_rewritten(old, new, hidden, end):
    body = f"{write(old, hidden=hidden)}{end}text <!-- x -->{end}"
    assert rewritten(body, new) == f"{write(new, hidden=hidden)}{end}text <!-- x -->{end}"
    assert rewritten("no marker", new) == "no marker"


@given(
    body=st.text()
    | st.lists(st.sampled_from([*HOSTILE, "<!-- gitops-streams:v1 {", "} -->\n", '"head":'])).map("".join)
)
def test_any_body_is_read_one_way_or_the_other(body):
    assert isinstance(read(body), Marker | NoMarker)
    assert rebuild_asked(body) in {True, False}


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        "{",
        '{"group":1,"base":"main","head":"' + HEAD + '","fp":""}',
        '{"group":"","base":"main","head":"' + HEAD + '","fp":""}',
        '{"group":"all","base":"main","head":"HEAD","fp":""}',
        '{"group":"all","base":"main","head":"' + HEAD + '","fp":"$(id)"}',
        '{"group":"all","base":"main","head":"' + HEAD + '\\n","fp":""}',
        json.dumps({"group": "g" * 5000, "base": "main", "head": HEAD, "fp": ""}),
        '{"x":' + "[" * 9000 + "}",
        '{"x":' + "9" * 9000 + "}",
        "{" + " " * 20_000 + "}",
    ],
)
def test_what_is_not_quite_a_marker_is_none(content):
    assert isinstance(read(f"<!-- gitops-streams:v1 {content} -->\n"), NoMarker)


def test_the_first_marker_counts():
    first, second = Marker("all", "main", HEAD, ""), Marker("other", "main", HEAD, "")
    assert read(f"text\n{write(first)}\n{write(second)}\n") == first


def test_a_marker_within_a_line_is_no_marker():
    assert isinstance(read(f"see {write(Marker('all', 'main', HEAD, ''))}"), NoMarker)


def test_long_bodies_take_no_time():
    """A regular expression that tried every way to read them would not come back."""
    for text in (
        "<!-- gitops-streams:v1 {" * 50_000,
        "\n<!-- gitops-streams:v1 {" * 50_000,
        " " * 1_000_000,
        "- [x] " * 99_999,
    ):
        assert isinstance(read(text), NoMarker)
        assert not rebuild_asked(text)


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        (f"- [x] {REBUILD_BOX} Tick", True),
        (f"- [X] {REBUILD_BOX}", True),
        (f"* [x] {REBUILD_BOX} Tick\r", True),
        (f"  - [x]  {REBUILD_BOX} Tick", True),
        (f"- [ ] {REBUILD_BOX} Tick", False),
        (f"> - [x] {REBUILD_BOX} Tick", False),
        (f"text - [x] {REBUILD_BOX}", False),
        ("- [x] Tick", False),
    ],
)
def test_the_box_is_ticked(line, asked):
    assert rebuild_asked(f"body\n\n{line}\n") is asked


keys = st.builds(TagKey, st.builds(StreamKey, st.sampled_from([None, "a", "b"]), st.sampled_from(["a", "b"])), words)
moves = st.lists(st.tuples(keys, st.sampled_from(["1", "2", "3"]).map(lambda text: Digest.of(text.encode()))))


@given(first=moves, second=moves)
def test_a_fingerprint_is_that_of_a_set(first, second):
    assert (fingerprint(first) == fingerprint(second)) is (set(first) == set(second))
    assert fingerprint(first) == fingerprint(reversed(first))
    assert re.fullmatch(r"[0-9a-f]{12}" if first else "", fingerprint(first))
