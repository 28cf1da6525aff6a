"""Makes foreign text and URLs fit to print: no control characters, no secrets, bounded length."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlsplit

_PUBLIC_PARAMETERS = frozenset({"scope", "service", "n", "last", "digest", "artifactType"})
_LIMIT = 200


def one_line(text: str, limit: int = _LIMIT) -> str:
    """Return hostile text as one printable line of at most ``limit`` characters."""
    # Four times the limit is plenty to find that many printable characters in, and bounds the work.
    printable = "".join(char if char.isprintable() else " " for char in text[: 4 * limit])
    line = " ".join(printable.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def redacted_url(url: str) -> str:
    """Return a URL without user information and fragment, with the values of all but known parameters hidden."""
    try:
        parts = urlsplit(url)
        netloc = parts.netloc.rpartition("@")[2]
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return "(a URL that cannot be read)"
    query = "&".join(
        f"{quote(name)}={quote(value, safe=':/,') if name in _PUBLIC_PARAMETERS else 'REDACTED'}"
        for name, value in pairs
    )
    return one_line(f"{parts.scheme}://{netloc}{parts.path}" + (f"?{query}" if query else ""))
