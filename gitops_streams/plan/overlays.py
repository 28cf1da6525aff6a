"""Overlays whose ``newTag`` takes off the digest that their base is pinned to.

Kustomize replaces a reference's tag and drops its digest where an entry of ``images`` has ``newTag`` and no ``digest``
(``api/filters/imagetag/updater.go``). An entry that a stream tag decides gets its digest; of any other it is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from posixpath import normpath

from gitops_streams.manifests.kustomize import FILES
from gitops_streams.manifests.occurrence import MissingDigest, Occurrence, SplitReference
from gitops_streams.manifests.scan import ScannedFile
from gitops_streams.plan.model import Site
from gitops_streams.yamledit.locate import Located, locate
from gitops_streams.yamledit.nodes import Mapping, Scalar, Sequence, target
from gitops_streams.yamledit.problem import Problem

_LISTS = ("resources", "bases", "components")
_TRANSFORMED = frozenset({"image", "marker", "trigger", "local", "kustomize"})
"""Forms that may be what kustomize transforms: the images of containers, and what a base's own entries make of them."""
_MOST = 1000
"""Folders that are followed from one overlay."""


def unpinned(files: Iterable[ScannedFile], sites: Iterable[Site]) -> tuple[Problem, ...]:
    """Warn of overlays that nobody decides and that drop a digest.

    Args:
        files: every file in which something was found.
        sites: what is bound; all of it is pinned once the plan is carried out.
    """
    by_path = {file.path: file for file in files}
    bound = {id(site.occurrence) for site in sites}
    pinned: dict[object, list[Occurrence]] = {}
    loose: list[Occurrence] = []
    for file in by_path.values():
        for finding in file.findings:
            if not isinstance(finding, Occurrence) or finding.repository is None:
                continue
            if id(finding) in bound or finding.digest is not None:
                if finding.form_name in _TRANSFORMED:
                    pinned.setdefault(finding.repository, []).append(finding)
            elif _drops(finding):
                loose.append(finding)
    return tuple(_warnings(loose, pinned, by_path))


def _drops(occurrence: Occurrence) -> bool:
    form = occurrence.form
    return (
        occurrence.form_name == "kustomize"
        and isinstance(form, SplitReference)
        and form.tag is not None
        and (isinstance(form.digest, MissingDigest) or occurrence.digest is None)
        and PurePosixPath(occurrence.file).name in FILES
    )


def _warnings(
    loose: Iterable[Occurrence], pinned: dict[object, list[Occurrence]], files: dict[str, ScannedFile]
) -> Iterator[Problem]:
    for overlay in loose:
        candidates = [each for each in pinned.get(overlay.repository, ()) if each.file != overlay.file]
        below = _below(overlay.file, files) if candidates else ()
        base = next((each for each in candidates if any(_within(each.file, folder) for folder in below)), None)
        if base is not None:
            lost = f"newTag {overlay.tag} takes off the digest that {base.file}:{base.line} is pinned to"
            advice = f"write a digest beside it, or declare a stream tag that follows {overlay.name}:{overlay.tag}"
            yield Problem(overlay.file, overlay.line, f"{lost}; {advice}")


def _below(file: str, files: dict[str, ScannedFile]) -> list[str]:
    """Return the files and folders that a kustomization is built from, over any number of kustomizations."""
    found: dict[str, None] = {}
    todo = [file]
    while todo and len(found) < _MOST:
        current = todo.pop()
        folder = PurePosixPath(current).parent
        for entry in _entries(files[current].text):
            path = normpath(str(folder / entry))
            if path.startswith(("..", "/")) or path in found:
                continue
            found[path] = None
            todo += [each for each in (f"{path}/{name}" for name in sorted(FILES)) if each in files]
    return list(found)


def _entries(text: str) -> Iterator[str]:
    located = locate(text)
    roots = [document.root for document in located.documents] if isinstance(located, Located) else []
    for root in roots:
        for key in _LISTS if isinstance(root, Mapping) else ():
            items = root.get(key) if isinstance(root, Mapping) else None
            for item in items.items if isinstance(items, Sequence) else ():
                entry = target(item)
                if isinstance(entry, Scalar) and entry.value and "://" not in entry.value:
                    yield entry.value


def _within(file: str, path: str) -> bool:
    return file == path or file.startswith(f"{path}/")
