"""Builds a commit without touching the work tree, the index or a ref: objects only."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_streams.errors import PlanRefused, RepositoryError
from gitops_streams.git.identity import Identity, Signing, SigningMethod

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gitops_streams.git.command import Commands
    from gitops_streams.git.commit_tree import CommitTree, TreeEntry
    from gitops_streams.git.process import Finished
    from gitops_streams.git.write import FileEdit

NEW_FILE = "100644"
_NO_IDENTITY = re.compile(
    r"tell me who you are|empty ident|auto-detect|no email was given|no name was given", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class CommitEntry:
    """A file that a commit changes."""

    path: str
    mode: str
    before: str | None
    """The object id in the parent; ``None`` for a new file."""
    after: str


@dataclass(frozen=True, slots=True)
class BuiltCommit:
    """A commit that exists, and that no ref names yet."""

    commit: str
    parent: str
    entries: tuple[CommitEntry, ...]


@dataclass(frozen=True, slots=True)
class BuiltTree:
    """A tree that exists, and that no commit has yet."""

    tree: str
    parent: str
    """The commit that it is to follow."""
    entries: tuple[CommitEntry, ...]
    """The files that differ from the parent's."""


@dataclass(frozen=True, slots=True)
class NoChange:
    """The edits leave the tree of the parent as it is."""


def build(
    commands: Commands,
    scratch: Path,
    parent: CommitTree,
    edits: Sequence[FileEdit],
    message: str,
    *,
    identity: Identity | None = None,
    signing: Signing | None = None,
) -> BuiltCommit | NoChange:
    """Make the objects of a commit: the parent's tree with the edited files, modes kept.

    Args:
        commands: Git.
        scratch: An empty directory of this run's own.
        parent: The commit to build on.
        edits: The files; ``before`` must be what the parent has.
        message: The whole message.
        identity: Author and committer; ``None`` takes the user's own.
        signing: ``None`` signs as the user has configured.

    Raises:
        PlanRefused: an edit was not made from the parent's content, or its path cannot be a file there.
        RepositoryError: no identity, no signature, or git failed.
    """
    built = build_tree(commands, scratch, parent, edits)
    if isinstance(built, NoChange):
        return built
    commit = commit_tree(commands, built, message, identity=identity, signing=signing)
    return BuiltCommit(commit, built.parent, built.entries)


def build_tree(
    commands: Commands, scratch: Path, parent: CommitTree, edits: Sequence[FileEdit]
) -> BuiltTree | NoChange:
    """Make the objects of a tree: the parent's with the edited files, modes kept. See ``build``."""
    changed = _changed(parent, edits)
    if not changed:
        return NoChange()
    entries = _write_blobs(commands, scratch, parent.entries(), changed)
    index = {"GIT_INDEX_FILE": str(scratch / "index")}
    commands.run("read-tree", parent.commit, environment=index)
    commands.run("update-index", "-z", "--index-info", stdin=index_lines(entries), environment=index)
    return BuiltTree(commands.run("write-tree", environment=index).line, parent.commit, entries)


def commit_tree(
    commands: Commands,
    built: BuiltTree,
    message: str,
    *,
    identity: Identity | None = None,
    signing: Signing | None = None,
) -> str:
    """Make the commit of a tree, and return its id. See ``build``."""
    return _commit(commands, built.tree, built.parent, message, identity, signing or Signing())


def index_lines(entries: Sequence[CommitEntry]) -> bytes:
    """Return the entries as ``git update-index -z --index-info`` reads them."""
    return b"".join(f"{entry.mode} {entry.after} 0\t".encode() + os.fsencode(entry.path) + b"\0" for entry in entries)


def committer(commands: Commands, identity: Identity | None) -> Identity:
    """Return who the committer will be, for a ``Signed-off-by`` trailer.

    Raises:
        RepositoryError: none is configured.
    """
    return _configured(commands, "COMMITTER") if identity is None else identity


def author(commands: Commands) -> Identity:
    """Return who the user's commits are by, who need not be the committer.

    Raises:
        RepositoryError: nobody is configured.
    """
    return _configured(commands, "AUTHOR")


def _configured(commands: Commands, role: str) -> Identity:
    asked = commands.attempt("-c", "user.useConfigOnly=true", "var", f"GIT_{role}_IDENT")
    match = re.fullmatch(r"(?P<name>.*) <(?P<email>[^<>]*)> \d+ [+-]\d{4}", asked.line)
    if asked.status != 0 or match is None:
        raise _without_identity()
    return Identity(match["name"], match["email"])


