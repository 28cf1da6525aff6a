"""What a plan writes: the manifests, and the status of every stream whose history grew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gitops_streams.git.snapshot import Snapshot
from gitops_streams.git.write import FileEdit
from gitops_streams.manifests import scan
from gitops_streams.oci.resolution import Resolved
from gitops_streams.plan.model import Change, FilePlan, Plan, TagPlan
from gitops_streams.render.commit_message import Move
from gitops_streams.streams import status
from gitops_streams.streams.condition import Condition, condition_of
from gitops_streams.streams.history import History, Item, conditioned
from gitops_streams.streams.model import DockerImage, StreamKey, TagKey


def resolved_items(plan: Plan) -> list[tuple[TagKey, Item]]:
    """List what a plan's stream tags resolved to, as their histories record it."""
    return [
        (
            tag.key,
            Item(
                tag.image.reference.pinned(tag.recorded, keep_tag=False),
                tag.recorded,
                source_tag_of(tag),
                tag.fingerprint,
            ),
        )
        for tag in plan.tags
        if tag.recorded is not None and tag.image is not None
    ]


def source_tag_of(tag: TagPlan) -> str:
    """Return the tag that a stream tag's digest was found under; empty where the declaration names a digest alone."""
    held = tag.holding.source_tag if tag.holding is not None else None
    return held or (tag.image.tag if tag.image is not None else None) or ""


def conditions_of(plan: Plan) -> dict[TagKey, Condition | None]:
    """Say what is wrong with the stream tags of a plan that a registry was asked for; ``None`` where nothing is.

    A tag that fails because of an outage is left out: what is recorded of it stays.
    """
    found: dict[TagKey, Condition | None] = {}
    for tag in plan.tags:
        if isinstance(tag.resolution, Resolved):
            found[tag.key] = None
        elif isinstance(tag.source, DockerImage):
            condition = condition_of(tag.resolution.cause, tag.source.reference)
            found |= {} if condition is None else {tag.key: condition}
    return found


def edits_for(plan: Plan, history: History, snapshot: Snapshot) -> tuple[FileEdit, ...]:
    """Make the edits that carry a plan out, status included."""
    return edits_of(plan.files, resolved_items(plan), history, snapshot, conditions_of(plan))


def edits_of(
    files: Iterable[FilePlan],
    resolved: Sequence[tuple[TagKey, Item]],
    history: History,
    snapshot: Snapshot,
    conditions: Mapping[TagKey, Condition | None] | None = None,
) -> tuple[FileEdit, ...]:
    """Make the edits that write files, and the status of every stream whose history grew.

    Conditions are brought up to date in a status that is written anyway, and never for their own sake: otherwise
    every registry that is down would make commits.
    """
    edits = [FileEdit(file.path, file.before, file.after) for file in files]
    streams = dict(history.streams)
    for key, item in resolved:
        if history.newest(key) != item:
            streams[key.stream] = status.record(streams.get(key.stream), key, item)
    wrong: dict[StreamKey, dict[str, Condition | None]] = {}
    for key, condition in (conditions or {}).items():
        wrong.setdefault(key.stream, {})[key.tag] = condition
    for stream, recorded in streams.items():
        if recorded is not history.streams.get(stream):
            path = status.path_of(stream)
            written = status.render(conditioned(recorded, wrong.get(stream, {})))
            before = snapshot.read_one(path, scan.MAX_BYTES)
            content = before if isinstance(before, bytes) else None
            edits.append(FileEdit(path, content, written.encode()))
    return tuple(sorted(edits, key=lambda edit: edit.path))


def moves_of(plan: Plan) -> list[Move]:
    """List the stream tags that a plan moves, for the commit message."""
    moves = []
    for tag in plan.tags:
        old = {site.site.occurrence.digest for site in tag.sites if isinstance(site, Change)}
        if old and tag.digest is not None and tag.image is not None:
            before = old.pop() if len(old) == 1 else None
            moves.append(Move(str(tag.key), tag.image.reference.repository, before, tag.digest))
    return moves
