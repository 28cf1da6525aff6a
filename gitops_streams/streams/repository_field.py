"""Read ``spec.dockerImageRepository``, which makes every tag of a repository one of the stream's.

Source: openshift-apiserver ``validation.go`` (``ValidateImageStream``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gitops_streams.errors import InvalidReference
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.reference import Reference
from gitops_streams.streams.fields import FieldError, Fields, quoted
from gitops_streams.streams.model import ANNOTATION_PREFIX, DockerImage, StreamKey, StreamTag, TagKey

FIELD = "dockerImageRepository"
_INSECURE = "openshift.io/image.insecureRepository"
_MAX_PULL_SPEC = 1024


def read_repository(
    file: str, key: StreamKey, spec: Fields, metadata: Fields, ours: Mapping[str, str]
) -> StreamTag | None:
    """Read what every tag of the stream's repository is like.

    Args:
        file: the file's path.
        key: the stream.
        spec: its ``spec``.
        metadata: its ``metadata``.
        ours: the stream's annotations of ours, without their prefix: the defaults of its tags. A tag policy is left
            aside, since these tags are known by their own names.

    Returns:
        A stream tag without a name; ``None`` where the field is absent.

    Raises:
        FieldError: the field, or an annotation, cannot be used.
        Unexpanded: the field holds a parameter.
    """
    text = spec.text(FIELD)
    if not text:
        return None
    from gitops_streams.streams.gate_annotations import InvalidGate, read_gates  # noqa: PLC0415  few streams have it

    line = spec.line(FIELD)
    gates = read_gates(ours)
    if isinstance(gates, InvalidGate):
        raise FieldError(f"annotation {ANNOTATION_PREFIX}{gates.annotation}: {gates.reason}", line)
    return StreamTag(
        TagKey(key, ""),
        DockerImage(_read_reference(spec, text)),
        file,
        line,
        insecure=metadata.fields("annotations").text(_INSECURE) == "true",
        platform=_read_platform(ours.get("platform", ""), line),
        paths=tuple(glob for glob in re.split(r"[\s,]+", ours.get("paths", "")) if glob),
        gates=gates,
        implied=True,
    )


def _read_reference(spec: Fields, text: str) -> Reference:
    if len(text) > _MAX_PULL_SPEC:
        raise spec.invalid(FIELD, text, "invalid reference format")
    try:
        reference = Reference.parse(text)
    except InvalidReference as error:
        detail = error.message.removeprefix(f"{text!r} is not an image reference: ")
        raise spec.invalid(FIELD, text, detail) from error
    if reference.digest is not None:
        raise spec.invalid(FIELD, text, "the repository name may not contain an ID")
    if reference.tag is not None:
        raise spec.invalid(FIELD, text, "the repository name may not contain a tag")
    return reference


def _read_platform(text: str, line: int) -> Platform | None:
    if not text:
        return None
    try:
        return Platform.parse(text)
    except InvalidReference as error:
        detail = f"{quoted(text)} is not a platform; {error.hint}"
        raise FieldError(f"annotation {ANNOTATION_PREFIX}platform: {detail}", line) from error
