"""Assemble the review of a group: which images have to be inspected, and what their comparison says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitops_streams.oci.image import ImagePair, InspectedPair
from gitops_streams.plan.model import Plan
from gitops_streams.review.policy import ReviewPolicy
from gitops_streams.review.report import Review, RunInfo
from gitops_streams.streams.model import Catalog
from gitops_streams.streams.status import EMPTY, History


def to_inspect(plan: Plan, catalog: Catalog, history: History = EMPTY) -> tuple[ImagePair, ...]:
    """List the images of the stream tags that move, each pair once, in the order of the plan.

    Args:
        plan: the whole plan, or one group's.
        catalog: the declarations.
        history: what was recorded before; of several old digests that are as frequent, the newest is compared.
    """
    raise NotImplementedError


def assemble(  # noqa: PLR0913  the inputs of a review, by name
    group: str,
    plan: Plan,
    catalog: Catalog,
    history: History,
    inspected: Mapping[ImagePair, InspectedPair],
    *,
    policy: ReviewPolicy,
    base: str,
    base_sha: str,
    files: Sequence[str],
    run: RunInfo,
) -> Review:
    """Assemble the review of one group.

    Args:
        group: the group's name.
        plan: the plan, narrowed to the group.
        catalog: the declarations.
        history: what was recorded before this run.
        inspected: what was learnt about the pairs of ``to_inspect``; one that is missing was not inspected.
        policy: what a review shows.
        base: the branch that the change goes to.
        base_sha: its commit.
        files: every path that the commit changes, status files included.
        run: for the footer.
    """
    raise NotImplementedError
