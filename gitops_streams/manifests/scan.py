"""Scan files for references: which bytes are worth parsing, which documents are left alone, who looks at the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from gitops_streams.manifests import helm, image_key, kustomize, markers, mentions
from gitops_streams.manifests.occurrence import (
    Finding,
    MarkedScalar,
    Mention,
    Occurrence,
    Place,
    Scanner,
    SplitReference,
    WholeReference,
)
from gitops_streams.oci.reference import DOCKER_HUB, Repository
from gitops_streams.yamledit.locate import Located, Unparsable, decode, locate
from gitops_streams.yamledit.nodes import Mapping, Node, Scalar, Sequence, target
from gitops_streams.yamledit.objects import Object, objects
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.problem import Problem

SCANNERS: tuple[Scanner, ...] = (kustomize.find, helm.find, image_key.find)
"""Every form of reference, in the order in which they claim a scalar."""

PATHSPECS = ("*.yaml", "*.yml", "*.json", "*Kustomization")
"""The files that may be manifests, as Git pathspecs."""

MAX_BYTES = 16 * 1024 * 1024
"""Larger files are reported and not read."""

_LEFT_ALONE = {
    "CustomResourceDefinition": "a CustomResourceDefinition's schema is no manifest",
    "ImageStream": "an ImageStream is a declaration",
    "ImageStreamTag": "an ImageStreamTag is a declaration",
    "ImageStreamImage": "an ImageStreamImage is a declaration",
    "ImageStreamImport": "an ImageStreamImport is a declaration",
    "ImageStreamMapping": "an ImageStreamMapping is a declaration",
}
_DECLARATIONS = frozenset(_LEFT_ALONE) - {"CustomResourceDefinition"}
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """A file with what was found in it."""

    path: str
    data: bytes
    text: str
    findings: tuple[Finding, ...]


def needles(tracked: Iterable[Repository]) -> list[str]:
    """Return fixed strings of which every file that can be edited contains at least one.

    A scanner takes a repository's path only from text that spells it out, or from JSON that escapes
    its slashes; an official image on Docker Hub may be spelt without ``library/``.
    """
    found = {markers.SCREEN}
    for repository in tracked:
        path = repository.path
        if repository.domain == DOCKER_HUB:
            path = path.removeprefix("library/")
        found |= {path, path.replace("/", "\\/")}
    return sorted(found)


def scan(path: str, data: bytes, tracked: Collection[Repository]) -> tuple[ScannedFile | None, list[Problem]]:
    """Scan one file for references to tracked repositories, and for marked scalars.

    Returns:
        The file with its findings (``None`` if it holds none, so that its text can be forgotten), and problems.
    """
    located = read(path, data)
    if isinstance(located, Problem):
        return None, [located]
    return scan_located(path, data, located, tracked)


def read(path: str, data: bytes) -> Located | Problem:
    """Locate the nodes of one file, or say why it cannot be scanned."""
    text = decode(data)
    if isinstance(text, Unparsable):
        return Problem(path, text.line, f"not scanned: {text.reason}")
    located = locate(text)
    return _unparsable(path, text, located) if isinstance(located, Unparsable) else located


def scan_located(
    path: str, data: bytes, located: Located, tracked: Collection[Repository]
) -> tuple[ScannedFile | None, list[Problem]]:
    """Scan a file whose nodes are located already; see ``scan``."""
    text = located.text
    if "templates" in PurePosixPath(path).parts[:-1] and "{{" in text:
        return None, [Problem(path, None, "not scanned: it is a Helm template")]
    findings: list[Finding] = []
    problems: list[Problem] = []
    for finding in _scan_documents(path, located, tracked):
        if isinstance(finding, Problem):
            problems.append(finding)
        elif isinstance(finding, Mention) or _is_tracked(finding, tracked):
            findings.append(finding)
    file = ScannedFile(path, data, text, tuple(findings)) if findings else None
    return file, problems


def _is_tracked(occurrence: Occurrence, tracked: Collection[Repository]) -> bool:
    return isinstance(occurrence.form, MarkedScalar) or occurrence.repository in tracked


def _unparsable(path: str, text: str, found: Unparsable) -> Problem:
    if "{{" in text:
        return Problem(path, found.line, "not scanned: it is a template, not YAML")
    return Problem(path, found.line, f"not scanned: it is not YAML: {found.reason}")


def _scan_documents(path: str, located: Located, tracked: Collection[Repository]) -> Iterator[Finding | Problem]:
    marked = markers.SCREEN in located.text
    for document in located.documents:
        for found in objects(document.root):
            why = _left_alone(found)
            if why is not None:
                if found.kind not in _DECLARATIONS:
                    yield from _mentions(path, found, tracked, why)
                continue
            yield from _scan_object(path, located.text, document.index, found, tracked, marked=marked)


def _scan_object(
    path: str, text: str, document: int, found: Object, tracked: Collection[Repository], *, marked: bool
) -> Iterator[Finding | Problem]:
    marks: set[int] = set()
    if marked:
        for mark in markers.find(path, text, document, found):
            if isinstance(mark, Occurrence):
                marks |= scalars_of(mark)
            yield mark
    claimed = set(marks)
    overridden = _overridden(found) if "<<" in text else frozenset()
    for pointer, node, parent in _walk(found):
        if isinstance(node, Mapping):
            if not _is_metadata(pointer, found):
                place = Place(path, text, document, found, pointer, node)
                for finding in _ask_scanners(place, tracked, overridden):
                    scalars = scalars_of(finding) if isinstance(finding, Occurrence) else set()
                    # A marker goes before every shape, and an anchored reference is found once.
                    whole = isinstance(finding, Occurrence) and isinstance(finding.form, WholeReference)
                    if scalars.isdisjoint(claimed if whole else marks):
                        claimed |= scalars
                        yield finding
        elif isinstance(node, Scalar) and id(node) not in claimed:
            why = "an annotation is text" if _is_metadata(parent, found) else None
            yield from mentions.find(path, node, tracked, why)


def _ask_scanners(place: Place, tracked: Collection[Repository], overridden: Collection[int]) -> Iterator[Finding]:
    for scanner in SCANNERS:
        for occurrence in scanner(place):
            repository = occurrence.repository
            if repository is None or repository not in tracked:
                continue
            if isinstance(occurrence.form, SplitReference) and id(place.mapping) in overridden:
                reason = "its map is merged (<<) into one with another repository, which would get its digest"
                yield Mention(place.file, occurrence.line, repository, occurrence.tag, occurrence.text, reason)
            else:
                yield occurrence


def _overridden(found: Object) -> frozenset[int]:
    """The identities of maps that a merge key brings into a map with another repository and no tag of its own."""
    identities: set[int] = set()
    for _, node, _ in _walk(found):
        merged = node.entry("<<") if isinstance(node, Mapping) else None
        if merged is None or not isinstance(node, Mapping):
            continue
        keys = {entry.key.value for entry in node.entries if isinstance(entry.key, Scalar)}
        if keys.isdisjoint({"repository", "registry", "name", "newName"}):
            continue
        sources = merged.value.items if isinstance(merged.value, Sequence) else [merged.value]
        identities |= {id(target(source)) for source in sources}
    return frozenset(identities)


def _walk(found: Object) -> Iterator[tuple[Pointer, Node, Pointer]]:
    """Yield (pointer, node, pointer of the parent), parents first; what a server writes is passed over."""
    stack: list[tuple[Pointer, Node, Pointer]] = [(found.pointer, found.mapping, found.pointer)]
    depth = len(found.pointer)
    while stack:
        pointer, node, parent = stack.pop()
        yield pointer, node, parent
        if isinstance(node, Mapping):
            top = found.kind and len(pointer) == depth
            for entry in reversed(node.entries):
                key = entry.key.value if isinstance(entry.key, Scalar) else None
                if key is None or key in {"lastTriggeredImage", _LAST_APPLIED} or (top and key == "status"):
                    continue
                stack.append(((*pointer, key), entry.value, pointer))
        elif isinstance(node, Sequence):
            indexes = range(len(node.items) - 1, -1, -1)
            stack += [((*pointer, index), node.items[index], pointer) for index in indexes]


def _mentions(path: str, found: Object, tracked: Collection[Repository], why: str) -> Iterator[Mention]:
    for _, node, _ in _walk(found):
        if isinstance(node, Scalar):
            yield from mentions.find(path, node, tracked, why)


def _left_alone(found: Object) -> str | None:
    """Say why an object is never edited, if it is not."""
    if found.kind in _LEFT_ALONE:
        return _LEFT_ALONE[found.kind]
    sops = found.mapping.get("sops")
    if isinstance(sops, Mapping) and (sops.entry("mac") or sops.entry("lastmodified")):
        return "the document is encrypted with SOPS; an edit would break its checksum"
    return None


def _is_metadata(pointer: Pointer, found: Object) -> bool:
    """Whether a mapping holds labels or annotations, of the object or of a pod template in it."""
    relative = pointer[len(found.pointer) :]
    return len(relative) > 1 and relative[-1] in {"annotations", "labels"} and relative[-2] == "metadata"


def scalars_of(occurrence: Occurrence) -> set[int]:
    """The identities of the scalars that an occurrence claims."""
    match occurrence.form:
        case WholeReference(scalar=scalar) | MarkedScalar(scalar=scalar):
            return {id(scalar)}
        case SplitReference(tag=tag, digest=digest):
            return {id(field.scalar) for field in (tag, digest) if field is not None and hasattr(field, "scalar")}
