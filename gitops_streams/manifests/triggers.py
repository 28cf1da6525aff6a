"""The fields that OpenShift's image change triggers name in an annotation: ``image.openshift.io/triggers``.

Read as OpenShift's controller reads it (openshift/library-go ``pkg/image/trigger/annotations.go``); what that
would pass over in silence, or retry for ever, is reported with the text that was meant.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from gitops_streams.manifests import trigger_annotation
from gitops_streams.manifests.field_path import POD_SPECS, Container, FieldPath, containers, corrected, parse, select
from gitops_streams.manifests.occurrence import Occurrence, Trigger, TriggeredField
from gitops_streams.manifests.trigger_annotation import KEY, Declared, Unreadable
from gitops_streams.manifests.trigger_source import parameter, triggered, wrong_name
from gitops_streams.yamledit.nodes import Entry, Mapping, NotEditable, Scalar, content, resolve, target
from gitops_streams.yamledit.objects import Object
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.problem import Problem

SCREEN = KEY
_SEVERAL = 5
"""Containers named in one message."""


def find(file: str, text: str, document: int, found: Object) -> Iterator[Occurrence | Problem]:
    """Yield the fields that the annotation of one object names, and what is wrong with it."""
    entry = _annotation(found.mapping.get("metadata"), text)
    pod_spec = POD_SPECS.get(found.kind)
    if pod_spec is None:
        if entry is not None and found.kind:
            yield Problem(file, entry.value.line, f"{KEY}: {_unwatched(found.kind)}")
        return
    below = _annotation(resolve(found.mapping, (*pod_spec[:-1], "metadata")), text)
    if below is not None:
        where = f"it belongs on the {found.kind} itself (metadata.annotations); on a pod template it does nothing"
        yield Problem(file, below.value.line, f"{KEY}: {where}")
    value = None if entry is None else target(entry.value)
    if isinstance(value, Scalar):
        for item in _read(file, document, found, pod_spec, value):
            yield Problem(file, value.line, f"{KEY}{item}") if isinstance(item, str) else item


def _read(
    file: str, document: int, found: Object, pod_spec: tuple[str, ...], value: Scalar
) -> Iterator[Occurrence | str]:
    """Yield the fields that an annotation names, and what is wrong with it, from where on it is."""
    triggers = trigger_annotation.read(value.value)
    if isinstance(triggers, Unreadable):
        yield f": OpenShift ignores all of it: {triggers.reason}"
        return
    pause = trigger_annotation.as_text(triggers, paused=True)
    occurrences: list[Occurrence] = []
    for number, declared in enumerate(triggers):
        for item in _fields(file, document, found, pod_spec, value.line, declared):
            if isinstance(item, str):
                yield f"[{number}]: {item}"
            else:
                occurrences.append(item)
    for rival in _without_rivals(occurrences):
        if isinstance(rival, str):
            yield f": {rival}"
        elif isinstance(rival.form, TriggeredField):
            yield replace(rival, form=replace(rival.form, trigger=replace(rival.form.trigger, pause=pause)))


def _annotation(metadata: object, text: str) -> Entry | None:
    """Return the entry of the annotation, where the file spells its key out: the byte screen relies on that."""
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    entry = annotations.entry(KEY) if isinstance(annotations, Mapping) else None
    spelt = (
        entry is not None and isinstance(entry.key, Scalar) and not isinstance(content(entry.key, text), NotEditable)
    )
    return entry if spelt else None


def _unwatched(kind: str) -> str:
    if kind == "DeploymentConfig":
        return (
            "a DeploymentConfig has triggers of its own, spec.triggers; OpenShift does not watch the annotation there"
        )
    return f"OpenShift does not watch this kind ({kind}), only {', '.join(sorted(POD_SPECS))}; it has no effect"


def _fields(
    file: str, document: int, found: Object, pod_spec: tuple[str, ...], line: int, declared: Declared
) -> Iterator[Occurrence | str]:
    """Yield the field of one trigger, and what is wrong with it; a trigger that does not fire yields no field."""
    yield from declared.remarks
    wrong = list(_wrong_source(declared))
    yield from wrong
    container = _container(list(containers(found.mapping, pod_spec)), declared.field_path, pod_spec)
    if isinstance(container, str):
        yield container
        return
    if wrong:
        return
    stream, _, tag = declared.name.partition(":")
    hands_off = "it is paused" if declared.paused else None
    namespace = declared.namespace or found.namespace
    trigger = Trigger(stream, tag or "latest", namespace, KEY, line, "", hands_off)
    yield triggered(file, document, found, container, trigger)


def _wrong_source(declared: Declared) -> Iterator[str]:
    """Say what keeps changes of the stream from firing a trigger."""
    right = f'write "from":{json.dumps(declared.as_json()["from"], separators=(",", ":"))}'
    unexpanded = parameter(declared.name) or parameter(declared.namespace)
    if unexpanded is not None:
        yield unexpanded
        return
    if declared.kind != "ImageStreamTag":
        yield f"from.kind is {json.dumps(declared.kind[:80])}: only ImageStreamTag fires; {right}"
    if declared.api_version:
        yield f"with from.apiVersion, changes of the stream do not fire it; {right}"
    reason = wrong_name(declared.name, declared.namespace)
    if reason is not None:
        yield f"{reason}; {right}" if declared.name and ":" not in declared.name else reason


def _container(found: list[Container], path: str, pod_spec: tuple[str, ...]) -> Container | str:
    """Return the container that a path leads to, or what is wrong with the path."""
    exact = parse(path, pod_spec)
    container = None if exact is None else select(exact, found)
    if container is not None:
        return container
    shown = json.dumps(path[:200])
    reason = f"field path is not valid: {shown}" if exact is None else f"no such container: {shown}"
    meant = exact or corrected(path)
    known = [FieldPath(str(item.pointer[-2]), item.name) for item in found if item.name]
    if meant is not None and select(meant, found) is not None:
        rights = [meant]
    elif known:
        rights = known[:_SEVERAL]
    else:
        return f"{reason}; its pod spec has no container"
    written = " or ".join(f'"fieldPath":{json.dumps(right.text(pod_spec))}' for right in rights)
    return f"{reason}; write {written}"


def _without_rivals(occurrences: Iterable[Occurrence]) -> Iterator[Occurrence | str]:
    """Leave out fields that two triggers name differently: by name and by index, the last one would win."""
    by_field: dict[Pointer, list[Occurrence]] = {}
    for occurrence in occurrences:
        by_field.setdefault(occurrence.pointer, []).append(occurrence)
    for same in by_field.values():
        names = {
            (item.form.trigger.namespace, item.form.trigger.stream, item.form.trigger.tag, item.form.trigger.hands_off)
            for item in same
            if isinstance(item.form, TriggeredField)
        }
        if len(names) == 1:
            yield same[0]
        else:
            yield f"{len(same)} triggers name the image on line {same[0].line}; leave one of them"
