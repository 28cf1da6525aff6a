"""Comments in JSON, as editors' settings have them: no YAML, though YAML reads some of them as keys and values."""

from __future__ import annotations

import re

_OPENS = re.compile(r"\ufeff?[ \t\r\n]*(?:[{\[]|//|/\*)")
# Strings, and YAML's comments, are stepped over: what stands in them is theirs. So are addresses that no quotes
# enclose: a comment follows a blank, a comma, a bracket or a string. A string without an end reaches to that of
# the text: to look for the end again from each quote within it would take the square of its length.
_PIECE = re.compile(
    r"\"[^\"\\]*(?:\\.[^\"\\]*)*\"?|'[^']*'?|(?<!\S)#[^\r\n]*|(?<![^\s,{}\[\]\"])(?P<comment>//|/\*)", re.DOTALL
)


def first(text: str) -> int | None:
    """Return the 1-based line of the first ``//`` or ``/*`` of a text that starts as JSON; none where there is none.

    ``// "image": "web:1",`` on a line of its own is an entry to YAML, whose key starts with two slashes. What is
    taken out by a comment must never be edited, nor its neighbours by rules that its author does not follow.
    """
    if _OPENS.match(text) is None or ("//" not in text and "/*" not in text):
        return None
    for piece in _PIECE.finditer(text):
        if piece["comment"] is not None:
            return text.count("\n", 0, piece.start()) + 1
    return None
