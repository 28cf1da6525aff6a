"""The Action's inputs, ``GS_*``: read strictly, and laid over the repository's configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

from gitops_streams.config import Settings
from gitops_streams.errors import UsageError
from gitops_streams.git.identity import Identity
from gitops_streams.plan.shard import Shard
from gitops_streams.review.policy import CommitsBy, Drafts, Grouping

PREFIX = "GS_"
TOKEN = f"{PREFIX}TOKEN"
"""The variable that holds the token; the forge is told to look there."""
BRANCH_TOKEN = f"{PREFIX}BRANCH_TOKEN"
WORKFLOW_TOKEN = f"{PREFIX}WORKFLOW_TOKEN"

_IDENTITY = re.compile(r"(?P<name>[^<>\n\r\0]*[^<>\s\0]) ?<(?P<email>[^<>\s\0]+)>")
_Word = TypeVar("_Word", bound=StrEnum)


class Command(StrEnum):
    """What the Action does."""

    RECONCILE = "reconcile"
    DIFF = "diff"
    CHECK = "check"


class Publish(StrEnum):
    """Where a change goes."""

    PULL_REQUEST = "pull-request"
    PUSH = "push"
    COMMIT = "commit"
    WORKTREE = "worktree"


class FailOn(StrEnum):
    """What fails the step, beside errors."""

    UNRESOLVED = "unresolved"
    """A stream tag has no digest, or a declaration cannot be used: exit code 3."""
    FINDINGS = "findings"
    """``check`` objects to something: exit code 1."""
    CHANGES = "changes"
    """Digests are out of date, or were until this run: exit code 4."""
    CONTRACT = "contract"
    """What a container gets or offers changes, or the images cannot be compared: exit code 1."""
    UNSIGNED = "unsigned"
    """No signature of a new image is known: exit code 1."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs, parsed. ``None`` leaves what the configuration says."""

    command: Command
    publish: Publish
    path: str
    config: str | None
    dry_run: bool
    fail_on: frozenset[FailOn]
    token: str | None = field(repr=False)
    branch_token: str | None = field(repr=False)
    workflow_token: str | None = field(repr=False)
    base: str | None
    shard: Shard | None
    group_by: Grouping | None
    labels: tuple[str, ...]
    assignees: tuple[str, ...]
    reviewers: tuple[str, ...]
    team_reviewers: tuple[str, ...]
    draft: Drafts | None
    auto_merge: bool | None
    commits: CommitsBy | None
    author: Identity | None
    sign_off: bool | None
    registry_auth_file: str | None

    @property
    def by_workflow(self) -> bool:
        """Whether pull requests are opened with the workflow's own token."""
        return self.token is not None and self.token == self.workflow_token

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown."""
        return tuple(dict.fromkeys(filter(None, (self.token, self.branch_token, self.workflow_token))))

    def over(self, settings: Settings) -> Settings:
        """Return the configuration with what the inputs say in its place.

        The token is looked for in ``GS_TOKEN``, unless the configuration names a place of its own.
        """
        publishing = settings.publishing
        pulls, forge, commit = publishing.pull_request, publishing.forge, publishing.commit
        merge = pulls.auto_merge
        commits = self.commits or pulls.commits
        if self.branch_token is not None and commits is CommitsBy.AUTO:
            commits = CommitsBy.GIT  # the API would make commits with the other token
        own_place = forge.token_env or forge.token_file or forge.app
        return replace(
            settings,
            own_publishing=replace(
                publishing,
                pull_request=replace(
                    pulls,
                    base=self.base or pulls.base,
                    grouping=self.group_by or pulls.grouping,
                    labels=self.labels or pulls.labels,
                    assignees=self.assignees or pulls.assignees,
                    reviewers=self.reviewers or pulls.reviewers,
                    team_reviewers=self.team_reviewers or pulls.team_reviewers,
                    drafts=self.draft or pulls.drafts,
                    auto_merge=merge if self.auto_merge is None else replace(merge, enabled=self.auto_merge),
                    commits=commits,
                ),
                forge=forge if own_place or self.token is None else replace(forge, token_env=TOKEN),
                commit=replace(
                    commit,
                    author=self.author or commit.author,
                    sign_off=commit.sign_off if self.sign_off is None else self.sign_off,
                ),
            ).said,
        )


def read(environment: Mapping[str, str]) -> Inputs:
    """Read the inputs.

    Raises:
        UsageError: one of them is not what it may be; the message names it.
    """
    values = {
        name.removeprefix(PREFIX).lower().replace("_", "-"): value
        for name, value in environment.items()
        if name.startswith(PREFIX)
    }

    def text(name: str) -> str | None:
        value = values.get(name, "").strip()
        if any(not character.isprintable() for character in value):
            raise _wrong(name, "it holds characters that cannot be printed, or several lines")
        return value or None

    def lines(name: str) -> tuple[str, ...]:
        found = tuple(filter(None, map(str.strip, values.get(name, "").splitlines())))
        if not all(map(str.isprintable, found)):
            raise _wrong(name, "it holds characters that cannot be printed")
        return tuple(dict.fromkeys(found))

    def word(name: str, words: type[_Word]) -> _Word | None:
        value = text(name)
        return None if value is None else _word(name, value, words)

    def flag(name: str) -> bool | None:
        value = text(name)
        if value not in {None, "true", "false"}:
            raise _wrong(name, "it is true or false")
        return None if value is None else value == "true"

    return Inputs(
        command=word("command", Command) or Command.RECONCILE,
        publish=word("publish", Publish) or Publish.PULL_REQUEST,
        path=text("path") or ".",
        config=text("config"),
        dry_run=flag("dry-run") or False,
        fail_on=frozenset(_word("fail-on", item, FailOn) for item in lines("fail-on")),
        token=text("token"),
        branch_token=text("branch-token"),
        workflow_token=text("workflow-token"),
        base=text("base"),
        shard=_shard(text("shard")),
        group_by=word("group-by", Grouping),
        labels=lines("labels"),
        assignees=lines("assignees"),
        reviewers=lines("reviewers"),
        team_reviewers=lines("team-reviewers"),
        draft=word("draft", Drafts),
        auto_merge=flag("auto-merge"),
        commits=word("commits", CommitsBy),
        author=_identity(text("author")),
        sign_off=flag("sign-off"),
        registry_auth_file=text("registry-auth-file"),
    )


def _word(name: str, value: str, words: type[_Word]) -> _Word:
    try:
        return words(value)
    except ValueError:
        raise _wrong(name, f"it is one of {', '.join(words)}") from None


def _shard(text: str | None) -> Shard | None:
    try:
        return None if text is None else Shard.parse(text)
    except ValueError:
        raise _wrong("shard", "it is INDEX/COUNT, and the index counts from 0: 0/8 to 7/8") from None


def _identity(text: str | None) -> Identity | None:
    if text is None:
        return None
    match = _IDENTITY.fullmatch(text)
    if match is None:
        raise _wrong("author", "it is written Name <address@example.com>")
    return Identity(match["name"].strip(), match["email"])


def _wrong(name: str, reason: str) -> UsageError:
    """Say what is wrong with an input, without its value: that may be a secret in the wrong place."""
    return UsageError(f"the input {name} cannot be used: {reason}", hint="docs/github-action.md lists every input")
