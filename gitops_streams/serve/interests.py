"""Who follows what: finds the repositories that an event concerns without asking each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gitops_streams.serve.visit import Memory, Pushed, Source


class Interests:
    """The sources that repositories' stream tags follow. Not safe for several threads."""

    def __init__(self, names: Iterable[str]) -> None:
        self._unknown = set(names)
        self._followers: dict[Source, set[str]] = {}
        self._sleepers: dict[Source, set[str]] = {}
        self._of: dict[str, tuple[frozenset[Source], frozenset[Source]]] = {}

    def learn(self, name: str, memory: Memory) -> None:
        """Take in what a pass has found."""
        self._unknown.discard(name)
        asleep = frozenset(source for key, source in memory.sources.items() if key not in memory.questions)
        now = frozenset(memory.sources.values()), asleep
        before = self._of.get(name, (frozenset(), frozenset()))
        for index, old, new in zip((self._followers, self._sleepers), before, now, strict=True):
            _replace(index, name, old, new)
        self._of[name] = now

    def followers(self, pushed: Pushed) -> set[str]:
        """Return the repositories of which a stream tag follows what was pushed."""
        return _found(self._followers, pushed)

    def sleepers(self, pushed: Pushed) -> set[str]:
        """Return those of which one follows it that is not resolved by itself, not being scheduled."""
        return _found(self._sleepers, pushed)

    @property
    def unknown(self) -> bool:
        """Whether there are repositories of which it is not known yet."""
        return bool(self._unknown)


def _replace(index: dict[Source, set[str]], name: str, old: Iterable[Source], new: Iterable[Source]) -> None:
    for source in old:
        index[source].discard(name)
        if not index[source]:
            del index[source]
    for source in new:
        index.setdefault(source, set()).add(name)


def _found(index: Mapping[Source, set[str]], pushed: Pushed) -> set[str]:
    repository, tag = pushed
    return index.get((repository, tag), set()) | index.get((repository, None), set())
