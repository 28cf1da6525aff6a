"""The proof: it passes for what the edits say (test_edit), and here it is shown to fail for anything else."""

from __future__ import annotations

import dataclasses
import tracemalloc
from typing import Any

import pytest

from gitops_streams.errors import InternalError
from gitops_streams.yamledit.edit import Comment, splice
from gitops_streams.yamledit.nodes import Span
from gitops_streams.yamledit.patch import DocumentPatch, Operation, to_patch
from gitops_streams.yamledit.prove import Unprovable, prove, read_new

V = "quay.io/acme/web:1"
TEXT = f"# top\nimage: {V} # why\nother: 'x'\ntag: 1.10\n---\nimage: {V}\nlist: [a, 2026-11-23]\n"


@pytest.fixture
def edits(editor: Any) -> list[Any]:
    return [editor.replace(TEXT, "/image"), editor.insert(TEXT, "/tag")]


@pytest.fixture
def edited(edits: list[Any]) -> str:
    after = splice(TEXT, edits)
    assert isinstance(after, str)
    return after


def test_it_passes(edits: list[Any], edited: str) -> None:
    prove("x.yaml", TEXT, edited, edits, to_patch(edits))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# top", "# tip"),
        ("# top\n", "# top\n\n"),
        ("# why", "#  why"),
        ("'x'", '"x"'),
        ("'x'", "x"),
        ("1.10", "1.1"),
        ("2026-11-23]\n", "2026-11-23]"),
        ("2026-11-23]\n", "2026-11-23]\nadded: 1\n"),
        ("\n", "\r\n"),
        ("---", "--- "),
        ("# top", "\ufeff# top"),
    ],
)
def test_a_byte_outside_the_spans(edits: list[Any], edited: str, old: str, new: str) -> None:
    tampered = edited.replace(old, new, 1)
    assert tampered != edited
    with pytest.raises(InternalError, match="a byte outside the edited spans changed"):
        prove("x.yaml", TEXT, tampered, edits, to_patch(edits))


def test_a_wrong_value(editor: Any, edits: list[Any], edited: str) -> None:
    with pytest.raises(InternalError, match="does not hold the new value"):
        prove("x.yaml", TEXT, edited.replace(editor.new, editor.new[:-1] + "0", 1), edits, to_patch(edits))


def test_an_edit_that_was_not_made(edits: list[Any]) -> None:
    with pytest.raises(InternalError):
        prove("x.yaml", TEXT, TEXT, edits, to_patch(edits))


def test_a_patch_that_says_nothing(edits: list[Any], edited: str) -> None:
    with pytest.raises(InternalError, match="not what its JSON Patch makes"):
        prove("x.yaml", TEXT, edited, edits, [])


def test_a_change_that_no_edit_says(edits: list[Any], edited: str) -> None:
    with pytest.raises(InternalError, match="outside the edited spans"):
        prove("x.yaml", TEXT, edited, [], to_patch(edits))


@pytest.mark.parametrize(
    "written", ["# no blank before it", " x", ": x", "\n# c\nadded: 1", " # c\nadded: 1", "\n---\n# c"]
)
def test_a_comment_that_is_data(editor: Any, written: str) -> None:
    """Outside the span nothing changed, and the patch says nothing: only the re-reading can tell."""
    wrong = [_with(editor.comment(TEXT, "/tag"), written)]
    after = splice(TEXT, wrong)
    assert isinstance(after, str)
    with pytest.raises(InternalError):
        prove("x.yaml", TEXT, after, wrong, to_patch(wrong))


def test_a_comment_in_json(editor: Any) -> None:
    text = '{"a": "x"}\n'
    wrong = [Comment(0, ("a",), Span(10, 10), "# c", " # c")]
    after = splice(text, wrong)
    assert isinstance(after, str)
    with pytest.raises(InternalError, match="cannot be read any more"):
        prove("x.json", text, after, wrong, to_patch(wrong))


def _with(edit: Any, written: str) -> Any:
    return dataclasses.replace(edit, written=written)


