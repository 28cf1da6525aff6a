"""Strings that are manifests: kustomize's inline patches, Helm values as text, JSON in an environment variable.

A string is tried by shape, wherever it stands: it holds a tracked path and a line end or a brace, and all of it is
YAML or JSON whose documents are mappings or lists of mappings. What stands there goes through the very scan that the
file goes through. A file inside a ConfigMap or a Secret, an annotation, prose and templates are no manifests, unless
a user's rule says otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import assert_never

from gitops_streams.manifests import (
    deployment_config,
    flux_markers,
    markers,
    mentions,
    never_pulled,
    registry_paths,
    triggers,
)
from gitops_streams.manifests.ignored_differences import IgnoredField
from gitops_streams.manifests.occurrence import Finding, Mention, Occurrence, Owner, TriggeredField
from gitops_streams.oci.reference import DOCKER_HUB, Repository
from gitops_streams.yamledit.embedded import Embedding, embed
from gitops_streams.yamledit.lift import lift_span
from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.nodes import (
    Document,
    Mapping,
    Node,
    NotEditable,
    Scalar,
    Sequence,
    content,
    resolve,
    target,
)
from gitops_streams.yamledit.objects import Object
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.problem import Problem

TEMPLATE = "it stands in a string that is a template"
_SHARED = "an alias (*) of the string it stands in is text elsewhere, which would change too"
_SCREENS = (markers.SCREEN, flux_markers.SCREEN, triggers.SCREEN, deployment_config.SCREEN)
_FILES = ("configmap", "secret")
"""How keys start under which a chart's values hold the files of a ConfigMap or a Secret."""
_LONGEST_RUN = 2048
"""Characters; no reference is longer, and what is would take long to look through."""
_PATCHES = frozenset({"patch", "patches", "patchesJson6902", "patchesStrategicMerge"})


@dataclass(frozen=True, slots=True)
class Outside:
    """What a string stands in."""

    text: str
    """Of the file, or of the string around."""
    document: Document
    object: Object
    within: Embedding | None
    """The string around, where there is one."""


def open_string(
    outside: Outside,
    pointer: Pointer,
    scalar: Scalar,
    tracked: Collection[Repository],
    local: Collection[str] = (),
    *,
    include: bool = False,
) -> Embedding | str | None:
    """Read a string as a manifest.

    Args:
        outside: what it stands in.
        pointer: from the document's root to the string.
        scalar: the string.
        tracked: the repositories that streams follow.
        local: the names of the streams that may be named bare.
        include: whether a user's rule says that it is one, wherever it stands.

    Returns:
        The documents within; why it is left alone, if that is worth saying; ``None`` if it is no manifest.
    """
    value = scalar.value
    if not scalar.style or not (include or "\n" in value or "{" in value):
        return None
    if not include and (_is_text(outside.object, pointer) or not _may_hold(value, tracked, local)):
        return None
    if "{{" in value:
        return TEMPLATE
    embedding = embed(outside.document, pointer, scalar, outside.text, outside.within)
    if isinstance(embedding, NotEditable):
        return None
    if not _is_manifest(embedding.located):
        return None
    if not include and any(_is_text_to(outside.object, alias) for alias in embedding.aliases):
        return _SHARED
    return embedding


def brought_out(
    findings: Iterable[Finding | IgnoredField | Problem], embedding: Embedding, outside: Outside
) -> Iterator[Finding | Problem]:
    """Say of what was found within a string where it stands in the text around.

    Args:
        findings: as the scan of the string found them.
        embedding: the string.
        outside: what it stands in.
    """
    for found in findings:
        match found:
            case Occurrence():
                yield _placed(found, embedding, outside)
            case Mention():
                line = embedding.line_of(found.line)
                yield replace(found, line=line, document=embedding.document, pointer=embedding.pointer)
            case Problem():
                yield replace(found, line=None if found.line is None else embedding.line_of(found.line))
            case IgnoredField():
                pass  # an Application within a string tells nobody anything of this repository's files
            case _:
                assert_never(found)


def _placed(found: Occurrence, embedding: Embedding, outside: Outside) -> Finding | Problem:
    """Place an occurrence, or say why it cannot be edited there."""
    innermost = found.embedding is None
    form = found.form
    if isinstance(form, TriggeredField):
        form = replace(form, trigger=replace(form.trigger, line=embedding.line_of(form.trigger.line)))
    placed = replace(
        _owned(found, embedding, outside),
        form=form,
        line=_line(found, embedding),
        embedding=found.embedding or embedding,
    )
    why = _cannot_be_lifted(found, embedding) if innermost else None
    if why is None:
        return placed
    if placed.repository is None:
        return Problem(placed.file, placed.line, f"it cannot be edited: {why}")
    return Mention(
        placed.file,
        placed.line,
        placed.repository,
        placed.tag,
        placed.text,
        why,
        embedding.document,
        embedding.pointer,
    )


