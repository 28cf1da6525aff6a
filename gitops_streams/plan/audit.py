"""Compare manifests with declarations and recorded digests, without a network: what ``check`` finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gitops_streams.manifests.occurrence import DigestField, Occurrence, SplitReference
from gitops_streams.oci.digest import Digest
from gitops_streams.plan.bind import Bindings
from gitops_streams.plan.declared_holds import declared_holds
from gitops_streams.plan.holding import Holdings, holding_of
from gitops_streams.plan.model import Site
from gitops_streams.plan.recorded_tags import RecordedTags
from gitops_streams.streams.follow import Broken, Followed, follow
from gitops_streams.streams.history import History
from gitops_streams.streams.model import Catalog, DockerImage, PushOnly, TagKey
from gitops_streams.yamledit.edit import is_null
from gitops_streams.yamledit.problem import Severity


class Kind(StrEnum):
    """What a finding is about; one word for machines."""

    UNPINNED = "unpinned"
    BEHIND = "behind"
    UNKNOWN_DIGEST = "unknown-digest"
    DISAGREEMENT = "disagreement"
    BROKEN_ALIAS = "broken-alias"
    INVALID_DECLARATION = "invalid-declaration"
    UNUSED = "unused"

    @property
    def severity(self) -> Severity:
        """Whether it makes the command fail, or is merely worth knowing."""
        return Severity.WARNING if self is Kind.UNUSED else Severity.ERROR


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that ``check`` objects to."""

    kind: Kind
    file: str
    line: int
    tag: TagKey
    reason: str


def audit(catalog: Catalog, bindings: Bindings, history: History) -> tuple[Finding, ...]:
    """Find what is wrong with a repository as it stands, ordered by file and line."""
    findings = [Finding(Kind.INVALID_DECLARATION, tag.file, tag.line, tag.key, tag.reason) for tag in catalog.invalid]
    for tag in catalog.tags.values():
        if isinstance(tag.source, DockerImage | PushOnly):
            continue
        followed = follow(catalog, tag.key, history)
        if isinstance(followed, Broken):
            findings.append(Finding(Kind.BROKEN_ALIAS, tag.file, tag.line, tag.key, followed.reason))
    holdings = declared_holds(catalog, history)
    recorded = RecordedTags(catalog, history)
    for site in bindings.sites:
        held = _held_at(site, catalog, history, holdings) if holdings else None
        finding = _audit(site, history, held, recorded)
        if finding is not None:
            findings.append(finding)
    return tuple(sorted(findings, key=lambda finding: (finding.file, finding.line, str(finding.tag))))


def _held_at(site: Site, catalog: Catalog, history: History, holdings: Holdings) -> Digest | None:
    """Return the image that a site's stream tag is held at; ``None`` where it is not."""
    followed = follow(catalog, site.tag, history)
    holding = holding_of(holdings, followed.path if isinstance(followed, Followed) else (site.tag,))
    return holding.digest if holding is not None and holding.enforced else None


def _audit(site: Site, history: History, held: Digest | None, tags: RecordedTags) -> Finding | None:
    occurrence = site.occurrence
    if not occurrence.takes_digest:
        return None  # where one can stand, the scalar beside it has a marker of its own
    newest = history.newest(site.tag)

    def finding(kind: Kind, reason: str) -> Finding:
        return Finding(kind, occurrence.file, occurrence.line, site.tag, reason)

    disagreement = disagreeing(occurrence)
    if disagreement is not None:
        return finding(Kind.DISAGREEMENT, disagreement)
    digest = occurrence.digest
    if digest is None:
        return finding(Kind.UNPINNED, f"{occurrence.text} has no digest; run gitops-streams reconcile")
    if held is not None:
        reason = f"{digest.short} is not what {site.tag} is held at, {held.short}; run gitops-streams reconcile"
        return None if digest == held else finding(Kind.BEHIND, reason)
    mistaken = tags.disagreement(site)
    if mistaken is not None:
        return finding(Kind.DISAGREEMENT, mistaken)
    if newest is None or digest == newest.image:
        return None
    recorded = [item.image for item in history.items(site.tag)]
    if digest in recorded:
        behind = recorded.index(digest)
        return finding(
            Kind.BEHIND, f"{digest.short} is {behind} behind what {site.tag} resolved to, {newest.image.short}"
        )
    reason = f"{digest.short} was never recorded for {site.tag}, which is at {newest.image.short}"
    return finding(Kind.UNKNOWN_DIGEST, reason)


def disagreeing(occurrence: Occurrence) -> str | None:
    """Say where a tag field reads ``tag@digest`` and a digest key beside it names another digest."""
    form = occurrence.form
    if not isinstance(form, SplitReference) or form.tag is None or not isinstance(form.digest, DigestField):
        return None
    if is_null(form.digest.scalar):
        return None
    suffix = form.tag.scalar.value.partition("@")[2].rpartition(":")[2]
    other = form.digest.scalar.value.rpartition(":")[2]
    return (
        f"its tag names the digest {suffix[:12]}… and its digest key {other[:12]}…"
        if suffix and suffix != other
        else None
    )
