"""A remote and a forge in memory, small enough for thousands of runs: what the life of a pull request is tried in.

A tree is a mapping of names to values. The program wants some of them, the "tags", to have certain values.
People do what people do; a run observes, decides and carries out, may lose races and may be killed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from itertools import count

from gitops_streams.oci.digest import Digest
from gitops_streams.review import marker
from gitops_streams.review.branches import branch_of
from gitops_streams.review.decide import decide
from gitops_streams.review.lifecycle import (
    BranchCommit,
    ClosePull,
    Comment,
    DeleteBranch,
    Desired,
    Group,
    Observed,
    OpenPull,
    PushBranch,
    RefreshPull,
    RemoteBranch,
    SetLabels,
    StopAutoMerge,
)
from gitops_streams.review.pull_request import PullRequest, PullState
from gitops_streams.streams.model import StreamKey, TagKey

BOT = "bot@example.com"
FORGE = "noreply@forge.example"
PERSON = "person@example.com"
BOTS = frozenset({BOT, FORGE})
BASE = "main"
GROUP = Group("all", branch_of("gitops-streams", BASE, "all"))
BOX = f"- [ ] {marker.REBUILD_BOX} Tick to rebuild"


class Killed(Exception):
    """The run ends here."""


class LeaseLost(Exception):
    """The branch is not where it was inspected."""


@dataclass(frozen=True)
class Commit:
    """One commit; ``sealed`` is the tree that its message names."""

    sha: str
    number: int
    parents: tuple[str, ...]
    tree: tuple[tuple[str, str], ...]
    author: str
    committer: str
    sealed: str | None


def tree_id(tree):
    return hashlib.sha1(repr(tree).encode()).hexdigest()


def three_way(origin, ours, theirs):
    """Merge two trees; ``None`` where they conflict."""
    origin, ours, theirs = dict(origin), dict(ours), dict(theirs)
    merged = {}
    for name in {*origin, *ours, *theirs}:
        old, mine, their = (tree.get(name) for tree in (origin, ours, theirs))
        if mine != their and old not in (mine, their):
            return None
        value = their if mine == old else mine
        if value is not None:
            merged[name] = value
    return tuple(sorted(merged.items()))


@dataclass
class World:
    """Everything that there is outside of the program."""

    policy: object
    commits: dict = field(default_factory=dict)
    base: str = ""
    branch: str | None = None
    pulls: list = field(default_factory=list)
    """Oldest first."""
    comments: dict = field(default_factory=dict)
    wanted: dict = field(default_factory=dict)
    """What each tag has resolved to."""
    protected: set = field(default_factory=set)
    """People's commits that must not be lost."""
    refused: set = field(default_factory=set)
    """Fingerprints of what people have closed, with the number of the pull request."""
    changes: int = 0
    """Whatever the program has changed so far."""
    numbers: object = field(default_factory=count)

    def __post_init__(self):
        self.base = self.commit((), {"a": "a0", "b": "b0", "other": "0"}, PERSON)
        self.wanted = {"a": "a0", "b": "b0"}

    # What Git does.

    def commit(self, parents, tree, author, committer=None, *, sealed=False):
        tree = tuple(sorted(dict(tree).items()))
        number = next(self.numbers)
        sha = hashlib.sha1(f"{number}".encode()).hexdigest()
        seal = tree_id(tree) if sealed else None
        self.commits[sha] = Commit(sha, number, tuple(parents), tree, author, committer or author, seal)
        return sha

    def tree(self, sha):
        return self.commits[sha].tree

    def ancestors(self, sha):
        reached, waiting = set(), [sha] if sha else []
        while waiting:
            at = waiting.pop()
            if at not in reached:
                reached.add(at)
                waiting.extend(self.commits[at].parents)
        return reached

    def merge_base(self, one, other):
        both = self.ancestors(one) & self.ancestors(other)
        return max(both, key=lambda sha: self.commits[sha].number, default=None)

    def merge(self, one, other):
        """Return the tree of a merge; ``None`` where it conflicts."""
        origin = self.merge_base(one, other)
        return three_way(self.tree(origin), self.tree(one), self.tree(other))

    # What the program sees.

    def desired(self):
        base = dict(self.tree(self.base))
        moves = {tag: digest for tag, digest in self.wanted.items() if base.get(tag) != digest}
        tree = tree_id(tuple(sorted((base | moves).items()))) if moves else None
        pairs = [(TagKey(StreamKey(None, tag), "x"), Digest.of(digest.encode())) for tag, digest in moves.items()]
        return Desired(GROUP, BASE, self.base, marker.fingerprint(pairs), tree)

    def observed(self):
        own = [pull for pull in self.pulls if pull.head == GROUP.branch]
        open_here = [pull for pull in own if pull.state is PullState.OPEN and pull.base == BASE]
        return Observed(
            self._remote_branch(),
            tuple(reversed(own)),
            rebuild_asked=any(marker.rebuild_asked(pull.body) for pull in open_here),
            open_count=len(open_here),
        )

    def _remote_branch(self):
        if self.branch is None:
            return None
        new = self.ancestors(self.branch) - self.ancestors(self.base)
        merged = self.merge(self.branch, self.base)
        return RemoteBranch(
            self.branch,
            tree_id(self.tree(self.branch)),
            self.merge_base(self.branch, self.base),
            tuple(self._branch_commit(sha) for sha in sorted(new, key=lambda sha: self.commits[sha].number)),
            merged is not None,
            None if merged is None else tree_id(merged),
        )

    def _branch_commit(self, sha):
        commit = self.commits[sha]
        before = self.merge(*commit.parents) if len(commit.parents) == 2 else self.tree(commit.parents[0])
        sealed = commit.sealed == tree_id(commit.tree)
        return BranchCommit(
            sha, commit.author, commit.committer, commit.parents, own_changes=before != commit.tree, sealed=sealed
        )

    # What the program does.

    def run(self, *, killed_after=None, interference=None):
        """Observe, decide, carry out; return the last decision. ``interference`` happens once, after deciding."""
        left = [killed_after]
        for _ in range(4):
            desired, observed = self.desired(), self.observed()
            decision = decide(desired, observed, self.policy, BOTS)
            assert decision == decide(desired, observed, self.policy, BOTS)
            content = dict(self.tree(self.base)) | self.wanted
            if interference is not None:
                interference, act = None, interference
                act()
            try:
                self._carry_out(decision, desired, observed, content, left)
            except LeaseLost:
                continue
            except Killed:
                pass
            return decision
        raise AssertionError("it never settles")

    def _carry_out(self, decision, desired, observed, content, left):  # noqa: C901  one case for each operation
        head = None if observed.branch is None else observed.branch.head
        inspected = {None, head}
        for operation in decision.operations:
            if left[0] == 0:
                raise Killed
            left[0] = None if left[0] is None else left[0] - 1
            match operation:
                case PushBranch(branch, expected):
                    assert branch == GROUP.branch
                    assert expected in inspected
                    self._lease(expected)
                    head = self.commit((desired.base_sha,), content, BOT, FORGE, sealed=True)
                    self._move(head, observed)
                case DeleteBranch(branch, expected):
                    assert branch == GROUP.branch
                    assert expected == head
                    self._lease(expected)
                    self._move(None, observed)
                case OpenPull(draft):
                    self._open(desired, head, draft)
                case RefreshPull(number, draft):
                    pull = self.pulls[number]
                    body = self._body(desired, head)
                    self._replace(replace(pull, body=body, draft=pull.draft if draft is None else draft))
                case ClosePull(number, body):
                    if body is not None:
                        self._replace(replace(self.pulls[number], body=body))
                        if left[0] == 0:
                            raise Killed
                    if self.pulls[number].state is PullState.OPEN:
                        self._replace(replace(self.pulls[number], state=PullState.CLOSED))
                case Comment(number, key, text):
                    assert key in {marker.COMMENT_BLOCKED, marker.COMMENT_CLOSED}
                    if self.comments.get((number, key)) != text:
                        self.comments[number, key] = text
                        self.changes += 1
                case SetLabels(number, add, remove):
                    pull = self.pulls[number]
                    self._replace(replace(pull, labels=(pull.labels | {*add}) - {*remove}))
                case StopAutoMerge(number):
                    self._replace(replace(self.pulls[number], auto_merge=False))

    def _lease(self, expected):
        if self.branch != expected:
            raise LeaseLost

    def _move(self, head, observed):
        self.set_branch(head)
        self.changes += 1
        lost = self.protected - self.ancestors(self.branch) - self.ancestors(self.base)
        asked = any(marker.rebuild_asked(pull.body) for pull in observed.pulls if pull.own)
        assert not lost or asked, "people's commits are lost"
        self.protected -= lost

    def _open(self, desired, head, draft):
        open_already = [
            pull
            for pull in self.pulls
            if pull.own and pull.state is PullState.OPEN and (pull.head, pull.base) == (GROUP.branch, BASE)
        ]
        if open_already:  # what a forge answers with 422, and its client settles by looking
            return
        assert desired.fingerprint not in self.refused, "opened again against a person's will"
        self._add(body=self._body(desired, head), draft=draft, author="bot")
        self.changes += 1

    def _body(self, desired, head):
        said = marker.Marker(desired.group.name, desired.base, head, desired.fingerprint)
        return f"{marker.write(said)}\nwhat moves\n{BOX}\n"

    def _replace(self, pull):
        if self.pulls[pull.number] != pull:
            self.pulls[pull.number] = pull
            self.changes += 1

    def _add(self, *, body, draft=False, author=None, own=True, base=BASE):
        number = len(self.pulls)
        pull = PullRequest(
            number,
            f"https://forge.example/{number}",
            PullState.OPEN,
            "title",
            body,
            GROUP.branch,
            self.branch or "",
            base,
            draft=draft,
            author=author,
            own=own,
        )
        self.pulls.append(pull)

    def set_branch(self, head):
        """Put the branch somewhere; open pull requests follow it, and end with it."""
        self.branch = head
        for pull in self.pulls:
            if pull.own and pull.state is PullState.OPEN:
                gone = replace(pull, state=PullState.CLOSED)
                self.pulls[pull.number] = gone if head is None else replace(pull, head_sha=head)

    # What people see and do.

    def open_pulls(self):
        """Return the open pull requests from our branch."""
        return [pull for pull in self.pulls if pull.own and pull.state is PullState.OPEN]

    def edit(self, pull, **fields):
        """Let a person edit a pull request."""
        self.pulls[pull.number] = replace(pull, **fields)

    def refuse(self, pull):
        """Let a person close a pull request without merging it; what it says then is what they refuse."""
        said = marker.read(pull.body)
        if isinstance(said, marker.Marker) and (said.group, said.base) == (GROUP.name, BASE) and not said.closed:
            self.refused.add(said.fingerprint)
        self.edit(pull, state=PullState.CLOSED)

    def fork(self, body):
        """Open a pull request from a fork's branch of the same name."""
        self._add(body=body, author="person", own=False)

    def snapshot(self):
        """Return everything that a run could change."""
        return self.branch, tuple(self.pulls), dict(self.comments), self.changes
