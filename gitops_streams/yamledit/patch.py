"""Edits as JSON Patch (RFC 6902), one list of operations for each document.

A ``replace`` follows a ``test`` of the old value; an ``add`` follows a ``test`` of the sibling that
it is written after, so that a patch alone says where the new line belongs. A comment is no data: it
stands beside the operations. So does what changes in a document within a string: to the operations, the string is
replaced whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Literal, assert_never

from gitops_streams.errors import InternalError
from gitops_streams.yamledit.edit import (
    Comment,
    Conflict,
    Edit,
    Insert,
    Lifted,
    Replace,
    comment,
    insert,
    replace,
    splice,
)
from gitops_streams.yamledit.embedded import Embedding, embed
from gitops_streams.yamledit.lift import lift_once
from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.nodes import Mapping, NotEditable, Scalar, resolve
from gitops_streams.yamledit.pointer import parse, render
from gitops_streams.yamledit.words import embed_words


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; every value is a string, as the text spells it (failsafe schema)."""

    op: Literal["test", "replace", "add"]
    path: str
    value: str

    def as_json(self) -> dict[str, str]:
        """Return the operation as RFC 6902 writes it."""
        return {"op": self.op, "path": self.path, "value": self.value}


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment that is added behind a value."""

    path: str
    """The JSON Pointer of the value."""
    text: str
    """The comment, from its ``#`` on."""

    def as_json(self) -> dict[str, str]:
        """Return the comment as a saved plan writes it."""
        return {"path": self.path, "text": self.text}


@dataclass(frozen=True, slots=True)
class DocumentPatch:
    """The operations on one document of a file: additions, then replacements, each in the order of the text."""

    document: int
    operations: tuple[Operation, ...]
    remarks: tuple[Remark, ...] = ()
    """Comments that are added, in the order of the text."""
    strings: tuple[StringPatch, ...] = ()
    """What changes within strings that the operations replace."""

    def as_json(self) -> dict[str, object]:
        """Return the patch as a saved plan writes it."""
        document: dict[str, object] = {
            "document": self.document,
            "ops": [operation.as_json() for operation in self.operations],
        }
        if self.remarks:
            document["comments"] = [remark.as_json() for remark in self.remarks]
        if self.strings:
            document["embedded"] = [string.as_json() for string in self.strings]
        return document


@dataclass(frozen=True, slots=True)
class StringPatch:
    """The patches of the documents within one string."""

    path: str
    """The JSON Pointer of the string."""
    patches: tuple[DocumentPatch, ...]
    words: bool = False
    """Whether they are of the list of its references, and not of documents (``words``)."""

    def as_json(self) -> dict[str, object]:
        """Return the patches as a saved plan writes them."""
        found: dict[str, object] = {"path": self.path, "patch": [patch.as_json() for patch in self.patches]}
        return {**found, "references": True} if self.words else found


@dataclass(frozen=True, slots=True)
class DoesNotFit:
    """A patch that a file does not admit (any longer)."""

    document: int
    reason: str


def to_patch(edits: Iterable[Edit]) -> tuple[DocumentPatch, ...]:
    """Write edits of one file as patches; equal edits count once.

    Additions come first: the sibling that an addition tests may be replaced in the same patch.

    Raises:
        InternalError: two edits within one string claim the same characters.
    """
    documents: dict[int, list[Operation]] = {}
    remarks: dict[int, list[Remark]] = {}
    strings: dict[int, list[StringPatch]] = {}
    made = set(edits)
    lifted: dict[Embedding, list[Lifted]] = {}
    for edit in made:
        if isinstance(edit, Lifted):
            lifted.setdefault(edit.embedding, []).append(edit)
    for edit in sorted(
        made,
        key=lambda edit: (
            edit.document,
            isinstance(edit, Replace | Lifted),
            edit.span.start,
            render(edit.pointer),
            edit.written,
        ),
    ):
        operations = documents.setdefault(edit.document, [])
        match edit:
            case Replace():
                path = render(edit.pointer)
                operations += [Operation("test", path, edit.before), Operation("replace", path, edit.after)]
            case Insert():
                operations += [
                    Operation("test", render(edit.sibling), edit.sibling_value),
                    Operation("add", render(edit.pointer), edit.after),
                ]
            case Comment():
                remarks.setdefault(edit.document, []).append(Remark(render(edit.pointer), edit.after))
            case Lifted(embedding=embedding):
                inner = lifted.pop(embedding, None)
                if inner is not None:  # all that changes in one string is said once
                    operations += _whole_string(embedding, inner)
                    within = to_patch(edit.inner for edit in inner)
                    strings.setdefault(edit.document, []).append(
                        StringPatch(render(embedding.pointer), within, embedding.words)
                    )
            case _:
                assert_never(edit)
    return tuple(
        DocumentPatch(document, tuple(operations), tuple(remarks.get(document, ())), tuple(strings.get(document, ())))
        for document, operations in sorted(documents.items())
    )


def _whole_string(embedding: Embedding, edits: Iterable[Lifted]) -> list[Operation]:
    """Say what edits within a string make of it, everywhere that it stands through an anchor."""
    after = splice(embedding.text, [edit.inner for edit in edits])
    if isinstance(after, Conflict):
        raise InternalError(f"two edits claim the same characters of {render(embedding.pointer)}")
    operations = []
    for path in map(render, (embedding.pointer, *embedding.aliases)):
        operations += [Operation("test", path, embedding.text), Operation("replace", path, after)]
    return operations


