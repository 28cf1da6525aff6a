"""Where in a text the scanners by shape may find anything: what stands elsewhere is passed over, however much it is.

The same promise as the byte screen's, for a place instead of a file: a reference's path stands in the text as it is,
within the very map that holds the reference. Backslashes, which may write one in another way, are prospects themselves.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Sequence
from functools import lru_cache

from gitops_streams.manifests import deployment_config, flux_markers, local_names, markers, registry_paths, triggers
from gitops_streams.manifests.screen import paths
from gitops_streams.oci.reference import Repository

_SEGMENT = re.compile(r"/([a-z0-9._-]+)")
# A bare name behind its key, as it may be written in a string within a string; or what may stand before the name.
_NAMED = re.compile(r"image[\"']*\s*:(?=\s*(?:[&!]|[\"']*([a-z0-9._-]+)))")
_FIXED = (markers.SCREEN, flux_markers.SCREEN, triggers.SCREEN, deployment_config.SCREEN, "\\")
"""What has a string opened though it holds no tracked path, and what may hide one."""


class Prospects:
    """The positions in one text where something may be found; they are looked for when first asked for."""

    __slots__ = ("_local", "_positions", "_text", "_tracked")

    def __init__(self, text: str, tracked: frozenset[Repository], local: Collection[str]) -> None:
        """Remember what to look for; see ``find``."""
        self._text = text
        self._tracked = tracked
        self._local = local
        self._positions: Sequence[int] | None = None

    def between(self, start: int, end: int) -> bool:
        """Whether there is one from ``start`` up to ``end``."""
        positions = self._positions
        if positions is None:
            positions = self._positions = _positions(self._text, self._tracked, self._local)
        at = bisect_left(positions, start)
        return at < len(positions) and positions[at] < end


def find(text: str, tracked: Collection[Repository], local: Collection[str]) -> Prospects | None:
    """Return the positions in a text; ``None`` where it has to be looked at everywhere.

    Args:
        text: of a file, or of a string in one.
        tracked: the repositories that streams follow.
        local: the names of the streams that may be named bare.
    """
    # What an alias stands for stands elsewhere. Whoever asks for every repository has no set of them.
    if not isinstance(tracked, frozenset) or ("&" in text and "*" in text) or local_names.RESOLVE_NAMES in text:
        return None
    return Prospects(text, tracked, local)


def _positions(text: str, tracked: frozenset[Repository], local: Collection[str]) -> Sequence[int]:
    """Find the positions in a text, sorted; all of them where it has to be looked at everywhere."""
    by_last, fixed = _wanted(tracked)
    split = registry_paths.split_paths(tracked)
    segments = split.segments
    positions: list[int] = []
    parted = False
    for match in _SEGMENT.finditer(text):
        segment = match[1]
        if segment in by_last and text.endswith(by_last[segment], 0, match.end()):
            positions.append(match.start())
        if segment in segments and not parted:
            parted = not text.startswith("/", match.end())
    if parted and split.stand_in(text):
        return range(len(text))
    for wanted in fixed:
        at = text.find(wanted)
        while at >= 0:
            positions.append(at)
            at = text.find(wanted, at + 1)
    if local:
        positions += [match.start() for match in _NAMED.finditer(text) if match[1] is None or match[1] in local]
    return sorted(positions)


@lru_cache(maxsize=4)
def _wanted(
    tracked: frozenset[Repository],
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Return the paths by their last segments, and those that have but one."""
    by_last: dict[str, list[str]] = {}
    fixed = list(_FIXED)
    for path in sorted(paths(tracked)):
        _, slash, last = path.rpartition("/")
        if slash and _SEGMENT.fullmatch(f"/{last}"):
            by_last.setdefault(last, []).append(path)
        else:
            fixed.append(path)
    return {last: tuple(each) for last, each in by_last.items()}, tuple(fixed)
