"""Locating: a torture set. Each case gives exact spans or a clear refusal, never a wrong one."""

from __future__ import annotations

import json

import pytest
from example_counts import examples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gitops_streams.yamledit.locate import MAX_DEPTH, Located, Unparsable, decode, locate
from gitops_streams.yamledit.nodes import Alias, Mapping, NotEditable, Scalar, Sequence, content, resolve, walk
from gitops_streams.yamledit.pointer import parse

V = "quay.io/acme/web:1"

# name: (text, path, document), the scalar at path being V and its span exact.
EXACT = {
    "plain": (f"image: {V}\n", "/image", 0),
    "single-quoted": (f"image: '{V}'\n", "/image", 0),
    "double-quoted": (f'image: "{V}"\n', "/image", 0),
    "bom": (f"\ufeffimage: {V}\n", "/image", 0),
    "bom-quoted": (f'\ufeff# c\nimage: "{V}"\n', "/image", 0),
    "bom-second-document": (f"\ufeffa: 1\n---\nimage: {V}\n", "/image", 1),
    "crlf": (f"a: 1\r\nimage: {V}\r\nb: 2\r\n", "/image", 0),
    "cr": (f"a: 1\rimage: {V}\rb: 2\r", "/image", 0),
    "mixed-endings": (f"a: 1\r\nb: 2\nc: 3\rimage: {V}\r\n", "/image", 0),
    "no-final-newline": (f"image: {V}", "/image", 0),
    "trailing-spaces": (f"image: {V}   \n", "/image", 0),
    "trailing-tab": (f"image: {V}\t\nb: 1\n", "/image", 0),
    "tab-after-colon": (f"image:\t{V}\n", "/image", 0),
    "comment": (f"image: {V} # why\n", "/image", 0),
    "comment-tab": (f"image: '{V}'\t# why\n", "/image", 0),
    "comments-everywhere": (f"# a\n\nx: # b\n  # c\n  image: # d\n    # e\n    {V} # f\n# g\n", "/x/image", 0),
    "two-byte-characters": (f"é: ü\n# ß\nimage: {V}\n", "/image", 0),
    "emoji": (f"🙂: '🙃🙃'\nimage: {V} # 🙂\n", "/image", 0),
    "emoji-same-line": (f"{{🙂: 🙃, image: {V}}}\n", "/image", 0),
    "ideographic-space": (f"a: b\u3000\nimage: {V}\n", "/image", 0),
    "non-breaking-space": (f"a: \xa0b\nimage: {V}\n", "/image", 0),
    "anchor": (f"image: &i {V}\n", "/image", 0),
    "anchor-quoted": (f'image: &i  "{V}"\n', "/image", 0),
    "tag": (f"image: !!str {V}\n", "/image", 0),
    "verbatim-tag": (f"image: !<tag:yaml.org,2002:str> {V}\n", "/image", 0),
    "non-specific-tag": (f"image: ! {V}\n", "/image", 0),
    "anchor-and-tag": (f"image: &i !!str {V}\n", "/image", 0),
    "tag-and-anchor": (f"image: !!str &i '{V}'\n", "/image", 0),
    "properties-over-lines": (f"image: &i\n  !!str # why\n  {V}\n", "/image", 0),
    "properties-comment": (f"image: &i # why\n  '{V}'\n", "/image", 0),
    "value-on-next-line": (f"image:\n  {V}\n", "/image", 0),
    "alias": (f"a: &i {V}\nimage: *i\n", "/image", 0),
    "duplicate-anchor": (f"a: &i x\nimage: &i {V}\nc: *i\n", "/c", 0),
    "through-alias": (f"a: &m\n  image: {V}\nb: *m\n", "/b/image", 0),
    "merge-key": (f"a: &m\n  image: {V}\nb:\n  <<: *m\n  c: 1\n", "/b/<</image", 0),
    "anchored-key": (f"&k image: {V}\n", "/image", 0),
    "tagged-key": (f"!!str image: {V}\n", "/image", 0),
    "quoted-key": (f"'image': {V}\n", "/image", 0),
    "escaped-key": (f'"im\\u0061ge": {V}\n', "/image", 0),
    "explicit-key": (f"? image\n: {V}\n", "/image", 0),
    "complex-key-beside": (f"? [a, b]\n: 1\n? {{c: d}}\n: 2\nimage: {V}\n", "/image", 0),
    "flow-map": (f"x: {{image: {V}, b: 1}}\n", "/x/image", 0),
    "flow-map-end": (f"x: {{b: 1, image: {V}}}\n", "/x/image", 0),
    "flow-tight": (f"x: {{image: {V}}}\n", "/x/image", 0),
    "flow-adjacent": (f'x: {{"image":"{V}"}}\n', "/x/image", 0),
    "flow-seq": (f"x: [a, {V}]\n", "/x/1", 0),
    "flow-pair": (f"x: [image: {V}]\n", "/x/0/image", 0),
    "flow-lines": (f"x: {{ # a\n  image: {V}, # b\n  c: 1\n}}\n", "/x/image", 0),
    "json": (f'{{"a": [1, null], "image": "{V}"}}\n', "/image", 0),
    "json-tabs": (f'{{\n\t"a": 1,\n\t"image":\t"{V}"\n}}\n', "/image", 0),
    "json-crlf": (f'{{\r\n  "image": "{V}"\r\n}}', "/image", 0),
    "seq": (f"- a\n- {V}\n", "/1", 0),
    "seq-of-maps": (f"- name: x\n  image: {V}\n", "/0/image", 0),
    "seq-in-seq": (f"- - a: 1\n    image: {V}\n", "/0/0/image", 0),
    "seq-unindented": (f"x:\n- image: {V}\n- b\n", "/x/0/image", 0),
    "root": (f"{V}\n", "", 0),
    "root-quoted": (f"--- '{V}'\n", "", 0),
    "multi-document": (f"a: 1\n---\n# c\n---\nimage: {V}\n...\n---\nb: 1\n", "/image", 2),
    "directive": (f"%YAML 1.1\n---\nimage: {V}\n", "/image", 0),
    "directive-1.2": (f"%YAML 1.2\n---\nimage: {V}\n...\n", "/image", 0),
    "tag-directive": (f"%TAG ! tag:yaml.org,2002:\n---\nimage: !str {V}\n", "/image", 0),
    "after-block-scalar": (f"a: |\n  image: no\n\n  x\nimage: {V}\n", "/image", 0),
    "after-folded": (f"a: >-\n  b\n  c\n\nimage: {V}\n", "/image", 0),
    "after-multi-line-plain": (f"a: b\n  c\n  d\nimage: {V}\n", "/image", 0),
    "after-multi-line-quoted": (f'a: "b\n\n  c \\\n  d"\nimage: {V}\n', "/image", 0),
    "after-empty": (f"a:\nb: ~\nc: ''\nimage: {V}\n", "/image", 0),
    "duplicate-keys-beside": (f"a: 1\na: 2\nimage: {V}\n", "/image", 0),
    "slash-in-key": (f"a/b~c:\n  image: {V}\n", "/a~1b~0c/image", 0),
    "numeric-key": (f"0:\n  image: {V}\n", "/0/image", 0),
    "hash-in-plain": (f"a: b#c\nimage: {V}\n", "/image", 0),
    "long-line": (f"{{a: {'x' * 5000}, image: {V}}}\n", "/image", 0),
    "next-line-separator": (f"a: 'b\x85c'\nimage: {V}\n", "/image", 0),
    "line-separator": (f"a: 'b\u2028c'\nimage: {V}\n", "/image", 0),
    "paragraph-separator-comment": (f"a: 1 # c\u2029image: {V}\n", "/image", 0),
}


