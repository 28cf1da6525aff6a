"""Read one ImageStream object and validate it as OpenShift does, in OpenShift's words.

Source: openshift/openshift-apiserver ``validation.go``.
"""

from __future__ import annotations

from collections import Counter

from gitops_streams.oci.reference import TAG
from gitops_streams.streams.fields import FieldError, Fields, Unexpanded, escaped, quoted
from gitops_streams.streams.model import (
    LABEL_VALUE,
    NAMESPACE,
    STREAM_NAME,
    ImageStream,
    InvalidTag,
    StreamKey,
    StreamTag,
    TagKey,
)
from gitops_streams.streams.own_annotations import annotations_of
from gitops_streams.streams.repository_field import read_repository
from gitops_streams.streams.tag_entry import Context, read_tag
from gitops_streams.yamledit.edit import is_null
from gitops_streams.yamledit.nodes import Mapping, Node, Scalar, target
from gitops_streams.yamledit.objects import given
from gitops_streams.yamledit.problem import Problem, Severity

_MAX_NAMESPACED_NAME = 255


def read_stream(file: str, mapping: Mapping) -> tuple[ImageStream, list[Problem]] | Problem:
    """Read one ImageStream; a tag that is wrong is set aside and the others stay.

    Returns:
        The stream and what else is worth saying about it, or the problem that makes all of it unusable.
    """
    try:
        return _read_stream(file, mapping)
    except FieldError as error:
        metadata = mapping.get("metadata")
        name = (metadata.text("name") or "") if isinstance(metadata, Mapping) else ""
        # Somebody else fills in a parameter, so meeting one is no fault of the declaration.
        verdict, severity = "is invalid", Severity.ERROR
        if isinstance(error, Unexpanded):
            verdict, severity = "is not followed", Severity.WARNING
        return Problem(file, error.line, f"ImageStream {quoted(name)} {verdict}: {error.reason}", severity)


def _read_stream(file: str, mapping: Mapping) -> tuple[ImageStream, list[Problem]]:
    top = Fields.of(mapping, "")
    metadata, spec = top.fields("metadata"), top.fields("spec")
    key = _read_key(metadata)
    noticed: list[Problem] = []
    context = Context(key, file, annotations_of(metadata, file, str(key), noticed), noticed)
    local = spec.fields("lookupPolicy").flag("local")
    whole = _read_whole(spec, metadata, context)
    tags, invalid = _read_tags(spec.items("tags"), spec, context)
    labels = _labels(metadata)
    return ImageStream(key, file, mapping.line, tuple(tags), tuple(invalid), local, labels, whole), noticed


def _read_key(metadata: Fields) -> StreamKey:
    name, namespace = metadata.text("name"), metadata.text("namespace")
    if not name:
        raise metadata.required("name", "name or generateName is required")
    if not STREAM_NAME.fullmatch(name):
        raise metadata.invalid("name", name, f'must match "{STREAM_NAME.pattern}"')
    if namespace and not NAMESPACE.fullmatch(namespace):
        raise metadata.invalid("namespace", namespace, "must be a lower-case DNS label")
    if len(f"{namespace}/{name}") > _MAX_NAMESPACED_NAME:
        detail = f"'namespace/name' cannot be longer than {_MAX_NAMESPACED_NAME} characters"
        raise metadata.invalid("name", name, detail)
    return StreamKey(namespace or None, name)


def _read_whole(spec: Fields, metadata: Fields, context: Context) -> StreamTag | None:
    """Read ``dockerImageRepository``; what is wrong with it leaves the declared tags alone."""
    try:
        return read_repository(context.file, context.key, spec, metadata, context.defaults)
    except FieldError as error:
        verdict, severity = "is invalid", Severity.ERROR
        if isinstance(error, Unexpanded):
            verdict, severity = "is not followed", Severity.WARNING
        reason = f"ImageStream {quoted(context.key.name)} {verdict}: {error.reason}"
        context.noticed.append(Problem(context.file, error.line, reason, severity))
        return None


def _read_tags(items: list[Node], spec: Fields, context: Context) -> tuple[list[StreamTag], list[InvalidTag]]:
    tags: list[StreamTag] = []
    invalid: list[InvalidTag] = []
    names = [_name(item) if isinstance(item, Mapping) else None for item in items]
    counted = Counter(names)
    for index, (item, name) in enumerate(zip(items, names, strict=True)):
        if name is None:
            reason = f"{spec.at('tags')}[{index}]: Invalid value: it must be a mapping"
            text = f"ImageStream {quoted(context.key.name)}: {reason}"
            context.noticed.append(Problem(context.file, item.line, text, Severity.ERROR))
            continue
        # A name of any length may stand in the file; one that no tag can have is only ever shown.
        shown = name if TAG.fullmatch(name) else escaped(name)
        key = TagKey(context.key, shown)
        path = f"{spec.at('tags')}[{shown}]"
        try:
            fields = Fields.of(item, path)
            tag = read_tag(key, fields, context)
        except Unexpanded as error:
            context.notice(error.line, f"ImageStream {quoted(context.key.name)}: not followed: {error.reason}")
        except FieldError as error:
            invalid.append(InvalidTag(key, context.file, error.line, error.reason))
        else:
            if counted[name] == 1:
                tags.append(tag)
                continue
            detail = "OpenShift would keep the last of them and say nothing"
            reason = f"{path}.name: Duplicate value: {quoted(name)}: {detail}"
            invalid.append(InvalidTag(key, context.file, fields.line("name"), reason))
    return tags, invalid


def _name(item: Mapping) -> str:
    """Return a tag's name as it is written; empty where none can be read."""
    name = given(item, "name")
    return name.value if isinstance(name, Scalar) else ""


def _labels(metadata: Fields) -> dict[str, str]:
    """Return the labels that have a value which a label can have.

    Nothing that is resolved or written depends on a label, so one that cannot be used, such as a Template's
    parameter, is left out and makes no fuss: the stream is one without that label.
    """
    labels = given(metadata.mapping, "labels")
    found: dict[str, str] = {}
    for entry in labels.entries if isinstance(labels, Mapping) else ():
        value = target(entry.value)
        if not isinstance(entry.key, Scalar) or not isinstance(value, Scalar) or is_null(value):
            continue
        if LABEL_VALUE.fullmatch(value.value):
            found.setdefault(entry.key.value, value.value)
    return found
