"""Decide what the scalars of one site must say for a digest, and make the edits.

Where the digest goes is a matter of form: into the reference, into a digest key that is there,
beside ``newTag``, or behind the tag. A tag and a digest that disagree are never left behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace as replaced
from typing import assert_never

from gitops_streams.manifests.occurrence import (
    DigestField,
    LocalName,
    MarkedScalar,
    MissingDigest,
    Occurrence,
    Part,
    SplitReference,
    TriggeredField,
    WholeReference,
)
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.plan.model import Pin
from gitops_streams.yamledit.edit import Edit, comment, insert, replace
from gitops_streams.yamledit.embedded import Embedding
from gitops_streams.yamledit.lift import lift
from gitops_streams.yamledit.nodes import NotEditable, Scalar
from gitops_streams.yamledit.pointer import Pointer

_SHA256_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Target:
    """What a site is to say."""

    source: Reference
    """The reference that the stream tag follows, with its tag (the one that its policy chose); without one if the
    source names just a digest."""
    digest: Digest
    pin: Pin
    marker: str = ""
    """The comment that binds a place to the stream tag, for a place whose binding would not survive the edit."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The edits of one site; none where it says it already."""

    pointer: Pointer
    """Within the document that the site stands in, which may be a string's."""
    before: str | None
    after: str
    edits: tuple[Edit, ...]


def rewrite(occurrence: Occurrence, target: Target, text: Callable[[], str]) -> Rewritten | NotEditable:
    """Make the edits that let ``occurrence`` say ``target``.

    Args:
        occurrence: the site's place.
        target: what it is to say.
        text: returns the text of its file; asked only where something has to be written.
    """
    embedding = occurrence.embedding
    if embedding is None:
        return _rewritten(occurrence, target, text)
    within = _rewritten(occurrence, target, lambda: embedding.text)
    return within if isinstance(within, NotEditable) else _lifted(within, embedding)


def _lifted(within: Rewritten, embedding: Embedding) -> Rewritten | NotEditable:
    """Make edits within a string edits of the file."""
    edits: list[Edit] = []
    for edit in within.edits:
        lifted = lift(edit, embedding)
        if isinstance(lifted, NotEditable):
            return lifted
        edits.append(lifted)
    return replaced(within, edits=tuple(edits))


def _rewritten(occurrence: Occurrence, target: Target, text: Callable[[], str]) -> Rewritten | NotEditable:
    """Make the edits in the text that the occurrence's pointers are of."""
    form = occurrence.form
    match form:
        case WholeReference():
            after = form.prefix + _whole(occurrence, target)
            return _replace(occurrence, form.scalar, form.pointer, after, text)
        case MarkedScalar():
            marked = _marked(occurrence, form, target)
            if isinstance(marked, NotEditable):
                return marked
            return _replace(occurrence, form.scalar, form.pointer, marked, text)
        case SplitReference():
            return _split(occurrence, form, target, text)
        case TriggeredField():
            return _replace(occurrence, form.scalar, form.pointer, _named(occurrence, target), text)
        case LocalName():
            return _local(occurrence, form, target, text)
        case _:
            assert_never(form)


def _whole(occurrence: Occurrence, target: Target) -> str:
    """A reference that names a tag gets the one that goes with the digest, which a policy may have moved."""
    tag = target.source.tag if target.pin is Pin.TAG_AND_DIGEST and occurrence.tag is not None else None
    return f"{occurrence.name}:{tag}@{target.digest}" if tag else f"{occurrence.name}@{target.digest}"


def _marked(occurrence: Occurrence, form: MarkedScalar, target: Target) -> str | NotEditable:
    """A marker decides the stream tag, so the scalar gets that tag's repository and tag; a spelling stays."""
    tag = target.source.tag
    match form.part:
        case Part.WHOLE:
            return _named(occurrence, target)
        case Part.NAME:
            return occurrence.name if occurrence.repository == target.source.repository else target.source.name
        case Part.TAG | Part.TAG_ONLY if tag is None:
            return NotEditable("its stream tag follows a digest and no tag; mark a whole reference or a digest")
        case Part.TAG:
            return f"{tag}@{target.digest}"
        case Part.TAG_ONLY:
            return str(tag)
        case Part.DIGEST:
            return _digest_text(target.digest, bare=_is_bare(form))
        case _:
            assert_never(form.part)


