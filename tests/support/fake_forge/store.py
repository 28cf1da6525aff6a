"""What a forge remembers: repositories on disk, pull requests whose heads follow real branches, labels, statuses.

Every dialect reads and writes this one store. It decides what happens to a pull request when branches
move, and when it may be merged; how that is asked for and told is the dialects' business.
"""

from __future__ import annotations

import fnmatch
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from fake_forge.accounts import Account, Token
from fake_forge.bare import ZERO, BareRepository, Identity, MergeConflict, RefMoved, RefUpdate

_START = int(datetime(2026, 11, 20, 8, tzinfo=UTC).timestamp())
_TASK = re.compile(r"^(\s*[-*] )\[ \](.*rebuil[dt].*)$", re.IGNORECASE | re.MULTILINE)


class Kind(StrEnum):
    """The forges that are imitated."""

    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"
    BITBUCKET_CLOUD = "bitbucket-cloud"
    BITBUCKET_DATA_CENTER = "bitbucket-data-center"
    AZURE_DEVOPS = "azure-devops"


class Mergeability(StrEnum):
    """Whether a pull request can be merged: GitHub's ``mergeable_state``."""

    CLEAN = "clean"
    UNSTABLE = "unstable"
    BLOCKED = "blocked"
    DIRTY = "dirty"
    DRAFT = "draft"


class NotMergeable(Exception):
    """A merge was refused; its text says why."""


