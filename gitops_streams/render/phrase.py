"""Text in parts, each known to be ours or foreign: said once, and written safely as Markdown, HTML or plain text.

A part that is a plain string is ours: it holds nothing that a forge or a browser would act upon. Everything
that comes from a registry, a manifest, a file name or a person is a ``Code``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gitops_streams.render.inert import shown

NOTHING = "—"
"""What a cell says where there is nothing to say."""
MOST = 160
"""The longest foreign text in characters, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Code:
    """Foreign text."""

    text: str
    most: int | None = MOST
    """It is cut to so many characters; ``None`` shows all of it."""


@dataclass(frozen=True, slots=True)
class Strong:
    """Text of ours that stands out."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """Text that leads somewhere."""

    label: str | Code
    url: str
    """Where to; a label without a link is shown where this is no address of the web."""


Part = str | Code | Strong | Link
Phrase = tuple[Part, ...]

_WORD = re.compile(r"(\(?)(.*?)([,.;:)]*)", re.DOTALL)
_OURS = re.compile(r"[A-Za-z]+(?:['-][A-Za-z]+)*|[0-9]{1,9}|[→—…-]?")
_KIND = re.compile(r"[A-Z][A-Za-z]{0,62}")


def prose(sentence: str) -> Phrase:
    """Split a sentence of ours that may quote something foreign: every word but plain ones becomes a ``Code``."""
    parts: list[Part] = []
    for number, word in enumerate(sentence.split()):
        if number:
            parts.append(" ")
        match = _WORD.fullmatch(word)
        opening, core, closing = match.groups() if match else ("", word, "")
        parts += (word,) if _OURS.fullmatch(core) else (opening, Code(core), closing)
    return merged(parts)


def kind(name: str) -> Part:
    """Return the kind of a Kubernetes object; one that is no plain word is foreign text."""
    return name if _KIND.fullmatch(name) else Code(name, 64)


def joined(phrases: Iterable[Sequence[Part]], separator: str = ", ") -> Phrase:
    """Join phrases."""
    parts: list[Part] = []
    for phrase in phrases:
        if parts:
            parts.append(separator)
        parts += phrase
    return merged(parts)


def merged(parts: Iterable[Part]) -> Phrase:
    """Return parts with neighbouring strings made one and empty ones left out."""
    found: list[Part] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        elif part != "":
            found.append(part)
    return tuple(found)


def plain(phrase: Phrase) -> str:
    """Write a phrase for a terminal, on one line."""
    return "".join(_plain(part) for part in phrase)


def _plain(part: Part) -> str:
    match part:
        case str():
            return part
        case Code(text=text, most=most):
            return shown(text, most)
        case Strong(text=text):
            return text
        case Link(label=label):
            return _plain(label)
