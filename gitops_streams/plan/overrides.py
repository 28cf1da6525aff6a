"""What on a cluster goes over Git's head: live triggers, names that admission looks up, fields that Argo CD ignores.

Each warning names both places, the one that Git pins and the one that overrides it, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitops_streams.manifests.ignored_differences import IgnoredField
from gitops_streams.manifests.occurrence import LocalName, Occurrence, SplitReference, TriggeredField
from gitops_streams.plan.model import Rule, Site
from gitops_streams.plan.named import marker
from gitops_streams.streams.model import Catalog
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.problem import Problem

_SEVERAL = 3
"""Places named in one message."""
_LONGEST = 1000
"""Of a corrected annotation that is worth printing."""
_MEMBERS = frozenset({"items", "objects"})


def overridden(sites: Iterable[Site], ignored: Iterable[IgnoredField], catalog: Catalog) -> tuple[Problem, ...]:
    """Warn of what would override the sites that Git pins."""
    listed = tuple(sites)
    return (*_triggers(listed), *_names(listed, catalog), *_differences(listed, ignored))


def _triggers(sites: Iterable[Site]) -> Iterator[Problem]:
    """One warning for each annotation, or each trigger of a DeploymentConfig, that is live."""
    live: dict[tuple[str, int, int], list[tuple[Site, TriggeredField]]] = {}
    for site in sites:
        form = site.occurrence.form
        if site.rule is Rule.TRIGGER and isinstance(form, TriggeredField):
            place = (site.occurrence.file, site.occurrence.document, form.trigger.line)
            live.setdefault(place, []).append((site, form))
    for (file, _, line), fields in live.items():
        trigger = fields[0][1].trigger
        fields.sort(key=lambda field: field[0].occurrence.line)
        lines = ", ".join(str(site.occurrence.line) for site, _ in fields[:_SEVERAL])
        lines += ", …" if len(fields) > _SEVERAL else ""
        named = f"line {lines}" if len(fields) == 1 else f"lines {lines}"
        over = f"{trigger.field} is live: on OpenShift it sets the image of {named} too, over what Git pins there"
        yield Problem(file, line, f"{over}; {_pause(file, fields)}")


def _pause(file: str, fields: list[tuple[Site, TriggeredField]]) -> str:
    pause = fields[0][1].trigger.pause
    pause = pause if len(pause) <= _LONGEST else '"paused":true'
    if file.endswith(".json"):
        return "delete the trigger, if the image is followed by its source too (JSON has no comments for a marker)"
    first = fields[0][0]
    others = " (the others likewise)" if len(fields) > 1 else ""
    return f"add {marker(first.tag)} behind line {first.occurrence.line}{others} and write {pause}"


def _names(sites: Iterable[Site], catalog: Catalog) -> Iterator[Problem]:
    """Warn of names that stay bare: what runs is what the cluster's own stream says when a pod is admitted."""
    for site in sites:
        form, occurrence = site.occurrence.form, site.occurrence
        if site.rule is not Rule.LOCAL or not isinstance(form, LocalName) or form.obstacle is None:
            continue
        stream = catalog.by_key[site.tag.stream]
        cause = "resolve-names" if form.forced else f"lookupPolicy.local ({stream.file}:{stream.line})"
        reason = f"OpenShift replaces {occurrence.text} when it admits a pod, by {cause}: Git does not say what runs"
        yield Problem(occurrence.file, occurrence.line, f"{reason}; write the whole reference here")


def _differences(sites: Iterable[Site], ignored: Iterable[IgnoredField]) -> Iterator[Problem]:
    by_kind: dict[str, list[Site]] = {}
    for site in sites:
        if not isinstance(site.occurrence.form, SplitReference) and site.occurrence.owner.kind:
            by_kind.setdefault(site.occurrence.owner.kind, []).append(site)
    every = [site for same in by_kind.values() for site in same]
    for field in ignored:
        hidden = [
            site.occurrence
            for site in (every if field.kind == "*" else by_kind.get(field.kind, []))
            if _is_hidden(site.occurrence, field)
        ]
        if hidden:
            yield Problem(field.file, field.line, _ignores(field, hidden))


def _is_hidden(occurrence: Occurrence, field: IgnoredField) -> bool:
    owner = occurrence.owner
    if field.name not in {None, owner.name}:
        return False
    if field.namespace is not None and occurrence.namespace not in {None, field.namespace}:
        return False
    return field.covers(_within(occurrence.pointer), owner.container)


def _within(pointer: Pointer) -> Pointer:
    """Return a pointer from the object on: members of a List or a Template stand further down in their file."""
    while len(pointer) > 1 and pointer[0] in _MEMBERS and isinstance(pointer[1], int):
        pointer = pointer[2:]
    return pointer


def _ignores(field: IgnoredField, hidden: list[Occurrence]) -> str:
    first = f"{hidden[0].file}:{hidden[0].line}"
    places = first if len(hidden) == 1 else f"{first} and {len(hidden) - 1} more"
    effect = "a new digest alone does not make it out of sync"
    if field.respected:
        effect = "with RespectIgnoreDifferences=true even a sync leaves the old image there"
    told = f"Argo CD ignores {field.text[:200]} of {field.kind} for {field.application or 'this application'}"
    return f"{told}, which Git pins ({places}): {effect}; take that path out of ignoreDifferences"
