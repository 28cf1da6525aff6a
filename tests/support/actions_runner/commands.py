"""What the runner makes of a step's log (``ActionCommand.cs``, ``ActionCommandManager.cs``)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

REGISTERED = {
    "add-mask",
    "add-matcher",
    "add-path",
    "debug",
    "echo",
    "endgroup",
    "error",
    "group",
    "notice",
    "remove-matcher",
    "save-state",
    "set-env",
    "set-output",
    "stop-commands",
    "warning",
}
# What StreamReader.ReadLine ends a line at.
_LINES = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Command:
    """One command that the runner would carry out."""

    name: str
    properties: dict[str, str]
    data: str


@dataclass
class Log:
    """A step's log, read as the runner reads it."""

    commands: list[Command] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    """Lines that are no commands."""
    stopped: bool = False
    """Whether commands are still stopped at the end."""

    def of(self, name: str) -> list[Command]:
        """Return the commands of one name."""
        return [command for command in self.commands if command.name == name]


def read_log(text: str) -> Log:
    """Read a log, with ``stop-commands`` in force."""
    log, token = Log(), None
    for line in _LINES.split(text):
        command = parse(line, REGISTERED if token is None else {token})
        if command is None:
            log.shown.append(line)
        elif token is not None:
            token = None
        elif command.name == "stop-commands":
            token = command.data
        else:
            log.commands.append(command)
    log.stopped = token is not None
    return log


def parse(line: str, registered: set[str]) -> Command | None:
    """Parse a line: the form ``::name key=value::data``, then the old ``##[name key=value;]data`` anywhere in it."""
    return _parse_v2(line.lstrip(), registered) or _parse_v1(line, registered)


def _parse_v2(line: str, registered: set[str]) -> Command | None:
    if not line.startswith("::"):
        return None
    end = line.find("::", 2)
    if end < 0:
        return None
    name, _, written = line[2:end].partition(" ")
    if name not in registered:
        return None
    pairs = [pair.split("=", 1) for pair in written.strip().split(",") if "=" in pair]
    return Command(name, {key: _property(value) for key, value in pairs}, _data(line[end + 2 :]))


def _parse_v1(line: str, registered: set[str]) -> Command | None:
    match = re.search(r"##\[([^\] ]*)(?: ([^\]]*))?\](.*)", line, re.DOTALL)
    if match is None or match[1] not in registered:
        return None
    pairs = [pair.split("=", 1) for pair in (match[2] or "").split(";") if "=" in pair]
    return Command(match[1], dict(pairs), match[3])


def _data(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def _property(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
