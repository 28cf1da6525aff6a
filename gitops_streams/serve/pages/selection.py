"""Which stream tags are asked for: search, filter and paging, the same for the page and for JSON."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from gitops_streams.serve.overview import Overview, RepositoryView, State, TagView

_MOST_WORDS = 8
_LONGEST = 300
_MOST_PAGES = 1_000_000
_RANK = {state: rank for rank, state in enumerate(State)}
_HEX = re.compile(r"(?:sha(?:256|512):)?[0-9a-f]{7,128}")
"""A word that may be a part of a digest: only such words are looked for in histories."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What somebody asks for."""

    text: str = ""
    """Words, all of which have to occur."""
    state: State | None = None
    repository: str = ""
    """A repository's name; empty means all."""
    page: int = 1
    """1-based."""

    @property
    def narrows(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.text or self.state or self.repository)

    def query(self, **changes: object) -> str:
        """Return it as a query string, some fields changed; ``?`` alone where it asks for everything."""
        asked = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        fields = {
            "q": asked.text,
            "state": asked.state.value if asked.state else "",
            "repository": asked.repository,
            "page": str(asked.page) if asked.page > 1 else "",
        }
        return "?" + urlencode({key: value for key, value in fields.items() if value}, errors="backslashreplace")


@dataclass(frozen=True, slots=True)
class Selected:
    """What there is of it."""

    tags: tuple[tuple[RepositoryView, TagView], ...]
    """Those of one page, the most notable first."""
    total: int
    """Those of all pages."""
    page: int
    pages: int
    """At least 1."""
    counts: Mapping[State, int]
    """Of everything that the text and the repository leave, by state."""


def parse(query: Mapping[str, str]) -> Selection:
    """Read a query string's fields; what cannot be understood is left out, for a person sees what was."""
    state = query.get("state", "")
    page = query.get("page", "")
    return Selection(
        text=" ".join(query.get("q", "")[:_LONGEST].split()),
        state=State(state) if state in set(State) else None,
        repository=query.get("repository", "")[:_LONGEST],
        page=min(int(page), _MOST_PAGES) if re.fullmatch(r"[1-9][0-9]{0,6}", page) else 1,
    )


def select(overview: Overview, wanted: Selection, size: int) -> Selected:
    """Find stream tags.

    Args:
        overview: what there is.
        wanted: what is asked for; a page behind the last one means the last one.
        size: how many stand on a page.
    """
    found = list(_matching(overview, wanted))
    counts = Counter(tag.state for _, tag in found)
    if wanted.state is not None:
        found = [pair for pair in found if pair[1].state is wanted.state]
    found.sort(key=_order)
    pages = max(1, -(-len(found) // size))
    page = min(wanted.page, pages)
    shown = found[(page - 1) * size : page * size]
    return Selected(tuple(shown), len(found), page, pages, {state: counts[state] for state in State})


def single(found: tuple[RepositoryView, TagView] | None) -> Selected:
    """Return one stream tag, or none, as a selection."""
    tags = () if found is None else (found,)
    return Selected(tags, len(tags), 1, 1, {state: sum(tag.state is state for _, tag in tags) for state in State})


def _order(pair: tuple[RepositoryView, TagView]) -> tuple[int, str, tuple[str, str, str]]:
    repository, tag = pair
    return (_RANK[tag.state], repository.name, tag.key.sort_key)


def _matching(overview: Overview, wanted: Selection) -> Iterator[tuple[RepositoryView, TagView]]:
    words = wanted.text.casefold().split()[:_MOST_WORDS]
    digests = any(_HEX.fullmatch(word) for word in words)
    for repository in overview.repositories:
        if wanted.repository and repository.name != wanted.repository:
            continue
        name = repository.name.casefold()
        for tag in repository.tags:
            if not words or _has(tag, name, words, digests=digests):
                yield repository, tag


def _has(tag: TagView, repository: str, words: list[str], *, digests: bool) -> bool:
    short = f"{tag.key}\n{tag.source}\n{tag.image}\n{tag.state}\n{tag.current}\n{tag.latest}\n{repository}".casefold()
    left = [word for word in words if word not in short]
    if not left:
        return True
    long = [tag.reason, tag.file, *(site.file for site in tag.sites)]
    if digests:
        long += [str(entry.digest) for entry in tag.history]
    text = "\n".join(long).casefold()
    return all(word in text for word in left)
