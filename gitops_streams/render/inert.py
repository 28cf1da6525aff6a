"""Makes hostile text harmless: what registries, manifests and file names say is shown, never obeyed."""

from __future__ import annotations

import re
import unicodedata

_ACTED_ON = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories: controls, invisible formatting (direction, width, tags), lone surrogates, separators of lines."""
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that count as letters or symbols and show nothing."""
_RUNS = re.compile("`+")
_ELLIPSIS = "…"
_COMPOSED = 4
"""At most so many characters become one by composition (Unicode Standard Annex 15, § Maximum expansion of NFC)."""
_WEB = re.compile(r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?(?:[/?#].*)?", re.DOTALL)
_URL_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#@!$&'+,;=%")


def line(text: str) -> str:
    """Return ``text`` on one line without anything that a terminal would act on or that nobody would see.

    Such characters are shown as escapes: what was hidden is to be noticed.
    """
    # Neither has any of the categories; none of the characters that show nothing is ASCII.
    if text.isprintable() and (text.isascii() or _UNSEEN.isdisjoint(text)):
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in _UNSEEN or unicodedata.category(character) in _ACTED_ON:
        return character.encode("unicode_escape", "backslashreplace").decode()
    return character


def cut(text: str, most: int) -> str:
    """Return ``text`` in at most ``most`` characters; an ellipsis says that there was more."""
    return text if len(text) <= most else text[: most - 1].rstrip() + _ELLIPSIS


def shown(text: str, most: int | None = None) -> str:
    """Return ``text`` as ``line`` does, in Unicode's composed form (NFC).

    Args:
        text: what is shown.
        most: the longest in characters; what is longer is cut, and is not even looked at behind that.
    """
    if most is None:
        return line(unicodedata.normalize("NFC", text))
    head = text[: _COMPOSED * most]
    written = line(unicodedata.normalize("NFC", head))
    return cut(written, most) if len(head) == len(text) else cut(f"{written[: most - 1]}{_ELLIPSIS}", most)


def code(text: str, most: int | None = None) -> str:
    """Return ``text`` as a Markdown code span that also fits into a table cell.

    Foreign text stands in code spans alone: there, forges look neither for HTML nor for links, mentions of
    people or numbers of issues, which a backslash does not keep them from everywhere.

    Args:
        text: what is shown.
        most: the longest in characters; what is longer is cut.
    """
    # A table is cut at every pipe before anything else is read; parsers differ on how many backslashes save one.
    span = shown(text.replace("|", "\\x7c"), most)
    if not span.strip():
        return "(empty)"
    fence = "`" * (max(map(len, _RUNS.findall(span)), default=0) + 1)
    # One blank on both sides belongs to the fence (CommonMark, § Code spans).
    pad = " " if span[0] in "` " or span[-1] in "` " else ""
    return f"{fence}{pad}{span}{pad}{fence}"


def web_address(text: str) -> str | None:
    """Return an address that can stand in a link of Markdown or HTML; ``None`` where it is none of the web's.

    What has a meaning in either is percent-encoded; ``&`` stays and has to be escaped by whoever writes it.
    """
    if not _WEB.fullmatch(text):
        return None
    return "".join(
        character
        if character in _URL_SAFE
        else "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
        for character in text
    )
