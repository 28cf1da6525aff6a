"""Writes a pull request that is there: what it is given beside its text, and last its title and body where they differ.

The text counts; all else is best effort, and what a forge refuses becomes a warning. The text comes last since it
tells the next run that nothing is left to do: one that is opened says ``UNFINISHED`` until it has been given all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gitops_streams.errors import ForgeError
from gitops_streams.forges.forge import AutoMerging, Forge, Merged, NotAutoMerging
from gitops_streams.publish.proposal import Text
from gitops_streams.publish.run import Run
from gitops_streams.render.pull_request import same_body
from gitops_streams.review.marker import Marker, read
from gitops_streams.review.pull_request import (
    CommitStatus,
    Decorations,
    PullPatch,
    PullRequest,
    PullState,
    StatusState,
)

UNFINISHED = "0" * 40
"""In the place of the commit that a text is about: it was opened, and not yet given what it shall have."""
_NOTHING = Decorations()
_STATUS = "gitops-streams/verify"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is known of the pull request beside its text."""

    head: str | None
    """The commit that its branch has; a forge may learn of a push later than we do."""
    draft: bool | None
    """Whether it becomes a draft; ``None`` leaves that as it is."""


@dataclass(frozen=True, slots=True)
class WrittenPull:
    """The pull request as it is now."""

    pull: PullRequest
    warnings: tuple[str, ...]


def write_pull(run: Run, pull: PullRequest, text: Text, wanted: Wanted) -> WrittenPull:
    """Bring a pull request in step with its text.

    Raises:
        ForgeError: the text could not be written, or auto-merge could not be taken back.
    """
    forge = run.forge
    draft = wanted.draft if wanted.draft != pull.draft and forge.capabilities.drafts else None
    pull = replace(pull, head_sha=wanted.head or pull.head_sha)
    warnings = _decorate(run, pull)
    if run.options.policy.status and forge.capabilities.statuses:
        status = CommitStatus(_STATUS, StatusState.SUCCESS, text.summary, pull.url)
        warnings += tried(lambda: forge.set_status(pull.head_sha, status))
    merging = _auto_merge(run, pull, text, draft=draft or pull.draft)
    changes = PullPatch(
        title=text.title if pull.title != text.title else None,
        body=text.body if not same_body(pull.body, text.body) else None,
        draft=draft,
    )
    if changes != PullPatch():
        forge.update(pull.number, changes)
    return WrittenPull(merging.pull, (*warnings, *merging.warnings))


def gives_something(run: Run) -> bool:
    """Whether a new pull request is given anything beside its text."""
    policy = run.options.policy
    return policy.status or policy.auto_merge.enabled or _wanted(run, first=True) != _NOTHING


def decorate(forge: Forge, pull: PullRequest, wanted: Decorations) -> tuple[str, ...]:
    """Give a pull request what is wanted, and return a warning for all that could not be given."""
    given: list[str] = []
    refused = tried(lambda: given.extend(forge.decorate(pull, wanted)))
    return (*given, *refused)


def _decorate(run: Run, pull: PullRequest) -> tuple[str, ...]:
    marker = read(pull.body)
    first = isinstance(marker, Marker) and marker.head == UNFINISHED
    wanted = _wanted(run, first=first)
    wanted = replace(wanted, labels=tuple(label for label in wanted.labels if label not in pull.labels))
    if wanted == _NOTHING:
        return ()
    return decorate(run.forge, pull, replace(wanted, create_labels=run.options.policy.create_labels))


def _wanted(run: Run, *, first: bool) -> Decorations:
    """Return what the policy gives; people are asked and a milestone is set once, since they may decide otherwise."""
    policy, capabilities = run.options.policy, run.forge.capabilities
    labels = policy.labels if capabilities.labels else ()
    if not first:
        return Decorations(labels=labels)
    return Decorations(
        labels=labels,
        assignees=policy.assignees,
        reviewers=policy.reviewers,
        team_reviewers=policy.team_reviewers if capabilities.team_reviewers else (),
        milestone=policy.milestone if capabilities.milestones else None,
    )


def _auto_merge(run: Run, pull: PullRequest, text: Text, *, draft: bool) -> WrittenPull:
    policy, forge = run.options.policy.auto_merge, run.forge
    if text.alarming:
        if pull.auto_merge:
            forge.disable_auto_merge(pull)
            pull = replace(pull, auto_merge=False)
        left_off = "auto-merge is left off: a change needs a person's attention"
        return WrittenPull(pull, (left_off,) if policy.enabled else ())
    if not policy.enabled or draft or not forge.capabilities.auto_merge:
        return WrittenPull(pull, ())
    try:
        took = forge.enable_auto_merge(
            pull, policy.method, delete_branch=run.options.policy.delete_branch, fallback_merge=policy.fallback_merge
        )
    except ForgeError as error:
        return WrittenPull(pull, (_warning(error),))
    match took:
        case NotAutoMerging(reason=reason):
            return WrittenPull(pull, (f"auto-merge: {reason}",))
        case AutoMerging():
            return WrittenPull(replace(pull, auto_merge=True), ())
        case Merged():
            run.open_pulls.pop(pull.number, None)
            return WrittenPull(replace(pull, state=PullState.MERGED), ())


def tried(act: Callable[[], object]) -> tuple[str, ...]:
    """Do what is best effort, and return what kept it from being done."""
    try:
        act()
    except ForgeError as error:
        return (_warning(error),)
    return ()


def _warning(error: ForgeError) -> str:
    return error.message if error.hint is None else f"{error.message} ({error.hint})"
