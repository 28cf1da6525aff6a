"""The reader of everyday YAML: whatever it accepts, ruamel.yaml reads in the same way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.yamledit.everyday import Refused, read
from gitops_streams.yamledit.failsafe import Unreadable, equal, from_located, from_ruamel
from gitops_streams.yamledit.locate import Located, locate

READ = {
    "": [],
    "# only a comment\n": [],
    "---\n": [""],
    "a: 1.10\nb: null\nc:\nd: ~\ne: 2026-11-23": [{"a": "1.10", "b": "null", "c": "", "d": "~", "e": "2026-11-23"}],
    "\ufeffa: b\r\nc: d\r\n": [{"a": "b", "c": "d"}],
    "a: b # c\nd: e#f\n# g\nh: 'i # j' # k\n": [{"a": "b", "d": "e#f", "h": "i # j"}],
    "a:\n  b:\n    c: d\n  e: f\ng: h\n": [{"a": {"b": {"c": "d"}, "e": "f"}, "g": "h"}],
    "a:\n- b\n- c: d\n  e: f\n-\n- - g\n  - h\ni: j\n": [{"a": ["b", {"c": "d", "e": "f"}, "", ["g", "h"]], "i": "j"}],
    "- # c\n  a: b\n-   c:   d\n    e: f\n": [[{"a": "b"}, {"c": "d", "e": "f"}]],
    "a: 1\n--- # two\nb: 2\n---\n---\nc: 3\n": [{"a": "1"}, {"b": "2"}, "", {"c": "3"}],
    "a: 'it''s'\n\"b c\": \"d\"\n'e': \"\"\n": [{"a": "it's", "b c": "d", "e": ""}],
    "a: |\n  x\n    y\n\n  # z\nb: |-\n  x\n\n\nc: |+\n  x\n\n": [{"a": "x\n  y\n\n# z\n", "b": "x", "c": "x\n\n"}],
    "a: >\n  x\n  y\n\n  z\n\nb: >-\n  x\n": [{"a": "x y\nz\n", "b": "x"}],
    "a:\n- |\n  x\n- |\n    x\n": [{"a": ["x\n", "x\n"]}],
    "a: {b: c, 'd': [e, \"f\"], g: {}}\nh: []\ni: {j: k:1}\n": [
        {"a": {"b": "c", "d": ["e", "f"], "g": {}}, "h": [], "i": {"j": "k:1"}}
    ],
    "a: http://b:80/c?d=e&f=*\ng: -x\nh: <i>\n": [{"a": "http://b:80/c?d=e&f=*", "g": "-x", "h": "<i>"}],
    "a: b\na: c\n": [{"a": "b", (): [["a", "c"]]}],
}
REFUSED = [
    "a: &b c\n", "a: *b\n", "a: !!str b\n", "%YAML 1.2\n---\na: b\n", "a: b\n...\n", "--- a\n", "? a\n: b\n",
    "a: b\n c\n", "a: 'b\n  c'\n", 'a: "b\\n"\n', "a:\tb\n", "a: b\tc\n", "a\n", "a:\n  b\n", "a: b: c\n", "a: b:\n",
    " a: b\nc: d\n", "a:\n    b: c\n  d: e\n", "a: b\n- c\n", "- a\nb: c\n", "a: [b,\n  c]\n", "a: {b, c}\n",
    "a: [b: c]\n", "a: [b,]\n", "a: |2\n   b\n", "a: |\n  b", "a: |\n\n   \n  b\n", "a: >\n  b\n   c\n", "a: @b\n",
    "a: `b`\n", "a: 'b' c\n", "a: 'b'#c\n", "a: b\x85c\n", "a: b\u2028c\n", "a: b\x00c\n", "a: b\rc\n", "<<: {a: b}\n",
    "a: |\nb: c\n", '{"a": "b"}\n', "a: ? b\n", "a: - b\n", "a: {b: c}d\n", "a: |x\n  b\n",
]  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_what_it_reads(text: str) -> None:
    documents = read(text)
    assert equal(documents, READ[text]), documents
    assert equal(documents, from_ruamel(text))


@pytest.mark.parametrize("text", REFUSED)
def test_what_it_refuses(text: str) -> None:
    with pytest.raises(Refused):
        read(text)


_LINES = st.sampled_from(sorted({f"{line}\n" for text in (*READ, *REFUSED) for line in text.split("\n")}))
_INDENTED = st.builds(lambda depth, line: " " * depth + line, st.integers(0, 6), _LINES)
_PIECES = st.text("ab12:- #'\"|>{}[],\n\\&*!?%@`~<=.+\t\r\u00e9", max_size=4)


@given(
    st.lists(_INDENTED, min_size=1, max_size=8).map("".join),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 3), _PIECES), max_size=3),
)
def test_it_never_guesses(text: str, changes: list[tuple[int, int, str]]) -> None:
    """What it accepts, the slow parser accepts too, and reads in the same way; so does libyaml, if it accepts it."""
    for at, length, piece in changes:
        text = text[:at] + piece + text[at + length :]
    try:
        documents = read(text)
    except Refused:
        return
    located = locate(text)
    if isinstance(located, Located):
        assert equal(documents, from_located(located)), documents
    try:
        independent = from_ruamel(text)
    except Unreadable:
        assert not isinstance(located, Located), "read by libyaml and not by ruamel.yaml"
        return
    assert equal(documents, independent), documents
