"""Random documents in random dress, edited at random places: what holds for every one of them.

A document is drawn as a structure and written by ``Writer`` with random styles, quotes, comments,
indentation, anchors and line endings, so that the structure itself says what must be located.
"""

from __future__ import annotations

import contextlib
import random
from typing import Any

import pytest
from example_counts import examples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from yaml_fuzz.editing import HEX, check_edits, draw_edits, places

from gitops_streams.yamledit.edit import Comment, Insert, Replace
from gitops_streams.yamledit.failsafe import equal, from_located
from gitops_streams.yamledit.locate import Located, Unparsable, locate
from gitops_streams.yamledit.nodes import Alias, Scalar, resolve
from gitops_streams.yamledit.pointer import render
from gitops_streams.yamledit.prove import Unprovable

KEYS = ["image", "name", "tag", "digest", "a/b", "m~n", "é", "x y", "0", "<<", "on", "🙂", "k#", "a:b"]
WORDS = [
    "quay.io/acme/web:1", f"web@sha256:{HEX}", "1.10", "true", "2026-11-23", "nginx", "a b  c", "http://x/y?z#w",
    "ü 🙂", "x:y", "it's", 'say "x"', "- a", "# no", "[a", "{b}", "*c", "&d", "!e", "%f", "@g", ": h", "i:", "", "~",
    "null", "|", " lead", "trail ", "back\\slash", "a, b", "0x1f", "-", "?", "line\nline", "tab\there",
]  # fmt: skip
PLAIN_START = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789éü🙂~")


