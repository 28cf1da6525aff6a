"""Scan a snapshot and bind every reference that its streams track."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Protocol

from gitops_streams.config import Settings
from gitops_streams.git.snapshot import Snapshot
from gitops_streams.manifests.scan import ScannedFile
from gitops_streams.oci.reference import Repository
from gitops_streams.plan.bind import Binder, Bindings, joined, tracked
from gitops_streams.plan.local_references import LocalReferences, fallen_back
from gitops_streams.plan.overlays import unpinned
from gitops_streams.plan.overrides import overridden
from gitops_streams.plan.whole_repositories import bind_each, takes_any
from gitops_streams.reconcile.declarations import Declarations, read_declarations
from gitops_streams.reconcile.scanning import scan_files
from gitops_streams.yamledit.problem import Problem


class Listener(Protocol):
    """Is told what a scan finds, while it goes on."""

    def declared(self, declarations: Declarations) -> None:
        """Every declaration is read."""

    def bound(self, declarations: Declarations, bindings: Bindings) -> None:
        """A file was scanned, and these are its sites."""


@dataclass(frozen=True, slots=True)
class Found:
    """The references of a snapshot, and the stream tags they belong to."""

    declarations: Declarations
    files: tuple[ScannedFile, ...]
    bindings: Bindings
    problems: tuple[Problem, ...]


def find_sites(
    snapshot: Snapshot, settings: Settings, *, listener: Listener | None = None, fresh: Collection[str] = ()
) -> Found:
    """Read the declarations and bind every reference that they track.

    Args:
        snapshot: the work tree or a commit.
        settings: the repository's configuration.
        listener: told what is found as soon as it is found.
        fresh: files to be scanned whatever is remembered of them.
    """
    declarations = read_declarations(snapshot, settings)
    if listener is not None:
        listener.declared(declarations)
    return sites_of(snapshot, settings, declarations, tracked(declarations.catalog), listener=listener, fresh=fresh)


def sites_of(
    snapshot: Snapshot,
    settings: Settings,
    declarations: Declarations,
    repositories: frozenset[Repository],
    *,
    listener: Listener | None = None,
    only: Collection[str] | None = None,
    fresh: Collection[str] = (),
) -> Found:
    """Bind every reference of a snapshot whose declarations are read.

    Args:
        snapshot: the work tree or a commit.
        settings: the repository's configuration.
        declarations: the snapshot's.
        repositories: whose references are found; those that nothing here follows stay unbound.
        listener: told what is found as soon as it is found.
        only: the files to scan; ``None``: all.
        fresh: files to be scanned whatever is remembered of them.
    """
    whole = takes_any(declarations.catalog)
    local = LocalReferences(declarations.catalog, settings.local_registry)
    binder = Binder(declarations.catalog, declarations.history, local)
    repositories = repositories.union(local.by_repository)
    files: list[ScannedFile] = []
    bound: dict[str, Bindings] = {}
    problems: list[Problem] = []
    for file in scan_files(snapshot, settings, declarations, repositories, only=only, fresh=fresh):
        if isinstance(file, Problem):
            problems.append(file)
            continue
        files.append(file)
        if whole:
            continue  # which tags there are is known once all files are
        bound[file.path] = binder.bind(file)
        if listener is not None:
            listener.bound(declarations, bound[file.path])
    files.sort(key=lambda file: file.path)
    if whole:
        each = bind_each(files, declarations.catalog, declarations.history, settings.local_registry)
        bound = {file.path: bindings for file, bindings in zip(files, each.bindings, strict=True)}
        declarations = replace(declarations, catalog=each.catalog)
        problems += each.problems
    bindings = joined(bound[file.path] for file in files)
    catalog = declarations.catalog
    problems += overridden(bindings.sites, (field for file in files for field in file.ignored), catalog)
    problems += unpinned(files, bindings.sites)
    if only is None:
        problems += fallen_back(LocalReferences(catalog, settings.local_registry), bindings.sites)
    return Found(declarations, tuple(files), bindings, (*declarations.problems, *problems))
