"""Images that pipelines run in, where no key says image: workflows of GitHub, GitLab and Azure, Cloud Build.

``container: node:20`` and ``uses: docker://alpine:3`` of GitHub's workflows, ``image: docker://…`` of its actions,
``services: [postgres:16]`` of GitLab's jobs, ``steps[].name`` of Cloud Build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from gitops_streams.manifests import whole
from gitops_streams.manifests.occurrence import Finding, Occurrence, Place
from gitops_streams.yamledit.nodes import Mapping, Scalar, Sequence, target

FORM = "ci"
_DOCKER = "docker://"
_JOB = ("runs-on", "steps", "pool")
_GITLAB = re.compile(r"\.?gitlab-ci.*\.ya?ml|.*\.gitlab-ci\.ya?ml")
_GITLAB_JOB = ("script", "stage", "before_script")
_BUILD_STEP = ("args", "script", "entrypoint", "waitFor", "dir", "env", "id")


def find(place: Place) -> Iterator[Finding]:
    """Yield the images of one job, step or service."""
    for found in (*_jobs(place), *_actions(place), *_services(place), _build_step(place)):
        if found is not None:
            yield found


def _jobs(place: Place) -> Iterator[Occurrence | None]:
    entry = place.mapping.entry("container")
    if entry is not None and any(place.mapping.entry(key) for key in _JOB):
        yield whole.tagged(place, (*place.pointer, "container"), target(entry.value), FORM)


def _actions(place: Place) -> Iterator[Occurrence | None]:
    """A ``docker://`` image, which the runner pulls; ``docker://localhost/…`` is one that the job builds."""
    for key in ("uses", "image"):
        value = place.mapping.get(key)
        if isinstance(value, Scalar) and value.value.startswith(_DOCKER):
            found = whole.tagged(place, (*place.pointer, key), value, FORM, _DOCKER)
            if (
                found is not None
                and found.repository is not None
                and not found.repository.domain.startswith("localhost")
            ):
                yield found


def _services(place: Place) -> Iterator[Occurrence | None]:
    """The list of a GitLab job, or of all of them; other lists of services hold no images."""
    services = place.mapping.get("services")
    if not isinstance(services, Sequence):
        return
    named = _GITLAB.fullmatch(PurePosixPath(place.file).name) or ".gitlab" in PurePosixPath(place.file).parts
    if not named and not any(place.mapping.entry(key) for key in _GITLAB_JOB):
        return
    for index, item in enumerate(services.items):
        pointer, value = (*place.pointer, "services", index), target(item)
        if isinstance(value, Mapping):
            pointer, name = (*pointer, "name"), value.entry("name")
            value = target(name.value) if name is not None else value
        yield whole.tagged(place, pointer, value, FORM)


def _build_step(place: Place) -> Occurrence | None:
    """A step of Cloud Build: an item of ``steps`` at the root of a document without a kind."""
    relative = place.pointer[len(place.object.pointer) :]
    if place.object.kind or len(relative) != 2 or relative[0] != "steps":  # noqa: PLR2004  the list and an index
        return None
    entry = place.mapping.entry("name")
    if entry is None or not any(place.mapping.entry(key) for key in _BUILD_STEP):
        return None
    return whole.tagged(place, (*place.pointer, "name"), target(entry.value), FORM)
