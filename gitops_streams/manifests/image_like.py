"""Which keys say that an image stands under them, however they are written."""

from __future__ import annotations

import re

from gitops_streams.manifests.key_memory import remembered

# OpenShift itself writes what a trigger last saw into the trigger; an `image_stream_tag` is the name of another thing.
_IMAGE_KEY = re.compile(r"^(?!lastTriggeredImage$).*?image(?![_-]?(?:pull|stream))", re.IGNORECASE | re.DOTALL)
_SEPARATORS = re.compile(r"[_-]")


def is_image_key(key: object) -> bool:
    """Whether a key is one such as ``image``, ``baseImage`` or ``IMAGE_NAME``."""
    return isinstance(key, str) and _says_image(key)


@remembered
def _says_image(key: str) -> bool:
    return _IMAGE_KEY.match(key) is not None


def plain(key: str) -> str:
    """Return a key without case and separators: ``image_name``, ``image-name`` and ``imageName`` are one."""
    return _SEPARATORS.sub("", key).lower()