def _is_text_to(found: Object, alias: Pointer) -> bool:
    """Whether an alias of a string stands where it is text, or in another object, which nobody asks."""
    return alias[: len(found.pointer)] != found.pointer or _is_text(found, alias)


def _is_text(found: Object, pointer: Pointer) -> bool:
    """Whether a string is a file, prose or a script, by where it stands."""
    path = pointer[len(found.pointer) :]
    in_files = any(isinstance(part, str) and part.lower().startswith(_FILES) for part in path[:-1])
    return in_files or never_pulled.why(found, pointer) is not None


def _may_hold(value: str, tracked: Collection[Repository], local: Collection[str]) -> bool:
    """Whether a text contains a tracked path, or what a scan looks for besides; true of more than it need be."""
    if not isinstance(tracked, frozenset):
        return True  # whoever asks for every repository there is
    if any(screen in value for screen in _SCREENS) or any(name in value for name in local):
        return True
    if registry_paths.split_paths(tracked).stand_in(value):
        return True
    paths = _paths(tracked)
    # JSON may escape slashes.
    for run in mentions.RUN.finditer(value.replace("\\/", "/") if "\\" in value else value):
        if run.end() - run.start() > _LONGEST_RUN:
            return True
        name = run.group().partition("@")[0]
        head, colon, tag = name.rpartition(":")
        if colon and "/" not in tag:
            name = head
        while True:
            if name in paths:
                return True
            _, slash, name = name.partition("/")
            if not slash:
                break
    return False


@lru_cache(maxsize=4)
def _paths(tracked: frozenset[Repository]) -> frozenset[str]:
    """The paths that a reference spells out: see ``scan.needles``."""
    return frozenset(
        path
        for repository in tracked
        for path in {
            repository.path,
            repository.path.removeprefix("library/") if repository.domain == DOCKER_HUB else repository.path,
        }
    )


def _is_manifest(located: Located) -> bool:
    roots = [document.root for document in located.documents if not _is_nothing(document.root)]
    return bool(roots) and all(_holds_objects(root) for root in roots)


def _is_nothing(root: Node | None) -> bool:
    return root is None or (isinstance(root, Scalar) and not root.style and not root.value)


def _holds_objects(root: Node | None) -> bool:
    if isinstance(root, Sequence):
        return bool(root.items) and all(isinstance(target(item), Mapping) for item in root.items)
    return isinstance(root, Mapping) and bool(root.entries)


def _line(found: Occurrence, embedding: Embedding) -> int:
    for field in found.fields if found.embedding is None else ():
        if field.scalar.line == found.line:
            return embedding.line(field.scalar.start)
    return embedding.line_of(found.line)


def _cannot_be_lifted(found: Occurrence, embedding: Embedding) -> str | None:
    for field in found.fields:
        span = content(field.scalar, embedding.text)
        lifted = span if isinstance(span, NotEditable) else lift_span(span, embedding)
        if isinstance(lifted, NotEditable):
            return lifted.reason
    return None


def _owned(found: Occurrence, embedding: Embedding, outside: Outside) -> Occurrence:
    """What names no object itself belongs to the target of the patch, or to the object that the string stands in."""
    owner, outer = found.owner, outside.object
    deployed = owner.namespace
    if deployed is None and outer.kind in {"Kustomization", "Component"}:
        deployed = outer.mapping.text("namespace") or None
    if owner.kind is not None or owner.name is not None:
        return replace(found, owner=replace(owner, namespace=deployed))
    parent = resolve(outside.document.root, embedding.pointer[:-1])
    patched = parent.get("target") if isinstance(parent, Mapping) else None
    if isinstance(patched, Mapping):
        kind, name, namespace = patched.text("kind"), patched.text("name"), patched.text("namespace")
    elif _PATCHES.isdisjoint(part for part in embedding.pointer if isinstance(part, str)):
        kind, name, namespace = outer.kind or None, outer.name, outer.namespace
    else:
        # Whom a patch is for is not known; the object that it is written in is not it, nor is its namespace.
        kind, name, namespace = outer.kind or None, outer.name, None
    return replace(
        found, owner=Owner(kind, name, owner.container, deployed), namespace=found.namespace or namespace or None
    )
