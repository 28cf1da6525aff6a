"""What both kinds of image change trigger share: the stream tag that one names, and the field that it sets."""

from __future__ import annotations

import json

from gitops_streams.manifests.field_path import Container
from gitops_streams.manifests.occurrence import Occurrence, Trigger, TriggeredField
from gitops_streams.oci.reference import TAG, looks_like_reference
from gitops_streams.yamledit.nodes import Scalar
from gitops_streams.yamledit.objects import Object

_SHOWN = 200


def parameter(text: str) -> str | None:
    """Say that a name holds a parameter which somebody else fills in, if it does."""
    if "${" in text or "{{" in text or "$(" in text:
        return "not followed: it holds an unexpanded parameter; render it first (oc process, helm template)"
    return None


def wrong_name(name: str, namespace: str) -> str | None:
    """Say why a trigger's ``from`` names no stream tag, if it does not.

    OpenShift splits the name at its colon and resolves nothing without one (``SplitImageStreamTag``); an
    empty tag is ``latest``.
    """
    stream, colon, tag = name.partition(":")
    if not name:
        return "from.name is empty"
    if not colon:
        return f"from.name {json.dumps(name[:_SHOWN])} has no colon, so OpenShift never resolves it"
    if not _is_stream(stream) or (tag and not TAG.fullmatch(tag)):
        return f"from.name {json.dumps(name[:_SHOWN])} names no stream tag"
    if namespace and not _is_stream(namespace):
        return f"from.namespace {json.dumps(namespace[:_SHOWN])} is no namespace"
    return None


def triggered(file: str, document: int, found: Object, container: Container, trigger: Trigger) -> Occurrence | str:
    """Return the image field of a container that a trigger sets, or why there is none."""
    entry = container.mapping.entry("image")
    scalar = None if entry is None else container.mapping.get("image")
    if not isinstance(scalar, Scalar):
        shown = json.dumps(container.name[:_SHOWN])
        return f'the container {shown} has no image that could be set; write image: " " into it'
    reference = looks_like_reference(scalar.value)
    return Occurrence(
        file,
        document,
        scalar.line,
        "trigger",
        TriggeredField(scalar, (*found.pointer, *container.pointer, "image"), trigger),
        "" if reference is None else reference.name,
        None if reference is None else reference.repository,
        None if reference is None else reference.tag,
        None if reference is None else reference.digest,
        found.namespace,
    )


def _is_stream(name: str) -> bool:
    """Whether a stream or a namespace could have this name: a reference of one part that is no registry."""
    reference = looks_like_reference(name)
    return reference is not None and reference.name == name and "/" not in name
