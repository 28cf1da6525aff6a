"""Scan the files of a snapshot: list, read, screen, parse what is left, each file once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from gitops_streams.config import Settings
from gitops_streams.git.snapshot import Snapshot, Unreadable
from gitops_streams.manifests import scan
from gitops_streams.manifests.scan import ScannedFile
from gitops_streams.manifests.screen import Screen
from gitops_streams.oci.reference import Repository
from gitops_streams.plan.named import local_names
from gitops_streams.reconcile.declarations import Declarations
from gitops_streams.reconcile.included import included
from gitops_streams.reconcile.two_processes import shared_out
from gitops_streams.reconcile.worth_reading import admitted
from gitops_streams.yamledit.problem import Problem


def scan_files(
    snapshot: Snapshot,
    settings: Settings,
    declarations: Declarations,
    repositories: frozenset[Repository],
    only: Collection[str] | None = None,
) -> Iterator[ScannedFile | Problem]:
    """Yield what is found in every file that can be edited; those that declare streams are located already.

    Args:
        snapshot: the work tree or a commit.
        settings: the repository's configuration.
        declarations: the snapshot's.
        repositories: whose references are found.
        only: the files to scan; ``None``: all.
    """
    local, rules = local_names(declarations.catalog), settings.rules
    fixed = scan.needles((), rules)
    screen = Screen(repositories, fixed, local)
    paths = included(declarations.files, settings)
    if only is not None:
        paths = [path for path in paths if path in only]
    unread = []
    for path in paths:
        located = declarations.located.get(path)
        if located is None:
            unread.append(path)
        elif screen.admits(located[0]):
            yield from _split(scan.scan_located(path, *located, repositories, local, rules))

    def work(part: Sequence[str]) -> Iterator[ScannedFile | Problem]:
        needles = [*scan.needles(repositories, rules), *local]
        for path, content in admitted(snapshot, part, screen.admits, needles):
            if isinstance(content, Unreadable):
                yield Problem(path, None, f"not scanned: {content.reason}")
            else:
                yield from _split(scan.scan(path, content, repositories, local, rules))

    yield from shared_out(unread, work)


def _split(scanned: tuple[ScannedFile | None, list[Problem]]) -> Iterator[ScannedFile | Problem]:
    file, problems = scanned
    if file is not None:
        yield file
    yield from problems