@pytest.mark.parametrize(
    "written",
    [
        "quay.io/acme/web:2",  # another value than the patch says
        f"{V}\nadded: 1",
        "{image: x}",
        "'",
        "[",
        "*x",
        "&x y",
        "x: y",
        "x # y",
        "|\n  x",
        "x\n---\n",
        "!!str x\t\ny: z",
        "x\x85y",
        "x\u2028y: z",
        "\0",
    ],
)
def test_a_splice_that_means_something_else(edits: list[Any], written: str) -> None:
    """The spans are right, what stands in them is not: only the re-reading can tell."""
    wrong = [_with(edits[0], written), edits[1]]
    after = splice(TEXT, wrong)
    assert isinstance(after, str)
    with pytest.raises(InternalError):
        prove("x.yaml", TEXT, after, wrong, to_patch(edits))


@pytest.mark.parametrize(
    "written", ["\n digest: D", "\ndigest : D", "\n\tdigest: D", "\n# digest: D", "\ndigest: D\nx: 1"]
)
def test_an_insertion_in_the_wrong_place(editor: Any, edits: list[Any], written: str) -> None:
    wrong = [edits[0], _with(edits[1], written.replace("D", editor.digest))]
    after = splice(TEXT, wrong)
    assert isinstance(after, str)
    if written.startswith("\ndigest : "):
        prove("x.yaml", TEXT, after, wrong, to_patch(edits))  # means the same, so that the proof is no tautology
        return
    with pytest.raises(InternalError):
        prove("x.yaml", TEXT, after, wrong, to_patch(edits))


@pytest.mark.parametrize("document", [1, 2, 7, -1])
def test_the_wrong_document(edits: list[Any], edited: str, document: int) -> None:
    patches = [DocumentPatch(document, to_patch(edits)[0].operations)]
    with pytest.raises(InternalError):
        prove("x.yaml", TEXT, edited, edits, patches)


@pytest.mark.parametrize(
    "operation",
    [
        Operation("test", "/image", "x"),
        Operation("test", "/absent", V),
        Operation("replace", "/absent/x", V),
        Operation("replace", "/list/0", V),
        Operation("add", "/added", "1"),
        Operation("add", "/other", "y"),
        Operation("replace", "/tag", "1.1"),
    ],
)
def test_one_operation_too_many(edits: list[Any], edited: str, operation: Operation) -> None:
    (patch,) = to_patch(edits)
    tampered = [DocumentPatch(patch.document, (*patch.operations, operation))]
    with pytest.raises(InternalError):
        prove("x.yaml", TEXT, edited, edits, tampered)


def test_one_operation_too_few(edits: list[Any], edited: str) -> None:
    (patch,) = to_patch(edits)
    for number, operation in enumerate(patch.operations):
        if operation.op != "test":
            fewer = [DocumentPatch(0, patch.operations[:number] + patch.operations[number + 1 :])]
            with pytest.raises(InternalError):
                prove("x.yaml", TEXT, edited, edits, fewer)


def test_overlapping_edits(editor: Any) -> None:
    text = f"a: &i {V}\nb: *i\n"
    both = [editor.replace(text, "/a", "x:1"), editor.replace(text, "/b", "x:2")]
    with pytest.raises(InternalError, match="overlap"):
        prove("x.yaml", text, text.replace(V, "x:1"), both, to_patch(both))


def test_an_alias_that_changes_unsaid(editor: Any) -> None:
    text = f"a: &i {V}\nb: *i\n"
    edit = editor.replace(text, "/a")
    with pytest.raises(InternalError, match="not what its JSON Patch makes"):
        prove("x.yaml", text, text.replace(V, editor.new), [edit], to_patch([edit]))


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_scalars_are_compared_as_written(editor: Any, suffix: str) -> None:
    """A change that YAML's core schema, or JavaScript, would not see is one all the same."""
    text = '{"image": "x", "n": 1.10, "big": 1, "t": true}'
    edit = editor.replace(text, "/n", "1.1")
    after = splice(text, [edit])
    assert after == '{"image": "x", "n": "1.1", "big": 1, "t": true}'
    prove(f"x.{suffix}", text, after, [edit], to_patch([edit]))
    said = [DocumentPatch(0, (Operation("test", "/n", "1.1"), Operation("replace", "/n", "1.1")))]
    with pytest.raises(InternalError, match="does not apply"):
        prove(f"x.{suffix}", text, after, [edit], said)


def test_json_stays_json(editor: Any) -> None:
    """YAML's rules would take an unquoted value; a JSON parser would not."""
    text = '{"digest": null}'
    bare = _with(editor.replace(text, "/digest", editor.digest), editor.digest)
    after = splice(text, [bare])
    assert isinstance(after, str)
    prove("x.yaml", text, after, [bare], to_patch([bare]))
    with pytest.raises(InternalError, match="cannot be read any more"):
        prove("x.json", text, after, [bare], to_patch([bare]))


