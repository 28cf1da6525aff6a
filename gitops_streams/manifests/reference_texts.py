"""Texts that are nothing but references: a block scalar with one, an argument, a variable that lists images.

``image: >-`` with a line below it; ``--prometheus-config-reloader=quay.io/acme/web:1.4`` as an item of a list;
``STRIMZI_KAFKA_IMAGES``, a line for each version. Only the references are written, and what stands around them stays.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from gitops_streams.manifests import never_pulled, reference_words, whole
from gitops_streams.manifests.embedded import Outside
from gitops_streams.manifests.image_like import is_image_key
from gitops_streams.manifests.occurrence import Finding
from gitops_streams.manifests.push_destinations import is_pushed_flag, is_pushed_name
from gitops_streams.oci.reference import Repository, looks_like_reference
from gitops_streams.yamledit.nodes import Mapping, NotEditable, Scalar, resolve
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.problem import Problem
from gitops_streams.yamledit.words import embed_words

FORM = "value"
_ARGUMENT = re.compile(r"(--?[A-Za-z][A-Za-z0-9_.-]*|[A-Za-z_][A-Za-z0-9_]*)=(.*)")
_ONE_OF_SEVERAL = re.compile(r"(--?[A-Za-z][A-Za-z0-9_.-]*)=([A-Za-z0-9_.-]+)=(.*)")
"""``-images=prometheus=…``, once for each image: the arguments of OpenShift's monitoring operator."""
_LINE = re.compile(r"[ \t]*([A-Za-z0-9_][A-Za-z0-9_.-]*)=(\S+)[ \t]*")
_LONGEST = 100_000
"""Characters; nobody lists more images in a variable."""


def find(
    file: str, outside: Outside, pointer: Pointer, scalar: Scalar, tracked: Collection[Repository]
) -> list[Finding | Problem] | str | None:
    """Return the tracked references of such a text; why they are left alone; ``None`` for any other text.

    An anchor is another: what stands around its aliases is not asked.

    Args:
        file: the file that the text stands in.
        outside: what the text stands in.
        pointer: from the document's root to the text.
        scalar: the text.
        tracked: the repositories that streams follow.
    """
    if (
        ":" not in scalar.value
        or scalar.aliases
        or len(scalar.value) > _LONGEST
        or not _is_nothing_else(outside, pointer, scalar)
    ):
        return None
    why = never_pulled.why(outside.object, pointer)
    if why is not None:
        return why
    embedding = embed_words(outside.document, pointer, scalar, outside.text, outside.within)
    if isinstance(embedding, NotEditable):
        return embedding.reason
    return list(reference_words.find(file, outside, embedding, tracked, FORM))


def _is_nothing_else(outside: Outside, pointer: Pointer, scalar: Scalar) -> bool:
    value = scalar.value
    if "=" in value:
        return _is_argument(pointer, value) or _lists_images(outside, pointer, value)
    if not scalar.is_block:
        return False
    key = next((part for part in reversed(pointer) if isinstance(part, str)), None)
    return _is_image(value, named=is_image_key(key))


def _is_argument(pointer: Pointer, value: str) -> bool:
    if not isinstance(pointer[-1] if pointer else None, int):
        return False
    one = _ONE_OF_SEVERAL.fullmatch(value)
    if one is not None:
        return is_image_key(one[1]) and not is_pushed_flag(one[1]) and not is_pushed_flag(one[2]) and _is_image(one[3])
    argument = _ARGUMENT.fullmatch(value)
    if argument is None or is_pushed_flag(argument[1]):
        return False
    return _is_image(argument[2], named="/" in argument[2] and is_image_key(argument[1]))


def _lists_images(outside: Outside, pointer: Pointer, value: str) -> bool:
    variable = resolve(outside.document.root, pointer[:-1]) if pointer[-1:] == ("value",) else None
    name = (variable.text("name") or "") if isinstance(variable, Mapping) else ""
    if not is_image_key(name) or is_pushed_name(name):
        return False
    lines = [_LINE.fullmatch(line) for line in value.splitlines() if line.strip()]
    return bool(lines) and all(line is not None and _is_image(line[2]) for line in lines)


def _is_image(text: str, *, named: bool = False) -> bool:
    """Whether it is a reference with a tag; one that nothing names an image has to name its registry."""
    reference = looks_like_reference(text)
    return reference is not None and reference.tag is not None and (named or whole.has_domain(reference))
