"""A reference that is split over the scalars of one mapping: reading the fields, and putting them together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gitops_streams.errors import InvalidReference
from gitops_streams.manifests.image_like import plain
from gitops_streams.manifests.occurrence import (
    DigestField,
    Finding,
    Mention,
    MissingDigest,
    Occurrence,
    Place,
    SplitReference,
    TagField,
)
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import TAG, looks_like_reference
from gitops_streams.yamledit.edit import is_null
from gitops_streams.yamledit.nodes import NotEditable, Scalar, content, target
from gitops_streams.yamledit.pointer import Pointer

_SHA256_HEX = 64
_OWN_KEY = frozenset({"kustomize", "oci"})


@dataclass(frozen=True, slots=True)
class Field:
    """A key of the mapping with its scalar, aliases followed."""

    key: str
    scalar: Scalar
    pointer: Pointer | None = None
    """From the document's root, where the scalar does not stand in the mapping itself."""

    @property
    def value(self) -> str:
        """What the scalar says; a null says nothing."""
        return "" if is_null(self.scalar) else self.scalar.value


def plain_fields(place: Place) -> Callable[[str], Field | None]:
    """Return what reads a field of a map by its key without case and separators; two spellings of one say nothing."""
    by_plain: dict[str, list[str]] = {}
    for entry in place.mapping.entries:
        if isinstance(entry.key, Scalar):
            by_plain.setdefault(plain(entry.key.value), []).append(entry.key.value)

    def field(name: str) -> Field | None:
        keys = by_plain.get(name, [])
        return read_field(place, keys[0]) if len(keys) == 1 else None

    return field


def read_field(place: Place, key: str) -> Field | None:
    """Return the scalar under ``key``; ``None`` if there is none or the key stands twice."""
    entry = place.mapping.entry(key)
    scalar = None if entry is None else target(entry.value)
    return Field(key, scalar) if isinstance(scalar, Scalar) else None


def is_literal(place: Place, field: Field) -> bool:
    """Whether the text of the file spells the value out. The byte screen relies on that for names."""
    return not isinstance(content(field.scalar, place.text), NotEditable)


def occurrence(place: Place, form_name: str, name: str, tag: Field | None, digest: Field | None) -> Finding | None:
    """Put the fields together; ``None`` if they make no reference, a mention if they make a broken one.

    Args:
        place: where they stand.
        form_name: for reports; those of kustomize and Flux get a new digest in a key of its own, others in the tag.
        name: the repository as its fields spell it.
        tag: the field of the tag, which may read ``tag@digest``.
        digest: the field of the digest, which may be empty.
    """
    base = looks_like_reference(name)
    if base is None or base.tag is not None or base.digest is not None:
        return None
    tag_text, _, suffix = (tag.value if tag else "").partition("@")
    if tag_text and TAG.fullmatch(tag_text) is None and looks_like_reference(f"{name}:{tag_text}") is None:
        return None
    bare = digest is not None and _is_bare(digest)
    written = digest.value if digest and digest.value else suffix
    try:
        value = Digest.parse(f"sha256:{written}" if bare and digest and digest.value else written) if written else None
    except InvalidReference:
        wrong = digest if digest and digest.value else tag
        line = place.mapping.line if wrong is None else wrong.scalar.line
        reason = f"{written[:100]!r} stands where a digest belongs"
        return Mention(place.file, line, base.repository, tag_text or None, f"{name}:{tag_text}", reason)
    if tag_text == "" and (value is None or digest is None):
        return None
    tag_field = TagField(tag.scalar, _pointer(place, tag)) if tag and tag_text else None
    slot: DigestField | MissingDigest | None = None
    if digest is not None:
        slot = DigestField(digest.scalar, _pointer(place, digest), bare)
    elif form_name in _OWN_KEY and tag is not None and not suffix:
        sibling = place.mapping.entry(tag.key)
        slot = None if sibling is None else MissingDigest(place.pointer, place.mapping, sibling)
    carrier = tag_field or slot
    line = carrier.scalar.line if isinstance(carrier, TagField | DigestField) else place.mapping.line
    return Occurrence(
        place.file,
        place.document,
        line,
        form_name,
        SplitReference(tag_field, slot),
        name,
        base.repository,
        tag_text or None,
        value,
        place.object.namespace,
    )


def is_domain(text: str) -> bool:
    """Whether ``text`` alone is what a reference takes for its domain, not for the start of its path."""
    reference = looks_like_reference(f"{text}/x/y")
    return reference is not None and reference.repository.path == "x/y"


def _pointer(place: Place, field: Field) -> Pointer:
    return (*place.pointer, field.key) if field.pointer is None else field.pointer


def _is_bare(field: Field) -> bool:
    """Whether the field takes hexadecimal digits without ``sha256:`` (the prometheus charts' ``sha``)."""
    if field.value:
        return ":" not in field.value and len(field.value) == _SHA256_HEX
    return field.key == "sha"
