"""What an image says of itself: its platforms' manifests and configurations, and what else is kept about it.

Sources: OCI image-spec ``manifest.md``, ``config.md``, ``image-index.md``; OCI distribution-spec
"Listing Referrers"; cosign's tag scheme for registries without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.reference import Repository


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of an image, as its manifest lists it."""

    digest: Digest
    size: int
    """Compressed, in bytes."""


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration of one platform's image. Every text in it is the image builder's, hence hostile."""

    created: datetime | None
    """With its time zone; ``None`` where absent or not a date. Reproducible builds say 1970 or 1980."""
    user: str = ""
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    ports: frozenset[str] = frozenset()
    """``8080/tcp``."""
    volumes: frozenset[str] = frozenset()
    workdir: str = ""
    stop_signal: str = ""
    healthcheck: str = ""
    """As canonical JSON; empty where there is none."""
    labels: Mapping[str, str] = field(default_factory=dict)
    diff_ids: tuple[Digest, ...] = ()
    """The uncompressed layers."""
    history: tuple[str, ...] = ()
    """The instructions that made the image (``created_by``), oldest first."""


@dataclass(frozen=True, slots=True)
class PlatformImage:
    """One platform's manifest. What was not read is ``None``: reading costs requests."""

    platform: Platform | None
    """``None`` where neither index nor configuration names one."""
    digest: Digest
    layers: tuple[Layer, ...] | None = None
    config: Config | None = None

    @property
    def size(self) -> int | None:
        """The sum of the compressed layers in bytes."""
        return None if self.layers is None else sum(layer.size for layer in self.layers)


class Presence(StrEnum):
    """Whether something is there, as far as was looked."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    """It was not looked for, or the registry would not say."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is kept about an image beside it. Presence only: nothing is verified."""

    signature: Presence = Presence.UNKNOWN
    sbom: Presence = Presence.UNKNOWN
    provenance: Presence = Presence.UNKNOWN


@dataclass(frozen=True, slots=True)
class Image:
    """What was learnt about the content of a digest."""

    repository: Repository
    digest: Digest
    media_type: str
    platforms: tuple[PlatformImage, ...]
    """All platforms of an index, in its order, attestations left out; exactly one for a single manifest."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Those of the index, and over them those of the manifest that was read."""
    evidence: Evidence = Evidence()
    notes: tuple[str, ...] = ()
    """What could not be read or was not looked at, and why: one line each, ours, without secrets."""

    @property
    def is_index(self) -> bool:
        """Whether the digest is an index's."""
        return self.media_type.endswith(("index.v1+json", "manifest.list.v2+json"))

    @property
    def primary(self) -> PlatformImage | None:
        """The platform that was read in full; ``None`` where none was."""
        return next((image for image in self.platforms if image.config is not None), None)


@dataclass(frozen=True, slots=True)
class Uninspectable:
    """Nothing could be learnt about a digest."""

    repository: Repository
    digest: Digest
    reason: str
    """One line for people, without secrets."""


Inspection = Image | Uninspectable


@dataclass(frozen=True, slots=True)
class ImagePair:
    """What is to be inspected for one changed image. Equal pairs are inspected once a run."""

    repository: Repository
    old: Digest | None
    """``None`` for a first pin."""
    new: Digest
    platform: Platform | None = None
    """The platform to read in full; ``None``: linux/amd64 if the index has it, else its first."""
    insecure: bool = False
    """The declaration's ``importPolicy.insecure``."""


@dataclass(frozen=True, slots=True)
class InspectedPair:
    """What was learnt about a pair."""

    old: Inspection | None
    """``None`` for a first pin."""
    new: Inspection
