"""Which of what is found in one place counts: tracked, nobody else's, and editable; else it is a mention."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from gitops_streams.manifests import mentions
from gitops_streams.manifests.occurrence import Finding, LocalName, Mention, Occurrence, Place
from gitops_streams.manifests.owners import owned
from gitops_streams.manifests.search import Search
from gitops_streams.oci.reference import Repository
from gitops_streams.yamledit.pointer import Pointer

_BOTH = (
    'ambiguous: its tag goes with two names of its map, and both are followed; add # {"$imagestream": "…"} to say which'
)


def accepted(
    search: Search, place: Place, findings: Iterable[Finding], marks: AbstractSet[int]
) -> Iterable[tuple[Finding, set[int]]]:
    """Return what is found in one place, with its scalars; what cannot be edited becomes a mention with the reason."""
    found = _each(search, place, findings, marks)
    if not isinstance(search.tracked, frozenset):
        return found  # whoever asks for every repository there is sees every way to read a map
    each = list(found)
    return each if len(each) < 2 else _settled(each)  # noqa: PLR2004  one alone is nobody's rival


def _settled(found: list[tuple[Finding, set[int]]]) -> Iterator[tuple[Finding, set[int]]]:
    """Yield what is found, but for a tag that two followed names of its map go with: nobody knows which is meant."""
    readings: dict[Pointer, set[Repository | None]] = {}
    for each, _ in found:
        for field in each.fields if isinstance(each, Occurrence) else ():
            readings.setdefault(field.pointer, set()).add(each.repository)
    for each, scalars in found:
        rivals = isinstance(each, Occurrence) and any(len(readings[field.pointer]) > 1 for field in each.fields)
        if isinstance(each, Occurrence) and rivals and each.repository is not None:
            yield mentions.of(each, each.repository, _BOTH), scalars
        else:
            yield each, scalars


def _each(
    search: Search, place: Place, findings: Iterable[Finding], marks: AbstractSet[int]
) -> Iterator[tuple[Finding, set[int]]]:
    taken = set(marks)
    for finding in findings:
        repository = finding.repository
        local = isinstance(finding, Occurrence) and isinstance(finding.form, LocalName)
        if repository is None or (repository not in search.tracked and not local):
            continue
        if isinstance(finding, Mention):
            yield finding, set()
            continue
        scalars = scalars_of(finding)
        if not scalars.isdisjoint(taken):
            continue  # what may be a local name, an earlier scanner has
        spares = search.spared.why(scalars)
        why = spares or search.left_alone(finding, place.mapping)
        taken |= scalars if local else set()
        if why is None:
            yield owned(finding, place.object), scalars
        else:
            yield mentions.of(finding, repository, why, spared=spares is not None), scalars


def scalars_of(occurrence: Occurrence) -> set[int]:
    """The identities of the scalars that an occurrence claims."""
    return {id(field.scalar) for field in occurrence.fields}
