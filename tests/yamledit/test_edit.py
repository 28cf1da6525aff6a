"""Replace and insert in every style; each result is proven and holds the exact bytes that are wanted."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from gitops_streams.yamledit.edit import Conflict, Insert, Replace, is_null, splice
from gitops_streams.yamledit.nodes import NotEditable, Scalar
from gitops_streams.yamledit.patch import to_patch

V = "quay.io/acme/web:1"

# name: (text, path); V at path becomes the new value and nothing else changes.
REPLACED = {
    "plain": (f"a: 1\nimage: {V} # why\nb: 2\n", "/image"),
    "single": (f"image: '{V}'\n", "/image"),
    "double": (f'image: "{V}"', "/image"),
    "bom": (f"\ufeffimage: {V}\n", "/image"),
    "crlf": (f"a: 1\r\nimage: {V}\r\nb: 2\r\n", "/image"),
    "cr": (f"a: 1\rimage: {V}\rb: 2", "/image"),
    "emoji": (f"'🙂': '🙃'\nimage: {V} # 🙂\n", "/image"),
    "anchor": (f"image: &i {V}\nb: 1\n", "/image"),
    "tag": (f"image: !!str &i '{V}'\n", "/image"),
    "flow": (f"a: {{image: {V}, b: [1]}}\n", "/a/image"),
    "flow-pair": (f"[image: {V}, b]\n", "/0/image"),
    "flow-lines": (f"a: {{\n  image: {V} # c\n  , b: 1}}\n", "/a/image"),
    "json": (f'{{"image": "{V}", "b": null}}\n', "/image"),
    "json-tight": (f'{{"image":"{V}","b":1.10}}', "/image"),
    "sequence": (f"- a\n-   {V}\n", "/1"),
    "explicit": (f"? image\n: {V}\n", "/image"),
    "root": (f"--- {V}\n", ""),
    "beside-duplicates": (f"a: 1\na: 2\nimage: {V}\n", "/image"),
    "beside-complex-key": (f"? [a, {{b: c}}]\n: 1\nimage: {V}\n", "/image"),
    "beside-block": (f"a: |\n  image: {V[:-1]}\n  \nimage: {V}\n", "/image"),
    "next-line": (f"image:\n  {V}\n", "/image"),
    "trailing-spaces": (f"image: {V}  \n\n\n", "/image"),
    "directive": (f"%YAML 1.1\n---\nimage: {V}\n...\n", "/image"),
    "empty-documents": (f"{V}\n---\n---\n# c\n", ""),
    "in-merged": (f"a: &m\n  image: {V}\nb:\n  <<: *m\n", "/b/<</image"),
    "through-alias": (f"a: &m\n  image: {V}\nb: *m\n", "/b/image"),
    "escaped-parents": (f"a/b~c: {{'': {{image: {V}}}}}\n", "/a~1b~0c//image"),
}


@pytest.mark.parametrize("name", REPLACED)
def test_replace(editor: Any, name: str) -> None:
    text, path = REPLACED[name]
    assert editor.apply(text, [editor.replace(text, path)]) == text.replace(V, editor.new)


# name: (text, path, wanted), D being the digest
NULLS = {
    "nothing": ("tag: 1\ndigest:\n", "/digest", "tag: 1\ndigest: D\n"),
    "nothing-at-end": ("tag: 1\ndigest:", "/digest", "tag: 1\ndigest: D"),
    "spaces": ("digest:  \nb: 1\n", "/digest", "digest: D  \nb: 1\n"),
    "comment": ("digest: # to fill\nb: 1\n", "/digest", "digest: D # to fill\nb: 1\n"),
    "crlf": ("digest:\r\nb: 1\r\n", "/digest", "digest: D\r\nb: 1\r\n"),
    "tilde": ("digest: ~\n", "/digest", "digest: D\n"),
    "null": ("digest: null # c\n", "/digest", "digest: D # c\n"),
    "quoted": ("digest: ''\n", "/digest", "digest: 'D'\n"),
    "double-quoted": ('digest: ""\n', "/digest", 'digest: "D"\n'),
    "in-flow": ("{digest: , b: 1}\n", "/digest", "{digest: D, b: 1}\n"),
    "in-flow-last": ("{b: 1, digest: }\n", "/digest", "{b: 1, digest: D}\n"),
    "in-flow-tight": ('{b: 1, "digest":}\n', "/digest", '{b: 1, "digest": D}\n'),
    "quoted-key": ('"digest":\n', "/digest", '"digest": D\n'),
    "json-null": ('{"digest": null}', "/digest", '{"digest": "D"}'),
    "json-null-tight": ('{"a":1,"digest":null,"b":[]}', "/digest", '{"a":1,"digest":"D","b":[]}'),
    "json-null-lines": ('{\n  "digest" :\n null\n}\n', "/digest", '{\n  "digest" :\n "D"\n}\n'),
    "json-number": ('{"tag": 1.10}', "/tag", '{"tag": "D"}'),
    "json-list": ('["a", null ,1]', "/1", '["a", "D" ,1]'),
    "json-list-start": ("[null]", "/0", '["D"]'),
    "bom": ("\ufeffdigest:\n", "/digest", "\ufeffdigest: D\n"),
}


@pytest.mark.parametrize("name", NULLS)
@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_fill(editor: Any, name: str, suffix: str) -> None:
    text, path, wanted = NULLS[name]
    assert is_null(editor.scalar(text, path)) is (name != "json-number")
    edit = editor.replace(text, path, editor.digest)
    assert editor.apply(text, [edit], f"x.{suffix}") == wanted.replace("D", editor.digest)


@pytest.mark.parametrize(
    ("text", "path", "after", "why"),
    [
        ("a: 1\n", "/a", "b c", "never written"),
        ("a: 1\n", "/a", "b\n", "never written"),
        ("a: 1\n", "/a", "", "never written"),
        ("a: 'x'\n", "/a", "it's", "never written"),
        ("a: 1\n", "/a", "b # c", "never written"),
        ("a: 1\n", "/a", "b:", "quotes"),
        ("a: 1\n", "/a", "-b", "quotes"),
        ("a: 1\n", "/a", "...", "quotes"),
        ("a: 1\n", "/a", "[::1]:5000/x:1", "quotes"),
        ("{a: 1}\n", "/a", "x:[y", "quotes"),
        ("a: |\n  b\n", "/a", "c", "block"),
        ("a: !!int 1\n", "/a", "c", "tag"),
        ("{digest, b: 1}", "/digest", "c", "no colon"),
        ("- \n- a\n", "/0", "c", "no colon"),
        ("---\n", "", "c", "no colon"),
        ("null\n", "", "c", "bare literal"),
        ("&k : \n", "/", "c", "no colon"),
        ("? a # b: ", "/a", "c", "no colon"),
        ("? a\n# b:\n", "/a", "c", "no colon"),
    ],
)
def test_replace_refused(editor: Any, text: str, path: str, after: str, why: str) -> None:
    edit = editor.replace(text, path, after)
    assert isinstance(edit, NotEditable)
    assert why in edit.reason


def test_an_address_in_brackets_needs_its_quotes(editor: Any) -> None:
    text, after = "a: '[::1]:5000/web:1'\n", f"[::1]:5000/web:1@{editor.digest}"
    assert editor.apply(text, [editor.replace(text, "/a", after)]) == f"a: '{after}'\n"


# name: (text, sibling, wanted), D being the digest
INSERTED = {
    "block": ("a:\n  tag: 1\n  b: 2\n", "/a/tag", "a:\n  tag: 1\n  digest: D\n  b: 2\n"),
    "last-line": ("a:\n  tag: 1\n", "/a/tag", "a:\n  tag: 1\n  digest: D\n"),
    "no-final-newline": ("a:\n  tag: 1", "/a/tag", "a:\n  tag: 1\n  digest: D"),
    "no-newline-at-all": ("tag: 1", "/tag", "tag: 1\ndigest: D"),
    "no-final-newline-crlf": ("a:\r\n  tag: 1", "/a/tag", "a:\r\n  tag: 1\r\n  digest: D"),
    "crlf": ("tag: 1\r\nb: 2\r\n", "/tag", "tag: 1\r\ndigest: D\r\nb: 2\r\n"),
    "cr": ("tag: 1\rb: 2\r", "/tag", "tag: 1\rdigest: D\rb: 2\r"),
    "mixed": ("a: 1\ntag: 1\r\nb: 2\n", "/tag", "a: 1\ntag: 1\r\ndigest: D\r\nb: 2\n"),
    "bom": ("\ufefftag: 1\nb: 2\n", "/tag", "\ufefftag: 1\ndigest: D\nb: 2\n"),
    "comment": ("tag: 1 # why\n# next\nb: 2\n", "/tag", "tag: 1 # why\ndigest: D\n# next\nb: 2\n"),
    "comment-at-end": ("tag: 1 # why", "/tag", "tag: 1 # why\ndigest: D"),
    "spaces": ("tag: 1  \nb: 2\n", "/tag", "tag: 1  \ndigest: D\nb: 2\n"),
    "empty-line": ("tag: 1\n\nb: 2\n", "/tag", "tag: 1\ndigest: D\n\nb: 2\n"),
    "first-of-item": ("- tag: 1\n  b: 2\n- c\n", "/0/tag", "- tag: 1\n  digest: D\n  b: 2\n- c\n"),
    "only-of-item": ("x:\n- tag: 1\n- c\n", "/x/0/tag", "x:\n- tag: 1\n  digest: D\n- c\n"),
    "wide-item": ("-   tag: 1\n    b: 2\n", "/0/tag", "-   tag: 1\n    digest: D\n    b: 2\n"),
    "item-in-item": ("- - tag: 1\n    b: 2\n", "/0/0/tag", "- - tag: 1\n    digest: D\n    b: 2\n"),
    "second-of-item": ("- b: 2\n  tag: 1\n", "/0/tag", "- b: 2\n  tag: 1\n  digest: D\n"),
    "quoted": ("tag: '1'\n", "/tag", "tag: '1'\ndigest: D\n"),
    "quoted-key": ('"tag": "1"\n', "/tag", '"tag": "1"\ndigest: D\n'),
    "alias": ("a: &t 1\ntag: *t\nb: 2\n", "/tag", "a: &t 1\ntag: *t\ndigest: D\nb: 2\n"),
    "anchored": ("tag: &t 1\nb: *t\n", "/tag", "tag: &t 1\ndigest: D\nb: *t\n"),
    "anchored-key": ("- &k tag: 1\n", "/0/tag", "- &k tag: 1\n  digest: D\n"),
    "tagged": ("tag: !!str 1\n", "/tag", "tag: !!str 1\ndigest: D\n"),
    "empty-value": ("tag:\nb: 1\n", "/tag", "tag:\ndigest: D\nb: 1\n"),
    "value-below": (
        "a:\n  tag:\n    # c\n    1\n  b: 2\n",
        "/a/tag",
        "a:\n  tag:\n    # c\n    1\n  digest: D\n  b: 2\n",
    ),
    "many-lines": ("tag: a\n  b\nc: 1\n", "/tag", "tag: a\n  b\ndigest: D\nc: 1\n"),
    "many-lines-quoted": ("tag: 'a\n  b'\nc: 1\n", "/tag", "tag: 'a\n  b'\ndigest: D\nc: 1\n"),
    "emoji": ("é: 🙂\ntag: 1 # 🙂\n", "/tag", "é: 🙂\ntag: 1 # 🙂\ndigest: D\n"),
    "before-document": ("tag: 1\n---\nb: 1\n", "/tag", "tag: 1\ndigest: D\n---\nb: 1\n"),
    "before-end": ("tag: 1\n...\n", "/tag", "tag: 1\ndigest: D\n...\n"),
    "shared": ("a: &m\n  tag: 1\nb: *m\n", "/b/tag", "a: &m\n  tag: 1\n  digest: D\nb: *m\n"),
    "flow-empty-value": ("{tag: , b: 2}\n", "/tag", "{tag: , digest: D, b: 2}\n"),
    "before-odd-keys": ("tag: 1\n? [a]\n: 1\nb: 1\nb: 2\n", "/tag", "tag: 1\ndigest: D\n? [a]\n: 1\nb: 1\nb: 2\n"),
    "flow": ("{tag: 1, b: 2}\n", "/tag", "{tag: 1, digest: D, b: 2}\n"),
    "flow-last": ("a: { b: 2, tag: 1 }\n", "/a/tag", "a: { b: 2, tag: 1, digest: D }\n"),
    "flow-trailing-comma": ("{tag: 1,}\n", "/tag", "{tag: 1, digest: D,}\n"),
    "flow-comment": ("{tag: 1 # c\n, b: 2}\n", "/tag", "{tag: 1, digest: D # c\n, b: 2}\n"),
    "flow-alias": ("[&t 1, {tag: *t}]\n", "/1/tag", "[&t 1, {tag: *t, digest: D}]\n"),
    "flow-single": ("{'tag': '1'}\n", "/tag", "{'tag': '1', 'digest': 'D'}\n"),
    "flow-explicit": ("{? tag : 1}\n", "/tag", "{? tag : 1, digest: D}\n"),
    "json": ('{"tag": "1", "b": 2}', "/tag", '{"tag": "1", "digest": "D", "b": 2}'),
    "json-last": ('{"b": 2, "tag":"1"}\n', "/tag", '{"b": 2, "tag":"1", "digest": "D"}\n'),
    "json-lines": ('{\n  "tag": "1",\n  "b": 2\n}\n', "/tag", '{\n  "tag": "1", "digest": "D",\n  "b": 2\n}\n'),
    "json-number": ('{"tag": 1}', "/tag", '{"tag": 1, "digest": "D"}'),
    "json-tabs": (
        '{\n\t"a": {\n\t\t"tag": "1"\n\t}\n}',
        "/a/tag",
        '{\n\t"a": {\n\t\t"tag": "1", "digest": "D"\n\t}\n}',
    ),
    "json-escaped-key": ('{"t\\u0061g": "1"}', "/tag", '{"t\\u0061g": "1", "digest": "D"}'),
}


@pytest.mark.parametrize("name", INSERTED)
def test_insert(editor: Any, name: str) -> None:
    text, sibling, wanted = INSERTED[name]
    path = "x.json" if name.startswith("json") else "x.yaml"
    assert editor.apply(text, [editor.insert(text, sibling)], path) == wanted.replace("D", editor.digest)


@pytest.mark.parametrize(
    ("text", "sibling", "why"),
    [
        ("tag: |\n  1\n", "/tag", "block scalar"),
        ("tag: [1]\n", "/tag", "no scalar"),
        ("tag: {a: 1}\n", "/tag", "no scalar"),
        ("a: &t [1]\ntag: *t\n", "/tag", "no scalar"),
        ("? tag\n: 1\n", "/tag", "question mark"),
        ("?\n  tag\n: 1\n", "/tag", "question mark"),
        ("?\n  tag\n", "/tag", "question mark"),
        ("[tag: 1]\n", "/0/tag", "no braces"),
        ("[? tag : 1]\n", "/0/tag", "no braces"),
        ("{tag: !!int }\n", "/tag", "and no value"),
        ("{tag: &a , b: *a}\n", "/tag", "and no value"),
        ("tag: 1\ndigest: x\n", "/tag", "there already"),
        ("{tag: 1, digest: }\n", "/tag", "there already"),
        ("tag: 1\ntag: 2\n", "/tag", "stands twice"),
        ("tag: 1 # a\u2028b: 2\n", "/tag", "follows"),
        ("a: 1 # c\u2028tag: 2\n", "/tag", "start its line"),
    ],
)
def test_insert_refused(editor: Any, text: str, sibling: str, why: str) -> None:
    edit = editor.insert(text, sibling)
    assert isinstance(edit, NotEditable)
    assert why in edit.reason


@pytest.mark.parametrize("key", ["", "a: b", "a\nb", "<<", "-a", "a:", "? a", "é", "a b", "#", "a."])
def test_keys_that_are_never_written(editor: Any, key: str) -> None:
    assert isinstance(editor.insert("tag: 1\n", "/tag", key), NotEditable)


@pytest.mark.parametrize("after", ["", "a b", "a\nb", "[x]", "a:", "-a", '"', "a #"])
def test_values_that_are_never_inserted(editor: Any, after: str) -> None:
    assert isinstance(editor.insert("tag: 1\n", "/tag", "digest", after), NotEditable)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("tag: 1 # c\nb: 2\n", "tag: T # c\ndigest: D\nb: 2\n"),
        ("tag: 1", "tag: T\ndigest: D"),
        ("tag:\n", "tag: T\ndigest: D\n"),
        ("tag:", "tag: T\ndigest: D"),
        ("{tag: 1}\n", "{tag: T, digest: D}\n"),
        ("{'tag': '1', b: 2}\n", "{'tag': 'T', 'digest': 'D', b: 2}\n"),
        ("{tag: , b: 2}\n", "{tag: T, digest: D, b: 2}\n"),
        ('{"tag": null}\n', '{"tag": "T", "digest": "D"}\n'),
    ],
)
def test_a_tag_moves_and_gets_a_digest(editor: Any, text: str, wanted: str) -> None:
    """The new key stands behind the very scalar that is replaced; its patch tests the old value."""
    edits = [editor.replace(text, "/tag", "T"), editor.insert(text, "/tag")]
    assert editor.apply(text, edits) == wanted.replace("D", editor.digest)
    assert editor.apply(text, edits[::-1]) == wanted.replace("D", editor.digest)


# name: (text, path, wanted), C being the comment
COMMENTED = {
    "plain": ("a: x\nb: y\n", "/a", "a: x C\nb: y\n"),
    "quoted": ("a: 'x'\n", "/a", "a: 'x' C\n"),
    "trailing-blanks": ("a: x  \nb: y\n", "/a", "a: x C  \nb: y\n"),
    "crlf": ("a: x\r\nb: y\r\n", "/a", "a: x C\r\nb: y\r\n"),
    "cr": ("a: x\rb: y\r", "/a", "a: x C\rb: y\r"),
    "end": ("a: x", "/a", "a: x C"),
    "bom": ("\ufeffa: x\n", "/a", "\ufeffa: x C\n"),
    "nothing": ("a:\nb: y\n", "/a", "a: C\nb: y\n"),
    "item": ("- x\n- y\n", "/0", "- x C\n- y\n"),
    "item-of-a-map": ("a:\n- b: x\n  c: y\n", "/a/0/b", "a:\n- b: x C\n  c: y\n"),
    "anchor": ("a: &i x\nb: *i\n", "/a", "a: &i x C\nb: *i\n"),
    "next-line": ("a:\n  x\nb: y\n", "/a", "a:\n  x C\nb: y\n"),
    "explicit": ("? a\n: x\n", "/a", "? a\n: x C\n"),
    "before-a-comment": ("a: x\n# c\n", "/a", "a: x C\n# c\n"),
    "before-a-document": ("a: x\n---\nb\n", "/a", "a: x C\n---\nb\n"),
    "hash": ("a: x#y\n", "/a", "a: x#y C\n"),
    "emoji": ("'🙂': 🙃\n", "/🙂", "'🙂': 🙃 C\n"),
}


@pytest.mark.parametrize("name", COMMENTED)
def test_comment(editor: Any, name: str) -> None:
    text, path, wanted = COMMENTED[name]
    assert editor.apply(text, [editor.comment(text, path)]) == wanted.replace("C", editor.remark)


@pytest.mark.parametrize(
    ("text", "path", "why"),
    [
        ("a: x # c\n", "/a", "follows"),
        ("{a: x}\n", "/a", "braces"),
        ("a: [x]\n", "/a/0", "braces"),
        ("{\n  a: x\n}\n", "/a", "braces"),
        ('{"a": "x"\n}\n', "/a", "braces"),
        ("a: |\n  x\n", "/a", "line of its own"),
        ("a: {b: x}\n", "/a", "line of its own"),
        ("a: &i x\nb: *i\n", "/b", "line of its own"),
        ("a: x\na: y\n", "/a", "line of its own"),
        ("a: 'x\n  y'\n", "/a", "follows"),
        ("a: x\u2028\n", "/a", "follows"),
        ("- x\n", "/1", "line of its own"),
        ("x\n", "", "no map"),
    ],
)
def test_comment_refused(editor: Any, text: str, path: str, why: str) -> None:
    edit = editor.comment(text, path)
    assert isinstance(edit, NotEditable)
    assert why in edit.reason


@pytest.mark.parametrize(
    "after", ["", "x", "#", "#x", "# ", "# x ", "# x\ny: z", "# x\ry: z", "# \x85y: z", "# é", "# \0"]
)
def test_comments_that_are_never_written(editor: Any, after: str) -> None:
    assert isinstance(editor.comment("a: x\n", "/a", after), NotEditable)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("tag: 1\nb: 2\n", "tag: T C\ndigest: D\nb: 2\n"),
        ("tag: 1", "tag: T C\ndigest: D"),
        ("tag:\n", "tag: T C\ndigest: D\n"),
        ("tag: '1'  \r\n", "tag: 'T' C  \r\ndigest: D\r\n"),
    ],
)
def test_all_three_edits_of_one_line(editor: Any, text: str, wanted: str) -> None:
    edits = [editor.insert(text, "/tag"), editor.comment(text, "/tag"), editor.replace(text, "/tag", "T")]
    wanted = wanted.replace("D", editor.digest).replace("C", editor.remark)
    assert editor.apply(text, edits) == wanted
    assert editor.apply(text, edits[::-1]) == wanted


def test_two_comments_of_one_place_are_a_conflict(editor: Any) -> None:
    text = "a: x\n"
    assert isinstance(splice(text, [editor.comment(text, "/a"), editor.comment(text, "/a", "# other")]), Conflict)


def test_many_edits_of_many_documents(editor: Any) -> None:
    text = f"a: {V}\nb: '{V}'\n---\n# c\n---\n- image: {V}\n  tag: x\n- {V}\n"
    edits = [
        editor.replace(text, "/1", document=2),
        editor.insert(text, "/0/tag", document=2),
        editor.replace(text, "/b"),
        editor.replace(text, "/0/image", document=2),
        editor.replace(text, "/a"),
    ]
    wanted = text.replace(V, editor.new).replace("tag: x", f"tag: x\n  digest: {editor.digest}")
    assert editor.apply(text, edits) == wanted
    assert [patch.document for patch in to_patch(edits)] == [0, 2]


def test_an_anchor_and_its_aliases_are_one_place(editor: Any) -> None:
    text = f"a: &i {V}\nb: *i\nc: [*i]\n"
    edits = [editor.replace(text, path) for path in ("/c/0", "/a", "/b")]
    assert len({edit.span for edit in edits}) == 1
    assert editor.apply(text, edits) == text.replace(V, editor.new)


def test_a_shared_mapping_may_be_edited_by_all_its_pointers(editor: Any) -> None:
    text = f"a: &m\n  image: {V}\n  tag: 1\nb: *m\nc:\n  <<: *m\n"
    edits = [editor.replace(text, f"{path}/image") for path in ("/a", "/b", "/c/<<")]
    edits += [editor.insert(text, f"{path}/tag") for path in ("/b", "/a")]
    wanted = text.replace(V, editor.new).replace("tag: 1", f"tag: 1\n  digest: {editor.digest}")
    assert editor.apply(text, edits) == wanted


def test_equal_edits_count_once(editor: Any) -> None:
    text = f"image: {V}\ntag: 1\n"
    edits = [editor.replace(text, "/image"), editor.insert(text, "/tag")]
    assert editor.apply(text, edits * 3) == f"image: {editor.new}\ntag: 1\ndigest: {editor.digest}\n"


@pytest.mark.parametrize("kind", ["replace", "insert"])
def test_conflict(editor: Any, kind: str) -> None:
    text = f"image: &i {V}\nb: *i\n"
    if kind == "replace":
        first, second = editor.replace(text, "/image", "x:1"), editor.replace(text, "/b", "x:2")
    else:
        first, second = editor.insert(text, "/b", "digest", "x:1"), editor.insert(text, "/b", "digest", "x:2")
    for edits in ([first, second], [second, first]):
        found = splice(text, edits)
        assert isinstance(found, Conflict)
        assert {found.first, found.second} == {first, second}


def test_no_edits_change_nothing(editor: Any) -> None:
    text = "\ufeffa: 1\r\n"
    assert editor.apply(text, []) == text


def test_what_an_edit_says(editor: Any) -> None:
    text = f"image: '{V}'\n"
    edit = editor.replace(text, "/image")
    assert isinstance(edit, Replace)
    assert (edit.before, edit.after, edit.written) == (V, editor.new, editor.new)
    added = editor.insert(text, "/image")
    assert isinstance(added, Insert)
    assert (added.pointer, added.sibling, added.sibling_value) == (("digest",), ("image",), V)
    assert added.span.start == added.span.end == len(text) - 1


@pytest.mark.parametrize(
    ("value", "style", "null"),
    [("", "", True), ("~", "", True), ("null", "", True), ("NULL", "", True), ("", "'", True), ("null", "'", False),
     ("nil", "", False), ("0", "", False), ("~", '"', False)],
)  # fmt: skip
def test_is_null(value: str, style: str, *, null: bool) -> None:
    assert is_null(Scalar(value, style, 0, 0, 1, None)) is null


@pytest.mark.parametrize(
    "after",
    [
        "1.10",
        "7",
        "1e3",
        "0x1f",
        "0o17",
        "017",
        "1_000",
        "12:30:45",
        "1.",
        "2026-01-05",
        "yes",
        "No",
        "on",
        "null",
    ],
)
def test_what_would_be_read_as_no_text_gets_quotes(editor: Any, after: str) -> None:
    text = "image: v1.2  # kept\n"
    assert editor.apply(text, [editor.replace(text, "/image", after)]) == f'image: "{after}"  # kept\n'
    for quote in "'\"":
        text = f"image: {quote}v1.2{quote}\n"
        assert editor.apply(text, [editor.replace(text, "/image", after)]) == f"image: {quote}{after}{quote}\n"


@pytest.mark.parametrize(
    "after", ["1.2.3", "v1", "1.10-alpine", "1.10@sha256:0", "main-1", "0.1.0", "12:99", "yess", "e3"]
)
def test_what_is_text_stays_without_quotes(editor: Any, after: str) -> None:
    text = "image: v1.2\n"
    assert editor.apply(text, [editor.replace(text, "/image", after)]) == f"image: {after}\n"
    assert isinstance(yaml.load(f"image: {after}\n", yaml.SafeLoader)["image"], str)


@given(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}", fullmatch=True))
def test_every_tag_is_read_as_text(editor: Any, after: str) -> None:
    text = "image: v1.2.3.4\n"
    written = editor.apply(text, [editor.replace(text, "/image", after)])
    assert yaml.load(written, yaml.SafeLoader)["image"] == after
    assert YAML(typ="safe", pure=True).load(written)["image"] == after
