"""Edit ImageStream documents in place: what is touched changes, everything else keeps its dress.

Pure: a draft of a file in, the next draft out. Which stream and which tag is meant, and whether the result may
stand, is for ``authoring`` to say.

Source of the fields: OpenShift ``image.openshift.io/v1`` ``TagReference``.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as List
from dataclasses import dataclass
from typing import assert_never

from gitops_streams.streams.load import is_image_stream
from gitops_streams.streams.model import (
    ANNOTATION_PREFIX,
    DockerImage,
    ImageAlias,
    PushOnly,
    Source,
    StreamKey,
    TagAlias,
)
from gitops_streams.streams.restraint import Hold
from gitops_streams.yamledit.draft import Append, Draft, Operation, Put, Remove
from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.nodes import Mapping, Node, NotEditable, Scalar, Sequence, resolve, target
from gitops_streams.yamledit.notation import Value
from gitops_streams.yamledit.objects import objects
from gitops_streams.yamledit.pointer import Pointer

_HOLD = f"{ANNOTATION_PREFIX}hold"
_REASON = f"{ANNOTATION_PREFIX}hold-reason"
# Beside which keys of a tag a new one goes; `oc get -o yaml` sorts them, people start with the name.
_BESIDE = {
    "annotations": ("name",),
    "from": ("annotations", "name"),
    "importPolicy": ("generation", "from"),
    "referencePolicy": ("importPolicy", "generation", "from"),
    "reference": ("referencePolicy", "importPolicy", "generation", "from"),
}


@dataclass(frozen=True, slots=True)
class Declared:
    """Where a stream is declared."""

    key: StreamKey
    path: str
    document: int
    pointer: Pointer
    line: int


@dataclass(frozen=True, slots=True)
class TagSpec:
    """What an entry of ``spec.tags`` is to say; ``None`` leaves a field as it is."""

    source: Source
    scheduled: bool | None = None
    insecure: bool | None = None
    import_mode: str | None = None
    """``Legacy`` or ``PreserveOriginal``."""
    reference_policy: str | None = None
    """``Source`` or ``Local``."""
    reference_only: bool | None = None


def find(files: Iterable[tuple[str, Located]], key: StreamKey) -> list[Declared]:
    """Find every place where a stream of this name and namespace is declared."""
    return [
        Declared(key, path, document.index, found.pointer, found.mapping.line)
        for path, located in files
        for document in located.documents
        for found in objects(document.root)
        if is_image_stream(found) and StreamKey(found.namespace, found.name or "") == key
    ]


def set_tag(draft: Draft, at: Declared, tag: str, spec: TagSpec) -> Draft | NotEditable:
    """Let a tag say what ``spec`` does; one that is not there is added to the end."""
    entry = _entry(draft, at, tag)
    if isinstance(entry, NotEditable):
        return entry
    if entry is None:
        return draft.apply([Append(at.document, (*at.pointer, "spec", "tags"), _tag(tag, spec, at.key))])
    wanted = _origin(spec.source, at.key)
    origin: Pointer = (*entry, "from")
    if isinstance(resolve(draft.located.documents[at.document].root, origin), Mapping):
        steps: list[Operation] = [
            Put(at.document, (*origin, field), value, ("kind",)) for field, value in wanted.items()
        ]
    else:
        steps = [Put(at.document, origin, dict(wanted), _BESIDE["from"])]
    steps += [Put(at.document, (*entry, *field), value, _BESIDE[field[0]]) for field, value in _settings(spec)]
    edited = draft.apply(steps)
    if not isinstance(edited, NotEditable) and "namespace" not in wanted:
        edited = _without(edited, at, origin, ["namespace"])
    if not isinstance(edited, NotEditable) and not isinstance(spec.source, DockerImage):
        # Only what comes from a registry is imported; OpenShift refuses these beside anything else.
        edited = _without(edited, at, (*entry, "importPolicy"), ["scheduled", "insecure"])
    return edited


def remove_tag(draft: Draft, at: Declared, tag: str) -> Draft | NotEditable:
    """Take a tag away, with the comment lines directly above it."""
    entry = _entry(draft, at, tag)
    if isinstance(entry, NotEditable):
        return entry
    return draft if entry is None else draft.apply([Remove(at.document, entry)])


def set_hold(draft: Draft, at: Declared, tag: str, hold: Hold) -> Draft | NotEditable:
    """Hold a tag that is there at an image; its source stays. A hold without a reason takes an older reason away."""
    entry = _entry(draft, at, tag)
    if isinstance(entry, NotEditable) or entry is None:
        return entry or NotEditable(f"it has no tag {tag}")
    annotations: Pointer = (*entry, "annotations")
    edited = draft.apply([Put(at.document, (*annotations, _HOLD), str(hold.digest), _BESIDE["annotations"])])
    if isinstance(edited, NotEditable) or not hold.reason:
        return edited if isinstance(edited, NotEditable) else _without(edited, at, annotations, [_REASON])
    return edited.apply([Put(at.document, (*annotations, _REASON), hold.reason, (_HOLD,))])


def remove_hold(draft: Draft, at: Declared, tag: str) -> Draft | NotEditable:
    """Take a tag's hold and its reason away."""
    entry = _entry(draft, at, tag)
    if isinstance(entry, NotEditable):
        return entry
    return draft if entry is None else _without(draft, at, (*entry, "annotations"), [_REASON, _HOLD])


