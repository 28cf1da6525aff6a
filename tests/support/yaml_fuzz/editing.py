"""Edits of one text at random places, and everything that is promised of them."""

from __future__ import annotations

import random
from collections.abc import Iterator

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
from gitops_streams.yamledit.lift import lift_once
from gitops_streams.yamledit.locate import Located, locate
from gitops_streams.yamledit.nodes import Document, Mapping, Node, NotEditable, Scalar, resolve, target, walk
from gitops_streams.yamledit.patch import DoesNotFit, to_edits, to_patch
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.prove import prove
from gitops_streams.yamledit.words import embed_words, words

HEX = "0123456789abcdef" * 4
REFERENCES = ["quay.io/acme/web:2", f"web:1@sha256:{HEX}", f"quay.io/acme/web@sha256:{HEX}", "localhost:5000/a/b:v2"]
NEW = [*REFERENCES, f"sha256:{HEX}", "1.11", HEX, "V2", "[::1]:5000/a:b", "null"]
REMARK = '# {"$imagestream": "acme/web:prod"}'
_IN_ONE_TEXT = 4
_WITHIN = 2


def places(located: Located) -> Iterator[tuple[Document, Pointer, Node]]:
    """Yield what a pointer leads to without doubt."""
    for document in located.documents:
        for pointer, node in walk(document.root):
            if resolve(document.root, pointer) is target(node):
                yield document, pointer, node


class Drawing:
    """Draws edits as a plan does: an anchored scalar is replaced under all its pointers, or not at all."""

    def __init__(self, located: Located, chooser: random.Random) -> None:
        self._located = located
        self._chooser = chooser
        self._taken: set[int] = set()
        self.edits: list[Edit] = []
        self.refused: list[str] = []
        """Why something that was drawn is not edited."""

    def draw(self, most: int = _IN_ONE_TEXT, within: Embedding | None = None) -> None:
        """Draw edits at up to ``most`` places of the text."""
        reachable = list(places(self._located))
        if within is not None and within.words:
            reachable = [place for place in reachable if place[1]]
        for document, pointer, node in self._chooser.sample(reachable, min(len(reachable), most)):
            if within is None or not within.words:
                self._beside(document, pointer, node)
            scalar = target(node)
            if isinstance(scalar, Scalar) and id(scalar) not in self._taken:
                self._taken.add(id(scalar))
                reached = [at for other, at, found in reachable if other is document and target(found) is scalar]
                if len(reached) == scalar.aliases + 1:
                    self._scalar(document, reached, scalar, within)

    def _beside(self, document: Document, pointer: Pointer, node: Node) -> None:
        """Add a key to a map, or a comment behind a value."""
        text = self._located.text
        if isinstance(node, Mapping) and node.entries and id(node) not in self._taken:
            entry = self._chooser.choice(node.entries)
            key, after = self._chooser.choice(["digest", "newTag"]), self._chooser.choice(NEW)
            if self._add(insert(document.index, pointer, node, entry, key, after, text)):
                self._taken.add(id(node))
        if pointer and self._chooser.random() < 0.5:
            parent = resolve(document.root, pointer[:-1])
            self._add(comment(document.index, pointer, parent, REMARK, text))

    def _scalar(self, document: Document, reached: list[Pointer], scalar: Scalar, within: Embedding | None) -> None:
        text = self._located.text
        if (within is None or not within.words) and self._within(document, reached[0], scalar, within):
            return
        after = self._chooser.choice(REFERENCES if within is not None and within.words else NEW)
        for at in reached:
            self._add(replace(document.index, at, scalar, after, text))

    def _within(self, document: Document, pointer: Pointer, scalar: Scalar, outer: Embedding | None) -> bool:
        """Edit a string within, as a manifest or as a text with references; or leave it to be replaced."""
        text, said, embedding = self._located.text, scalar.value, None
        if any(words(said)) and self._chooser.random() < 0.5:
            embedding = embed_words(document, pointer, scalar, text, outer)
        elif ": " in said or said[:1] in {"{", "[", "-"} or said.endswith("\n"):
            embedding = embed(document, pointer, scalar, text, outer)
        if embedding is None or isinstance(embedding, NotEditable):
            self.refused += [] if embedding is None else [embedding.reason]
            return False
        inner = Drawing(embedding.located, self._chooser)
        inner.draw(_WITHIN, embedding)
        self.refused += inner.refused
        found = False
        for edit in inner.edits:
            found |= self._add(lift_once(edit, embedding))
        return found

    def _add(self, edit: Edit | NotEditable) -> bool:
        if isinstance(edit, NotEditable):
            self.refused.append(edit.reason)
            return False
        self.edits.append(edit)
        return True


