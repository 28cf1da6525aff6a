"""Scan the files of a snapshot: list, read, screen, parse what is left, each file once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from gitops_streams.config import Settings
from gitops_streams.git.snapshot import Snapshot, Unreadable
from gitops_streams.manifests import scan
from gitops_streams.manifests.field_rules import UserRules
from gitops_streams.manifests.scan import ScannedFile
from gitops_streams.manifests.screen import Screen
from gitops_streams.oci.reference import Repository
from gitops_streams.plan.named import local_names
from gitops_streams.reconcile.declarations import Declarations
from gitops_streams.reconcile.memory import Memory, Outcome, frozen, scope_of
from gitops_streams.reconcile.two_processes import shared_out
from gitops_streams.reconcile.worth_reading import admitted
from gitops_streams.yamledit.problem import Problem


def scan_files(
    snapshot: Snapshot,
    settings: Settings,
    declarations: Declarations,
    repositories: frozenset[Repository],
    *,
    only: Collection[str] | None = None,
    fresh: Collection[str] = (),
) -> Iterator[ScannedFile | Problem]:
    """Yield what is found in every file that can be edited; those that declare streams are located already.

    Args:
        snapshot: the work tree or a commit.
        settings: the repository's configuration.
        declarations: the snapshot's.
        repositories: whose references are found.
        only: the files to scan; ``None``: all.
        fresh: files to be scanned whatever is remembered of them.
    """
    local, rules, candidates = local_names(declarations.catalog), settings.rules, declarations.candidates
    screen = Screen(repositories, scan.needles((), rules), local)
    remembers = candidates.memory.file is not None
    scope = scope_of(repositories, local, rules) if remembers else ""
    files = candidates.for_scan(scope)
    memory = candidates.memory if scope == candidates.memory.scope else Memory()
    unread: list[str] = []
    for path in files if only is None else [path for path in files if path in only]:
        known = None if path in fresh else memory.recall(snapshot, path, files[path])
        if path in declarations.located:
            data, located = declarations.located[path]
            known = scan.scan_located(path, located, repositories, local, rules) if screen.admits(data) else (None, [])
        if known is None:
            unread.append(path)
        else:
            yield from _split(known)

    def work(part: Sequence[str]) -> Iterator[tuple[str, Outcome, bool]]:
        for path, content in admitted(
            declarations.contents, part, screen.admits, [*scan.needles(repositories, rules), *local]
        ):
            yield path, _outcome(path, content, repositories, local, rules), isinstance(content, bytes)

    outcomes: dict[tuple[str, str], Any] = {}
    looked_at: set[str] = set()
    for path, outcome, was_read in shared_out(unread, work):
        looked_at.add(path)
        blob = files[path] if was_read and remembers else None
        if blob is not None and (kept := frozen(outcome)) is not None:
            outcomes[path, blob.hex()] = kept
        yield from _split(outcome)
    if only is None:
        dropped = [path for path in unread if path not in looked_at]
        candidates.learn(scope, declarations.declaring, dropped, outcomes)


def _outcome(
    path: str,
    content: bytes | Unreadable,
    repositories: frozenset[Repository],
    local: Collection[str],
    rules: UserRules,
) -> Outcome:
    if isinstance(content, Unreadable):
        return None, [Problem(path, None, f"not scanned: {content.reason}")]
    return scan.scan(path, content, repositories, local, rules)


def _split(scanned: Outcome) -> Iterator[ScannedFile | Problem]:
    file, problems = scanned
    if file is not None:
        yield file
    yield from problems
