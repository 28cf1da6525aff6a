"""What earlier runs saw in files whose blobs are known: which need not be read, and what was found in the others.

Nothing of it is ever written: as soon as a plan needs the text of a file whose findings are remembered, the file is
read and located again (``one_pass``). What is remembered holds for the same streams, the same rules and the same code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from gitops_streams import __version__
from gitops_streams import cache as cache_files
from gitops_streams.git.snapshot import Snapshot
from gitops_streams.manifests.field_rules import UserRules
from gitops_streams.manifests.scan import ScannedFile
from gitops_streams.oci.reference import Repository
from gitops_streams.reconcile.frozen_values import NotListed, freeze, thaw
from gitops_streams.yamledit.locate import decode
from gitops_streams.yamledit.problem import Problem

ENOUGH = 10_000
"""Files of a repository from which on remembering pays."""

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


@dataclass(slots=True)
class Memory:
    """What is remembered of one repository; what is learned is kept by ``keep``."""

    file: Path | None = None
    """Where it is kept; ``None``: nowhere."""
    undeclaring: frozenset[bytes] = frozenset()
    """Blobs that declare no streams."""
    scope: str = ""
    """What the rest holds for."""
    dropped: frozenset[bytes] = frozenset()
    """Blobs that the byte screen drops."""
    outcomes: dict[tuple[str, str], Any] = field(default_factory=dict)
    """What was found in the others, frozen, by path and blob."""

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

    def within(self, scope: str) -> Memory:
        """Return what holds for a scope."""
        return self if scope == self.scope else Memory(self.file, self.undeclaring, scope)

    def recall(self, snapshot: Snapshot, path: str, blob: bytes | None) -> Outcome | None:
        """Return what a scan of a file would, ``None`` if that is not known."""
        if blob is None:
            return None
        if blob in self.dropped:
            return None, []
        frozen = self.outcomes.get((path, blob.hex()))
        if frozen is None:
            return None
        try:
            found, ignored, problems = thaw(frozen)
        except (LookupError, TypeError, ValueError):
            return None
        file = ScannedFile(path, Remembered(snapshot, path), found, ignored) if found or ignored else None
        return file, problems

    def keep(
        self, undeclaring: Iterable[bytes], dropped: Iterable[bytes], outcomes: dict[tuple[str, str], Any]
    ) -> None:
        """Keep what holds now, and forget the rest."""
        now = Memory(self.file, frozenset(undeclaring), self.scope, frozenset(dropped), outcomes)
        if self.file is not None and now != self:
            cache_files.store(self.file, _written(now))


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
    digest = hashlib.sha256(__version__.encode())
    for room in _CODE:
        for source in sorted(resources.files("gitops_streams").joinpath(room).iterdir(), key=lambda entry: entry.name):
            if source.name.endswith(".py"):
                digest.update(source.read_bytes())
    return digest.hexdigest()


def _written(memory: Memory) -> bytes:
    """Write: a line of JSON, the blobs' ids one behind the other, the outcomes as JSON."""
    width = len(next(iter(memory.undeclaring | memory.dropped), b""))
    head = {
        "code": _code(),
        "scope": memory.scope,
        "width": width,
        "undeclaring": len(memory.undeclaring),
        "dropped": len(memory.dropped),
        "both": len(memory.undeclaring & memory.dropped),
    }
    # Most blobs are both, and stand once: between those that are one thing only.
    parts = (
        memory.undeclaring - memory.dropped,
        memory.undeclaring & memory.dropped,
        memory.dropped - memory.undeclaring,
    )
    ids = b"".join(blob for part in parts for blob in sorted(part))
    outcomes = [[*key, value] for key, value in memory.outcomes.items()]
    return json.dumps(head).encode() + b"\n" + ids + json.dumps(outcomes, separators=(",", ":")).encode()


def _read(file: Path, body: bytes) -> Memory:
    line, _, rest = body.partition(b"\n")
    head = json.loads(line)
    if head["code"] != _code():
        return Memory(file)
    width, undeclaring, dropped, both = head["width"], head["undeclaring"], head["dropped"], head["both"]
    end = (undeclaring + dropped - both) * width
    ids = [rest[at : at + width] for at in range(0, end, width)] if width else []
    outcomes = json.loads(rest[end:])
    return Memory(
        file,
        frozenset(ids[:undeclaring]),
        head["scope"],
        frozenset(ids[undeclaring - both :]),
        {(path, blob): value for path, blob, value in outcomes},
    )
