"""JSON Pointers (RFC 6901): the symbolic address of a place in a document."""

from __future__ import annotations

import re

_STRAY_TILDE = re.compile(r"~(?![01])")

Pointer = tuple[str | int, ...]
"""Keys and sequence indexes from the root; ``()`` is the document itself."""


def render(pointer: Pointer) -> str:
    """Write a pointer as RFC 6901 text: ``/spec/containers/0/image``."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in pointer)


def parse(text: str) -> tuple[str, ...]:
    """Read RFC 6901 text; indexes stay digits, since only the document tells a key from an index.

    Raises:
        ValueError: the text neither is empty nor starts with a slash, or a ``~`` escapes nothing.
    """
    if text and not text.startswith("/"):
        raise ValueError(f"a JSON Pointer starts with '/': {text!r}")
    if _STRAY_TILDE.search(text):
        raise ValueError(f"in a JSON Pointer, '~' is followed by 0 or 1: {text!r}")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])
