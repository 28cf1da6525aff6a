"""The plan's values: every site and every stream tag with its outcome, and the bytes that would be written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from gitops_streams.manifests.advised import NO_ADVICE, Advice
from gitops_streams.manifests.occurrence import Occurrence
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.resolution import Resolved, Unresolvable
from gitops_streams.plan.holding import Holding
from gitops_streams.streams.model import DockerImage, Source, TagKey
from gitops_streams.yamledit.edit import Edit
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.problem import Problem, Severity

if TYPE_CHECKING:
    from gitops_streams.yamledit.patch import DocumentPatch


class Rule(StrEnum):
    """Which rule bound a site to its stream tag (the design's list, first hit wins)."""

    TRIGGER = "trigger"
    MARKER = "marker"
    LOCAL = "local"
    SOURCE = "source"
    HISTORY = "history"


class Pin(StrEnum):
    """What is written where the whole reference stands in one scalar."""

    TAG_AND_DIGEST = "tag-and-digest"
    DIGEST = "digest"


class Outcome(StrEnum):
    """What happens to a site or a stream tag, the most notable first."""

    FAILED = "failed"
    CHANGED = "changed"
    HELD = "held"
    SKIPPED = "skipped"
    UNCHANGED = "unchanged"


_NOTABLE = {outcome: rank for rank, outcome in enumerate(Outcome)}


@dataclass(frozen=True, slots=True)
class Site:
    """An occurrence bound to the stream tag that decides its digest."""

    occurrence: Occurrence
    tag: TagKey
    rule: Rule
    together: tuple[TagKey, ...] = ()
    """Stream tags that must have a digest too before the site changes: a DeploymentConfig's other triggers."""


@dataclass(frozen=True, slots=True)
class Change:
    """The site gets a new digest."""

    outcome: ClassVar[Outcome] = Outcome.CHANGED
    site: Site
    pointer: Pointer
    """The scalar that is replaced or added; of several, the one that carries the digest."""
    before: str | None
    """Its text; ``None`` where it is added."""
    after: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The site has the digest already."""

    outcome: ClassVar[Outcome] = Outcome.UNCHANGED
    site: Site
    pointer: Pointer
    text: str


@dataclass(frozen=True, slots=True)
class Held:
    """The site would change, but something says not now."""

    outcome: ClassVar[Outcome] = Outcome.HELD
    site: Site
    reason: str
    until: datetime | None = None
    """When this ends by itself, where that is known."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """The site cannot be edited as it is written."""

    outcome: ClassVar[Outcome] = Outcome.SKIPPED
    site: Site
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The stream tag has no digest, so the site keeps what it has."""

    outcome: ClassVar[Outcome] = Outcome.FAILED
    site: Site
    reason: str


SiteOutcome = Change | Unchanged | Held | Skipped | Failed


@dataclass(frozen=True, slots=True)
class TagPlan:
    """One stream tag that something uses, what it resolved to, and its sites."""

    key: TagKey
    source: Source | None
    """``None`` where the declaration cannot be used."""
    image: DockerImage | None
    """What is asked for in the end: the source itself, or where its aliases lead."""
    resolution: Resolved | Unresolvable
    sites: tuple[SiteOutcome, ...]
    fingerprint: str
    """The fingerprint of the declaration that was resolved."""
    holding: Holding | None = None
    """What keeps the tag from moving to what it resolved to."""

    @property
    def failure(self) -> Unresolvable | None:
        """Why the tag has no digest; ``None`` where it has one, or where a hold says which it has."""
        enforced = self.holding is not None and self.holding.enforced
        return self.resolution if isinstance(self.resolution, Unresolvable) and not enforced else None

    @property
    def outcome(self) -> Outcome:
        """The most notable outcome of the sites; a tag without a digest has failed."""
        if self.failure is not None:
            return Outcome.FAILED
        least = Outcome.UNCHANGED if self.holding is None else Outcome.HELD
        return min((least, *(site.outcome for site in self.sites)), key=_NOTABLE.__getitem__)

    @property
    def digest(self) -> Digest | None:
        """The digest that sites get: what the tag resolved to, or what it is held at."""
        if self.holding is not None:
            return self.holding.digest
        return self.resolution.digest if isinstance(self.resolution, Resolved) else None

    @property
    def recorded(self) -> Digest | None:
        """The digest that the status records: neither what is merely held back nor its substitute."""
        return None if self.holding is not None and not self.holding.enforced else self.digest

    @property
    def reason(self) -> str | None:
        """Why the tag failed or is held, or why its first site is not changed."""
        if self.failure is not None:
            # The holding says the failure, and what was given in place of an answer.
            given = self.holding is not None and any(isinstance(site, Change) for site in self.sites)
            return self.holding.reason if self.holding is not None and given else self.failure.reason
        if self.holding is not None:
            return self.holding.reason
        for site in self.sites:
            if isinstance(site, Held | Skipped | Failed) and site.outcome is self.outcome:
                return site.reason
        return None


@dataclass(frozen=True, slots=True)
class SkippedReference:
    """A reference that no stream tag decides, or that stands where nothing is edited."""

    file: str
    line: int
    reference: str
    why: str
    """Why it is left as it is."""
    advice: Advice = NO_ADVICE
    """What would have it edited."""

    @property
    def reason(self) -> str:
        """Why it is left as it is, and what would have it edited."""
        advice = self.advice.line
        return f"{self.why}; to edit it, configure {advice}" if advice else self.why


@dataclass(frozen=True, slots=True)
class FilePlan:
    """One file that would be written."""

    path: str
    before: bytes
    after: bytes
    text: str
    """``before``, decoded."""
    edits: tuple[Edit, ...]

    @property
    def patches(self) -> tuple[DocumentPatch, ...]:
        """The edits as JSON Patch, which only a proof and JSON need."""
        from gitops_streams.yamledit.patch import to_patch  # noqa: PLC0415  a table does without

        return to_patch(self.edits)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one pass decided, in the order in which it is reported."""

    tags: tuple[TagPlan, ...]
    skipped: tuple[SkippedReference, ...]
    files: tuple[FilePlan, ...]
    problems: tuple[Problem, ...]
    requests: int = 0
    """HTTP requests that were sent to registries, tokens included."""

    @property
    def sites(self) -> Iterator[SiteOutcome]:
        """Every bound site."""
        for tag in self.tags:
            yield from tag.sites

    @property
    def changes(self) -> Iterator[tuple[TagPlan, Change]]:
        """Every site that changes, with its tag."""
        for tag in self.tags:
            for site in tag.sites:
                if isinstance(site, Change):
                    yield tag, site

    @property
    def enforced(self) -> Iterator[tuple[TagPlan, Holding]]:
        """Every stream tag that somebody holds at an image, whether a site changes for it or not."""
        for tag in self.tags:
            if tag.holding is not None and tag.holding.enforced:
                yield tag, tag.holding

    @property
    def incomplete(self) -> bool:
        """Whether a stream tag has no digest, or a declaration or file cannot be used."""
        wrong = any(problem.severity is Severity.ERROR for problem in self.problems)
        return wrong or any(tag.outcome is Outcome.FAILED for tag in self.tags)

    @property
    def tag_counts(self) -> Counter[Outcome]:
        """How many stream tags have which outcome."""
        return Counter(tag.outcome for tag in self.tags)

    @property
    def site_counts(self) -> Counter[Outcome]:
        """How many sites have which outcome; a reference that is not bound counts as skipped."""
        return Counter({Outcome.SKIPPED: len(self.skipped)}) + Counter(site.outcome for site in self.sites)
