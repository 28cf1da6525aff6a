"""Flux's marker comments, ``# {"$imagepolicy": "namespace:policy[:name|:tag|:digest]"}``.

Source: fluxcd/image-automation-controller ``internal/update/filter.go``: the whole comment is a JSON object of
strings; the comment behind a value counts, and the one above it where there is none behind it, which
works for the items of a list only. ``init`` proposes streams for the policies; once the configuration says
which stream tag stands for a policy (``imagePolicies``), its markers name that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gitops_streams.manifests import comments
from gitops_streams.manifests.markers import Refused, has_own_digest, occurrence
from gitops_streams.manifests.occurrence import MarkedScalar, Occurrence, Part
from gitops_streams.oci.reference import TAG
from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.nodes import Mapping as MappingNode
from gitops_streams.yamledit.nodes import Node, Scalar, resolve, walk
from gitops_streams.yamledit.objects import Object
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.problem import Problem

SCREEN = "$imagepolicy"
STREAM_TAG = re.compile(rf"(?P<stream>[^\s:]+):(?P<tag>{TAG.pattern})")
"""What stands for a policy in the configuration."""
_NEEDLE = re.compile(re.escape(SCREEN))
_DASH_LINE = re.compile(r"[ \t]*(?:-[ \t]+)+")
_LONGEST = 1024
_PARTS = {"": Part.WHOLE, "name": Part.NAME, "tag": Part.TAG, "digest": Part.DIGEST}
_UNREADABLE = (
    "the $imagepolicy marker has no effect, and Flux does not read it either: the whole comment must be"
    ' {"$imagepolicy": "namespace:policy[:name|:tag|:digest]"}'
)
_STRAY = (
    "the $imagepolicy marker has no effect, and Flux does not see it either: it must stand behind a value,"
    " or above a value that is an item of a list"
)
_BESIDE = 'beside the marked tag stands a digest that would not follow it; mark the digest too, with ":digest"'


@dataclass(frozen=True, slots=True)
class FluxMarker:
    """A value that a Flux policy decides."""

    file: str
    line: int
    scalar: Scalar
    pointer: Pointer
    """From where was looked: a document's root, or an object."""
    namespace: str
    policy: str
    part: str
    """``name``, ``tag`` or ``digest``; empty for a whole reference."""
    comment: str
    """As it is written, with its ``#``."""
    position: int
    """Where the comment stands in the text, behind its ``#``."""

    @property
    def key(self) -> tuple[str, str]:
        """The policy's namespace and name."""
        return self.namespace, self.policy


def find(file: str, located: Located) -> Iterator[FluxMarker]:
    """Yield the markers behind values, in the order of the text; one that Flux could not read is none."""
    if SCREEN not in located.text:
        return
    for document in located.documents:
        yield from _markers(file, located.text, document.root, above=False)


def named(
    file: str, text: str, document: int, found: Object, policies: Mapping[str, str]
) -> Iterator[Occurrence | Refused | Problem]:
    """Yield the scalars of one object whose markers name a policy that a stream tag stands for.

    A ``:tag`` beside which a ``:digest`` is marked gets the tag alone, as Flux writes it; any other gets
    ``tag@digest``, since a pin is what is wanted.

    Args:
        file: the object's file.
        text: the text of that file.
        document: the index of the object's document.
        found: the object.
        policies: by ``namespace:policy``: the stream tag, ``[namespace/]stream:tag``.
    """
    markers = list(_markers(file, text, found.mapping))
    marked = {id(marker.scalar) for marker in markers}
    digests = {marker.pointer[:-1] for marker in markers if marker.part == "digest"}
    unmapped: dict[str, list[FluxMarker]] = {}
    for marker in markers:
        key = f"{marker.namespace}:{marker.policy}"
        stream = STREAM_TAG.fullmatch(policies.get(key, ""))
        if stream is None:
            unmapped.setdefault(key, []).append(marker)
            continue
        part = _PARTS[marker.part]
        if part is Part.TAG and marker.pointer[:-1] in digests:
            part = Part.TAG_ONLY
        form = MarkedScalar(marker.scalar, (*found.pointer, *marker.pointer), part, stream["stream"], stream["tag"])
        parent = resolve(found.mapping, marker.pointer[:-1])
        if part is Part.TAG and isinstance(parent, MappingNode) and has_own_digest(parent, marked):
            yield Refused(marker.scalar, Problem(file, marker.line, _BESIDE))
        else:
            yield occurrence(file, document, form, found.namespace, "flux")
    for key, there in unmapped.items():
        yield Problem(file, there[0].line, _unmapped(key, len(there)))


def stray(file: str, located: Located) -> Iterator[Problem]:
    """Yield a problem for each marker that nothing comes of, and say why."""
    text = located.text
    read = {
        comments.line_start(text, marker.position)
        for document in located.documents
        for marker in _markers(file, text, document.root)
    }
    for place in comments.elsewhere(located, _NEEDLE, read):
        hash_sign = text.rfind("#", comments.line_start(text, place.position), place.position)
        end = comments.line_end(text, place.position)
        if hash_sign >= 0 and '"' + SCREEN + '"' in text[hash_sign:end]:
            readable = _read(text[hash_sign + 1 : end]) is not None
            yield Problem(file, place.line, _STRAY if readable else _UNREADABLE)


def _unmapped(key: str, count: int) -> str:
    more = f" (and of {count - 1} more in this object)" if count > 1 else ""
    line = f'imagePolicies: {{"{key}": "[namespace/]stream:tag"}}'
    return f"no stream tag stands for the Flux policy of this marker{more}; say which, in the configuration: {line}"


def _markers(file: str, text: str, root: Node | None, *, above: bool = True) -> Iterator[FluxMarker]:
    for pointer, node in walk(root):
        if not isinstance(node, Scalar) or node.is_block:
            continue
        match = comments.behind(node, text)
        if above and match is None and pointer and isinstance(pointer[-1], int):
            match = _above(node, text)
        if match is None or SCREEN not in match["comment"]:
            continue
        read = _read(match["comment"])
        if read is not None:
            shown = f"#{match['comment'].rstrip()}"
            yield FluxMarker(file, node.line, node, pointer, *read, shown, match.start("comment"))


_WHOLE_LINE = re.compile(r"[ \t]*#(?P<comment>[^\r\n]*)")


def _above(scalar: Scalar, text: str) -> re.Match[str] | None:
    """Match the comment on the line above an item of a list that starts its line."""
    start = comments.line_start(text, scalar.start)
    dash = _DASH_LINE.fullmatch(text, start, scalar.start)
    if dash is None or not start:
        return None
    above = comments.line_start(text, start - 1)
    return _WHOLE_LINE.match(text, above, start)


def _read(comment: str) -> tuple[str, str, str] | None:
    """Read a comment without its ``#`` as Flux does: namespace, policy and part."""
    if len(comment) > _LONGEST:
        return None
    try:
        content = json.loads(comment.lstrip("#"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        return None
    value = content.get(SCREEN)
    namespace, policy, part, *more = [*value.split(":"), ""] if isinstance(value, str) and ":" in value else [""] * 3
    if not (namespace and policy) or part not in _PARTS or any(more):
        return None
    return namespace, policy, part
