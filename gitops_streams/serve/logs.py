"""What the service logs: one line for each thing that happened, for people or as JSON, never with a credential.

Whoever logs says an event and its fields, with ``say``; records of libraries become the event ``log``. Whatever comes
from others cannot start a line of its own, act on a terminal, or bring a password in a URL, a path of a webhook or one
of the secrets that ``Secrets`` knows.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TextIO

from gitops_streams.git.process import redact
from gitops_streams.render.inert import cut, line

LOGGER = "gitops_streams"
_LONGEST = 4000
_HIDDEN = "***"
_HOOK = re.compile(r"(/hooks/[A-Za-z0-9-]{1,64}/)[^\s\"'?#/]+")
_AUTHORIZATION = re.compile(r"(?i)\b(authorization['\"]?\s*[:=]\s*['\"]?)(?:(basic|bearer|token)\s+)?[^\s'\",]+")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}")
_SHORTEST_SECRET = 6
"""A shorter one would hide words that it happens to be part of."""
_PLAIN = re.compile(r"[A-Za-z0-9_./:@+-]+")
_RESERVED = frozenset({"time", "level", "logger", "event", "message", "error", "truncated"})

Value = str | int | float | bool | None


class LogFormat(StrEnum):
    """How lines are written."""

    JSON = "json"
    TEXT = "text"


class Secrets:
    """Values that must not be logged, such as the tokens that the service was started with."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._values: tuple[str, ...] = ()
        self.add(*values)

    def __repr__(self) -> str:
        return "Secrets(…)"

    def add(self, *values: str) -> None:
        """Hide these too; those that are too short to be a secret are left out."""
        with self._lock:
            kept = {*self._values, *(value for value in values if len(value) >= _SHORTEST_SECRET)}
            # The longest first: one may be a part of another.
            self._values = tuple(sorted(kept, key=len, reverse=True))

    def hide(self, text: str) -> str:
        """Return ``text`` without secrets: ours, those in URLs, in headers, and in paths of webhooks."""
        for value in self._values:
            text = text.replace(value, _HIDDEN)
        text = _AUTHORIZATION.sub(rf"\1{_HIDDEN}", _HOOK.sub(rf"\1{_HIDDEN}", text))
        return _BEARER.sub(rf"\1 {_HIDDEN}", redact(text))


def say(logger: logging.Logger, level: int, event: str, message: str = "", /, **fields: object) -> None:
    """Log an event.

    Args:
        logger: whose.
        level: of ``logging``.
        event: one word for machines, such as ``pass-ended``; it never changes.
        message: one sentence for people.
        fields: what else is known; those that are ``None`` are left out. Their names are ours.
    """
    if logger.isEnabledFor(level):
        logger.log(level, "%s", message, extra={"event": event, "fields": fields})


class _Formatter(logging.Formatter):
    def __init__(self, secrets: Secrets) -> None:
        super().__init__()
        self._secrets = secrets

    def _safe(self, text: str) -> str:
        # Hidden before it is cut, for half a secret is one too. Of what is too long to be looked at, the last word,
        # which may be such a half, is left out.
        looked_at = text if len(text) <= 4 * _LONGEST else text[: 4 * _LONGEST].rpartition(" ")[0]
        return cut(line(self._secrets.hide(looked_at)), _LONGEST)

    def _known(self, record: logging.LogRecord) -> dict[str, Value]:
        known: dict[str, Value] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": self._safe(str(getattr(record, "event", "log"))),
        }
        message = self._safe(record.getMessage())
        if message:
            known["message"] = message
        fields = getattr(record, "fields", None)
        for name, value in fields.items() if isinstance(fields, Mapping) else ():
            if value is not None:
                known[f"{name}_" if name in _RESERVED else str(name)] = self._value(value)
        if record.exc_info is not None and record.exc_info[0] is not None:
            known["error"] = self._safe(self.formatException(record.exc_info).replace("\n", " | "))
        return known

    def _value(self, value: object) -> Value:
        match value:
            case bool() | int():
                return value
            case float():
                return round(value, 6) if abs(value) < float("inf") else str(value)
            case datetime():
                return value.astimezone(UTC).isoformat(timespec="milliseconds")
            case _:
                return self._safe(str(value))


class JsonFormatter(_Formatter):
    """Writes a record as one JSON object on one line, in ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        return json.dumps(self._known(record), separators=(",", ":"))


class TextFormatter(_Formatter):
    """Writes a record as one line for people: when, how grave, what, and the fields as ``name=value``."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        known = self._known(record)
        head = [str(known.pop("time")), str(known.pop("level")).upper().ljust(7), str(known.pop("event"))]
        message = known.pop("message", None)
        known.pop("logger")
        head += [str(message)] if message is not None else []
        return " ".join([*head, *(f"{name}={_quoted(value)}" for name, value in known.items())])


def _quoted(value: Value) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def start(chosen: LogFormat, stream: TextIO, secrets: Secrets, *, level: int = logging.INFO) -> logging.Handler:
    """Send what is logged to a stream; return the handler, which ``stop`` takes away again.

    Warnings and errors of libraries are logged too. uvicorn's access log is not: it would tell the webhooks' paths.

    Args:
        chosen: how lines are written.
        stream: where they go; what it cannot encode is written as escapes.
        secrets: what must not be logged.
        level: the least grave that is logged.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter(secrets) if chosen is LogFormat.JSON else TextFormatter(secrets))
    root = logging.getLogger()
    root.addHandler(handler)
    logging.getLogger(LOGGER).setLevel(level)
    logging.getLogger("uvicorn.access").disabled = True
    return handler


def stop(handler: logging.Handler) -> None:
    """Undo ``start``."""
    logging.getLogger().removeHandler(handler)
    logging.getLogger(LOGGER).setLevel(logging.NOTSET)
    logging.getLogger("uvicorn.access").disabled = False
    handler.close()
