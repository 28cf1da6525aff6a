"""Where each character of a scalar's value stands in the text that spells it: block, folded and quoted scalars.

The decoding is done here a second time, following YAML 1.1 as libyaml reads it, only to learn the places. What it
makes of the text must be the value that the parser reported; otherwise there is no map, and nothing is edited.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from gitops_streams.yamledit.nodes import NotEditable, Scalar, Span, opening

_EOL = re.compile(r"\r\n|\r|\n")
_HEADER = re.compile(r"[|>][0-9+\-]{0,2}[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n)")
# What libyaml (YAML 1.1) takes for the end of a line, and nobody else does.
_OLD_BREAKS = re.compile(r"[\x85\u2028\u2029]")
_SPACES = re.compile(r" *")
_BREAK = r"(?:\r\n|\r|\n)"
_FOLD = rf"(?P<fold>[ \t]*{_BREAK}(?:[ \t]*{_BREAK})*[ \t]*)"
_SINGLE = re.compile(rf"{_FOLD}|(?P<escape>'')|(?P<text>[^'\r\n \t]+|[ \t]+)")
_DOUBLE = re.compile(
    rf"(?P<joined>\\{_BREAK}(?:[ \t]*{_BREAK})*[ \t]*)|{_FOLD}"
    r"|(?P<escape>\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[^xuU\r\n]))|(?P<text>[^\"\\\r\n \t]+|[ \t]+)"
)
_ESCAPES = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "\t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    " ": " ",
    '"': '"',
    "/": "/",
    "\\": "\\",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}
_MAX_CODE_POINT = 0x10FFFF


@dataclass(slots=True)
class _Run:
    """Some characters of the value, and those that spell them."""

    inner: int
    """Where they start in the value."""
    length: int
    """How many they are in the value."""
    start: int
    end: int
    """Where they stand in the text."""
    verbatim: bool
    """Whether they stand there as they are; else all of them are spelt by all of those."""


@dataclass(slots=True)
class _Reading:
    """What was decoded so far."""

    first: int
    """Where the value's first character stands, or would stand."""
    runs: list[_Run] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    length: int = 0

    def verbatim(self, text: str, start: int, end: int) -> None:
        if start == end:
            return
        last = self.runs[-1] if self.runs else None
        if last is not None and last.verbatim and last.end == start:
            last.end, last.length = end, last.length + end - start
        else:
            self.runs.append(_Run(self.length, end - start, start, end, verbatim=True))
        self.pieces.append(text[start:end])
        self.length += end - start

    def spelt(self, value: str, start: int, end: int) -> None:
        if value:
            self.runs.append(_Run(self.length, len(value), start, end, verbatim=False))
            self.pieces.append(value)
            self.length += len(value)


@dataclass(frozen=True, slots=True)
class SourceMap:
    """The places of one scalar's characters."""

    style: str
    """The scalar's style: ``'`` ``"`` ``|`` ``>``."""
    indent: str
    """What each line of a block scalar starts with."""
    _first: int
    _runs: tuple[_Run, ...]
    _starts: tuple[int, ...]

    def span(self, inner: Span) -> Span | NotEditable:
        """Return the characters of the text that spell those of ``inner``, characters of the value.

        An empty span leads to the place right behind the character before it.
        """
        if inner.start == inner.end:
            position = self._behind(inner.start)
            return position if isinstance(position, NotEditable) else Span(position, position)
        start, end = self._at(inner.start), self._behind(inner.end)
        if isinstance(start, NotEditable):
            return start
        return end if isinstance(end, NotEditable) else Span(start, end)

    def start(self, inner: int) -> int:
        """Return about where a character of the value stands; for line numbers."""
        run = self._run(inner)
        if run is None:
            return self._runs[-1].end if self._runs and inner > 0 else self._first
        return run.start + (inner - run.inner if run.verbatim else 0)

    def _run(self, inner: int) -> _Run | None:
        index = bisect_right(self._starts, inner) - 1
        run = self._runs[index] if index >= 0 else None
        return run if run is not None and inner < run.inner + run.length else None

    def _at(self, inner: int) -> int | NotEditable:
        run = self._run(inner)
        if run is None or not (run.verbatim or inner == run.inner):
            return NotEditable("it starts within an escape of the string that it stands in")
        return run.start + (inner - run.inner)

    def _behind(self, inner: int) -> int | NotEditable:
        if inner == 0:
            return self._first
        run = self._run(inner - 1)
        if run is None or not (run.verbatim or inner == run.inner + run.length):
            return NotEditable("it ends within an escape of the string that it stands in")
        return run.start + (inner - run.inner) if run.verbatim else run.end


