"""A YAML document as plain values: YAML 1.2's core schema, which is what JSON Schema speaks about.

PyYAML's loaders read YAML 1.1 (``no`` is false, ``1:30`` is 90, dates are dates), recurse in C until
the stack ends, and let aliases multiply a file by thousands. Here nothing is larger than its text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gitops_streams.yamledit.nodes import Alias, Mapping, Node, Scalar

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]{1,18}|[0-9]{1,18}(?:\.[0-9]{0,18})?)(?:[eE][-+]?[0-9]{1,2})?")
_EXACT = 2**53
_STRING_TAGS = frozenset({None, "!", "tag:yaml.org,2002:str"})

Value = str | int | float | bool | list["Value"] | dict[str, "Value"] | None


@dataclass(frozen=True, slots=True)
class Unsupported:
    """What is there has no value in this schema, or not one value."""

    reason: str
    line: int


def value(node: Node | None) -> Value | Unsupported:
    """Return what a document says: mappings, lists, text, numbers, booleans and null.

    Returns:
        The value; ``Unsupported`` where a key stands twice or is no text, or an alias or a tag is used.
    """
    try:
        return None if node is None else _value(node)
    except _Found as found:
        return found.unsupported


class _Found(Exception):
    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.unsupported = Unsupported(reason, line)


def _value(node: Node) -> Value:
    # `locate` bounds the depth, and with it this recursion.
    if isinstance(node, Alias):
        raise _Found("aliases (*name) are not read here; write it out", node.line)
    if isinstance(node, Scalar):
        return _scalar(node)
    if not isinstance(node, Mapping):
        return [_value(item) for item in node.items]
    found: dict[str, Value] = {}
    for entry in node.entries:
        if not isinstance(entry.key, Scalar):
            raise _Found("a key must be text", entry.key.line)
        key = entry.key.value
        if key in found:
            raise _Found(f"the key {key[:80]!r} stands twice", entry.key.line)
        found[key] = _value(entry.value)
    return found


def _scalar(scalar: Scalar) -> Value:
    text = scalar.value
    if scalar.tag not in _STRING_TAGS:
        raise _Found(f"the tag {str(scalar.tag)[:80]} is not read here", scalar.line)
    if scalar.style or scalar.tag is not None:
        return text
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if not _NUMBER.fullmatch(text):
        return text
    number = float(text)
    # JSON Schema takes 3.0 for an integer, so it is made one.
    return int(number) if number.is_integer() and abs(number) < _EXACT else number
