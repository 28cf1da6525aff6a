"""A registry that holds the first part of a repository's path: ``registry: quay.io/acme`` beside ``repository: web``.

No text spells such a path out, so that the screens look for its two parts, in texts with a key for a registry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitops_streams.manifests.occurrence import Place
from gitops_streams.manifests.split import Field, is_domain, is_literal
from gitops_streams.oci.reference import Repository, looks_like_reference

SCREEN = "egistry"
"""What every key of such a registry holds: ``registry``, ``imageRegistry``."""


def spelled(place: Place, registry: Field | None, name: Field) -> str | None:
    """Return the name that a registry and a repository make; ``None`` if they make none.

    Args:
        place: where they stand.
        registry: what may stand before the name: a domain, maybe with a path.
        name: the repository, which may be all there is.
    """
    if registry is None or not registry.value:
        return name.value
    if is_domain(registry.value):
        return f"{registry.value}/{name.value}"
    domain, _, path = registry.value.partition("/")
    if not path or not is_domain(domain) or SCREEN not in registry.key or not is_literal(place, registry):
        return None
    reference = looks_like_reference(registry.value)
    whole = reference is not None and reference.tag is None and reference.digest is None
    return f"{registry.value}/{name.value}" if whole else None


def parts(tracked: Iterable[Repository]) -> Iterator[tuple[str, str]]:
    """Yield each way to split a tracked path, the first part with the slash before it: ``/acme``, ``web``."""
    for repository in tracked:
        segments = repository.path.split("/")
        for end in range(1, len(segments)):
            yield f"/{'/'.join(segments[:end])}", "/".join(segments[end:])
