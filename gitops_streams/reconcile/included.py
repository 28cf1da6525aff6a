"""Which files of a repository its configuration lets be read."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_streams.config import Settings
from gitops_streams.manifests.globs import matches_any


def included(paths: Iterable[str], settings: Settings) -> list[str]:
    """Leave out the paths that the configuration excludes."""
    return [path for path in paths if not matches_any(settings.exclude, path)] if settings.exclude else list(paths)
