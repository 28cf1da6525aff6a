"""Trees written in styles that are drawn at random, nearly always so that they can be read again."""

from __future__ import annotations

import json
import random
import re

from yaml_fuzz.tree import List, Map, Ref, Text, Tree

_PLAIN = re.compile(r"[A-Za-z0-9_./$(é🙂](?:[\w./@+=$()🙂-]|:(?=[^\s:])| (?=[\w(/-]))*", re.ASCII)
_FLOW_PLAIN = re.compile(r"[A-Za-z0-9_./](?:[\w./@+=-]|:(?=\w))*", re.ASCII)
_PRINTABLE = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]*")
_LINES = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\ufeff]*")
_BETWEEN_WORDS = re.compile(r"(?<=[^\s]) (?=[^\s#])")
_REMARKS = ("# why", "#", "# a: b", '# {"$imagestream": "acme/web:prod"}', "# 'é'", "# image: nginx:1")


def as_json(tree: Tree) -> object:
    """Return what ``json`` writes for a tree; of keys that stand twice, the last one."""
    match tree:
        case Text():
            return tree.value
        case Ref():
            return f"*{tree.name}"
        case List():
            return [as_json(item) for item in tree.items]
        case Map():
            return {_name(key): as_json(value) for key, value in tree.entries}


def _name(key: Tree) -> str:
    return key.value if isinstance(key, Text) else "?"


def write_json(tree: Tree, chooser: random.Random) -> str:
    """Write a tree as JSON, in one of its usual layouts."""
    indent = chooser.choice((None, None, 2, 4, "\t"))
    separators = chooser.choice((None, (",", ":"), (", ", " : "))) if indent is None else None
    text = json.dumps(as_json(tree), indent=indent, separators=separators, ensure_ascii=chooser.random() < 0.1)
    return text.replace("/", "\\/") if chooser.random() < 0.05 else text


