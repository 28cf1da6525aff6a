"""The values of a proposal: streams for what a repository uses, and what none is proposed for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gitops_streams.manifests.survey import Use
from gitops_streams.oci.reference import Repository
from gitops_streams.streams.declare import DeclaredTag, declare
from gitops_streams.streams.history import History
from gitops_streams.streams.local_registry import LocalRegistry
from gitops_streams.streams.model import Catalog, StreamKey, TagKey
from gitops_streams.yamledit.locate import Located


@dataclass(frozen=True, slots=True)
class Known:
    """What a repository declares and records already."""

    catalog: Catalog
    history: History
    located: Mapping[str, Located] = field(default_factory=dict)
    """The files that declare the catalog."""
    local: LocalRegistry | None = None
    """Serves the streams whose tags say ``Local``."""


@dataclass(frozen=True, slots=True)
class ProposedUse:
    """A reference that the stream tag is proposed for."""

    use: Use
    obstacle: str | None = None
    """Why it is not bound by the declaration alone; ``None`` where it is."""


@dataclass(frozen=True, slots=True)
class ProposedTag:
    """One stream tag."""

    declared: DeclaredTag
    uses: tuple[ProposedUse, ...]
    origin: str | None = None
    """What other tool's object asks for it; ``None`` where only references do."""
    notes: tuple[str, ...] = ()
    """What of that object has no equivalent."""


@dataclass(frozen=True, slots=True)
class ProposedStream:
    """One stream, for one repository."""

    key: StreamKey
    repository: Repository
    path: str
    """The file that it is written to."""
    tags: tuple[ProposedTag, ...]
    hints: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Its declaration, as it is written to its file."""
        return declare(self.key, [tag.declared for tag in self.tags], self.hints)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What no stream is proposed for."""

    file: str
    line: int
    what: str
    """A reference, or the name of another tool's object."""
    reason: str
    places: int = 1
    """How many there are of the same; the first one is named."""


@dataclass(frozen=True, slots=True)
class MarkerChange:
    """A Flux marker, and what takes its place."""

    file: str
    line: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """Everything that is proposed for a repository."""

    streams: tuple[ProposedStream, ...]
    left_out: tuple[LeftOut, ...]
    markers: tuple[MarkerChange, ...]

    @property
    def tags(self) -> Iterator[tuple[TagKey, ProposedTag]]:
        """Every proposed stream tag."""
        for stream in self.streams:
            for tag in stream.tags:
                yield TagKey(stream.key, tag.declared.name), tag
