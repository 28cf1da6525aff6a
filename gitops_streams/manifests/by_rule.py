"""What the user's rules find in one object, before any shape is looked for."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import assert_never

from gitops_streams.manifests import embedded, ruled, ruled_words
from gitops_streams.manifests.acceptance import accepted
from gitops_streams.manifests.occurrence import Finding, Place
from gitops_streams.manifests.search import Search
from gitops_streams.manifests.strings import opened
from gitops_streams.yamledit.objects import Object
from gitops_streams.yamledit.problem import Problem


def find(search: Search, found: Object, marks: AbstractSet[int]) -> Iterator[tuple[Finding | Problem, set[int]]]:
    """Yield what the user's rules find, with the scalars that are nobody else's from then on."""
    whole = Place(search.path, search.text, search.document.index, found, found.pointer, found.mapping)
    for there in ruled.find(whole, search.rules.fields):
        match there:
            case ruled.Ruled(place, finding):
                yield from accepted(search, place, [finding], marks)
            case ruled.RuledText(pointer, scalar, rule):
                if id(scalar) not in marks and search.spared.why((id(scalar),)) is None:
                    outside = embedded.Outside(search.text, search.document, found, search.within)
                    # Where a rule does not fit, the next one is asked, and then the shapes are.
                    words = ruled_words.find(search.path, outside, there, search.tracked)
                    string = opened(search, outside, pointer, scalar, rule) if not words else None
                    for inner in string if isinstance(string, list) else words:
                        yield inner, {id(scalar)}
            case _:
                assert_never(there)