def to_edits(located: Located, patches: Iterable[DocumentPatch]) -> list[Edit] | DoesNotFit:
    """Find the edits that carry out saved patches in a file as it is now; a ``test`` that fails refuses all."""
    edits: list[Edit] = []
    for patch in patches:
        if not 0 <= patch.document < len(located.documents):
            return DoesNotFit(patch.document, "the file has no such document")
        within = _within_strings(located, patch)
        made = within if isinstance(within, NotEditable) else _of_document(located, patch, within)
        if isinstance(made, NotEditable):
            return DoesNotFit(patch.document, made.reason)
        edits += made
    return edits


def _of_document(located: Located, patch: DocumentPatch, within: Dict[int, _String]) -> list[Edit] | NotEditable:
    """Find the edits of one document, given what becomes of its strings."""
    edits: list[Edit] = []
    tested: Operation | None = None
    for operation in patch.operations:
        string = _string(located, patch.document, operation, within)
        if string is not None and tested is not None and tested.path == operation.path:
            if string.after != operation.value:
                return NotEditable(f"what changes within {operation.path} is not its new value")
            edits += string.edits
            continue
        made = _carried_out(located, patch.document, operation, tested)
        if isinstance(made, NotEditable):
            return made
        if isinstance(made, Operation):
            tested = made
        else:
            edits.append(made)
    for remark in patch.remarks:
        added = _remark(located, patch.document, remark)
        if isinstance(added, NotEditable):
            return NotEditable(f"comment at {remark.path}: {added.reason}")
        edits.append(added)
    return edits


def _string(located: Located, document: int, operation: Operation, within: Dict[int, _String]) -> _String | None:
    """Return what becomes of the string that an operation replaces; ``None`` for other operations."""
    if not within or operation.op != "replace":
        return None
    try:
        return within.get(id(resolve(located.documents[document].root, parse(operation.path))))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _String:
    """What becomes of a string."""

    edits: tuple[Edit, ...]
    after: str


def _within_strings(located: Located, patch: DocumentPatch) -> dict[int, _String] | NotEditable:
    """Find the edits within strings, by the identity of the scalar."""
    found: dict[int, _String] = {}
    document = located.documents[patch.document]
    for string in patch.strings:
        try:
            parts = parse(string.path)
        except ValueError as error:
            return NotEditable(str(error))
        host = resolve(document.root, parts)
        if not isinstance(host, Scalar) or id(host) in found:
            return NotEditable(f"{string.path} is not one string")
        embedding = (embed_words if string.words else embed)(document, parts, host, located.text)
        if isinstance(embedding, NotEditable):
            return NotEditable(f"{string.path}: {embedding.reason}")
        inner = to_edits(embedding.located, string.patches)
        if isinstance(inner, DoesNotFit):
            return NotEditable(f"{string.path}, document {inner.document}: {inner.reason}")
        lifted: list[Edit] = []
        for edit in inner:
            made = lift_once(edit, embedding)
            if isinstance(made, NotEditable):
                return NotEditable(f"{string.path}: {made.reason}")
            lifted.append(made)
        after = splice(embedding.text, inner)
        if isinstance(after, Conflict):
            return NotEditable(f"{string.path}: two operations change the same place")
        found[id(host)] = _String(tuple(lifted), after)
    return found


def _carried_out(
    located: Located, document: int, operation: Operation, tested: Operation | None
) -> Edit | Operation | NotEditable:
    """Return the edit of a ``replace`` or an ``add``; a ``test`` that holds is returned itself."""
    root = located.documents[document].root
    try:
        parts = parse(operation.path)
    except ValueError as error:
        return NotEditable(str(error))
    if operation.op == "test":
        node = resolve(root, parts)
        if isinstance(node, Scalar) and node.value == operation.value:
            return operation
        found = repr(node.value) if isinstance(node, Scalar) else "no scalar"
        wanted = f"{operation.value!r} was expected, {found} is there"
        return NotEditable(f"test of {operation.path} failed: {wanted}")
    edit: Edit | NotEditable
    if operation.op == "replace":
        node = resolve(root, parts)
        if not isinstance(node, Scalar) or tested is None or tested.path != operation.path:
            return NotEditable(f"replace of {operation.path} does not follow its test")
        edit = replace(document, parts, node, operation.value, located.text)
    else:
        edit = _insertion(located, document, parts, tested, operation)
    return NotEditable(f"{operation.op} of {operation.path}: {edit.reason}") if isinstance(edit, NotEditable) else edit


def _remark(located: Located, document: int, remark: Remark) -> Comment | NotEditable:
    try:
        parts = parse(remark.path)
    except ValueError as error:
        return NotEditable(str(error))
    parent = resolve(located.documents[document].root, parts[:-1])
    return comment(document, parts, parent, remark.text, located.text)


def _insertion(
    located: Located, document: int, parts: tuple[str, ...], tested: Operation | None, operation: Operation
) -> Insert | NotEditable:
    sibling = () if tested is None else parse(tested.path)
    if not parts or not sibling or sibling[:-1] != parts[:-1]:
        return NotEditable("it does not follow a test of the key beside it")
    mapping = resolve(located.documents[document].root, parts[:-1])
    if not isinstance(mapping, Mapping):
        return NotEditable("its parent is no mapping")
    entry = mapping.entry(sibling[-1])
    if entry is None:
        return NotEditable("the key beside it is not there, or stands twice")
    return insert(document, parts[:-1], mapping, entry, parts[-1], operation.value, located.text)
