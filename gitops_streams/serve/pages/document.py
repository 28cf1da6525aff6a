"""One page of the service: head, style, script, and the policy under which a browser shows it.

The Content-Security-Policy allows our style sheet and our script by their hashes, requests and forms to this very
origin, and nothing else: should foreign text ever become an element, it could neither run nor fetch. Source: W3C
CSP3, § Hash sources.
"""

from __future__ import annotations

import base64
import hashlib

from gitops_streams.render.html_style import STYLE
from gitops_streams.render.html_text import EMPTY, Html, element, escaped, together
from gitops_streams.serve.pages.script import SCRIPT
from gitops_streams.serve.pages.style import OWN_STYLE

_STYLE = STYLE + OWN_STYLE
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' "
    "rx='4' fill='%233446c9'/%3E%3Cpath d='M3 6h10M3 10h6' stroke='white' stroke-width='2' stroke-linecap='round'/%3E"
    "%3C/svg%3E"
)


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src {_hash(_STYLE)}",
        f"script-src {_hash(SCRIPT)}",
        "connect-src 'self'",
        "img-src data:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""The header ``Content-Security-Policy`` of every answer of ours."""


def void(name: str, **attributes: str | None) -> Html:
    """Write an element that has no end tag, such as ``input``."""
    return Html(element(name, **attributes).removesuffix(f"</{name}>"))


def document(title: str, *body: Html, script: bool = False) -> str:
    """Write a page.

    Args:
        title: what it is called in a browser, text of ours or foreign.
        body: what stands in it.
        script: whether it filters and updates itself.
    """
    head = element(
        "head",
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        Html('<meta name="robots" content="noindex">'),
        Html(f'<link rel="icon" href="{_ICON}">'),
        element("title", escaped(f"{title} · gitops-streams")),
        element("style", Html(_STYLE)),
    )
    end = element("script", Html(SCRIPT)) if script else EMPTY
    whole = element("html", head, Html("\n"), element("body", together(body), end), lang="en")
    return f"<!DOCTYPE html>\n{whole}\n"


def refreshing() -> tuple[Html, Html]:
    """Return what the script shows: whether the page updates itself, and that the service cannot be reached."""
    return (
        element(
            "p",
            element("label", void("input", type="checkbox", checked=""), escaped("Update every 30 seconds")),
            class_="lead",
            id="updating",
            hidden="",
        ),
        element(
            "p",
            escaped("The service cannot be reached. This is what it said last."),
            class_="notice bad",
            id="offline",
            role="alert",
            hidden="",
        ),
    )
