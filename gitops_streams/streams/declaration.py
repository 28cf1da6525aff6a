"""Read one ImageStream object and validate it as OpenShift does, in OpenShift's words.

Source: openshift/openshift-apiserver ``validation.go`` and ``strategy.go`` (``parseFromReference``);
``oc tag`` for the form of tag names, which the server never checks.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from gitops_streams.errors import InvalidReference
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.reference import TAG, Reference
from gitops_streams.streams.model import (
    ANNOTATION_PREFIX,
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
from gitops_streams.yamledit.nodes import Mapping, Scalar, Sequence, target
from gitops_streams.yamledit.problem import Problem, Severity

_NAME_TEXT = "[a-z0-9]+(?:[._-][a-z0-9]+)*"
_NAME = re.compile(_NAME_TEXT)
_NAMESPACE = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_MAX_NAMESPACED_NAME = 255
_PARAMETER = re.compile(r"\$\{\{?[A-Za-z0-9_]+\}?\}")
_KINDS = "valid values are 'DockerImage', 'ImageStreamImage', 'ImageStreamTag'"
_FORMS = "must be of the form <tag>, <repo>:<tag>, <id>, or <repo>@<id>"
_UNEXPANDED = "it holds an unexpanded Template parameter; process the Template first (oc process)"
_EXTRAS = frozenset({"paths", "platform"})


@dataclass(frozen=True, slots=True)
class _Invalid:
    """Why a declaration is refused, in the form of a Kubernetes field error."""

    reason: str
    line: int


def read_stream(file: str, mapping: Mapping) -> tuple[ImageStream, list[Problem]] | Problem:
    """Read one ImageStream; a tag that is wrong is set aside and the others stay.

    Returns:
        The stream and what else is worth saying about it, or the problem that makes all of it unusable.
    """
    metadata, line = mapping.get("metadata"), mapping.line
    name = metadata.text("name") if isinstance(metadata, Mapping) else None
    namespace = (metadata.text("namespace") or None) if isinstance(metadata, Mapping) else None
    wrong = _check_names(name, namespace)
    if name is None or wrong is not None:
        # A Template's parameters are filled in by somebody else, so meeting one is no fault of the declaration.
        severity = Severity.WARNING if wrong is _UNEXPANDED else Severity.ERROR
        return Problem(file, line, f'ImageStream "{name or ""}" is invalid: {wrong}', severity)
    key = StreamKey(namespace, name)
    noticed: list[Problem] = []
    defaults = _annotations(metadata)
    spec = mapping.get("spec")
    spec = spec if isinstance(spec, Mapping) else Mapping([], flow=False, line=line)
    if repository := spec.text("dockerImageRepository"):
        noticed.append(_check_repository(file, line, name, repository))
    tags: dict[str, StreamTag] = {}
    invalid: list[InvalidTag] = []
    entries = spec.get("tags")
    for item in entries.items if isinstance(entries, Sequence) else []:
        entry = target(item)
        if not isinstance(entry, Mapping):
            noticed.append(Problem(file, line, f'ImageStream "{name}": an entry of spec.tags is no mapping'))
            continue
        tag_name = entry.text("name") or ""
        origin = entry.get("from")
        source_name = origin.text("name") if isinstance(origin, Mapping) else None
        if _PARAMETER.search(tag_name) or _PARAMETER.search(source_name or ""):
            reason = f'ImageStream "{name}": spec.tags[{tag_name}] is not followed: {_UNEXPANDED}'
            noticed.append(Problem(file, entry.line, reason))
            continue
        read = _read_tag(TagKey(key, tag_name), entry, file, defaults, noticed)
        if tag_name in tags:
            read = _Invalid(
                f"spec.tags[{tag_name}]: Duplicate value: OpenShift would keep the last of them", entry.line
            )
            first = tags.pop(tag_name)
            invalid.append(InvalidTag(first.key, file, first.line, read.reason))
        if isinstance(read, _Invalid):
            invalid.append(InvalidTag(TagKey(key, tag_name), file, read.line, read.reason))
        else:
            tags[tag_name] = read
    lookup = spec.get("lookupPolicy")
    local = isinstance(lookup, Mapping) and _flag(lookup.text("local"))
    return ImageStream(key, file, line, tuple(tags.values()), tuple(invalid), local), noticed


def _check_names(name: str | None, namespace: str | None) -> str | None:
    if not name:
        return "metadata.name: Required value: name or generateName is required"
    if _PARAMETER.search(name) or (namespace and _PARAMETER.search(namespace)):
        return _UNEXPANDED
    if not _NAME.fullmatch(name):
        return f'metadata.name: Invalid value: "{name}": must match "{_NAME_TEXT}"'
    if namespace is not None and not _NAMESPACE.fullmatch(namespace):
        return f'metadata.namespace: Invalid value: "{namespace}": must be a lower-case DNS label'
    if len(f"{namespace or ''}/{name}") > _MAX_NAMESPACED_NAME:
        return (
            f'metadata.name: Invalid value: "{name}": '
            f"'namespace/name' cannot be longer than {_MAX_NAMESPACED_NAME} characters"
        )
    return None


def _check_repository(file: str, line: int, name: str, repository: str) -> Problem:
    """``dockerImageRepository`` is validated, and said to be without effect so far."""
    try:
        reference = Reference.parse(repository)
    except InvalidReference as error:
        detail = error.message
    else:
        if reference.digest is not None:
            detail = "the repository name may not contain an ID"
        elif reference.tag is not None:
            detail = "the repository name may not contain a tag"
        else:
            return Problem(
                file,
                line,
                f'ImageStream "{name}": spec.dockerImageRepository is not followed; declare its tags in spec.tags',
            )
    reason = f'ImageStream "{name}" is invalid: spec.dockerImageRepository: Invalid value: "{repository}": {detail}'
    return Problem(file, line, reason, Severity.ERROR)


def _read_tag(
    key: TagKey, entry: Mapping, file: str, defaults: dict[str, str], noticed: list[Problem]
) -> StreamTag | _Invalid:
    path = f"spec.tags[{key.tag}]"
    if not TAG.fullmatch(key.tag):
        return _Invalid(f'{path}.name: Invalid value: "{key.tag}": must match "^[\\w][\\w.-]{{0,127}}$"', entry.line)
    source = _read_source(key, entry, path)
    if isinstance(source, _Invalid):
        return source
    policy = entry.get("importPolicy")
    policy = policy if isinstance(policy, Mapping) else Mapping([], flow=False, line=entry.line)
    if _flag(policy.text("scheduled")) and not isinstance(source, DockerImage):
        detail = "only tags pointing to Docker repositories may be scheduled for background import"
        return _Invalid(f'{path}.importPolicy.scheduled: Invalid value: "true": {detail}', policy.line)
    mode = policy.text("importMode") or ""
    if mode not in {"", "Legacy", "PreserveOriginal"}:
        detail = "invalid import mode, valid modes are '', 'Legacy', 'PreserveOriginal'"
        return _Invalid(f'{path}.importPolicy.importMode: Invalid value: "{mode}": {detail}', policy.line)
    if mode == "Legacy":
        noticed.append(
            Problem(
                file,
                policy.line,
                f"{key}: importMode Legacy is read as PreserveOriginal (the index is pinned);"
                f" annotate {ANNOTATION_PREFIX}platform to pin one platform's manifest",
            )
        )
    reference_policy = entry.get("referencePolicy")
    if isinstance(reference_policy, Mapping):
        kind = reference_policy.text("type") or "Source"
        if kind not in {"Source", "Local"}:
            detail = 'valid values are "Source", "Local"'
            return _Invalid(f'{path}.referencePolicy.type: Invalid value: "{kind}": {detail}', reference_policy.line)
    extras = defaults | _annotations(entry)
    noticed += [
        Problem(file, entry.line, f"{key}: the annotation {ANNOTATION_PREFIX}{extra} is not known")
        for extra in sorted(extras.keys() - _EXTRAS)
    ]
    try:
        platform = Platform.parse(extras["platform"]) if "platform" in extras else None
    except InvalidReference as error:
        return _Invalid(f"{path}: annotation {ANNOTATION_PREFIX}platform: {error.message}", entry.line)
    return StreamTag(
        key,
        source,
        file,
        entry.line,
        _fingerprint(source, platform),
        insecure=_flag(policy.text("insecure")),
        reference_only=_flag(entry.text("reference")),
        platform=platform,
        paths=tuple(re.split(r"[\s,]+", extras["paths"].strip())) if extras.get("paths", "").strip() else (),
    )


def _read_source(key: TagKey, entry: Mapping, path: str) -> Source | _Invalid:
    origin = entry.get("from")
    if not isinstance(origin, Mapping):
        return PushOnly()
    kind, name = origin.text("kind") or "", origin.text("name") or ""
    if kind not in {"DockerImage", "ImageStreamTag", "ImageStreamImage"}:
        return _Invalid(f"{path}.from.kind: Required value: {_KINDS}", origin.line)
    where = origin.get("name")
    line = where.line if isinstance(where, Scalar) else origin.line
    if not name:
        return _Invalid(f"{path}.from.name: Required value", line)
    if kind == "DockerImage":
        try:
            return DockerImage(Reference.parse(name.removeprefix("docker://")))
        except InvalidReference as error:
            return _Invalid(f'{path}.from.name: Invalid value: "{name}": {error.message}', line)
    namespace = origin.text("namespace") or key.stream.namespace
    separator = ":" if kind == "ImageStreamTag" else "@"
    # A bare name is a tag, or an id, of the same stream, never a stream of that name.
    stream, found, last = name.partition(separator) if separator in name else (key.stream.name, separator, name)
    if kind == "ImageStreamImage" and not found.strip() and ":" in name:
        stream, last = key.stream.name, name
    bad_last = not TAG.fullmatch(last) if kind == "ImageStreamTag" else not re.fullmatch(r"[a-z0-9+._:-]+", last)
    if not _NAME.fullmatch(stream) or bad_last:
        return _Invalid(f'{path}.from.name: Invalid value: "{name}": {_FORMS}', line)
    target_stream = StreamKey(namespace, stream)
    return TagAlias(TagKey(target_stream, last)) if kind == "ImageStreamTag" else ImageAlias(target_stream, last)


def _annotations(node: object) -> dict[str, str]:
    """Return our annotations of an object's metadata or of a tag, without their prefix."""
    annotations = node.get("annotations") if isinstance(node, Mapping) else None
    if not isinstance(annotations, Mapping):
        return {}
    found = {}
    for entry in annotations.entries:
        value = target(entry.value)
        if isinstance(entry.key, Scalar) and isinstance(value, Scalar):
            prefix, slash, name = entry.key.value.partition("/")
            if f"{prefix}{slash}" == ANNOTATION_PREFIX:
                found[name] = value.value
    return found


def _flag(text: str | None) -> bool:
    return text is not None and text.lower() == "true"


def _fingerprint(source: Source, platform: Platform | None) -> str:
    content = json.dumps([type(source).__name__, str(source), str(platform or "")])
    return hashlib.sha256(content.encode()).hexdigest()[:16]
