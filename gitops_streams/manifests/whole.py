"""A reference that one scalar holds whole, maybe behind a fixed text such as ``oci://`` or ``KEY=``."""

from __future__ import annotations

from gitops_streams.manifests.occurrence import Occurrence, Place, WholeReference
from gitops_streams.oci.reference import Reference, looks_like_reference
from gitops_streams.yamledit.nodes import Node, Scalar
from gitops_streams.yamledit.pointer import Pointer


def occurrence(
    place: Place, pointer: Pointer, node: Node | None, form_name: str, prefix: str = ""
) -> Occurrence | None:
    """Return the reference that a scalar holds; ``None`` if it holds anything else.

    Args:
        place: of its file, document and object.
        pointer: from the document's root to the scalar, or to an alias of it.
        node: what stands there, aliases followed.
        form_name: for reports.
        prefix: the text that stands before the reference in the scalar.
    """
    if not isinstance(node, Scalar) or node.is_block:
        return None
    reference = looks_like_reference(node.value.removeprefix(prefix))
    return None if reference is None else of(place, pointer, node, reference, form_name, prefix)


def tagged(place: Place, pointer: Pointer, node: Node | None, form_name: str, prefix: str = "") -> Occurrence | None:
    """Return the reference of a scalar where it names a tag or a digest, in places that may hold other words too."""
    found = occurrence(place, pointer, node, form_name, prefix)
    return None if found is None or (found.tag is None and found.digest is None) else found


def of(
    place: Place, pointer: Pointer, scalar: Scalar, reference: Reference, form_name: str, prefix: str = ""
) -> Occurrence:
    """Return the occurrence of a reference that is read already; the arguments are those of ``occurrence``."""
    return Occurrence(
        place.file,
        place.document,
        scalar.line,
        form_name,
        WholeReference(scalar, pointer, prefix),
        reference.name,
        reference.repository,
        reference.tag,
        reference.digest,
        place.object.namespace,
    )


def has_domain(reference: Reference) -> bool:
    """Whether a reference spells out its registry's domain, which words with a colon in them hardly ever do."""
    first, slash, _ = reference.name.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")
