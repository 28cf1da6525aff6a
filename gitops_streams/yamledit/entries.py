"""A mapping as a dict that loses nothing: neither duplicate keys nor keys that are no scalars."""

from __future__ import annotations

from typing import Any

OTHERS = ()
"""No text spells this key. Under it are the entries whose key is no string, or stands already."""


def put(mapping: dict[Any, Any], key: Any, value: Any) -> None:  # noqa: ANN401  nested dicts, lists and strings
    """Add an entry."""
    if isinstance(key, str) and key not in mapping:
        mapping[key] = value
    else:
        mapping.setdefault(OTHERS, []).append([key, value])
