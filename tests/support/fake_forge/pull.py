"""A pull request: its head follows its branch, and people can do to it what they do on the forge's pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fake_forge.accounts import Account
from fake_forge.bare import Identity, RefUpdate
from fake_forge.records import AutoMerge, Comment, Label, Milestone

if TYPE_CHECKING:
    from fake_forge.repository import Repository

_TASK = re.compile(r"^(\s*[-*] )\[ \](.*rebuil[dt].*)$", re.IGNORECASE | re.MULTILINE)


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
    """Counts its changes, as Bitbucket Data Center wants to be told; comments and pushes are none."""
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

    def touch(self, event: str | None = None, *, itself: bool = True) -> None:
        """Note that it changed, or something that belongs to it."""
        self.updated = self.repository.store.now()
        self.version += itself
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
        self.touch("commented", itself=False)
        return comment

    def close(self, event: str) -> None:
        """Close without merging."""
        self.state = "closed"
        self.auto_merge = None
        self.touch(event)