def source_map(scalar: Scalar, text: str) -> SourceMap | NotEditable:
    """Map the value of a scalar to the characters of ``text`` that spell it."""
    start = opening(scalar, text)
    if _OLD_BREAKS.search(text, start, scalar.end):
        return NotEditable("the string holds line ends that YAML 1.1 alone knows")
    indent = ""
    if scalar.is_block:
        block = _block(scalar, text, start)
        if block is None:
            return NotEditable("the lines of the block were not found where they should be")
        reading, indent = block
    elif scalar.style:
        reading = _quoted(scalar, text, start)
    else:
        return NotEditable("a plain scalar holds no document")
    if "".join(reading.pieces) != scalar.value:
        return NotEditable("the string is not written as its value says")
    return SourceMap(scalar.style, indent, reading.first, tuple(reading.runs), tuple(run.inner for run in reading.runs))


def verbatim(span: Span) -> SourceMap:
    """Map a value that stands in the text as it is."""
    run = _Run(0, span.end - span.start, span.start, span.end, verbatim=True)
    return SourceMap("", "", span.start, (run,), (0,))


def _quoted(scalar: Scalar, text: str, start: int) -> _Reading:
    """Read a quoted scalar as far as it can be read."""
    position, end = start + 1, scalar.end - 1
    reading = _Reading(position)
    pattern = _DOUBLE if scalar.style == '"' else _SINGLE
    while position < end:
        match = pattern.match(text, position, end)
        if match is None:
            break
        written = match.group()
        match match.lastgroup:
            case "text":
                reading.verbatim(text, position, match.end())
            case "escape":
                reading.spelt("'" if scalar.style == "'" else _escaped(written), position, match.end())
            case "joined":  # an escaped line end is none; empty lines after it are
                reading.spelt("\n" * (len(_EOL.findall(written)) - 1), position, match.end())
            case _:
                breaks = len(_EOL.findall(written))
                reading.spelt("\n" * (breaks - 1) if breaks > 1 else " ", position, match.end())
        position = match.end()
    return reading


def _escaped(written: str) -> str:
    if written[1] in "xuU":
        digits = written[2:]
        code = int(digits, 16)
        return chr(code) if code <= _MAX_CODE_POINT else ""
    return _ESCAPES.get(written[1], "")


def _block(scalar: Scalar, text: str, start: int) -> tuple[_Reading, str] | None:
    """Read a block scalar; ``None`` if it is not laid out as one.

    Source: libyaml's ``yaml_parser_scan_block_scalar``. Chomping is left to the value: it says how many line ends
    there are behind the last line.
    """
    header = _HEADER.match(text, start, scalar.end)
    if header is None:
        return None
    indent = _indent(scalar.value, text, header.end(), scalar.end)
    if indent is None:
        return None
    folded = scalar.style == ">"
    position, pending = _blank_lines(text, header.end(), scalar.end, indent)
    reading = _Reading(position)
    broken: Span | None = None
    leading_blank = False
    while position < scalar.end:
        blank = text[position] in " \t"
        if broken is not None and folded and not leading_blank and not blank:
            if not pending:
                reading.spelt(" ", broken.start, position)
        elif broken is not None:
            reading.spelt("\n", broken.start, broken.end)
        for line in pending:
            reading.spelt("\n", line.start, line.end)
        leading_blank = blank
        eol = _EOL.search(text, position, scalar.end)
        line_end = scalar.end if eol is None else eol.start()
        reading.verbatim(text, position, line_end)
        broken = None if eol is None else Span(eol.start(), eol.end())
        position, pending = _blank_lines(text, scalar.end if eol is None else eol.end(), scalar.end, indent)
    ends = ([] if broken is None else [broken]) + pending
    for line in ends[: max(len(scalar.value) - reading.length, 0)]:
        reading.spelt("\n", line.start, line.end)
    return reading, " " * indent


def _indent(value: str, text: str, start: int, end: int) -> int | None:
    """Return how far a block is indented: by what its first line with text has more than the value's."""
    for written in _EOL.split(text[start:end]):
        if written.strip(" "):
            for line in value.split("\n"):
                if line.strip(" "):
                    indent = _spaces(written) - _spaces(line)
                    return indent if indent >= 0 else None
            return None
    return None


def _spaces(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _blank_lines(text: str, position: int, end: int, indent: int) -> tuple[int, list[Span]]:
    """Go to the next line that holds something; its indentation is passed over, and so are the empty lines before."""
    passed: list[Span] = []
    while position < end:
        spaces = _SPACES.match(text, position, min(end, position + indent))
        column = 0 if spaces is None else spaces.end() - position
        eol = _EOL.match(text, position + column, end)
        if eol is None:
            return (position + column if column == indent else end), passed
        passed.append(Span(position, eol.end()))
        position = eol.end()
    return end, passed
