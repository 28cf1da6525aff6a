"""What stands in a string that no scanner claims: a manifest, references alone, or words that mention references."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache, lru_cache, partial

from gitops_streams.manifests import advice, embedded, mentions, reference_texts
from gitops_streams.manifests.advised import NO_ADVICE, Advice
from gitops_streams.manifests.field_rules import FieldForm, FieldRule
from gitops_streams.manifests.occurrence import Finding, Occurrence
from gitops_streams.manifests.search import Search
from gitops_streams.manifests.spared import NOTHING
from gitops_streams.yamledit.embedded import Embedding
from gitops_streams.yamledit.locate import Located, locate
from gitops_streams.yamledit.nodes import Document, Scalar, resolve
from gitops_streams.yamledit.objects import Object, objects
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.problem import Problem

_LONGEST = 10_000
"""Characters of a text that is located again for advice on it; for longer ones it is worked out at once."""


def within(
    search: Search, found: Object, pointer: Pointer, scalar: Scalar, why: str | None
) -> Iterator[Finding | Problem]:
    """Yield what stands in a string: the findings of a manifest in it, or the references that its text mentions.

    Args:
        search: what is looked for.
        found: the object that the string stands in.
        pointer: from the document's root to the string.
        scalar: the string.
        why: what keeps it from being edited, where that is known.
    """
    outside = embedded.Outside(search.text, search.document, found, search.within)
    string = opened(search, outside, pointer, scalar) if scalar.style else None
    if isinstance(string, list):
        yield from string
        return
    alone = reference_texts.find(search.path, outside, pointer, scalar, search.tracked) if why is None else None
    if isinstance(alone, list):
        yield from alone
        return
    mentioned = list(mentions.find(search.path, search.text, scalar, search.tracked, string or why or alone))
    if mentioned:
        advised = _advised(search, found, pointer, scalar, {mention.text for mention in mentioned})
        for mention in mentioned:
            yield replace(mention, document=search.document.index, pointer=pointer, advice=advised[mention.text])


def _advised(
    search: Search, found: Object, pointer: Pointer, scalar: Scalar, wanted: Collection[str]
) -> Mapping[str, Advice]:
    """Return the advice on each reference that a string mentions; it is worked out later, and no nodes are kept."""
    if not isinstance(search.tracked, frozenset):
        return dict.fromkeys(wanted, NO_ADVICE)  # whoever asks for every repository there is wants none
    if len(search.text) > _LONGEST:
        lines = _lines(search, found, pointer, scalar, wanted)
        return {text: Advice(lines.get(text, "")) for text in wanted}
    forgetful = replace(search, document=Document(search.document.index, None), lent={}, prospects=None, spared=NOTHING)
    later = cache(partial(_lines_later, forgetful, found.pointer, pointer, wanted))
    return {text: Advice(partial(_line, later, text)) for text in wanted}


def _line(lines: Callable[[], Mapping[str, str]], text: str) -> str:
    return lines().get(text, "")


def _lines_later(search: Search, found: Pointer, pointer: Pointer, wanted: Collection[str]) -> Mapping[str, str]:
    """Return the advice on what one string mentions, given where its object and it stand in a text."""
    document = _located(search.text)[search.document.index]
    around = next(each for each in objects(document.root) if each.pointer == found)
    scalar = resolve(document.root, pointer)
    again = replace(search, document=document)
    return _lines(again, around, pointer, scalar, wanted) if isinstance(scalar, Scalar) else {}


@lru_cache(maxsize=1)  # advice on the strings of one text is asked for one after the other
def _located(text: str) -> tuple[Document, ...]:
    located = locate(text)
    return located.documents if isinstance(located, Located) else ()


def _lines(
    search: Search, found: Object, pointer: Pointer, scalar: Scalar, wanted: Collection[str]
) -> Mapping[str, str]:
    outside = embedded.Outside(search.text, search.document, found, search.within)

    def manifest() -> Collection[str]:
        tried = opened(search, outside, pointer, scalar, advice.TRIED)
        return {each.text for each in tried if isinstance(each, Occurrence)} if isinstance(tried, list) else ()

    return advice.lines(search.path, outside, pointer, scalar, manifest, wanted)


def opened(
    search: Search, outside: embedded.Outside, pointer: Pointer, scalar: Scalar, rule: FieldRule | None = None
) -> list[Finding | Problem] | str | None:
    """Return what stands in a string that is a manifest, or may be one for a rule; else why it is left alone.

    Args:
        search: what is looked for.
        outside: what the string stands in.
        pointer: from the document's root to the string.
        scalar: the string.
        rule: the user's rule that asks for it, where one does.
    """
    names, include = search.local.names, rule is not None and rule.form is not FieldForm.SUBSTRING
    if rule is not None and not include:
        return None
    string = embedded.open_string(outside, pointer, scalar, search.tracked, names, include=include)
    if not isinstance(string, Embedding):
        return string
    inner = search.again(string)
    return [
        replace(finding, field_rule=finding.field_rule or rule.name)
        if rule is not None and isinstance(finding, Occurrence)
        else finding
        for finding in embedded.brought_out(inner, string, outside)
    ]