@dataclass(eq=False, slots=True)
class Label:
    """A label of a repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str = ""


@dataclass(eq=False, slots=True)
class Milestone:
    """A milestone of a repository."""

    number: int
    title: str
    state: str = "open"


@dataclass(eq=False, slots=True)
class Comment:
    """A comment on a pull request."""

    id: int
    author: Account
    body: str
    created: int
    updated: int


@dataclass(frozen=True, slots=True)
class Status:
    """A status that somebody set on a commit."""

    id: int
    context: str
    state: str
    """``success``, ``failure``, ``pending`` or ``error``."""
    description: str
    url: str | None
    creator: Account
    created: int


@dataclass(frozen=True, slots=True)
class Protection:
    """What is asked of the branches whose names match."""

    pattern: str
    """Shell style: ``main``, ``gitops-streams/*``."""
    pull_request_required: bool = False
    """Nobody pushes; changes come by pull requests."""
    force_pushes: bool = False
    deletions: bool = False
    creations: bool = True
    required_statuses: tuple[str, ...] = ()
    required_approvals: int = 0
    ruleset: bool = False
    """Whether it is one of GitHub's newer rulesets, which word their refusals differently."""
    bypass: frozenset[str] = frozenset()
    """Logins to which it does not apply."""


@dataclass(frozen=True, slots=True)
class AutoMerge:
    """A merge that was ordered in advance."""

    method: str
    by: Account
    delete_branch: bool = False
    message: str | None = None


@dataclass(eq=False, slots=True)
class Pull:
    """A pull request. ``head_sha`` follows its branch while it is open."""

    repository: Repository
    number: int
    title: str
    body: str
    base: str
    head: str
    head_repository: Repository
    author: Account
    base_sha: str
    head_sha: str
    created: int
    updated: int
    draft: bool = False
    state: str = "open"
    """``open`` or ``closed``."""
    merged: bool = False
    merge_sha: str | None = None
    labels: list[Label] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    reviewers: list[Account] = field(default_factory=list)
    team_reviewers: list[str] = field(default_factory=list)
    milestone: Milestone | None = None
    comments: list[Comment] = field(default_factory=list)
    approvals: set[str] = field(default_factory=set)
    auto_merge: AutoMerge | None = None
    head_history: list[str] = field(default_factory=list)
    """Every head that it had while it was open, oldest first."""
    events: list[str] = field(default_factory=list)
    """What happened to it: ``closed by alice``, ``head force-pushed``."""
    version: int = 0
    """Counts its changes, as Bitbucket Data Center wants to be told."""
    lists_to_miss: int = 0
    """From how many more lists it is absent (eventual consistency)."""
    maintainer_can_modify: bool = True
    delete_branch_on_merge: bool = False
    settled_at: tuple[str | None, str | None] | None = None
    """The heads of both branches when it was last looked at whether they end it."""
    head_forced: bool = False
    """Whether its branch was force-pushed or deleted since it was closed, so that it cannot be reopened."""

    @property
    def label_names(self) -> set[str]:
        """The names of its labels."""
        return {label.name for label in self.labels}

    @property
    def node_id(self) -> str:
        """GitHub's global id."""
        return f"PR_kwDO{self.repository.id:06d}{self.number:06d}"

    @property
    def is_open(self) -> bool:
        """Whether it is neither merged nor closed."""
        return self.state == "open"

    def touch(self, event: str | None = None) -> None:
        """Note that it changed."""
        self.updated = self.repository.store.now()
        self.version += 1
        if event:
            self.events.append(event)

    # What people do. Each takes the store's lock, so that tests may call it while clients are at work.

    def merge(self, method: str = "merge", *, by: str = "alice", delete_branch: bool = False) -> str:
        """Merge as a person with every right does; return the merge's commit."""
        with self.repository.store.lock:
            account = self.repository.store.account(by)
            return self.repository.merge(self, method, account, force=True, delete_branch=delete_branch)

    def close_by(self, login: str) -> None:
        """Close without merging."""
        with self.repository.store.lock:
            self.repository.sync()
            self.close(f"closed by {login}")

    def reopen_by(self, login: str) -> None:
        """Open again."""
        with self.repository.store.lock:
            self.state, self.settled_at = "open", None
            self.touch(f"reopened by {login}")
            self.repository.sync()

    def tick_rebuild(self) -> None:
        """Tick the task of the body, or else of a comment, that speaks of rebuilding.

        Raises:
            AssertionError: nothing to tick is there.
        """
        with self.repository.store.lock:
            ticked, count = _TASK.subn(r"\1[x]\2", self.body, count=1)
            if count:
                self.body = ticked
            for comment in () if count else self.comments:
                comment.body, count = _TASK.subn(r"\1[x]\2", comment.body, count=1)
                if count:
                    comment.updated = self.repository.store.now()
                    break
            assert count, f"nothing to tick in {self.body!r}"
            self.touch("task ticked")

    def retarget(self, base: str) -> None:
        """Send it to another branch."""
        with self.repository.store.lock:
            self.base, self.settled_at = base, None
            self.touch(f"base changed to {base}")
            self.repository.sync()

    def edit(self, *, title: str | None = None, body: str | None = None) -> None:
        """Rewrite its title or body."""
        with self.repository.store.lock:
            self.title = self.title if title is None else title
            self.body = self.body if body is None else body
            self.touch("edited")

    def add_label(self, name: str) -> None:
        """Give it a label, which is made if the repository has none of the name."""
        with self.repository.store.lock:
            label = self.repository.label(name) or self.repository.create_label(name)
            if label not in self.labels:
                self.labels.append(label)
                self.touch(f"labelled {name}")

    def remove_label(self, name: str) -> None:
        """Take a label away."""
        with self.repository.store.lock:
            self.labels = [label for label in self.labels if label.name != name]
            self.touch(f"unlabelled {name}")

    def approve(self, login: str) -> None:
        """Approve the head as it is."""
        with self.repository.store.lock:
            self.approvals.add(login)
            self.touch(f"approved by {login}")
            self.repository.sync()

    def comment(self, body: str, *, by: str = "alice") -> Comment:
        """Comment."""
        with self.repository.store.lock:
            return self.add_comment(self.repository.store.account(by), body)

    def update_branch(self) -> str:
        """Merge the base into the branch, as the button "Update branch" does; return the new head."""
        with self.repository.store.lock:
            repository, store = self.head_repository, self.repository.store
            self.repository.sync()
            base = self.repository.git.branch(self.base)
            assert base is not None
            tree = repository.git.merged_tree(self.head_sha, base)
            author = Identity("Alice", "alice@acme.example", store.now())
            web_flow = Identity("GitHub", "noreply@github.com", author.when)
            message = f"Merge branch '{self.base}' into {self.head}"
            sha = repository.git.commit_tree(tree, [self.head_sha, base], message, author, web_flow)
            repository.git.update_refs([RefUpdate(f"refs/heads/{self.head}", sha, self.head_sha)])
            self.repository.sync()
            return sha

    # What dialects do, with the lock held.

    def add_comment(self, author: Account, body: str) -> Comment:
        """Add a comment."""
        now = self.repository.store.now()
        comment = Comment(self.repository.store.next_id(), author, body, now, now)
        self.comments.append(comment)
        self.touch("commented")
        return comment

    def close(self, event: str) -> None:
        """Close without merging."""
        self.state = "closed"
        self.auto_merge = None
        self.touch(event)


class Repository:
    """A repository of the forge: its objects on disk, and everything beside them."""

    def __init__(
        self, store: Store, full_name: str, kind: Kind, owner: Account, *, private: bool, git: BareRepository
    ) -> None:
        self.store = store
        self.id = store.next_id()
        self.full_name = full_name
        self.kind = kind
        self.owner = owner
        self.private = private
        self.git = git
        self.default_branch = "main"
        self.archived = False
        self.auto_merge_allowed = True
        self.delete_branch_on_merge = False
        self.actions_may_create_pulls = True
        self.parent: Repository | None = None
        self.pulls: list[Pull] = []
        self.labels: list[Label] = []
        self.milestones: list[Milestone] = []
        self.teams: set[str] = set()
        self.collaborators: set[str] = set()
        """Who can be asked to review; empty: every account."""
        self.statuses: dict[str, list[Status]] = {}
        self.protections: list[Protection] = []
        self.dispatches: list[dict[str, object]] = []
        self.verified: set[str] = set()
        """Commits that the forge signed."""
        self.pipelines: dict[str, str] = {}
        """GitLab: the state of the pipeline of a commit; absent: none."""

    def __repr__(self) -> str:
        return f"Repository({self.full_name!r}, {self.kind.value})"

    @property
    def name(self) -> str:
        """The last part of its full name."""
        return self.full_name.rpartition("/")[2]

    @property
    def namespace(self) -> str:
        """Its full name without the last part."""
        return self.full_name.rpartition("/")[0]

    @property
    def clone_url(self) -> str:
        """Where Git reaches it, without credentials."""
        path = {
            Kind.BITBUCKET_DATA_CENTER: f"scm/{self.full_name}.git",
            Kind.AZURE_DEVOPS: f"{self.namespace}/_git/{self.name}",
        }.get(self.kind, f"{self.full_name}.git")
        return f"{self.store.url}/{path}"

    @property
    def open_pulls(self) -> list[Pull]:
        """The pull requests that are open, oldest first."""
        return [pull for pull in self.pulls if pull.is_open]

    def pull(self, number: int) -> Pull:
        """Return a pull request, with its head as the branch is now."""
        with self.store.lock:
            self.sync()
            return next(pull for pull in self.pulls if pull.number == number)

    # What people do

    def human_push(
        self,
        branch: str,
        files: Mapping[str, bytes | None],
        *,
        author: str = "Alice <alice@acme.example>",
        message: str = "Change by hand",
        start: str | None = None,
    ) -> str:
        """Commit on top of a branch and push it past every rule.

        Args:
            branch: the branch; made from ``start`` where it is absent.
            files: what to write; ``None`` removes.
            author: ``Name <email>``, the committer too.
            message: the commit message.
            start: the branch or commit to build on; the default is the branch itself, else the default branch.
                Naming one replaces the branch.

        Returns:
            The new head.
        """
        with self.store.lock:
            git = self.git
            old = git.branch(branch)
            parent = self._commit_of(start) if start else old or git.branch(self.default_branch)
            entries = [
                ("100644", path, None if content is None else git.write_blob(content))
                for path, content in files.items()
            ]
            tree = git.write_tree(git.commit(parent).tree if parent else None, entries)
            identity = Identity.parse(author, self.store.now())
            sha = git.commit_tree(tree, [parent] if parent else [], message, identity)
            git.update_refs([RefUpdate(f"refs/heads/{branch}", sha, old or ZERO)])
            self.sync()
            return sha

    def set_branch(self, branch: str, commit: str) -> None:
        """Put a branch on a commit (or another branch's head), wherever it was."""
        with self.store.lock:
            self.git.update_refs([RefUpdate(f"refs/heads/{branch}", self._commit_of(commit))])
            self.sync()

    def delete_branch(self, branch: str) -> None:
        """Delete a branch; what becomes of its pull requests is up to the forge's kind."""
        with self.store.lock:
            self.git.update_refs([RefUpdate(f"refs/heads/{branch}", ZERO)])
            self.sync()

    def protect(self, pattern: str, **rules: object) -> Protection:
        """Protect branches; see ``Protection`` for the rules."""
        with self.store.lock:
            protection = Protection(pattern, **rules)  # type: ignore[arg-type]
            self.protections.append(protection)
            return protection

    def fork(self, owner: str) -> Repository:
        """Copy the repository to another owner."""
        with self.store.lock:
            full_name = f"{owner}/{self.name}"
            git = BareRepository(self.store.path_of(full_name), clone_of=self.git.path)
            fork = Repository(
                self.store, full_name, self.kind, self.store.account(owner), private=self.private, git=git
            )
            fork.parent = self
            fork.default_branch = self.default_branch
            self.store.repositories.append(fork)
            return fork

    def open_pull(
        self,
        head: str,
        base: str = "main",
        *,
        title: str = "By hand",
        body: str = "",
        by: str = "alice",
        head_repository: Repository | None = None,
        draft: bool = False,
    ) -> Pull:
        """Open a pull request as a person does."""
        with self.store.lock:
            source = head_repository or self
            return self.create_pull(title, body, base, head, source, self.store.account(by), draft=draft)

    def rename(self, full_name: str) -> None:
        """Give the repository another name; the old one redirects."""
        with self.store.lock:
            self.store.renamed[self.full_name.lower()] = self
            self.full_name = full_name

    def create_label(self, name: str, color: str = "ededed", description: str = "") -> Label:
        """Add a label."""
        with self.store.lock:
            label = Label(self.store.next_id(), name, color, description)
            self.labels.append(label)
            return label

    def create_milestone(self, title: str) -> Milestone:
        """Add a milestone."""
        with self.store.lock:
            milestone = Milestone(len(self.milestones) + 1, title)
            self.milestones.append(milestone)
            return milestone

    def set_status(self, sha: str, context: str, state: str = "success", *, by: str = "ci") -> Status:
        """Set a status on a commit, which may let an auto-merge go ahead."""
        with self.store.lock:
            return self.add_status(sha, context, state, "", None, self.store.account(by))

    def status(self, sha: str) -> dict[str, Status]:
        """Return the newest status of each context."""
        with self.store.lock:
            return {status.context: status for status in self.statuses.get(sha, [])}

    # What dialects do, with the lock held

    def label(self, name: str) -> Label | None:
        """Find a label by its name, whatever the case, as forges do."""
        return next((label for label in self.labels if label.name.lower() == name.lower()), None)

    def milestone(self, number: int) -> Milestone | None:
        """Find a milestone."""
        return next((milestone for milestone in self.milestones if milestone.number == number), None)

    def add_status(
        self, sha: str, context: str, state: str, description: str, url: str | None, creator: Account
    ) -> Status:
        """Set a status."""
        status = Status(self.store.next_id(), context, state, description, url, creator, self.store.now())
        self.statuses.setdefault(sha, []).append(status)
        self.sync()
        return status

    def create_pull(
        self, title: str, body: str, base: str, head: str, head_repository: Repository, author: Account, *, draft: bool
    ) -> Pull:
        """Open a pull request. The caller has checked that its branches exist and that there is no other."""
        base_sha, head_sha = self.git.branch(base), head_repository.git.branch(head)
        assert base_sha is not None, f"no branch {base}"
        assert head_sha is not None, f"no branch {head}"
        now = self.store.now()
        pull = Pull(
            repository=self,
            number=len(self.pulls) + 1,
            title=title,
            body=body,
            base=base,
            head=head,
            head_repository=head_repository,
            author=author,
            base_sha=base_sha,
            head_sha=head_sha,
            created=now,
            updated=now,
            draft=draft,
            head_history=[head_sha],
            lists_to_miss=self.store.list_lag,
        )
        self.pulls.append(pull)
        self.sync()
        return pull

    def duplicate(self, head_repository: Repository, head: str, base: str) -> Pull | None:
        """Return the open pull request between two branches."""
        for pull in self.open_pulls:
            if (pull.head_repository, pull.head, pull.base) == (head_repository, head, base):
                return pull
        return None

    def protections_of(self, branch: str, login: str | None = None) -> list[Protection]:
        """Return the rules of a branch that apply to an account."""
        return [
            protection
            for protection in self.protections
            if fnmatch.fnmatchcase(branch, protection.pattern) and login not in protection.bypass
        ]

    def comparable(self, pull: Pull) -> tuple[str, str]:
        """Return the commits of base and head, both present in this repository's objects."""
        if pull.head_repository is not self:
            self.git.git("fetch", "--quiet", str(pull.head_repository.git.path), pull.head_sha)
        return self.git.branch(pull.base) or pull.base_sha, pull.head_sha

    def mergeability(self, pull: Pull) -> Mergeability:
        """Say whether a pull request can be merged by someone without special rights."""
        if pull.draft:
            return Mergeability.DRAFT
        base, head = self.comparable(pull)
        try:
            self.git.merged_tree(base, head)
        except MergeConflict:
            return Mergeability.DIRTY
        latest = self.status(head)
        for protection in self.protections_of(pull.base):
            missing = [
                context
                for context in protection.required_statuses
                if context not in latest or latest[context].state != "success"
            ]
            if missing or len(pull.approvals) < protection.required_approvals:
                return Mergeability.BLOCKED
        if self.pipelines.get(head) in {"running", "pending", "failed"}:
            return Mergeability.BLOCKED
        if any(status.state != "success" for status in latest.values()):
            return Mergeability.UNSTABLE
        return Mergeability.CLEAN

    def merge(
        self,
        pull: Pull,
        method: str,
        by: Account,
        *,
        force: bool = False,
        delete_branch: bool = False,
        message: str | None = None,
    ) -> str:
        """Merge: a real merge, squash or rebase in the repository.

        Raises:
            NotMergeable: it is closed, a draft, conflicting, or not everything that is required is there.
        """
        self.sync()
        if not pull.is_open:
            raise NotMergeable("Pull Request is not mergeable")
        state = self.mergeability(pull)
        if state is Mergeability.DIRTY or (not force and state in {Mergeability.DRAFT, Mergeability.BLOCKED}):
            raise NotMergeable(
                {Mergeability.DRAFT: "Pull Request is still a draft"}.get(state, "Pull Request is not mergeable")
            )
        base, head = self.comparable(pull)
        committer = Identity(by.name, by.email, self.store.now())
        match method:
            case "merge":
                text = message or f"Merge pull request #{pull.number} from {pull.head}\n\n{pull.title}"
                sha = self.git.commit_tree(self.git.merged_tree(base, head), [base, head], text, committer)
            case "squash":
                text = message or f"{pull.title} (#{pull.number})"
                sha = self.git.commit_tree(self.git.merged_tree(base, head), [base], text, committer)
            case "rebase":
                sha = self.git.rebased(base, head, committer)
            case _:
                raise ValueError(method)
        try:
            self.git.update_refs([RefUpdate(f"refs/heads/{pull.base}", sha, base)])
        except RefMoved as error:
            raise NotMergeable("Base branch was modified. Review and try the merge again.") from error
        self._finish(pull, sha, f"merged by {by.login}")
        if delete_branch or pull.delete_branch_on_merge or self.delete_branch_on_merge:
            pull.head_repository.git.update_refs([RefUpdate(f"refs/heads/{pull.head}", ZERO, head)])
        self.sync()
        return sha

    def sync(self) -> None:
        """Let pull requests follow the branches, and carry out the auto-merges that may go ahead."""
        self.follow()
        if self.parent is not None:
            self.parent.follow()
        for pull in self.open_pulls:
            order = pull.auto_merge
            if order is None or self.archived:
                continue
            if self.mergeability(pull) in {Mergeability.CLEAN, Mergeability.UNSTABLE}:
                pull.auto_merge = None
                self.merge(pull, order.method, order.by, delete_branch=order.delete_branch, message=order.message)

    def follow(self) -> None:
        """Let pull requests follow the branches."""
        branches = self.git.branches()
        for pull in self.pulls:
            heads = branches if pull.head_repository is self else pull.head_repository.git.branches()
            head, base = heads.get(pull.head), branches.get(pull.base)
            if not pull.is_open:
                pull.head_forced |= not pull.merged and head != pull.head_sha
                continue
            if head is not None and head != pull.head_sha:
                self._head_moved(pull, head)
            if base is not None:
                pull.base_sha = base
            if pull.settled_at != (head, base):
                pull.settled_at = (head, base)
                self._end_by_branches(pull, head, base)

    def _head_moved(self, pull: Pull, head: str) -> None:
        old, pull.head_sha = pull.head_sha, head
        self.comparable(pull)
        forced = not self.git.is_ancestor(old, head)
        pull.head_history.append(head)
        if self.store.push_dismisses_approvals:
            pull.approvals.clear()
        pull.touch("head force-pushed" if forced else "head pushed")

    def _end_by_branches(self, pull: Pull, head: str | None, base: str | None) -> None:
        """Close or merge a pull request because of where its branches are."""
        strict = self.kind in {Kind.GITHUB, Kind.GITEA}
        if head is None:
            if strict:
                pull.close("closed because its branch was deleted")
        elif base is None:
            if strict:
                pull.close("closed because its base was deleted")
        elif self.kind is not Kind.GITEA and len(pull.head_history) > 1 and head == base:
            pull.close("closed because its branch was put on its base")
        elif self.kind is not Kind.GITEA and self.git.is_ancestor(*reversed(self.comparable(pull))):
            self._finish(pull, head, "merged by a push to its base")

    @staticmethod
    def _finish(pull: Pull, sha: str, event: str) -> None:
        pull.state, pull.merged, pull.merge_sha, pull.auto_merge = "closed", True, sha, None
        pull.touch(event)

    def _commit_of(self, name: str) -> str:
        return self.git.branch(name) or name


class Store:
    """Everything of one forge. Hold ``lock`` while reading several things or writing any."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        """Scheme and host, once the server listens."""
        self.lock = threading.RLock()
        self.repositories: list[Repository] = []
        self.renamed: dict[str, Repository] = {}
        self.tokens: dict[str, Token] = {}
        self.accounts: dict[str, Account] = {}
        self.list_lag = 0
        """From how many lists a pull request is absent after its creation."""
        self.push_dismisses_approvals = True
        self._ids = 0
        self._clock = _START

    def now(self) -> int:
        """Return seconds since the epoch; every call is a second later, so that commits differ."""
        with self.lock:
            self._clock += 1
            return self._clock

    def next_id(self) -> int:
        """Return a number that nothing has yet."""
        with self.lock:
            self._ids += 1
            return 1000 + self._ids

    def path_of(self, full_name: str) -> Path:
        """Return where a repository's objects are."""
        return self.folder / f"{full_name}.git"

    def account(self, login: str, kind: str = "User") -> Account:
        """Return an account, which is made if there is none of the name."""
        with self.lock:
            if login not in self.accounts:
                self.accounts[login] = Account(login, self.next_id(), kind)
            return self.accounts[login]

    def repository(self, full_name: str) -> Repository | None:
        """Find a repository by its present name, whatever the case."""
        wanted = full_name.lower()
        return next((found for found in self.repositories if found.full_name.lower() == wanted), None)

    def visible(self, pulls: Iterable[Pull]) -> list[Pull]:
        """Leave out pull requests that lists do not show yet, and count the list."""
        shown = []
        for pull in pulls:
            if pull.lists_to_miss > 0:
                pull.lists_to_miss -= 1
            else:
                shown.append(pull)
        return shown

    def timestamp(self, when: int) -> str:
        """Write a time as forges do."""
        return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
