"""The image change triggers in ``spec.triggers``: a DeploymentConfig's are followed, a BuildConfig's are not.

Source: openshift/openshift-controller-manager ``pkg/image/trigger/deploymentconfigs``. A DeploymentConfig's
triggers work all or nothing: one that cannot be resolved, and has no ``lastTriggeredImage``, stops all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from gitops_streams.manifests.field_path import Container, containers
from gitops_streams.manifests.occurrence import Occurrence, Trigger
from gitops_streams.manifests.trigger_source import parameter, triggered, wrong_name
from gitops_streams.yamledit.nodes import Mapping, NotEditable, Scalar, Sequence, content, target
from gitops_streams.yamledit.objects import Object, given
from gitops_streams.yamledit.problem import Problem

SCREEN = "imageChange"
_FIELD = "spec.triggers"
_POD_SPEC = ("spec", "template", "spec")
_TRUE = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"})
_BUILD = "a BuildConfig's image change triggers start builds on OpenShift; they are ignored here"


@dataclass(frozen=True, slots=True)
class _Declared:
    """One trigger of a DeploymentConfig."""

    line: int
    number: int
    automatic: bool
    kind: str
    name: str
    namespace: str
    containers: tuple[str, ...]
    has_fallback: bool
    """Whether OpenShift recorded an image that it falls back to."""
    quoted: bool
    """Whether ``automatic`` is text, which the API server refuses."""


def find(file: str, text: str, document: int, found: Object) -> Iterator[Occurrence | Problem]:
    """Yield the fields that an object's own triggers name, and what is wrong with them."""
    if found.kind == "BuildConfig":
        lines = [node.line for _, node in _changes(found, "imageChange", text)]
        if lines:
            yield Problem(file, lines[0], f"{_FIELD}: {_BUILD}")
        return
    if found.kind != "DeploymentConfig":
        return
    triggers = [_read(number, node) for number, node in _changes(found, "imageChangeParams", text)]
    faults: list[str] = []
    for trigger in triggers:
        for fault in _faults(trigger):
            yield Problem(file, trigger.line, f"{_FIELD}[{trigger.number}]: {fault}")
            if trigger.automatic and not trigger.has_fallback:
                faults.append(f"{_FIELD}[{trigger.number}]")
    yield from _fields(file, document, found, triggers, faults)


def _changes(found: Object, key: str, text: str) -> Iterator[tuple[int, Mapping]]:
    """Yield the parameters of image change triggers, where the file spells their key out: the screen relies on it."""
    spec = found.mapping.get("spec")
    triggers = spec.get("triggers") if isinstance(spec, Mapping) else None
    for number, item in enumerate(triggers.items if isinstance(triggers, Sequence) else ()):
        mapping = target(item)
        if not isinstance(mapping, Mapping) or mapping.text("type") != "ImageChange":
            continue
        entry = mapping.entry(key)
        value = None if entry is None else target(entry.value)
        if entry is None or not isinstance(value, Mapping) or not isinstance(entry.key, Scalar):
            continue
        if not isinstance(content(entry.key, text), NotEditable):
            yield number, value


def _read(number: int, parameters: Mapping) -> _Declared:
    automatic, origin, names = (
        given(parameters, "automatic"),
        given(parameters, "from"),
        parameters.get("containerNames"),
    )
    source = origin if isinstance(origin, Mapping) else Mapping([], flow=False, line=parameters.line)
    listed = [target(item) for item in names.items] if isinstance(names, Sequence) else []
    is_scalar = isinstance(automatic, Scalar)
    return _Declared(
        parameters.line,
        number,
        isinstance(automatic, Scalar) and not automatic.style and automatic.value in _TRUE,
        source.text("kind") or "",
        source.text("name") or "",
        _given_text(source, "namespace"),
        tuple(item.value for item in listed if isinstance(item, Scalar)),
        bool(_given_text(parameters, "lastTriggeredImage")),
        is_scalar and isinstance(automatic, Scalar) and bool(automatic.style),
    )


def _given_text(mapping: Mapping, key: str) -> str:
    value = given(mapping, key)
    return value.value if isinstance(value, Scalar) else ""


def _faults(declared: _Declared) -> Iterator[str]:
    unexpanded = parameter(declared.name) or parameter(declared.namespace)
    if unexpanded is not None:
        yield unexpanded
        return
    if declared.quoted:
        yield "automatic is text, which OpenShift refuses; write automatic: true"
    if declared.kind != "ImageStreamTag":
        shown = json.dumps(declared.kind[:80])
        yield f"from.kind is {shown}: only an ImageStreamTag is followed; write kind: ImageStreamTag"
    reason = wrong_name(declared.name, declared.namespace)
    if reason is not None:
        fixable = declared.name and ":" not in declared.name
        yield f"{reason}; write name: {declared.name}:latest" if fixable else reason


def _fields(
    file: str, document: int, found: Object, triggers: list[_Declared], faults: list[str]
) -> Iterator[Occurrence | Problem]:
    """Yield the fields that the triggers set; a container that two of them name differently belongs to neither."""
    together = tuple(
        dict.fromkeys(
            (trigger.namespace or found.namespace, *_split(trigger.name))
            for trigger in triggers
            if trigger.automatic and not trigger.has_fallback and not list(_faults(trigger))
        )
    )
    known = list(containers(found.mapping, _POD_SPEC))
    claims: dict[int, list[tuple[_Declared, Container]]] = {}
    for trigger in triggers:
        for container in known:
            if container.name and container.name in trigger.containers and not list(_faults(trigger)):
                claims.setdefault(id(container.mapping), []).append((trigger, container))
    for claimed in claims.values():
        declared, container = claimed[0]
        if len({(trigger.namespace, trigger.name, trigger.automatic) for trigger, _ in claimed}) > 1:
            reason = f"{len(claimed)} triggers name the container {json.dumps(container.name[:80])}; leave one of them"
            yield Problem(file, declared.line, f"{_FIELD}: {reason}")
            continue
        hands_off = None
        if not declared.automatic:
            hands_off = "it is not automatic: true"
        elif faults:
            hands_off = f"all or nothing: {', '.join(faults)} cannot be resolved"
        namespace = declared.namespace or found.namespace
        stream, tag = _split(declared.name)
        names = Trigger(stream, tag, namespace, _FIELD, declared.line, "automatic: false", hands_off, together)
        made = triggered(file, document, found, container, names)
        yield Problem(file, declared.line, f"{_FIELD}: {made}") if isinstance(made, str) else made


def _split(name: str) -> tuple[str, str]:
    stream, _, tag = name.partition(":")
    return stream, tag or "latest"