def _named(occurrence: Occurrence, target: Target) -> str:
    """Write the reference of the stream tag that the place is named after; its user's spelling stays if it is one."""
    same = occurrence.repository == target.source.repository
    name = occurrence.name if same else target.source.name
    with_tag = target.source.tag is not None and target.pin is Pin.TAG_AND_DIGEST
    return f"{name}:{target.source.tag}@{target.digest}" if with_tag else f"{name}@{target.digest}"


def _local(occurrence: Occurrence, form: LocalName, target: Target, text: Callable[[], str]) -> Rewritten | NotEditable:
    """A bare name becomes a reference, which names no stream: the marker behind it does from then on."""
    if form.obstacle is not None:
        return NotEditable(f"no marker can be added behind it: {form.obstacle}; {_advice(form, target)}")
    whole = _replace(occurrence, form.scalar, form.pointer, _named(occurrence, target), text)
    remark = comment(occurrence.document, form.pointer, form.mapping, target.marker, text())
    if isinstance(whole, NotEditable):
        return whole
    return remark if isinstance(remark, NotEditable) else replaced(whole, edits=(*whole.edits, remark))


def _advice(form: LocalName, target: Target) -> str:
    if form.obstacle is not None and "JSON" in form.obstacle:
        return f"write {target.source} here in full"
    return f"write {target.marker} behind it, as the last of its line, in the comment if there is one"


def _split(
    occurrence: Occurrence, form: SplitReference, target: Target, text: Callable[[], str]
) -> Rewritten | NotEditable:
    """Both fields are written, so that they never disagree; the one that holds the digest is shown."""
    written: list[Rewritten] = []
    for field in (_tag_field(occurrence, form, target, text), _digest_field(occurrence, form, target, text)):
        if isinstance(field, NotEditable):
            return field
        if field is not None:
            written.append(field)
    if not written:
        return NotEditable("it holds neither a tag nor a digest")
    shown = written[-1]
    return Rewritten(shown.pointer, shown.before, shown.after, tuple(edit for field in written for edit in field.edits))


def _tag_field(
    occurrence: Occurrence, form: SplitReference, target: Target, text: Callable[[], str]
) -> Rewritten | NotEditable | None:
    if form.tag is None:
        return None
    tag = target.source.tag
    if tag is None:
        return NotEditable("its digest goes with no tag that is known, and the tag beside it would disagree")
    suffixed = not form.tag_only and (form.digest is None or "@" in form.tag.scalar.value)
    after = f"{tag}@{target.digest}" if suffixed else tag
    return _replace(occurrence, form.tag.scalar, form.tag.pointer, after, text)


def _digest_field(
    occurrence: Occurrence, form: SplitReference, target: Target, text: Callable[[], str]
) -> Rewritten | NotEditable | None:
    match form.digest:
        case DigestField():
            after = _digest_text(target.digest, bare=form.digest.bare)
            if isinstance(after, NotEditable):
                return after
            return _replace(occurrence, form.digest.scalar, form.digest.pointer, after, text)
        case MissingDigest(parent, mapping, sibling, key, bare):
            wanted = _digest_text(target.digest, bare=bare)
            if isinstance(wanted, NotEditable):
                return wanted
            added = insert(occurrence.document, parent, mapping, sibling, key, wanted, text())
            if isinstance(added, NotEditable):
                return added
            return Rewritten(added.pointer, None, added.after, (added,))
        case None:
            return None
        case _:
            assert_never(form.digest)


def _is_bare(form: MarkedScalar) -> bool:
    """Whether a marked digest is written without its algorithm, as the field ``sha`` of some charts is."""
    value = form.scalar.value
    return _SHA256_HEX.fullmatch(value) is not None or (form.pointer[-1] == "sha" and ":" not in value)


def _digest_text(digest: Digest, *, bare: bool) -> str | NotEditable:
    if bare and digest.algorithm != "sha256":
        return NotEditable(f"its field takes a bare sha256, not {digest.algorithm}")
    return digest.encoded if bare else str(digest)


def _replace(
    occurrence: Occurrence, scalar: Scalar, pointer: Pointer, after: str, text: Callable[[], str]
) -> Rewritten | NotEditable:
    if scalar.value == after:
        return Rewritten(pointer, after, after, ())
    edit = replace(occurrence.document, pointer, scalar, after, text())
    return edit if isinstance(edit, NotEditable) else Rewritten(pointer, scalar.value, after, (edit,))