@pytest.mark.parametrize(
    "text",
    [
        f'{{"image": "{V}", "a": [null, true, false, 1, -1.50e3, "\\u0061\\/\\n", NaN]}}',
        f'\ufeff{{"image": "{V}"}}',
        f'{{\r\n\t"image": "{V}",\r\n\t"image2": "ü🙂\\\\"\r\n}}\r\n',
        f'{{"a": 1, "a": 2, "image": "{V}"}}',
        f'{{"image": "{V}"}}\n---\n{{"b": 1}}\n',  # two documents, hence YAML
        f'# a comment, hence YAML\n{{"image": "{V}"}}\n',
    ],
)
def test_json_of_all_kinds(editor: Any, text: str) -> None:
    assert editor.apply(text, [editor.replace(text, "/image")], "x.json") == text.replace(V, editor.new)


# libyaml accepts each; the other parser refuses it, or reads something else.
DISPUTED = {
    "tab-at-the-end-of-a-line-of-text": f"image:\t{V}\nb: |\n  x\t\n",
    "anchor-with-colon": f"- &a:\n  b: 1\n- image: {V}\n",
    "line-separator-in-comment": f"a: 1 # c\u2028image: {V}\n",
    "paragraph-separator": f"a: 1\u2029image: {V}\n",
    "next-line": f"a: 1\x85image: {V}\n",
    "second-byte-order-mark": f"image: {V}\n---\n\ufeffb: 1\n",
}


@pytest.mark.parametrize("name", DISPUTED)
def test_what_two_parsers_dispute_is_refused(editor: Any, name: str) -> None:
    text = DISPUTED[name]
    edit = editor.replace(text, "/1/image" if text.startswith("-") else "/image")
    after = splice(text, [edit])
    assert isinstance(after, str)
    with pytest.raises(Unprovable) as caught:
        prove("x.yaml", text, after, [edit], to_patch([edit]))
    assert str(caught.value)
    assert "\n" not in str(caught.value)


def test_tabs_that_the_edit_brings_into_dispute_leave_the_file_alone() -> None:
    """They are no fault of ours, and one such file must not end a run."""
    text = 'a: "x"\t\u2028b: 1\n'
    with pytest.raises(Unprovable, match="with tabs in it"):
        read_new("x.yaml", text, is_json=False)
    with pytest.raises(InternalError):
        read_new("x.yaml", text.replace("\t", "\x0b"), is_json=False)


# Both read the same here, although it looks like trouble.
AGREED = {
    "tab-after-colon": (f"image:\t{V}\n", "/image"),
    "trailing-tab": (f"image: {V}\t\nb: 1\n", "/image"),
    "tab-before-old-line-end": (f"a: 'b'\t\rimage: {V}\t\r", "/image"),
    "tab-before-comment": (f"image: '{V}'\t# c\n", "/image"),
    "tab-before-comment-line": (f"image: {V}\n \t# c\nb: 1\n", "/image"),
    "colon-in-flow": (f"{{image: {V}, a: [b:c]}}\n", "/image"),
    "colon-in-plain": (f"a: b:c\nimage: {V}\n", "/image"),
    "colon-at-end-of-flow": (f"[{V}]\n", "/0"),
    "many-lines": (f"a: b\n  c\n\n  d\nimage: {V}\n", "/image"),
    "merge": (f"a: &a {{image: {V}}}\nb:\n  <<: [*a, {{c: d}}]\n", "/a/image"),
    "folds": (f"a: >\n  b\n   c\n\n  d\n\n\nimage: {V}\n", "/image"),
    "keeps": (f"a: |+2\n   b\n\nimage: {V}\n", "/image"),
    "old-booleans": (f"on: yes\nno: 010\n1: 1_000\nimage: {V}\n", "/image"),
    "sexagesimal": (f"port: 22:22\nimage: {V}\n", "/image"),
    "nothing": (f"? \n: \na:\nimage: {V}\n", "/image"),
    "empty-keys": (f"{{? : 1, image: {V}}}\n", "/image"),
    "escapes": (f'a: "\\x41\\u0042\\U00000043\\N\\_\\L\\P\\e\\0\\/"\nimage: {V}\n', "/image"),
    "no-space-json": (f'{{"a":b,"image":"{V}"}}\n', "/image"),
    "comment-in-flow": (f"[a, # b ]\n{V}]\n", "/1"),
    "quote-in-plain": (f'a: it\'s "b"\nimage: {V}\n', "/image"),
}


