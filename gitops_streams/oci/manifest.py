"""Media types of manifests, and the choice of a platform's manifest in an index.

Sources: OCI image-spec ``media-types.md`` and ``image-index.md``; Docker "Image Manifest V 2,
Schema 2".
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from gitops_streams.errors import InvalidReference
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.platform import Platform

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+json"
DOCKER_SCHEMA1_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"

INDEX_TYPES = frozenset({OCI_INDEX, DOCKER_LIST})
MANIFEST_TYPES = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
SUPPORTED_TYPES = INDEX_TYPES | MANIFEST_TYPES
SCHEMA1_TYPES = frozenset({DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED})

_ATTESTATION = "vnd.docker.reference.type"
_NAMED = 8
"""How many platforms a message names; an index may hold thousands."""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """An entry of an index: one platform's manifest."""

    media_type: str
    digest: Digest
    size: int
    platform: Platform | None
    """``None`` where the entry names none, or names the attestations' ``unknown/unknown``."""
    attestation: bool = False
    """Whether the entry holds attestations (provenance, SBOM) about another one."""


@dataclass(frozen=True, slots=True)
class NotAnIndex:
    """The content cannot be read as an index."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoSuchPlatform:
    """No entry of the index serves the platform."""

    reason: str


def read_index(content: bytes) -> tuple[Descriptor, ...] | NotAnIndex:
    """Read the entries of an OCI index or a Docker manifest list; the content is a registry's, hence hostile."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return NotAnIndex("the index is not JSON")
    entries = document.get("manifests") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        return NotAnIndex("the index has no list of manifests")
    descriptors = []
    for entry in entries:
        descriptor = _read_descriptor(entry)
        if descriptor is None:
            return NotAnIndex("the index holds an entry without a valid digest, size and media type")
        descriptors.append(descriptor)
    return tuple(descriptors)


def choose(entries: tuple[Descriptor, ...], platform: Platform) -> Descriptor | NoSuchPlatform:
    """Choose the entry that serves ``platform``; attestations never do.

    The first that is built for exactly this platform, else the first that it admits: who asks for
    ``linux/amd64`` shall not get ``linux/amd64/v3`` because that stands first.
    """
    images = [(entry, entry.platform) for entry in entries if entry.platform is not None and not entry.attestation]
    admitted = [(entry, built_for) for entry, built_for in images if platform.admits(built_for)]
    for entry, built_for in admitted:
        if built_for.normal == platform.normal:
            return entry
    if admitted:
        return admitted[0][0]
    offered = sorted({str(built_for) for _, built_for in images})
    more = f" and {len(offered) - _NAMED} more" if len(offered) > _NAMED else ""
    return NoSuchPlatform(
        f"the index has no {platform}; it offers {', '.join(offered[:_NAMED]) or 'no platform at all'}{more}"
    )


def _read_descriptor(entry: object) -> Descriptor | None:
    if not isinstance(entry, dict):
        return None
    media_type, size, text = entry.get("mediaType"), entry.get("size"), entry.get("digest")
    if not isinstance(media_type, str) or type(size) is not int or size < 0 or not isinstance(text, str):
        return None
    try:
        digest = Digest.parse(text)
    except InvalidReference:
        return None
    annotations = entry.get("annotations")
    attestation = isinstance(annotations, dict) and _ATTESTATION in annotations
    return Descriptor(media_type, digest, size, _read_platform(entry.get("platform")), attestation)


def _read_platform(value: object) -> Platform | None:
    if not isinstance(value, dict):
        return None
    os, architecture, variant = value.get("os"), value.get("architecture"), value.get("variant")
    if not isinstance(os, str) or not isinstance(architecture, str) or "unknown" in {os, architecture}:
        return None
    named = [os, architecture] + ([variant] if isinstance(variant, str) and variant else [])
    try:
        return Platform.parse("/".join(named))  # what is printed later holds no control characters
    except InvalidReference:
        return None
