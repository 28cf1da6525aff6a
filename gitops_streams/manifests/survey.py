"""Every reference of a file, tracked or not: what a repository uses, before anything is declared."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import product

from gitops_streams.manifests import flux_markers, scan
from gitops_streams.manifests.content import Held
from gitops_streams.manifests.field_rules import NO_RULES, UserRules
from gitops_streams.manifests.flux_markers import FluxMarker
from gitops_streams.manifests.occurrence import Mention, Occurrence, WholeReference
from gitops_streams.manifests.scan import ScannedFile
from gitops_streams.oci.reference import Repository
from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.nodes import Mapping, Scalar, Sequence, resolve, target
from gitops_streams.yamledit.objects import Object, objects
from gitops_streams.yamledit.problem import Problem

NEEDLES = ("repository", *sorted("".join(letters) for letters in product(*zip("image", "IMAGE", strict=True))))
"""Fixed strings of which every file that holds a reference contains one: scanners look under such keys only."""

_FOREIGN = {
    "image.toolkit.fluxcd.io": frozenset({"ImageRepository", "ImagePolicy"}),
    "argocd-image-updater.argoproj.io": frozenset({"ImageUpdater", "Application", "ApplicationSet"}),
}
"""For a text that a file of another tool's declarations contains: the kinds of these."""
_NOT_PROPOSED = frozenset({"value", "literal", "oci", "ci", "joined", "alike", "template"})
"""Forms that take more than a look at the text to be images of what is deployed: somebody has to follow them first."""
_BELOW = 3
"""A list, an index and ``image`` lead from a pod's spec to a container's image."""


class _EveryRepository(Collection[Repository]):
    """Every repository there is, for a scan that asks of each whether it is tracked."""

    def __contains__(self, _: object) -> bool:
        return True

    def __iter__(self) -> Iterator[Repository]:
        raise NotImplementedError("they are without number")

    def __len__(self) -> int:
        raise NotImplementedError("they are without number")


_EVERY = _EveryRepository()


@dataclass(frozen=True, slots=True)
class Use:
    """A reference where it stands."""

    occurrence: Occurrence
    marker: FluxMarker | None = None
    """The Flux marker behind its tag, or behind all of it."""
    pull_secrets: tuple[str, ...] = ()
    """``imagePullSecrets`` beside the container."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What one file uses."""

    file: ScannedFile
    """With the occurrences alone: text that merely contains a reference is none of its uses."""
    uses: tuple[Use, ...]
    markers: tuple[FluxMarker, ...]
    foreign: tuple[Object, ...]
    """What other tools' declarations of images it may hold."""


def survey(
    path: str, data: bytes, local: Collection[str] = (), rules: UserRules = NO_RULES
) -> tuple[Survey | None, list[Problem]]:
    """Find the references of one file.

    Args:
        path: the file's path in its repository.
        data: its bytes.
        local: the names of the streams that may be named bare.
        rules: what the user says of places.
    """
    located = scan.read(path, data)
    if isinstance(located, Problem):
        return None, [located]
    file, problems = scan.scan_located(path, located, _EVERY, local, replace(rules, image_policies=None))
    if any(problem.reason.startswith("not scanned: ") for problem in problems):
        return None, problems
    findings = () if file is None else file.findings
    found = [each for each in findings if not isinstance(each, Mention) and each.form_name not in _NOT_PROPOSED]
    markers = tuple(flux_markers.find(path, located))
    foreign = tuple(_foreign(located))
    if not (found or markers or foreign):
        return None, problems
    kept = replace(file, findings=tuple(found)) if file is not None else ScannedFile(path, Held(located.text), ())
    by_scalar = {id(marker.scalar): marker for marker in markers}
    uses = tuple(Use(each, _marker(each, by_scalar), tuple(_pull_secrets(each, located))) for each in found)
    return Survey(kept, uses, markers, foreign), problems


def _marker(occurrence: Occurrence, markers: dict[int, FluxMarker]) -> FluxMarker | None:
    """Return the marker of what carries the tag; one of the digest alone says as much."""
    for field in occurrence.fields:
        if id(field.scalar) in markers:
            return markers[id(field.scalar)]
    return None


def _foreign(located: Located) -> Iterator[Object]:
    kinds = frozenset().union(*(kinds for text, kinds in _FOREIGN.items() if text in located.text))
    for document in located.documents if kinds else ():
        for found in objects(document.root):
            if found.kind in kinds:
                yield found


def _pull_secrets(occurrence: Occurrence, located: Located) -> Iterator[str]:
    """Yield the names of the pull secrets of the pod that a container belongs to."""
    if not isinstance(occurrence.form, WholeReference) or len(occurrence.pointer) < _BELOW:
        return
    around = located if occurrence.embedding is None else occurrence.embedding.located
    pod = resolve(around.documents[occurrence.document].root, occurrence.pointer[:-_BELOW])
    secrets = pod.get("imagePullSecrets") if isinstance(pod, Mapping) else None
    for item in secrets.items if isinstance(secrets, Sequence) else ():
        secret = target(item)
        name = secret.get("name") if isinstance(secret, Mapping) else None
        if isinstance(name, Scalar) and name.value:
            yield name.value
