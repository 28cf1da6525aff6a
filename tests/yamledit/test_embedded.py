"""Documents within strings: what is lifted is what an editor who decodes and encodes them would have written."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_streams.errors import InternalError
from gitops_streams.yamledit.edit import (
    Comment,
    Conflict,
    Edit,
    Insert,
    Lifted,
    Replace,
    comment,
    innermost,
    insert,
    replace,
    splice,
)
from gitops_streams.yamledit.embedded import Embedding, embed
from gitops_streams.yamledit.lift import lift, lift_span
from gitops_streams.yamledit.locate import Located, locate
from gitops_streams.yamledit.nodes import Mapping, NotEditable, Scalar, Span, resolve, walk
from gitops_streams.yamledit.patch import DoesNotFit, Operation, to_edits, to_patch
from gitops_streams.yamledit.pointer import parse
from gitops_streams.yamledit.prove import Unprovable, prove

DIGEST = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
OLD = "quay.io/acme/web:1.4"
NEW = f"{OLD}@{DIGEST}"
MARKER = '# {"$imagestream": "acme/web:prod"}'


def located(text: str) -> Located:
    found = locate(text)
    assert isinstance(found, Located), found
    return found


def opened(text: str, *paths: str) -> Embedding:
    """Open the string at the first path, the one at the second path within it, and so on."""
    found, within = located(text), None
    for path in paths:
        document = found.documents[0]
        host = resolve(document.root, parse(path))
        assert isinstance(host, Scalar), path
        made = embed(document, parse(path), host, found.text, within)
        assert isinstance(made, Embedding), made
        found, within = made.located, made
    assert within is not None
    return within


def replaced(embedding: Embedding, path: str, after: str = NEW) -> Lifted | NotEditable:
    node = resolve(embedding.located.documents[0].root, parse(path))
    assert isinstance(node, Scalar), path
    edit = replace(0, parse(path), node, after, embedding.text)
    return edit if isinstance(edit, NotEditable) else lift(edit, embedding)


def added(embedding: Embedding, sibling: str, key: str = "digest") -> Lifted | NotEditable:
    *parent, name = parse(sibling)
    mapping = resolve(embedding.located.documents[0].root, tuple(parent))
    assert isinstance(mapping, Mapping)
    entry = mapping.entry(name)
    assert entry is not None
    edit = insert(0, tuple(parent), mapping, entry, key, DIGEST, embedding.text)
    return edit if isinstance(edit, NotEditable) else lift(edit, embedding)


def remarked(embedding: Embedding, path: str) -> Lifted | NotEditable:
    parts = parse(path)
    parent = resolve(embedding.located.documents[0].root, parts[:-1])
    edit = comment(0, parts, parent, MARKER, embedding.text)
    return edit if isinstance(edit, NotEditable) else lift(edit, embedding)


def carried_out(text: str, edits: list[Edit | NotEditable], path: str = "x.yaml") -> str:
    """Splice, prove, and find the same edits again from the saved patch."""
    made: list[Edit] = []
    for edit in edits:
        assert not isinstance(edit, NotEditable), edit
        made.append(edit)
    after = splice(text, made)
    assert isinstance(after, str)
    patches = to_patch(made)
    prove(path, text, after, made, patches)
    again = to_edits(located(text), patches)
    assert not isinstance(again, DoesNotFit), again
    assert splice(text, again) == after
    assert to_patch(again) == patches
    if after != text:
        assert isinstance(to_edits(located(after), patches), DoesNotFit)
    return after


LITERAL = """\
spec:
  values: |{header}
{text}
  after: 1