class Writer:
    """Writes one text; its habits (steps of indentation, where lists stand, how quotes are used) are drawn once."""

    def __init__(self, chooser: random.Random) -> None:
        self._chooser = chooser
        self._step = chooser.choice((2, 2, 2, 4, 1, 3))
        self._lists_deeper = chooser.random() < 0.5
        self._flow = chooser.choice((0.0, 0.05, 0.2, 0.9))
        self._remarks = chooser.choice((0.0, 0.0, 0.05, 0.2))
        self._quotes = chooser.choice((0.0, 0.1, 0.5, 0.9))

    def _chance(self, share: float) -> bool:
        return self._chooser.random() < share

    def document(self, tree: Tree) -> str:
        """Write a document; it ends with a line's end."""
        return self._remark_lines("") + self._node(tree, 0, root=True).lstrip("\n ") + "\n"

    def _node(self, tree: Tree, indent: int, *, root: bool = False) -> str:
        """Write a value as it stands behind ``key:`` or ``-``, with the blank or the line end before it."""
        if isinstance(tree, Ref):
            return f" *{tree.name}"
        properties = self._properties(tree)
        if isinstance(tree, Text):
            written = self._scalar(tree.value, indent)
            return f"{properties}{' ' if written else ''}{written}{self._remark(written)}"
        empty = not (tree.entries if isinstance(tree, Map) else tree.items)
        if empty or self._chance(self._flow) or (root and properties):
            return f" {self._flowing(tree, indent)}{self._remark('')}"
        if properties:
            properties += self._remark("")
        if isinstance(tree, Map):
            return f"{properties}\n" + self._map(tree, indent)
        return f"{properties}\n" + self._list(tree, indent)

    def _properties(self, tree: Text | Map | List) -> str:
        anchor = f" &{tree.anchor}" if tree.anchor else ""
        tag = f" {tree.tag}" if tree.tag else ""
        return f"{tag}{anchor}" if self._chance(0.5) else f"{anchor}{tag}"

    def _map(self, tree: Map, indent: int) -> str:
        lead, lines = " " * indent, []
        for key, value in tree.entries:
            lines.append(self._remark_lines(lead))
            deeper = indent + self._step
            if isinstance(value, List) and not self._lists_deeper:
                deeper = indent
            written = self._node(value, deeper)
            if not isinstance(key, Text) or self._chance(0.01):
                lines.append(f"{lead}?{self._node(key, indent + 2)}\n{lead}:{written}\n")
            else:
                blank = " " if self._chance(0.02) else ""
                lines.append(f"{lead}{self._key(key.value)}{blank}:{written}\n")
        return "".join(lines).removesuffix("\n")

    def _list(self, tree: List, indent: int) -> str:
        lead, lines = " " * indent, []
        for item in tree.items:
            lines.append(self._remark_lines(lead))
            wide = self._chance(0.05)
            deeper = indent + (4 if wide else 2)
            written = self._node(item, deeper)
            if written.startswith("\n") and not self._chance(0.1):
                first = written[1 : 1 + deeper]
                if not first.strip():  # the first entry stands on the line of the dash
                    written = " " * (deeper - indent - 1) + written[1 + deeper :]
            lines.append(f"{lead}-{written}\n")
        return "".join(lines).removesuffix("\n")

    def _key(self, value: str) -> str:
        if _FLOW_PLAIN.fullmatch(value) and not self._chance(self._quotes / 5):
            return value
        return self._double(value, 0, fold=False) if self._chance(0.5) else self._single(value, 0, fold=False)

    def _flowing(self, tree: Tree, indent: int) -> str:
        if isinstance(tree, Ref):
            return f"*{tree.name} "
        properties = self._properties(tree).lstrip()
        properties += " " if properties else ""
        if isinstance(tree, Text):
            value = tree.value
            if _FLOW_PLAIN.fullmatch(value) and not self._chance(self._quotes):
                return properties + value
            return properties + (self._double(value, 0) if self._chance(0.5) else self._single(value, 0))
        between = f",\n{' ' * (indent + 1)}" if self._chance(0.15) else ", " if self._chance(0.9) else " , "
        if isinstance(tree, List):
            return f"{properties}[{between.join(self._flowing(item, indent) for item in tree.items)}]"
        entries = []
        for key, value in tree.entries:
            name = self._key(key.value) if isinstance(key, Text) else self._flowing(key, indent)
            entries.append(f"{name}: {self._flowing(value, indent)}")
        inner = between.join(entries)
        return f"{properties}{{{inner}}}" if self._chance(0.7) else f"{properties}{{ {inner} }}"

    def _scalar(self, value: str, indent: int) -> str:
        quoted = self._chance(self._quotes)
        if "\n" in value and not self._chance(0.15) and _LINES.fullmatch(value):
            return self._block(value, indent)
        if not quoted and (_PLAIN.fullmatch(value) or (value == "" and self._chance(0.5))):
            return self._folded_words(value, indent) if self._chance(0.03) else value
        if self._chance(0.05) and value.strip() == value and value and _LINES.fullmatch(value):
            return self._block(value, indent)
        return self._double(value, indent) if self._chance(0.5) else self._single(value, indent)

    def _block(self, value: str, indent: int) -> str:
        body = value.rstrip("\n")
        ends = len(value) - len(body)
        chomping = "-" if ends == 0 else "" if ends == 1 else "+"
        deeper = max(indent, 1) + self._chooser.choice((0, 0, 2))
        lead = " " * deeper
        lines = body.split("\n")
        leading = body[:1] in {" ", "\n", ""}
        header = str(self._step) if leading else ""
        if not leading and self._chance(0.25) and not any(line[:1] in {" ", "\t", ""} for line in lines):
            folded = [_BETWEEN_WORDS.sub(lambda m: f"\n{lead}" if self._chance(0.3) else m[0], line) for line in lines]
            return f">{chomping}\n{lead}" + f"\n\n{lead}".join(folded) + "\n" * max(ends - 1, 0)
        body = "\n".join(lead + line if line or self._chance(0.05) else "" for line in lines)
        return f"|{header}{chomping}{self._remark('')}\n{body}" + "\n" * max(ends - 1, 0)

    def _single(self, value: str, indent: int, *, fold: bool = True) -> str:
        if not _PRINTABLE.fullmatch(value) or ("\n" in value and (not fold or re.search(r"[ \t]\n|\n[ \t]", value))):
            return self._double(value, indent, fold=fold)
        written = value.replace("'", "''").replace("\n", f"\n\n{' ' * (indent + 1)}")
        return f"'{self._folded_words(written, indent) if fold and self._chance(0.05) else written}'"

    def _double(self, value: str, indent: int, *, fold: bool = True) -> str:
        written = json.dumps(value, ensure_ascii=False)[1:-1].replace("\x7f", "\\x7F").replace("\u2028", "\\u2028")
        if self._chance(0.05):
            written = written.replace("/", "\\/")
        if self._chance(0.05):
            written = re.sub(
                r"(?<!\\)[a-z](?=\w)", lambda m: f"\\x{ord(m[0]):02x}" if self._chance(0.2) else m[0], written
            )
        if fold and self._chance(0.05):
            written = self._folded_words(written, indent)
        if fold and self._chance(0.03):
            written = written.replace("n", f"n\\\n{' ' * (indent + 1)}", 1) if "\\" not in written else written
        return f'"{written}"'

    def _folded_words(self, value: str, indent: int) -> str:
        return _BETWEEN_WORDS.sub(lambda _: f"\n{' ' * (indent + 1)}", value, count=self._chooser.randint(0, 2))

    def _remark(self, written: str) -> str:
        if "\n" in written or written[:1] in {"|", ">"} or not self._chance(self._remarks):
            return ""
        return f"{self._chooser.choice((' ', ' ', '  ', '   '))}{self._chooser.choice(_REMARKS)}"

    def _remark_lines(self, lead: str) -> str:
        if not self._chance(self._remarks / 2):
            return ""
        return self._chooser.choice(("\n", f"{lead}{self._chooser.choice(_REMARKS)}\n", "\n\n", f"{lead}  # x\n"))


def write(trees: list[Tree], chooser: random.Random) -> str:
    """Write a file of documents, now and then as JSON."""
    if len(trees) == 1 and chooser.random() < 0.15:
        return write_json(trees[0], chooser) + chooser.choice(("\n", ""))
    text = ""
    for number, tree in enumerate(trees):
        if number or chooser.random() < 0.15:
            text += chooser.choice(("---\n", "---\n", "--- # x\n", "...\n---\n" if number else "---\n"))
        text += Writer(chooser).document(tree)
    return text
