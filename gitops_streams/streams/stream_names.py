"""Name new streams after their repositories: by the last segment of the path, with more of them where that is taken."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from gitops_streams.oci.reference import DOCKER_HUB, Repository
from gitops_streams.streams.model import StreamKey

MAX_NAME = 100
"""Characters of the longest name that is given; it is a file's too."""
_UNFIT = re.compile(r"[^a-z0-9]+")
_SEPARATORS = "._-"
_HASH = 8


def stream_names(
    wanted: Mapping[Repository, str | None], taken: Collection[StreamKey] = ()
) -> dict[Repository, StreamKey]:
    """Give every repository a stream of its own.

    Whether a name is free does not depend on an order: of repositories that would share one, every one gets a
    longer one. Streams without a namespace share theirs with all others of the name.

    Args:
        wanted: the namespace of each.
        taken: the streams that there are.
    """
    given: dict[Repository, StreamKey] = {}
    used: dict[str, set[str | None]] = defaultdict(set)
    for key in taken:
        used[key.name].add(key.namespace)
    left = set(wanted)
    length = 1
    while left:
        groups: dict[str, list[Repository]] = defaultdict(list)
        for repository in left:
            groups[_name(repository, length)].append(repository)
        for name in sorted(groups):
            for repository in _free(groups[name], wanted, used[name]):
                given[repository] = StreamKey(wanted[repository], name)
        for repository in left & set(given):
            used[given[repository].name].add(wanted[repository])
        left -= set(given)
        length += 1
    return given


def _free(group: list[Repository], wanted: Mapping[Repository, str | None], used: set[str | None]) -> list[Repository]:
    """Return those of the repositories with one name that no other stream would be mistaken for."""
    namespaces = [wanted[repository] for repository in group]
    if None in used or (len(group) > 1 and None in namespaces):
        return []
    return [
        repository
        for repository in group
        if namespaces.count(wanted[repository]) == 1
        and (wanted[repository] not in used if wanted[repository] is not None else not used)
    ]


def _name(repository: Repository, length: int) -> str:
    """Name a repository by so many segments of its path, its registry being the first; by a hash beyond them."""
    path = repository.path.removeprefix("library/") if repository.domain == DOCKER_HUB else repository.path
    segments = [repository.domain, *path.split("/")]
    name = _fitted("-".join(segments[-length:]))
    if length <= len(segments) and len(name) <= MAX_NAME:
        return name
    return f"{_fitted(name[: MAX_NAME - _HASH - 1])}-{_digits(str(repository), length)}"


def _digits(text: str, length: int) -> str:
    """Return what tells two texts apart; more of it with every round."""
    return hashlib.sha256(text.encode()).hexdigest()[: _HASH + max(0, length - _HASH)]


def _fitted(text: str) -> str:
    """Write a text as a stream can be called: single separators, none at the ends."""
    name = _UNFIT.sub(lambda match: match[0][0] if match[0][0] in _SEPARATORS else "-", text.lower())
    return name.strip(_SEPARATORS) or "image"


def tag_names(wanted: Iterable[tuple[str, ...]], taken: Collection[str]) -> list[str]:
    """Give every stream tag a name of its own, in their order.

    Args:
        wanted: what each may be called, the best first.
        taken: the names of the other tags.
    """
    used = set(taken)
    given = []
    for candidates in wanted:
        fitting = [_fitted_tag(name) for name in candidates]
        numbered = (f"{fitting[0][:120]}-{number}" for number in range(2, len(used) + 3))
        name = next(name for name in (*fitting, *numbered) if name not in used)
        used.add(name)
        given.append(name)
    return given


def _fitted_tag(text: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", text)[:128].lstrip(".-")
    return name or "policy"