def draw_edits(located: Located, chooser: random.Random) -> list[Edit]:
    """Draw some edits of a text."""
    drawing = Drawing(located, chooser)
    drawing.draw()
    return drawing.edits


def kinds(edits: list[Edit]) -> str:
    """Name the kinds of edits, and how deep they are."""
    names = set()
    for edit in edits:
        depth, inner, listed = 0, edit, False
        while isinstance(inner, Lifted):
            depth, listed, inner = depth + 1, inner.embedding.words, inner.inner
        name = type(inner).__name__.lower()
        names.add(name if not depth else f"word, {depth} deep" if listed else f"{name}, {depth} deep")
    return " + ".join(sorted(names))


def _outside(text: str, spans: list[tuple[int, int]]) -> list[str]:
    position, pieces = 0, []
    for start, end in spans:
        pieces.append(text[position:start])
        position = end
    return [*pieces, text[position:]]


def check_edits(path: str, located: Located, edits: list[Edit]) -> str:
    """Carry out edits and check all that is promised of them; return the new text."""
    after = splice(located.text, edits)
    assert not isinstance(after, Conflict), after
    patches = to_patch(edits)
    prove(path, located.text, after, edits, patches)
    # Byte by byte: the new text is the old one with nothing but the spans exchanged.
    ranks = [Replace, Comment, Insert]
    spliced = sorted(
        {(edit.span.start, edit.span.end, ranks.index(type(innermost(edit))), edit.written) for edit in edits}
    )
    kept = _outside(located.text, [(start, end) for start, end, _, _ in spliced])
    woven = kept[0] + "".join(written + piece for (*_, written), piece in zip(spliced, kept[1:], strict=True))
    assert woven.encode() == after.encode()
    edited = locate(after)
    assert isinstance(edited, Located)
    _check_values(edited, edits)
    # The saved patch does the same to the same file, and is refused by the edited one.
    again = to_edits(located, patches)
    assert not isinstance(again, DoesNotFit), again
    assert splice(located.text, again) == after
    if any(not isinstance(edit, Replace) or edit.before != edit.after for edit in map(innermost, edits)):
        assert isinstance(to_edits(edited, patches), DoesNotFit)
    return after


def _check_values(edited: Located, edits: list[Edit]) -> None:
    """Each pointer leads to its new value now, in strings as in the file."""
    strings: dict[Embedding, list[Edit]] = {}
    for edit in edits:
        root = edited.documents[edit.document].root
        node = resolve(root, edit.pointer)
        assert isinstance(node, Scalar)
        if isinstance(edit, Lifted):
            strings.setdefault(edit.embedding, []).append(edit.inner)
        elif isinstance(edit, Comment):
            # It stands behind the very value, on its line, and is not there for a second time.
            assert edited.text[node.end :].startswith(edit.written)
            parent = resolve(root, edit.pointer[:-1])
            assert isinstance(comment(edit.document, edit.pointer, parent, REMARK, edited.text), NotEditable)
        else:
            assert node.value == edit.after
    for embedding, inner in strings.items():
        for pointer in (embedding.pointer, *embedding.aliases):
            node = resolve(edited.documents[embedding.document].root, pointer)
            assert isinstance(node, Scalar)
            assert node.value == splice(embedding.text, inner)
        within = locate(node.value) if not embedding.words else None
        if within is not None:
            assert isinstance(within, Located)
            _check_values(within, inner)
