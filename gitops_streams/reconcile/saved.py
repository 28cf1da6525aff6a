"""A saved plan: fitted to a snapshot as it is now, and what it writes."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_streams.errors import PlanRefused
from gitops_streams.git.snapshot import Snapshot, Unreadable, misplaced
from gitops_streams.git.write import FileEdit
from gitops_streams.manifests import scan
from gitops_streams.plan.model import FilePlan
from gitops_streams.plan.proven import prove_file
from gitops_streams.plan.saved import SavedPlan, fit
from gitops_streams.reconcile.declarations import read_history
from gitops_streams.reconcile.recording import edits_of
from gitops_streams.render.commit_message import Move
from gitops_streams.yamledit.prove import Unprovable


def fit_saved(wanted: SavedPlan, snapshot: Snapshot) -> tuple[FilePlan, ...]:
    """Fit a saved plan to a snapshot, and prove every edit.

    Raises:
        PlanRefused: a file is not there, lies outside the repository, or is not what the plan was made for.
        InternalError: a proof does not hold.
    """
    files = []
    # What git ignores, and what belongs to a submodule, can be read but is none of the repository's.
    own = set(snapshot.listing("")) if wanted.files else set()
    for file in wanted.files:
        reason = misplaced(file.path)
        content = snapshot.read_one(file.path, scan.MAX_BYTES) if reason is None else Unreadable(reason)
        if isinstance(content, bytes) and file.path not in own:
            content = Unreadable("git ignores it, or it belongs to a submodule")
        if not isinstance(content, bytes):
            reason = content.reason if isinstance(content, Unreadable) else "it is not there"
            raise PlanRefused(f"{file.path}: {reason}", hint="make a new plan: gitops-streams diff -o json")
        fitted = fit(file, content)
        try:
            prove_file(fitted)
        except Unprovable as error:
            raise PlanRefused(f"{file.path}: no edit of this file can be proven: {error}") from error
        files.append(fitted)
    return tuple(files)


def edits_of_saved(wanted: SavedPlan, files: Iterable[FilePlan], snapshot: Snapshot) -> tuple[FileEdit, ...]:
    """Make the edits that carry a saved plan out, status included."""
    resolved = [(move.key, move.item) for move in wanted.resolved if move.recorded]
    return edits_of(files, resolved, read_history(snapshot), snapshot)


def moves_of_saved(wanted: SavedPlan) -> list[Move]:
    """List the stream tags that a saved plan moves, for the commit message."""
    return [
        Move(
            str(move.key),
            move.item.reference.repository,
            move.old[0] if len(move.old) == 1 else None,
            move.item.image,
        )
        for move in wanted.resolved
        if move.files
    ]
