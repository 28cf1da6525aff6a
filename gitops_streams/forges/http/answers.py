"""Reads a forge's JSON field by field: hostile data becomes typed values here, or an error that names the field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_streams.forges.http.refusal import ForgeUnreachable, printable


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, read to its end."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """With lower-case names."""
    body: object = field(repr=False)
    """The JSON value; ``None`` where there was no body."""
    forge: str = "the forge"
    size: int = 0
    """Bytes of the body."""

    def record(self) -> Record:
        """Return the body as an object."""
        return record(self.body, self.forge)

    def records(self) -> tuple[Record, ...]:
        """Return the body as a list of objects."""
        return records(self.body, self.forge)


@dataclass(frozen=True, slots=True)
class Record:
    """A JSON object. Every reader takes a path of keys, and raises ``ForgeError`` where there is something else."""

    value: Mapping[str, object] = field(repr=False)
    forge: str = "the forge"

    def has(self, *path: str) -> bool:
        """Say whether there is a value other than ``null``."""
        return self._at(path) is not None

    def text(self, *path: str, default: str | None = None) -> str:
        """Return a string."""
        found = self._at(path)
        if isinstance(found, str):
            return found
        if found is None and default is not None:
            return default
        raise self._unexpected(path, "a string")

    def whole(self, *path: str, default: int | None = None) -> int:
        """Return an integer."""
        found = self._at(path)
        if isinstance(found, int) and not isinstance(found, bool):
            return found
        if found is None and default is not None:
            return default
        raise self._unexpected(path, "an integer")

    def flag(self, *path: str) -> bool:
        """Return a boolean; one that is absent or ``null`` is false."""
        found = self._at(path)
        if found is None or isinstance(found, bool):
            return bool(found)
        raise self._unexpected(path, "a boolean")

    def record(self, *path: str) -> Record:
        """Return an object."""
        found = self._at(path)
        if isinstance(found, dict):
            return Record(found, self.forge)
        raise self._unexpected(path, "an object")

    def records(self, *path: str) -> tuple[Record, ...]:
        """Return a list of objects; one that is absent or ``null`` is empty."""
        found = self._at(path)
        if found is None:
            return ()
        if isinstance(found, list) and all(isinstance(item, dict) for item in found):
            return tuple(Record(item, self.forge) for item in found)
        raise self._unexpected(path, "a list of objects")

    def _at(self, path: tuple[str, ...]) -> object:
        found: object = self.value
        for key in path:
            if found is None:
                return None
            if not isinstance(found, Mapping):
                raise self._unexpected(path, "an object on the way")
            found = found.get(key)
        return found

    def _unexpected(self, path: tuple[str, ...], wanted: str) -> ForgeUnreachable:
        return _not_understood(self.forge, f"{'.'.join(path)} is not {wanted}")


def record(value: object, forge: str) -> Record:
    """Return a JSON value as an object."""
    if isinstance(value, dict):
        return Record(value, forge)
    raise _not_understood(forge, "it is not an object")


def records(value: object, forge: str) -> tuple[Record, ...]:
    """Return a JSON value as a list of objects."""
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return tuple(Record(item, forge) for item in value)
    raise _not_understood(forge, "it is not a list of objects")


def parse(body: bytes) -> object:
    """Parse a body as JSON; an empty one is ``None``.

    Raises:
        ValueError: it is not JSON, or nested without end.
    """
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def complaint(body: object) -> str:
    """Return what an error answer says, of the shapes that the forges use; hostile text, not yet printable."""
    if not isinstance(body, dict):
        return body if isinstance(body, str) else ""
    said = [_words(body.get(key)) for key in ("message", "error", "errors", "error_description")]
    return "; ".join(dict.fromkeys(words for words in said if words))


def _words(value: object, depth: int = 0) -> str:
    if isinstance(value, str):
        return value
    if depth > 2:  # noqa: PLR2004 - no forge nests its complaints deeper
        return ""
    if isinstance(value, list):
        return ", ".join(words for words in (_words(item, depth + 1) for item in value[:10]) if words)
    if isinstance(value, dict):
        if "message" in value:
            # Bitbucket Cloud says beside it which fields it does not like.
            told = (_words(value["message"], depth + 1), _words(value.get("fields"), depth + 1))
            return ", ".join(words for words in told if words)
        # GitHub names resource, field and code; GitLab maps fields to lists of complaints.
        if {"field", "code"} <= value.keys():
            return f"{_words(value['field'])} {_words(value['code'])}".replace("_", " ")
        pairs = ((str(key), _words(item, depth + 1)) for key, item in list(value.items())[:10])
        return ", ".join(f"{key} {words}" for key, words in pairs if words)
    return ""


def _not_understood(forge: str, why: str) -> ForgeUnreachable:
    return ForgeUnreachable(
        f"{forge}: an answer is not what its API promises: {printable(why)}",
        hint="check forge.apiUrl; if it is right, this version of the forge is not supported",
    )
