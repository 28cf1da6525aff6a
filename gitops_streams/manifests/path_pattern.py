"""Patterns of JSON Pointers, which say where field rules apply: ``/data/*``, ``/spec/**/image``, ``/args/0``.

A pattern is a JSON Pointer (RFC 6901) in which ``*`` stands for one key or index and ``**`` for any number of them,
none included. As ``~1`` stands for a slash and ``~0`` for a tilde, ``~2`` stands for an asterisk that is meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from gitops_streams.yamledit.nodes import Alias, Mapping, Node, Scalar, Sequence, target
from gitops_streams.yamledit.pointer import Pointer

_STRAY_TILDE = re.compile(r"~(?![012])")
_ONE: Final = "*"
_MANY: Final = "**"


class InvalidPattern(ValueError):
    """The text is no pattern; the message says why."""


@dataclass(frozen=True, slots=True)
class _Wildcard:
    many: bool


@dataclass(frozen=True, slots=True)
class PathPattern:
    """A pattern, read."""

    text: str
    """As it is written."""
    parts: tuple[str | _Wildcard, ...]

    @classmethod
    def parse(cls, text: str) -> PathPattern:
        """Read a pattern.

        Raises:
            InvalidPattern: it does not start with a slash, a ``~`` escapes nothing, or an asterisk stands in a key.
        """
        if not text.startswith("/"):
            raise InvalidPattern("it must start with a slash, as /spec/image")
        if _STRAY_TILDE.search(text):
            raise InvalidPattern("a ~ must be followed by 0 (for ~), 1 (for /) or 2 (for *)")
        return cls(text, tuple(map(_part, text.split("/")[1:])))

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that lead to every place; what may be an index is none of them."""
        return tuple(part for part in self.parts if isinstance(part, str) and part and not part.isdecimal())

    def matches(self, pointer: Pointer) -> bool:
        """Whether a pointer is one of the pattern's places."""
        state = self._closed(frozenset({0}))
        for part in pointer:
            state = self._step(state, str(part))
        return len(self.parts) in state

    def find(self, root: Mapping, skipped: Callable[[Pointer], bool] | None = None) -> Iterator[tuple[Pointer, Node]]:
        """Yield the nodes of the pattern's places, with their pointers from ``root``, in the order of the text.

        An alias is yielded where a place ends at it, and never entered; nor is a key that stands twice, which no
        pointer can tell from its namesake.

        Args:
            root: the mapping that pointers start from.
            skipped: says of a pointer that nothing there or below counts.
        """
        stack: list[tuple[Pointer, Node, frozenset[int]]] = [((), root, self._closed(frozenset({0})))]
        while stack:
            pointer, node, state = stack.pop()
            if pointer and len(self.parts) in state:
                yield pointer, node
            below: list[tuple[Pointer, Node, frozenset[int]]] = []
            for part, child in _children(node):
                following = self._step(state, str(part))
                if following and not (skipped is not None and skipped((*pointer, part))):
                    below.append(((*pointer, part), child, following))
            stack += reversed(below)

    def _step(self, state: frozenset[int], key: str) -> frozenset[int]:
        """Return where in the pattern one may be after another key."""
        reached: set[int] = set()
        for index in state:
            if index == len(self.parts):
                continue
            part = self.parts[index]
            if isinstance(part, str):
                if part == key:
                    reached.add(index + 1)
            else:
                reached.add(index if part.many else index + 1)
        return self._closed(frozenset(reached))

    def _closed(self, state: frozenset[int]) -> frozenset[int]:
        """Add where one may be without another key, since ``**`` may stand for none."""
        reached = set(state)
        for index in sorted(state):
            following = index
            while following < len(self.parts):
                part = self.parts[following]
                if isinstance(part, str) or not part.many:
                    break
                following += 1
                reached.add(following)
        return frozenset(reached)


def write(pointer: tuple[str | int | None, ...]) -> str:
    """Write the pattern of one pointer; ``None`` in it becomes ``*``."""
    return "".join("/" + (_ONE if part is None else _escaped(str(part))) for part in pointer)


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1").replace("*", "~2")


def _part(text: str) -> str | _Wildcard:
    if text in {_ONE, _MANY}:
        return _Wildcard(text == _MANY)
    if "*" in text:
        raise InvalidPattern("* and ** stand for whole keys; write ~2 for an asterisk in a key")
    return text.replace("~2", "*").replace("~1", "/").replace("~0", "~")


def _children(node: Node) -> Iterator[tuple[str | int, Node]]:
    if isinstance(node, Mapping):
        met: dict[str, int] = {}
        for entry in node.entries:
            if isinstance(entry.key, Scalar):
                met[entry.key.value] = met.get(entry.key.value, 0) + 1
        for entry in node.entries:
            if isinstance(entry.key, Scalar) and met[entry.key.value] == 1:
                yield entry.key.value, entry.value
    elif isinstance(node, Sequence):
        yield from enumerate(node.items)


def scalar_at(node: Node) -> Scalar | None:
    """Return the scalar that a place holds, through an alias too; ``None`` where it holds a collection."""
    found = target(node) if isinstance(node, Alias) else node
    return found if isinstance(found, Scalar) else None
