"""Mutations that keep documents readable: of their trees, written anew in other styles, and of whole lines."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from gitops_streams.yamledit.locate import Located, Unparsable, decode, locate
from gitops_streams.yamledit.nodes import Alias, Mapping, Node, Scalar, walk
from yaml_fuzz import tree, writer
from yaml_fuzz.tree import List, Map, Places, Ref, Text, Tree

TAGS = ("!!str", "!!str", "!", "!x", "!!null", "!!int", "!<tag:x>")
_REMARKS = (" # why", "  # image: nginx:1", '  # {"$imagestream": "acme/web:prod"}', "  #", " # é")
_LONGEST = 4000
"""Characters; what grows beyond is not made anew."""


def trees(data: bytes) -> list[Tree]:
    """Read a text into trees; none if it cannot be read, or is long."""
    text = decode(data)
    located = text if isinstance(text, Unparsable) or len(text) > _LONGEST else locate(text)
    return tree.read(located) if isinstance(located, Located) else []


def restyle(data: bytes, seeds: Sequence[bytes], chooser: random.Random) -> bytes:
    """Write a document anew, in other styles, with up to three changes of its tree."""
    found = trees(data) or [tree.make(chooser)]
    for _ in range(chooser.choice((0, 1, 1, 2, 3))):
        chooser.choice(_OF_TREES)(found, seeds, chooser)
    return _encode(writer.write(found, chooser))


def invent(_: bytes, seeds: Sequence[bytes], chooser: random.Random) -> bytes:
    """Write a document that was made up."""
    found = [tree.make(chooser) for _ in range(chooser.choice((1, 1, 1, 1, 2)))]
    for _ in range(chooser.choice((0, 0, 1, 2))):
        chooser.choice(_OF_TREES)(found, seeds, chooser)
    return _encode(writer.write(found, chooser))


def touch(data: bytes, _: Sequence[bytes], chooser: random.Random) -> bytes:
    """Change lines or single scalars of a text, and leave all else of it as it stands."""
    text = decode(data)
    if isinstance(text, Unparsable):
        return data
    for _ in range(chooser.choice((1, 1, 2, 3))):
        text = chooser.choice(_OF_TEXTS)(text, chooser)
    return _encode(text)


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _place(found: list[Tree], chooser: random.Random) -> tuple[Map | List, int] | None:
    places = Places.of(chooser.choice(found)).found
    return chooser.choice(places) if places else None


def _say(found: list[Tree], _: Sequence[bytes], chooser: random.Random) -> None:
    place = _place(found, chooser)
    if place is not None:
        tree.put(place, Text(chooser.choice(tree.TEXTS)))


def _grow(found: list[Tree], _: Sequence[bytes], chooser: random.Random) -> None:
    place = _place(found, chooser)
    if place is not None:
        tree.put(place, tree.make(chooser, 2))


def _wrap(found: list[Tree], _: Sequence[bytes], chooser: random.Random) -> None:
    """Turn a value, or the document, into a string that holds it."""
    place = _place(found, chooser) if chooser.random() < 0.7 else None
    number = chooser.randrange(len(found))
    inner = found[number] if place is None else tree.get(place)
    said = writer.write([inner], chooser)
    if len(said) > _LONGEST:
        return
    if place is None:
        key = chooser.choice(("values", "patch", "data", "spec"))
        found[number] = Map([(Text("kind"), Text("HelmRelease")), (Text(key), Text(said))])
    else:
        tree.put(place, Text(said))


def _repeat(found: list[Tree], _: Sequence[bytes], chooser: random.Random) -> None:
    """Let a key, or an item, stand twice."""
    place = _place(found, chooser)
    if place is not None:
        parent, index = place
        if isinstance(parent, Map):
            parent.entries.insert(chooser.randint(0, len(parent.entries)), parent.entries[index])
        else:
            parent.items.append(parent.items[index])


def _share(found: list[Tree], _: Sequence[bytes], chooser: random.Random) -> None:
    """Name a value, and let other places stand for it; now and then, the name is taken a second time."""
    places = Places.of(chooser.choice(found)).found
    if len(places) < 2:
        return
    first = chooser.randrange(len(places) - 1)
    node = tree.get(places[first])
    if isinstance(node, Ref):
        return
    node.anchor = node.anchor or chooser.choice(("x", "y", "a-b"))
    inside = len(Places.of(node).found)
    for place in chooser.sample(places[first + 1 :], min(2, len(places) - first - 1)):
        if places.index(place) > first + inside or chooser.random() < 0.1:
            tree.put(place, Ref(node.anchor))
            if isinstance(place[0], Map) and isinstance(node, Map) and chooser.random() < 0.5:
                place[0].entries[place[1]] = Text("<<"), Ref(node.anchor)


def _label(found: list[Tree], _: Sequence[bytes], chooser: random.Random) -> None:
    place = _place(found, chooser)
    node = None if place is None else tree.get(place)
    if node is not None and not isinstance(node, Ref):
        node.tag = chooser.choice(TAGS) if isinstance(node, Text) else "!x"


def _drop(found: list[Tree], _: Sequence[bytes], chooser: random.Random) -> None:
    place = _place(found, chooser)
    if place is not None:
        parent, index = place
        del (parent.entries if isinstance(parent, Map) else parent.items)[index]


def _graft(found: list[Tree], seeds: Sequence[bytes], chooser: random.Random) -> None:
    """Put another document, or a part of it, into this one."""
    others = trees(chooser.choice(seeds)) if seeds else []
    place = _place(found, chooser)
    if not others or place is None:
        return
    other = _place(others, chooser)
    tree.put(place, others[0] if other is None or chooser.random() < 0.3 else tree.get(other))


def _another(found: list[Tree], seeds: Sequence[bytes], chooser: random.Random) -> None:
    found += trees(chooser.choice(seeds))[:1] if seeds else [tree.make(chooser)]


_OF_TREES: tuple[Callable[[list[Tree], Sequence[bytes], random.Random], None], ...] = (
    *(_say, _say, _grow, _wrap, _wrap, _repeat, _share, _share, _label, _drop, _graft, _another),
)


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True) or [""]


def _remark(text: str, chooser: random.Random) -> str:
    """Add a comment behind a line, or on one of its own, or a blank line."""
    lines = _lines(text)
    at = chooser.randrange(len(lines))
    body = lines[at].rstrip("\r\n")
    end = lines[at][len(body) :] or "\n"
    kind = chooser.randint(0, 3)
    if kind == 0:
        lines[at] = body + chooser.choice(_REMARKS) + end
    elif kind == 1:
        lead = body[: len(body) - len(body.lstrip())]
        lines.insert(at, f"{lead}# why{end}")
    elif kind == 2:
        lines.insert(at, end)
    else:
        lines[at] = body + chooser.choice((" ", "  ")) + end
    return "".join(lines)


def _indent(text: str, _: random.Random) -> str:
    """Move a whole document to the right."""
    return "".join(
        line if line.startswith(("---", "...", "%")) or not line.strip() else f"  {line}" for line in _lines(text)
    )


def _endings(text: str, chooser: random.Random) -> str:
    kind = chooser.randint(0, 4)
    plain = text.replace("\r\n", "\n")
    if kind == 0:
        return plain.replace("\n", "\r\n")
    if kind == 1:
        lines = plain.split("\n")
        return "".join(line + chooser.choice(("\n", "\n", "\r\n")) for line in lines[:-1]) + lines[-1]
    if kind == 2:
        return text.rstrip("\r\n")
    if kind == 3:
        return text if text.startswith("\ufeff") else "\ufeff" + text
    return text + chooser.choice(("\n", "\n\n", "...\n", "# end", "---\n"))


def _wrap_text(text: str, chooser: random.Random) -> str:
    """Put the text into a literal block, letter by letter."""
    lead = " " * chooser.choice((1, 2, 4))
    key = chooser.choice(("values", "patch", "data", "a"))
    lines = _lines(text.removeprefix("\ufeff"))
    body = "".join(line if not line.strip() and chooser.random() < 0.7 else lead + line for line in lines)
    header = chooser.choice(("|", "|", "|-", "|+", ">-", f"|{len(lead)}"))
    return f"kind: HelmRelease\n{key}: {header}\n{body}" + chooser.choice(("", "", "after: nginx:1\n"))


def _scalars(text: str) -> list[tuple[Scalar, Node]]:
    located = locate(text)
    documents = located.documents if isinstance(located, Located) else ()
    found: list[tuple[Scalar, Node]] = []
    for document in documents:
        for _, node in walk(document.root):
            if isinstance(node, Mapping):
                found += [(entry.value, node) for entry in node.entries if isinstance(entry.value, Scalar)]
            elif isinstance(node, Scalar | Alias):
                continue
    return [(scalar, parent) for scalar, parent in found if not scalar.is_block and "\n" not in scalar.value]


def _requote(text: str, chooser: random.Random) -> str:
    """Write one scalar in another style, or with a tag or an anchor."""
    found = _scalars(text)
    if not found:
        return text
    scalar, _ = chooser.choice(found)
    said = scalar.value
    kind = chooser.randint(0, 5)
    single = "'" + said.replace("'", "''") + "'"
    if kind == 0:
        written = single
    elif kind == 1:
        written = '"' + said.replace("\\", "\\\\").replace('"', '\\"') + '"'
    elif kind == 2:
        written = said
    elif kind == 3:
        written = f"{chooser.choice(TAGS)} {single}"
    elif kind == 4:
        written = f"&{chooser.choice('xyz')} {text[scalar.start : scalar.end]}"
    else:
        written = f"'{chooser.choice(tree.TEXTS[:14])}'"
    glue = " " if text[scalar.start - 1 : scalar.start] == ":" else ""
    return text[: scalar.start] + glue + written + text[scalar.end :]


_OF_TEXTS: tuple[Callable[[str, random.Random], str], ...] = (
    *(_remark, _remark, _indent, _endings, _endings, _wrap_text, _requote, _requote, _requote),
)
