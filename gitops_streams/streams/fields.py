"""Read the fields of a Kubernetes object strictly, and say what is wrong in the form of its field errors.

Source of the form: ``k8s.io/apimachinery/pkg/util/validation/field`` (``Required value``,
``Invalid value: "x": why``). Kubernetes decodes strictly too: a key that stands twice, or a
list where text belongs, is refused there, and never read as absent here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Self

from gitops_streams.yamledit.nodes import Mapping, Node, Scalar, Sequence, target
from gitops_streams.yamledit.objects import says_nothing

_PARAMETER = re.compile(r"\$\{\{?[A-Za-z0-9_]+\}?\}|\$\([A-Za-z0-9_.-]+\)|\{\{")
_TRUE = frozenset({"true", "yes", "on", "y"})
_FALSE = frozenset({"false", "no", "off", "n"})
_LONGEST = 200
_MERGE = "<<"


class FieldError(Exception):
    """A field cannot be used as it is written."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.reason = reason
        """One line for people, in OpenShift's wording where OpenShift has one."""
        self.line = line


class Unexpanded(FieldError):
    """A field holds a parameter that somebody else fills in: no fault of the declaration, and not its value."""


# Every declaration is a handful of these; `frozen` would double the time to make one, so they are frozen by
# convention only, as the nodes are.
@dataclass(slots=True, eq=False)
class Fields:
    """A mapping whose fields are read, and the path that leads to it (``spec.tags[prod].from``)."""

    mapping: Mapping
    path: str
    values: dict[str, Node | None] = field(default_factory=dict)
    """By key; ``None`` under those that are ``null``. Thousands of declarations are looked at many times each."""
    _below: dict[str, Fields] = field(default_factory=dict, init=False, repr=False)
    """The fields of the mappings below, made when first asked for."""

    @classmethod
    def of(cls, node: Node, path: str) -> Self:
        """Take a node's fields.

        Raises:
            FieldError: it is no mapping, a key stands twice, or keys are merged into it.
        """
        if not isinstance(node, Mapping):
            raise FieldError(f"{path}: Invalid value: it must be a mapping", node.line)
        values: dict[str, Node | None] = {}
        for entry in node.entries:
            name = entry.key
            if not isinstance(name, Scalar):
                continue
            key = name.value
            if key in values or (key == _MERGE and not name.style):
                wrong = "Duplicate value: the key stands twice"
                if key not in values:
                    wrong = "merged keys are not read here; write them out"
                raise FieldError(f"{path}.{escaped(key)}".removeprefix(".") + f": {wrong}", name.line)
            value = target(entry.value)
            values[key] = None if says_nothing(value) else value
        return cls(node, path, values)

    def at(self, key: str) -> str:
        """Return a field's path."""
        return f"{self.path}.{key}".removeprefix(".")

    def line(self, key: str) -> int:
        """Return the 1-based line of a field's value; of the mapping where there is none."""
        entry = self.mapping.entry(key)
        return self.mapping.line if entry is None else entry.value.line

    def has(self, key: str) -> bool:
        """Whether a field is there and not ``null``."""
        return self.values.get(key) is not None

    def fields(self, key: str) -> Fields:
        """Return the fields of a mapping below; none where it is absent.

        Raises:
            FieldError: it is no mapping, or cannot be read as one.
        """
        below = self._below.get(key)
        if below is None:
            value = self.values.get(key)
            if value is None:
                below = Fields(Mapping([], flow=False, line=self.mapping.line), self.at(key))
            else:
                below = Fields.of(value, self.at(key))
            self._below[key] = below
        return below

    def items(self, key: str) -> list[Node]:
        """Return the items of a list; none where it is absent.

        Raises:
            FieldError: it is no list.
        """
        value = self.values.get(key)
        if value is None:
            return []
        if not isinstance(value, Sequence):
            raise FieldError(f"{self.at(key)}: Invalid value: it must be a list", self.line(key))
        return [target(item) for item in value.items]

    def text(self, key: str) -> str:
        """Return the text of a scalar as it is written; empty where it is absent.

        Raises:
            FieldError: it is no scalar.
            Unexpanded: it holds an unexpanded parameter.
        """
        value = self.values.get(key)
        if value is None:
            return ""
        if not isinstance(value, Scalar):
            raise FieldError(f"{self.at(key)}: Invalid value: it must be text", self.line(key))
        text = value.value
        if ("$" in text or "{{" in text) and _PARAMETER.search(text):
            advice = "render it first (oc process, kustomize build, helm template)"
            raise Unexpanded(f"{self.at(key)}: it holds an unexpanded parameter; {advice}", self.line(key))
        return text

    def flag(self, key: str) -> bool:
        """Return a boolean, in any of YAML 1.1's spellings, which are Kubernetes' too; false where it is absent.

        Raises:
            FieldError: it is no boolean.
        """
        text = self.text(key)
        said = text.lower()
        if text and said not in _TRUE and said not in _FALSE:
            raise self.invalid(key, text, "it must be true or false")
        return said in _TRUE

    def required(self, key: str, detail: str = "") -> FieldError:
        """Return the error of a field that must be there."""
        return FieldError(f"{self.at(key)}: Required value{detail and f': {detail}'}", self.line(key))

    def invalid(self, key: str, value: str, detail: str) -> FieldError:
        """Return the error of a field with a value that it cannot have."""
        return FieldError(f"{self.at(key)}: Invalid value: {quoted(value)}: {detail}", self.line(key))


def quoted(text: str) -> str:
    """Quote untrusted text for a message, on one line and shortened."""
    return f'"{escaped(text)}"'


def escaped(text: str) -> str:
    """Return untrusted text on one line, shortened, without quotes around it."""
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return json.dumps(shown, ensure_ascii=False)[1:-1]
