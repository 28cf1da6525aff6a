"""Edits as JSON Patch and back: a saved patch is text from a file, and does to a file what it says or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.yamledit.edit import splice
from gitops_streams.yamledit.locate import Located, locate
from gitops_streams.yamledit.patch import DocumentPatch, DoesNotFit, Operation, to_edits, to_patch
from gitops_streams.yamledit.pointer import parse, render

TEXT = "image: web:1\ntag: 1.10\nlist: [a, {b: c}]\ntwice: 1\ntwice: 2\nm/n~o: x\n"


def test_a_patch_in_full(editor: Any) -> None:
    """Additions come first, so that their tests hold although the sibling is replaced as well."""
    edits = [editor.replace(TEXT, "/tag", "1.11"), editor.insert(TEXT, "/tag"), editor.replace(TEXT, "/m~1n~0o", "y")]
    assert to_patch(edits) == (
        DocumentPatch(
            0,
            (
                Operation("test", "/tag", "1.10"),
                Operation("add", "/digest", editor.digest),
                Operation("test", "/tag", "1.10"),
                Operation("replace", "/tag", "1.11"),
                Operation("test", "/m~1n~0o", "x"),
                Operation("replace", "/m~1n~0o", "y"),
            ),
        ),
    )
    assert to_patch(edits * 2) == to_patch(edits[::-1])
    assert to_patch([]) == ()


def test_an_operation_as_json() -> None:
    assert Operation("test", "/a", "1").as_json() == {"op": "test", "path": "/a", "value": "1"}


@pytest.mark.parametrize(
    ("operations", "why"),
    [
        ([("test", "/tag", "1.1")], "'1.1' was expected, '1.10' is there"),
        ([("test", "/list", "a")], "no scalar is there"),
        ([("test", "/absent", "a")], "no scalar is there"),
        ([("test", "/twice", "1")], "no scalar is there"),
        ([("test", "/list/9", "a")], "no scalar is there"),
        ([("test", "/list/00", "a")], "no scalar is there"),
        ([("test", "tag", "1.10")], "starts with '/'"),
        ([("test", "/tag~", "1.10")], "followed by 0 or 1"),
        ([("replace", "/tag", "2")], "does not follow its test"),
        ([("test", "/image", "web:1"), ("replace", "/tag", "2")], "does not follow its test"),
        ([("test", "/tag", "1.10"), ("replace", "/tag", "2\nevil: 1")], "never written"),
        ([("test", "/tag", "1.10"), ("replace", "/tag", "*x")], "never written"),
        ([("test", "/tag", "1.10"), ("replace", "/tag", "")], "never written"),
        ([("test", "/tag", "1.10"), ("add", "/digest", "x\ny: z")], "never written"),
        ([("test", "/tag", "1.10"), ("add", "/a: b\nc", "x")], "never written"),
        ([("test", "/tag", "1.10"), ("add", "/image", "x")], "there already"),
        ([("test", "/tag", "1.10"), ("add", "/list/x", "x")], "key beside it"),
        ([("test", "/tag", "1.10"), ("add", "", "x")], "key beside it"),
        ([("test", "/list/0", "a"), ("add", "/list/1", "x")], "no mapping"),
        ([("add", "/digest", "x")], "key beside it"),
    ],
)
def test_what_does_not_fit(editor: Any, operations: list[tuple[Any, str, str]], why: str) -> None:
    patch = DocumentPatch(0, tuple(Operation(*operation) for operation in operations))
    found = to_edits(editor.located(TEXT), [patch])
    assert isinstance(found, DoesNotFit)
    assert why in found.reason
    assert found.document == 0


@pytest.mark.parametrize("document", [-1, 1, 10**9])
def test_no_such_document(editor: Any, document: int) -> None:
    found = to_edits(editor.located(TEXT), [DocumentPatch(document, (Operation("test", "/tag", "1.10"),))])
    assert found == DoesNotFit(document, "the file has no such document")


def test_one_that_does_not_fit_refuses_all(editor: Any) -> None:
    good = to_patch([editor.replace(TEXT, "/tag", "1.11")])
    bad = DocumentPatch(0, (Operation("test", "/image", "web:2"),))
    assert isinstance(to_edits(editor.located(TEXT), [*good, bad]), DoesNotFit)


paths = st.text("/~01ab-9\u0661é", max_size=8) | st.sampled_from(
    ["", "/image", "/tag", "/digest", "/list/1/b", "/list/0"]
)
operations = st.builds(
    Operation,
    st.sampled_from(["test", "replace", "add"]),
    paths,
    st.sampled_from(["web:1", "1.10", "a", "c"]) | st.text(max_size=5),
)


@given(st.lists(st.builds(DocumentPatch, st.integers(-1, 2), st.lists(operations, max_size=4).map(tuple)), max_size=3))
def test_hostile_patches(patches: list[DocumentPatch]) -> None:
    located = locate(TEXT)
    assert isinstance(located, Located)
    found = to_edits(located, patches)
    if not isinstance(found, DoesNotFit):
        splice(TEXT, found)


@given(st.lists(st.text() | st.integers(0)).map(tuple))
def test_pointer_round_trip(pointer: tuple[str | int, ...]) -> None:
    assert parse(render(pointer)) == tuple(map(str, pointer))


@pytest.mark.parametrize(
    ("pointer", "text"), [((), ""), (("",), "/"), (("a/b", 0, "m~n"), "/a~1b/0/m~0n"), (("~1",), "/~01")]
)
def test_pointers_of_the_rfc(pointer: tuple[str | int, ...], text: str) -> None:
    assert render(pointer) == text
    assert parse(text) == tuple(map(str, pointer))
