"""Entries and items added and taken away: what the text says after it, and what is refused."""

from __future__ import annotations

import pytest

from gitops_streams.errors import InternalError
from gitops_streams.yamledit import draft as drafting
from gitops_streams.yamledit.draft import AddDocument, Append, Draft, Put, Remove
from gitops_streams.yamledit.locate import Located, locate
from gitops_streams.yamledit.nodes import NotEditable, Span
from gitops_streams.yamledit.notation import Notation, is_plain, is_text

YES = True
ITEM = {"name": "b", "from": {"kind": "DockerImage"}}


@pytest.fixture
def begin():
    def begin(text, path="x.yaml"):
        located = locate(text)
        assert isinstance(located, Located), located
        return drafting.begin(path, located)

    return begin


@pytest.fixture
def done(begin):
    """Carry operations out, prove them, and return the text; a refusal is returned as its reason."""

    def done(text, *operations, path="x.yaml"):
        made = begin(text, path).apply(operations)
        if isinstance(made, NotEditable):
            return made.reason
        drafting.prove(made)
        return made.text

    return done


def put(path, value, *after):
    return Put(0, tuple(int(part) if part.isdigit() else part for part in path.split("/")), value, after)


def remove(path):
    return Remove(0, tuple(int(part) if part.isdigit() else part for part in path.split("/")))


@pytest.mark.parametrize(
    ("before", "operation", "after"),
    [
        ("a: 1\n", put("b", "x"), "a: 1\nb: x\n"),
        ("a: 1", put("b", "x"), "a: 1\nb: x"),
        ("a: 1\r\nc: 2\r\n", put("b", "x", "a"), "a: 1\r\nb: x\r\nc: 2\r\n"),
        ("\ufeffa: 1\n", put("b", "x"), "\ufeffa: 1\nb: x\n"),
        ("a: 1 # one\n# of c\nc: 2\n", put("b", "x", "a"), "a: 1 # one\nb: x\n# of c\nc: 2\n"),
        ("a: 1\n  # more of a\nc: 2\n", put("b", "x", "a"), "a: 1\n  # more of a\nb: x\nc: 2\n"),
        ("a: 1\n", put("b/c/d", YES), "a: 1\nb:\n  c:\n    d: true\n"),
        ("a:\n    b: 1\n", put("c/d", "x"), "a:\n    b: 1\nc:\n    d: x\n"),
        ("a: |\n  x\n\n\nc: 1\n", put("b", "x", "a"), "a: |\n  x\nb: x\n\n\nc: 1\n"),
        ("a: |+\n  x\n\n\nc: 1\n", put("b", "x", "a"), "a: |+\n  x\n\n\nb: x\nc: 1\n"),
        ("a: 'x'\n", put("b", "1.10"), "a: 'x'\nb: '1.10'\n"),
        ("a: x\n", put("b", "1.10"), 'a: x\nb: "1.10"\n'),
        ("a: 'x'\n", put("b", "it's"), "a: 'x'\nb: 'it''s'\n"),
        ("a: {b: 1}\n", put("a/c", "x"), "a: {b: 1, c: x}\n"),
        ("a: {b: 1, d: 2}\n", put("a/c", "x", "b"), "a: {b: 1, c: x, d: 2}\n"),
        ("a: {\n  b: 1 # one\n}\n", put("a/c", "x"), "a: {\n  b: 1, # one\n  c: x\n}\n"),
        ("a: {\n  b: 1, # one\n}\n", put("a/c", "x"), "a: {\n  b: 1, # one\n  c: x,\n}\n"),
        ("a: {}\n", put("a/c", "x"), "a:\n  c: x\n"),
        ("a:   {}  # none\nb: 1\n", put("a/c", "x"), "a:  # none\n  c: x\nb: 1\n"),
        ("[{a: {}}]\n", put("0/a/c", "x"), "[{a: {c: x}}]\n"),
        ("a:\nb: 1\n", put("a/c", "x"), "a:\n  c: x\nb: 1\n"),
        ("a: ~ # none\nb: 1\n", put("a/c", "x"), "a: # none\n  c: x\nb: 1\n"),
        ("a: null\n", put("a", "x"), "a: x\n"),
        ("a:\n", put("a", "x"), "a: x\n"),
        ("{a: , b: 1}\n", put("a", "x"), "{a: x, b: 1}\n"),
        ("a: 1.10\n", put("a", "1.10"), 'a: "1.10"\n'),
        ("a: 'x'\n", put("a", "y"), "a: 'y'\n"),
        ('a: "x"\n', put("a", 'say "y"'), 'a: "say \\"y\\""\n'),
        ("a: |\n  x\nb: 1\n", put("a", "y z"), 'a: "y z"\nb: 1\n'),
        ("a: x\n", put("a", "x"), "a: x\n"),
        ("a: wait for it\n", put("a", "wait for it"), "a: wait for it\n"),
        ('a: "true"\n', put("a", YES), 'a: "true"\n'),
        ("- a: 1\n", put("0/b", "x"), "- a: 1\n  b: x\n"),
        ("-   a: 1\n", put("0/b", "x"), "-   a: 1\n    b: x\n"),
    ],
)
def test_what_is_put(done, before, operation, after):
    assert done(before, operation) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("t:\n- a\n", "t:\n- a\n- name: b\n  from:\n    kind: DockerImage\n"),
        ("t:\n  - a: {x: 1} # one\n", "t:\n  - a: {x: 1} # one\n  - name: b\n    from:\n      kind: DockerImage\n"),
        ("t:\n-\n  a: 1\n", "t:\n-\n  a: 1\n- name: b\n  from:\n    kind: DockerImage\n"),
        (
            "t:\n  - a:\n        x: 1\n    # of a\n  # of nobody\nz: 1\n",
            (
                "t:\n  - a:\n        x: 1\n    # of a\n  - name: b\n    from:\n        kind: DockerImage\n"
                "  # of nobody\nz: 1\n"
            ),
        ),
        ("t: [{a: 1}]\n", "t: [{a: 1}, {name: b, from: {kind: DockerImage}}]\n"),
        ("t: []\n", "t:\n  - name: b\n    from:\n      kind: DockerImage\n"),
        ("t:\n", "t:\n  - name: b\n    from:\n      kind: DockerImage\n"),
        ("z: 1\n", "z: 1\nt:\n  - name: b\n    from:\n      kind: DockerImage\n"),
    ],
)
def test_what_is_appended(done, before, after):
    assert done(before, Append(0, ("t",), ITEM)) == after


