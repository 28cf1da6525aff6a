"""What is wrong with a configuration file: every fault with its line, its field and what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from gitops_streams.config.rules import fault
from gitops_streams.errors import ConfigError, InvalidReference
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.reference import Repository
from gitops_streams.render.commit_message import CommitMessage, Move, render_commit_message
from gitops_streams.streams.gate_annotations import parse_duration, parse_freeze
from gitops_streams.streams.local_registry import LocalRegistry
from gitops_streams.yamledit.core_schema import Value
from gitops_streams.yamledit.nodes import Mapping as MappingNode
from gitops_streams.yamledit.nodes import Node, Sequence

if TYPE_CHECKING:
    from jsonschema import FormatChecker, ValidationError

_LONGEST = 60
"""Characters shown of a key or a word that is wrong."""


def faults(document: Value, node: Node | None, schema_name: str = "config") -> Iterator[tuple[int, str]]:
    """Yield the line and the text of everything that a published schema objects to.

    Values are shown only where they are one of a few words: a mistyped credential must not be printed.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415  only a repository with a configuration pays for it

    from gitops_streams import schemas  # noqa: PLC0415

    for error in Draft202012Validator(schemas.load(schema_name), format_checker=_formats()).iter_errors(document):
        path, schema = list(error.absolute_path), cast("dict[str, Any]", error.schema)
        where = ".".join(map(str, path)) or "the top level"
        if error.validator == "additionalProperties":
            known = schema["properties"]
            for key in error.instance:
                if key not in known:
                    reason = f"unknown key {key[:_LONGEST]!r}; known here: {', '.join(sorted(known))}"
                    yield _line(node, [*path, key]), f"{where}: {reason}"
        elif "propertyNames" in error.schema_path:
            reason = f"{error.instance[:_LONGEST]!r} does not have the form of {_examples(schema)}"
            yield _line(node, [*path, error.instance]), f"{where}: {reason}"
        else:
            yield _line(node, path), f"{where}: {_reason(error)}"


def _reason(error: ValidationError) -> str:  # noqa: C901, PLR0911  one case for each keyword of the schema
    wanted: Any = error.validator_value
    schema: Any = error.schema
    match error.validator:
        case "enum":
            shown = f"{error.instance[:_LONGEST]!r}" if isinstance(error.instance, str) else "this"
            return f"{shown} is not allowed; allowed: {', '.join(wanted)}"
        case "required" | "dependentRequired":
            return f"{error.message.split(' is a')[0]} is missing"
        case "type":
            quote = wanted == "string" and isinstance(error.instance, bool | int | float)
            advice = "; quote it" if quote else "; fill it in or leave the key out" if error.instance is None else ""
            return f"it must be {_TYPES[wanted]}{advice}"
        case "minimum":
            return f"it must be {wanted} or more"
        case "maximum":
            return f"it must be {wanted} or less"
        case "maxItems":
            return f"it has more than {wanted} items"
        case "minLength" | "minItems":
            return "it is empty"
        case "maxLength":
            return f"it is longer than {wanted} characters"
        case "anyOf":  # of places that hold a secret
            return f"one of {', '.join(branch['required'][0] for branch in wanted)} is needed"
        case "not":
            return f"{' and '.join(wanted['required'])} exclude each other"
        case "maxProperties":
            return "authFile excludes the other keys"
        case "format" if isinstance(error.cause, ConfigError):
            return ": ".join(filter(None, (error.cause.message, error.cause.hint)))
        case _:  # a pattern or a format
            return f"it does not have the form of {_examples(schema)}"


_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
}


def _examples(schema: Mapping[str, Any]) -> str:
    return " or ".join(map(str, schema["examples"]))


def _formats() -> FormatChecker:  # noqa: C901  one function for each format
    """Return the checks of the formats that the schema names: where a value is used must not be where it fails."""
    from jsonschema import FormatChecker  # noqa: PLC0415  see `_check`

    checker = FormatChecker(formats=())

    @checker.checks("path", raises=(RuntimeError, ValueError))
    def path(text: object) -> bool:
        return not isinstance(text, str) or "\0" not in str(Path(text).expanduser())

    @checker.checks("localRegistry", raises=InvalidReference)
    def local_registry(text: object) -> bool:
        return not isinstance(text, str) or bool(LocalRegistry.parse(text))

    @checker.checks("platform", raises=InvalidReference)
    def platform(text: object) -> bool:
        return not isinstance(text, str) or bool(Platform.parse(text))

    @checker.checks("duration", raises=ConfigError)
    def duration(text: object) -> bool:
        if isinstance(text, str) and parse_duration(text) is None:
            raise ConfigError(f"{text[:_LONGEST]!r} is no duration; write 3d, 36h or 1d12h")
        return True

    @checker.checks("freeze", raises=ConfigError)
    def freeze(rule: object) -> bool:
        words = [rule.get(key, "UTC") for key in ("cron", "duration", "timeZone")] if isinstance(rule, Mapping) else []
        found = parse_freeze(*words) if words and all(isinstance(word, str) for word in words) else None
        if isinstance(found, str):
            raise ConfigError(found)
        return True

    @checker.checks("fieldRule", raises=ConfigError)
    def field_rule(rule: object) -> bool:
        found = fault(rule) if isinstance(rule, Mapping) else None
        if found is not None:
            raise ConfigError(found)
        return True

    @checker.checks("commit-subject", raises=ConfigError)
    def subject(text: object) -> bool:
        move = Move("acme/web:prod", Repository("quay.io", "acme/web"), None, Digest.of(b""))
        return not isinstance(text, str) or bool(render_commit_message(CommitMessage((move,), 1, subject=text)))

    return checker


def _line(root: Node | None, path: Iterable[str | int]) -> int:
    """Return the 1-based line of the place that a path of keys leads to; of its key where it has one."""
    node, line = root, 1
    for part in path:
        if isinstance(node, MappingNode):
            entry = node.entry(str(part))
            if entry is None:
                break
            line, node = entry.key.line, entry.value
        elif isinstance(node, Sequence) and isinstance(part, int):
            node = node.items[part]
            line = node.line
    return line
