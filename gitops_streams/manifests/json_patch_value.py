"""The value of a JSON Patch operation (RFC 6902) whose path ends in an image key.

``{op: replace, path: /spec/template/spec/containers/0/image, value: quay.io/acme/web:1.4}``

A ``test`` of the same value is written too: it would fail as soon as the place that it looks at is pinned.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops_streams.manifests import whole
from gitops_streams.manifests.image_like import is_image_key
from gitops_streams.manifests.occurrence import Finding, Place
from gitops_streams.yamledit.nodes import target

FORM = "json-patch"
_OPERATIONS = frozenset({"add", "replace", "test"})


def find(place: Place) -> Iterator[Finding]:
    """Yield the reference that one operation writes or tests."""
    if place.mapping.text("op") not in _OPERATIONS:
        return
    path, entry = place.mapping.text("path") or "", place.mapping.entry("value")
    keys = [part for part in path.split("/") if not part.isdecimal() and part != "-"]
    if entry is None or not keys or not is_image_key(keys[-1]):
        return
    found = whole.occurrence(place, (*place.pointer, "value"), target(entry.value), FORM)
    if found is not None:
        yield found
