"""Read one ImageStream object and validate it as OpenShift does, in OpenShift's words.

Source: openshift/openshift-apiserver ``validation.go`` and ``strategy.go`` (``parseFromReference``);
``oc tag`` for the form of tag names, which the server never checks.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

from gitops_streams.errors import InvalidReference
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.reference import TAG, Reference
from gitops_streams.streams import gate_annotations, policy_annotations
from gitops_streams.streams.fields import FieldError, Fields, Unexpanded, escaped, quoted
from gitops_streams.streams.hold import NAMES as HOLD_NAMES
from gitops_streams.streams.hold import InvalidHold, read_hold
from gitops_streams.streams.model import (
    ANNOTATION_PREFIX,
    LABEL_VALUE,
    NAMESPACE,
    STREAM_NAME,
    DockerImage,
    ImageAlias,
    ImageStream,
    InvalidTag,
    PushOnly,
    Source,
    StreamKey,
    StreamTag,
    TagAlias,
    TagKey,
)
from gitops_streams.streams.repository_field import read_repository
from gitops_streams.streams.tag_policy import TagPolicy
from gitops_streams.yamledit.edit import is_null
from gitops_streams.yamledit.nodes import Mapping, Node, Scalar, target
from gitops_streams.yamledit.objects import given
from gitops_streams.yamledit.problem import Problem, Severity

_IMPORTER = "importer.image.openshift.io/"
_PLATFORM_PART = re.compile(r"[a-z0-9_.-]{1,64}")
_MAX_NAMESPACED_NAME = 255
_MAX_PULL_SPEC = 1024
_LATEST = "latest"
_IMAGE_ID = re.compile(r"[a-z0-9+._-]+(?::[0-9a-f]*)?")
_KINDS = "valid values are 'DockerImage', 'ImageStreamImage', 'ImageStreamTag'"
_FORMS = "must be of the form <tag>, <repo>:<tag>, <id>, or <repo>@<id>"
EXTRAS = frozenset({"paths", "platform", "snapshot"}) | policy_annotations.NAMES | HOLD_NAMES | gate_annotations.NAMES
"""The annotations of ours, without their prefix."""


@dataclass(frozen=True, slots=True)
class _Context:
    """What the tags of a stream have in common."""

    key: StreamKey
    file: str
    defaults: dict[str, str]
    """Our annotations on the stream."""
    noticed: list[Problem]
    """Grows: what is worth saying without being wrong."""

    def notice(self, line: int, reason: str) -> None:
        self.noticed.append(Problem(self.file, line, reason))


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
    context = _Context(key, file, _annotations(metadata, file, str(key), noticed), noticed)
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


def _read_whole(spec: Fields, metadata: Fields, context: _Context) -> StreamTag | None:
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


def _read_tags(items: list[Node], spec: Fields, context: _Context) -> tuple[list[StreamTag], list[InvalidTag]]:
    tags: list[StreamTag] = []
    invalid: list[InvalidTag] = []
    names = Counter(_name(item) for item in items if isinstance(item, Mapping))
    for index, item in enumerate(items):
        if not isinstance(item, Mapping):
            reason = f"{spec.at('tags')}[{index}]: Invalid value: it must be a mapping"
            text = f"ImageStream {quoted(context.key.name)}: {reason}"
            context.noticed.append(Problem(context.file, item.line, text, Severity.ERROR))
            continue
        # A name of any length may stand in the file; one that no tag can have is only ever shown.
        name = _name(item)
        key = TagKey(context.key, name if TAG.fullmatch(name) else escaped(name))
        path = f"{spec.at('tags')}[{escaped(name)}]"
        try:
            fields = Fields.of(item, path)
            tag = _read_tag(key, fields, context)
        except Unexpanded as error:
            context.notice(error.line, f"ImageStream {quoted(context.key.name)}: not followed: {error.reason}")
        except FieldError as error:
            invalid.append(InvalidTag(key, context.file, error.line, error.reason))
        else:
            if names[name] == 1:
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


def _read_tag(key: TagKey, fields: Fields, context: _Context) -> StreamTag:
    name = fields.text("name")
    if not TAG.fullmatch(name):
        raise fields.invalid("name", name, 'must match "^[\\w][\\w.-]{0,127}$"')
    source = _read_source(key, fields)
    insecure = _check_policies(key, source, fields, context)
    own = _annotations(fields, context.file, str(key), context.noticed)
    extras = context.defaults | own
    platform = None
    if extras.get("platform"):
        try:
            platform = Platform.parse(extras["platform"])
        except InvalidReference as error:
            detail = f"{quoted(extras['platform'])} is not a platform; {error.hint}"
            raise FieldError(
                f"{fields.path}: annotation {ANNOTATION_PREFIX}platform: {detail}", _at(fields, "platform")
            ) from error
    # Most tags of most repositories have no annotation of ours.
    policy = _read_policy(key, source, extras, fields, context) if extras else None
    if policy is not None and isinstance(source, DockerImage):
        source = DockerImage(replace(source.reference, tag=None), by_policy=True)
    importing = fields.fields("importPolicy")
    legacy = importing.text("importMode") == "Legacy"
    hold = read_hold(own, context.defaults)
    if isinstance(hold, InvalidHold):
        raise _wrong(hold.annotation, hold.reason, fields)
    gates = gate_annotations.read_gates(extras) if extras else None
    if isinstance(gates, gate_annotations.InvalidGate):
        raise _wrong(gates.annotation, gates.reason, fields)
    return StreamTag(
        key,
        source,
        context.file,
        fields.mapping.line,
        insecure=insecure,
        reference_only=fields.flag("reference"),
        platform=platform,
        paths=tuple(glob for glob in re.split(r"[\s,]+", extras.get("paths", "")) if glob),
        scheduled=importing.flag("scheduled") if importing.has("scheduled") else None,
        snapshot=_switch("snapshot", extras, fields),
        policy=policy,
        hold=hold,
        gates=gates,
        legacy=legacy,
        prefer_os=_preference("prefer-os", fields) if legacy else "",
        prefer_arch=_preference("prefer-arch", fields) if legacy else "",
        local=fields.fields("referencePolicy").text("type") == "Local",
    )


def _read_policy(
    key: TagKey, source: Source, extras: dict[str, str], fields: Fields, context: _Context
) -> TagPolicy | None:
    """Read how the tag is chosen; a stream's policy is for those of its tags that name a repository."""
    annotations = fields.fields("annotations")
    own = annotations.text(f"{ANNOTATION_PREFIX}policy").strip()
    repository = source.reference if isinstance(source, DockerImage) else None
    if repository is None or repository.digest is not None:
        if own:
            detail = "it chooses among the tags of a repository, and from.name names " + (
                "a digest" if repository is not None else "none: from.kind must be DockerImage"
            )
            raise _wrong("policy", detail, fields)
        return None
    # A policy of the tag's own takes nothing from its stream's; an empty one wants none of it.
    names = [name for name in policy_annotations.NAMES if name in extras]
    if annotations.has(f"{ANNOTATION_PREFIX}policy"):
        names = [name for name in names if own and annotations.has(f"{ANNOTATION_PREFIX}{name}")]
    given = {name: extras[name] for name in names}
    policy = policy_annotations.read_policy(given)
    if isinstance(policy, policy_annotations.InvalidPolicy):
        raise _wrong(policy.annotation, policy.reason, fields)
    if policy is not None and repository.tag is not None:
        reason = f"the tag {repository.tag} of from.name is not followed: {ANNOTATION_PREFIX}policy chooses ({policy})"
        context.notice(fields.fields("from").line("name"), f"{key}: {reason}")
    return policy


