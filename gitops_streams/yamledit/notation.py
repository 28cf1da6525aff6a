"""How values of ours are written into somebody else's file: block or flow, YAML or JSON, quoted where need be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

Value = str | bool | Mapping[str, "Value"] | list["Value"]
"""What is written: text stays text for every reader (``1.10``, ``no``); ``true`` and ``false`` are the booleans."""

# What every parser reads as this very text without quotes, in a flow collection as in a block. It starts with a
# letter, or has a slash in it, so it is no number, date or time of any YAML version.
_PLAIN = re.compile(r"(?:[A-Za-z_]|[0-9](?=[^/]*/))[A-Za-z0-9_./@+\-]*(?::[A-Za-z0-9_./@+\-]+)*")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


@dataclass(frozen=True, slots=True)
class Notation:
    """The habits of the text around."""

    json: bool = False
    """Every key and text in double quotes."""
    quote: str = '"'
    """The quotes of a text that needs some, where it is not JSON."""
    step: int = 2
    """How far a mapping stands right of its key."""
    dashes: int = 2
    """How far a list's dashes stand right of its key."""

    def scalar(self, value: str | bool, quote: str | None = None) -> str:  # noqa: FBT001  a value, not a switch
        """Write a scalar.

        Args:
            value: a line of printable text, or a boolean.
            quote: the quotes to use, empty for those that it needs; ``None`` decides by the notation.
        """
        if isinstance(value, bool):
            return "true" if value else "false"
        if quote is None:
            quote = '"' if self.json else ""
        if not quote and is_plain(value):
            return value
        if (quote or self.quote) == "'":
            return "'" + value.replace("'", "''") + "'"
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def flow(self, value: Value) -> str:
        """Write a value on one line."""
        if isinstance(value, str | bool):
            return self.scalar(value)
        if isinstance(value, Mapping):
            return "{" + ", ".join(f"{self.scalar(key)}: {self.flow(item)}" for key, item in value.items()) + "}"
        return "[" + ", ".join(map(self.flow, value)) + "]"

    def spread(self, value: Value, indent: str, ending: str) -> str:
        """Write a value as JSON is printed: one entry a line, where it has any.

        Args:
            value: what to write.
            indent: the blanks before the line that the value begins on.
            ending: the line ending.
        """
        deeper = indent + " " * self.step
        if isinstance(value, Mapping) and value:
            entries = [f"{self.scalar(key)}: {self.spread(item, deeper, ending)}" for key, item in value.items()]
            opening, closing = "{", "}"
        elif isinstance(value, list) and value:
            entries = [self.spread(item, deeper, ending) for item in value]
            opening, closing = "[", "]"
        else:
            return self.flow(value)
        return opening + ",".join(f"{ending}{deeper}{entry}" for entry in entries) + f"{ending}{indent}{closing}"

    def entry(self, key: str, value: Value, column: int) -> list[str]:
        """Write an entry of a block mapping as lines; ``column`` is where its key stands."""
        head = f"{' ' * column}{self.scalar(key)}:"
        if isinstance(value, Mapping) and value:
            return [head, *self._entries(value, column + self.step)]
        if isinstance(value, list) and value:
            return [head, *(line for item in value for line in self.item(item, column + self.dashes))]
        return [f"{head} {self.flow(value)}"]

    def item(self, value: Value, column: int) -> list[str]:
        """Write an item of a block sequence as lines; ``column`` is where its dash stands."""
        if not isinstance(value, Mapping) or not value:
            return [f"{' ' * column}- {self.flow(value)}"]
        first, *others = self._entries(value, column + 2)
        return [f"{' ' * column}- {first[column + 2 :]}", *others]

    def _entries(self, value: Mapping[str, Value], column: int) -> list[str]:
        return [line for key, item in value.items() for line in self.entry(key, item, column)]


def is_plain(text: str) -> bool:
    """Whether a text means itself without quotes, to every reader of YAML."""
    return _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS


def is_text(plain: str) -> bool:
    """Whether what stands without quotes is text to every reader: no number, date, boolean or null."""
    return is_plain(plain) or (plain[:1].isalpha() and plain.lower() not in _WORDS)


def is_writable(value: Value) -> bool:
    """Whether all texts of a value are lines of printable characters."""
    if isinstance(value, str):
        return value.isprintable()
    if isinstance(value, Mapping):
        return all(key.isprintable() and is_writable(item) for key, item in value.items())
    return isinstance(value, bool) or all(map(is_writable, value))


def as_written(value: Value) -> object:
    """Return a value with every scalar as the string that is written (failsafe schema), for JSON Patch."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {key: as_written(item) for key, item in value.items()}
    return [as_written(item) for item in value]
