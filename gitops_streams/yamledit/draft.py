"""A file as it is being authored: operation after operation on its text, and the proof of all of them together.

What is proven is what ``prove`` proves of pins: every character that no operation wrote is the old one, and the
operations as JSON Patch, applied to the old documents by an independent library, give the new documents as an
independent parser reads them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import assert_never

from gitops_streams.errors import InternalError
from gitops_streams.yamledit.addition import append, put
from gitops_streams.yamledit.failsafe import Failsafe, equal
from gitops_streams.yamledit.layout import Layout
from gitops_streams.yamledit.locate import Located, Unparsable, locate
from gitops_streams.yamledit.nodes import NotEditable, Span
from gitops_streams.yamledit.notation import Notation, Value, as_written, is_writable
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.prove import Unprovable, locate_old, read_new, read_old
from gitops_streams.yamledit.removal import remove
from gitops_streams.yamledit.surroundings import Change, Piece


@dataclass(frozen=True, slots=True)
class Put:
    """Let a place say a value; the mappings on the way are made where there are none."""

    document: int
    pointer: Pointer
    value: Value
    after: tuple[str, ...] = ()
    """The keys beside which a new entry goes, the first that is there; else it goes to the end."""


@dataclass(frozen=True, slots=True)
class Append:
    """Add an item to the end of a list, which is made where there is none."""

    document: int
    pointer: Pointer
    value: Value


@dataclass(frozen=True, slots=True)
class Remove:
    """Take an entry of a mapping or an item of a list away; nothing is done where there is none."""

    document: int
    pointer: Pointer


@dataclass(frozen=True, slots=True)
class AddDocument:
    """Add a document to the end of the file."""

    value: Value


Operation = Put | Append | Remove | AddDocument


@dataclass(frozen=True, slots=True)
class Draft:
    """A file with what was done to it so far."""

    path: str
    before: str
    located: Located
    """The text as it is now."""
    kept: tuple[Span | str, ...]
    """The text as it is now, in pieces: characters of ``before``, and what was written."""
    patch: tuple[tuple[int, dict[str, object]], ...] = ()
    """What was done, as JSON Patch: the document, and the operation."""
    added: tuple[Value, ...] = ()
    """The documents that were added."""

    @property
    def text(self) -> str:
        """The text as it is now."""
        return self.located.text

    @property
    def changed(self) -> bool:
        """Whether the text is another one."""
        return self.text != self.before

    def apply(self, operations: Iterable[Operation]) -> Draft | NotEditable:
        """Carry out operations, each on what the one before has left."""
        draft = self
        for operation in operations:
            done = draft._apply(operation)
            if isinstance(done, NotEditable):
                return done
            draft = done
        return draft

    def _apply(self, operation: Operation) -> Draft | NotEditable:
        if isinstance(operation, AddDocument):
            return self._add_document(operation.value)
        layout = Layout(self.located)
        root = self.located.documents[operation.document].root
        change: Change | NotEditable
        match operation:
            case Put(pointer=pointer, value=value, after=after):
                change = put(root, pointer, value, after, layout) if is_writable(value) else _UNWRITABLE
            case Append(pointer=pointer, value=value):
                change = append(root, pointer, value, layout) if is_writable(value) else _UNWRITABLE
            case Remove(pointer=pointer):
                change = remove(root, pointer, layout)
            case _:
                assert_never(operation)
        if isinstance(change, NotEditable):
            return change
        patch = (*self.patch, *((operation.document, step) for step in change.patch))
        return replace(self._written(change.pieces), patch=patch)

    def _add_document(self, value: Value) -> Draft | NotEditable:
        if self.path.endswith(".json"):
            return NotEditable("a JSON file holds one document")
        if not isinstance(value, dict) or not is_writable(value):
            return _UNWRITABLE
        habits, layout = Notation(), Layout(self.located)
        ending, text = layout.ending(0), self.text
        lines = [line for key, item in value.items() for line in habits.entry(key, item, 0)]
        if any(document.root is not None for document in self.located.documents):
            lines.insert(0, "---")
        head = ending if text.removeprefix("\ufeff") and not text.endswith(("\n", "\r")) else ""
        written = head + "".join(f"{line}{ending}" for line in lines)
        return replace(self._written([Piece(Span(len(text), len(text)), written)]), added=(*self.added, value))

    def _written(self, pieces: Iterable[Piece]) -> Draft:
        """Splice pieces into the text as it is now."""
        kept, text = list(self.kept), self.text
        for piece in sorted(pieces, key=lambda piece: (piece.span.start, piece.span.end), reverse=True):
            span = piece.span
            text = text[: span.start] + piece.written + text[span.end :]
            kept = [*_part(kept, 0, span.start), piece.written, *_part(kept, span.end, None)]
        located = locate(text)
        if isinstance(located, Unparsable):
            raise InternalError(f"{self.path}: the edited file cannot be read any more: {located.reason}")
        return replace(self, located=located, kept=tuple(kept))


_UNWRITABLE = NotEditable("it holds characters that are never written; write a line of printable text")


def begin(path: str, located: Located) -> Draft:
    """Begin to author a file."""
    return Draft(path, located.text, located, (Span(0, len(located.text)),))


def prove(draft: Draft) -> None:
    """Prove everything that was done to a file.

    Raises:
        InternalError: the proof does not hold; the file must not be written.
        Unprovable: the old text is read differently by two parsers, or not at all.
    """
    import jsonpatch  # noqa: PLC0415  only a run that writes pays for it

    _prove_kept(draft)
    old, is_json = read_old(draft.path, locate_old(draft.before))
    new = read_new(draft.path, draft.text, is_json=is_json)
    for document, step in draft.patch:
        try:
            old[document] = jsonpatch.apply_patch(old[document], [step], in_place=True)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, LookupError, TypeError) as error:
            raise InternalError(f"{draft.path}: the patch does not apply to the old document: {error}") from error
    wanted: list[Failsafe] = [*old, *map(as_written, draft.added)]
    if not equal(wanted, new):
        raise InternalError(f"{draft.path}: the edited file is not what its JSON Patch makes of the old one")


def _prove_kept(draft: Draft) -> None:
    """Show that the text is what was kept and what was written, and that the kept stands in its old order."""
    position = 0
    text = []
    for part in draft.kept:
        if isinstance(part, Span):
            if part.start < position or part.end < part.start:
                raise InternalError(f"{draft.path}: a byte outside the edited spans changed")
            position = part.end
            text.append(draft.before[part.start : part.end])
        else:
            text.append(part)
    if "".join(text) != draft.text:
        raise InternalError(f"{draft.path}: a byte outside the edited spans changed")


def _part(kept: list[Span | str], start: int, end: int | None) -> list[Span | str]:
    """Cut a part out of a text in pieces; places count its characters."""
    parts: list[Span | str] = []
    position = 0
    for part in kept:
        length = part.end - part.start if isinstance(part, Span) else len(part)
        first, last = max(start - position, 0), length if end is None else min(end - position, length)
        if first < last:
            cut = Span(part.start + first, part.start + last) if isinstance(part, Span) else part[first:last]
            parts.append(cut)
        position += length
    return parts


__all__ = ["AddDocument", "Append", "Draft", "Operation", "Put", "Remove", "Unprovable", "begin", "prove"]