def _preference(name: str, fields: Fields) -> str:
    """Read an annotation that an import by Legacy goes by; what no platform can have is none, as on OpenShift."""
    text = fields.fields("annotations").text(f"{_IMPORTER}{name}").strip()
    return text if _PLATFORM_PART.fullmatch(text) else ""


def _switch(name: str, extras: dict[str, str], fields: Fields) -> bool:
    """Read an annotation of ours that is true or false; false where there is none."""
    text = extras.get(name, "")
    if text not in {"", "true", "false"}:
        raise _wrong(name, f'{quoted(text)}: it must be "true" or "false"', fields)
    return text == "true"


def _wrong(name: str, detail: str, fields: Fields) -> FieldError:
    """Return the error of an annotation of ours."""
    return FieldError(f"{fields.path}: annotation {ANNOTATION_PREFIX}{name}: {detail}", _at(fields, name))


def _check_policies(key: TagKey, source: Source, fields: Fields, context: _Context) -> bool:
    """Validate what is said about importing and referring; return whether an insecure registry is accepted."""
    policy = fields.fields("importPolicy")
    if policy.flag("scheduled"):
        if isinstance(source, TagAlias | ImageAlias):
            detail = "only tags pointing to Docker repositories may be scheduled for background import"
            raise FieldError(f"{policy.at('scheduled')}: Invalid value: true: {detail}", policy.line("scheduled"))
        if isinstance(source, DockerImage) and source.reference.digest is not None:
            origin = fields.fields("from")
            raise origin.invalid("name", origin.text("name"), "only tags can be scheduled for import")
    mode = policy.text("importMode")
    if mode not in {"", "Legacy", "PreserveOriginal"}:
        detail = "invalid import mode, valid modes are '', 'Legacy', 'PreserveOriginal'"
        raise policy.invalid("importMode", mode, detail)
    if mode == "Legacy" and isinstance(source, DockerImage) and source.reference.digest is not None:
        reason = "importMode Legacy would have OpenShift take one platform's manifest of it; here the digest stays"
        context.notice(policy.line("importMode"), f"{key}: from.name names a digest: {reason}")
    reference_policy = fields.fields("referencePolicy")
    kind = reference_policy.text("type")
    if kind not in {"", "Source", "Local"}:
        raise reference_policy.invalid("type", kind, 'valid values are "Source", "Local"')
    return policy.flag("insecure")


