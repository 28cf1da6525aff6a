"""Answers with the headers that keep a browser from doing what it should not, and that save sending them twice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from gitops_streams.serve.pages.document import POLICY

SECURITY: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: with that, browsers hide the origin of our own forms from us.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""Headers of every answer; the application may give them to its own as well."""


def answer(
    content: str | bytes,
    content_type: str = "text/html; charset=utf-8",
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an answer that nobody keeps."""
    body = content.encode() if isinstance(content, str) else content
    return Response(
        body, status, {"Content-Type": content_type, "Cache-Control": "no-store", **SECURITY, **(headers or {})}
    )


def fresh(request: Request, content: str, content_type: str = "text/html; charset=utf-8") -> Response:
    """Return an answer that a browser keeps and asks about each time: 304 where nothing has changed.

    Source: RFC 9110, § 13.1.2 (If-None-Match, compared weakly).
    """
    body = content.encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Cookie"}
    asked = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if tag in asked or asked == ["*"]:
        return Response(status_code=304, headers={**SECURITY, **headers})
    return answer(body, content_type, headers=headers)


def see(location: str, headers: Mapping[str, str] | None = None) -> Response:
    """Send a browser on after a form; the location is relative, so that a prefix of a proxy stays."""
    return answer(b"", "text/plain", status=303, headers={"Location": location, **(headers or {})})
