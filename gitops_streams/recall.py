"""Rollback memory: before stream tags move, looks in Git whether somebody has taken back what they would move to.

Only the logs of the status files concerned are read, and only where a tag would move; an idle run pays nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitops_streams.git.repository import Repository
from gitops_streams.git.snapshot import Snapshot
from gitops_streams.manifests.scan import MAX_BYTES
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.resolution import Method, Question, Resolution, Resolved
from gitops_streams.plan.asked import Asked
from gitops_streams.plan.holding import Holding
from gitops_streams.streams import status
from gitops_streams.streams.follow import Followed
from gitops_streams.streams.history import History, Item
from gitops_streams.streams.model import Catalog, StreamKey, TagKey
from gitops_streams.streams.rollback import fits
from gitops_streams.yamledit.problem import Problem

if TYPE_CHECKING:
    from gitops_streams.git.log import Revision
    from gitops_streams.streams.reverts import TakenBack

_STATES = 200
"""States of a status file that are looked at."""
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Past:
    """Where the log is, and where a shallow clone gets more of it."""

    repository: Repository
    remote: str | None = None
    """The remote's name; ``None``: where the branch is pushed to."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables for the command that speaks to it; they may hold a credential."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What is held because somebody has taken it back."""

    holdings: Mapping[TagKey, Holding]
    problems: tuple[Problem, ...] = ()


NOTHING = Recalled({})


@dataclass(frozen=True, slots=True)
class _Move:
    """A stream tag that would move to another image than the one that is recorded."""

    asked: Asked
    image: Digest


@dataclass(frozen=True, slots=True)
class State:
    """One state that a status file had."""

    revision: Revision | None
    """``None``: as it is now, committed or not."""
    tags: Mapping[str, Sequence[Item]]


@dataclass(frozen=True, slots=True)
class States:
    """The states that status files had, newest first; the first one is that of now."""

    streams: Mapping[StreamKey, Sequence[State]]
    complete: bool
    """Whether these are all: a shallow clone lacks older ones, and a long log is not read to its end."""

    def of(self, key: TagKey) -> list[Sequence[Item]]:
        """Return the items of one stream tag in each of the states."""
        return [state.tags.get(key.tag, ()) for state in self.streams.get(key.stream, ())]


def recall(
    past: Past,
    snapshot: Snapshot,
    catalog: Catalog,
    asked: Iterable[Asked],
    answers: Mapping[Question, Resolution],
    history: History,
) -> Recalled:
    """Find the stream tags that would move to an image which somebody has taken back since it was recorded.

    Args:
        past: where the log is; a shallow clone is deepened.
        snapshot: what is planned from.
        catalog: the declarations.
        asked: the stream tags that were resolved.
        answers: the registries' answers.
        history: what is recorded at the snapshot.

    Returns:
        What is held, and that the memory is off where a shallow clone cannot be deepened.

    Raises:
        RepositoryError: the history cannot be read.
    """
    moves = {move.asked.key: move for move in _moves(catalog, asked, answers, history)}
    # Where nothing moves that was recorded before, as in a first run, git is not even asked for the commit.
    if not moves:
        return NOTHING
    repository = past.repository
    commit = snapshot.commit or repository.head().commit
    if commit is None:
        return NOTHING
    from gitops_streams.git.deepen import deepen  # noqa: PLC0415
    from gitops_streams.streams.reverts import taken_back  # noqa: PLC0415

    why = deepen(repository, commit, past.remote, past.environment)
    states = read_states(repository, commit, {key.stream for key in moves}, history)
    holdings: dict[TagKey, Holding] = {}
    for key, move in moves.items():
        found = taken_back(states.of(key), move.image)
        # Another declaration than the one it was taken back from is a new decision.
        if found is not None and found.item.fingerprint == catalog.tags[key].fingerprint:
            holdings[key] = _holding(move, found, states.streams[key.stream][found.state].revision, history)
    return Recalled(holdings, () if why is None else (_off(why),))


def _moves(
    catalog: Catalog, asked: Iterable[Asked], answers: Mapping[Question, Resolution], history: History
) -> Iterable[_Move]:
    for item in asked:
        answer = answers.get(item.question) if isinstance(item.question, Question) else item.question
        newest = history.newest(item.key)
        if not isinstance(answer, Resolved) or newest is None or newest.image == answer.digest:
            continue
        # What a declaration names itself, or holds, is somebody's decision already.
        asked_for = catalog.tags[item.key].hold is None and answer.method in {Method.HEAD, Method.GET}
        if asked_for:
            yield _Move(item, answer.digest)


def read_states(repository: Repository, commit: str | None, streams: Iterable[StreamKey], history: History) -> States:
    """Read the states that the status files of streams had along a branch; one that is none has no tags.

    Args:
        repository: where the log is.
        commit: the branch's newest commit; ``None`` where there is none yet.
        streams: whose status.
        history: what is recorded now.

    Raises:
        RepositoryError: the history cannot be read.
    """
    from gitops_streams.git.log import FileLog  # noqa: PLC0415  where nothing moves, no log is read

    paths = {stream: status.path_of(stream) for stream in sorted(streams, key=str)}
    log = FileLog((), shallow=False) if commit is None else repository.log(list(paths.values()), commit)
    changes = {
        stream: [(revision, revision.blobs[path]) for revision in log.revisions if path in revision.blobs][:_STATES]
        for stream, path in paths.items()
    }
    blobs = list({blob: None for own in changes.values() for _, blob in own if blob is not None})
    contents = dict(zip(blobs, repository.objects(blobs, MAX_BYTES), strict=True))
    found: dict[StreamKey, list[State]] = {}
    for stream, own in changes.items():
        current = history.streams.get(stream)
        states = [State(None, {} if current is None else current.tags)]
        for revision, blob in own:
            content = None if blob is None else contents[blob]
            read = status.read([(paths[stream], content)] if isinstance(content, bytes) else [])
            recorded = read.streams.get(stream)
            states.append(State(revision, {} if recorded is None else recorded.tags))
        found[stream] = states
    cut = any(len(own) == _STATES for own in changes.values())
    return States(found, not (log.shallow or cut))


def _holding(move: _Move, found: TakenBack, revision: Revision | None, history: History) -> Holding:
    """Say who took what back where; a place without a digest gets the image that is recorded now."""
    who, where = "an uncommitted change", ""
    if revision is not None:
        on = "" if revision.when is None else f" on {revision.when:%Y-%m-%d}"
        who, where = revision.author[:_LONGEST_NAME], f" in {revision.commit[:12]}{on}"
    release = f"it is held until its source has another image, or: gitops-streams resume {move.asked.key}"
    reason = f"{who} took {found.item.image.short} back{where}; {release}"
    stays, followed = history.newest(move.asked.key), move.asked.followed
    if stays is None or not isinstance(followed, Followed) or not fits(stays, followed.source):
        return Holding(reason)
    return Holding(reason, stays.image, stays.source_tag or None)


def _off(why: str) -> Problem:
    from gitops_streams.git.deepen import DEEPER  # noqa: PLC0415  as above

    reason = (
        f"what people took back is not remembered: this clone is shallow, and cannot be given {DEEPER} more commits:"
        f" {why}; fetch them before (actions/checkout: fetch-depth: 0)"
    )
    return Problem(".git/shallow", None, reason)
