"""Where every node of a text stands, collections included, and which lines belong to it.

``locate`` leaves the places of collections out: a scan of thousands of files needs none. Whoever adds or takes
away whole entries does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from yaml import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent
from yaml._yaml import CParser  # see `locate`

from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.nodes import Alias, Mapping, Node, Scalar, Sequence, Span

_EOL = re.compile(r"\r\n|\n|\r|\Z")
_REST = re.compile(r"[ \t]*(?:#[^\r\n\x85\u2028\u2029]*)?")
_COMMENT = re.compile(r"([ \t]*)#[^\r\n]*")
_KEEP = re.compile(r"[|>][0-9]?\+")
_DASH = re.compile(r" *-[ \t]*(?:#[^\r\n]*)?")


class Layout:
    """The places of one located text."""

    def __init__(self, located: Located) -> None:
        """Parse the text once more; it costs what locating it cost."""
        self.text = located.text
        self.aliases: list[Alias] = []
        """Every alias of the file."""
        self._spans: dict[int, Span] = {}
        self._measure(located)
        self.shared = frozenset(id(alias.target) for alias in self.aliases)
        """The identities of the nodes that an alias stands for."""

    def span(self, node: Node) -> Span:
        """Return where a node stands: with its anchor, brackets and quotes, without what only follows it."""
        return self._spans[id(node)]

    def lead(self, position: int) -> str:
        """Return what stands before a place on its line."""
        start = self.line_start(position)
        return self.text[start:position].removeprefix("" if start else "\ufeff")

    def line_start(self, position: int) -> int:
        """Return where the line of a place starts."""
        return max(self.text.rfind("\n", 0, position), self.text.rfind("\r", 0, position)) + 1

    def line_end(self, position: int) -> int:
        """Return where the line of a place ends, before its line ending."""
        found = _EOL.search(self.text, position)
        return len(self.text) if found is None else found.start()

    def next_line(self, position: int) -> int:
        """Return where the line after that of a place starts; the text's end where there is none."""
        found = _EOL.search(self.text, position)
        return len(self.text) if found is None else found.end()

    def ending(self, position: int) -> str:
        """Return the line ending of a place's line; the file's first at the end of a file without one."""
        found = _EOL.search(self.text, position)
        ending = "" if found is None else found.group()
        first = _EOL.search(self.text)
        return ending or (first.group() if first is not None else "") or "\n"

    def is_last(self, position: int) -> bool:
        """Whether nothing but blanks and a comment follows a place on its line."""
        rest = _REST.match(self.text, position)
        return rest is not None and rest.end() == self.line_end(position)

    def comments_after(self, position: int, column: int) -> int:
        """Return the end of the last of the comment lines that follow a place's line, right of a column.

        A comment that stands deeper than an entry belongs to the entry above it.
        """
        end = self.line_end(position)
        while True:
            start = self.next_line(end)
            comment = _COMMENT.match(self.text, start) if start > end else None
            if comment is None or len(comment[1]) <= column:
                return end
            end = self.line_end(start)

    def comments_before(self, position: int, column: int) -> int:
        """Return where the comment lines start that stand directly above a place's line, at a column."""
        start = self.line_start(position)
        while start:
            above = self._line_above(start)
            comment = _COMMENT.match(self.text, above)
            if comment is None or len(comment[1]) != column:
                return start
            start = above
        return start

    def dash(self, item: Node) -> int | None:
        """Return where the dash of a block sequence's item stands; ``None`` where it does not start its line."""
        start = self.line_start(self.span(item).start)
        lead = self.lead(self.span(item).start)
        while start and not lead.partition("#")[0].strip(" \t"):
            # The item starts below its dash, perhaps below a comment.
            end, start = start, self._line_above(start)
            lead = self.text[start:end].rstrip("\r\n")
        lead = lead.removeprefix("" if start else "\ufeff")
        if not _DASH.fullmatch(lead):
            return None
        return self.text.index("-", start)

    def end_above(self, start: int) -> int:
        """Return where the line ends that stands right above the one that starts at ``start``."""
        return max(start - (2 if self.text[start - 2 : start] == "\r\n" else 1), 0)

    def _line_above(self, start: int) -> int:
        """Return where the line starts that ends right before ``start``."""
        return self.line_start(self.end_above(start))

    def _measure(self, located: Located) -> None:
        text = located.text
        bom = 1 if text.startswith("\ufeff") else 0
        nodes = (node for document in located.documents for node in in_order(document.root))
        # The stubs leave open whether an event has marks; libyaml's always have them.
        parser: Any = CParser(text[bom:])
        opened: list[tuple[Node, int]] = []
        last = 0
        try:
            # Both passes read the same text, so the nodes come in the order of the events.
            while (event := parser.get_event()) is not None:
                kind = type(event)
                if kind in {MappingStartEvent, SequenceStartEvent}:
                    opened.append((next(nodes), event.start_mark.index + bom))
                elif kind in {MappingEndEvent, SequenceEndEvent}:
                    collection, start = opened.pop()
                    # A block ends with what it holds; its mark is where the next token stands.
                    flow = isinstance(collection, Mapping | Sequence) and collection.flow
                    last = event.end_mark.index + bom if flow else last
                    self._spans[id(collection)] = Span(start, last)
                elif kind in {ScalarEvent, AliasEvent}:
                    node = next(nodes)
                    if isinstance(node, Alias):
                        self.aliases.append(node)
                    if isinstance(node, Scalar | Alias):
                        last = self._end(node)
                        self._spans[id(node)] = Span(node.start, last)
        finally:
            parser.dispose()

    def _end(self, node: Scalar | Alias) -> int:
        """Return where a scalar ends; a block scalar's mark is at the start of a line after it."""
        if not isinstance(node, Scalar) or not node.is_block:
            return node.end
        written = self.text[node.start : node.end]
        if _KEEP.search(written.splitlines()[0]):  # the empty lines after it are its own
            return node.end - len(written) + len(written.removesuffix("\n").removesuffix("\r"))
        return node.start + len(written.rstrip(" \t\r\n"))


def in_order(root: Node | None) -> Iterator[Node]:
    """Yield every node in the order of the text; aliases are not entered."""
    stack = [] if root is None else [root]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, Mapping):
            for entry in reversed(node.entries):
                stack += [entry.value, entry.key]
        elif isinstance(node, Sequence):
            stack += reversed(node.items)
