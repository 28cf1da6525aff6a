"""Reads the configuration file.

No file at all is a complete configuration. What is wrong is said with file, line, field and the
allowed values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from gitops_streams.config.faults import faults
from gitops_streams.config.fields import settings
from gitops_streams.config.settings import Settings
from gitops_streams.errors import ConfigError
from gitops_streams.yamledit.core_schema import Unsupported, value
from gitops_streams.yamledit.locate import Unparsable, decode, locate
from gitops_streams.yamledit.nodes import Node

_DOCUMENTATION = "docs/configuration.md lists every field"
_SHOWN = 10
"""Faults reported at one time."""


def parse(content: bytes, name: str, root: Path) -> Settings:
    """Read a configuration file.

    Args:
        content: the file's bytes.
        name: how messages call the file.
        root: what relative paths in it are relative to (the top of the repository).

    Raises:
        ConfigError: the file cannot be used; a line for everything that is wrong names file, line, field
            and what is allowed.
    """
    document = checked(content, name, "config")
    return Settings() if document is None else settings(document, root)


def checked(content: bytes, name: str, schema: str, documentation: str = _DOCUMENTATION) -> Mapping[str, Any] | None:
    """Read a YAML document and check it against a published schema.

    Args:
        content: the file's bytes.
        name: how messages call the file.
        schema: the schema's name.
        documentation: the hint of an error.

    Returns:
        The document; ``None`` where the file is empty.

    Raises:
        ConfigError: as ``parse``.
    """
    try:
        node = _read(content, name)
        document = value(node)
        if isinstance(document, Unsupported):
            raise _error([(document.line, document.reason)], name)
        if document is not None and (found := list(faults(document, node, schema))):
            raise _error(found, name)
    except ConfigError as error:
        error.hint = documentation
        raise
    return cast("Mapping[str, Any] | None", document)


def _read(content: bytes, name: str) -> Node | None:
    text = decode(content)
    located = text if isinstance(text, Unparsable) else locate(text)
    if isinstance(located, Unparsable):
        # Where something is missing at the end, libyaml names the line behind the last one.
        line = min(located.line or 1, content.count(b"\n") + 1)
        raise _error([(line, f"it is not YAML: {located.reason}")], name)
    if len(located.documents) > 1:
        raise _error([(1, "it holds more than one document")], name)
    return located.documents[0].root if located.documents else None


def _error(found: Iterable[tuple[int, str]], name: str) -> ConfigError:
    lines = [f"{name}:{line}: {reason}" for line, reason in sorted(set(found))]
    return ConfigError("\n".join(lines[:_SHOWN]), hint=_DOCUMENTATION)
