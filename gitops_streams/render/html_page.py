"""One page of HTML that needs nothing else: no script, no other resource, any width, any theme.

Its Content-Security-Policy allows the one style sheet by its hash, and nothing besides: should foreign text ever
become an element, it could neither run nor fetch. Source: W3C CSP3, § Hash sources.
"""

from __future__ import annotations

import base64
import hashlib

from gitops_streams.render.html_style import STYLE
from gitops_streams.render.html_text import Html, element, escaped

_POLICY = "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'"


def page(title: str, *body: Html) -> str:
    """Write a page.

    Args:
        title: what it is called in a browser, text of ours or foreign.
        body: what stands in it.
    """
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    head = element(
        "head",
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{escaped(_POLICY.format(digest))}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        Html('<meta name="referrer" content="no-referrer">'),
        element("title", escaped(f"{title} · gitops-streams")),
        element("style", Html(STYLE)),
    )
    whole = element("html", head, Html("\n"), element("body", *body), lang="en")
    return f"<!DOCTYPE html>\n{whole}\n"