def _changed(parent: CommitTree, edits: Sequence[FileEdit]) -> list[FileEdit]:
    entries = parent.entries()
    directories = {path[:end] for path in entries for end in _slashes(path)}
    known = [edit.path for edit in edits if edit.path in entries]
    contents = dict(parent.read(known, limit=2**63))
    for edit in edits:
        blocked = [edit.path[:end] for end in _slashes(edit.path) if edit.path[:end] in entries]
        if blocked or edit.path in directories:
            raise PlanRefused(
                f"{edit.path}: {blocked[0] if blocked else edit.path} is no {'directory' if blocked else 'file'}"
            )
        # ``None`` is a file that is not there; an ``Unreadable`` equals no content and no ``None``.
        if contents.get(edit.path) != edit.before:
            raise PlanRefused(f"{edit.path} differs from the content that the edit was made from", hint="plan again")
    return [edit for edit in edits if edit.before != edit.after]


def _slashes(path: str) -> list[int]:
    return [position for position, character in enumerate(path) if character == "/"]


def _write_blobs(
    commands: Commands, scratch: Path, parent: dict[str, TreeEntry], edits: Sequence[FileEdit]
) -> tuple[CommitEntry, ...]:
    """Write all contents by one process: a file each, named by number, for ``hash-object --stdin-paths``."""
    names = []
    for number, edit in enumerate(edits):
        name = scratch / f"blob-{number}"
        name.write_bytes(edit.after)
        names.append(_quoted(name))
    hashed = commands.run("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=b"\n".join(names) + b"\n")
    entries = []
    for edit, object_id in zip(edits, hashed.line.split("\n"), strict=True):
        old = parent.get(edit.path)
        entries.append(CommitEntry(edit.path, old.mode if old else NEW_FILE, old.object_id if old else None, object_id))
    return tuple(entries)


def _quoted(path: Path) -> bytes:
    """Quote a path as git unquotes it, line ends included."""
    return b'"' + b"".join(b"\\%03o" % byte for byte in os.fsencode(path)) + b'"'


def _commit(
    commands: Commands, tree: str, parent: str, message: str, identity: Identity | None, signing: Signing
) -> str:
    environment: dict[str, str] = {}
    if identity is not None:
        for role in ("AUTHOR", "COMMITTER"):
            environment |= {f"GIT_{role}_NAME": identity.name, f"GIT_{role}_EMAIL": identity.email}
    # Without "useConfigOnly" git would make up an address from the host's name.
    settings = ["-c", "user.useConfigOnly=true", "-c", "i18n.commitEncoding=UTF-8"]
    more, sign = _signature(commands, signing)
    finished = commands.attempt(
        *settings, *more, "commit-tree", *sign, "-p", parent, "-F", "-", tree,
        stdin=message.encode("utf-8", "replace"), environment=environment,
    )  # fmt: skip
    if finished.status == 0:
        return finished.line
    raise _not_committed(finished, signed=bool(sign))


def _signature(commands: Commands, signing: Signing) -> tuple[list[str], list[str]]:
    """Return the settings and the options by which ``commit-tree`` signs: it heeds no ``commit.gpgSign`` itself."""
    match signing.method:
        case SigningMethod.OFF:
            return [], []
        case SigningMethod.CONFIGURED:
            return [], ["-S"] if commands.setting("commit.gpgSign", kind="bool") == "true" else []
        case SigningMethod.OPENPGP | SigningMethod.SSH:
            settings = ["-c", f"gpg.format={signing.method}"]
            if signing.key is not None:
                settings += ["-c", f"user.signingKey={signing.key}"]
            return settings, ["-S"]


def _not_committed(finished: Finished, *, signed: bool) -> RepositoryError:
    if _NO_IDENTITY.search(finished.stderr):
        return _without_identity()
    if signed:
        return RepositoryError(
            f"the commit could not be signed: {finished.complaint}",
            hint="check gpg.format, user.signingKey and that the key can be used here, or turn signing off",
        )
    return RepositoryError(f"git commit-tree: {finished.complaint}")


def _without_identity() -> RepositoryError:
    return RepositoryError(
        "git does not know who makes the commit",
        hint="git config --global user.name and user.email, or set GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, "
        "GIT_COMMITTER_NAME and GIT_COMMITTER_EMAIL",
    )