def test_json_stays_json_in_the_dress_that_it_has(done):
    pretty = '{\n    "t": [\n        {\n            "a": 1\n        }\n    ]\n}'
    added = done(pretty, Append(0, ("t",), ITEM), put("t/0/c", "x"), path="x.json")
    assert added == (
        '{\n    "t": [\n        {\n            "a": 1,\n            "c": "x"\n        },\n        {\n'
        '            "name": "b",\n            "from": {\n                "kind": "DockerImage"\n            }\n'
        "        }\n    ]\n}"
    )
    assert done('{"t":[{"a":{}}]}', put("t/0/a/c", YES), Append(0, ("t",), ITEM), path="x.json") == (
        '{"t":[{"a":{"c": true}}, {"name": "b", "from": {"kind": "DockerImage"}}]}'
    )


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ("a: 1\nb: 2\n", "b", "a: 1\n"),
        ("a: 1\nb: 2", "b", "a: 1"),
        ("a: 1\r\nb: 2", "b", "a: 1"),
        ("# of a\na: 1\n  # more of a\nb: 2\n", "a", "# of a\nb: 2\n"),
        ("a:\n  b: 1\n", "a/b", "a: {}\n"),
        ("- a: 1\n  b: 2\n", "0/a", "- b: 2\n"),
        ("{a: 1, b: 2}\n", "a", "{b: 2}\n"),
        ("{a: 1, b: 2}\n", "b", "{a: 1}\n"),
        ("{a: 1 , }\n", "a", "{}\n"),
        ("t:\n  - a\n  # of b\n  - b\n  - c\n", "t/1", "t:\n  - a\n  - c\n"),
        ("t:\n  # of the list\n\n  # of a\n  - a\n  - b\n", "t/0", "t:\n  # of the list\n\n  - b\n"),
        ("t: # the list\n  # of a\n  - a\nz: 1\n", "t/0", "t: [] # the list\nz: 1\n"),
        ("t:\n- a: 1\n  # of a\n# of z\nz: 1\n", "t/0", "t: []\n# of z\nz: 1\n"),
        ("t: [a, b, c]\n", "t/1", "t: [a, c]\n"),
        ("t: [a,]\n", "t/0", "t: []\n"),
        ("a: 1\n", "b", "a: 1\n"),
        ("a: &x 1\nb: *x\nc: 1\n", "b", "a: &x 1\nc: 1\n"),
    ],
)
def test_what_is_removed(done, before, path, after):
    assert done(before, remove(path)) == after


