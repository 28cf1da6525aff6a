"""Reads every reference of a snapshot, whether something tracks it or not."""

from __future__ import annotations

from dataclasses import dataclass

from gitops_streams.config import Settings
from gitops_streams.git.snapshot import Snapshot, Unreadable
from gitops_streams.manifests import scan
from gitops_streams.manifests.globs import matches_any
from gitops_streams.manifests.survey import NEEDLES, Survey, survey
from gitops_streams.plan.named import local_names
from gitops_streams.streams.model import Catalog
from gitops_streams.yamledit.problem import Problem


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What a snapshot uses."""

    files: tuple[Survey, ...]
    """In the order of their paths; those that use nothing are left out."""
    problems: tuple[Problem, ...]


def survey_at(snapshot: Snapshot, settings: Settings, catalog: Catalog) -> Surveyed:
    """Find every reference of a snapshot.

    Args:
        snapshot: the work tree or a commit.
        settings: the repository's configuration.
        catalog: what is declared; the names of streams that may be named bare are taken from it.
    """
    local = local_names(catalog)
    paths = [path for path in snapshot.containing(NEEDLES) if not matches_any(settings.exclude, path)]
    files: list[Survey] = []
    problems: list[Problem] = []
    for path, content in snapshot.read(paths, scan.MAX_BYTES):
        if isinstance(content, Unreadable):
            problems.append(Problem(path, None, f"not scanned: {content.reason}"))
            continue
        found, noticed = survey(path, content, local, settings.rules)
        problems += noticed
        if found is not None:
            files.append(found)
    return Surveyed(tuple(files), tuple(sorted(problems)))
