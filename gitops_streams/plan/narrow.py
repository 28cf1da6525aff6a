"""Narrow a plan to some of its stream tags: what a pull request that holds only these would write."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from gitops_streams.errors import InternalError
from gitops_streams.plan.model import Change, FilePlan, Plan, TagPlan
from gitops_streams.streams.model import TagKey
from gitops_streams.yamledit.edit import Conflict, Edit, splice


def narrowed(plan: Plan, keys: Collection[TagKey]) -> Plan:
    """Return the same plan with only the stream tags of ``keys``.

    Every file is spliced anew from the text that it has, with the edits of these tags alone; one that none
    of them changes is left out. A scalar that tags of several groups share through an anchor is edited with
    each of them: the plan has it only where all of them want the same text.
    Skipped references, problems and the count of requests stay: they belong to no stream tag.

    Raises:
        InternalError: two edits claim the same characters, which cannot be where the whole plan has them.
    """
    wanted = frozenset(keys)
    tags = tuple(tag for tag in plan.tags if tag.key in wanted)
    return replace(plan, tags=tags, files=resplice(tags, {file.path: file for file in plan.files}))


def resplice(tags: Iterable[TagPlan], files: Mapping[str, FilePlan]) -> tuple[FilePlan, ...]:
    """Return the files that ``tags`` change, with their edits alone, by path.

    Args:
        tags: stream tags of one plan.
        files: the files of that plan, by path.

    Raises:
        InternalError: two edits claim the same characters.
    """
    edits: dict[str, list[Edit]] = {}
    for tag in tags:
        for site in tag.sites:
            if isinstance(site, Change):
                edits.setdefault(site.site.occurrence.file, []).extend(site.edits)
    plans = []
    for path, own in edits.items():
        file = files[path]
        after = splice(file.text, own)
        if isinstance(after, Conflict):
            raise InternalError(f"{path}: two sites claim {after.first.pointer} and {after.second.pointer}")
        plans.append(replace(file, after=after.encode(), edits=tuple(own)))
    return tuple(sorted(plans, key=lambda plan: plan.path))
