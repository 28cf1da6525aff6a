"""Elements of HTML. All text and every attribute goes through ``escaped``: nothing else makes ``Html`` of a string."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import NewType, assert_never

from gitops_streams.render.inert import line, shown, web_address
from gitops_streams.render.phrase import Code, Link, Part, Phrase, Strong

Html = NewType("Html", str)
"""Text that is HTML: a type checker refuses a plain string in its place."""
EMPTY = Html("")


def escaped(text: str) -> Html:
    """Return ``text`` as HTML that shows it, in an element or in an attribute, whoever wrote it."""
    return Html(html.escape(line(text), quote=True))


def together(parts: Iterable[Html]) -> Html:
    """Put pieces of HTML one behind the other."""
    return Html("".join(parts))


def element(name: str, *children: Html, **attributes: str | None) -> Html:
    """Write an element.

    Args:
        name: of ours.
        children: what is in it.
        attributes: their names are ours, an underscore stands for ``-`` and one at the end is dropped; one that is
            ``None`` is left out, an empty one has no value.
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + (f'="{escaped(value)}"' if value else "")
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{written}>{''.join(children)}</{name}>")


def inline(phrase: Phrase, *, links: bool = True) -> Html:
    """Write a phrase.

    Args:
        phrase: the phrase.
        links: whether they lead somewhere; else their labels alone are shown.
    """
    return together(_inline(part, links=links) for part in phrase)


def _inline(part: Part, *, links: bool) -> Html:
    match part:
        case str():
            return escaped(part)
        case Code(text=text, most=most):
            return element("code", escaped(shown(text, most)))
        case Strong(text=text):
            return element("strong", escaped(text))
        case Link(label=label, url=url):
            address = web_address(url) if links else None
            shown_label = _inline(label, links=False)
            return shown_label if address is None else element("a", shown_label, href=address, rel="noreferrer")
        case _:
            assert_never(part)


def code(text: str, most: int | None = None) -> Html:
    """Write foreign text."""
    return _inline(Code(text, most), links=False)