@pytest.mark.parametrize("name", EXACT)
def test_exact_span(name: str) -> None:
    text, path, document = EXACT[name]
    located = locate(text)
    assert isinstance(located, Located)
    scalar = resolve(located.documents[document].root, parse(path))
    assert isinstance(scalar, Scalar)
    assert scalar.value == V
    span = content(scalar, text)
    assert not isinstance(span, NotEditable)
    assert text[span.start : span.end] == V
    assert text.index(V) == span.start


# name: (text, path, why). The scalar is found, but what stands there is not its value.
REFUSED = {
    "literal": (f"image: |\n  {V}\n", "/image", "block scalar"),
    "folded": (f"image: >-\n  {V}\n", "/image", "block scalar"),
    "escape": ('image: "a\\u0062"\n', "/image", "escapes"),
    "json-slash": ('{"image": "quay.io\\/acme\\/web"}', "/image", "escapes"),
    "doubled-quote": ("image: 'it''s'\n", "/image", "escapes"),
    "two-lines-plain": ("image: a\n  b\n", "/image", "several lines"),
    "two-lines-quoted": ('image: "a\n  b"\n', "/image", "several lines"),
    "escaped-line-break": ('image: "a\\\n  b"\n', "/image", "several lines"),
    "other-tag": (f"image: !!binary {V}\n", "/image", "tag"),
    "local-tag": (f"image: !secret {V}\n", "/image", "tag"),
    "int-tag": ("image: !!int 1\n", "/image", "tag"),
    "null-tag": ("image: !!null\n", "/image", "tag"),
    "anchored-nothing": ("image: &a\nb: 1\n", "/image", "write it plainly"),
    "tagged-nothing": ("image: !!str\nb: 1\n", "/image", "write it plainly"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_span(name: str) -> None:
    text, path, why = REFUSED[name]
    located = locate(text)
    assert isinstance(located, Located)
    scalar = resolve(located.documents[0].root, parse(path))
    assert isinstance(scalar, Scalar)
    span = content(scalar, text)
    assert isinstance(span, NotEditable)
    assert why in span.reason


# name: (text, line of the refusal, what it says)
UNPARSABLE = {
    "tab-indent": ("a:\n\tb: 1\n", 2, "start any token"),
    "tab-after-plain": ("a: 1\n\tb: 2\n", 2, "tab"),
    "tab-after-dash": ("-\ta: 1\n", 1, "start any token"),
    "nul": ("a: 1\nb: \0\n", 2, "U+0000"),
    "control": ("a: 1\n\n# \x1b\n", 3, "U+001B"),
    "delete": ("é: \x7f\n", 1, "U+007F"),
    "undefined-alias": ("a: 1\nb: *x\n", 2, "undefined alias *x"),
    "alias-of-other-document": ("a: &x 1\n---\nb: *x\n", 3, "undefined alias *x"),
    "unclosed-flow": ("a: [1\n", 2, "flow"),
    "unclosed-quote": ("a: 'b\n", 2, "quoted"),
    "helm": ("a: {{ .Values.x }}-b\n", 1, "expected"),
    "two-values": ("a: b: c\n", 1, "not allowed"),
    "reserved": ("a: @b\n", 1, "start any token"),
    "yaml-2": ("%YAML 2.0\n---\na: 1\n", 1, "incompatible"),
    "surrogate-pair": ('{"a": "\\ud83d\\ude00"}', 1, "Unicode"),
    "lone-surrogate": ("a: 1\nb: \ud800\n", 2, "surrogate"),
    "two-marks": ("\ufeff\ufeffa: 1\n", 1, "two byte order marks"),
    "two-anchors": ("a: &x &y b\n", 1, "expected"),
    "deep-flow": ("[" * 5_000, 1, "200 levels"),
    "deep-block": ("- " * 5_000 + "a", 1, "200 levels"),
    "deep-maps": ('{"a":' * 5_000, 1, "200 levels"),
    "deep-lines": ("".join(f"{' ' * depth}a:\n" for depth in range(1_000)), MAX_DEPTH + 1, "200 levels"),
}


@pytest.mark.parametrize("name", UNPARSABLE)
def test_unparsable(name: str) -> None:
    text, line, why = UNPARSABLE[name]
    found = locate(text)
    assert isinstance(found, Unparsable)
    assert why in found.reason
    assert found.line == line
    assert "\n" not in found.reason


@pytest.mark.parametrize("text", ["", "\ufeff", "\n", "# only\n", "  # a comment\n\n", "\ufeff# only"])
def test_nothing_in_it(text: str) -> None:
    assert locate(text) == Located(text, ())


@pytest.mark.parametrize("text", ["---\n", "---", "--- # c\n...\n"])
def test_empty_document(text: str) -> None:
    located = locate(text)
    assert isinstance(located, Located)
    (document,) = located.documents
    assert isinstance(document.root, Scalar)
    assert document.root.value == ""


@pytest.mark.parametrize(
    ("data", "why", "line"),
    [
        ("a: ü\n".encode("latin-1"), "UTF-8", 1),
        (b"a: 1\nb: \xff\n", "UTF-8", 2),
        ("a: 1\n".encode("utf-16"), "UTF-16", None),
        ("a: 1\n".encode("utf-16-be").join([b"\xfe\xff", b""]), "UTF-16", None),
        (b"\xed\xa0\x80", "UTF-8", 1),
    ],
)
def test_undecodable(data: bytes, why: str, line: int | None) -> None:
    found = decode(data)
    assert isinstance(found, Unparsable)
    assert why in found.reason
    assert found.line == line


@given(st.text().map(str.encode) | st.binary())
def test_decode_loses_nothing(data: bytes) -> None:
    text = decode(data)
    if isinstance(text, str):
        assert text.encode() == data


def test_shapes() -> None:
    located = locate("a: [b, c: d]\ne: {f: g}\nh:\n- i\n")
    assert isinstance(located, Located)
    root = located.documents[0].root
    assert isinstance(root, Mapping)
    assert not root.flow
    flow, pair, braces, block = (resolve(root, parse(path)) for path in ("/a", "/a/1", "/e", "/h"))
    assert isinstance(flow, Sequence)
    assert flow.flow
    assert isinstance(pair, Mapping)
    assert (pair.flow, pair.pair) == (True, True)
    assert isinstance(braces, Mapping)
    assert (braces.flow, braces.pair) == (True, False)
    assert isinstance(block, Sequence)
    assert not block.flow
    assert [node.line for node in (flow, braces, block)] == [1, 2, 4]


def test_walk_yields_aliases_and_does_not_enter_them() -> None:
    located = locate("a: &m {x: &s 1}\nb: *m\nc: [*s, 2]\n")
    assert isinstance(located, Located)
    found = {pointer: type(node) for pointer, node in walk(located.documents[0].root)}
    assert found == {
        (): Mapping,
        ("a",): Mapping,
        ("a", "x"): Scalar,
        ("b",): Alias,
        ("c",): Sequence,
        ("c", 0): Alias,
        ("c", 1): Scalar,
    }


def test_aliases_of_a_scalar_are_counted() -> None:
    located = locate("a: &s 1\nb: [*s, *s]\nc: 2\n")
    assert isinstance(located, Located)
    counts = {node.value: node.aliases for _, node in walk(located.documents[0].root) if isinstance(node, Scalar)}
    assert counts == {"1": 2, "2": 0}


@pytest.mark.parametrize(
    "path",
    [
        "/a",
        "/a/0",
        "/b/2",
        "/b/-",
        "/b/-1",
        "/b/00",
        "/b/01",
        "/b/\u0661",
        "/b/" + "9" * 5000,
        "/b/x",
        "/c/x",
        "/d",
        "/d/x",
    ],
)
def test_pointers_that_lead_nowhere(path: str) -> None:
    located = locate("a: 1\na: 2\nb: [x, y]\nc: z\n? [d]\n: x\n")
    assert isinstance(located, Located)
    assert resolve(located.documents[0].root, parse(path)) is None


@pytest.mark.parametrize("path", ["a", "a/b", "/a~", "/~2", "/a~x/b"])
def test_malformed_pointers(path: str) -> None:
    with pytest.raises(ValueError, match="JSON Pointer"):
        parse(path)


LAUGHS = "a0: &a0 lol\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 60))


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        "&a [*a]",
        "&a {x: *a, *a : *a}",
        "a: &a b\n" * 20_000,
        "- " * 199 + "x",
        "? " * 150 + "x",
        "k: v\n" * 20_000,
        "- &a x\n- *a\n" * 10_000,
        "a: '" + "x\n " * 50_000 + "'",
        "#" * 200_000,
        "\n" * 200_000,
        " " * 200_000,
        "---\n" * 20_000,
        "[" + "a," * 50_000 + "]",
        "{" + '"a": 1,' * 30_000 + "}",
        "!a &b " * 20_000,
        "a: " + "b " * 100_000,
        "%TAG !a! b\n" * 1_000,
    ],
    ids=range(18),
)
def test_bounded(text: str) -> None:
    """Each takes well under a second; what is exponential, or quadratic in earnest, would not."""
    assert isinstance(locate(text), Located | Unparsable)


