"""Reads manifests and indexes, and chooses a platform's manifest in an index.

Sources: OCI image-spec ``media-types.md``, ``manifest.md`` and ``image-index.md``; Docker "Image Manifest
V 2, Schema 2". The content is a registry's, hence hostile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitops_streams.errors import InvalidReference
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.evidence import BUNDLE_CONTENT, PREDICATE_ANNOTATIONS, REFERENCE_DIGEST, REFERENCE_TYPE
from gitops_streams.oci.foreign import ForeignReader, parse_object
from gitops_streams.oci.platform import LegacyChoice, Platform

if TYPE_CHECKING:
    from gitops_streams.oci.image import Layer

_MAX_LAYERS = 1024
_MAX_TYPE = 256
_DEFAULT = Platform("linux", "amd64")
_NAMED = 8
"""How many platforms a message names; an index may hold thousands."""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What one content says of another: a platform's manifest in an index, a referrer in a list, a configuration."""

    media_type: str
    digest: Digest
    size: int
    platform: Platform | None
    """``None`` where the entry names none, or names the attestations' ``unknown/unknown``."""
    attestation: bool = False
    """Whether the entry holds attestations (provenance, SBOM) about another one."""
    attests: Digest | None = None
    """The entry that the attestations are about."""
    artifact_type: str = ""
    """What a referrer is."""
    predicate_type: str = ""
    """What it states, where an annotation tells."""
    bundle_content: str = ""
    """``dev.sigstore.bundle.content``."""


@dataclass(frozen=True, slots=True)
class Index:
    """An OCI index or a Docker manifest list."""

    entries: tuple[Descriptor, ...]
    annotations: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What was cut or left out: lines of ours."""


@dataclass(frozen=True, slots=True)
class ImageManifest:
    """The manifest of one platform's image, or of an artifact."""

    config: Descriptor
    layers: tuple[Layer, ...] | None
    """``None`` where there are more than any runtime would take."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    subject: Digest | None = None
    """What it refers to."""
    artifact_type: str = ""
    predicate_types: tuple[str, ...] = ()
    """What its layers state, each once, where their annotations tell; of an attestation manifest."""
    unnamed: bool = False
    """Whether some layer does not tell."""
    notes: tuple[str, ...] = ()
    """What was cut or left out: lines of ours."""


@dataclass(frozen=True, slots=True)
class NotAManifest:
    """The content cannot be read as a manifest."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotAnIndex:
    """The content cannot be read as an index."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoSuchPlatform:
    """No entry of the index serves the platform."""

    reason: str


def read_index(content: bytes) -> tuple[Descriptor, ...] | NotAnIndex:
    """Read the entries of an OCI index or a Docker manifest list."""
    index = read_whole_index(content)
    return index if isinstance(index, NotAnIndex) else index.entries


def read_whole_index(content: bytes) -> Index | NotAnIndex:
    """Read an OCI index, a Docker manifest list or a list of referrers, with its annotations."""
    document = parse_object(content)
    if document is None:
        return NotAnIndex("the index is not JSON, or no object")
    entries = document.get("manifests")
    if not isinstance(entries, list):
        return NotAnIndex("the index has no list of manifests")
    descriptors = []
    for entry in entries:
        descriptor = _read_descriptor(entry)
        if descriptor is None:
            return NotAnIndex("the index holds an entry without a valid digest, size and media type")
        descriptors.append(descriptor)
    reader = ForeignReader()
    annotations = reader.mapping(document.get("annotations"), "annotations")
    return Index(tuple(descriptors), annotations, reader.notes)


def read_manifest(content: bytes) -> ImageManifest | NotAManifest:
    """Read the manifest of an image or an artifact."""
    from gitops_streams.oci.image import Layer  # noqa: PLC0415  where tags are resolved, no image is read

    document = parse_object(content)
    if document is None:
        return NotAManifest("the manifest is not JSON, or no object")
    reader = ForeignReader()
    config = _read_descriptor(reader.member(document, "config"))
    listed = reader.member(document, "layers")
    if config is None or not isinstance(listed, list):
        return NotAManifest("the manifest does not name a configuration and a list of layers")
    layers: list[Layer] = []
    predicates: dict[str, None] = {}
    readable = len(listed) <= _MAX_LAYERS
    if not readable:
        reader.note(f"its manifest lists {len(listed)} layers, which were not read")
    for entry in listed if readable else ():
        layer = _read_descriptor(entry)
        if layer is None:
            return NotAManifest("the manifest holds a layer without a valid digest, size and media type")
        layers.append(Layer(layer.digest, layer.size))
        predicates[layer.predicate_type] = None
    subject = _read_descriptor(reader.member(document, "subject"))
    return ImageManifest(
        config,
        tuple(layers) if readable else None,
        reader.mapping(document.get("annotations"), "annotations"),
        None if subject is None else subject.digest,
        _short(document.get("artifactType")),
        tuple(name for name in predicates if name),
        "" in predicates,
        reader.notes,
    )


def choose(entries: tuple[Descriptor, ...], platform: Platform | LegacyChoice) -> Descriptor | NoSuchPlatform:
    """Choose the entry that serves ``platform``; attestations never do.

    The first that is built for exactly this platform, else the first that it admits: who asks for
    ``linux/amd64`` shall not get ``linux/amd64/v3`` because that stands first.
    """
    if isinstance(platform, LegacyChoice):
        return _choose_legacy(entries, platform.wanted)
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


def _choose_legacy(entries: tuple[Descriptor, ...], wanted: Platform) -> Descriptor | NoSuchPlatform:
    images = [entry for entry in entries if not entry.attestation]
    for platform in (wanted, _DEFAULT):
        for entry in images:
            built_for = entry.platform
            if built_for and (built_for.os, built_for.architecture) == (platform.os, platform.architecture):
                return entry
    return images[0] if images else NoSuchPlatform("the index holds no image at all")


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
    platform = read_platform(entry.get("platform"))
    artifact_type = _short(entry.get("artifactType"))
    annotations = entry.get("annotations")
    if not isinstance(annotations, dict):
        return Descriptor(media_type, digest, size, platform, artifact_type=artifact_type)
    return Descriptor(
        media_type,
        digest,
        size,
        platform,
        REFERENCE_TYPE in annotations,
        _digest_or_none(annotations.get(REFERENCE_DIGEST)),
        artifact_type,
        next((kind for name in PREDICATE_ANNOTATIONS if (kind := _short(annotations.get(name)))), ""),
        _short(annotations.get(BUNDLE_CONTENT)),
    )


def _digest_or_none(value: object) -> Digest | None:
    try:
        return Digest.parse(value) if isinstance(value, str) else None
    except InvalidReference:
        return None


def _short(value: object) -> str:
    return (
        value if isinstance(value, str) and len(value) <= _MAX_TYPE and value.isascii() and value.isprintable() else ""
    )


def read_platform(value: object) -> Platform | None:
    """Read the ``platform`` of an index entry, or the same members of a configuration; ``unknown`` is none."""
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
