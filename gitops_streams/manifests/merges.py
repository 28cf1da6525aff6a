"""Merge keys (``<<``): a map that others borrow from lends them its tag and its digest too.

Where the borrower names another repository, a digest that is written into the lender would be
wrong for it, and nobody would see it in the diff.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingOf

from gitops_streams.manifests.image_fields import is_tag_key
from gitops_streams.manifests.image_like import is_image_key
from gitops_streams.manifests.occurrence import DigestField, MissingDigest, SplitReference
from gitops_streams.yamledit.nodes import Mapping, Node, Scalar, Sequence, target, walk

_MERGE = "<<"
# What other keys that say image are to a borrower; there are too many to tell them apart.
_A_NAME = "…image…"
_A_TAG = "…imageTag"
_NAMES = {
    "helm": frozenset({"repository", "registry"}),
    "kustomize": frozenset({"name", "newName"}),
    "image-map": frozenset({"name", "image", "repo", "registry", _A_NAME}),
    "joined": frozenset({"hub", "repository", "registry", "name", "image", _A_NAME}),
}
_RELEVANT = frozenset(
    {"repository", "registry", "tag", "digest", "sha", "name", "image", "newName", "newTag"}
    | {"hub", "repo", "version", "imageTag"}
)
_MANY = 64
"""Sets of keys that borrowers of one map have of their own; who has more is taken to have all that mislead."""
_TOO_MANY = frozenset({"…"})

Overrides = MappingOf[int, set[frozenset[str]]]
"""For the identity of each map that others borrow from: the keys that each borrower has of its own."""


def overrides(root: Node | None) -> Overrides:
    """Find the maps of a document that merge keys bring into other maps, over any number of steps."""
    found: dict[int, set[frozenset[str]]] = {}
    # The keys of each borrower, borrowed ones included. A lender stands before its borrowers, so its own are known.
    known: dict[int, frozenset[str]] = {}
    todo: list[tuple[Mapping, frozenset[str]]] = []
    for _, node in walk(root):
        if isinstance(node, Mapping) and node.entry(_MERGE):
            todo.append((node, _keys(node)))
            known[id(node)] = _keys(node).union(*(known.get(id(lender), _keys(lender)) for lender in _lenders(node)))
    # There are few sets of keys, so no map is met often, however long the way to it.
    while todo:
        borrower, keys = todo.pop()
        for lender in _lenders(borrower):
            sets = found.setdefault(id(lender), set())
            own = _TOO_MANY if keys >= _TOO_MANY or len(sets) >= _MANY else keys
            if own not in sets and keys not in sets:
                sets.add(own)
                todo.append((lender, own | _keys(lender)))
            # Of a list of lenders, the earlier ones go before the later ones.
            keys |= known.get(id(lender), _keys(lender))
    return found


def would_mislead(form_name: str, form: SplitReference, borrowers: set[frozenset[str]]) -> bool:
    """Whether pinning a lender gives a borrower a digest that belongs to another repository or tag."""
    names = _NAMES.get(form_name)
    if names is None or _TOO_MANY in borrowers:
        return True  # by the keys that a user named: which of them a borrower has of its own is not known
    tag = "" if form.tag is None else str(form.tag.pointer[-1])
    match form.digest:
        case DigestField(pointer=pointer):
            digest = str(pointer[-1])
        case MissingDigest(key=key):
            digest = key
        case None:
            return any(keys & names and tag not in keys for keys in borrowers)
    return any(keys & (names | {tag, _relevant(tag)}) and digest not in keys for keys in borrowers)


def _keys(mapping: Mapping) -> frozenset[str]:
    keys = (_relevant(entry.key.value) for entry in mapping.entries if isinstance(entry.key, Scalar))
    return frozenset(key for key in keys if key is not None)


def _relevant(key: str) -> str | None:
    """Return what a key is to those that borrow from its map; ``None``: nothing."""
    if key in _RELEVANT:
        return key
    if is_tag_key(key):
        return _A_TAG
    return _A_NAME if is_image_key(key) else None


def _lenders(mapping: Mapping) -> Iterator[Mapping]:
    merged = mapping.get(_MERGE)
    for item in merged.items if isinstance(merged, Sequence) else [merged]:
        lender = None if item is None else target(item)
        if isinstance(lender, Mapping):
            yield lender
