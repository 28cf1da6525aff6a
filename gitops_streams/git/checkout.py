"""Brings a few files of the work tree and the index in step with a commit, and leaves everybody else's work alone.

Two steps: ``prepare`` looks and refuses while nothing has changed; ``carry_out`` writes, and may be
repeated after a kill at any moment. Content is compared as git does, by the object id after the
clean filters, so line ends that a checkout converts are no difference.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_streams.errors import PlanRefused, RefusedFile, RepositoryError
from gitops_streams.git.lock import index_lock
from gitops_streams.git.snapshot import Absent, Unreadable
from gitops_streams.git.write import FileEdit, remove_file, write_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from gitops_streams.git.command import Commands
    from gitops_streams.git.lock import Exclusive
    from gitops_streams.git.repository import Repository

_ADVICE = "commit, stash or restore it, then run again"
_CONVERSIONS = ("text", "crlf", "eol", "filter", "ident", "working-tree-encoding")
_SHA1_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Place:
    """A file, what it may hold now and what it shall hold."""

    path: str
    mode: str
    allowed: frozenset[str | None]
    """Object ids that may be overwritten; ``None``: it may be missing."""
    wanted: str | None
    """The object id to have; ``None``: the file shall not exist."""
    required: bool = True
    """Whether another content is refused; else the file is left as it is."""

    @property
    def id_length(self) -> int:
        """How many digits this repository's object ids have: 40 (SHA-1) or 64 (SHA-256)."""
        return max(len(object_id or "") for object_id in (self.wanted, *self.allowed))

    def admits(self, object_id: str | None) -> bool:
        """Whether a content may be there."""
        return object_id == self.wanted or object_id in self.allowed


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A line of the index."""

    flag: str
    """The letter of ``ls-files -v``. ``S``: a sparse checkout leaves the file out; lower case: assumed unchanged."""
    mode: str
    object_id: str
    stage: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """What there is to do, all of it allowed."""

    edits: tuple[FileEdit, ...] = ()
    removals: tuple[str, ...] = ()
    index: tuple[tuple[Place, IndexEntry | None], ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that change in the work tree."""
        return (*(edit.path for edit in self.edits), *self.removals)


@dataclass(frozen=True, slots=True)
class _Content:
    raw: bytes | None
    object_id: str | None
    filtered: bool


def has_checkout(repository: Repository) -> bool:
    """Whether there is a work tree with files: not in a bare repository, nor after ``clone --no-checkout``."""
    return repository.root is not None and (repository.git_dir / "index").exists()


def prepare(commands: Commands, repository: Repository, places: Sequence[Place]) -> Prepared:
    """See what has to change; only reads.

    Raises:
        RefusedFile: a required file, or its entry in the index, holds something that nobody would get back.
    """
    if not places:
        return Prepared()
    index = _read_index(commands)
    writes: list[tuple[Place, _Content]] = []
    removals: list[str] = []
    entries: list[tuple[Place, IndexEntry | None]] = []
    for place in places:
        entry = index.get(place.path)
        looked = _look(commands, repository, place, entry)
        if isinstance(looked, str):
            if place.required:
                raise RefusedFile(f"{place.path} {looked}", hint=_ADVICE)
            continue
        if (entry.object_id if entry else None) != place.wanted:
            entries.append((place, entry))
        if looked is None or looked.object_id == place.wanted:
            continue
        if place.wanted is None:
            removals.append(place.path)
        else:
            writes.append((place, looked))
    return Prepared(_edits(commands, writes), tuple(removals), tuple(entries))


def carry_out(commands: Commands, repository: Repository, prepared: Prepared, run: Exclusive) -> None:
    """Write the files, then their entries in the index.

    Raises:
        RefusedFile: a file has changed since ``prepare`` looked.
        WriteFailed: a file cannot be written.
        RepositoryError: another program keeps the index locked.
    """
    if repository.root is None:
        return
    try:
        write_files(repository.root, prepared.edits, token=run.token)
    except PlanRefused as error:
        raise RefusedFile(error.message, hint=_ADVICE) from error
    for path in prepared.removals:
        remove_file(repository.root, path)
    if prepared.index:
        _update_index(commands, repository.git_dir, prepared.index, run)


def _look(commands: Commands, repository: Repository, place: Place, entry: IndexEntry | None) -> _Content | str | None:
    """Return the content of a place, ``None`` where a sparse checkout leaves it out, or what is wrong with it."""
    if entry is not None and entry.stage != "0":
        return "has a merge conflict"
    if not place.admits(entry.object_id if entry else None):
        return "has staged changes that are not in HEAD" if entry else "has been removed from the index"
    match repository.work_tree().read_one(place.path):
        case Unreadable(reason):
            return f"cannot be compared: {reason}"
        case Absent():
            if entry is not None and entry.flag.upper() == "S":
                return None
            return _Content(None, None, filtered=True) if place.admits(None) else "has been deleted"
        case bytes(raw):
            plain = _object_id(raw, place)
            if place.admits(plain):
                return _Content(raw, plain, filtered=False)
            cleaned = commands.run("hash-object", f"--path={place.path}", "--stdin", stdin=raw).line
            if place.admits(cleaned):
                return _Content(raw, cleaned, filtered=True)
            return "has changes that are not in HEAD"


