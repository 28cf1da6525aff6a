"""Bare names of containers' images, which OpenShift looks up among the streams of the object's own namespace.

Source: openshift/apiserver-library-go ``pkg/admission/imagepolicy``: one segment, ``name[:tag]``, where the
stream says ``lookupPolicy.local``; any name where the annotation ``resolve-names`` is exactly ``*``: then its
registry and its first segment are dropped. What has a digest is left as it is, and so is an object that
some controller owns. Found by shape: an ``image`` in an item of ``containers`` or ``initContainers``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from gitops_streams.manifests.occurrence import LocalName, Occurrence, Place
from gitops_streams.manifests.stream_tag_names import is_stream_tag
from gitops_streams.oci.reference import Reference, looks_like_reference
from gitops_streams.yamledit.edit import comment
from gitops_streams.yamledit.nodes import Alias, Mapping, Node, NotEditable, Scalar, Sequence, content, resolve, target
from gitops_streams.yamledit.pointer import Pointer

RESOLVE_NAMES = "alpha.image.policy.openshift.io/resolve-names"
_LISTS = frozenset({"containers", "initContainers", "ephemeralContainers"})
_BELOW = 3
"""``spec``, the list and the index lead from a pod template to a container."""
# A bare name right behind its key, on one line: what the byte screen looks for is what the scanner takes.
_FIELD = re.compile(
    r"image[\"']?[ \t]*:[ \t]*(?:[&!][^\s]*[ \t]+)*[\"']?(?P<name>[a-z0-9]+(?:[._-]+[a-z0-9]+)*)"
    r"(?::[\w][\w.-]{0,127})?[\"']?(?![^\s,}\]])",
    re.ASCII,
)
_FIELD_BYTES = re.compile(_FIELD.pattern.encode(), re.ASCII)


def may_hold(data: bytes, names: Collection[str]) -> bool:
    """Whether a file's bytes hold a bare name behind an ``image`` key: a safe superset of what ``find`` takes."""
    return any(match["name"].decode() in names for match in _FIELD_BYTES.finditer(data))


def find(place: Place) -> Iterator[Occurrence]:
    """Yield the image of a container if it may be a local name."""
    names, relative = place.local.names, place.pointer[len(place.object.pointer) :]
    if not (names or place.local.forced) or len(relative) < _BELOW:
        return
    if relative[-2] not in _LISTS or not isinstance(relative[-1], int):
        return
    entry = place.mapping.entry("image")
    scalar = None if entry is None else target(entry.value)
    if entry is None or not isinstance(scalar, Scalar) or scalar.is_block:
        return
    if "/" in scalar.value and not place.local.forced:
        return  # most images: a bare name has one segment
    reference = looks_like_reference(scalar.value)
    if reference is None or reference.digest is not None or _is_owned(place.object.mapping):
        return
    forced = place.local.forced and _is_forced(place, relative)
    stream = _stream(reference, forced=forced)
    if stream is None or not (forced or (stream in names and _is_spelt_out(entry.key, entry.value, place.text))):
        return
    if stream not in names and is_stream_tag(place.object, scalar.value):
        return  # nobody declares it, and it means no image of Docker Hub
    pointer = (*place.pointer, "image")
    yield Occurrence(
        place.file,
        place.document,
        scalar.line,
        "local",
        LocalName(
            scalar,
            pointer,
            place.mapping,
            stream,
            reference.tag or "latest",
            forced,
            _obstacle(place, pointer, entry.value),
        ),
        reference.name,
        reference.repository,
        reference.tag,
        None,
        place.object.namespace,
    )


def _stream(reference: Reference, *, forced: bool) -> str | None:
    """Return the name that is looked up; a lone ``quay.io`` or ``localhost`` is a registry to OpenShift."""
    segments = reference.name.split("/")
    if _is_registry(segments[0]):
        segments = segments[1:]
    if forced:
        segments = segments[1:] if len(segments) > 1 else segments
    elif reference.name != "/".join(segments):
        return None
    return segments[0] if len(segments) == 1 else None


def _is_registry(segment: str) -> bool:
    return "." in segment or ":" in segment or segment == "localhost"


def _is_spelt_out(key: Node, value: Node, text: str) -> bool:
    """Whether the screen's expression finds the name where it stands."""
    if not isinstance(key, Scalar) or not isinstance(value, Scalar):
        return False
    match = _FIELD.match(text, key.start + bool(key.style))
    return match is not None and match.end() == value.end


def _is_forced(place: Place, relative: Pointer) -> bool:
    """Whether every name is looked up: the pod template decides, and the object where that does not say."""
    for node in (resolve(place.object.mapping, relative[:-_BELOW]), place.object.mapping):
        metadata = node.get("metadata") if isinstance(node, Mapping) else None
        annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
        entry = annotations.entry(RESOLVE_NAMES) if isinstance(annotations, Mapping) else None
        if entry is None or isinstance(content(_scalar(entry.key), place.text), NotEditable):
            continue
        value = target(entry.value)
        return isinstance(value, Scalar) and value.value == "*"
    return False


def _scalar(node: Node) -> Scalar:
    """Return a key that is text; what is found by its text is nothing else."""
    if not isinstance(node, Scalar):
        raise TypeError("an entry was found by a key that is no text")
    return node


def _is_owned(root: Mapping) -> bool:
    """Whether a controller owns the object, whose names were looked up when that was admitted."""
    owners = resolve(root, ("metadata", "ownerReferences"))
    for item in owners.items if isinstance(owners, Sequence) else ():
        owner = target(item)
        if isinstance(owner, Mapping) and owner.text("controller") == "true":
            return True
    return False


def _obstacle(place: Place, pointer: Pointer, value: Node) -> str | None:
    """Say why no comment can be added behind the name, if none can."""
    if place.file.endswith(".json"):
        return "JSON has no comments"
    if isinstance(value, Alias):
        return "it is an alias (*)"
    made = comment(place.document, pointer, place.mapping, "# x", place.text)
    return made.reason if isinstance(made, NotEditable) else None
