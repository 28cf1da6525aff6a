"""Which mappings of a document are objects, and that hostile nesting costs no more than its text."""

from __future__ import annotations

import pytest

from gitops_streams.yamledit.locate import Located, locate
from gitops_streams.yamledit.nodes import Mapping, Scalar
from gitops_streams.yamledit.objects import given, objects
from gitops_streams.yamledit.pointer import render

DOCUMENTS = {
    "an object": ("kind: Pod", [("", "Pod")]),
    "no kind": ("image: a", [("", "")]),
    "an empty kind": ("kind:\nimage: a", [("", "")]),
    "a List": ("kind: List\nitems: [{kind: A}, {kind: B}]", [("/items/0", "A"), ("/items/1", "B")]),
    "a typed list": ("kind: PodList\nitems: [{kind: A}]", [("/items/0", "A")]),
    "an empty List": ("kind: List\nitems: []", []),
    "a List without items": ("kind: List", [("", "List")]),
    "a List with an empty item": ("kind: List\nitems:\n  -\n  - {kind: A}", [("/items/1", "A")]),
    "a Template": ("kind: Template\nobjects: [{kind: A}]", [("/objects/0", "A")]),
    "a Template without objects": ("kind: Template\nparameters: [{name: X}]", [("", "Template")]),
    "a sequence": ("- kind: A\n- [{kind: B}]\n- text", [("/0", "A"), ("/1/0", "B")]),
    "nested": (
        "kind: List\nitems: [{kind: List, items: [{kind: Template, objects: [{kind: A}]}]}, {kind: B}]",
        [("/items/0/items/0/objects/0", "A"), ("/items/1", "B")],
    ),
    "somebody's own kind of list": ("kind: AllowList\nitems: [10.0.0.1]\nimage: a", [("", "AllowList")]),
    "a scalar": ("text", []),
    "an alias is its anchor again": ("- &a {kind: A}\n- *a", [("/0", "A")]),
    "an alias of what is no member": ("kind: List\nx: &a {kind: A}\nitems: [*a, *a]", [("/items/0", "A")]),
    "a cycle": ("&a\nkind: List\nitems: [*a, {kind: B}]", [("/items/1", "B")]),
    "too deep": ("[" * 20 + "{kind: A}" + "]" * 20, []),
}


def read(text: str) -> Located:
    located = locate(text)
    assert isinstance(located, Located), located
    return located


@pytest.mark.parametrize(("text", "wanted"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_objects(text: str, wanted: list[tuple[str, str]]):
    (document,) = read(text).documents
    assert [(render(found.pointer), found.kind) for found in objects(document.root)] == wanted


def test_no_document():
    assert list(objects(None)) == []


@pytest.mark.parametrize("written", ["", "null", "~", "''", "Null"])
def test_no_namespace(written: str):
    (found,) = objects(read(f"metadata: {{namespace: {written}}}").documents[0].root)
    assert found.namespace is None


def test_kind_api_version_and_namespace():
    (found,) = objects(read("apiVersion: v1\nkind: A\nmetadata: {namespace: acme}").documents[0].root)
    assert (found.kind, found.api_version, found.namespace) == ("A", "v1", "acme")


def test_lists_of_aliases_of_lists_are_read_once():
    lines = ["x0: &x0 {kind: A}"]
    lines += [f"x{n}: &x{n} {{kind: List, items: [{', '.join([f'*x{n - 1}'] * 100)}]}}" for n in range(1, 6)]
    text = "\n".join([*lines, "kind: List", "items: [*x5]"])
    assert [found.kind for found in objects(read(text).documents[0].root)] == ["A"]


@pytest.mark.parametrize(
    ("written", "wanted"), [("null", None), ("~", None), ("", None), ("'null'", "null"), ("a", "a")]
)
def test_null_is_nothing(written: str, wanted: str | None):
    root = read(f"key: {written}").documents[0].root
    assert isinstance(root, Mapping)
    value = given(root, "key")
    assert (value.value if isinstance(value, Scalar) else value) == wanted
    assert given(root, "other") is None
