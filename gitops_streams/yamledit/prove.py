"""The proof that an edited file differs from the old one in exactly what its patch says.

Two things are shown: every character outside the edited spans is identical, and the JSON Patch,
applied by ``jsonpatch`` to the old document, gives the new document as an independent parser
(``everyday``, else ruamel.yaml in pure Python, or ``json`` for JSON) reads it. Both texts must mean the
same to libyaml and to that parser: where two parsers disagree, no edit can be trusted to mean what it
says. A comment that is added is held to the same: both parsers must read the document as if it were not there.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from gitops_streams.errors import InternalError
from gitops_streams.yamledit.edit import Edit, in_order
from gitops_streams.yamledit.embedded_proof import prove_within
from gitops_streams.yamledit.everyday import Refused
from gitops_streams.yamledit.everyday import read as read_everyday
from gitops_streams.yamledit.failsafe import Failsafe, Unreadable, equal, from_json, from_located, from_ruamel
from gitops_streams.yamledit.locate import Located, Unparsable, locate
from gitops_streams.yamledit.nodes import Mapping, resolve
from gitops_streams.yamledit.patch import DocumentPatch, Operation
from gitops_streams.yamledit.pointer import parse


class Unprovable(Exception):
    """The old text cannot be read in one way alone, by two parsers; the file is left alone."""


def prove(path: str, before: str, after: str, edits: Iterable[Edit], patches: Iterable[DocumentPatch]) -> None:
    """Prove one file's edit.

    Args:
        path: the file's name, for the message, and because ``.json`` files are read by JSON's rules.
        before: the old text.
        after: the new text.
        edits: what was spliced.
        patches: what the edits mean.

    Raises:
        InternalError: the proof does not hold; the file must not be written.
        Unprovable: the old text is read differently by two parsers, or not at all, or a patched key stands twice.
    """
    import jsonpatch  # noqa: PLC0415  only a run that writes pays for it

    edits, patches = tuple(edits), tuple(patches)
    _prove_spans(path, before, after, edits)
    located = locate_old(before)
    old, is_json = read_old(path, located)
    steps = [(patch.document, _once(path, located, patch)) for patch in patches]
    del located  # large files are read one after the other
    new = read_new(path, after, is_json=is_json)
    for document, operations in steps:
        try:
            old[document] = jsonpatch.apply_patch(
                old[document], [operation.as_json() for operation in operations], in_place=True
            )
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, LookupError, TypeError) as error:
            raise InternalError(f"{path}: the patch does not apply to the old document: {error}") from error
    if not equal(old, new):
        raise InternalError(f"{path}: the edited file is not what its JSON Patch makes of the old one")
    prove_within(path, edits, patches, prove)


def _prove_spans(path: str, before: str, after: str, edits: Iterable[Edit]) -> None:
    """Walk both texts: outside the spans they must be the same, inside they hold what was to be written."""
    old = new = 0
    for edit in in_order(edits):
        keep = edit.span.start - old
        if keep < 0:
            raise InternalError(f"{path}: two edits overlap")
        if before[old : edit.span.start] != after[new : new + keep]:
            raise InternalError(f"{path}: a byte outside the edited spans changed")
        new += keep
        if not after.startswith(edit.written, new):
            raise InternalError(f"{path}: an edited span does not hold the new value")
        new += len(edit.written)
        old = edit.span.end
    if before[old:] != after[new:]:
        raise InternalError(f"{path}: a byte outside the edited spans changed")


def locate_old(text: str) -> Located:
    """Read the old text as libyaml does.

    Raises:
        Unprovable: it does not accept it.
    """
    located = locate(text)
    if isinstance(located, Unparsable):
        raise Unprovable(located.reason)
    return located


def read_old(path: str, located: Located) -> tuple[list[Failsafe], bool]:
    """Read the old text a second time; whether it is JSON, which it has to stay.

    Raises:
        Unprovable: the parsers do not agree, or do not accept it.
    """
    json: list[Failsafe] | None = None
    if path.endswith(".json"):
        with suppress(Unreadable):  # several documents, or a comma too many: YAML's rules still read it
            json = from_json(located.text)
    try:
        agreed = _agreed(located.text, from_located(located), json)
    except Unreadable as error:
        raise Unprovable(str(error)) from error
    if agreed is None:
        raise Unprovable("two YAML parsers read it differently")
    return agreed, json is not None


def read_new(path: str, text: str, *, is_json: bool) -> list[Failsafe]:
    """Read the new text twice.

    Raises:
        InternalError: the parsers do not agree, or do not accept it.
        Unprovable: so it is, and the text holds tabs, of which one parser takes fewer for blanks than the other.
    """
    located = locate(text)
    if isinstance(located, Unparsable):
        raise InternalError(f"{path}: the edited file cannot be read any more: {located.reason}")
    read = from_located(located)
    del located
    try:
        agreed = _agreed(text, read, from_json(text) if is_json else None)
    except Unreadable as error:
        if "\t" in text:
            raise Unprovable(f"with tabs in it, the edited file is not read by both parsers: {error}") from error
        raise InternalError(f"{path}: the edited file cannot be read any more: {error}") from error
    if agreed is None:
        raise InternalError(f"{path}: two parsers read the edited file differently")
    return agreed


def _agreed(text: str, located: list[Failsafe], json: list[Failsafe] | None) -> list[Failsafe] | None:
    """Return the documents as a parser reads them that is not libyaml, if libyaml reads them so too.

    JSON is read by ``json``. YAML is read by the reader of everyday YAML; where that one refuses, or reads
    something else, it is for ruamel.yaml to say.

    Raises:
        Unreadable: no other parser accepts the text.
    """
    if json is None:
        try:
            everyday = read_everyday(text)
        except Refused:
            pass
        else:
            if equal(everyday, located):
                return everyday
    documents = from_ruamel(text) if json is None else json
    return documents if equal(documents, located) else None


def _once(path: str, located: Located, patch: DocumentPatch) -> list[Operation]:
    """Leave out what is done already: a mapping that aliases share may be edited by several pointers, at once.

    Raises:
        InternalError: the patch is for no document of the file.
        Unprovable: a key on the way stands twice, so that no pointer says which one is meant.
    """
    if not 0 <= patch.document < len(located.documents):
        raise InternalError(f"{path}: the patch is for a document that is not there")
    root = located.documents[patch.document].root
    done: set[tuple[str, int, str, str]] = set()
    once = []
    for operation in patch.operations:
        parts = parse(operation.path)
        for length, part in enumerate(parts):
            parent = resolve(root, parts[:length])
            if isinstance(parent, Mapping) and parent.stands_twice(part):
                raise Unprovable(f"the key {part!r} stands twice")
        parent = resolve(root, parts[:-1])
        key = (operation.op, id(parent), parts[-1] if parts else "", operation.value)
        if key not in done:
            done.add(key)
            once.append(operation)
    return once
