"""References as words of a text: what a string is to an edit that replaces whole references in it, and nothing else.

The text is looked at as a list of its references, in order. So an edit of one is an edit of an item of that list, and
a pointer such as ``/2`` is its address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gitops_streams.errors import InternalError
from gitops_streams.oci.reference import Reference, looks_like_reference
from gitops_streams.yamledit.edit import Edit, Replace
from gitops_streams.yamledit.embedded import MAX_LEVELS, Embedding, Host, embedding, out_of_reach
from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.nodes import Document, Node, NotEditable, Scalar, Sequence, content
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.source_map import SourceMap, source_map, verbatim

_RUN = re.compile(r"[A-Za-z0-9._:@/-]+")
_SCHEME = re.compile(r"(?:oci|docker)://")
_LEFT = frozenset(" \t\r\n\"'`=,([{<>|;&!")
_RIGHT = frozenset(" \t\r\n\"'`,)]}<>|;&\\")
_STOPS = ".:"
"""What may follow a reference as the end of a sentence or before an explanation."""


@dataclass(frozen=True, slots=True)
class Word:
    """A reference in a text."""

    reference: Reference
    start: int
    end: int


def words(text: str) -> Iterator[Word]:
    """Yield the references of a text that name a tag or a digest, each with clear bounds on both sides.

    What a variable or a path may go on from or into is none: ``$HOST/web:1``, ``web:1+x``, ``{{ .x }}/web:1``.
    """
    for run in _RUN.finditer(text):
        scheme = _SCHEME.match(run.group())
        start = run.start() + (scheme.end() if scheme is not None else 0)
        written = text[start : run.end()].rstrip(_STOPS)
        end = start + len(written)
        before, after = text[run.start() - 1 : run.start()], text[run.end() : run.end() + 1]
        if ":" not in written or (before and before not in _LEFT) or (after and after not in _RIGHT):
            continue
        reference = looks_like_reference(written)
        if reference is not None and (reference.tag is not None or reference.digest is not None):
            yield Word(reference, start, end)


def embed_words(
    document: Document, pointer: Pointer, scalar: Scalar, text: str, within: Embedding | None = None
) -> Embedding | NotEditable:
    """Look at a string as the list of its references; the arguments are those of ``embedded.embed``."""
    if within is not None and len(within.chain) >= MAX_LEVELS:
        return NotEditable(f"it stands in strings within strings, {MAX_LEVELS} deep")
    if (why := out_of_reach(document, pointer, scalar)) is not None:
        return why
    places = source_map(scalar, text) if scalar.style else _plain(scalar, text)
    if isinstance(places, NotEditable):
        return places
    value, items, line, counted = scalar.value, list[Node](), 1, 0
    for word in words(value):
        line, counted = line + value.count("\n", counted, word.start), word.start
        items.append(Scalar(value[word.start : word.end], "", word.start, word.end, line, None))
    located = Located(value, (Document(0, Sequence(items, flow=True, line=1)),))
    return embedding(Host(document, pointer, scalar, text), located, places, within, words=True)


def prove_words(path: str, before: str, after: str, edits: Iterable[Edit]) -> None:
    """Show that a text has the same references as before, but for those that edits replaced.

    Raises:
        InternalError: it has not.
    """
    wanted = [before[word.start : word.end] for word in words(before)]
    for edit in edits:
        if not isinstance(edit, Replace) or len(edit.pointer) != 1:
            raise InternalError(f"{path}: an edit of a text is no replacement of one of its references")
        wanted[int(edit.pointer[0])] = edit.after
    if [after[word.start : word.end] for word in words(after)] != wanted:
        raise InternalError(f"{path}: the text does not hold the references that were written")


def _plain(scalar: Scalar, text: str) -> SourceMap | NotEditable:
    span = content(scalar, text)
    return span if isinstance(span, NotEditable) else verbatim(span)
