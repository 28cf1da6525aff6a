"""Where a reference stands, in JSON: a document and a pointer in the file, and in strings that are documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gitops_streams.manifests.occurrence import Occurrence
from gitops_streams.yamledit.pointer import Pointer, render


def place(occurrence: Occurrence, pointer: Pointer) -> dict[str, Any]:
    """Return ``document`` and ``pointer``, and ``embedded`` where the reference stands within a string.

    Args:
        occurrence: the reference.
        pointer: the scalar that is shown, in the document that the reference stands in.
    """
    return where((*occurrence.address[:-1], (occurrence.document, pointer)))


def where(address: Sequence[tuple[int, Pointer]]) -> dict[str, Any]:
    """Return the same for an address: a document and a pointer for each level, the file's first."""
    (document, top), *within = address
    found: dict[str, Any] = {"document": document, "pointer": render(top)}
    if within:
        embedded = [{"document": index, "pointer": render(step)} for index, step in within]
        found["embedded"] = embedded[0] if len(embedded) == 1 else embedded
    return found