def _object_id(content: bytes, place: Place) -> str:
    """Compute a blob's id as git does (of "blob <size>NUL<content>"), without a process."""
    algorithm = "sha1" if place.id_length == _SHA1_LENGTH else "sha256"
    digest = hashlib.new(algorithm, b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()


def _edits(commands: Commands, writes: Sequence[tuple[Place, _Content]]) -> tuple[FileEdit, ...]:
    """Fetch the contents to write, converted as a checkout converts them where what is there was converted too."""
    converted = _converted(commands, [place.path for place, content in writes if content.filtered])
    plain = sorted({place.wanted or "" for place, _ in writes if place.path not in converted})
    blobs = dict(zip(plain, _blobs(commands, plain), strict=True))
    edits = []
    for place, content in writes:
        wanted = place.wanted or ""
        if place.path in converted:
            # A process each: in a batch, git states the size before the conversion, and nothing parts the contents.
            after = commands.run("cat-file", "--filters", f"--path={place.path}", wanted).stdout
        else:
            after = blobs[wanted]
        edits.append(FileEdit(place.path, content.raw, after))
    return tuple(edits)


def _converted(commands: Commands, paths: Sequence[str]) -> set[str]:
    """Return the paths that git's filters or line end rules apply to."""
    if not paths:
        return set()
    if commands.setting("core.autocrlf") in {"true", "input"}:
        return set(paths)
    request = b"".join(os.fsencode(path) + b"\0" for path in paths)
    fields = commands.run("check-attr", "-z", "--stdin", *_CONVERSIONS, stdin=request).stdout.split(b"\0")
    # Path, attribute, value; path, attribute, value; …
    states = zip(fields[0::3], fields[2::3], strict=False)
    return {os.fsdecode(path) for path, value in states if value not in {b"unspecified", b"unset"}}


def _blobs(commands: Commands, object_ids: Sequence[str]) -> list[bytes]:
    if not object_ids:
        return []
    request = "".join(f"{object_id}\n" for object_id in object_ids).encode()
    rest = commands.run("cat-file", "--batch", stdin=request).stdout
    contents = []
    for object_id in object_ids:
        header, _, rest = rest.partition(b"\n")
        fields = header.split()
        if len(fields) != 3:  # noqa: PLR2004 - "<id> <type> <size>"
            raise RepositoryError(f"git cat-file: {object_id} cannot be read", hint="git fsck says more")
        size = int(fields[2])
        contents.append(rest[:size])
        rest = rest[size + 1 :]
    return contents


def _read_index(commands: Commands) -> dict[str, IndexEntry]:
    entries = {}
    for line in commands.run("ls-files", "-v", "-s", "-z").stdout.split(b"\0"):
        if line:
            head, _, path = line.partition(b"\t")
            entries[os.fsdecode(path)] = IndexEntry(*head.decode("ascii").split(" "))
    return entries


def _update_index(
    commands: Commands, git_dir: Path, entries: Sequence[tuple[Place, IndexEntry | None]], run: Exclusive
) -> None:
    """Change a copy of the index under git's own lock, and put it in place by one rename."""
    copy = run.scratch / "checkout-index"
    environment = {"GIT_INDEX_FILE": str(copy)}
    with index_lock(git_dir, run.wait):
        shutil.copy(git_dir / "index", copy)
        lines = [_index_line(place, entry) for place, entry in entries]
        commands.run("update-index", "-z", "--index-info", stdin=b"".join(lines), environment=environment)
        for option, paths in _flags(entries):
            commands.run("update-index", option, "-z", "--stdin", stdin=paths, environment=environment)
        # Status 1 tells of files that the user has changed; that is none of our business.
        commands.run("update-index", "-q", "--refresh", environment=environment, accept=(0, 1))
        copy.replace(git_dir / "index")


def _index_line(place: Place, entry: IndexEntry | None) -> bytes:
    # A mode that the user has staged stays.
    mode = "0" if place.wanted is None else entry.mode if entry else place.mode
    object_id = place.wanted or "0" * place.id_length
    return f"{mode} {object_id} 0\t".encode() + os.fsencode(place.path) + b"\0"


def _flags(entries: Iterable[tuple[Place, IndexEntry | None]]) -> list[tuple[str, bytes]]:
    """Return the flags that an entry loses when it is replaced, as options with their paths."""
    kept: dict[str, bytes] = {}
    for place, entry in entries:
        if entry is None or place.wanted is None:
            continue
        path = os.fsencode(place.path) + b"\0"
        if entry.flag.upper() == "S":
            kept["--skip-worktree"] = kept.get("--skip-worktree", b"") + path
        if entry.flag.islower():
            kept["--assume-unchanged"] = kept.get("--assume-unchanged", b"") + path
    return sorted(kept.items())