SEEDS = [text for text, _, _ in EXACT.values()] + [text for text, _, _ in REFUSED.values()] + [LAUGHS[:2000]]
SNIPPETS = [
    *(
        "",
        "\n",
        "\r",
        "\t",
        " ",
        "  ",
        ":",
        ": ",
        "- ",
        "? ",
        "#",
        " #",
        "'",
        '"',
        "[",
        "]",
        "{",
        "}",
        ",",
        "&a ",
        "*a",
    ),
    *("!", "!!str ", "|", ">", "---\n", "...\n", "%", "\ufeff", "\x85", "\u2028", "é", "🙂", "\0", "\\", "<<", "~"),
]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.integers(0, 3))
        text = text[:start] + draw(st.sampled_from(SNIPPETS)) + text[end:]
    return text


@settings(max_examples=examples(800), suppress_health_check=list(HealthCheck))
@given(mutated() | st.text() | st.text("a:- \n#'\"[]{},&*!|>?\t\r\ufeff\x85", max_size=40))
@example("\ufeff'a': &b 'c'\n")
@example("\ud800")
def test_never_raises_and_never_lies(text: str) -> None:
    located = locate(text)
    if isinstance(located, Unparsable):
        assert located.reason
        return
    assert located.text == text
    last = -1
    for document in located.documents:
        for _, node in walk(document.root):
            if not isinstance(node, Scalar):
                continue
            assert last <= node.start <= node.end <= len(text)
            last = node.start
            span = content(node, text)
            if isinstance(span, NotEditable):
                continue
            assert text[span.start : span.end] == node.value
            assert node.start <= span.start <= span.end <= node.end
            assert node.style in {"", "'", '"'}
            if node.style:
                assert text[span.start - 1] == text[span.end] == node.style