"""


@pytest.mark.parametrize("header", ["", "-", "+", "2", "2-", "-2", " # why", "  "])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_literal_block_keeps_its_lines(header, ending):
    indent = "    "
    inner = ["# first", "image:", f"  name: '{OLD}'  # why", "", "  tag: 1.4 ", "last: x"]
    text = LITERAL.format(header=header, text="\n".join(f"{indent}{line}" if line else "" for line in inner))
    text = text.replace("\n", ending)
    embedding = opened(text, "/spec/values")
    edits = [replaced(embedding, "/image/name"), added(embedding, "/image/tag"), remarked(embedding, "/last")]
    assert carried_out(text, edits) == text.replace(OLD, NEW).replace(
        f"tag: 1.4 {ending}", f"tag: 1.4 {ending}      digest: {DIGEST}{ending}"
    ).replace("last: x", f"last: x {MARKER}")


def test_a_block_that_starts_with_blanks_needs_an_indicator():
    text = f"a: |2\n\n     x: 1\n     image: {OLD}\n"
    embedding = opened(text, "/a")
    assert embedding.text == f"\n   x: 1\n   image: {OLD}\n"
    assert carried_out(text, [replaced(embedding, "/image")]) == text.replace(OLD, NEW)


def test_a_line_is_added_to_a_block_without_a_final_line_end():
    text = "a: |-\n  newName: x\n  newTag: v"
    assert carried_out(text, [added(opened(text, "/a"), "/newTag")]) == f"{text}\n  digest: {DIGEST}"
    windows = text.replace("\n", "\r\n")
    assert carried_out(windows, [added(opened(windows, "/a"), "/newTag")]) == f"{windows}\r\n  digest: {DIGEST}"


def test_a_folded_block_is_edited_within_a_line_only():
    text = f"a: >-\n  image: {OLD}\n\n  b:\n    - tag: x\n      c: d\n"
    embedding = opened(text, "/a")
    assert carried_out(text, [replaced(embedding, "/image")]) == text.replace(OLD, NEW)
    refused = added(embedding, "/image")
    assert isinstance(refused, NotEditable)
    assert "without folding" in refused.reason


def test_json_folded_over_lines():
    text = f'a: >-\n  {{"image":\n  "{OLD}", "b":\n   1}}\n'
    embedding = opened(text, "/a")
    assert carried_out(text, [replaced(embedding, "/image"), replaced(embedding, "/b", "x")]) == text.replace(
        OLD, NEW
    ).replace("   1}", '   "x"}')


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_double_quoted_string_keeps_its_escapes(ending):
    text = f'a: "x: \\x41\\u00e9\\ndigest:\\nimage: \\"{OLD}\\" # a\\\\b\\nlast: 1"{ending}b: 1{ending}'
    embedding = opened(text, "/a")
    assert carried_out(
        text, [replaced(embedding, "/image"), replaced(embedding, "/digest", DIGEST), added(embedding, "/last", "sha")]
    ) == text.replace(OLD, NEW).replace("digest:", f"digest: {DIGEST}").replace('last: 1"', f'last: 1\\nsha: {DIGEST}"')


def test_a_double_quoted_string_over_several_lines():
    text = f'a: "image: {OLD}\\n\\\n    \\  b: 1\n\n\n  c:\\u00202 \\\n   "\n'
    text = text.replace("\\  b", "b")
    embedding = opened(text, "/a")
    assert carried_out(text, [replaced(embedding, "/image"), remarked(embedding, "/image")]) == text.replace(
        OLD, f"{NEW} {MARKER}".replace('"', '\\"')
    )


def test_a_single_quoted_string_keeps_its_quotes():
    text = f"a: '{{\"it''s\": 1, ''image'': ''{OLD}'', \"x\": [null]}}'\n"
    embedding = opened(text, "/a")
    assert carried_out(text, [replaced(embedding, "/image"), added(embedding, "/it's")]) == text.replace(
        OLD, NEW
    ).replace(": 1,", f': 1, "digest": "{DIGEST}",')


def test_slashes_stay_escaped_where_they_are():
    text = json.dumps({"a": json.dumps({"image": OLD})}).replace("/", "\\/")
    assert carried_out(text, [replaced(opened(text, "/a"), "/image")], "x.json") == text.replace("1.4", f"1.4@{DIGEST}")


def test_what_is_folded_over_lines_is_refused():
    text = 'a: "image: {quay.io/acme/\n  web: 1}"\n'
    embedding = opened(text, "/a")
    start = embedding.text.index("acme")
    refused = lift_span(Span(start, start + 8), embedding)
    assert isinstance(refused, NotEditable)


def test_what_starts_or_ends_within_an_escape_is_refused():
    text = 'a: "x: 1\n\n\n  b: 2"\n'
    embedding = opened(text, "/a")
    assert embedding.text == "x: 1\n\nb: 2"
    for span in (Span(5, 7), Span(3, 5)):
        assert isinstance(lift_span(span, embedding), NotEditable)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: image\n", "plain"),
        ("a: !foo 'x: 1'\n", "tag"),
        ("a: 'x: [1'\n", "not YAML"),
        ("a: 'x: 1'\na: 'x: 2'\n", None),
        ("a: 'x: 1\u2028  y'\n", "1.1"),
    ],
)
def test_what_is_no_embedded_document(text, reason):
    document = located(text).documents[0]
    assert isinstance(document.root, Mapping)
    host = document.root.entries[0].value
    assert isinstance(host, Scalar)
    made = embed(document, ("a",), host, text)
    assert isinstance(made, NotEditable)
    assert (reason or "twice") in made.reason


def test_three_levels_and_no_more():
    level = json.dumps({"image": OLD})
    for _ in range(3):
        level = json.dumps({"a": level})
    embedding = opened(level, "/a", "/a", "/a")
    assert carried_out(level, [replaced(embedding, "/image")], "x.json") == level.replace(OLD, NEW)
    level = json.dumps({"a": level})
    embedding = opened(level, "/a", "/a", "/a")
    document = embedding.located.documents[0]
    host = resolve(document.root, ("a",))
    assert isinstance(host, Scalar)
    assert isinstance(embed(document, ("a",), host, embedding.text, embedding), NotEditable)


def test_yaml_in_yaml_in_json():
    json_text = json.dumps({"image": OLD})
    inner = f"deep: '{json_text}'\nother: |\n  image: {OLD}\n  digest:\n"
    middle = "values: |\n" + "".join(f"    {line}\n" for line in inner.splitlines())
    text = json.dumps({"a": [middle]}, indent=1)
    first = opened(text, "/a/0", "/values", "/deep")
    assert first.within is not None
    document = first.within.located.documents[0]
    host = resolve(document.root, ("other",))
    assert isinstance(host, Scalar)
    second = embed(document, ("other",), host, first.within.text, first.within)
    assert isinstance(second, Embedding)
    after = carried_out(
        text, [replaced(first, "/image"), replaced(second, "/image"), replaced(second, "/digest", DIGEST)], "x.json"
    )
    assert after == text.replace(OLD, NEW).replace("digest:", f"digest: {DIGEST}")


def test_one_edit_serves_every_alias():
    text = f"a: &x |\n  image: {OLD}\nb: *x\nc: [*x, {{d: *x}}]\n"
    embedding = opened(text, "/a")
    assert embedding.aliases == (("b",), ("c", 0), ("c", 1, "d"))
    assert carried_out(text, [replaced(embedding, "/image")]) == text.replace(OLD, NEW)


def test_lines_are_those_of_the_file():
    text = 'x: 1\na: |\n  b: 1\n\n  c: 2\nd: "e: 1\\nf: 2\n\n  g: 3"\n'
    block, quoted = opened(text, "/a"), opened(text, "/d")
    assert [block.line_of(line) for line in (1, 2, 3, 4)] == [3, 4, 5, 6]
    assert [quoted.line_of(line) for line in (1, 2, 3)] == [6, 6, 8]


def test_a_saved_patch_must_say_the_same_twice():
    text = f"a: '{{image: \"{OLD}\"}}'\n"
    made = replaced(opened(text, "/a"), "/image")
    assert isinstance(made, Lifted)
    (patch,) = to_patch([made])
    test, write = patch.operations
    object.__setattr__(patch, "operations", (test, Operation("replace", write.path, write.value + " ")))
    refused = to_edits(located(text), [patch])
    assert isinstance(refused, DoesNotFit)
    assert "is not its new value" in refused.reason
    with pytest.raises(InternalError):
        prove("x.yaml", text, splice(text, [made]), [made], [patch])


def test_two_edits_of_one_place_within_a_string_conflict():
    text = f"a: '{{image: \"{OLD}\"}}'\n"
    embedding = opened(text, "/a")
    first, second = replaced(embedding, "/image"), replaced(embedding, "/image", f"{OLD}@{DIGEST[:-1]}0")
    assert isinstance(splice(text, [first, second]), Conflict)  # type: ignore[list-item]
    with pytest.raises(InternalError):
        to_patch([first, second])  # type: ignore[list-item]


# Whatever the host's style, the lifted edit is what decoding, changing and comparing would ask for.


class Hosts:
    """Writes inner documents, and strings that hold them, in every style."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def value(self, depth: int = 0) -> Any:
        kind = self.random.random()
        if depth < 2 and kind < 0.3:
            return {self.word(): self.value(depth + 1) for _ in range(self.random.randint(1, 3))}
        if depth < 2 and kind < 0.45:
            return [self.value(depth + 1) for _ in range(self.random.randint(1, 3))]
        return self.random.choice(
            [OLD, "1.4", "it's", 'say "x"', "a\\b", "é 🙂", "", "x: y", "# no", "a b  c", "tail ", "quay.io/a:1"]
        )

    def word(self) -> str:
        return self.random.choice(["image", "tag", "digest", "it's", "é", "a b", "x/y", "~"]) + str(
            self.random.randint(0, 99)
        )

    def inner(self, level: int) -> str:
        document = {self.word(): self.value() for _ in range(self.random.randint(1, 4))}
        if level:
            document["host"] = self.inner(level - 1)
        if self.random.random() < 0.4:
            return self.dumped(document, indent=self.random.choice([None, 2]))
        return "".join(f"{line}\n" for line in self.lines(document)) + self.random.choice(["", "", "# end\n", "\n\n"])

    def lines(self, value: Any) -> list[str]:
        lines = []
        for key, item in value.items():
            name = json.dumps(key, ensure_ascii=False)
            if key == "host":
                lines += self.host(key, item)
            elif isinstance(item, dict):
                lines += [f"{name}:", *(f"  {line}" for line in self.lines(item))]
            elif isinstance(item, list):
                lines.append(f"{name}: {json.dumps(item, ensure_ascii=False)}")
            else:
                lines.append(f"{name}: {self.scalar(item)}{self.random.choice(['', '', ' # why', '  '])}")
                lines += [""] if self.random.random() < 0.1 else []
        return lines

    def scalar(self, value: str) -> str:
        style = self.random.random()
        if style < 0.4:
            return json.dumps(value, ensure_ascii=False)
        if style < 0.6 or not value or set(value) & set(":#\\\"' "):
            quoted = value.replace("'", "''")
            return value if value in {OLD, "quay.io/a:1"} else f"'{quoted}'"
        return value

    def host(self, key: str, text: str) -> list[str]:
        """Write ``key: text`` in one of the styles, as lines."""
        style = self.random.choice(["|", "|", '"', "json", "'", ">"])
        lines = text.split("\n")
        clean = all(character.isprintable() for character in text.replace("\n", ""))
        if style in "|>" and clean and text.strip("\n ") and not text.startswith(("\n", " ")):
            indent = " " * self.random.randint(1, 4)
            body, chomp = text, "+"
            if not text.endswith("\n"):
                chomp = "-"
            elif not text.endswith("\n\n"):
                body, chomp = text[:-1], self.random.choice(["", "+"])
            else:
                body = text[:-1]
            indicator = self.random.choice(["", str(len(indent))])
            # Between two folded lines an empty one is a line end; deeper lines are not folded.
            lines = self.folded(body) if style == ">" else body.split("\n")
            return [f"{key}: {style}{indicator}{chomp}", *(f"{indent}{line}" if line else "" for line in lines)]
        if style == "'" and clean and "\n" not in text:
            quoted = text.replace("'", "''")
            return [f"{key}: '{quoted}'"]
        if style == '"':
            written = "".join(self.escaped(character) for character in text)
            pieces = written.split("\\n")
            joint = self.random.choice(["\\n", "\\n\\\n  \t "])
            if joint != "\\n" and any(piece[:1] in {" ", "\t"} for piece in pieces):
                joint = "\\n"
            return f'{key}: "{joint.join(pieces)}"'.split("\n")
        return [f"{key}: {self.dumped(text)}"]

    def dumped(self, value: Any, indent: int | None = None) -> str:
        """Write JSON, with escapes or without; libyaml knows none in two halves."""
        text = json.dumps(value, ensure_ascii=False, indent=indent)
        halved = any(ord(character) > 0xFFFF for character in text)
        return text if halved or self.random.random() < 0.5 else json.dumps(value, indent=indent)

    def folded(self, body: str) -> list[str]:
        lines: list[str] = []
        previous = ""
        for number, line in enumerate(body.split("\n")):
            plain = number and previous[:1] not in {"", " ", "\t"} and line[:1] not in {"", " ", "\t"}
            lines += ["", line] if plain else [line]
            previous = line
        return lines

    def escaped(self, character: str) -> str:
        if character in '"\\':
            return f"\\{character}"
        if character == "\n":
            return "\\n"
        if character == "/" and self.random.random() < 0.2:
            return "\\/"
        if self.random.random() < 0.05:
            code = ord(character)
            return f"\\U{code:08x}" if code > 0xFFFF else self.random.choice([f"\\u{code:04x}"])
        return character

    def file(self, levels: int) -> str:
        document = {self.word(): self.value(), "host": self.inner(levels - 1)}
        text = "\n".join(["# top", *self.lines(document)]) + self.random.choice(["\n", "", "\n---\nx: 1\n"])
        return text.replace("\n", "\r\n") if self.random.random() < 0.2 else text


