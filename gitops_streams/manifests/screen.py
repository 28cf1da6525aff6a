"""The byte screen: which files are worth parsing. What it drops holds nothing that any scanner would find.

Several hundred names in a hundred thousand files: looking for each of them takes seconds, and so does one
expression with all of them. But a repository's path with a slash in it is found by its last segment: what
stands behind a slash is collected in one sweep, and a set says whether a name is among it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from gitops_streams.manifests import registry_paths
from gitops_streams.manifests.local_names import may_hold
from gitops_streams.oci.reference import DOCKER_HUB, Repository

# Maximal runs of what the segments of a repository's path are written in. Whatever follows a path in a
# reference or behind it (a colon, an at sign, a blank, a quote, a backslash) is none of it, so that the last
# segment of every path that a scanner can take is such a run, whole.
_SEGMENT = re.compile(rb"/([a-z0-9._-]+)")
_SPLITTING = tuple(word.encode() for word in registry_paths.SCREENS)
_UTF_16 = frozenset({b"\xff\xfe", b"\xfe\xff"})


def paths(tracked: Iterable[Repository]) -> set[str]:
    """Return how manifests spell the paths of repositories: an official image on Docker Hub without ``library/``."""
    return {
        repository.path.removeprefix("library/") if repository.domain == DOCKER_HUB else repository.path
        for repository in tracked
    }


class Screen:
    """Says of a file's bytes whether a scan can find anything in them."""

    def __init__(self, tracked: Iterable[Repository], fixed: Iterable[str], names: Collection[str] = ()) -> None:
        """Prepare the search.

        Args:
            tracked: the repositories that streams follow.
            fixed: strings that are looked for wherever they stand.
            names: streams that may be named bare.
        """
        tracked = frozenset(tracked)
        self._names = names
        self._fixed = [text.encode() for text in fixed]
        self._paths: dict[bytes, list[bytes]] = {}
        for path in sorted(paths(tracked)):
            _, slash, last = path.rpartition("/")
            if slash and _SEGMENT.fullmatch(f"/{last}".encode()):
                self._paths.setdefault(last.encode(), []).append(path.encode())
            else:
                self._fixed.append(path.encode())
        # A path in two parts; few files with a key for the first one hold both.
        self._split = registry_paths.SplitPaths(tracked)
        self._unsplit = frozenset(segment.encode() for segment in self._split.segments).isdisjoint
        self._last = frozenset(self._paths)

    def admits(self, data: bytes) -> bool:
        """Whether a file has to be parsed, or reported since it cannot be."""
        if data[:2] in _UTF_16:
            # It is not read, but it is reported where it holds what is looked for. Git's search would not see that.
            data += b"\n" + data.decode("utf-16", "replace").encode("utf-8", "replace")
        segments = _SEGMENT.findall(data)
        if any(path in data for segment in self._last.intersection(segments) for path in self._paths[segment]):
            return True
        if not self._unsplit(segments) and any(word in data for word in _SPLITTING) and self._joins(data):
            return True
        for text in self._fixed:
            if text in data:
                return True
        return bool(self._names) and may_hold(data, self._names)

    def _joins(self, data: bytes) -> bool:
        return self._split.stand_in(data.decode("latin-1"))
