"""By value: any other scalar that is exactly a tagged reference with its registry's domain, under whatever key.

The value of one argument counts as one: ``--sidecar=reference``, ``KEY=reference`` as an item of a list.

Environment variables, arguments, parameters, fields of anybody's own kinds. Words with a colon in them are
many and images among them few, so what it takes is a domain, a tracked repository and a place that is no prose,
no script, no schema, no label, no file of a ConfigMap, no push destination and nobody's name of a chart or of a
stream. What has the value and not the place is reported with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import pairwise

from gitops_streams.manifests import whole
from gitops_streams.manifests.image_like import is_image_key
from gitops_streams.manifests.occurrence import Occurrence, Place
from gitops_streams.manifests.push_destinations import (
    PUSHED,
    VARIABLE,
    is_pipeline_variable,
    is_pushed,
    is_pushed_flag,
    is_pushed_name,
)
from gitops_streams.manifests.stream_tag_names import is_stream_tag
from gitops_streams.oci.reference import Reference, Repository, looks_like_reference
from gitops_streams.yamledit.nodes import Mapping, Scalar, resolve, target
from gitops_streams.yamledit.objects import Object
from gitops_streams.yamledit.pointer import Pointer

OCI = "oci://"
DOCKER = "docker://"
_ARGUMENT = re.compile(r"(?P<flag>--?[A-Za-z][A-Za-z0-9_.-]*|[A-Za-z_][A-Za-z0-9_]*)=")
FORM = "value"
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
_SCHEMA_WORDS = frozenset({"default", "enum", "const"})
_PULLING = re.compile(r"image[_-]?pull")
_DATA = {
    "ConfigMap": frozenset({"data", "binaryData"}),
    "Secret": frozenset({"data", "stringData"}),
}
_TEXTS = ("annotations", "labels")


def find(place: Place, scalar: Scalar, tracked: Collection[Repository]) -> Occurrence | str | None:
    """Return the reference that a scalar is; why it is left alone; ``None`` if it is none that somebody tracks.

    Args:
        place: ``pointer`` leads to the scalar, or to an alias of it.
        scalar: what stands there.
        tracked: the repositories that streams follow.
    """
    value = scalar.value
    if scalar.is_block:
        return None
    prefix = _prefix(value, place.pointer)
    reference = looks_like_reference(value.removeprefix(prefix))
    if reference is None or reference.tag is None or reference.repository not in tracked:
        return None
    why = never(place.object, place.pointer)
    if why is not None or not (whole.has_domain(reference) or _is_named_image(place, reference)):
        return why
    return whole.of(place, place.pointer, scalar, reference, FORM, prefix)


def _prefix(value: str, pointer: Pointer) -> str:
    """Return what stands before a reference: a scheme, or the flag or the variable of one item of a list."""
    if value.startswith(OCI):
        return OCI
    if value.startswith(DOCKER):
        return DOCKER if pointer[-1:] == ("url",) else ""  # elsewhere it may be where a tool copies to
    argument = _ARGUMENT.match(value) if isinstance(pointer[-1] if pointer else None, int) else None
    return "" if argument is None or is_pushed_flag(argument["flag"]) else argument.group()


def _is_named_image(place: Place, reference: Reference) -> bool:
    """Whether ``org/name:tag`` is the value of a variable or a parameter whose name says image.

    Names of one segment may be those of image stream tags, and a parameter called just ``image`` what is pushed.
    """
    if place.pointer[-1] not in {"value", "default"} or "/" not in reference.name:
        return False
    around = resolve(place.object.mapping, place.pointer[len(place.object.pointer) : -1])
    name = (around.text("name") or "") if isinstance(around, Mapping) else ""
    return is_image_key(name) and not is_pushed_name(name)


def never(found: Object, pointer: Pointer) -> str | None:
    """Say why a place never holds an image that is pulled, whatever its value; ``None`` if it may.

    Args:
        found: the object that it stands in.
        pointer: from the document's root to the scalar.
    """
    path = pointer[len(found.pointer) :]
    keys = [part.lower() for part in path if isinstance(part, str)]
    if not keys:
        return None
    why = _says_its_key(keys)
    if why is not None:
        return why
    if path[0] in _DATA.get(found.kind, ()):
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
        "it stands in a schema": last in _SCHEMA_WORDS and "properties" in above,
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
