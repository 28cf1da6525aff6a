"""A reference that is split over keys of one map which say image themselves: ``image`` with ``imageTag`` and their kin.

``image: acme/web`` beside ``imageTag: 1.4``; ``workerImageRegistry``, ``workerImageRepository`` and ``workerImageTag``;
``IMAGE_NAME`` and ``IMAGE_TAG``; ``image.repository`` and ``image.tag``, as Helm's ``--set`` takes them;
``redis_image`` and ``redis_image_version``, as operators that are written in Ansible have it. Whoever reads them joins
the two with a colon, so that the tag takes the digest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops_streams.manifests import joining, mentions
from gitops_streams.manifests.image_like import plain
from gitops_streams.manifests.occurrence import Finding, Occurrence, Place
from gitops_streams.manifests.push_destinations import VARIABLE, is_pipeline_variable, is_pushed
from gitops_streams.manifests.registry_paths import spelled
from gitops_streams.manifests.split import is_literal, occurrence, plain_fields
from gitops_streams.yamledit.nodes import Scalar

FORM = "image-map"
_TAG = re.compile(r".*image[._-]?(?:tag|version)", re.IGNORECASE | re.DOTALL)
_WORDS = ("tag", "version")
_SHARED = ("default", "global", "common")
"""What stands before ``image`` where the parts are those of several images, each with a name of its own."""
_NAMES = ("", "name", "repository", "repo")
"""What stands behind ``image`` in the key of the name."""


def find(place: Place) -> Iterator[Finding]:
    """Yield what the keys of one map that say image and tag spell together with those that name the image."""
    keys = [entry.key.value for entry in place.mapping.entries if isinstance(entry.key, Scalar)]
    tags = [key for key in keys if is_tag_key(key)]
    if not tags:
        return
    field = plain_fields(place)
    for key in tags:
        word = next(each for each in _WORDS if plain(key).endswith(each))
        image = plain(key).removesuffix(word)
        if image.startswith(_SHARED) or place.pointer[-1:] == ("global",):
            continue
        names = [name for name in (field(image + each) for each in _NAMES) if name is not None and name.value]
        registry, digest, tag = field(f"{image}registry"), field(f"{image}digest"), field(f"{image}{word}")
        if len(names) != 1 or tag is None or not tag.value or not is_literal(place, names[0]):
            continue
        name = spelled(place, registry, names[0])
        if word == "version" and (digest is not None or field(f"{image}tag") is not None or "/" not in (name or "")):
            continue  # Kiali's `image_digest` is an algorithm; `image: ubuntu` with a version is a machine's
        found = None if name is None else occurrence(place, FORM, name, tag, digest)
        if found is None or is_pushed(place.object, (*place.pointer, names[0].key)):
            continue
        variable = is_pipeline_variable(place.object, (*place.pointer, tag.key))
        why = VARIABLE if variable else joining.suffixed(field, image)
        if why is not None and isinstance(found, Occurrence) and found.repository is not None:
            yield mentions.of(found, found.repository, why)
        else:
            yield found


def is_tag_key(key: str) -> bool:
    """Whether a key says image and tag."""
    return _TAG.fullmatch(key) is not None
