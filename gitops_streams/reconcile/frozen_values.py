"""Findings as JSON and back: only the values listed here, so that what is read can be nothing else.

A value that is not listed is refused, and its file is then scanned in every run: safe, and a matter of time only.
"""

from __future__ import annotations

import dataclasses
from enum import Enum
from typing import Any

from gitops_streams.manifests import advised, ignored_differences, occurrence
from gitops_streams.oci import digest, reference
from gitops_streams.yamledit import nodes, problem

_NODES = (nodes.Scalar, nodes.Entry, nodes.Mapping, nodes.Sequence)
_OCCURRENCE = (
    occurrence.WholeReference,
    occurrence.TagField,
    occurrence.DigestField,
    occurrence.MissingDigest,
    occurrence.SplitReference,
    occurrence.MarkedScalar,
    occurrence.Trigger,
    occurrence.TriggeredField,
    occurrence.LocalName,
    occurrence.Owner,
    occurrence.Occurrence,
    occurrence.Mention,
    advised.Advice,
)
_TYPES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        *_NODES,
        *_OCCURRENCE,
        ignored_differences.IgnoredField,
        ignored_differences.Named,
        occurrence.Part,
        reference.Repository,
        digest.Digest,
        problem.Problem,
        problem.Severity,
    )
}
_FIELDS = {
    name: tuple(field.name for field in dataclasses.fields(kind) if field.init)
    for name, kind in _TYPES.items()
    if dataclasses.is_dataclass(kind)
} | {advised.Advice.__name__: ("line",)}
_TUPLE, _LIST = "", "[]"


class NotListed(Exception):
    """The value is of no kind that is kept."""


def freeze(value: Any) -> Any:  # noqa: ANN401  any value of the listed kinds
    """Return a value as JSON has it.

    Raises:
        NotListed: it holds something that is not listed.
    """
    if value is None or isinstance(value, bool | int) or type(value) is str:
        return value
    name = type(value).__name__
    if isinstance(value, tuple):
        return [_TUPLE, *map(freeze, value)]
    if isinstance(value, list):
        return [_LIST, *map(freeze, value)]
    if _TYPES.get(name) is not type(value):
        raise NotListed(name)
    if isinstance(value, Enum):
        return [name, value.value]
    return [name, *(freeze(getattr(value, field)) for field in _FIELDS[name])]


def thaw(frozen: Any) -> Any:  # noqa: ANN401  what `freeze` returned
    """Return the value.

    Raises:
        LookupError, TypeError, ValueError: it is nothing that ``freeze`` returns.
    """
    if type(frozen) is not list:
        return frozen
    name = frozen[0]
    values = [item if type(item) is not list else thaw(item) for item in frozen[1:]]
    if name == _TUPLE:
        return tuple(values)
    return values if name == _LIST else _TYPES[name](*values)
