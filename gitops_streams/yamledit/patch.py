"""Edits as JSON Patch (RFC 6902), one list of operations for each document.

A ``replace`` follows a ``test`` of the old value; an ``add`` follows a ``test`` of the sibling that
it is written after, so that a patch alone says where the new line belongs. A comment is no data: it
stands beside the operations.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, assert_never

from gitops_streams.yamledit.edit import Comment, Edit, Insert, Replace, comment, insert, replace
from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.nodes import Mapping, NotEditable, Scalar, resolve
from gitops_streams.yamledit.pointer import parse, render


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


@dataclass(frozen=True, slots=True)
class DoesNotFit:
    """A patch that a file does not admit (any longer)."""

    document: int
    reason: str


def to_patch(edits: Iterable[Edit]) -> tuple[DocumentPatch, ...]:
    """Write edits of one file as patches; equal edits count once.

    Additions come first: the sibling that an addition tests may be replaced in the same patch.
    """
    documents: dict[int, list[Operation]] = {}
    remarks: dict[int, list[Remark]] = {}
    for edit in sorted(
        set(edits),
        key=lambda edit: (edit.document, isinstance(edit, Replace), edit.span.start, render(edit.pointer)),
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
            case _:
                assert_never(edit)
    return tuple(
        DocumentPatch(document, tuple(operations), tuple(remarks.get(document, ())))
        for document, operations in sorted(documents.items())
    )


def to_edits(located: Located, patches: Iterable[DocumentPatch]) -> list[Edit] | DoesNotFit:
    """Find the edits that carry out saved patches in a file as it is now; a ``test`` that fails refuses all."""
    edits: list[Edit] = []
    for patch in patches:
        if not 0 <= patch.document < len(located.documents):
            return DoesNotFit(patch.document, "the file has no such document")
        tested: Operation | None = None
        for operation in patch.operations:
            made = _carried_out(located, patch.document, operation, tested)
            if isinstance(made, NotEditable):
                return DoesNotFit(patch.document, made.reason)
            if isinstance(made, Operation):
                tested = made
            else:
                edits.append(made)
        for remark in patch.remarks:
            added = _remark(located, patch.document, remark)
            if isinstance(added, NotEditable):
                return DoesNotFit(patch.document, f"comment at {remark.path}: {added.reason}")
            edits.append(added)
    return edits


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
