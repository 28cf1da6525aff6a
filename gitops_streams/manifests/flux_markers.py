"""Flux's marker comments, ``# {"$imagepolicy": "namespace:policy[:name|:tag|:digest]"}``: read, never followed.

Source: fluxcd/image-automation-controller ``internal/update/filter.go``: the whole comment is a JSON object.
Read here are those behind a value, on its line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.nodes import Scalar, walk

SCREEN = "$imagepolicy"
_COMMENT = re.compile(r"[ \t,}\]]*[ \t](?P<comment>#[^\r\n]*)")
_LONGEST = 1024
_PARTS = frozenset({"name", "tag", "digest"})


@dataclass(frozen=True, slots=True)
class FluxMarker:
    """A value that a Flux policy decides."""

    file: str
    line: int
    scalar: Scalar
    namespace: str
    policy: str
    part: str
    """``name``, ``tag`` or ``digest``; empty for a whole reference."""
    comment: str
    """As it is written, with its ``#``."""

    @property
    def key(self) -> tuple[str, str]:
        """The policy's namespace and name."""
        return self.namespace, self.policy


def find(file: str, located: Located) -> Iterator[FluxMarker]:
    """Yield the markers of a file, in the order of its text; one that Flux could not read is none."""
    if SCREEN not in located.text:
        return
    for document in located.documents:
        for _, node in walk(document.root):
            if not isinstance(node, Scalar) or node.is_block:
                continue
            match = _COMMENT.match(located.text, node.end)
            if match is not None and SCREEN in match["comment"]:
                marker = _read(file, node, match["comment"])
                if marker is not None:
                    yield marker


def _read(file: str, scalar: Scalar, comment: str) -> FluxMarker | None:
    if len(comment) > _LONGEST:
        return None
    try:
        content = json.loads(comment.lstrip("#"))
    except (ValueError, RecursionError):
        return None
    value = content.get(SCREEN) if isinstance(content, dict) else None
    namespace, policy, part, *more = [*value.split(":"), ""] if isinstance(value, str) and ":" in value else [""] * 3
    if not (namespace and policy) or (part and part not in _PARTS) or any(more):
        return None
    return FluxMarker(file, scalar.line, scalar, namespace, policy, part, comment.rstrip())
