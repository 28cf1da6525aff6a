"""What a snapshot declares, and what is recorded of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from gitops_streams.config import Settings
from gitops_streams.errors import NoStreams
from gitops_streams.git.snapshot import Snapshot, Unreadable
from gitops_streams.manifests import scan
from gitops_streams.plan.whole_repositories import with_aliased
from gitops_streams.reconcile.candidates import Candidates
from gitops_streams.reconcile.memory import Memory
from gitops_streams.reconcile.read_once import ReadOnce
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
    candidates: Candidates
    """Every file that may be a manifest."""
    declaring: frozenset[str]
    """Those that may declare streams, as far as their bytes tell."""
    contents: ReadOnce
    """What was read of them."""


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
    with ThreadPoolExecutor(max_workers=1) as beside:
        listed = beside.submit(snapshot.inventory)
        # While git lists: what is remembered, what is recorded, and the files that declared streams last time.
        memory = Memory.of(settings.cache)
        history = read_history(snapshot)
        likely = [] if memory.shortlist is None else sorted(memory.shortlist.declaring)
        ahead = dict(_read(ReadOnce(snapshot, likely), likely))
        catalog = _loaded(expected := _located(ahead))
        candidates = Candidates.of(listed.result(), memory, settings)
    paths = list(candidates.for_declarations())
    contents = ReadOnce(snapshot, paths)
    found = {path: ahead[path] for path in paths if path in ahead}
    found = dict(sorted((found | dict(_read(contents, [path for path in paths if path not in ahead]))).items()))
    if (located := _located(found)) != expected:
        catalog = _loaded(located)
    problems = [each for each in found.values() if isinstance(each, Problem)]
    return Declarations(
        catalog, history, located, (*problems, *history.problems), candidates, frozenset(found), contents
    )


_Read = tuple[bytes, Located] | Problem | None
"""What reading a file that may declare streams came to; ``None``: it is not for us to read."""


def _located(found: Mapping[str, _Read]) -> dict[str, tuple[bytes, Located]]:
    return {path: each for path, each in found.items() if isinstance(each, tuple)}


def _loaded(located: Mapping[str, tuple[bytes, Located]]) -> Catalog:
    return with_aliased(load.load((path, each) for path, (_, each) in located.items()))


def _read(contents: ReadOnce, paths: Sequence[str]) -> Iterator[tuple[str, _Read]]:
    """Read and locate those files that may declare streams."""
    for path, content in _declaring(contents, paths):
        if isinstance(content, Unreadable):
            yield path, Problem(path, None, f"not scanned: {content.reason}")
            continue
        located = scan.read(path, content)
        yield path, (content, located) if isinstance(located, Located) else located


def _declaring(contents: ReadOnce, paths: Sequence[str]) -> Iterator[tuple[str, bytes | Unreadable]]:
    """Read the files that may declare streams."""
    word = load.SCREEN.encode()

    def work(part: Sequence[str]) -> Iterator[str]:
        return (path for path, _ in admitted(contents, part, lambda content: word in content, [load.SCREEN]))

    yield from contents.read(sorted(shared_out(paths, work)), scan.MAX_BYTES)


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
