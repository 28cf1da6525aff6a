"""Reads hostile JSON: one meaning or none, and no exception, whatever the bytes are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


@dataclass(frozen=True, slots=True)
class Document:
    """A document that could be read."""

    value: Json


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Bytes that are no JSON, or JSON that two readers could understand differently."""

    reason: str


class _NotOneMeaning(ValueError):
    """A document that RFC 8259 does not allow, or leaves open."""


def read_json(body: bytes) -> Document | Unreadable:
    """Read UTF-8 JSON (RFC 8259) without the two things that readers disagree on: double keys, and NaN."""
    try:
        return Document(
            json.loads(body.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_constant, parse_int=_int)
        )
    except UnicodeDecodeError:
        return Unreadable("the body is not UTF-8")
    except RecursionError:
        return Unreadable("the JSON is nested too deeply")
    except _NotOneMeaning as error:
        return Unreadable(str(error))
    except ValueError:
        return Unreadable("the body is not JSON")


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NotOneMeaning("the JSON says something twice: an object has a key two times")
    return found


def _constant(_: str) -> Json:
    raise _NotOneMeaning("the JSON holds a number that is none, such as NaN")


def _int(digits: str) -> Json:
    try:
        return int(digits)
    except ValueError:  # longer than sys.get_int_max_str_digits
        raise _NotOneMeaning("the JSON holds a number that is too long") from None


def at(value: Json, *path: str) -> Json:
    """Return what stands at a path of keys; ``None`` where something of it is missing or no object."""
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def text(value: Json, *path: str) -> str:
    """Return the string there; empty where there is none."""
    found = at(value, *path)
    return found if isinstance(found, str) else ""


def fields(value: Json, *path: str) -> Mapping[str, Json]:
    """Return the object there; empty where there is none."""
    found = at(value, *path)
    return found if isinstance(found, Mapping) else {}


def items(value: Json, *path: str) -> Sequence[Json]:
    """Return the list there; empty where there is none."""
    found = at(value, *path)
    return found if isinstance(found, Sequence) and not isinstance(found, str) else ()
