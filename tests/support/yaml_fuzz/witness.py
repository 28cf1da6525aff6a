"""A third reading of a file, by PyYAML's parser in pure Python, and edits carried out on it.

The product's proof rests on libyaml, ruamel.yaml and jsonpatch. This one shares none of them, keeps the order
of keys, duplicates, anchors and tags, and applies edits by code of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import yaml

from gitops_streams.yamledit.edit import Comment, Edit, Insert, Lifted, Replace, splice
from gitops_streams.yamledit.pointer import Pointer


class Refused(Exception):
    """The third parser does not accept the text."""


@dataclass
class Seen:
    """A node: what it says, and all that is written about it but for its place."""

    kind: str
    said: str = ""
    anchor: str | None = None
    tag: str | None = None
    below: list[Seen] = field(default_factory=list)
    """The items; of a mapping its keys and values in turn."""
    target: Seen | None = field(default=None, compare=False, repr=False)
    """What an alias stands for."""

    def aimed(self) -> Seen:
        return self if self.target is None else self.target


def read(text: str) -> list[Seen]:
    """Read every document of a text.

    Raises:
        Refused: the parser does not accept it.
    """
    documents: list[Seen] = []
    anchors: dict[str, Seen] = {}
    stack: list[Seen] = []
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.DocumentStartEvent):
                anchors = {}
                stack = [Seen("document")]
                documents.append(stack[0])
            elif isinstance(event, yaml.CollectionEndEvent):
                stack.pop()
            elif isinstance(event, yaml.NodeEvent):
                seen = _seen(event, anchors)
                stack[-1].below.append(seen)
                if isinstance(event, yaml.CollectionStartEvent):
                    stack.append(seen)
    except (yaml.YAMLError, ValueError, IndexError, KeyError, RecursionError, AttributeError, TypeError) as error:
        raise Refused(type(error).__name__) from error  # PyYAML's parser breaks on some input in ways of its own
    return documents


def _seen(event: Any, anchors: dict[str, Seen]) -> Seen:
    if isinstance(event, yaml.AliasEvent):
        if event.anchor not in anchors:
            raise ValueError("undefined alias")
        return Seen("alias", event.anchor, target=anchors[event.anchor])
    kind = type(event).__name__.removesuffix("Event").removesuffix("Start").lower()
    seen = Seen(kind, event.value if kind == "scalar" else "", event.anchor, event.tag)
    if event.anchor is not None:
        anchors[event.anchor] = seen
    return seen


def apply(documents: list[Seen], edits: Iterable[Edit]) -> None:
    """Carry out edits on what was read."""
    edits = list(edits)
    # A scalar that aliases share is reached by several pointers, but written once.
    replaced = {
        id(node): (node, edit.after)
        for edit in edits
        if isinstance(edit, Replace)
        for node in [follow(documents[edit.document], edit.pointer)]
    }
    inserted: set[tuple[int, str]] = set()
    for edit in edits:
        if isinstance(edit, Insert):
            parent = follow(documents[edit.document], edit.pointer[:-1])
            key = str(edit.pointer[-1])
            if (id(parent), key) in inserted:
                continue
            inserted.add((id(parent), key))
            at = _index(parent, str(edit.sibling[-1])) + 2
            parent.below[at:at] = [Seen("scalar", key), Seen("scalar", edit.after)]
        else:
            assert isinstance(edit, Replace | Comment | Lifted)
    for node, after in [*replaced.values(), *_embedded(documents, edits)]:
        assert node.kind == "scalar", node
        node.said = after


def _embedded(documents: list[Seen], edits: list[Edit]) -> list[tuple[Seen, str]]:
    """Return the strings that are manifests and are edited within, each with what it says then."""
    within: dict[int, list[Lifted]] = {}
    for edit in edits:
        if isinstance(edit, Lifted):
            within.setdefault(id(edit.embedding.host), []).append(edit)
    found = []
    for group in within.values():
        embedding = group[0].embedding
        text = splice(embedding.text, [edit.inner for edit in group])
        assert isinstance(text, str), text
        found.append((follow(documents[embedding.document], embedding.pointer), text))
    return found


def follow(document: Seen, pointer: Pointer) -> Seen:
    """Return what a pointer leads to, aliases followed."""
    node = document.below[0].aimed()
    for part in pointer:
        index = _index(node, str(part)) + 1 if node.kind == "mapping" else int(part)
        node = node.below[index].aimed()
    return node


def _index(mapping: Seen, key: str) -> int:
    found = [index for index in range(0, len(mapping.below), 2) if _is_key(mapping.below[index], key)]
    assert len(found) == 1, (key, found)
    return found[0]


def _is_key(node: Seen, key: str) -> bool:
    return node.kind == "scalar" and node.said == key
