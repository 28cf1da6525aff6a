"""Leave in a plan only what is proven: every file that is to be written has its proof."""

from __future__ import annotations

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


def proven(plan: Plan) -> Plan:
    """Prove every file of a plan.

    A file that the independent parser does not accept is left out, and its sites are skipped with that reason.

    Raises:
        InternalError: a proof does not hold.
    """
    refused: dict[str, str] = {}
    files = []
    for file in plan.files:
        try:
            prove_file(file)
        except Unprovable as error:
            refused[file.path] = f"no edit of this file can be proven: {error}"
        else:
            files.append(file)
    if not refused:
        return plan

    def without(site: SiteOutcome) -> SiteOutcome:
        reason = refused.get(site.site.occurrence.file)
        return Skipped(site.site, reason) if reason is not None and isinstance(site, Change) else site

    tags = tuple(replace(tag, sites=tuple(without(site) for site in tag.sites)) for tag in plan.tags)
    return replace(plan, tags=tags, files=tuple(files))
