"""What stands in a string that no scanner claims: a manifest, references alone, or words that mention references."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial

from gitops_streams.manifests import advice, embedded, mentions, reference_texts
from gitops_streams.manifests.advised import NO_ADVICE, Advice
from gitops_streams.manifests.field_rules import FieldForm, FieldRule
from gitops_streams.manifests.occurrence import Finding, Mention, Occurrence
from gitops_streams.manifests.search import Search
from gitops_streams.yamledit.embedded import Embedding
from gitops_streams.yamledit.nodes import Scalar
from gitops_streams.yamledit.objects import Object
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.problem import Problem

_LONGEST_KEPT = 10_000
"""Characters of a text whose nodes are kept until somebody asks for advice; in longer ones it is worked out at once."""


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
    string = opened(search, outside, pointer, scalar)
    if isinstance(string, list):
        yield from string
        return
    alone = reference_texts.find(search.path, outside, pointer, scalar, search.tracked) if why is None else None
    if isinstance(alone, list):
        yield from alone
        return
    mentioned = list(mentions.find(search.path, search.text, scalar, search.tracked, string or why or alone))
    if mentioned:
        yield from _advised(search, outside, pointer, scalar, mentioned)


def _advised(
    search: Search, outside: embedded.Outside, pointer: Pointer, scalar: Scalar, mentioned: Collection[Mention]
) -> Iterator[Mention]:
    """Yield the mentions of one string, each with the advice on it."""

    def manifest() -> Collection[str]:
        tried = opened(search, outside, pointer, scalar, advice.TRIED)
        return {each.text for each in tried if isinstance(each, Occurrence)} if isinstance(tried, list) else ()

    @cache
    def lines() -> Mapping[str, str]:
        return advice.lines(
            search.path, outside, pointer, scalar, manifest, wanted={mention.text for mention in mentioned}
        )

    for mention in mentioned:
        # Whoever asks for every repository there is wants no advice on each of them.
        given = Advice(partial(_line, lines, mention.text)) if isinstance(search.tracked, frozenset) else NO_ADVICE
        if len(search.text) > _LONGEST_KEPT:
            given = Advice(given.line)
        yield replace(mention, document=search.document.index, pointer=pointer, advice=given)


def _line(lines: Callable[[], Mapping[str, str]], text: str) -> str:
    return lines().get(text, "")


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
