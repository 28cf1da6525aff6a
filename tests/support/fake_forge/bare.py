"""One bare Git repository on disk and the plumbing that a forge does in it: objects, references, merges."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ZERO = "0" * 40

_ISOLATED = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}

_CONFIG = """
[http]
    receivepack = true
[receive]
    advertisePushOptions = true
    denyDeleteCurrent = ignore
    fsckObjects = true
    hideRefs = refs/pull
    hideRefs = refs/merge-requests
[uploadpack]
    allowAnySHA1InWant = true
    allowFilter = true
[gc]
    auto = 0
"""


class GitFailed(Exception):
    """Git ended with an error; its text is what Git said."""


class MergeConflict(Exception):
    """Two commits cannot be merged without a person."""


class RefMoved(Exception):
    """A reference is not where the caller thought it was."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who wrote or committed something, and when."""

    name: str
    email: str
    when: int
    """Seconds since the epoch, in UTC."""

    @classmethod
    def parse(cls, text: str, when: int) -> Identity:
        """Read ``Alice <alice@acme.example>``."""
        name, _, email = text.partition(" <")
        return cls(name, email.removesuffix(">"), when)


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as its object says it."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: str
    """``Name <email>``."""
    committer: str
    message: str


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """A reference is to be at ``new`` if it is at ``old``; zeros stand for "absent", ``None`` for "wherever it is"."""

    ref: str
    new: str
    old: str | None = None


