"""Files as they are found in real repositories: each is edited and proven, or refused with its cause."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gitops_streams.manifests.scan import MAX_BYTES, read, scan
from gitops_streams.oci.reference import Reference
from gitops_streams.yamledit import prove
from gitops_streams.yamledit.edit import replace
from gitops_streams.yamledit.locate import Located, Unparsable, decode, locate
from gitops_streams.yamledit.nodes import Entry, Mapping, Scalar, walk
from gitops_streams.yamledit.problem import Problem
from gitops_streams.yamledit.prove import Unprovable

WEB = "quay.io/acme/web:1.4"
REPOSITORY = Reference.parse(WEB).repository

EDITED = {
    "an anchor that is defined twice": ("x.yaml", f"a: &x 1\nb: &x [2]\nc: *x\nimage: {WEB}\n"),
    "an anchor of both kinds": ("x.yaml", f"a: &x 1\nb: *x\nc: &x {{d: *x}}\ne: *x\nimage: {WEB}\n"),
    "JSON indented by tabs": ("x.json", f'{{\n\t"a":\t1,\n\t"image":\t"{WEB}"\n}}\n'),
    "JSON with a comma too many": ("x.json", f'{{\n  "image": "{WEB}",\n}}\n'),
    "Windows, BOM and no final newline": ("x.yaml", f"\ufeffa: 1\r\nimage: {WEB}"),
    "NEL in quotes": ("x.yaml", f'a: "x\x85y"\nimage: {WEB}\n'),
    "braces that parse": ("x.yaml", f"a: {{{{ x }}}}\nb: '{{{{ y }}}}'\nimage: {WEB}\n"),
    "a tab before a comment": ("x.yaml", f"image: {WEB}\t# why\n"),
    "a tab at the end of a line": ("x.yaml", f"a: b\t\nimage: {WEB}\n"),
    "other keys that stand twice": ("x.yaml", f"a: 1\na: 2\nimage: {WEB}\n"),
    "a surrogate pair outside of JSON's escapes": ("x.json", f'{{"a": "🙂", "image": "{WEB}"}}'),
}


@pytest.mark.parametrize("name", EDITED)
def test_is_edited(name, editor):
    path, text = EDITED[name]
    after = editor.apply(text, [editor.replace(text, "/image")], path)
    assert after == text.replace(WEB, editor.new)


UNPROVABLE = {
    "NEL in a comment": f"image: {WEB} # why\x85b: 1\n",
    "NEL as the end of a line": f"image: {WEB}\x85b: 1\n",
}


@pytest.mark.parametrize("name", UNPROVABLE)
def test_is_left_alone_since_two_parsers_do_not_agree(name, editor):
    text = UNPROVABLE[name]
    with pytest.raises(Unprovable):
        editor.apply(text, [editor.replace(text, "/image")])


def test_a_key_that_leads_to_an_image_and_stands_twice_is_reported():
    file, problems = scan("x.yaml", f"image: {WEB}\nimage: {WEB}\n".encode(), {REPOSITORY})
    assert problems == []
    assert file is not None
    assert {finding.reason for finding in file.findings} == {"a key that leads to it stands twice in its map"}


REFUSED = {
    "JSON with comments": (f'{{\n  // why\n  "image": "{WEB}"\n}}\n'.encode(), 2, "it is not YAML: JSON with comments"),
    "a devcontainer": (f'// why\n{{\n  "image": "{WEB}"\n}}\n'.encode(), 1, "it is not YAML: JSON with comments"),
    "UTF-16": (f"image: {WEB}\n".encode("utf-16"), None, "it is UTF-16; save it as UTF-8"),
    "UTF-16, big-endian": (b"\xfe\xff" + f"image: {WEB}\n".encode("utf-16-be"), None, "it is UTF-16"),
    "UTF-16 without a mark": (f"image: {WEB}\n".encode("utf-16-le"), 1, "control characters are not allowed"),
    "Latin-1": (f"a: 1\nimage: {WEB} # \xe9\n".encode("latin-1"), 2, "it is not valid UTF-8"),
    "NUL bytes": (f"image: {WEB}\n\0".encode(), 2, "control characters are not allowed (U+0000)"),
    "a surrogate pair as JSON escapes it": (f'{{"a": "\\ud83d\\ude42", "image": "{WEB}"}}'.encode(), 1, "Unicode"),
    "a broken placeholder": (f"a:\n  image: {{user}}/x\nimage: {WEB}\n".encode(), 2, "it is not YAML"),
    "a template": (f"{{{{- if x }}}}\nimage: {WEB}\n{{{{- end }}}}\n".encode(), 1, "it is a template, not YAML"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_with_its_cause(name):
    data, line, cause = REFUSED[name]
    problem = read("x.json" if b"{\n" in data else "x.yaml", data)
    assert isinstance(problem, Problem)
    assert problem.reason.startswith("not scanned: ")
    assert cause in problem.reason
    assert line is None or problem.line == line


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("- {name: web, image: quay.io/acme/web, args: [a, b, c]}\n", id="flow"),
        pytest.param("- &a [*a, *a, *a, *a, *a, *a, *a, *a]\n", id="aliases of themselves"),
        pytest.param("# a comment, and nothing else on a long line of text\n", id="comments"),
    ],
)
def test_a_file_as_large_as_is_read_is_located_within_bounds(line):
    """The test's timeout is the bound: what grows with the square of the length takes hours."""
    size = MAX_BYTES // 16
    text = "items:\n" + line * (size // len(line)) + f"image: {WEB}\n"
    located = read("x.yaml", text.encode())
    assert isinstance(located, Located)
    root = located.documents[0].root
    assert isinstance(root, Mapping)
    assert root.text("image") == WEB


def test_one_scalar_as_large_as_is_read():
    text = f"image: {WEB}\na: '{'x' * (MAX_BYTES - 200)}'\n"
    assert len(text) <= MAX_BYTES
    found, problems = scan("x.yaml", text.encode(), {REPOSITORY})
    assert problems == []
    assert found is not None
    assert len(found.findings) == 1


def test_what_decodes_is_what_is_edited():
    text = decode(f"\ufeffimage: {WEB} # é\r\n".encode())
    assert isinstance(text, str)
    located = read("x.yaml", text.encode())
    assert isinstance(located, Located)
    scalars = [node for _, node in walk(located.documents[0].root) if isinstance(node, Scalar)]
    assert [text[scalar.start : scalar.end] for scalar in scalars] == [WEB]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("".join(f"image{number}: {WEB}\n" for number in range(60_000)), id="keys of one map"),
        pytest.param(
            "kind: HelmRelease\nvalues: |\n" + "".join(f"  k{n}: {{image: '{WEB}'}}\n" for n in range(20_000)),
            id="keys of one map within a string",
        ),
    ],
)
def test_a_wide_map_is_scanned_within_bounds(text):
    """Each pointer is followed from the root: going through all keys for each would take a quarter of an hour."""
    found, problems = scan("x.yaml", text.encode(), {REPOSITORY})
    assert problems == []
    assert found is not None
    assert len(found.findings) == text.count(WEB)