class Writer:
    """Writes random documents, and remembers what they say."""

    def __init__(self, seed: int, *, json: bool = False) -> None:
        self.random = random.Random(seed)
        self.json = json
        self.step = self.random.choice([1, 2, 2, 2, 4])
        self.anchors: list[tuple[str, Any]] = []
        self.collections = 0

    def chance(self, likelihood: float) -> bool:
        return self.random.random() < likelihood

    def file(self) -> tuple[str, list[Any]]:
        """Return a text and the documents it holds."""
        documents, lines = [], []
        for number in range(1 if self.json else self.random.choice([1, 1, 1, 2, 3])):
            if number or self.chance(0.2):
                if not number and self.chance(0.3):
                    lines.append("%YAML 1.2")
                lines.append("---" + self.random.choice(["", "", " # document"]))
            self.anchors = []
            value, own = self.root()
            documents.append(value)
            lines += own
        if not self.json and self.chance(0.1):
            lines.append("...")
        ending = self.random.choice(["\n", "\n", "\n", "\r\n", "\r"])
        text = ending.join(lines) + (ending if self.chance(0.8) else "")
        return ("\ufeff" if self.chance(0.1) else "") + text, documents

    def root(self) -> tuple[Any, list[str]]:
        if self.json or self.chance(0.1):
            value, text = self.flow(0)
            return value, text.split("\n")
        return (self.mapping if self.chance(0.8) else self.sequence)(0, "")

    def mapping(self, depth: int, indent: str) -> tuple[dict[str, Any], list[str]]:
        value: dict[str, Any] = {}
        lines: list[str] = []
        for name in self.random.sample(KEYS, self.random.randint(1, 4)):
            lines += self.noise(indent) if lines else []
            key = self.scalar(name, key=True)
            value[name], own = self.value(depth, indent, f"{indent}{key}:")
            lines += own
        return value, lines

    def sequence(self, depth: int, indent: str) -> tuple[list[Any], list[str]]:
        value: list[Any] = []
        lines: list[str] = []
        for _ in range(self.random.randint(1, 3)):
            lines += self.noise(indent) if lines else []
            if depth < 3 and self.chance(0.5):
                item, own = (self.mapping if self.chance(0.7) else self.sequence)(depth + 1, f"{indent}  ")
                own[0] = f"{indent}- {own[0][len(indent) + 2 :]}"
            else:
                item, own = self.value(4, indent, f"{indent}-")
            value.append(item)
            lines += own
        return value, lines

    def value(self, depth: int, indent: str, head: str) -> tuple[Any, list[str]]:  # noqa: PLR0911  one for each kind
        """Write what follows ``head``, which ends with a colon or a dash."""
        comment = self.comment()
        below = indent + " " * self.step
        kind = self.random.random()
        if depth < 3 and kind < 0.3:
            anchor = self.anchor(of="collection")
            if self.chance(0.6):
                value, lines = self.mapping(depth + 1, below)
            else:
                value, lines = self.sequence(depth + 1, below if self.chance(0.5) else indent)
            self.define(anchor, value)
            return value, [f"{head}{anchor}{comment}", *lines]
        if kind < 0.38:
            anchor = self.anchor(of="collection")
            value, text = self.flow(depth)
            self.define(anchor, value)
            text = text.replace("\n", f"\n{below}")
            return value, f"{head}{anchor} {text}{comment}".split("\n")
        if kind < 0.46 and self.anchors:
            name, value = self.random.choice(self.anchors)
            return value, [f"{head} *{name}{comment}"]
        if kind < 0.52:
            return "", [f"{head}{comment}"]
        if kind < 0.58:
            return "a: b\n# c", [f"{head} |-{comment}", f"{below}a: b", f"{below}# c"]
        if kind < 0.62:
            return "a b", [f"{head} >-{comment}", f"{below}a", f"{below}b"]
        if kind < 0.66:
            return "a b", [f"{head} a", f"{below}b{comment}"]
        value = self.random.choice(WORDS)
        anchor = self.anchor() if self.chance(0.5) else ""
        tag = self.random.choice([" !!str", " !"]) if self.chance(0.08) else ""
        self.define(anchor, value)
        text = self.scalar(value)
        if self.chance(0.08):
            return value, [f"{head}{anchor}{tag}{comment}", f"{below}{text}"]
        return value, [f"{head}{tag}{anchor} {text}{' ' * self.random.choice([0, 0, 1, 3])}{comment}"]

    def flow(self, depth: int) -> tuple[Any, str]:
        """Write a flow collection or a scalar; line breaks are ``\\n``."""
        gap = self.random.choice(["", " ", "\n", "\n  "]) if self.json or self.chance(0.5) else ""
        if depth < 3 and self.chance(0.6):
            names = self.random.sample(KEYS, self.random.randint(0, 3))
            items = [(name, *self.flow(depth + 1)) for name in names]
            joined = f",{gap or ' '}".join(
                f"{self.scalar(name, key=True, flow=True)}: {text}" for name, _, text in items
            )
            return {name: value for name, value, _ in items}, f"{{{gap}{joined}{gap}}}"
        if depth < 3 and self.chance(0.3):
            parts = [self.flow(depth + 1) for _ in range(self.random.randint(0, 3))]
            return [value for value, _ in parts], f"[{gap}{f',{gap or chr(32)}'.join(text for _, text in parts)}{gap}]"
        value = self.random.choice(WORDS)
        if self.json and value in {"1.10", "true", "null"}:
            return value, value
        return value, self.scalar(value, flow=True)

    def scalar(self, value: str, *, key: bool = False, flow: bool = False) -> str:
        styles = ["double"]
        if not self.json:
            if "\n" not in value and "\t" not in value:
                styles.append("single")
            risky = set("[]{},") if flow else set()
            last = value[-1:]
            if (
                (value[:1] in PLAIN_START and last not in {":", " "} and " #" not in value and ": " not in value)
                and not set(value) & {"\n", "\t", *risky}
                and not (key and flow and ":" in value)
            ):
                styles += ["plain"] * 4
        style = self.random.choice(styles)
        if style == "plain":
            return value
        if style == "single":
            return "'" + value.replace("'", "''") + "'"
        text = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        if self.chance(0.1):
            text = text.replace("a", "\\u0061").replace("/", "\\/")
        return f'"{text}"'

    def anchor(self, of: str = "scalar") -> str:
        """Name an anchor, or none; scalars' names come again, which YAML allows."""
        if not self.chance(0.25):
            return ""
        self.collections += of == "collection"
        return f" &c{self.collections}" if of == "collection" else f" &a{self.random.randint(0, 5)}"

    def define(self, anchor: str, value: Any) -> None:
        if anchor:
            name = anchor.removeprefix(" &")
            self.anchors = [(known, old) for known, old in self.anchors if known != name] + [(name, value)]

    def comment(self) -> str:
        return self.random.choice([" # why", "  # image: x", " #", " # 🙂 'ü"]) if self.chance(0.25) else ""

    def noise(self, indent: str) -> list[str]:
        return (
            self.random.choice([[""], [f"{indent}# comment"], ["# comment: |"], ["", indent]])
            if self.chance(0.2)
            else []
        )


