"""Puts an image together from what was found of it so far, and says what to look at next. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_streams.oci.config import CONFIG_TYPES, ReadConfig
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.image import Config, Image, Inspection, PlatformImage, Uninspectable
from gitops_streams.oci.manifest import Descriptor, ImageManifest, Index, NoSuchPlatform, choose
from gitops_streams.oci.media_types import MANIFEST_TYPES
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.resolution import Cause, Unresolvable
from gitops_streams.registry.content import MAX_CONFIG
from gitops_streams.registry.lookup import Finding, FoundManifest, Lookup, Part, Place

Known = Mapping[Lookup, Finding]
"""What was found so far."""

_DEFAULT = Platform("linux", "amd64")
_MAX_PLATFORMS = 256


@dataclass(frozen=True, slots=True)
class Reading:
    """An image as far as it is known."""

    inspection: Inspection
    need: Lookup | None = None
    """What to look at next; ``None`` where its primary platform is known as far as it can be."""
    platform: Platform | None = None
    """The primary platform, as soon as it is known."""
    attestation: Descriptor | None = None
    """The entry that holds attestations about the primary platform."""
    others: tuple[Lookup, ...] = ()
    """The manifests of the other platforms, in the index's order, known ones included."""
    failure: Unresolvable | None = None
    """What could not be fetched of the primary platform, if something could not."""


