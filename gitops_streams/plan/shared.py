"""Scalars that several places share through an anchor: one edit changes what all of them say.

``tag: &v 1.4`` and elsewhere ``tag: *v`` may belong to two repositories, and each of the two digests
would be wrong for the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gitops_streams.manifests.occurrence import DigestField, SplitReference, TagField
from gitops_streams.plan.model import Change, SiteOutcome, Skipped, TagPlan
from gitops_streams.yamledit.edit import Replace
from gitops_streams.yamledit.nodes import Scalar, Span

_Wishes = Mapping[tuple[str, Span], list[str]]


def settle_shared(tags: list[TagPlan]) -> list[TagPlan]:
    """Skip the sites that would edit an anchored scalar, unless every place that uses it wants the same text."""
    wishes: dict[tuple[str, Span], list[str]] = {}
    for tag in tags:
        for site in tag.sites:
            if isinstance(site, Change):
                for edit in site.edits:
                    wishes.setdefault((site.site.occurrence.file, edit.span), []).append(edit.written)
    return [replace(tag, sites=tuple(_settle(site, wishes) for site in tag.sites)) for tag in tags]


def _settle(site: SiteOutcome, wishes: _Wishes) -> SiteOutcome:
    if not isinstance(site, Change):
        return site
    for scalar in _anchored(site):
        for edit in site.edits:
            wished = wishes[site.site.occurrence.file, edit.span]
            # The anchor's own place and each alias of it must have asked, all for the same.
            if isinstance(edit, Replace) and (len(set(wished)) > 1 or len(wished) != scalar.aliases + 1):
                return Skipped(site.site, "its tag is an anchor that other places use too; write it out there")
    return site


def _anchored(site: Change) -> Iterator[Scalar]:
    form = site.site.occurrence.form
    if isinstance(form, SplitReference):
        for field in (form.tag, form.digest):
            if isinstance(field, TagField | DigestField) and field.scalar.aliases:
                yield field.scalar
