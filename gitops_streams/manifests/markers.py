"""Marker comments, which name a scalar's stream tag: ``# {"$imagestream": "acme/web:prod"}``.

The form is that of Flux's ``$imagepolicy``. A suffix says what the scalar holds: nothing for a
whole reference, ``:name`` for the repository, ``:tag`` (written ``tag@digest``), ``:digest``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from gitops_streams.manifests.occurrence import MarkedScalar, Occurrence, Part
from gitops_streams.oci.reference import looks_like_reference
from gitops_streams.yamledit.nodes import Scalar, walk
from gitops_streams.yamledit.objects import Object
from gitops_streams.yamledit.problem import Problem

SCREEN = "$imagestream"
_COMMENT = re.compile(r"[ \t,}\]]*[ \t]#[ \t]*([^\r\n]*)")
_VALUE = re.compile(r"(?P<stream>[^\s:]+):(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})(?::(?P<part>name|tag|digest))?")


def find(file: str, text: str, document: int, found: Object) -> Iterator[Occurrence | Problem]:
    """Yield every marked scalar of one object, and a problem for each marker that cannot be read."""
    for pointer, node in walk(found.mapping):
        if not isinstance(node, Scalar) or node.is_block:
            continue
        comment = _COMMENT.match(text, node.end)
        if comment is None or SCREEN not in comment[1]:
            continue
        value = _read(comment[1])
        match = None if value is None else _VALUE.fullmatch(value)
        if match is None:
            yield Problem(
                file,
                node.line,
                'the marker cannot be read; write # {"$imagestream": "[namespace/]stream:tag[:name|:tag|:digest]"}',
            )
            continue
        part = Part(match["part"]) if match["part"] else Part.WHOLE
        reference = looks_like_reference(node.value) if part in {Part.WHOLE, Part.NAME} else None
        form = MarkedScalar(node, (*found.pointer, *pointer), part, match["stream"], match["tag"])
        yield Occurrence(
            file,
            document,
            node.line,
            "marker",
            form,
            "" if reference is None else reference.name,
            None if reference is None else reference.repository,
            None if reference is None else reference.tag,
            None if reference is None else reference.digest,
            found.namespace,
        )


def _read(comment: str) -> str | None:
    """Return the marker's value from the JSON object that the comment holds."""
    start, end = comment.find("{"), comment.rfind("}")
    try:
        content = json.loads(comment[start : end + 1])
    except (ValueError, RecursionError):
        return None
    value = content.get(SCREEN) if isinstance(content, dict) else None
    return value if isinstance(value, str) else None
