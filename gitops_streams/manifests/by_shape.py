"""What is found by its shape in one object: each map is shown to the scanners, and what none of them claims is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import lru_cache

from gitops_streams.manifests import (
    alike_keys,
    argocd,
    by_value,
    generator_literals,
    helm,
    image_fields,
    image_key,
    image_map,
    joined_name,
    json_patch_value,
    kustomize,
    local_names,
    mentions,
    oci_repository,
    pipelines,
)
from gitops_streams.manifests.acceptance import accepted
from gitops_streams.manifests.image_like import is_image_key
from gitops_streams.manifests.key_memory import remembered
from gitops_streams.manifests.occurrence import Finding, Occurrence, Place, Scanner, SplitReference
from gitops_streams.manifests.owners import owned
from gitops_streams.manifests.search import Search
from gitops_streams.manifests.strings import within
from gitops_streams.manifests.walking import is_text, walk
from gitops_streams.oci.reference import Repository, looks_like_reference
from gitops_streams.yamledit.nodes import Mapping, Node, Scalar, Sequence, target
from gitops_streams.yamledit.objects import Object
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.problem import Problem

SCANNERS: tuple[tuple[Scanner, Callable[[str], bool]], ...] = (
    (local_names.find, {"image"}.__contains__),
    (kustomize.find, {"name", "newName"}.__contains__),
    (helm.find, {"repository"}.__contains__),
    (image_map.find, {"name", "image", "repo", "version", "reference", "value", "options"}.__contains__),
    (image_fields.find, image_fields.is_tag_key),
    (joined_name.find, joined_name.is_start),
    (alike_keys.find, alike_keys.is_start),
    (image_key.find, is_image_key),
    (oci_repository.find, {"tag", "semver", "digest"}.__contains__),
    (generator_literals.find, {"literals"}.__contains__),
    (pipelines.find, {"container", "image", "name", "services", "uses"}.__contains__),
    (json_patch_value.find, {"value"}.__contains__),
    (argocd.find, {"images", "parameters", "set"}.__contains__),
)
"""Every form of reference, in the order in which they claim a scalar, each with the keys that it starts from.

A map that has no such key is not shown to its scanner.
"""
_ANY_KEY = frozenset({"baseImageOverrides"})
"""The keys of maps whose own keys may be any."""


def find(search: Search, found: Object, marks: AbstractSet[int]) -> Iterator[Finding | Problem]:
    """Yield what scanners find, then what no scanner claims."""
    claimed = set(marks)
    places: set[Pointer] = set()
    others: list[tuple[Pointer, Node, str | None]] = []
    for pointer, node, parent in walk(found, search.prospects):
        if isinstance(node, Mapping):
            scanners = _concerned(pointer, node)
            if not scanners or is_text(pointer, found):
                continue
            place = Place(search.path, search.text, search.document.index, found, pointer, node, search.local)
            for finding, scalars in _ask(scanners, search, place, marks):
                claimed |= scalars
                places |= {field.pointer for field in finding.fields} if isinstance(finding, Occurrence) else set()
                yield finding
        elif not isinstance(node, Sequence):
            others.append((pointer, node, "an annotation or a label is text" if is_text(parent, found) else None))
    for pointer, node, why in others:
        scalar = target(node)
        # What an anchor says it says wherever an alias of it stands: each of them is a site, or none is edited.
        if not isinstance(scalar, Scalar) or id(scalar) in marks or pointer in places:
            continue
        if scalar.aliases or id(scalar) not in claimed:
            mentioned = node is scalar and id(scalar) not in claimed
            yield from _by_value(search, found, pointer, scalar, why, mentioned=mentioned)


def _by_value(
    search: Search, found: Object, pointer: Pointer, scalar: Scalar, why: str | None, *, mentioned: bool
) -> Iterator[Finding | Problem]:
    """Yield what a scalar is that no scanner claims, or the references in it that are not edited."""
    name = None if scalar.is_block else looks_like_reference(scalar.value)
    if name is not None and name.tag is None and name.digest is None and "[" not in scalar.value:
        return  # most of them: a name has a colon where its registry has a port, or an address in brackets
    spares = search.spared.why((id(scalar),))
    why = spares or why
    if why is None:
        place = Place(search.path, search.text, search.document.index, found, pointer, found.mapping)
        exact = by_value.find(place, scalar, search.tracked)
        why = search.left_alone(exact) if isinstance(exact, Occurrence) else exact
        if isinstance(exact, Occurrence) and why is None:
            yield owned(exact, found)
            return
    if mentioned and spares is None:
        yield from within(search, found, pointer, scalar, why)
    elif mentioned:
        for mention in mentions.find(search.path, search.text, scalar, search.tracked, why):
            yield replace(mention, document=search.document.index, pointer=pointer, spared=True)


def _ask(
    scanners: Iterable[Scanner], search: Search, place: Place, marks: AbstractSet[int]
) -> Iterable[tuple[Finding, set[int]]]:
    """Return what scanners find, with its scalars.

    What is named or ruled goes before every shape. An anchored scalar is found wherever an alias stands for it.
    """
    return accepted(search, place, _once(scanners, place), marks)


def _once(scanners: Iterable[Scanner], place: Place) -> Iterator[Finding]:
    """Leave out the name of what several keys of a map spell: ``image``, where ``imageTag`` beside it has its tag."""
    spelled: set[Repository | None] = set()
    for scanner in scanners:
        for found in scanner(place):
            if isinstance(found, Occurrence):
                if isinstance(found.form, SplitReference):
                    spelled.add(found.repository)
                elif found.repository in spelled and found.tag is None and found.digest is None:
                    continue
            yield found


def _concerned(pointer: Pointer, mapping: Mapping) -> tuple[Scanner, ...]:
    """Return the scanners that may find something in a map, by its keys."""
    if pointer and pointer[-1] in _ANY_KEY:
        return tuple(scanner for scanner, _ in SCANNERS)
    concerned = 0
    for entry in mapping.entries:
        key = entry.key
        if type(key) is Scalar:
            concerned |= _by_key(key.value)
    return _those(concerned)


@remembered
def _by_key(key: str) -> int:
    """Return the scanners that start from a key, a bit for each."""
    return sum(1 << index for index, (_, starts) in enumerate(SCANNERS) if starts(key))


@lru_cache(maxsize=4096)
def _those(bits: int) -> tuple[Scanner, ...]:
    return tuple(scanner for index, (scanner, _) in enumerate(SCANNERS) if bits >> index & 1)