class Counted(list[Entry]):
    """Entries that count how often all of them are gone through."""

    walks = 0

    def __iter__(self) -> Iterator[Entry]:
        Counted.walks += 1
        return super().__iter__()


def test_the_keys_of_a_wide_map_are_not_gone_through_for_each_edit(editor, monkeypatch):
    def counted(text: str) -> Located | Unparsable:
        located = locate(text)
        assert isinstance(located, Located)
        root = located.documents[0].root
        assert isinstance(root, Mapping)
        root.entries = Counted(root.entries)
        return located

    text = "".join(f"k{number}: {WEB}\n" for number in range(500))
    root = editor.node(text, "")
    edits = [replace(0, (entry.key.value,), entry.value, editor.new, text) for entry in root.entries]
    monkeypatch.setattr(prove, "locate", counted)
    monkeypatch.setattr(Counted, "walks", 0)
    assert editor.apply(text, edits) == text.replace(WEB, editor.new)
    assert 0 < Counted.walks < 10


@pytest.mark.parametrize("text", [f"a: 1\nb: {{image: {WEB}}}\na: 2\n", f"? [a]\n: 1\nb: {{image: {WEB}}}\n"])
def test_only_a_key_on_the_way_must_not_stand_twice(text, editor):
    root = editor.node(text, "")
    assert root.stands_twice("a") is text.startswith("a")
    assert not root.stands_twice("b")
    assert not root.stands_twice("c")
    assert editor.apply(text, [editor.replace(text, "/b/image")]) == text.replace(WEB, editor.new)


@pytest.mark.parametrize("width", [2, 31, 32, 33, 100])
def test_a_key_is_found_in_maps_of_every_width(width, editor):
    text = "".join(f"k{number}: v{number}\n" for number in range(width)) + "k0: again\n? [a]\n: b\n"
    root = editor.node(text, "")
    assert root.entry("k0") is None
    assert root.text("k1") == "v1"
    assert root.entry("a") is None
    assert root.text(f"k{width - 1}") == f"v{width - 1}"
