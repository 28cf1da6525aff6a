"""Where a new digest will roll out: the workloads and environments behind the sites that change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import PurePosixPath

from gitops_streams.manifests.globs import matches_any
from gitops_streams.manifests.occurrence import Occurrence
from gitops_streams.plan.model import Change, TagPlan
from gitops_streams.review.report import Rollout

_PARENTS: tuple[frozenset[str], ...] = (
    frozenset({"environments", "environment", "envs", "env"}),
    frozenset({"overlays", "overlay"}),
    frozenset({"stages", "stage"}),
    frozenset({"clusters", "cluster"}),
)
"""Directories whose children are environments by convention; the surer ones first."""
_SHARED = frozenset({"base", "bases", "common", "shared", "default", "defaults", "all", "global", "components"})
"""Children of such directories that are no environment."""
_WORD = (
    r"dev|devel|development|test|testing|tst|qa|uat|int|integration|stage|staging|stg|pre-?prod|prod|production|prd"
    r"|live|canary|sandbox|demo|preview|e2e|ci|perf|dr"
)
_STEM = re.compile(rf"(?:values[.-])?((?:{_WORD})(?:[.-][A-Za-z0-9]+)*)", re.IGNORECASE)
_VALUES = re.compile(r"values[.-]", re.IGNORECASE)


def rollouts(tag: TagPlan, environments: Sequence[tuple[str, str]] = ()) -> tuple[Rollout, ...]:
    """List the changed sites of a stream tag, in the order of files and lines.

    Args:
        tag: the stream tag.
        environments: pairs of a glob over file paths and an environment's name; the first that matches names it.
    """
    found = [rollout_of(outcome.site.occurrence, environments) for outcome in tag.sites if isinstance(outcome, Change)]
    return in_order(found)


def rollout_of(occurrence: Occurrence, environments: Sequence[tuple[str, str]] = ()) -> Rollout:
    """Return where the digest of one place rolls out to; see ``rollouts``."""
    owner = occurrence.owner
    return Rollout(
        occurrence.file,
        occurrence.line,
        owner.kind,
        occurrence.namespace or owner.namespace,
        owner.name,
        owner.container or None,
        environment(occurrence.file, environments),
    )


def in_order(found: Iterable[Rollout]) -> tuple[Rollout, ...]:
    """Sort places by file and line."""
    return tuple(sorted(found, key=_order))


def environment(path: str, environments: Sequence[tuple[str, str]] = ()) -> str | None:
    """Return the environment that a file belongs to; ``None`` where neither configuration nor convention names one.

    By convention: the directory below ``environments``, ``envs``, ``overlays``, ``stages`` or ``clusters``, or a
    file ``prod.yaml`` there, or a file ``values-prod.yaml`` anywhere whose word is one that everybody uses.

    Args:
        path: the file, relative to the repository.
        environments: see ``rollouts``.
    """
    for glob, name in environments:
        if matches_any((glob,), path):
            return name
    *directories, file = PurePosixPath(path).parts or ("",)
    for parents in _PARENTS:
        for parent, child in reversed(list(pairwise(directories))):
            if parent.lower() in parents and child.lower() not in _SHARED:
                return child
    stem = _STEM.fullmatch(PurePosixPath(file).stem)
    below = bool(directories) and any(directories[-1].lower() in parents for parents in _PARENTS)
    return stem[1] if stem is not None and (below or _VALUES.match(file)) else None


def _order(rollout: Rollout) -> tuple[str, int, str, str]:
    return rollout.file, rollout.line, rollout.name or "", rollout.container or ""
