"""``KEY=reference`` in the ``literals`` of a kustomization's generators: the value behind the first equals sign.

Source: kustomize ``api/types/kvpairsources.go``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops_streams.manifests import whole
from gitops_streams.manifests.image_like import is_image_key
from gitops_streams.manifests.occurrence import Finding, Place
from gitops_streams.oci.reference import looks_like_reference
from gitops_streams.yamledit.nodes import Scalar, Sequence, target

FORM = "literal"
_GENERATORS = frozenset({"configMapGenerator", "secretGenerator"})
_LITERAL = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_.-]*)=(.+)")


def find(place: Place) -> Iterator[Finding]:
    """Yield the literals of one generator that are tagged references."""
    relative = place.pointer[len(place.object.pointer) :]
    if len(relative) < 2 or relative[-2] not in _GENERATORS:  # noqa: PLR2004  the list and an index
        return
    literals = place.mapping.get("literals")
    for index, item in enumerate(literals.items if isinstance(literals, Sequence) else ()):
        scalar = target(item)
        match = _LITERAL.fullmatch(scalar.value) if isinstance(scalar, Scalar) else None
        if match is None:
            continue
        key, value = match.groups()
        reference = looks_like_reference(value)
        # A word with a colon is an image where its key says so, or where it names a registry.
        if reference is None or reference.tag is None or not (is_image_key(key) or whole.has_domain(reference)):
            continue
        found = whole.occurrence(place, (*place.pointer, "literals", index), scalar, FORM, f"{key}=")
        if found is not None:
            yield found
