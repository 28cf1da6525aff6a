"""Speaks to GitHub's runner: outputs, annotations, masks and the step's summary.

The runner takes commands from what a step prints and from files that it names. Both are text, and
most of what we say comes from registries and manifests: everything is escaped or fenced by a word
that nobody can guess. Source: docs.github.com, "Workflow commands for GitHub Actions"; for what it
leaves open, actions/runner (``ActionCommand.cs``, ``FileCommandManager.cs``) and actions/toolkit.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TextIO
from uuid import uuid4

from gitops_streams.errors import InternalError
from gitops_streams.render.inert import line

SUMMARY_LIMIT = 1024 * 1024
"""Bytes; the runner drops a longer summary as a whole."""
ANNOTATION_LIMIT = 10
"""The runner keeps so many of each level for one step."""
_MESSAGE_LIMIT = 4_000
"""Characters of one annotation's message. GitHub cuts longer ones at 64 KiB; nobody reads as much."""
_NAME = re.compile(r"[a-z][a-z0-9-]*")


class Level(StrEnum):
    """How an annotation is shown."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Annotation:
    """A message that GitHub shows at a place of the code, or with the run."""

    level: Level
    title: str
    message: str
    """May be foreign text; lines are kept apart."""
    file: str | None = None
    """Relative to the workspace."""
    line: int | None = None
    """1-based."""


def escape_data(text: str) -> str:
    """Escape the message of a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """Escape the value of a command's property."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def annotation(wanted: Annotation) -> str:
    """Write one annotation as a command, without a final newline."""
    properties = {
        "file": wanted.file,
        "line": None if wanted.line is None else str(wanted.line),
        "title": line(wanted.title),
    }
    written = ",".join(f"{name}={escape_property(value)}" for name, value in properties.items() if value)
    message = "\n".join(map(line, wanted.message.split("\n")))
    if len(message) > _MESSAGE_LIMIT:
        message = message[:_MESSAGE_LIMIT] + " …"
    return f"::{wanted.level} {written}::{escape_data(message)}"


def limited(wanted: Iterable[Annotation]) -> Iterator[Annotation]:
    """Keep as many of each level as the runner shows; the last one says how many there are besides."""
    by_level: dict[Level, list[Annotation]] = {}
    for item in wanted:
        by_level.setdefault(item.level, []).append(item)
    for level, items in by_level.items():
        if len(items) <= ANNOTATION_LIMIT:
            yield from items
        else:
            yield from items[: ANNOTATION_LIMIT - 1]
            more = len(items) - ANNOTATION_LIMIT + 1
            yield Annotation(level, "gitops-streams", f"… and {more} more; the step's summary has them")


def output(name: str, value: str, delimiter: str) -> str:
    """Write one output as the file ``GITHUB_OUTPUT`` takes it.

    Args:
        name: the output's name.
        value: any text, of several lines too.
        delimiter: the word that ends the value; nobody must be able to guess it.

    Raises:
        InternalError: the value holds the delimiter, or the name is none.
    """
    if not _NAME.fullmatch(name):
        raise InternalError(f"{name!r} is no name of an output")
    if delimiter in value or delimiter in name:
        raise InternalError("an output holds the word that would end it")
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def cut(markdown: str, limit: int = SUMMARY_LIMIT) -> str:
    """Shorten Markdown to a number of UTF-8 bytes; it ends between two blocks then, and says so."""
    content = _encode(markdown)
    if len(content) <= limit:
        return content.decode()
    note = b"\n\n*Cut here: the rest is in the report.*\n"
    kept, blank, _ = content[: limit - len(note)].rpartition(b"\n\n")
    return ((kept if blank else b"") + note).decode()


class Runner:
    """The runner of this step."""

    def __init__(
        self,
        environment: Mapping[str, str],
        stream: TextIO | None = None,
        secret_word: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        """Find the runner's files.

        Args:
            environment: the step's variables.
            stream: what the runner reads; ``None``: standard output.
            secret_word: makes a word that nobody can guess, another one each time.
        """
        self._output_file = _file(environment, "GITHUB_OUTPUT")
        self._summary_file = _file(environment, "GITHUB_STEP_SUMMARY")
        self._stream = stream
        self._secret_word = secret_word

    @contextmanager
    def commands_stopped(self) -> Iterator[None]:
        """Have the runner take nothing for a command: what is printed meanwhile may be anybody's text."""
        word = self._secret_word()
        self._say(f"::stop-commands::{word}")
        try:
            yield
        finally:
            sys.stderr.flush()
            self._say(f"::{word}::")

    def mask(self, *secrets: str) -> None:
        """Have the runner hide secrets in everything that is printed, line by line."""
        for secret in secrets:
            for part in secret.splitlines():
                if part.strip():
                    self._say(f"::add-mask::{escape_data(part)}")

    def annotate(self, wanted: Iterable[Annotation]) -> None:
        """Show annotations, as many as the runner keeps."""
        for item in limited(wanted):
            self._say(annotation(item))

    def set_outputs(self, outputs: Mapping[str, str]) -> None:
        """Set the step's outputs."""
        if self._output_file is not None:
            word = f"ghadelimiter_{self._secret_word()}"
            text = "".join(output(name, value, word) for name, value in outputs.items())
            with self._output_file.open("ab") as file:
                file.write(_encode(text))

    def add_summary(self, markdown: str) -> None:
        """Add to the step's summary, as far as there is room for it."""
        if self._summary_file is None:
            return
        with self._summary_file.open("ab") as file:
            room = SUMMARY_LIMIT - file.tell()
            text = markdown if markdown.endswith("\n") else f"{markdown}\n"
            if room > len("\n\n*Cut here: the rest is in the report.*\n"):
                file.write(cut(text, room).encode())

    def _say(self, command: str) -> None:
        stream = self._stream or sys.stdout
        stream.write(f"{command}\n")
        stream.flush()


def _file(environment: Mapping[str, str], name: str) -> Path | None:
    return Path(environment[name]) if environment.get(name) else None


def _encode(text: str) -> bytes:
    """Encode text; names of files that are no UTF-8 become escapes."""
    return text.encode("utf-8", "backslashreplace")
