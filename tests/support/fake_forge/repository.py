"""A repository of the forge: its objects on disk and everything beside them.

It decides what happens to a pull request when branches move, and when it may be merged; how that is asked
for and told is the dialects' business.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import TYPE_CHECKING

from fake_forge.accounts import Account
from fake_forge.bare import ZERO, BareRepository, Identity, MergeConflict, RefMoved, RefUpdate
from fake_forge.pull import Pull
from fake_forge.records import (
    Kind,
    Label,
    Mergeability,
    Milestone,
    NotMergeable,
    Protection,
    Status,
)

if TYPE_CHECKING:
    from fake_forge.store import Store


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

    def set_pipeline(self, sha: str, state: str) -> None:
        """Set the state of a commit's pipeline (GitLab), which may let an auto-merge go ahead."""
        with self.store.lock:
            self.pipelines[sha] = state
            self.sync()

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
            base_moved = base is not None and base != pull.base_sha
            if base is not None:
                pull.base_sha = base
            if pull.settled_at != (head, base):
                pull.settled_at = (head, base)
                self._end_by_branches(pull, head, base, base_moved=base_moved)

    def _head_moved(self, pull: Pull, head: str) -> None:
        old, pull.head_sha = pull.head_sha, head
        self.comparable(pull)
        forced = not self.git.is_ancestor(old, head)
        pull.head_history.append(head)
        if self.store.push_dismisses_approvals:
            pull.approvals.clear()
        pull.touch("head force-pushed" if forced else "head pushed", itself=False)

    def _end_by_branches(self, pull: Pull, head: str | None, base: str | None, *, base_moved: bool) -> None:
        """Close or merge a pull request because of where its branches are."""
        closing = self.kind in {Kind.GITHUB, Kind.GITEA}
        merging = self.kind not in {Kind.GITEA, Kind.AZURE_DEVOPS}
        if head is None or base is None:
            if closing:
                pull.close(f"closed because its {'base' if head else 'branch'} was deleted")
        elif self.kind is Kind.GITHUB and len(pull.head_history) > 1 and head == base:
            pull.close("closed because its branch was put on its base")
        elif merging and (base_moved or self.kind is Kind.GITHUB):
            base_sha, head_sha = self.comparable(pull)
            if self.git.is_ancestor(head_sha, base_sha):
                self._finish(pull, head, "merged by a push to its base")

    @staticmethod
    def _finish(pull: Pull, sha: str, event: str) -> None:
        pull.state, pull.merged, pull.merge_sha, pull.auto_merge = "closed", True, sha, None
        pull.touch(event)

    def _commit_of(self, name: str) -> str:
        return self.git.branch(name) or name
