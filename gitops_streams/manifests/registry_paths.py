"""A key that holds the first part of a repository's path: ``registry: quay.io/acme`` beside ``repository: web``.

No text spells such a path out, so that the screens look for its two parts, in texts with a word of such a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from functools import lru_cache

from gitops_streams.manifests.occurrence import Place
from gitops_streams.manifests.split import Field, is_domain, is_literal
from gitops_streams.oci.reference import Repository, looks_like_reference

SCREENS = ("egistry", "epository", "hub", "${")
"""What every such key holds one of (``registry``, ``imageRegistry``, ``repository``, ``hub``); or what a Template's
parameter is named with."""

# A maximal run that no further segment stands behind; ``/${`` may, where a parameter says what comes next.
_ENDING = re.compile(r"/([a-z0-9._-]++)(?!/[^$])")


def spelled(place: Place, registry: Field | None, name: Field) -> str | None:
    """Return the name that a registry and a repository make; ``None`` if they make none.

    Args:
        place: where they stand.
        registry: what may stand before the name: a domain, maybe with a path.
        name: the repository, which may be all there is.
    """
    if registry is None or not registry.value:
        return name.value
    slashed = registry.value.removesuffix("/")  # charts of OpenEBS want it: `registry: quay.io/`
    if is_domain(slashed):
        return f"{slashed}/{name.value}"
    domain, _, path = registry.value.partition("/")
    if (
        not path
        or not is_domain(domain)
        or not any(word in registry.key for word in SCREENS)
        or not is_literal(place, registry)
    ):
        return None
    reference = looks_like_reference(registry.value)
    whole = reference is not None and reference.tag is None and reference.digest is None
    return f"{registry.value}/{name.value}" if whole else None


def parts(tracked: Iterable[Repository]) -> Iterator[tuple[str, str]]:
    """Yield each way to split a tracked path, the first part with the slash before it: ``/acme``, ``web``."""
    for repository in tracked:
        segments = repository.path.split("/")
        for end in range(1, len(segments)):
            yield f"/{'/'.join(segments[:end])}", "/".join(segments[end:])


class SplitPaths:
    """The two parts of paths, looked for in texts."""

    __slots__ = ("_by_segment",)

    def __init__(self, tracked: Iterable[Repository]) -> None:
        """Prepare the search for the paths of some repositories."""
        self._by_segment: dict[str, list[tuple[str, str]]] = {}
        for first, rest in sorted(set(parts(tracked))):
            self._by_segment.setdefault(first.rpartition("/")[2], []).append((first, rest))

    @property
    def segments(self) -> AbstractSet[str]:
        """What first parts end in."""
        return self._by_segment.keys()

    def stand_in(self, text: str) -> bool:
        """Whether a text holds a word of such a key, and both parts of one path; true of more than it need be."""
        if not any(word in text for word in SCREENS):
            return False
        there = self._by_segment.keys() & set(_ENDING.findall(text))
        return any(first in text and rest in text for segment in there for first, rest in self._by_segment[segment])


@lru_cache(maxsize=4)
def split_paths(tracked: frozenset[Repository]) -> SplitPaths:
    """Return the search for the paths of some repositories, which many texts ask for."""
    return SplitPaths(tracked)
