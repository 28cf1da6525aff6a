"""Leave in a plan only what is proven: every file that is to be written has its proof."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from gitops_streams.plan.model import Change, FilePlan, Plan, SiteOutcome, Skipped
from gitops_streams.yamledit.prove import Unprovable, prove


def prove_file(file: FilePlan) -> None:
    """Prove the edits of one file.

    Raises:
        InternalError: the proof does not hold; the file must not be written.
        Unprovable: the file cannot be read in one way alone.
    """
    prove(file.path, file.text, file.after.decode(), file.edits, file.patches)


def refusal(file: FilePlan) -> str | None:
    """Prove the edits of one file, and return why they cannot be proven; ``None``: they are.

    Raises:
        InternalError: the proof does not hold; the file must not be written.
    """
    try:
        prove_file(file)
    except Unprovable as error:
        return f"no edit of this file can be proven: {error}"
    return None


Each = Callable[[Callable[[FilePlan], str | None], Sequence[FilePlan]], Iterable[str | None]]
"""Applies a function to every file, and returns its results in their order."""


def proven(plan: Plan, each: Each = map) -> Plan:
    """Prove every file of a plan.

    A file that the independent parser does not accept is left out, and its sites are skipped with that reason.

    Args:
        plan: the plan.
        each: applies ``refusal`` to its files.

    Raises:
        InternalError: a proof does not hold.
    """
    refusals = zip(plan.files, each(refusal, plan.files), strict=True)
    refused = {file.path: reason for file, reason in refusals if reason is not None}
    if not refused:
        return plan
    files = [file for file in plan.files if file.path not in refused]

    def without(site: SiteOutcome) -> SiteOutcome:
        reason = refused.get(site.site.occurrence.file)
        return Skipped(site.site, reason) if reason is not None and isinstance(site, Change) else site

    tags = tuple(replace(tag, sites=tuple(without(site) for site in tag.sites)) for tag in plan.tags)
    return replace(plan, tags=tags, files=tuple(files))