@settings(max_examples=examples(600), suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32), st.booleans())
def test_every_edit_of_every_document(seed: int, json: bool) -> None:  # noqa: FBT001  hypothesis
    writer = Writer(seed, json=json)
    text, documents = writer.file()
    located = locate(text)
    assert isinstance(located, Located), text
    assert equal(from_located(located), documents), text
    edits = draw_edits(located, writer.random)
    after = check_edits("x.json" if json else "x.yaml", located, edits)
    edited = locate(after)
    assert isinstance(edited, Located)
    # What no edit names says what it said.
    changed = {(edit.document, render(edit.pointer)) for edit in edits if not isinstance(edit, Comment)}
    for document, pointer, node in places(located):
        if isinstance(node, Scalar) and (document.index, render(pointer)) not in changed:
            now = resolve(edited.documents[document.index].root, pointer)
            assert isinstance(now, Scalar)
            assert (now.value, now.style, now.tag) == (node.value, node.style, node.tag)


def test_the_documents_are_rich_and_most_places_can_be_edited() -> None:
    """The property above would hold of documents that are never edited; these are."""
    replaced = inserted = commented = refused = 0
    seen = ""
    for seed in range(300):
        writer = Writer(seed, json=seed % 5 == 0)
        text, _ = writer.file()
        seen += text
        located = locate(text)
        assert isinstance(located, Located)
        edits = draw_edits(located, writer.random)
        replaced += sum(isinstance(edit, Replace) for edit in edits)
        inserted += sum(isinstance(edit, Insert) for edit in edits)
        commented += sum(isinstance(edit, Comment) for edit in edits)
        refused += not edits
    assert replaced > 150
    assert inserted > 100
    assert commented > 50
    assert refused < 150
    for feature in (
        "\ufeff",
        "\r\n",
        "&a1",
        "*a1",
        "!!str",
        " |",
        ">-",
        "%YAML",
        "---",
        "- - ",
        "\\u0061",
        "''",
        "{}",
        "🙂",
    ):
        assert feature in seen, feature


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
        "*a1",
    ),
    *("&a1", "!", "!!str ", "!!int ", "|", ">", "\n---\n", "\n...\n", "%", "\ufeff", "\x85", "\u2028", "é", "🙂", "\\"),
    *("<<", "~", "..."),
]


@settings(max_examples=examples(800), suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32), st.booleans())
def test_no_text_makes_us_write_what_we_cannot_prove(seed: int, json: bool) -> None:  # noqa: FBT001  hypothesis
    """On a damaged document an edit is refused, or two parsers dispute the file, or the edit proves: never an error."""
    writer = Writer(seed, json=json)
    text, _ = writer.file()
    chooser = writer.random
    for _ in range(chooser.randint(1, 2)):
        start = chooser.randint(0, len(text))
        text = text[:start] + chooser.choice(SNIPPETS) + text[start + chooser.randint(0, 3) :]
    located = locate(text)
    if isinstance(located, Unparsable):
        return
    edits = draw_edits(located, chooser)
    with contextlib.suppress(Unprovable):
        check_edits("x.json" if json else "x.yaml", located, edits)


TOKENS = [
    *("a", "b: ", "- ", "? ", ": ", ",", "[", "]", "{", "}", "\n", "\n  ", " ", '"x"', "'y'", '"k":', "~", "null", "1"),
    *("&a ", "*a", "!!str ", "!t ", "#c\n", " # c", "\r\n", "|\n  x\n", "---\n", "\ufeff", "<<: ", "\t", "a:", '"'),
]


@settings(max_examples=examples(800), suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.sampled_from(TOKENS), max_size=14).map("".join), st.integers(0, 99), st.sampled_from(["yaml", "json"])
)
@example("? 1 # c<<: ", 0, "yaml")
@example('?\r\n ima"e\n: x:1\n', 0, "yaml")
@example("{&a1gest: , b: 1}\n", 0, "yaml")
@example("{\na/b: !!int  }", 0, "yaml")
@example("null\n\t", 0, "json")
def test_no_tokens_make_us_write_what_we_cannot_prove(text: str, seed: int, suffix: str) -> None:
    located = locate(text)
    if isinstance(located, Unparsable):
        return
    edits = draw_edits(located, random.Random(seed))
    with contextlib.suppress(Unprovable):
        check_edits(f"x.{suffix}", located, edits)


def test_walk_yields_each_alias() -> None:
    """What ``_edits`` relies on."""
    located = locate("a: &s 1\nb: [*s]\n")
    assert isinstance(located, Located)
    assert [pointer for _, pointer, node in places(located) if isinstance(node, Alias)] == [("b", 0)]


@pytest.mark.parametrize("seed", range(20))
def test_a_writer_repeats_itself(seed: int) -> None:
    assert Writer(seed).file() == Writer(seed).file()
