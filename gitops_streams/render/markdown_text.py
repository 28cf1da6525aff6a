"""Phrases, tables, folds and alerts as GitHub Flavored Markdown, or as the plainer kind that some forges have.

Everything foreign becomes a code span, also in a ``<summary>``, where it is escaped as HTML instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import assert_never

from gitops_streams.render import html_text
from gitops_streams.render.inert import code, web_address
from gitops_streams.render.phrase import Code, Link, Part, Phrase, Strong

_ALERTS = {"WARNING": "⚠️ Warning", "CAUTION": "🛑 Caution", "NOTE": "Note"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a forge's Markdown can do."""

    details: bool = True
    """Whether ``<details>`` folds; else headings are used."""
    alerts: bool = True
    """Whether ``> [!WARNING]`` is an alert; else a plain quote is used."""


def inline(phrase: Phrase) -> str:
    """Write a phrase within a line."""
    return "".join(_inline(part) for part in phrase)


def _inline(part: Part) -> str:
    match part:
        case str():
            return part
        case Code(text=text, most=most):
            return code(text, most)
        case Strong(text=text):
            return f"**{text}**"
        case Link(label=label, url=url):
            return link(label, url)
        case _:
            assert_never(part)


def link(label: str | Code, url: str) -> str:
    """Write a link; only its label where the address is none of the web's."""
    shown = _inline(label)
    address = web_address(url)
    if address is None:
        return shown
    # What ends a destination, or is cut off by a table or read as an entity.
    for sign, escape in (("&", "&amp;"), ("(", "%28"), (")", "%29")):
        address = address.replace(sign, escape)
    return f"[{shown}]({address})"


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table of cells that are Markdown already."""
    lines = [f"| {' | '.join(headers)} |", f"|{' --- |' * len(headers)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def fold(dialect: Dialect, summary: Phrase, content: str, *, opened: bool = False) -> str:
    """Write a block that folds under its summary; under a heading where nothing folds.

    Args:
        dialect: what the forge can do.
        summary: one line.
        content: Markdown, made of whole blocks.
        opened: whether it is unfolded at first.
    """
    if not dialect.details:
        return f"### {inline(summary)}\n\n{content}"
    head = html_text.inline(summary, links=False)
    return f"<details{' open' if opened else ''}><summary>{head}</summary>\n\n{content}\n\n</details>"


def alert(dialect: Dialect, level: str, content: str) -> str:
    """Write an alert.

    Args:
        dialect: what the forge can do.
        level: ``WARNING``, ``CAUTION`` or ``NOTE``.
        content: Markdown.
    """
    quoted = "\n".join(f"> {text}".rstrip() for text in content.split("\n"))
    head = f"> [!{level}]\n" if dialect.alerts else f"> **{_ALERTS[level]}**\n>\n"
    return head + quoted


def bullets(items: Iterable[str]) -> str:
    """Write a list."""
    return "\n".join(f"- {item}" for item in items)
