"""A reference that is split over keys of one map which begin alike: ``airflowRepository`` with ``airflowTag``.

``defaultAirflowRepository``, ``defaultAirflowTag`` and ``defaultAirflowDigest`` of Apache Airflow's chart. Nothing says
image there, and Git repositories have tags too. So either there is a key for the digest, which no tag of Git's has, or
the name spells out the domain of a registry, which may stand under a key of its own: ``airflowRegistry``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops_streams.manifests import joining, mentions, never_pulled, whole
from gitops_streams.manifests.image_like import is_image_key, plain
from gitops_streams.manifests.occurrence import Finding, Occurrence, Place
from gitops_streams.manifests.push_destinations import PUSHED, is_pushed_flag
from gitops_streams.manifests.registry_paths import spelled
from gitops_streams.manifests.split import Field, is_literal, occurrence, plain_fields
from gitops_streams.oci.reference import looks_like_reference
from gitops_streams.yamledit.nodes import Scalar

FORM = "alike"
"""Whose maps are never pinned where another one borrows from them: which keys are parts of a name it cannot be told."""
_TAG = re.compile(r".*(?:[a-z0-9]Tag|[A-Za-z0-9]_tag|[A-Z0-9]_TAG)", re.DOTALL)
_OTHERS = ("git", "gitops", "chart", "charts", "helm", "source", "code", "module", "modules")
"""What comes before ``repository`` where another kind of it is meant."""
_SHARED = frozenset({"default", "global", "common"})


def is_start(key: str) -> bool:
    """Whether a key may be that of such a tag; keys that say image themselves have a scanner of their own."""
    return _TAG.fullmatch(key) is not None and not is_image_key(key)


def find(place: Place) -> Iterator[Finding]:
    """Yield what the keys of a map that begin alike spell together."""
    field = plain_fields(place)
    keys = [entry.key.value for entry in place.mapping.entries if isinstance(entry.key, Scalar)]
    for key in filter(is_start, keys):
        of = plain(key).removesuffix("tag")
        name, tag, digest = field(f"{of}repository"), field(f"{of}tag"), field(f"{of}digest")
        if name is None or tag is None or not (name.value and tag.value) or of in _SHARED or of.endswith(_OTHERS):
            continue
        whole_name = spelled(place, field(f"{of}registry"), name)
        if whole_name is None or not is_literal(place, name) or joining.is_input(place):
            continue
        found = occurrence(place, FORM, whole_name, tag, digest) if _is_an_image(whole_name, digest) else None
        if isinstance(found, Occurrence) and found.repository is not None:
            why = _why_not(place, found, name, tag) or joining.suffixed(field, of)
            yield found if why is None else mentions.of(found, found.repository, why)
        elif found is not None:
            yield found


def _why_not(place: Place, found: Occurrence, name: Field, tag: Field) -> str | None:
    """Say why a reference is left alone, if it is."""
    never = never_pulled.why(place.object, (*place.pointer, tag.key))
    if never is not None:
        return never
    if is_pushed_flag(name.key) or joining.is_built(place):
        return PUSHED
    if joining.is_item(place):
        return joining.UNKNOWN
    return joining.why_not(place, found)


def _is_an_image(name: str, digest: Field | None) -> bool:
    """Whether the name can be that of nothing but an image."""
    reference = looks_like_reference(name)
    return reference is not None and (whole.has_domain(reference) or (digest is not None and "/" in name))
