"""Publishes as pull requests, one for each group of stream tags: looks, lets ``review`` decide, and carries it out.

Nothing local changes but Git's objects. Two runs at once, a person's push and a killed run are the same
to it: what is there is looked at, and where the world has moved between looking and doing (a lease that
is lost, a pull request that was closed), it is looked at and decided anew.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gitops_streams.errors import GitopsStreamsError, RepositoryError, UsageError
from gitops_streams.forges.forge import Forge
from gitops_streams.git.authentication import HttpCredential
from gitops_streams.git.commit import NoChange, build_tree
from gitops_streams.git.push import find_remote
from gitops_streams.git.remote import Remote, missing, open_remote
from gitops_streams.git.repository import Branch, Repository
from gitops_streams.publish.authorship import Authorship, settle_authorship
from gitops_streams.publish.group_pull import GroupPull
from gitops_streams.publish.proposal import Proposal, Propose, PullRequestOptions
from gitops_streams.publish.run import Run
from gitops_streams.render.report import PullResult
from gitops_streams.review.branches import prefix_of
from gitops_streams.review.lifecycle import Decision, Desired, Group, PullOutcome
from gitops_streams.review.marker import Marker, read
from gitops_streams.review.pull_request import PullRequest
from gitops_streams.review.superseded import superseded

_FETCHES = 3


@dataclass(frozen=True, slots=True)
class PullRequestsPublished:
    """What became of every group."""

    base: str
    base_sha: str
    remote: str
    results: tuple[PullResult, ...]
    files: tuple[str, ...]
    """The files that the pull requests which were opened or updated change."""


def publish_pull_requests(
    repository: Repository,
    propose: Propose,
    forge: Forge,
    options: PullRequestOptions,
    credential: HttpCredential | None = None,
) -> PullRequestsPublished:
    """Plan on the base branch as the remote has it, and bring its pull requests in step.

    A group that fails does not stop the others: its result says why.

    Args:
        repository: a clone; neither its work tree nor its refs are touched.
        propose: plans on the base's commit.
        forge: where the pull requests are.
        options: how they are made.
        credential: for the remote, if that is on the forge's own host; ``None``: as git is set up.

    Raises:
        UsageError: no base is known, or a group that is named does not exist.
        RepositoryError: the base is gone, or a branch stands where ours have to be.
        PushRejected: the remote cannot be reached.
        ForgeError: the forge cannot be used at all: every group failed, and this is what the first said.
    """
    commands = repository.commands()
    base = base_branch(repository, options)
    remote = open_remote(commands, find_remote(commands, base, options.remote or None), credential)
    with tempfile.TemporaryDirectory(prefix="gitops-streams-") as folder:
        publication = _Publication(repository, forge, options, remote, base, Path(folder))
        return publication.publish(propose)


def base_branch(repository: Repository, options: PullRequestOptions) -> str:
    """Return the branch that pull requests go to.

    Raises:
        UsageError: none is named, and none is checked out.
    """
    named = options.base or options.policy.base
    if named is not None:
        done = repository.commands().attempt("check-ref-format", "--branch", named)
        if named.startswith("-") or done.status != 0 or done.line != named:
            raise UsageError(f"{named!r} is not a branch name", hint="git help check-ref-format gives the rules")
        return named
    match repository.head():
        case Branch(name=name):
            return name
        case _:
            raise UsageError(
                "HEAD is detached, so nothing says where pull requests go",
                hint="name the branch by --base, or by pullRequest.base in .gitops-streams/config.yaml",
            )


class _Publication:
    """One run."""

    def __init__(
        self,
        repository: Repository,
        forge: Forge,
        options: PullRequestOptions,
        remote: Remote,
        base: str,
        scratch: Path,
    ) -> None:
        self.repository = repository
        self.forge = forge
        self.options = options
        self.remote = remote
        self.base = base
        self.scratch = scratch
        self.prefix = prefix_of(options.policy.branch_prefix, base)

    def publish(self, propose: Propose) -> PullRequestsPublished:
        """Do all of it."""
        heads = self.look()
        base_sha = heads[self.base]
        proposals = propose(self.base, self.repository.at(base_sha))
        chosen = self.chosen(proposals)
        self.refuse_conflicts(heads, [proposal.group for proposal in chosen])
        opened = {pull.number: pull for pull in self.forge.open_with_prefix(self.prefix)}
        run = Run(
            forge=self.forge,
            remote=self.remote,
            scratch=self.scratch,
            base=self.base,
            base_sha=base_sha,
            options=self.options,
            authorship=self.authorship(),
            heads=heads,
            open_pulls=opened,
        )
        results = []
        errors: list[GitopsStreamsError] = []
        for proposal in chosen:
            result = self.settle(run, proposal, errors)
            results.append((proposal, result))
        if errors and len(errors) == len(chosen):
            raise errors[0]
        written = {PullOutcome.CREATED, PullOutcome.UPDATED}
        files = {edit.path for proposal, result in results if result.outcome in written for edit in proposal.edits}
        pruned = [] if self.options.groups else self.prune(run, proposals, tuple(opened.values()))
        return PullRequestsPublished(
            self.base,
            base_sha,
            self.remote.name,
            (*(result for _, result in results), *pruned),
            tuple(sorted(files)),
        )

    def look(self) -> dict[str, str]:
        """Ask where the base and our branches are, and see that their commits are here."""
        steps = self.prefix.rstrip("/").split("/")
        above = ["/".join(steps[: number + 1]) for number in range(len(steps))]
        for _ in range(_FETCHES):
            heads = self.remote.heads(self.base, f"{self.prefix}*", *above)
            if self.base not in heads:
                raise RepositoryError(
                    f"{self.remote.name} has no branch {self.base} that pull requests could go to",
                    hint="name another one by --base, or push it first",
                )
            mine = {name: commit for name, commit in heads.items() if name == self.base or self.is_ours(name)}
            if self.remote.fetch(missing(self.remote.commands, mine)) and not missing(self.remote.commands, mine):
                return heads
        raise RepositoryError(
            f"branches of {self.remote.name} keep moving while they are fetched", hint="run again when it is quieter"
        )

    def is_ours(self, branch: str) -> bool:
        """Whether a branch has a name of ours, for this base."""
        return branch.startswith(self.prefix)

    def is_ours_to_do(self, group: str) -> bool:
        """Whether a group is this run's, and no other shard's."""
        return self.options.shard is None or self.options.shard.holds(group)

    def refuse_conflicts(self, heads: dict[str, str], groups: Sequence[Group]) -> None:
        """Refuse branches that stand where ours need a directory, or below ours: Git cannot have both."""
        for group in groups:
            for name in heads:
                if group.branch.startswith(f"{name}/") or name.startswith(f"{group.branch}/"):
                    raise RepositoryError(
                        f"{self.remote.name} has a branch {name}, so it cannot have {group.branch}",
                        hint="rename or delete it, or set pullRequest.branchPrefix in .gitops-streams/config.yaml",
                    )

    def chosen(self, proposals: Sequence[Proposal]) -> list[Proposal]:
        """Return the proposals of the groups that are asked for."""
        if not self.options.groups:
            return [proposal for proposal in proposals if self.is_ours_to_do(proposal.group.name)]
        by_name = {proposal.group.name: proposal for proposal in proposals}
        unknown = [name for name in self.options.groups if name not in by_name]
        if unknown:
            raise UsageError(f"there is no group {unknown[0]!r}", hint=f"groups here: {', '.join(sorted(by_name))}")
        return [by_name[name] for name in dict.fromkeys(self.options.groups) if self.is_ours_to_do(name)]

    def authorship(self) -> Authorship:
        """Settle who commits."""
        return settle_authorship(self.remote.commands, self.forge, self.options)

    def settle(self, run: Run, proposal: Proposal, errors: list[GitopsStreamsError]) -> PullResult:
        """Bring one group in step; what ends it is collected."""
        group = GroupPull(run, proposal.group)
        try:
            built = build_tree(run.remote.commands, run.scratch, self.repository.at(run.base_sha), proposal.edits)
            tree = None if isinstance(built, NoChange) else built.tree
            desired = Desired(proposal.group, run.base, run.base_sha, proposal.fingerprint, tree)
            return group.settle(desired, proposal, None if isinstance(built, NoChange) else built)
        except GitopsStreamsError as error:
            errors.append(error)
            return group.result(PullOutcome.FAILED, error.message if error.hint is None else _both(error))

    def prune(self, run: Run, proposals: Sequence[Proposal], pulls: Sequence[PullRequest]) -> list[PullResult]:
        """Look after pull requests whose group is gone."""
        known = {proposal.group.branch for proposal in proposals}
        if all(pull.head in known for pull in pulls):
            return []
        results = []
        decided = superseded(known, pulls, self.options.policy, self.forge.account(), self.base)
        for decision in decided:
            pull = next(pull for pull in pulls if pull.number == decision.pull)
            marker = read(pull.body)
            name = marker.group if isinstance(marker, Marker) else pull.head
            if not self.is_ours_to_do(name):
                continue
            results.append(self.prune_one(GroupPull(run, Group(name, pull.head)), decision, pull))
        return results

    def prune_one(self, group: GroupPull, decision: Decision, pull: PullRequest) -> PullResult:
        """Carry out what was decided about one of them."""
        try:
            return group.finish(decision, pull)
        except GitopsStreamsError as error:
            return replace(group.result(PullOutcome.FAILED, _both(error)), number=pull.number, url=pull.url)


def _both(error: GitopsStreamsError) -> str:
    return error.message if error.hint is None else f"{error.message} ({error.hint})"
