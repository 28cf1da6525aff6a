"""What earlier runs saw in files whose blobs are known: which need not be read, and what was found in the others.

Nothing of it is ever written: as soon as a plan needs the text of a file whose findings are remembered, the file is
read and located again (``one_pass``). What is remembered holds for the same streams, the same rules and the same code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from gitops_streams import __version__
from gitops_streams import cache as cache_files
from gitops_streams.git.snapshot import Snapshot
from gitops_streams.manifests.field_rules import UserRules
from gitops_streams.manifests.scan import ScannedFile
from gitops_streams.oci.reference import Repository
from gitops_streams.reconcile.frozen_values import NotListed, freeze, thaw
from gitops_streams.reconcile.seen_blobs import SeenBlobs
from gitops_streams.yamledit.locate import decode
from gitops_streams.yamledit.problem import Problem

Outcome = tuple[ScannedFile | None, list[Problem]]
"""What a scan of one file returns."""
_CODE = ("manifests", "oci", "yamledit", "streams")
"""The rooms whose code decides what is found in a file."""


@dataclass(slots=True)
class Remembered:
    """The text of a file whose findings are remembered; it notes that somebody needs it."""

    snapshot: Snapshot
    path: str
    needed: bool = False

    def read_text(self) -> str:
        """Return the text as it is now; whoever needs it has to scan it first."""
        self.needed = True
        content = self.snapshot.read_one(self.path)
        text = decode(content) if isinstance(content, bytes) else ""
        return text if isinstance(text, str) else ""


Blobs = Mapping[str, bytes | None]
"""Paths, each with the blob that a file is known to hold."""


@dataclass(frozen=True, slots=True)
class Shortlist:
    """The files of one listing that git's listing alone does not dismiss."""

    listing: bytes
    """Which listing: its fingerprint (``git.snapshot.Inventory``)."""
    declaring: Blobs
    """Those whose blobs may declare streams."""
    unscreened: Blobs
    """Those whose blobs the byte screen does not drop, and whose findings are not remembered."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of one repository."""

    file: Path | None = None
    """Where it is kept; ``None``: nowhere."""
    blobs: SeenBlobs = field(default_factory=SeenBlobs)
    """Blobs that declare no streams, and, for the scope, those that the byte screen drops."""
    scope: str = ""
    """What the rest holds for."""
    outcomes: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    """What was found in the others, frozen, by path and blob."""
    thawed: Mapping[tuple[str, str], Any] = field(default_factory=dict, compare=False)
    """The same, as it is used."""
    shortlist: Shortlist | None = None
    """What the listing of that run comes down to; ``None``: it cannot be told from another's."""

    @classmethod
    def of(cls, file: Path | None) -> Memory:
        """Return what is remembered in a file."""
        if file is None:
            return cls()
        body = cache_files.load(file)
        try:
            return cls(file) if body is None else _read(file, body)
        except (LookupError, TypeError, ValueError):
            return cls(file)

    def recall(self, snapshot: Snapshot, path: str, blob: bytes | None) -> Outcome | None:
        """Return what a scan of a file would for the scope, ``None`` if that is not known."""
        thawed = self.thawed.get((path, blob.hex())) if blob is not None and self.thawed else None
        if thawed is None:
            return None
        found, ignored, problems = thawed
        file = ScannedFile(path, Remembered(snapshot, path), found, ignored) if found or ignored else None
        return file, problems

    def keep(self) -> None:
        """Write it down for later runs."""
        if self.file is not None:
            cache_files.store(self.file, _written(self))


def scope_of(repositories: Iterable[Repository], local: Iterable[str], rules: UserRules) -> str:
    """Return what findings depend on besides a file's path and its bytes, as a digest."""
    tracked = sorted(f"{repository.domain}/{repository.path}" for repository in repositories)
    return hashlib.sha256(repr((_code(), tracked, sorted(local), rules)).encode()).hexdigest()


def frozen(outcome: Outcome) -> Any:  # noqa: ANN401  JSON
    """Return an outcome as it is kept; ``None`` for one that is not."""
    file, problems = outcome
    try:
        return freeze((file.findings, file.ignored, problems) if file is not None else ((), (), problems))
    except NotListed:
        return None


def needed(files: Iterable[ScannedFile]) -> frozenset[str]:
    """Return the files whose findings are remembered and whose text somebody needed."""
    return frozenset(file.path for file in files if isinstance(file.content, Remembered) and file.content.needed)


@cache
def _code() -> str:
    """Return a digest of the code that scans, so that no version, released or not, believes another's findings."""
    from importlib import resources  # noqa: PLC0415  small repositories are not remembered

    digest = hashlib.sha256(__version__.encode())
    for room in _CODE:
        for source in sorted(resources.files("gitops_streams").joinpath(room).iterdir(), key=lambda entry: entry.name):
            if source.name.endswith(".py"):
                digest.update(source.read_bytes())
    return digest.hexdigest()


def _written(memory: Memory) -> bytes:
    """Write: a line of JSON, the blobs' ids, what is looked up by path as JSON."""
    head = {"code": _code(), "scope": memory.scope, "counts": memory.blobs.counts, "ids": len(memory.blobs.ids)}
    shortlist = memory.shortlist and {
        "listing": memory.shortlist.listing.hex(),
        "declaring": _in_hex(memory.shortlist.declaring),
        "unscreened": _in_hex(memory.shortlist.unscreened),
    }
    tail = {"outcomes": [[*key, value] for key, value in memory.outcomes.items()], "shortlist": shortlist}
    return json.dumps(head).encode() + b"\n" + memory.blobs.ids + json.dumps(tail, separators=(",", ":")).encode()


def _read(file: Path, body: bytes) -> Memory:
    line, _, rest = body.partition(b"\n")
    head = json.loads(line)
    if head["code"] != _code():
        return Memory(file)
    tail = json.loads(rest[head["ids"] :])
    short = tail["shortlist"]
    first, both, last = head["counts"]
    outcomes = {(path, blob): value for path, blob, value in tail["outcomes"]}
    return Memory(
        file,
        SeenBlobs(rest[: head["ids"]], (first, both, last)),
        head["scope"],
        outcomes,
        {key: _parts(value) for key, value in outcomes.items()},
        short
        and Shortlist(bytes.fromhex(short["listing"]), _from_hex(short["declaring"]), _from_hex(short["unscreened"])),
    )


def _parts(outcome: Any) -> tuple[Any, Any, Any]:  # noqa: ANN401  JSON
    found, ignored, problems = thaw(outcome)
    return found, ignored, problems


def _in_hex(blobs: Blobs) -> dict[str, str | None]:
    return {path: None if blob is None else blob.hex() for path, blob in blobs.items()}


def _from_hex(blobs: dict[str, str | None]) -> Blobs:
    return {path: None if blob is None else bytes.fromhex(blob) for path, blob in blobs.items()}
