"""A saved plan (``-o json``) as it is taken back by ``apply``: patches with the hashes they were made for.

The file is somebody's input: everything in it is checked before it is used, by the schema and
then against the files as they are.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitops_streams.errors import GitopsStreamsError, InvalidReference, PlanRefused
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import TAG, Reference
from gitops_streams.plan.model import FilePlan
from gitops_streams.streams.model import NAMESPACE, STREAM_NAME, StreamKey, TagKey
from gitops_streams.streams.status import Item
from gitops_streams.yamledit.edit import Conflict, splice
from gitops_streams.yamledit.locate import Unparsable, decode, locate
from gitops_streams.yamledit.patch import DocumentPatch, DoesNotFit, Operation, Remark, StringPatch, to_edits

_HINT = "make a new plan: gitops-streams diff -o json"


@dataclass(frozen=True, slots=True)
class SavedFile:
    """The patches of one file."""

    path: str
    sha256: str
    patches: tuple[DocumentPatch, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """What a stream tag resolved to."""

    key: TagKey
    item: Item
    old: tuple[Digest, ...]
    """The digests that its changed sites had."""
    files: tuple[str, ...]
    """The files in which it changes."""
    recorded: bool = True
    """Whether the status records it: what a place without a digest got while its stream tag is held is not."""


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan to carry out."""

    files: tuple[SavedFile, ...]
    resolved: tuple[Move, ...]
    """Every stream tag that had a digest, changed or not."""


def read(content: bytes, schema: Mapping[str, Any], name: str) -> SavedPlan:
    """Read a saved plan.

    Args:
        content: the JSON text.
        schema: the published schema of plans.
        name: how messages call it.

    Raises:
        PlanRefused: it is not a plan of a version that is understood.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415  only `apply` pays for it
    from jsonschema.exceptions import best_match  # noqa: PLC0415

    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise PlanRefused(f"{name} is not JSON: {error}", hint=_HINT) from error
    try:
        wrong = best_match(Draft202012Validator(schema).iter_errors(document))
    except RecursionError as error:  # patches of strings within strings, as deep as JSON can be read
        raise PlanRefused(f"{name} is not a plan: it nests too deeply", hint=_HINT) from error
    if wrong is not None:
        where = "/".join(map(str, wrong.absolute_path)) or "the top level"
        raise PlanRefused(f"{name} is not a plan: at {where}: {wrong.message[:200]}", hint=_HINT)
    paths = [entry["file"] for entry in document["files"]]
    for path, count in Counter(paths).items():
        if count > 1:
            raise PlanRefused(f"{name} is not a plan: {path} stands in it {count} times", hint=_HINT)
    try:
        moves = tuple(_move(result) for result in document["results"] if result["newDigest"] is not None)
    except GitopsStreamsError as error:
        raise PlanRefused(f"{name} is not a plan: {error.message}", hint=_HINT) from error
    return SavedPlan(tuple(_file(entry) for entry in document["files"]), moves)


def fit(file: SavedFile, content: bytes) -> FilePlan:
    """Fit a saved file to its content as it is now.

    Raises:
        PlanRefused: the hash or a ``test`` no longer holds.
    """
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise PlanRefused(f"{file.path} has changed since the plan was made (its SHA-256 differs)", hint=_HINT)
    text = decode(content)
    located = text if isinstance(text, Unparsable) else locate(text)
    if isinstance(located, Unparsable):
        raise PlanRefused(f"{file.path} cannot be read: {located.reason}", hint=_HINT)
    edits = to_edits(located, file.patches)
    if isinstance(edits, DoesNotFit):
        raise PlanRefused(f"{file.path}, document {edits.document}: {edits.reason}", hint=_HINT)
    after = splice(located.text, edits)
    if isinstance(after, Conflict):
        raise PlanRefused(f"{file.path}: two operations change the same place", hint=_HINT)
    return FilePlan(file.path, content, after.encode(), located.text, tuple(edits))


def _file(entry: Mapping[str, Any]) -> SavedFile:
    return SavedFile(entry["file"], entry["sha256"], _patches(entry["patch"]))


def _patches(entries: Sequence[Mapping[str, Any]]) -> tuple[DocumentPatch, ...]:
    return tuple(
        DocumentPatch(
            int(patch["document"]),  # to JSON Schema, 0.0 is an integer
            tuple(Operation(operation["op"], operation["path"], operation["value"]) for operation in patch["ops"]),
            tuple(Remark(remark["path"], remark["text"]) for remark in patch.get("comments", ())),
            tuple(
                StringPatch(string["path"], _patches(string["patch"]), string.get("references", False))
                for string in patch.get("embedded", ())
            ),
        )
        for patch in entries
    )


def _move(result: Mapping[str, Any]) -> Move:
    namespace, _, name = result["stream"].rpartition("/")
    digest = Digest.parse(result["newDigest"])
    if result["image"] is None:
        raise InvalidReference(f"the result of {result['stream']}:{result['tag']} has a digest and no image")
    key = TagKey(StreamKey(namespace or None, name), result["tag"])
    # The status file is named after it, and JSON Schema's "$" would let a line end pass.
    if (
        not STREAM_NAME.fullmatch(name)
        or not TAG.fullmatch(key.tag)
        or (namespace and not NAMESPACE.fullmatch(namespace))
    ):
        raise InvalidReference(f"{str(key)!r} names no stream tag")
    image = Reference.parse(result["image"])
    changed = [site for site in result["sites"] if site["outcome"] == "changed"]
    old = {Digest.parse(site["oldDigest"]) for site in changed if site["oldDigest"] is not None}
    return Move(
        key,
        Item(image.pinned(digest, keep_tag=False), digest, result["sourceTag"] or "", result["spec"]),
        tuple(sorted(old, key=str)),
        tuple(sorted({site["file"] for site in changed})),
        _is_recorded(result),
    )


def _is_recorded(result: Mapping[str, Any]) -> bool:
    """Whether a result is what its stream tag stands for; one that failed has had its last known good at most."""
    held = result.get("held")
    return held is None or held["enforced"]
