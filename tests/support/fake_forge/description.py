"""Checks requests against GitHub's published description, cut down by ``make_github_schemas.py``."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema, build_schema
from jsonschema import Draft202012Validator

from fake_forge.routes import Call

_HERE = Path(__file__).parent
_WORDS = {"true": True, "false": False}


@functools.cache
def _operations() -> dict[str, Any]:
    return json.loads((_HERE / "github_requests.json").read_text())["operations"]


@functools.cache
def graphql_schema() -> GraphQLSchema:
    """Return GitHub's GraphQL schema, as far as it is kept."""
    return build_schema((_HERE / "github.graphql").read_text())


def violations(call: Call, *, has_body: bool) -> list[str]:
    """Say what GitHub's description does not allow in a request.

    Query parameters and members of the body that it does not know are told too: GitHub ignores them,
    and whoever sent them meant something else.
    """
    described = _operations().get(call.operation)
    if described is None:
        return [f"{call.operation}: not in the cut-down description; run make_github_schemas.py"]
    found = [*_parameters(call, described)]
    body = described.get("body")
    if body is None and has_body and call.body:
        found.append("takes no body")
    elif body is not None and (has_body or body["required"]):
        found += _problems("body", call.body if has_body else None, body["schema"])
        if isinstance(call.body, dict):
            members = _members(body["schema"])
            unknown = set() if members is None else set(call.body) - members
            found += [f"body: {name!r} is not a member" for name in sorted(unknown)]
    return [f"{call.operation}: {problem}" for problem in found]


def _parameters(call: Call, described: dict[str, Any]) -> Iterator[str]:
    for name, value in call.path.items():
        schema = described["path"][name]["schema"]
        yield from _problems(f"path: {name}", _read(value, schema), schema)
    for name, parameter in described["query"].items():
        if name in call.query:
            yield from _problems(f"query: {name}", _read(call.query[name], parameter["schema"]), parameter["schema"])
        elif parameter.get("required"):
            yield f"query: {name} is missing"
    for name in sorted(set(call.query) - set(described["query"])):
        yield f"query: {name!r} is not a parameter"


def _read(text: str, schema: dict[str, Any]) -> Any:
    """Read a parameter as what its schema says it is."""
    match schema.get("type"):
        case "integer" if text.lstrip("-").isdecimal():
            return int(text)
        case "boolean":
            return _WORDS.get(text, text)
        case None if "oneOf" in schema and text.isdecimal():
            return text if any(one.get("type") == "string" for one in schema["oneOf"]) else int(text)
        case _:
            return text


def _problems(where: str, value: Any, schema: dict[str, Any]) -> list[str]:
    errors = Draft202012Validator(schema).iter_errors(value)
    return [f"{where}{''.join(f'.{step}' for step in error.path)}: {error.message[:200]}" for error in errors]


def _members(schema: dict[str, Any]) -> set[str] | None:
    """Return the names that an object may have by any of its alternatives; ``None``: any."""
    if schema.get("additionalProperties"):
        return None
    names = set(schema.get("properties", ()))
    for word in ("oneOf", "anyOf", "allOf"):
        for alternative in schema.get(word, ()):
            members = _members(alternative)
            if members is None:
                return None
            names |= members
    return names
