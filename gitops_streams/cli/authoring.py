"""What the verbs that edit declarations share: read, edit, prove, show, write into the work tree."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from gitops_streams import config
from gitops_streams.cli.opening import open_session
from gitops_streams.cli.session import Session
from gitops_streams.errors import DeclarationRefused, InternalError, RepositoryError, UsageError
from gitops_streams.git.snapshot import Snapshot, Unreadable, misplaced
from gitops_streams.git.write import FileEdit
from gitops_streams.manifests import scan
from gitops_streams.manifests.globs import matches_any
from gitops_streams.publish import Planned, publish_worktree
from gitops_streams.reconcile.declarations import declared_at
from gitops_streams.render import declarations as render
from gitops_streams.render.inert import line
from gitops_streams.streams import status
from gitops_streams.streams.authoring import Authoring
from gitops_streams.streams.follow import Broken, follow
from gitops_streams.streams.forgetting import without
from gitops_streams.streams.history import History, Item
from gitops_streams.streams.model import TagKey
from gitops_streams.streams.names import existing, parse_name
from gitops_streams.streams.rollback import Candidates, candidates
from gitops_streams.yamledit.locate import Located, Unparsable, decode, locate

_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Invocation:
    """What every one of these verbs is given."""

    directory: Path
    config: Path | None
    verbose: bool
    color: str
    output: str
    """``text`` or ``diff``."""
    dry_run: bool


@dataclass(slots=True)
class Desk:
    """What a verb works on."""

    session: Session
    snapshot: Snapshot
    declarations: Authoring
    deleted: list[TagKey] = field(default_factory=list)
    """Grows: the stream tags whose recorded history goes with them."""
    recorded: dict[TagKey, tuple[Item, ...]] = field(default_factory=dict)
    """Grows: the stream tags whose recorded history is another one now."""
    next_step: str = ""
    """What to run now, if anything was changed."""

    @property
    def history(self) -> History:
        """What is recorded."""
        return self.declarations.history

    def existing(self, name: str) -> TagKey:
        """Return the declared stream tag that a typed name means.

        Raises:
            UsageError: it is no name of one.
            DeclarationRefused: none is declared, or several are.
        """
        return existing(self.declarations.catalog, parse_name(name))

    def candidates(self, name: str) -> tuple[TagKey, Candidates]:
        """Return the declared stream tag that a typed name means, and the images that it can be held at.

        Raises:
            UsageError: it is no name of one.
            DeclarationRefused: none can be used, or several are meant.
        """
        key = self.existing(name)
        tag = self.declarations.tag(key)
        followed = follow(self.declarations.catalog, key, self.history)
        if isinstance(followed, Broken):
            raise DeclarationRefused(followed.reason, hint="repair the declaration first")
        return key, candidates(tag, self.history, followed)

    def new_file(self, key: TagKey, wanted: Path | None, directory: Path) -> tuple[str, Located | None]:
        """Say where a new stream is declared, and what is there already.

        Args:
            key: its first tag.
            wanted: the file that was asked for, relative to ``directory``.
            directory: where the verb was called.

        Raises:
            UsageError: no stream can be declared there.
            DeclarationRefused: what is there cannot be added to.
        """
        path = self._default_path(key) if wanted is None else self._within(wanted, directory)
        reason = misplaced(path)
        if reason is not None or not path.endswith(_SUFFIXES):
            raise UsageError(f"{path}: {reason or 'streams are read from *.yaml, *.yml and *.json files'}")
        if matches_any(self.session.settings.exclude, path):
            raise UsageError(f"{path} is excluded by {config.PATH}", hint="name another file: --file")
        known = self.declarations.files.get(path)
        content = None if known is not None else self.snapshot.read_one(path, scan.MAX_BYTES)
        if isinstance(content, Unreadable):
            raise DeclarationRefused(f"{path}: {content.reason}", hint="name another file: --file")
        if isinstance(content, bytes):
            text = decode(content)
            located = text if isinstance(text, Unparsable) else locate(text)
            if isinstance(located, Unparsable):
                raise DeclarationRefused(f"{path}: {located.reason}", hint="name another file: --file")
            known = located
        if known is not None and wanted is None:
            raise DeclarationRefused(f"{path} is there already", hint=f"name the file: --file {path} adds a document")
        return path, known

    def _default_path(self, key: TagKey) -> str:
        """Beside the other streams, if all of them are in one folder; else in one of their own."""
        folders = {os.path.dirname(stream.file) for stream in self.declarations.catalog.streams}  # noqa: PTH120
        if len(folders) == 1:
            folder = folders.pop()
            return f"{folder}/{key.stream.name}.yaml" if folder else f"{key.stream.name}.yaml"
        return f"imagestreams/{key.stream}.yaml"

    def _within(self, wanted: Path, directory: Path) -> str:
        root = self.session.repository.work_tree().root
        place = Path(os.path.normpath(directory.absolute() / wanted))
        # The folder may be reached through links; the repository's top is named without any.
        parent = place.parent.resolve() / place.name
        try:
            return parent.relative_to(root).as_posix()
        except ValueError as error:
            raise UsageError(f"{wanted}: the path leaves the repository") from error


def author(invocation: Invocation, edit: Callable[[Desk], list[str]]) -> None:
    """Edit declarations in the work tree: all files or none, each with its proof; show what was done.

    Args:
        invocation: the options.
        edit: makes the edits, and returns a line for people for each thing done.

    Raises:
        RepositoryError: there is no work tree.
        DeclarationRefused: what is asked for cannot be done.
    """
    with open_session(
        invocation.directory, invocation.config, verbose=invocation.verbose, color=invocation.color
    ) as session:
        if session.repository.root is None:
            raise RepositoryError(
                "the repository is bare, and declarations are edited in a work tree", hint="run this in a clone"
            )
        snapshot = session.snapshot()
        declared = declared_at(snapshot, session.settings)
        for problem in declared.problems:
            click.echo(f"warning: {line(str(problem))}", err=True)
        files = {path: found for path, (_, found) in declared.located.items()}
        desk = Desk(session, snapshot, Authoring(files, declared.history))
        told = edit(desk)
        desk.declarations.prove()
        edits = [*_edits(desk, {path: data for path, (data, _) in declared.located.items()}), *_statuses(desk)]
        if not invocation.dry_run and edits:
            publish_worktree(session.repository, Planned(tuple(edits), ""))
        _show(desk, invocation, told, edits)


def _edits(desk: Desk, content: dict[str, bytes]) -> list[FileEdit]:
    edits = []
    for draft in desk.declarations.edited:
        before = content.get(draft.path)
        if before is None:
            there = desk.snapshot.read_one(draft.path, scan.MAX_BYTES)
            before = there if isinstance(there, bytes) else None
        if (before or b"").decode() != draft.before:
            raise InternalError(f"{draft.path} was edited from another text than it holds")
        edits.append(FileEdit(draft.path, before, draft.text.encode()))
    return edits


def _statuses(desk: Desk) -> list[FileEdit]:
    """Write what a verb did to the record: deleted stream tags go, what was taken back comes again."""
    edits = []
    for stream in {key.stream: None for key in (*desk.deleted, *desk.recorded)}:
        before = desk.snapshot.read_one(status.path_of(stream), scan.MAX_BYTES)
        found = desk.history.streams.get(stream)
        if found is None or not isinstance(before, bytes):
            continue
        deleted = [key.tag for key in desk.deleted if key.stream == stream]
        again = {key.tag: items for key, items in desk.recorded.items() if key.stream == stream}
        left = without(found, deleted, desk.declarations.catalog) or found
        left = replace(left, tags={**left.tags, **again}) if again else left
        if left is not found:
            edits.append(FileEdit(status.path_of(stream), before, status.render(left).encode()))
    return edits


def _show(desk: Desk, invocation: Invocation, told: list[str], edits: list[FileEdit]) -> None:
    changes = render.diff(
        render.EditedFile(edit.path, None if edit.before is None else edit.before.decode(), edit.after.decode())
        for edit in edits
    )
    if invocation.output == "diff":
        desk.session.show(changes, "diff")
        return
    notices = [f"note: {notice}" for notice in desk.declarations.notices()]
    desk.session.show("".join(f"{line(text)}\n" for text in [*told, *notices]))
    if not edits:
        desk.session.show("nothing to change\n")
        return
    desk.session.show("\n")
    desk.session.show(changes, "diff")
    paths = ", ".join(edit.path for edit in edits)
    done = f"dry run: nothing was written to {paths}" if invocation.dry_run else f"wrote {paths}"
    closing = [done, *([f"next: {desk.next_step}"] if desk.next_step and not invocation.dry_run else [])]
    desk.session.show("\n" + "".join(f"{line(text)}\n" for text in closing))
