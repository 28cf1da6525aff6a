"""Flux's OCIRepository: ``spec.url: oci://host/path`` with ``spec.ref.tag``; the digest gets a key of its own there.

Source: fluxcd/source-controller ``docs/spec/v1/ocirepositories.md``: ``ref.digest`` goes before ``ref.semver``, which
goes before ``ref.tag``; a tag with a digest behind it is refused (issue 1471).
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops_streams.manifests.occurrence import Finding, Mention, Occurrence, Place
from gitops_streams.manifests.split import Field, is_literal, occurrence, read_field
from gitops_streams.oci.reference import Repository, looks_like_reference
from gitops_streams.yamledit.nodes import Alias, Mapping, Scalar, resolve, target, walk

FORM = "oci"
_SCHEME = "oci://"
_BORROWED = "its map is an anchor (&) or an alias of one (*), and what else uses it would get its digest; write it out"


def find(place: Place) -> Iterator[Finding]:
    """Yield what a ``ref`` names, together with the ``url`` beside it."""
    if not place.pointer or place.pointer[-1] != "ref":
        return
    above = resolve(place.object.mapping, place.pointer[len(place.object.pointer) : -1])
    url = above.get("url") if isinstance(above, Mapping) else None
    if not isinstance(url, Scalar) or not url.value.startswith(_SCHEME) or not is_literal(place, Field("url", url)):
        return
    name = url.value.removeprefix(_SCHEME)
    tag, semver, digest = (read_field(place, key) for key in ("tag", "semver", "digest"))
    base = looks_like_reference(name)
    if base is None:
        return
    if semver is not None and semver.value and (digest is None or not digest.value):
        reason = "ref.semver has Flux choose the tag; write ref.tag in its place to have that pinned"
        yield Mention(place.file, semver.scalar.line, base.repository, tag.value or None if tag else None, name, reason)
        return
    found = occurrence(place, FORM, name, tag, digest)
    if isinstance(found, Occurrence) and found.repository is not None:
        why = _obstacle(place, tag, digest)
        yield found if why is None else _refused(found, found.repository, why)
    elif found is not None:
        yield found


def _obstacle(place: Place, tag: Field | None, digest: Field | None) -> str | None:
    if tag is not None and "@" in tag.value and digest is None:
        return "Flux takes no digest behind ref.tag; write it as ref.digest"
    if "*" in place.text and _is_borrowed(place):
        return _BORROWED
    return None


def _is_borrowed(place: Place) -> bool:
    """Whether another URL uses the same ``ref``, or any map around this one."""
    around: set[int] = {id(place.mapping)}
    return any(isinstance(node, Alias) and id(target(node)) in around for _, node in walk(place.object.mapping))


def _refused(found: Occurrence, repository: Repository, why: str) -> Mention:
    return Mention(found.file, found.line, repository, found.tag, found.text, why)
