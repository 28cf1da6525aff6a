"""Read what a stream tag follows (``from``), and validate it in OpenShift's words.

Source: openshift/openshift-apiserver ``validation.go`` and ``strategy.go`` (``parseFromReference``).
"""

from __future__ import annotations

import re

from gitops_streams.errors import InvalidReference
from gitops_streams.oci.reference import TAG, Reference
from gitops_streams.streams.fields import Fields
from gitops_streams.streams.model import (
    NAMESPACE,
    STREAM_NAME,
    DockerImage,
    ImageAlias,
    PushOnly,
    Source,
    StreamKey,
    TagAlias,
    TagKey,
)

_MAX_PULL_SPEC = 1024
_LATEST = "latest"
_IMAGE_ID = re.compile(r"[a-z0-9+._-]+(?::[0-9a-f]*)?")
_KINDS = "valid values are 'DockerImage', 'ImageStreamImage', 'ImageStreamTag'"
_FORMS = "must be of the form <tag>, <repo>:<tag>, <id>, or <repo>@<id>"


def read_source(key: TagKey, fields: Fields) -> Source:
    """Read it.

    Args:
        key: the stream tag, in whose stream a bare name is looked for.
        fields: the tag's.

    Raises:
        FieldError: it is wrong.
    """
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


def _detail(error: InvalidReference, text: str) -> str:
    """Return what is wrong, without the text that the field error names already."""
    return error.message.removeprefix(f"{text!r} is not an image reference: ")
