"""Makes hostile text harmless: what registries, manifests and file names say is shown, never obeyed."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def line(text: str) -> str:
    """Return ``text`` on one line without anything that a terminal would act on."""
    if text.isprintable():  # none of the characters below is
        return text
    return _CONTROL.sub(lambda match: match.group().encode("unicode_escape", "backslashreplace").decode(), text)


def code(text: str) -> str:
    """Return ``text`` as a Markdown code span that also fits into a table cell.

    Foreign text stands in code spans alone: there, forges look neither for HTML nor for links, mentions of
    people or numbers of issues, which a backslash does not keep them from everywhere.
    """
    # A table is cut at every pipe before anything else is read; parsers differ on how many backslashes save one.
    shown = line(text).replace("|", "\\x7c")
    if not shown.strip():
        return "(empty)"
    fence = "`" * (max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    # One blank on both sides belongs to the fence (CommonMark, § Code spans).
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
