"""Compare what is declared with what is used, offline: tags that nothing uses, pins that no stream follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gitops_streams.manifests.occurrence import MarkedScalar
from gitops_streams.manifests.survey import Survey
from gitops_streams.plan.audit import Finding, Kind
from gitops_streams.plan.bind import Bindings
from gitops_streams.plan.whole_repositories import bind_each
from gitops_streams.streams.history import History
from gitops_streams.streams.local_registry import LocalRegistry
from gitops_streams.streams.model import Catalog, ImageAlias, PushOnly, TagAlias

UNTRACKED = "untracked-pin"
"""The word for machines for a pin of no stream, beside those of ``Kind``."""


@dataclass(frozen=True, slots=True)
class UntrackedPin:
    """A digest in a manifest that no stream tag follows, so that nobody will ever replace it."""

    file: str
    line: int
    reference: str
    reason: str


def unused(catalog: Catalog, bindings: Bindings) -> tuple[Finding, ...]:
    """Find the stream tags that neither a place nor an alias uses, ordered by file and line.

    A tag without a source is one that images are pushed to on OpenShift, whoever uses them there. What
    ``dockerImageRepository`` stands for is declared by nobody, so it need not be used.
    """
    used = {key for site in bindings.sites for key in (site.tag, *site.together)}
    streams = set()
    for tag in catalog.tags.values():
        match tag.source:
            case TagAlias(target=target):
                used.add(target)
            case ImageAlias(stream=stream) if stream != tag.key.stream:
                streams.add(stream)
            case _:
                pass
    reason = "no reference that can be pinned and no alias uses it"
    found = [
        Finding(Kind.UNUSED, tag.file, tag.line, tag.key, reason)
        for tag in catalog.tags.values()
        if tag.key not in used
        and tag.key.stream not in streams
        and not (tag.implied or isinstance(tag.source, PushOnly))
    ]
    return tuple(sorted(found, key=lambda finding: (finding.file, finding.line, str(finding.tag))))


def untracked(
    surveys: Sequence[Survey], catalog: Catalog, history: History, local: LocalRegistry | None = None
) -> tuple[UntrackedPin, ...]:
    """Find the digests in manifests that are bound to no stream tag, in the order of the files.

    Args:
        surveys: what the files use.
        catalog: what is declared.
        history: what is recorded.
        local: serves the streams whose tags say ``Local``.
    """
    found = []
    tried = bind_each([survey.file for survey in surveys], catalog, history, local)
    for survey, bindings in zip(surveys, tried.bindings, strict=True):
        bound = {id(site.occurrence) for site in bindings.sites}
        reasons = {(each.line, each.reference): each.reason for each in bindings.skipped}
        for use in survey.uses:
            occurrence = use.occurrence
            if occurrence.digest is None or id(occurrence) in bound or isinstance(occurrence.form, MarkedScalar):
                continue
            advice = "gitops-streams init proposes one" if occurrence.tag else "it names no tag that one could follow"
            reason = reasons.get((occurrence.line, occurrence.text), f"no stream tag follows it; {advice}")
            found.append(UntrackedPin(occurrence.file, occurrence.line, occurrence.text, reason))
    return tuple(sorted(found, key=lambda pin: (pin.file, pin.line)))
