"""Places that never hold an image that is pulled, whatever their value: prose, scripts, status, what is pushed.

Schemas, labels and annotations, the files of a ConfigMap, names of charts and of image streams' tags are among them.
"""

from __future__ import annotations

import re
from itertools import pairwise

from gitops_streams.manifests.push_destinations import PUSHED, VARIABLE, is_pipeline_variable, is_pushed
from gitops_streams.manifests.stream_tag_names import is_stream_tag
from gitops_streams.yamledit.nodes import Mapping, Scalar, resolve, target
from gitops_streams.yamledit.objects import Object
from gitops_streams.yamledit.pointer import Pointer

FILE = "a value of a"
"""How the reason starts for what is a file in a ConfigMap or a Secret."""
TEXTS = frozenset({"an annotation or a label is text", "it is prose", "it is a script"})
"""The reasons for what is text, where a reference may well be one to an image that is pulled."""

_PROSE = frozenset(
    {"description", "message", "msg", "title", "notes", "note", "summary", "comment", "comments", "reason", "usage"}
    | {"displayname", "help", "doc", "docs", "documentation", "example", "examples", "changelog", "body", "text"}
    | {"warning", "caption", "label", "readme", "releasenotes"}
)
_SCRIPTS = frozenset({"script", "scripts", "run", "before_script", "after_script", "shell", "cmd"})
_CHARTS = frozenset({"repository", "repo", "repourl", "chart", "git", "sourcerepos"})
SCHEMA_WORDS = frozenset({"default", "enum", "const"})
_PULLING = re.compile(r"image[_-]?pull(?![_-]?spec)")
_DATA = {
    "ConfigMap": frozenset({"data", "binaryData"}),
    "Secret": frozenset({"data", "stringData"}),
}
_TEXTS = ("annotations", "labels")


def why(found: Object, pointer: Pointer, *, whole: bool = False) -> str | None:
    """Say why a place never holds an image that is pulled, whatever its value; ``None`` if it may.

    Args:
        found: the object that it stands in.
        pointer: from the document's root to the scalar.
        whole: whether the scalar is a reference and nothing more, which is no file even where files stand.
    """
    path = pointer[len(found.pointer) :]
    keys = [part.lower() for part in path if isinstance(part, str)]
    if not keys:
        return None
    said = _says_its_key(keys)
    if said is not None:
        return said
    if not whole and path[0] in _DATA.get(found.kind, ()):
        return f"{FILE} {found.kind} is a file to us"
    return _names(found, path) or _is_written(found, pointer)


def _is_written(found: Object, pointer: Pointer) -> str | None:
    if is_pushed(found, pointer):
        return PUSHED
    return VARIABLE if is_pipeline_variable(found, pointer) else None


def _says_its_key(keys: list[str]) -> str | None:
    last, above = keys[-1], keys[:-1]
    reasons = {
        "an annotation or a label is text": any(key.endswith(_TEXTS) for key in keys),
        "it is prose": last in _PROSE,
        "it is a script": not _SCRIPTS.isdisjoint(keys),
        "a status is what a server wrote": "status" in above,
        "it is what a test expects": "asserts" in above,
        "it names a chart or a Git repository": last in _CHARTS,
        "it says how images are pulled": any(_PULLING.search(key) for key in keys),
        "it stands in a schema": last in SCHEMA_WORDS and "properties" in above,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _names(found: Object, path: Pointer) -> str | None:
    """Say whether a scalar is a name that others look up: an image stream's tag, a kustomization's image."""
    parents = (resolve(found.mapping, path[:end]) for end in range(len(path)))
    kinds = (parent.text("kind") for parent in parents if isinstance(parent, Mapping))
    named = resolve(found.mapping, path) if path[-1] == "image" else None
    scalar = None if named is None else target(named)
    if (isinstance(scalar, Scalar) and is_stream_tag(found, scalar.value)) or any(
        kind is not None and kind.startswith("ImageStream") for kind in kinds
    ):
        return "it is the name of an image stream's tag or image"
    parent = resolve(found.mapping, path[:-1])
    if isinstance(parent, Mapping) and any(parent.entry(key) for key in ("newTag", "newName")):
        return "it is the name that a kustomization looks for"
    # `image.openshift.io/v1` patches, whose target is a stream, say so in their path of keys alone.
    if any(pair == ("tags", "from") for pair in pairwise(part for part in path if isinstance(part, str))):
        return "it is the source of an image stream's tag"
    return None
