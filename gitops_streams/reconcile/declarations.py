"""What a snapshot declares, and what is recorded of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from gitops_streams.config import Settings
from gitops_streams.errors import NoStreams
from gitops_streams.git.snapshot import Snapshot, Unreadable
from gitops_streams.manifests import scan
from gitops_streams.plan.whole_repositories import with_aliased
from gitops_streams.reconcile.included import included
from gitops_streams.reconcile.memory import ENOUGH, Memory
from gitops_streams.reconcile.two_processes import shared_out
from gitops_streams.reconcile.worth_reading import admitted
from gitops_streams.streams import load, status
from gitops_streams.streams.history import History
from gitops_streams.streams.model import Catalog
from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.problem import Problem


@dataclass(frozen=True, slots=True)
class Declarations:
    """What a snapshot says is wanted, and what is recorded of it."""

    catalog: Catalog
    history: History
    located: dict[str, tuple[bytes, Located]]
    """The files that declare streams, which may be manifests too."""
    problems: tuple[Problem, ...]
    files: dict[str, bytes | None]
    """Every file that may be a manifest, with the blob that it is known to hold."""
    memory: Memory = field(default_factory=Memory)
    """What earlier runs saw."""
    undeclaring: frozenset[bytes] = frozenset()
    """Blobs that this run knows to declare no streams."""


def read_declarations(snapshot: Snapshot, settings: Settings) -> Declarations:
    """Read every ImageStream and every status file of a snapshot.

    Raises:
        NoStreams: no stream is declared.
    """
    declared = declared_at(snapshot, settings)
    if not declared.catalog.streams:
        noticed = "".join(f"\n  {problem}" for problem in (*declared.problems, *declared.catalog.problems))
        raise NoStreams(
            "no ImageStream is declared in this repository" + (f"; noticed:{noticed}" if noticed else ""),
            hint="declare one (kind: ImageStream, image.openshift.io/v1); gitops-streams init proposes some",
        )
    return declared


def declared_at(snapshot: Snapshot, settings: Settings) -> Declarations:
    """Read every ImageStream and every status file of a snapshot that need not have any."""
    located: dict[str, tuple[bytes, Located]] = {}
    problems: list[Problem] = []
    # What is remembered is read while git lists the files.
    with ThreadPoolExecutor(max_workers=1) as beside:
        listed = beside.submit(snapshot.contents, scan.PATHSPECS)
        memory = Memory.of(settings.cache)
        files = listed.result()
    if len(files) < ENOUGH:
        memory = Memory()
    looked_at = included(files, settings)
    declaring: set[str] = set()
    known = memory.undeclaring
    for path, content in _declaring(snapshot, [path for path in looked_at if files[path] not in known]):
        declaring.add(path)
        read = Problem(path, None, f"not scanned: {content.reason}") if isinstance(content, Unreadable) else None
        found = read or (scan.read(path, content) if isinstance(content, bytes) else None)
        if isinstance(found, Problem):
            problems.append(found)
        elif found is not None and isinstance(content, bytes):
            located[path] = (content, found)
    catalog = with_aliased(load.load((path, found) for path, (_, found) in located.items()))
    history = read_history(snapshot)
    others = map(files.__getitem__, (path for path in looked_at if path not in declaring))
    undeclaring = frozenset(blob for blob in set(others) if blob is not None)
    return Declarations(catalog, history, located, (*problems, *history.problems), files, memory, undeclaring)


def _declaring(snapshot: Snapshot, paths: Sequence[str]) -> Iterator[tuple[str, bytes | Unreadable]]:
    """Read the files that may declare streams."""
    word = load.SCREEN.encode()

    def work(part: Sequence[str]) -> Iterator[str]:
        return (path for path, _ in admitted(snapshot, part, lambda content: word in content, [load.SCREEN]))

    yield from snapshot.read(sorted(shared_out(paths, work)), scan.MAX_BYTES)


def read_history(snapshot: Snapshot) -> History:
    """Read every status file of a snapshot; one that cannot be read is a problem of the history."""
    recorded = dict(snapshot.read(snapshot.listing(status.DIRECTORY), scan.MAX_BYTES))
    history = status.read((path, content) for path, content in recorded.items() if isinstance(content, bytes))
    unread = [
        Problem(path, None, f"the recorded history cannot be read: {content.reason}")
        for path, content in recorded.items()
        if isinstance(content, Unreadable)
    ]
    return replace(history, problems=(*history.problems, *unread))