def strings(embedding: Embedding) -> list[Embedding]:
    """Return the string and every one within it."""
    found = [embedding]
    for document in embedding.located.documents:
        for pointer, node in walk(document.root):
            if isinstance(node, Scalar) and pointer and pointer[-1] == "host":
                made = embed(document, pointer, node, embedding.text, embedding)
                if isinstance(made, Embedding):
                    found += strings(made)
    return found


def independent(text: str, chain: list[tuple[int, tuple[str | int, ...]]]) -> str:
    """Return what a scalar says, read step by step: load, go there, load that string, go on."""
    for number, pointer in chain:
        node = resolve(located(text).documents[number].root, pointer)
        assert isinstance(node, Scalar)
        text = node.value
    return text


RANKS = [Replace, Comment, Insert]


def drawn(embedding: Embedding, chooser: random.Random) -> Iterator[tuple[Edit, list[tuple[int, Any]], str]]:
    """Draw edits of one string, each with the place that it is of and what that says afterwards."""
    above = [(each.document, each.pointer) for each in embedding.chain]
    for inner in embedding.located.documents:
        for pointer, node in walk(inner.root):
            if isinstance(node, Mapping) and node.entries and chooser.random() < 0.3:
                entry = chooser.choice(node.entries)
                made = insert(inner.index, pointer, node, entry, "newTag", DIGEST, embedding.text)
                if isinstance(made, Insert):
                    yield made, [*above, (inner.index, (*pointer, "newTag"))], DIGEST
            if not isinstance(node, Scalar) or pointer[-1:] == ("host",):
                continue
            value = node.value
            if chooser.random() < 0.5:
                replacing = replace(inner.index, pointer, node, NEW, embedding.text)
                if isinstance(replacing, Replace) and isinstance(lift(replacing, embedding), Lifted):
                    value = NEW
                    yield replacing, [*above, (inner.index, pointer)], value
            if chooser.random() < 0.3:
                parent = resolve(inner.root, pointer[:-1])
                remark = comment(inner.index, pointer, parent, MARKER, embedding.text)
                if isinstance(remark, Comment):
                    yield remark, [*above, (inner.index, pointer)], value


