"""The configuration file, checked against its published schema and turned into settings.

What reads it is imported where there is one to read: no file at all is a complete configuration.
"""

from __future__ import annotations

from pathlib import Path

from gitops_streams.config.settings import PATH, Settings

__all__ = ["PATH", "Settings", "read"]


def read(content: bytes, name: str, root: Path) -> Settings:
    """Read a configuration file; see ``config.parse``."""
    from gitops_streams.config.parse import parse  # noqa: PLC0415

    return parse(content, name, root)
