"""One visit to a repository: has anything changed? Then read its configuration, plan, and publish.

Nothing has where the branch is where it was and no registry has said anything else: that costs one question to the
remote. What is remembered between visits may be lost at any time, and then the next visit does the whole work.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain

from gitops_streams.git.repository import Repository as GitRepository
from gitops_streams.git.snapshot import Snapshot
from gitops_streams.oci.reference import Repository
from gitops_streams.oci.resolution import Question
from gitops_streams.plan.asked import Asked as AskedTag
from gitops_streams.plan.model import Held, Outcome, Plan
from gitops_streams.reconcile.commits import Order, reconcile
from gitops_streams.reconcile.one_pass import Pass
from gitops_streams.reconcile.pull_requests import Wanted, reconcile_pull_requests
from gitops_streams.reconcile.scope import Scope
from gitops_streams.reconcile.workspace import Workspace, settings_in
from gitops_streams.render.report import PullResult, Report
from gitops_streams.review.lifecycle import PullOutcome
from gitops_streams.serve.answers import Answers
from gitops_streams.serve.clone_location import clone_location
from gitops_streams.serve.freshness import PublishedFresh, Watch, publish_fresh
from gitops_streams.serve.known_answers import Asked
from gitops_streams.serve.overview import History
from gitops_streams.serve.place import Place
from gitops_streams.serve.pool import Pool
from gitops_streams.serve.recorded import recorded_history
from gitops_streams.serve.view import View
from gitops_streams.streams.model import TagKey

Pushed = tuple[Repository, str]
"""A repository and a tag that a registry told of."""
Source = tuple[Repository, str | None]
"""What a stream tag follows; ``None``: any tag of the repository, which a policy chooses from."""
_OPEN = frozenset({PullOutcome.CREATED, PullOutcome.UPDATED, PullOutcome.UNCHANGED, PullOutcome.BLOCKED})


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of the last pass over a repository."""

    commit: str | None
    """What the pass was planned on; ``None``: the work tree, of which nobody knows whether it has changed."""
    published: str | None
    """The commit that the pass made of it."""
    branch: str
    locations: tuple[str, ...]
    """Where the repository is, as ``clone_location`` writes it."""
    answers: Answers
    used: Mapping[Asked, int]
    """The questions of the pass, each with the version of the answer that it was given."""
    sources: Mapping[TagKey, Source]
    """What the stream tags in use follow."""
    questions: Mapping[TagKey, Question]
    """Those of them that a registry was asked about."""
    settled: bool
    """Whether a next pass would find nothing else as long as nobody says anything new: no gate waits for a time to
    come, no pull request is open, nothing failed."""

    opens: datetime | None
    """When the first of the gates opens that say themselves when they do."""

    @property
    def outdated(self) -> bool:
        """Whether a registry has said something else since."""
        return any(self.answers.version(question) != version for question, version in self.used.items())


@dataclass(frozen=True, slots=True)
class Passed:
    """A visit that planned, and published what there was."""

    memory: Memory
    report: Report
    found: Pass
    history: History


@dataclass(frozen=True, slots=True)
class Idle:
    """A visit that found nothing new."""

    memory: Memory


def visit(place: Place, memory: Memory | None, pool: Pool, pushed: Collection[Pushed] = frozenset()) -> Passed | Idle:
    """Visit a repository.

    Args:
        place: the repository.
        memory: of the last pass; ``None``: there was none.
        pool: asks the registries.
        pushed: what registries told of, which stream tags follow that are not resolved by themselves.

    Raises:
        GitopsStreamsError: nothing could be planned or published; the next visit tries again.
    """
    mode = place.served.publish
    with place.open() as repository:
        branch = place.branch(repository, place.served.branch or (memory.branch if memory else None))
        remote = place.remote(repository, branch) if mode in {"push", "pull-request"} else None
        head = None if mode == "worktree" else place.head(repository, branch, remote)
        if memory is not None and _is_idle(memory, head, branch, pushed):
            return Idle(memory)
        if remote is not None:
            head = place.bring(repository, branch, remote)
        snapshot = repository.work_tree() if mode == "worktree" else repository.at(head or branch)
        workspace = Workspace(repository, settings_in(snapshot, repository.root or repository.git_dir))
        answers = pool.of(workspace.settings.registry)
        known = memory is not None and head is not None and head in {memory.commit, memory.published}
        target = _Target(place, workspace, branch, remote, answers, pushed)
        done = publish_fresh(target, answers, head, since=float("-inf") if known else None)
        return Passed(
            _remembered(place, repository, branch, done, answers),
            done.report,
            done.found,
            _history(repository, snapshot, done.found),
        )


