"""What differs between the image that is pinned and the one that is to be: the values of the comparison."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.image import Evidence
from gitops_streams.oci.platform import Platform


class MoveClass(StrEnum):
    """Why a digest moved, the most notable first; of several that fit, the first is the class."""

    CONTRACT = "contract"
    """What a container gets or offers changed: user, entrypoint, environment, ports …, or a platform is gone."""
    ROLLBACK = "rollback"
    """The new image is older, or the history has it already."""
    SOURCE = "source"
    """It was built from another revision."""
    REBUILD = "rebuild"
    """Same revision, other layers: a newer base, or a build that does not reproduce."""
    CONTENT = "content"
    """Other layers, and no revision that would tell a rebuild from a change of the source."""
    METADATA = "metadata"
    """Same layers; only dates, labels or annotations differ."""
    FIRST_PIN = "first-pin"
    """No digest was pinned before."""
    UNKNOWN = "unknown"
    """The images could not be compared."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not the same."""

    field: str
    """``User``, ``Entrypoint``, ``Command``, ``Working directory``, ``Exposed port``, ``Volume``, ``Stop signal``,
    ``Health check``, ``Environment``, ``Label``, ``Platform``, ``Source repository``."""
    name: str | None
    """Of an environment variable, port, volume, label or platform."""
    old: str | None
    """``None`` where it was not there. Foreign text."""
    new: str | None
    """``None`` where it is gone."""
    hidden: bool = False
    """The values look like secrets, or the configuration asks for names only: they are not carried here, and
    ``""`` stands for one that is there."""


@dataclass(frozen=True, slots=True)
class PlatformDelta:
    """One platform, before and after."""

    platform: Platform | None
    old: Digest | None
    """``None`` where the platform is new."""
    new: Digest | None
    """``None`` where it is gone."""
    old_size: int | None = None
    """Compressed bytes; ``None`` where it was not read."""
    new_size: int | None = None
    shared: int | None = None
    """Layers that both have."""
    added: int | None = None
    dropped: int | None = None
    download: int | None = None
    """Bytes of the layers that are new."""


@dataclass(frozen=True, slots=True)
class Built:
    """When an image was built, as it says itself."""

    at: datetime | None
    """In UTC; ``None`` where it does not say, or says something absurd."""
    reproducible: bool = False
    """Its date is the fixed one of a reproducible build (1970, 1980): it has no age."""


@dataclass(frozen=True, slots=True)
class SourceMove:
    """The source that the images say they were built from. From labels: nobody has verified it."""

    old_revision: str | None
    new_revision: str | None
    old_url: str | None
    """The source repository as the label says; foreign text."""
    new_url: str | None
    old_version: str | None
    new_version: str | None
    compare: str | None
    """A link that compares the revisions, rebuilt from checked parts: safe to write into a page."""


@dataclass(frozen=True, slots=True)
class BaseImage:
    """The image that another one was built on."""

    name: str | None
    digest: Digest | None
    likely: bool
    """Inferred from equal layers, not stated by an annotation."""


@dataclass(frozen=True, slots=True)
class BaseMove:
    """The base image, before and after."""

    old: BaseImage | None
    new: BaseImage | None

    @property
    def moved(self) -> bool:
        """Whether the base is known to be another one."""
        if self.old is None or self.new is None:
            return False
        if self.old.digest is not None and self.new.digest is not None:
            return self.old.digest != self.new.digest
        return self.old.name is not None and self.new.name is not None and self.old.name != self.new.name


@dataclass(frozen=True, slots=True)
class ImageDelta:
    """Everything that is known about a move."""

    move: MoveClass
    also: tuple[MoveClass, ...]
    """Further classes that fit: a contract change usually comes with a source change."""
    contract: tuple[Difference, ...]
    """What needs a reviewer's attention."""
    labels: tuple[Difference, ...]
    platforms: tuple[PlatformDelta, ...]
    old_built: Built
    new_built: Built
    source: SourceMove
    base: BaseMove
    instructions: tuple[str, ...]
    """The build instructions of the new image that the old one has not; foreign text."""
    old_evidence: Evidence
    new_evidence: Evidence
    attention: tuple[str, ...]
    """Sentences of ours about what needs attention beside ``contract`` (was signed and is no longer, media type
    became a single platform's, source repository changed, older than before)."""
    notes: tuple[str, ...]
    """What could not be compared, and why."""

    @property
    def alarming(self) -> bool:
        """Whether a person should look before this rolls out: no auto-merge."""
        return bool(self.contract or self.attention)