@settings(max_examples=examples(250), deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3))
def test_whatever_the_style_just_the_named_value_changes(seed, levels):
    writer = Hosts(seed)
    text = writer.file(levels)
    document = located(text).documents[0]
    host = resolve(document.root, ("host",))
    assert isinstance(host, Scalar)
    made = embed(document, ("host",), host, text)
    assert isinstance(made, Embedding), (made, text)
    wanted: dict[str, tuple[list[tuple[int, Any]], str]] = {}
    edits: list[Lifted] = []
    for embedding in strings(made):
        above = [(each.document, each.pointer) for each in embedding.chain]
        for inner in embedding.located.documents:
            for pointer, node in walk(inner.root):
                if isinstance(node, Scalar) and pointer[-1:] != ("host",):
                    chain = [*above, (inner.index, pointer)]
                    assert independent(text, chain) == node.value
                    wanted[repr(chain)] = chain, node.value
        for edit, chain, value in drawn(embedding, writer.random):
            lifted = lift(edit, embedding)
            if isinstance(lifted, Lifted):
                edits.append(lifted)
                wanted[repr(chain)] = chain, value
    if not edits:
        return
    after = carried_out(text, list(edits))
    for chain, value in wanted.values():
        assert independent(after, chain) == value
    # Nothing else: the text is the old one with only the spans exchanged.
    position, pieces = 0, []
    places = {(each.span.start, each.span.end, RANKS.index(type(innermost(each))), each.written) for each in edits}
    for start, end, _, written in sorted(places):
        pieces += [text[position:start], written]
        position = end
    assert "".join([*pieces, text[position:]]) == after


