"""Which tags a pattern lets through, and what of each is compared.

Patterns are RE2's, whose matching takes time linear in the tag, whatever the pattern: one from anybody's
declaration cannot hang a run. Templates are Go's ``Regexp.Expand``, as Flux writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gitops_streams.streams.tag_policy import Filter

MAX_PATTERN = 512
"""Characters of the longest pattern or template that is read."""

_MEMORY = 1 << 20
"""Bytes that RE2 may use for one pattern; a pattern that needs more (``.{1000}``) is refused."""
_PIECE = re.compile(r"\$(?:(?P<name>[A-Za-z0-9_]+)|\{(?P<braced>[A-Za-z0-9_]+)\}|(?P<dollar>\$)|(?P<wrong>))|[^$]+")
_ARTIFACT = re.compile(r"sha(?:256-[0-9a-f]{64}|512-[0-9a-f]{64,128})(?:[._-][A-Za-z0-9._-]*)?")


@dataclass(frozen=True, slots=True)
class InvalidFilter:
    """A pattern or a template cannot be used."""

    annotation: str
    """``pattern`` or ``extract``."""
    reason: str


@dataclass(frozen=True, slots=True)
class TagFilter:
    """A filter that is ready for use."""

    _pattern: Any
    _template: tuple[str | int, ...] | None
    """Text, and numbers of groups; ``None`` compares the whole tag."""

    def pairs(self, tags: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield what is compared with its tag, for each tag that passes; nothing extracted is not comparable."""
        for tag in tags:
            match = self._pattern.search(tag)
            if match is None:
                continue
            text = tag if self._template is None else "".join(_expand(self._template, match))
            if text:
                yield text, tag


def compile_filter(wanted: Filter) -> TagFilter | InvalidFilter:
    """Make a filter ready for use."""
    for annotation, text in (("pattern", wanted.pattern), ("extract", wanted.extract or "")):
        if len(text) > MAX_PATTERN:
            return InvalidFilter(annotation, f"it is longer than {MAX_PATTERN} characters")
    try:
        import re2  # noqa: PLC0415  only a repository with a pattern needs it
    except ImportError:
        return InvalidFilter("pattern", "patterns need an extra: pip install 'gitops-streams[patterns]'")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        pattern = re2.compile(wanted.pattern, options)
    except re2.error as error:
        detail = error.args[0] if error.args else ""
        shown = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
        return InvalidFilter("pattern", f"RE2 does not accept it: {shown[:100]}")
    if wanted.extract is None:
        return TagFilter(pattern, None)
    template = _read_template(wanted.extract, pattern.groups, dict(pattern.groupindex))
    return template if isinstance(template, InvalidFilter) else TagFilter(pattern, template)


def is_artifact(tag: str) -> bool:
    """Whether a tag is named after a digest: a signature, an attestation, an SBOM, a list of referrers; no image.

    Sources: cosign's tag scheme (``sha256-<hex>.sig``); OCI distribution-spec § Referrers Tag Schema.
    """
    return tag.startswith("sha") and _ARTIFACT.fullmatch(tag) is not None


def _read_template(text: str, groups: int, names: dict[str, int]) -> tuple[str | int, ...] | InvalidFilter:
    pieces: list[str | int] = []
    for piece in _PIECE.finditer(text):
        if piece["wrong"] is not None:
            return InvalidFilter("extract", "a $ stands before no group; write $1, ${name} or $$")
        name = piece["name"] or piece["braced"]
        if name is None:
            pieces.append("$" if piece["dollar"] else piece[0])
            continue
        # A number of thousands of digits is none of a group.
        number = names.get(name) if not name.isdigit() else int(name) if len(name) < 4 else groups + 1  # noqa: PLR2004
        if number is None or number > groups:
            return InvalidFilter("extract", f"the pattern has no group {name[:40]!r}")
        pieces.append(number)
    return tuple(pieces)


def _expand(template: tuple[str | int, ...], match: Any) -> Iterator[str]:  # noqa: ANN401  re2 has no types
    for piece in template:
        yield piece if isinstance(piece, str) else match.group(piece) or ""
