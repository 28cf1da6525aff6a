"""Scalars that several places share through an anchor: one edit changes what all of them say.

``tag: &v 1.4`` and elsewhere ``tag: *v`` may belong to two repositories, and each of the two digests
would be wrong for the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gitops_streams.plan.model import Change, SiteOutcome, Skipped, TagPlan
from gitops_streams.yamledit.edit import Edit, Replace, innermost
from gitops_streams.yamledit.nodes import Span

_REASON = "it is an anchor (&) or an alias of one (*), and what else uses it would change too; write it out here"

_Place = tuple[str, Span, type[Edit]]
_Wishes = Mapping[_Place, list[str]]
"""What is to be written at each place of each file; an insertion may stand where a replacement ends."""


def settle_shared(tags: list[TagPlan]) -> list[TagPlan]:
    """Skip the sites that would edit a shared scalar, unless every place that uses it wants the same text."""
    while True:
        wishes: dict[_Place, list[str]] = {}
        doubtful = False
        for site in (site for tag in tags for site in tag.sites if isinstance(site, Change)):
            for edit in site.edits:
                wished = wishes.setdefault(_place(site, edit), [])
                wished.append(edit.written)
                doubtful = doubtful or wished[0] != edit.written or _uses(site, edit) > 1
        if not doubtful:
            return tags
        settled = [replace(tag, sites=tuple(_settle(site, wishes) for site in tag.sites)) for tag in tags]
        # A site that is skipped wants nothing any more, which may leave another one alone with its wish.
        if _count_changes(settled) == _count_changes(tags):
            return settled
        tags = settled


def _settle(site: SiteOutcome, wishes: _Wishes) -> SiteOutcome:
    if isinstance(site, Change):
        for edit in site.edits:
            wished = wishes[_place(site, edit)]
            # The anchor's own place and each alias of it must have asked, all for the same.
            if len(wished) < _uses(site, edit) or any(other != edit.written for other in wished):
                return Skipped(site.site, _REASON)
    return site


def _uses(site: Change, edit: Edit) -> int:
    """How many places use the scalar that an edit replaces; nothing shares what is added."""
    made = innermost(edit)
    if isinstance(made, Replace):
        for field in site.site.occurrence.fields:
            if field.scalar.start <= made.span.start and made.span.end <= field.scalar.end:
                return field.scalar.aliases + 1
    return 1


def _place(site: SiteOutcome, edit: Edit) -> _Place:
    return site.site.occurrence.file, edit.span, type(innermost(edit))


def _count_changes(tags: list[TagPlan]) -> int:
    return sum(isinstance(site, Change) for tag in tags for site in tag.sites)