SNIPPETS = [
    "",
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "  ",
    "\n\n",
    ":",
    ": ",
    "- ",
    "#",
    " # x",
    "'",
    "''",
    '"',
    '\\"',
    "\\",
    "\\n",
]
SNIPPETS += [
    "\\\n",
    "\\/",
    "\\u0041",
    "\\x",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "!!str ",
    "|",
    ">",
    "+",
    "-",
    "2",
    "---\n",
]
SNIPPETS += ["\x85", "\u2028", "\ufeff", "é", "🙂", "<<: "]


@settings(max_examples=examples(250), deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3))
def test_no_damage_makes_us_write_what_we_cannot_prove(seed, levels):
    """An edit is refused, or two parsers dispute the text, or it proves: never an error of ours."""
    writer = Hosts(seed)
    chooser = writer.random
    text = writer.file(levels)
    for _ in range(chooser.randint(1, 3)):
        start = chooser.randint(0, len(text))
        text = text[:start] + chooser.choice(SNIPPETS) + text[start + chooser.randint(0, 3) :]
    outer = locate(text)
    if not isinstance(outer, Located):
        return
    edits: list[Edit | NotEditable] = []
    for document in outer.documents:
        for pointer, node in walk(document.root):
            made = embed(document, pointer, node, text) if isinstance(node, Scalar) and pointer else None
            for embedding in strings(made) if isinstance(made, Embedding) else ():
                for edit, _, _ in drawn(embedding, chooser):
                    lifted = lift(edit, embedding)
                    edits += [lifted] if isinstance(lifted, Lifted) else []
    if edits and not isinstance(splice(text, [edit for edit in edits if isinstance(edit, Lifted)]), Conflict):
        with contextlib.suppress(Unprovable):
            carried_out(text, edits)


def test_the_strings_are_of_every_style_and_most_can_be_edited():
    styles: dict[str, int] = {}
    nested = edited = refused = 0
    for seed in range(200):
        writer = Hosts(seed)
        text = writer.file(2)
        document = located(text).documents[0]
        host = resolve(document.root, ("host",))
        assert isinstance(host, Scalar)
        made = embed(document, ("host",), host, text)
        assert isinstance(made, Embedding), (made, text)
        for embedding in strings(made):
            nested += embedding.within is not None
            styles[embedding.host.style] = styles.get(embedding.host.style, 0) + 1
            for inner in embedding.located.documents:
                for pointer, node in walk(inner.root):
                    if isinstance(node, Scalar) and node.value == OLD:
                        edit = replace(inner.index, pointer, node, NEW, embedding.text)
                        done = not isinstance(edit, NotEditable) and isinstance(lift(edit, embedding), Lifted)
                        edited, refused = edited + done, refused + (not done)
    assert set(styles) == {"|", ">", '"', "'"}
    assert min(styles.values()) > 5
    assert nested > 100
    assert edited > 10 * refused