def stream_document(key: StreamKey, tag: str, spec: TagSpec) -> dict[str, Value]:
    """Return a new stream with one tag."""
    metadata: dict[str, Value] = {"name": key.name}
    if key.namespace is not None:
        metadata["namespace"] = key.namespace
    return {
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": metadata,
        "spec": {"tags": [_tag(tag, spec, key)]},
    }


def _tag(name: str, spec: TagSpec, key: StreamKey) -> dict[str, Value]:
    """Return a new entry of ``spec.tags``."""
    entry: dict[str, Value] = {"name": name, "from": dict(_origin(spec.source, key))}
    for field, value in _settings(spec):
        if len(field) == 1:
            entry[field[0]] = value
            continue
        existing = entry.get(field[0])
        entry[field[0]] = {**(existing if isinstance(existing, dict) else {}), field[1]: value}
    return entry


def _origin(source: Source, key: StreamKey) -> dict[str, str]:
    """Return ``from`` for a tag of the stream ``key``; a tag of the same stream is named by itself."""
    match source:
        case DockerImage():
            return {"kind": "DockerImage", "name": str(source)}
        case TagAlias(target=aliased):
            name = aliased.tag if aliased.stream == key else f"{aliased.stream.name}:{aliased.tag}"
            kind, stream = "ImageStreamTag", aliased.stream
        case ImageAlias(stream=stream, image=image):
            kind, name = "ImageStreamImage", f"{stream.name}@{image}"
        case PushOnly():
            return {}
        case _:
            assert_never(source)
    namespace = {} if stream.namespace in {None, key.namespace} else {"namespace": str(stream.namespace)}
    return {"kind": kind, **namespace, "name": name}


def _settings(spec: TagSpec) -> list[tuple[tuple[str, ...], str | bool]]:
    """Return the fields beside ``from`` that are asked for, in the order in which they are written."""
    wanted: list[tuple[tuple[str, ...], str | bool | None]] = [
        (("importPolicy", "importMode"), spec.import_mode),
        (("importPolicy", "insecure"), spec.insecure),
        (("importPolicy", "scheduled"), spec.scheduled),
        (("referencePolicy", "type"), spec.reference_policy),
        (("reference",), spec.reference_only),
    ]
    return [(field, value) for field, value in wanted if value is not None]


def _entry(draft: Draft, at: Declared, tag: str) -> Pointer | NotEditable | None:
    """Find a tag's entry; ``None`` where there is none."""
    pointer: Pointer = (*at.pointer, "spec", "tags")
    tags = resolve(draft.located.documents[at.document].root, pointer)
    names = [_names(item) for item in tags.items] if isinstance(tags, Sequence) else []
    found = [index for index, known in enumerate(names) if tag in known]
    if len(found) > 1:
        return NotEditable(f"the tag {tag} stands twice")
    if found and len(names[found[0]]) > 1:
        return NotEditable("the key 'name' stands twice")
    return (*pointer, found[0]) if found else None


def _names(item: Node) -> List[str]:
    """Return the name of a tag; several where the key stands several times."""
    mapping = target(item)
    entries = mapping.entries if isinstance(mapping, Mapping) else []
    pairs = [(entry.key, target(entry.value)) for entry in entries]
    return [
        value.value
        for key, value in pairs
        if isinstance(key, Scalar) and key.value == "name" and isinstance(value, Scalar)
    ]


def _without(draft: Draft, at: Declared, pointer: Pointer, keys: List[str]) -> Draft | NotEditable:
    """Take keys out of a mapping, and the mapping with them where nothing else is in it."""
    mapping = resolve(draft.located.documents[at.document].root, pointer)
    if not isinstance(mapping, Mapping):
        return draft
    there = {entry.key.value for entry in mapping.entries if isinstance(entry.key, Scalar)}
    gone = [key for key in keys if key in there]
    if gone and len(gone) == len(mapping.entries):
        edited = draft.apply([Remove(at.document, pointer)])
        if not isinstance(edited, NotEditable):
            return edited
    return draft.apply(Remove(at.document, (*pointer, key)) for key in gone)
