"""What is found in the documents of a text, a file's or a string's: names first, then rules, then shapes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import partial

from gitops_streams.manifests import (
    by_rule,
    by_shape,
    deployment_config,
    flux_markers,
    ignored_differences,
    left_alone,
    local_names,
    markers,
    mentions,
    merges,
    named_scalars,
    prospects,
    spared,
    template_parameters,
    triggers,
)
from gitops_streams.manifests.acceptance import scalars_of
from gitops_streams.manifests.field_rules import UserRules
from gitops_streams.manifests.ignored_differences import IgnoredField
from gitops_streams.manifests.occurrence import Finding, LocalLookup, Occurrence
from gitops_streams.manifests.owners import with_known_namespace
from gitops_streams.manifests.search import Search
from gitops_streams.manifests.walking import walk
from gitops_streams.oci.reference import Repository
from gitops_streams.yamledit.embedded import Embedding
from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.nodes import Scalar
from gitops_streams.yamledit.objects import Object, objects
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.problem import Problem


def find(
    path: str,
    located: Located,
    tracked: Collection[Repository],
    local: Collection[str],
    rules: UserRules,
    within: Embedding | None = None,
) -> Iterator[Finding | IgnoredField | Problem]:
    """Yield what is found in the documents of a text.

    Args:
        path: the file's path in its repository.
        located: the text of the file, or of a string in it.
        tracked: the repositories that streams follow.
        local: the names of the streams that may be named bare.
        rules: what the user says of places.
        within: the string that the text is the value of, where it is one.
    """

    def again(string: Embedding) -> Iterator[Finding | IgnoredField | Problem]:
        return find(path, string.located, tracked, local, rules, string)

    text = located.text
    marked, merged, ignores = markers.SCREEN in text, "<<" in text, ignored_differences.SCREEN in text
    triggered = triggers.SCREEN in text or deployment_config.SCREEN in text
    lookup = LocalLookup(local, forced=local_names.RESOLVE_NAMES in text)
    whole_file = spared.whole_file(text)
    # Asked once for all objects: a long text may hold as many objects as lines.
    likely = prospects.find(text, tracked, local)
    policed, remarks = flux_markers.SCREEN in text, text if spared.SCREEN in text else ""
    templated = template_parameters.SCREEN in text
    for document in located.documents:
        lent = merges.overrides(document.root) if merged else {}
        search = Search(path, text, document, tracked, lent, again, lookup, triggered, within, rules, policed, likely)
        if ignores:
            for found in objects(document.root):
                yield from ignored_differences.find(path, text, found)
        spares = partial(spared.find, path, remarks, rules=rules.fields, everything=whole_file)
        yield from _document(search, spares, marked=marked, templated=templated)
    if marked:
        yield from markers.stray(path, located)
    if rules.image_policies is not None and policed:
        yield from flux_markers.stray(path, located)
    yield from spared.stray(path, located)


def _document(
    search: Search, spares: Callable[[Object], spared.Spared | None], *, marked: bool, templated: bool
) -> Iterator[Finding | Problem]:
    """Yield what is found in one document; ``spares`` says what the user keeps from being edited in an object."""
    root = search.document.root
    encrypted = left_alone.encrypted(root)
    templated = templated and encrypted is None
    taken: set[Pointer] = set()
    for found in objects(root):
        why = encrypted or left_alone.why(found)
        if why is None:
            spare = spares(found)
            looked_at = search if spare is None else replace(search, spared=spare)
            for finding in _object(looked_at, with_known_namespace(found), marked=marked):
                if templated and isinstance(finding, Occurrence):
                    taken |= {field.pointer for field in finding.fields}
                yield finding
        elif not left_alone.is_declaration(found):
            yield from _mentioned(search, found, why)
    if templated:
        yield from template_parameters.find(search, spares, taken)


def _mentioned(search: Search, found: Object, why: str) -> Iterator[Finding]:
    for _, node, _ in walk(found, search.prospects):
        if isinstance(node, Scalar):
            yield from mentions.find(search.path, search.text, node, search.tracked, why)


def _object(search: Search, found: Object, *, marked: bool) -> Iterator[Finding | Problem]:
    marks: set[int] = set()
    policies = search.rules.image_policies if search.policed else None
    if marked or search.triggered or policies is not None:
        naming = named_scalars.Naming(
            search.path, search.text, search.document.index, found, search.uneditable, search.spared, policies
        )
        for named in named_scalars.find(naming, marked=marked, triggered=search.triggered):
            if isinstance(named, Occurrence):
                marks |= scalars_of(named)
            elif isinstance(named, named_scalars.Claimed):
                marks.add(id(named.scalar))
                continue
            yield named
    for ruled_finding, scalars in by_rule.find(search, found, marks) if search.rules.fields else ():
        marks |= scalars
        yield ruled_finding
    yield from by_shape.find(search, found, marks)