@pytest.mark.parametrize("name", AGREED)
def test_what_two_parsers_agree_on(editor: Any, name: str) -> None:
    text, path = AGREED[name]
    assert editor.apply(text, [editor.replace(text, path)]) == text.replace(V, editor.new)


@pytest.mark.parametrize(
    ("text", "path"), [(f"image: a\nimage: {V}\n", "image"), (f"x: {{image: a}}\nx: {{image: {V}}}\n", "x/image")]
)
def test_a_key_that_stands_twice(editor: Any, text: str, path: str) -> None:
    """No pointer says which of the two is meant, and readers differ about it; the file is left alone."""
    edit = editor.replace(f"image: {V}\n", "/image")
    first = text.index(" a") + 1 if path == "image" else text.index("a}")
    span = dataclasses.replace(edit.span, start=first, end=first + 1)
    edit = dataclasses.replace(edit, pointer=tuple(path.split("/")), span=span, before="a")
    after = splice(text, [edit])
    assert isinstance(after, str)
    with pytest.raises(Unprovable, match="stands twice"):
        prove("x.yaml", text, after, [edit], to_patch([edit]))


def _laughs(lines: int, form: str = "[{}]", joint: str = ", ") -> str:
    return "a0: &a0 lol\n" + "".join(
        f"a{n}: &a{n} {form.format(joint.join([f'*a{n - 1}'] * 9))}\n" for n in range(1, lines)
    )


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "beside",
    [
        _laughs(60),
        "".join(f"? &a{n} [{', '.join([f'*a{n - 1}' if n else 'x'] * 9)}]\n: 1\n" for n in range(40)),
        _laughs(40, "{{b: [{}]}}"),
        "a: &a [*a, {b: *a}]\n",
        "a: &a\n  b: *a\n  ? *a\n  : *a\n",
        "a: &a [&b [*a, *b], *b]\n",
        "a: 1\n" * 3_000,
        "".join(f"{' ' * depth}a:\n" for depth in range(1, 150)) + " " * 150 + "b\n",
    ],
    ids=range(8),
)
def test_bounded(editor: Any, beside: str) -> None:
    """What aliases expand to is never built; cycles end."""
    beside = beside if beside[0] != " " else f"a:\n{beside}"
    text = f"{beside}image: {V}\n"
    assert editor.apply(text, [editor.replace(text, "/image")]) == text.replace(V, editor.new)


def test_an_edit_inside_a_cycle(editor: Any) -> None:
    text = f"&a\nself: *a\nimage: {V}\ntag: 1\n"
    edits = [editor.replace(text, "/self/self/image"), editor.replace(text, "/image"), editor.insert(text, "/self/tag")]
    wanted = text.replace(V, editor.new).replace("tag: 1", f"tag: 1\ndigest: {editor.digest}")
    assert editor.apply(text, edits) == wanted


def test_a_change_behind_an_alias_is_seen() -> None:
    """Sharing may not hide a difference: the texts differ only in what an alias reaches."""
    before = "a: &a [x]\nb: &b [x]\nc: *a\n"
    after = "a: &a [x]\nb: &b [x]\nc: *b\n"
    with pytest.raises(InternalError, match="outside"):
        prove("x.yaml", before, after, [], [])


def test_unparsable_before_and_after(editor: Any) -> None:
    with pytest.raises(Unprovable):
        prove("x.yaml", "a: [", "a: [", [], [])
    text = "a: 1\n"
    edit = _with(editor.replace(text, "/a", "2"), "[")
    with pytest.raises(InternalError, match="cannot be read any more"):
        prove("x.yaml", text, "a: [\n", [edit], [])


def test_the_old_text_is_put_away_before_the_new_one_is_read() -> None:
    """Of a file of 16 MB everything that is known takes a gigabyte; it is not held twice."""
    text = f"image: {V}\n" + "".join(f"k{number:06d}: v{number:06d}\n" for number in range(10_000))
    prove("x.yaml", "a: b\n", "a: b\n", [], [])  # what is imported once
    tracemalloc.start()
    try:
        prove("x.yaml", text, text, [], [])
        assert tracemalloc.get_traced_memory()[1] < 60 * len(text)
    finally:
        tracemalloc.stop()