# NEL and the two separators end lines in YAML 1.1, and are folded: the proof, which reads JSON as JSON, refuses them.
TEXTS = st.text(st.characters(exclude_characters="\x85\u2028\u2029"), max_size=8)
VALUES = st.recursive(
    TEXTS | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
)


@given(VALUES, st.booleans(), st.sampled_from([None, 1, 2]))
def test_json_is_located(value: object, ascii_only: bool, indent: int | None) -> None:  # noqa: FBT001  hypothesis
    """What JSON says and what is located agree, or the text is refused (surrogate pairs, control characters)."""
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    located = locate(text)
    if isinstance(located, Unparsable):
        assert ("\\u" in text and ascii_only) or not text.isprintable()
        return

    def check(node: object, wanted: object) -> None:
        if isinstance(wanted, dict):
            assert isinstance(node, Mapping)
            assert [entry.key.value for entry in node.entries if isinstance(entry.key, Scalar)] == list(wanted)
            for entry, item in zip(node.entries, wanted.values(), strict=True):
                check(entry.value, item)
        elif isinstance(wanted, list):
            assert isinstance(node, Sequence)
            for item, inner in zip(node.items, wanted, strict=True):
                check(item, inner)
        else:
            assert isinstance(node, Scalar)
            assert node.value == (wanted if isinstance(wanted, str) else json.dumps(wanted))

    check(located.documents[0].root, value)
