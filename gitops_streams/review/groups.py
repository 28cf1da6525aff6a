"""Divide a plan into the groups of stream tags that share a pull request.

Every stream belongs to exactly one group, and all its tags with it, usable or not: a tag is never split.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import assert_never

from gitops_streams.errors import InvalidReference
from gitops_streams.manifests.globs import matches_any
from gitops_streams.oci.reference import Reference, Repository
from gitops_streams.plan.model import Plan, SkippedReference, TagPlan
from gitops_streams.plan.narrow import resplice
from gitops_streams.plan.shard import Shard, Share
from gitops_streams.review.branches import branch_of
from gitops_streams.review.lifecycle import Group
from gitops_streams.review.policy import Grouping, PullRequestPolicy
from gitops_streams.streams.model import Catalog, DockerImage, ImageStream, StreamKey
from gitops_streams.yamledit.problem import Problem

ALL = "all"
"""The group of ``Grouping.ALL``."""
# None of these can be a namespace, the value of a label or the path of a directory.
NO_NAMESPACE = "(no namespace)"
NO_LABEL = "(no label)"
ROOT = "."


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """A group, and the part of the plan that is its."""

    group: Group
    plan: Plan


@dataclass(slots=True)
class _Share:
    """What one group gets."""

    tags: list[TagPlan] = field(default_factory=list)
    skipped: list[SkippedReference] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def divide(plan: Plan, catalog: Catalog, policy: PullRequestPolicy, base: str) -> tuple[GroupPlan, ...]:
    """Divide a plan by ``policy.groups``, and the rest by ``policy.grouping``.

    Every group that the configuration or the declarations know is there, with or without a change: the
    pull request of one that has none any more is to be closed.

    A skipped reference goes to the groups that follow its repository; else to those with a site in its file;
    where neither says whose it is, to all. A problem goes to the groups that have a site or a declaration in
    its file, or to all.

    Args:
        plan: the whole plan.
        catalog: the declarations that it was made for.
        policy: how to divide.
        base: the branch that the pull requests go to.

    Returns:
        The groups by name; two never share a branch.
    """
    names = _names(catalog, policy)
    shares: dict[str, _Share] = {rule.name: _Share() for rule in policy.groups}
    if policy.grouping is Grouping.ALL:
        shares.setdefault(_apart(policy, [ALL])[ALL], _Share())
    for name in names.values():
        shares.setdefault(name, _Share())
    for tag in plan.tags:
        shares[names[tag.key.stream]].tags.append(tag)
    _hand_out(plan, catalog, names, shares)
    files = {file.path: file for file in plan.files}
    return tuple(
        GroupPlan(
            Group(name, branch_of(policy.branch_prefix, base, name)),
            replace(
                plan,
                tags=tuple(share.tags),
                skipped=tuple(share.skipped),
                files=resplice(share.tags, files),
                problems=tuple(share.problems),
            ),
        )
        for name, share in sorted(shares.items())
    )


def by_group(shard: Shard, policy: PullRequestPolicy) -> Share:
    """Share out group by group: a pull request belongs to one run alone."""

    def pick(catalog: Catalog) -> frozenset[StreamKey]:
        return frozenset(key for key, name in _names(catalog, policy).items() if shard.holds(name))

    return pick


def _names(catalog: Catalog, policy: PullRequestPolicy) -> dict[StreamKey, str]:
    """Name the group of every stream."""
    keys = catalog.by_key
    ruled: dict[StreamKey, str] = {}
    derived: dict[StreamKey, str] = {}
    for key in keys:
        rule = next((rule for rule in policy.groups if matches_any(rule.streams, str(key))), None)
        if rule is not None:
            ruled[key] = rule.name
        else:
            derived[key] = _derive(key, catalog.by_key.get(key), policy)
    apart = _apart(policy, derived.values())
    return ruled | {key: apart[name] for key, name in derived.items()}


def _derive(key: StreamKey, stream: ImageStream | None, policy: PullRequestPolicy) -> str:
    match policy.grouping:
        case Grouping.ALL:
            return ALL
        case Grouping.STREAM:
            return str(key)
        case Grouping.NAMESPACE:
            return key.namespace or NO_NAMESPACE
        case Grouping.LABEL:
            labels: Mapping[str, str] = {} if stream is None else stream.labels
            return labels.get(policy.label_key or "") or NO_LABEL
        case Grouping.DIRECTORY:
            return ROOT if stream is None else str(PurePosixPath(stream.file).parent)
        case _:
            assert_never(policy.grouping)


def _apart(policy: PullRequestPolicy, names: Iterable[str]) -> dict[str, str]:
    """Keep names that were found apart from those that are configured: a rule takes what it says and no more."""
    taken = {rule.name for rule in policy.groups}
    found = sorted(set(names))
    reserved = taken | set(found)
    apart: dict[str, str] = {}
    for name in found:
        other = name
        while other in taken or (other != name and other in reserved):
            other += f" (by {policy.grouping})"
        reserved.add(other)
        apart[name] = other
    return apart


def _hand_out(plan: Plan, catalog: Catalog, names: Mapping[StreamKey, str], shares: Mapping[str, _Share]) -> None:
    """Give each group the skipped references and the problems that concern it, in their order."""
    by_repository: dict[Repository, set[str]] = {}
    with_site: dict[str, set[str]] = {}
    declaring: dict[str, set[str]] = {}
    for tag in catalog.tags.values():
        if isinstance(tag.source, DockerImage):
            by_repository.setdefault(tag.source.reference.repository, set()).add(names[tag.key.stream])
    for stream in catalog.streams:
        declaring.setdefault(stream.file, set()).add(names[stream.key])
    for planned in plan.tags:
        for site in planned.sites:
            with_site.setdefault(site.site.occurrence.file, set()).add(names[planned.key.stream])
    for reference in plan.skipped:
        repository = _repository(reference.reference)
        concerned = by_repository.get(repository) if repository is not None else None
        for name in concerned or with_site.get(reference.file) or shares:
            shares[name].skipped.append(reference)
    for problem in plan.problems:
        near = with_site.get(problem.file, set()) | declaring.get(problem.file, set())
        for name in near or shares:
            shares[name].problems.append(problem)


def _repository(reference: str) -> Repository | None:
    """Return the repository of a text that may be a reference."""
    try:
        return Reference.parse(reference).repository
    except InvalidReference:
        return None