def _read_source(key: TagKey, fields: Fields) -> Source:
    if not fields.has("from"):
        return PushOnly()
    origin = fields.fields("from")
    kind, name, namespace = origin.text("kind"), origin.text("name"), origin.text("namespace")
    if kind not in {"DockerImage", "ImageStreamTag", "ImageStreamImage"}:
        raise origin.required("kind", _KINDS)
    if not name:
        raise origin.required("name")
    if kind == "DockerImage":
        return _read_pull_spec(origin, name)
    if namespace and not NAMESPACE.fullmatch(namespace):
        raise origin.invalid("namespace", namespace, "must be a lower-case DNS label")
    # A bare name is a tag, or an id, of the same stream, never a stream of that name.
    separator = ":" if kind == "ImageStreamTag" else "@"
    stream, found, last = name.rpartition(separator)
    if not found:
        stream = key.stream.name
    elif kind == "ImageStreamTag":
        last = last or _LATEST
    form = TAG if kind == "ImageStreamTag" else _IMAGE_ID
    if len(name) > _MAX_PULL_SPEC or not STREAM_NAME.fullmatch(stream) or not form.fullmatch(last):
        raise origin.invalid("name", name, _FORMS)
    of = StreamKey(namespace or key.stream.namespace, stream)
    return TagAlias(TagKey(of, last)) if kind == "ImageStreamTag" else ImageAlias(of, last)


def _read_pull_spec(origin: Fields, name: str) -> DockerImage:
    pull_spec = name.removeprefix("docker://")
    if len(pull_spec) > _MAX_PULL_SPEC:
        raise origin.invalid("name", name, "invalid reference format")
    try:
        return DockerImage(Reference.parse(pull_spec))
    except InvalidReference as error:
        raise origin.invalid("name", name, _detail(error, pull_spec)) from error


def _annotations(fields: Fields, file: str, owner: str, noticed: list[Problem]) -> dict[str, str]:
    """Return our annotations of an object's metadata or of a tag, without their prefix; notice unknown ones."""
    annotations = fields.fields("annotations")
    found = {}
    for entry in annotations.mapping.entries:
        name = entry.key.value if isinstance(entry.key, Scalar) else ""
        if not name.startswith(ANNOTATION_PREFIX):
            continue
        extra = name.removeprefix(ANNOTATION_PREFIX)
        if extra in EXTRAS:
            found[extra] = annotations.text(name).strip()
        else:
            known = ", ".join(sorted(EXTRAS))
            reason = f"{owner}: the annotation {escaped(name)} is not known; known: {known}"
            noticed.append(Problem(file, entry.key.line, reason))
    return found


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


def _at(fields: Fields, extra: str) -> int:
    """Return the line of an annotation of ours on a tag, or of the tag where the stream's own is at fault."""
    annotations = fields.fields("annotations")
    name = f"{ANNOTATION_PREFIX}{extra}"
    return annotations.line(name) if annotations.has(name) else fields.mapping.line


def _detail(error: InvalidReference, text: str) -> str:
    """Return what is wrong, without the text that the field error names already."""
    return error.message.removeprefix(f"{text!r} is not an image reference: ")
