"""Makes a proposal for the repository as it lies there, and writes it: what ``init`` does."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gitops_streams.cli.session import Session
from gitops_streams.cli.surveying import survey_at
from gitops_streams.errors import UsageError
from gitops_streams.git.snapshot import misplaced
from gitops_streams.git.write import FileEdit, write_files
from gitops_streams.manifests.globs import matches_any
from gitops_streams.plan.proposal import Known, Proposal
from gitops_streams.plan.propose import propose
from gitops_streams.reconcile.declarations import declared_at
from gitops_streams.streams import argocd_image_updater, flux
from gitops_streams.yamledit.problem import Problem


@dataclass(frozen=True, slots=True)
class Initial:
    """A proposal, and what was noticed on the way."""

    proposal: Proposal
    problems: tuple[Problem, ...]


def propose_at(session: Session, folder: str) -> Initial:
    """Propose streams for the work tree, or for HEAD where there is none.

    Args:
        session: the opened repository.
        folder: where new files go, from the top of the repository.

    Raises:
        UsageError: the folder is none of the repository's.
    """
    directory = _directory(folder)
    root, snapshot = session.repository.root, session.snapshot()
    declared = declared_at(snapshot, session.settings)
    surveyed = survey_at(snapshot, session.settings, declared.catalog)
    objects = [(survey.file.path, each) for survey in surveyed.files for each in survey.foreign]
    known = Known(
        declared.catalog,
        declared.history,
        {path: located for path, (_, located) in declared.located.items()},
        session.settings.local_registry,
    )
    proposal = propose(
        surveyed.files,
        [*flux.read(objects), *argocd_image_updater.read(objects)],
        known,
        directory=directory,
        occupied=lambda path: root is not None and os.path.lexists(root / path),
    )
    problems = {*declared.problems, *declared.catalog.problems, *surveyed.problems}
    return Initial(proposal, tuple(sorted(problems, key=lambda each: (each.file, each.line or 0, each.reason))))


def write(session: Session, proposal: Proposal) -> None:
    """Write every stream into its file, and see that it is read there.

    Raises:
        UsageError: there is no work tree, or what is written there is not read.
        WriteFailed: a file cannot be written.
    """
    root = session.repository.root
    if root is None:
        raise UsageError("a bare repository has no files to write", hint="run in a clone")
    if not proposal.streams:
        return
    excluded = [stream.path for stream in proposal.streams if matches_any(session.settings.exclude, stream.path)]
    if excluded:
        raise UsageError(
            f"{excluded[0]} would not be read: the configuration excludes it", hint="name another --directory"
        )
    write_files(Path(root), [FileEdit(stream.path, None, stream.text.encode()) for stream in proposal.streams])
    read = declared_at(session.snapshot(), session.settings).catalog
    if any(key not in read.tags for key, _ in proposal.tags):
        raise UsageError(
            f"the files are written ({proposal.streams[0].path}, …), but git ignores them",
            hint="change .gitignore, or move them; gitops-streams reads what git does not ignore",
        )


def _directory(folder: str) -> str:
    """Return the folder as a path of the repository; empty for its top."""
    directory = str(PurePosixPath(folder)) if folder else "."
    if directory == ".":
        return ""
    reason = misplaced(directory)
    if reason is not None:
        raise UsageError(
            f"--directory {folder}: {reason}", hint="write it from the top of the repository: imagestreams"
        )
    return directory
