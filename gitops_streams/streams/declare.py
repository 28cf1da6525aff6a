"""Write image streams as YAML that both this program and OpenShift read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gitops_streams.streams.model import ANNOTATION_PREFIX, StreamKey

# What no reader of YAML takes for a number, a truth value, a date or nothing.
_PLAIN = re.compile(r"[a-z][a-z0-9]*(?:[./_-][a-z0-9]+)*(?::[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"})
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


@dataclass(frozen=True, slots=True)
class DeclaredTag:
    """An entry of ``spec.tags`` that follows a registry."""

    name: str
    source: str
    """``from.name``, with ``from.kind: DockerImage``."""
    annotations: Mapping[str, str]
    """Ours, without their prefix."""
    insecure: bool = False
    comments: tuple[str, ...] = ()
    """Lines above it; what is not printable must be made so before."""


def declare(key: StreamKey, tags: Iterable[DeclaredTag], comments: Iterable[str] = ()) -> str:
    """Write one stream, resolved in every run, as a document of its own.

    Args:
        key: its name.
        tags: its tags, in the order in which they are written.
        comments: lines at its top; what is not printable must be made so before.
    """
    lines = [f"# {comment}" for comment in comments]
    lines += ["apiVersion: image.openshift.io/v1", "kind: ImageStream", "metadata:", f"  name: {scalar(key.name)}"]
    if key.namespace is not None:
        lines.append(f"  namespace: {scalar(key.namespace)}")
    lines += ["spec:", "  tags:"]
    for tag in tags:
        lines += [f"    # {comment}" for comment in tag.comments]
        lines.append(f"    - name: {scalar(tag.name)}")
        if tag.annotations:
            lines.append("      annotations:")
            lines += [f"        {ANNOTATION_PREFIX}{name}: {scalar(text)}" for name, text in tag.annotations.items()]
        lines += ["      from:", "        kind: DockerImage", f"        name: {scalar(tag.source)}"]
        lines += ["      importPolicy:", "        scheduled: true"]
        lines += ["        insecure: true"] if tag.insecure else []
    return "".join(f"{line}\n" for line in lines)


def scalar(text: str) -> str:
    """Write a text as a scalar that every reader of YAML takes for that text."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if text.isprintable() and "\\" in text and "'" not in text:
        return f"'{text}'"
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if character.isprintable() else f"\\U{ord(character):08x}"
