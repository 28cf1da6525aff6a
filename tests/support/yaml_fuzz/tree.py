"""Documents as trees that can be changed and written anew: read from a text, or made up."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.nodes import Alias, Mapping, Node, Scalar, Sequence, walk

HEX = "0123456789abcdef" * 4
KEYS = (
    *("image", "image", "image", "tag", "digest", "repository", "registry", "name", "newTag", "newName", "images"),
    *("env", "args", "data", "spec", "kind", "a", "b", "c", "values", "a b", "é", "k/8.s-io", "1", "true", "", "~"),
)
TEXTS = (
    *(
        "quay.io/acme/web:1.4",
        "quay.io/acme/web:1.4",
        "nginx:1",
        "acme/web",
        "localhost:5000/a/b:v1",
        "1.4",
        "41",
        "1.10",
    ),
    f"nginx@sha256:{HEX}",
    f"quay.io/acme/web:1.4@sha256:{HEX}",
    f"sha256:{HEX}",
    *("", "", "null", "true", "~", "0x1f", "1e3", "2024-01-01", "12:30:45", "it's", 'say "x"', "a: b", "a #b", "- x"),
    *(
        "{{ x }}",
        "${TAG}",
        "@x",
        "*",
        "&",
        "!",
        "%x",
        "x:",
        "[a, b]",
        "{a: b}",
        "é🙂",
        "\u00a0",
        "tab\there",
        "\\",
        "/",
    ),
    *("run nginx:1 and quay.io/acme/web:1.4.", "--image=quay.io/acme/web:1.4", "see docker://nginx:1, quay.io/a/b:2"),
    *("one\ntwo\n", "image: nginx:1\ntag: 2\n", "a\n\nb", "\nlead", " lead", "trail ", "end\n\n", "nginx:1\nnginx:2\n"),
    '{"image": "nginx:1", "n": [1, 2]}',
)
_DEEPEST = 4


@dataclass(slots=True)
class Text:
    """A scalar."""

    value: str
    anchor: str = ""
    tag: str = ""


@dataclass(slots=True)
class Map:
    """A mapping."""

    entries: list[tuple[Tree, Tree]]
    anchor: str = ""
    tag: str = ""


@dataclass(slots=True)
class List:
    """A sequence."""

    items: list[Tree]
    anchor: str = ""
    tag: str = ""


@dataclass(slots=True)
class Ref:
    """An alias."""

    name: str


Tree = Text | Map | List | Ref


def read(located: Located) -> list[Tree]:
    """Return the documents of a text as trees; tags are left out."""
    return [_Reader(document.root).tree(document.root) for document in located.documents if document.root is not None]


class _Reader:
    def __init__(self, root: Node | None) -> None:
        aimed = [node.target for _, node in walk(root) if isinstance(node, Alias)]
        self._names = {id(node): f"n{number}" for number, node in enumerate(aimed)}

    def tree(self, node: Node) -> Tree:
        anchor = self._names.get(id(node), "")
        match node:
            case Scalar():
                return Text(node.value, anchor)
            case Mapping():
                return Map([(self.tree(entry.key), self.tree(entry.value)) for entry in node.entries], anchor)
            case Sequence():
                return List([self.tree(item) for item in node.items], anchor)
            case Alias():
                return Ref(self._names.setdefault(id(node.target), "lost"))


@dataclass(slots=True)
class Places:
    """Every place of a tree that a node can be taken from or put into, in the order of the text."""

    found: list[tuple[Map | List, int]] = field(default_factory=list)

    @classmethod
    def of(cls, tree: Tree) -> Places:
        places = cls()
        places._collect(tree)
        return places

    def _collect(self, tree: Tree) -> None:
        if isinstance(tree, Map | List):
            below = [value for _, value in tree.entries] if isinstance(tree, Map) else tree.items
            for index, node in enumerate(below):
                self.found.append((tree, index))
                self._collect(node)


def get(place: tuple[Map | List, int]) -> Tree:
    parent, index = place
    return parent.entries[index][1] if isinstance(parent, Map) else parent.items[index]


def put(place: tuple[Map | List, int], node: Tree) -> None:
    parent, index = place
    if isinstance(parent, Map):
        parent.entries[index] = parent.entries[index][0], node
    else:
        parent.items[index] = node


def make(chooser: random.Random, depth: int = 0) -> Tree:
    """Make up a tree; its root is a collection as a rule."""
    kind = chooser.random()
    if depth >= _DEEPEST or kind < (0.02 if depth == 0 else 0.6):
        return Text(chooser.choice(TEXTS))
    count = chooser.choice((0, 1, 2, 2, 3, 3, 5)) if depth else chooser.choice((1, 2, 3, 4, 6))
    if kind < (0.85 if depth == 0 else 0.88):
        keys = chooser.sample(KEYS, count)
        return Map([(Text(key), make(chooser, depth + 1)) for key in keys])
    return List([make(chooser, depth + 1) for _ in range(count)])