@pytest.mark.parametrize(
    ("text", "operation", "reason"),
    [
        ("a: &x {b: 1}\nc: *x\n", put("a/d", "x"), "anchor"),
        ("a: &x {b: 1}\nc: *x\n", put("c/d", "x"), "alias"),
        ("a: &x 1\nc: *x\n", put("a", "2"), "anchor"),
        ("a: &x 1\nc: *x\n", remove("a"), "anchor"),
        ("a: {b: &x 1}\nc: *x\n", remove("a"), "anchor"),
        ("a: !!str 1\n", put("a", "2"), "tag or an anchor"),
        ("a: &x\nb: 1\n", put("a/c", "2"), "cannot be added"),
        ("a: 1\na: 2\n", put("a", "3"), "stands twice"),
        ("a: 1\n", put("a/b", "3"), "no mapping"),
        ("a: {b: 1}\n", put("a", "3"), "something else"),
        ("? a\n: 1\n", put("b", "3"), "question mark"),
        ("[a: 1]\n", put("0/b", "3"), "no braces"),
        ("a: 1\n", put("b", "two\nlines"), "printable"),
        ("a: 1\n", put("b", {"c": "\x07"}), "printable"),
        ("- - a\n", remove("0/0"), "lines of its own"),
        ("a: [1, # one\n  2]\n", remove("a/1"), "comment"),
        ("- a: 1\n  # of b\n  b: 2\n", remove("0/a"), "comment"),
        ("- a: 1\n", remove("0/a"), "nothing would be left"),
        ("a: 1\n", remove("a"), "nothing would be left"),
        ("a: {b: [1]}\n", Append(0, ("a",), "x"), "no list"),
        ("t: [1]\n", Append(0, ("t", 5), "x"), "no item"),
    ],
)
def test_what_is_refused(done, text, operation, reason):
    assert reason in done(text, operation)


def test_a_document_is_added(done):
    value = {"kind": "x", "spec": {"tags": [ITEM]}}
    block = "kind: x\nspec:\n  tags:\n    - name: b\n      from:\n        kind: DockerImage\n"
    assert done("", AddDocument(value)) == block
    assert done("# only this\n", AddDocument(value)) == f"# only this\n{block}"
    assert done("a: 1", AddDocument(value)) == f"a: 1\n---\n{block}"
    assert done("a: 1\n...\n", AddDocument(value)) == f"a: 1\n...\n---\n{block}"
    assert done("a: 1\r\n", AddDocument({"b": "x"})) == "a: 1\r\n---\r\nb: x\r\n"
    assert "one document" in done("{}", AddDocument(value), path="x.json")


def test_what_no_operation_wrote_cannot_change(begin):
    made = begin("a: 1\nb: 2\n").apply([put("b", "3")])
    assert isinstance(made, Draft)
    for kept in [(Span(0, 4), *made.kept[1:]), (*made.kept, Span(0, 1)), ("x", *made.kept)]:
        with pytest.raises(InternalError, match="outside the edited spans"):
            drafting.prove(Draft(made.path, made.before, made.located, kept, made.patch))
    with pytest.raises(InternalError, match="not what its JSON Patch makes"):
        drafting.prove(Draft(made.path, made.before, made.located, made.kept))


@pytest.mark.parametrize(
    "text", ["yes", "No", "null", "~", "1.10", "0x1f", "12:30", "2026-01-01", "-1", ".5", "", "a: b"]
)
def test_what_other_readers_take_for_something_else_gets_quotes(text):
    assert not is_plain(text)
    assert Notation().scalar(text) == f'"{text}"'


@pytest.mark.parametrize("text", ["quay.io/acme/web:1.4", "127.0.0.1:5000/x", "a/b:1@sha256:00", "Local", "sha256:00"])
def test_what_everybody_reads_alike_needs_none(text):
    assert is_plain(text)
    assert is_text(text)