@dataclass(slots=True)
class _Draft:
    """What gathers while an image is put together."""

    notes: list[str] = field(default_factory=list)
    need: Lookup | None = None
    altered: Unresolvable | None = None
    """Content that is not what its digest says."""
    failure: Unresolvable | None = None
    """The first thing that could not be fetched."""

    def failed(self, failure: Unresolvable) -> None:
        self.failure = self.failure or failure
        if failure.cause is Cause.DIGEST_MISMATCH:
            self.altered = failure
        else:
            self.notes.append(failure.reason)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The platform to read in full."""

    platform: Platform | None = None
    """``None``: linux/amd64 where the index has it, else its first."""
    instead: bool = True
    """Whether that counts too where the index has not the platform."""


def read(place: Place, digest: Digest, wanted: Wanted, known: Known, spent: str) -> Reading:
    """Put together what is known of a digest.

    Args:
        place: where it is.
        digest: an index's or a manifest's.
        wanted: the primary platform.
        known: what was found.
        spent: why something may never be found: the reason for what is missing.
    """
    top = known.get(lookup := Lookup(place, Part.MANIFEST, digest))
    match top:
        case None:
            return Reading(Uninspectable(place.repository, digest, spent), lookup)
        case Unresolvable():
            return Reading(Uninspectable(place.repository, digest, top.reason), failure=top)
        case FoundManifest(media_type, Index() as index):
            return _read_index(place, digest, media_type, index, wanted, known, spent)
        case FoundManifest(media_type, ImageManifest() as manifest):
            draft = _Draft()
            image = _read_platform(place, digest, None, manifest, known, draft)
            reading = _finished(place, digest, media_type, (image,), manifest.annotations, draft, spent)
            return Reading(reading, draft.need, image.platform, failure=draft.failure)
        case _:
            raise AssertionError(top)


def _read_index(
    place: Place,
    digest: Digest,
    media_type: str,
    index: Index,
    wanted: Wanted,
    known: Known,
    spent: str,
) -> Reading:
    draft = _Draft(list(index.notes))
    entries = tuple(entry for entry in index.entries if not entry.attestation)
    if len(entries) > _MAX_PLATFORMS:
        draft.notes.append(f"the index lists {len(entries)} manifests; {_MAX_PLATFORMS} were looked at")
        entries = entries[:_MAX_PLATFORMS]
    primary = _primary(entries, wanted, draft)
    annotations = dict(index.annotations)
    images = []
    others = []
    unread = 0
    platform = None if primary is None else primary.platform
    for entry in entries:
        lookup = Lookup(place, Part.MANIFEST, entry.digest)
        found = known.get(lookup) if entry.media_type in MANIFEST_TYPES else None
        image = PlatformImage(entry.platform, entry.digest)
        if isinstance(found, Unresolvable):
            draft.failed(found)
        elif isinstance(found, FoundManifest) and isinstance(found.content, ImageManifest):
            if entry is primary:
                image = _read_platform(place, entry.digest, entry.platform, found.content, known, draft)
                annotations |= found.content.annotations
                platform = image.platform
            else:
                image = PlatformImage(entry.platform, entry.digest, found.content.layers)
        elif found is not None:
            draft.notes.append(f"{entry.digest.short} is said to be a manifest and is none")
        elif entry is primary:
            draft.need = lookup
        if entry is not primary and entry.media_type in MANIFEST_TYPES:
            others.append(lookup)
            unread += found is None
        images.append(image)
    if unread and draft.need is None:
        draft.notes.append(f"the sizes of {unread} other platforms are not known: {spent}")
    return Reading(
        _finished(place, digest, media_type, tuple(images), annotations, draft, spent),
        draft.need,
        platform,
        _attestation(index, primary),
        tuple(dict.fromkeys(others)),
        draft.failure,
    )


def _primary(entries: tuple[Descriptor, ...], wanted: Wanted, draft: _Draft) -> Descriptor | None:
    """Choose the platform that is read in full."""
    images = tuple(entry for entry in entries if entry.media_type in MANIFEST_TYPES)
    if wanted.platform is not None:
        chosen = choose(images, wanted.platform)
        if isinstance(chosen, Descriptor):
            return chosen
        draft.notes.append(chosen.reason)
        if not wanted.instead:
            return None
    chosen = choose(images, _DEFAULT)
    if not isinstance(chosen, NoSuchPlatform):
        return chosen
    if not images:
        draft.notes.append("the index lists no image manifest")
    return images[0] if images else None


def _attestation(index: Index, primary: Descriptor | None) -> Descriptor | None:
    """Return the entry with the attestations about the primary platform, or about no particular one."""
    entries = [entry for entry in index.entries if entry.attestation]
    own = [entry for entry in entries if primary is not None and entry.attests == primary.digest]
    return next(iter(own or [entry for entry in entries if entry.attests is None]), None)


def _read_platform(
    place: Place,
    digest: Digest,
    platform: Platform | None,
    manifest: ImageManifest,
    known: Known,
    draft: _Draft,
) -> PlatformImage:
    """Put together one platform's image with its configuration."""
    draft.notes += manifest.notes
    described = manifest.config
    found: Finding | None = None
    if described.media_type not in CONFIG_TYPES:
        draft.notes.append("its configuration is not an image's: this is another kind of artifact")
    elif described.size > MAX_CONFIG:
        draft.notes.append(f"its configuration is larger than {MAX_CONFIG >> 20} MiB and was not read")
    else:
        lookup = Lookup(place, Part.CONFIG, described.digest)
        found = known.get(lookup)
        if found is None:
            draft.need = lookup
    config: Config | None = None
    match found:
        case None:
            pass
        case ReadConfig():
            config, platform = found.config, platform or found.platform
            draft.notes += found.notes
        case Unresolvable():
            draft.failed(found)
        case _:
            raise AssertionError(found)
    return PlatformImage(platform, digest, manifest.layers, config)


def _finished(
    place: Place,
    digest: Digest,
    media_type: str,
    images: tuple[PlatformImage, ...],
    annotations: Mapping[str, str],
    draft: _Draft,
    spent: str,
) -> Inspection:
    if draft.altered is not None:
        draft.need = None
        return Uninspectable(place.repository, digest, draft.altered.reason)
    if draft.need is not None:
        what = "manifest" if draft.need.part is Part.MANIFEST else "configuration"
        draft.notes.append(f"the {what} of its platform was not read: {spent}")
    return Image(
        place.repository, digest, media_type, images, dict(annotations), notes=tuple(dict.fromkeys(draft.notes))
    )
