"""Evaluates the expressions of action.yml: context paths, string literals, ``||``, ``&&``, ``==``, ``!=``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<path>[A-Za-z_][\w.-]*)|(?P<operator>==|!=|&&|\|\|))")


def interpolate(text: str, contexts: Mapping[str, Any]) -> str:
    """Replace every ``${{ … }}`` by its value."""
    return _EXPRESSION.sub(lambda match: str(evaluate(match[1], contexts)), text)


def evaluate(expression: str, contexts: Mapping[str, Any]) -> Any:
    """Evaluate an expression; what is not there is the empty string."""
    tokens = _tokens(expression.strip().removeprefix("${{").removesuffix("}}").strip())
    value, rest = _or(tokens, contexts)
    if rest:
        raise ValueError(f"{expression!r}: not understood from {rest[0]!r}")
    return value


def _tokens(text: str) -> list[str]:
    found, place = [], 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"{text!r}: not understood at {place}")
        found.append(match[0].strip())
        place = match.end()
    return found


def _or(tokens: list[str], contexts: Mapping[str, Any]) -> tuple[Any, list[str]]:
    value, rest = _and(tokens, contexts)
    while rest[:1] == ["||"]:
        other, rest = _and(rest[1:], contexts)
        value = value or other
    return value, rest


def _and(tokens: list[str], contexts: Mapping[str, Any]) -> tuple[Any, list[str]]:
    value, rest = _compared(tokens, contexts)
    while rest[:1] == ["&&"]:
        other, rest = _compared(rest[1:], contexts)
        value = value and other
    return value, rest


def _compared(tokens: list[str], contexts: Mapping[str, Any]) -> tuple[Any, list[str]]:
    value, rest = _operand(tokens[0], contexts), tokens[1:]
    if rest[:1] in (["=="], ["!="]):
        equal = str(value).lower() == str(_operand(rest[1], contexts)).lower()
        return equal == (rest[0] == "=="), rest[2:]
    return value, rest


def _operand(token: str, contexts: Mapping[str, Any]) -> Any:
    if token.startswith("'"):
        return token[1:-1].replace("''", "'")
    value: Any = contexts
    for part in token.split("."):
        value = value.get(part, "") if isinstance(value, Mapping) else ""
    return value
