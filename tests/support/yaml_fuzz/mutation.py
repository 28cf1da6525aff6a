"""Mutations of documents: of bytes, of what means something to YAML, of lines, and of two documents together."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from yaml_fuzz import structure

TOKENS: tuple[bytes, ...] = tuple(
    token.encode("utf-8", "surrogatepass")
    for token in (
        *":-?,#&*!|>'\"%@`{}[]~\\/=\t\n\r\0", "<<",
        " ", "  ", "\r\n", "\n\n", "\x85", "\u2028", "\u2029", "\ufeff", "\u00a0", "\x7f", "\x0b", "\ud800", "é", "🙂",
        ": ", "- ", "? ", " #", "# ", ":\n", "-\n", ", ", "---\n", "...\n", "\n---\n", "&a ", "*a", "*a ", "!!str ",
        "!!null", "! ", "!x ", "!<y> ", "%YAML 1.2\n", "%TAG ! x\n", "|\n", "|-\n", "|+1\n", ">\n", ">2-\n", "''",
        '""', "\\n", "\\u0061", "\\/", "\\ud83d\\ude00", "\\x00", "\\\n", "null", "true", "1.10", "0x1f", "{}", "[]",
        "{{ x }}", "<<: *a", "image: nginx:1", "image:", "tag: 1", "digest:", "repository: a/b", "newTag: 1",
        "quay.io/acme/web:1.4", "sha256:" + "0" * 64, '# {"$imagestream": "a:b"}', "kind: List\nitems:\n", "a: &a [*a]",
        "? |\n a\n: b\n",
    )
)  # fmt: skip
_PARTS = re.compile(rb"\r\n|\n|[ \t]+|[\w./@-]+|.", re.DOTALL)
_BROKEN = 0.2
"""The share of documents that are changed byte by byte and token by token."""
_TOUCHED = 0.3
_MOST = 20_000
"""Bytes; a document that grows beyond is cut."""


def mutate(data: bytes, seeds: Sequence[bytes], chooser: random.Random) -> bytes:
    """Return a document that differs; most are changed so that they stay readable, the rest at any byte or token."""
    kind = chooser.random()
    if kind < _BROKEN:
        for _ in range(chooser.choice((1, 1, 1, 1, 2, 2, 3, 4))):
            data = chooser.choice(_MUTATIONS)(data, seeds, chooser)[:_MOST]
        return data
    data = chooser.choice((structure.restyle, structure.restyle, structure.invent, structure.touch))(
        data, seeds, chooser
    )
    if chooser.random() < _TOUCHED:
        data = structure.touch(data, seeds, chooser)
    return data[:_MOST]


def _bytes(data: bytes, _: Sequence[bytes], chooser: random.Random) -> bytes:
    """Exchange, add or drop single bytes."""
    changed = bytearray(data)
    for _ in range(chooser.choice((1, 1, 2, 4))):
        at = chooser.randint(0, len(changed))
        changed[at : at + chooser.randint(0, 1)] = bytes([chooser.randint(0, 255)]) if chooser.random() < 0.7 else b""
    return bytes(changed)


def _token(data: bytes, _: Sequence[bytes], chooser: random.Random) -> bytes:
    """Put a token between two others, or in the place of one."""
    parts = _PARTS.findall(data)
    at = chooser.randint(0, len(parts))
    parts[at : at + chooser.randint(0, 1)] = [chooser.choice(TOKENS)]
    return b"".join(parts)


def _swap(data: bytes, _: Sequence[bytes], chooser: random.Random) -> bytes:
    """Drop, repeat or exchange tokens."""
    parts = _PARTS.findall(data)
    if not parts:
        return data
    one, other = chooser.randrange(len(parts)), chooser.randrange(len(parts))
    kind = chooser.randint(0, 2)
    if kind == 0:
        del parts[one : one + chooser.choice((1, 1, 2, 5))]
    elif kind == 1:
        parts[one:one] = parts[other : other + chooser.choice((1, 3, 8))]
    else:
        parts[one], parts[other] = parts[other], parts[one]
    return b"".join(parts)


def _lines(data: bytes, seeds: Sequence[bytes], chooser: random.Random) -> bytes:
    """Move, repeat, indent lines, or take some of another document."""
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    at, length = chooser.randrange(len(lines)), chooser.choice((1, 1, 2, 4))
    kind = chooser.randint(0, 4)
    chosen = lines[at : at + length]
    if kind == 0:
        del lines[at : at + length]
    elif kind == 1:
        to = chooser.randint(0, len(lines))
        lines[to:to] = chosen
    elif kind == 2:
        lead = chooser.choice((b" ", b"  ", b"    ", b"\t", b"- "))
        lines[at : at + length] = [lead + line for line in chosen]
    elif kind == 3:
        lines[at : at + length] = [line[chooser.choice((1, 2)) :] if line[:1] == b" " else line for line in chosen]
    else:
        others = chooser.choice(seeds).splitlines(keepends=True) if seeds else []
        start = chooser.randint(0, len(others))
        indent = b" " * chooser.choice((0, 0, 2, 4))
        lines[at:at] = [indent + line for line in others[start : start + length]]
    return b"".join(lines)


def _endings(data: bytes, _: Sequence[bytes], chooser: random.Random) -> bytes:
    """Exchange line endings, or the byte order mark."""
    kind = chooser.randint(0, 4)
    if kind == 0:
        return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if kind == 1:
        return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r")
    if kind == 2:
        return data.rstrip(b"\r\n")
    if kind == 3:
        return b"\xef\xbb\xbf" + data
    return data + chooser.choice((b"\n", b"...\n", b"---\n", b"# end", b" "))


def _splice(data: bytes, seeds: Sequence[bytes], chooser: random.Random) -> bytes:
    """Join the head of one document and the tail of another."""
    other = chooser.choice(seeds) if seeds else data
    return data[: chooser.randint(0, len(data))] + other[chooser.randint(0, len(other)) :]


_MUTATIONS = (_bytes, _token, _token, _swap, _swap, _lines, _lines, _endings, _splice)
