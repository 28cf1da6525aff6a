"""Where a new digest will roll out: the workloads and environments behind the sites that change."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_streams.plan.model import TagPlan
from gitops_streams.review.report import Rollout


def rollouts(tag: TagPlan, environments: Sequence[tuple[str, str]] = ()) -> tuple[Rollout, ...]:
    """List the changed sites of a stream tag, in the order of files and lines.

    Args:
        tag: the stream tag.
        environments: pairs of a glob over file paths and an environment's name; the first that matches names it.
    """
    raise NotImplementedError
