"""Makes hostile text harmless: what registries, manifests and file names say is shown, never obeyed."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~@&])")


def line(text: str) -> str:
    """Return ``text`` on one line without anything that a terminal would act on."""
    return _CONTROL.sub(lambda match: match.group().encode("unicode_escape", "backslashreplace").decode(), text)


def markdown(text: str) -> str:
    """Return ``text`` so that Markdown shows it and nothing else: no link, mention, image or HTML."""
    return _MARKDOWN.sub(r"\\\1", line(text))


def code(text: str) -> str:
    """Return ``text`` as a Markdown code span that also fits into a table cell."""
    shown = line(text).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
