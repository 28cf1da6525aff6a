"""What Git's log says of stream tags: every image that one stood for, who recorded it, and when."""

from __future__ import annotations

from collections.abc import Collection

from gitops_streams.git.repository import Repository
from gitops_streams.recall import States, read_states
from gitops_streams.serve.overview import History, HistoryEntry
from gitops_streams.streams.history import History as Recorded
from gitops_streams.streams.model import TagKey
from gitops_streams.streams.reverts import introduced

_SHOWN = 20
"""Images of one stream tag."""


def recorded_history(
    repository: Repository, commit: str | None, keys: Collection[TagKey], recorded: Recorded
) -> History:
    """Read the log of stream tags.

    Args:
        repository: where the log is.
        commit: the branch's newest commit; ``None`` where there is none.
        keys: the stream tags.
        recorded: what is recorded at that commit.

    Raises:
        RepositoryError: the history cannot be read.
    """
    known = [key for key in keys if recorded.items(key)]
    if not known:
        return {}
    states = read_states(repository, commit, {key.stream for key in known}, recorded)
    return {key: _entries(key, recorded, states) for key in known}


def _entries(key: TagKey, recorded: Recorded, states: States) -> tuple[HistoryEntry, ...]:
    items = recorded.items(key)
    # The first state is that of now, the second one that of the newest commit.
    came = introduced(states.of(key))
    entries = []
    for place, item in enumerate(items[:_SHOWN]):
        revision = states.streams[key.stream][came[place]].revision
        # What is there in the oldest state that is known may be older than that.
        if revision is None or not (states.complete or came[place] + 1 < len(states.streams[key.stream])):
            entries.append(HistoryEntry(item.image, item.source_tag, None))
        else:
            entries.append(HistoryEntry(item.image, item.source_tag, revision.when, revision.author, revision.commit))
    return tuple(entries)