class BareRepository:
    """Runs Git in one bare repository. Safe to use from several threads: Git itself locks references."""

    def __init__(self, path: Path, *, default_branch: str = "main", clone_of: Path | None = None) -> None:
        self.path = path
        if clone_of is None:
            path.mkdir(parents=True)
            self.git("init", "--quiet", "--bare", f"--initial-branch={default_branch}", ".")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            _run(["git", "clone", "--quiet", "--bare", str(clone_of), str(path)], clone_of, b"", {})
        with (path / "config").open("a") as config:
            config.write(_CONFIG)

    def git(self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        """Run Git and return what it prints, without its final newline.

        Raises:
            GitFailed: it ended with an error.
        """
        done = _run(["git", *arguments], self.path, stdin, env or {})
        return done.decode("utf-8", "surrogateescape").removesuffix("\n")

    # References

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Return every reference that starts so, with the object that it names."""
        lines = self.git("for-each-ref", "--format=%(objectname) %(refname)", prefix).splitlines()
        return {name: sha for sha, _, name in (line.partition(" ") for line in lines)}

    def branches(self) -> dict[str, str]:
        """Return every branch with its head."""
        return {name.removeprefix("refs/heads/"): sha for name, sha in self.refs("refs/heads/").items()}

    def branch(self, name: str) -> str | None:
        """Return a branch's head."""
        return self.ref(f"refs/heads/{name}")

    def ref(self, name: str) -> str | None:
        """Return the object that a full reference names."""
        try:
            return self.git("rev-parse", "--verify", "--quiet", "--end-of-options", name)
        except GitFailed:
            return None

    def update_refs(self, updates: list[RefUpdate]) -> None:
        """Move references, all or none.

        Raises:
            RefMoved: one is not where it was thought to be, or its name cannot exist beside the others.
        """
        # The NUL format: "update SP ref NUL new NUL old NUL" and "delete SP ref NUL old NUL"; an empty old is any.
        text = "".join(
            f"delete {update.ref}\0{update.old or ''}\0"
            if update.new == ZERO
            else f"update {update.ref}\0{update.new}\0{update.old or ''}\0"
            for update in updates
        )
        try:
            self.git("update-ref", "--stdin", "-z", stdin=text.encode())
        except GitFailed as error:
            raise RefMoved(str(error)) from error

    # Objects

    def kind(self, sha: str) -> str | None:
        """Return ``commit``, ``tree``, ``blob`` or ``tag``; ``None`` where the repository has no such object."""
        try:
            return self.git("cat-file", "-t", sha)
        except GitFailed:
            return None

    def write_blob(self, content: bytes) -> str:
        """Store a file's content."""
        return self.git("hash-object", "-w", "--stdin", stdin=content)

    def read(self, revision: str, path: str) -> bytes:
        """Return a file's content at a commit."""
        return _run(["git", "cat-file", "blob", f"{revision}:{path}"], self.path, b"", {})

    def read_blob(self, sha: str) -> bytes:
        """Return a blob."""
        return _run(["git", "cat-file", "blob", sha], self.path, b"", {})

    def files(self, revision: str) -> dict[str, str]:
        """Return every file of a commit or tree with its mode."""
        listed = self.git("ls-tree", "-r", "-z", revision).split("\0")
        return {path: head.split()[0] for head, _, path in (entry.partition("\t") for entry in listed if entry)}

    def write_tree(self, base: str | None, entries: list[tuple[str, str, str | None]]) -> str:
        """Store a tree.

        Args:
            base: the tree to start from.
            entries: mode, path and object of each file or directory; without an object the path is removed.
        """
        with tempfile.TemporaryDirectory(dir=self.path) as scratch:
            env = {"GIT_INDEX_FILE": str(Path(scratch, "index"))}
            self.git("read-tree", base or "--empty", env=env)
            for mode, path, sha in entries:
                if mode == "040000" and sha is not None:
                    self.git("rm", "--cached", "-r", "-q", "--ignore-unmatch", "--", path, env=env)
                    self.git("read-tree", f"--prefix={path}/", sha, env=env)
            lines = [
                f"{mode} {sha}\t{path}\0" if sha else f"0 {ZERO}\t{path}\0"
                for mode, path, sha in entries
                if mode != "040000"
            ]
            self.git("update-index", "-z", "--index-info", stdin="".join(lines).encode(), env=env)
            return self.git("write-tree", env=env)

    def commit_tree(
        self, tree: str, parents: list[str], message: str, author: Identity, committer: Identity | None = None
    ) -> str:
        """Store a commit."""
        committer = committer or author
        env = {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_AUTHOR_DATE": f"@{author.when} +0000",
            "GIT_COMMITTER_NAME": committer.name,
            "GIT_COMMITTER_EMAIL": committer.email,
            "GIT_COMMITTER_DATE": f"@{committer.when} +0000",
        }
        options = [option for parent in parents for option in ("-p", parent)]
        return self.git("commit-tree", tree, *options, stdin=message.encode(), env=env)

    def commit(self, revision: str) -> Commit:
        """Read a commit."""
        template = "%H%x00%T%x00%P%x00%an <%ae>%x00%cn <%ce>%x00%B"
        text = self.git("log", "-1", f"--format={template}", "--end-of-options", revision)
        sha, tree, parents, author, committer, message = text.split("\0")
        return Commit(sha, tree, tuple(parents.split()), author, committer, message)

    def commits(self, base: str, head: str) -> list[Commit]:
        """Return the commits that ``head`` has and ``base`` has not, oldest first."""
        listed = self.git("rev-list", "--reverse", "--topo-order", f"{base}..{head}").split()
        return [self.commit(sha) for sha in listed]

    def ahead(self, base: str, head: str) -> int:
        """Count the commits that ``head`` has and ``base`` has not."""
        return int(self.git("rev-list", "--count", f"{base}..{head}"))

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Say whether one commit is in the history of the other, or the same."""
        try:
            self.git("merge-base", "--is-ancestor", ancestor, descendant)
        except GitFailed:
            return False
        return True

    def changed_files(self, base: str, head: str) -> list[str]:
        """Return the paths that the two commits' common ancestor and ``head`` do not have in common."""
        return [path for path in self.git("diff", "--name-only", "-z", f"{base}...{head}").split("\0") if path]

    # Merging

    def merged_tree(self, ours: str, theirs: str) -> str:
        """Return the tree of a merge.

        Raises:
            MergeConflict: it needs a person.
        """
        try:
            return self.git("merge-tree", "--write-tree", ours, theirs).splitlines()[0]
        except GitFailed as error:
            raise MergeConflict(f"{theirs} does not merge into {ours}") from error

    def rebased(self, onto: str, head: str, committer: Identity) -> str:
        """Return the last of the commits of ``head`` as they are on top of ``onto``.

        Raises:
            MergeConflict: one of them needs a person.
        """
        for commit in self.commits(onto, head):
            if len(commit.parents) != 1:
                continue
            # A commit with the new base's tree and the picked commit's parent makes that parent the merge base.
            ours = self.commit_tree(self.commit(onto).tree, [commit.parents[0]], "rebase", committer)
            tree = self.merged_tree(ours, commit.sha)
            author = Identity.parse(commit.author, committer.when)
            onto = self.commit_tree(tree, [onto], commit.message, author, committer)
        return onto


def _run(command: list[str], directory: Path, stdin: bytes, env: Mapping[str, str]) -> bytes:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        command, cwd=directory, input=stdin, capture_output=True, env=kept | _ISOLATED | dict(env), check=False
    )
    if done.returncode:
        raise GitFailed(f"{' '.join(command[:2])}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