def open_pulls(pulls: Iterable[PullResult]) -> list[PullResult]:
    """Return the pull requests that are open."""
    return [pull for pull in pulls if pull.number is not None and pull.outcome in _OPEN]


@dataclass(frozen=True, slots=True)
class _Target:
    """One branch of one repository, and how it is published to."""

    place: Place
    workspace: Workspace
    branch: str
    remote: str | None
    answers: Answers
    pushed: Collection[Pushed]

    def bring(self, head: str | None) -> str | None:
        """Fetch what the branch has now; where there is no remote, planning reads the branch itself."""
        return head if self.remote is None else self.place.bring(self.workspace.repository, self.branch, self.remote)

    def publish(self, head: str | None, client: View, watch: Watch) -> Report:
        """Plan on a commit, and publish."""
        mode = self.place.served.publish
        scope = Scope(shard=self.place.shard, pushed=self.pushed, now=datetime.fromtimestamp(self.answers.now, tz=UTC))
        if mode == "pull-request":
            wanted = Wanted(self.branch, self.remote, scope=scope)
            return reconcile_pull_requests(self.workspace, client, wanted, watch=watch)
        order = Order(mode, scope=scope)
        if mode != "worktree":
            base = head if self.remote is not None else None
            order = replace(order, branch=self.branch, remote=self.remote, base=base)
        return reconcile(self.workspace, client, order, watch=watch)


def _is_idle(memory: Memory, head: str | None, branch: str, pushed: Collection[Pushed]) -> bool:
    same = head is not None and (head, branch) == (memory.commit, memory.branch)
    return same and memory.settled and not pushed and not memory.outdated


def _remembered(place: Place, repository: GitRepository, branch: str, done: PublishedFresh, answers: Answers) -> Memory:
    report, found = done.report, done.found
    pulls = report.published.pulls if report.published is not None else ()
    failed = any(pull.outcome is PullOutcome.FAILED for pull in pulls)
    locations = (clone_location(url) for url in place.urls(repository, branch))
    return Memory(
        # After a commit of ours the branch is elsewhere, so the next visit plans again and finds what is recorded.
        commit=done.head,
        published=report.published.commit if report.published is not None else None,
        branch=branch,
        locations=tuple(location for location in locations if location is not None),
        answers=answers,
        used=done.used,
        sources={item.key: source for item in found.asked if (source := _source(item)) is not None},
        questions={item.key: item.question for item in found.asked if isinstance(item.question, Question)},
        settled=_is_settled(report.plan) and not open_pulls(pulls) and not failed,
        opens=_opens(report.plan),
    )


def _source(item: AskedTag) -> Source | None:
    image = item.image
    if image is None or (image.reference.digest is not None and not image.by_policy):
        return None
    return image.reference.repository, None if image.by_policy else image.tag or "latest"


def _is_settled(plan: Plan) -> bool:
    """Whether time alone changes nothing."""
    for tag in plan.tags:
        waits = tag.holding is not None and (not tag.holding.enforced or tag.holding.until is not None)
        if tag.outcome is Outcome.FAILED or waits or any(isinstance(site, Held) for site in tag.sites):
            return False
    return True


def _opens(plan: Plan) -> datetime | None:
    """Return when the first gate opens by itself."""
    tags = (tag.holding.until for tag in plan.tags if tag.holding is not None)
    sites = (site.until for tag in plan.tags for site in tag.sites if isinstance(site, Held))
    return min((until for until in chain(tags, sites) if until is not None), default=None)


def _history(repository: GitRepository, snapshot: Snapshot, found: Pass) -> History:
    commit = snapshot.commit or repository.head().commit
    return recorded_history(repository, commit, found.catalog.tags, found.history)
