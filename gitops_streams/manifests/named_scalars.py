"""The scalars of an object that something names: a trigger, then a marker. They are nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from gitops_streams.manifests import deployment_config, flux_markers, markers, mentions, triggers
from gitops_streams.manifests.occurrence import MarkedScalar, Mention, Occurrence, TriggeredField
from gitops_streams.manifests.owners import owned
from gitops_streams.manifests.spared import NOTHING, Spared
from gitops_streams.yamledit.nodes import Scalar
from gitops_streams.yamledit.objects import Object
from gitops_streams.yamledit.problem import Problem


@dataclass(frozen=True, slots=True)
class Naming:
    """Where is looked, and who knows what can be edited there."""

    file: str
    text: str
    document: int
    object: Object
    uneditable: Callable[[Occurrence], str | None]
    """Says why an occurrence cannot be edited, if it cannot."""
    spared: Spared = NOTHING
    """What the user keeps from being edited."""
    policies: Mapping[str, str] | None = None
    """The stream tags that Flux's policies stand for, where the file has markers of Flux."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A scalar that is named and left alone; what was wrong is said apart from it."""

    scalar: Scalar


def find(naming: Naming, *, marked: bool, triggered: bool) -> Iterator[Occurrence | Mention | Claimed | Problem]:
    """Yield what is named, and what is wrong with the names.

    A live trigger goes before a marker; before one that keeps its hands off, the marker goes.

    Args:
        naming: one object of one file.
        marked: whether the file's text holds a marker.
        triggered: whether it holds a trigger.
    """
    marks = dict(_marks(naming)) if marked else {}
    for there in _flux_marks(naming):
        if isinstance(there, Problem):
            yield there
        else:
            marks.setdefault(_marked(there), there)
    outranked: set[int] = set()
    for field in _triggered(naming) if triggered else ():
        if isinstance(field, Problem):
            yield field
            continue
        scalar = field.fields[0].scalar
        form, mark = field.form, marks.get(id(scalar))
        if mark is None:
            yield from _editable(naming, field, "triggered")
        elif isinstance(form, TriggeredField) and form.trigger.hands_off is None:
            outranked.add(id(scalar))
            yield from _editable(naming, field, "triggered")
            yield from _outranked(form, mark)
    for mark in (mark for scalar, mark in marks.items() if scalar not in outranked):
        if isinstance(mark, Occurrence):
            yield from _editable(naming, mark, "marked")
        else:
            yield mark.problem
            yield Claimed(mark.scalar)


def _marks(naming: Naming) -> Iterator[tuple[int, Occurrence | markers.Refused]]:
    for mark in markers.find(naming.file, naming.text, naming.document, naming.object):
        yield _marked(mark), mark


def _flux_marks(naming: Naming) -> Iterator[Occurrence | markers.Refused | Problem]:
    if naming.policies is not None:
        yield from flux_markers.named(naming.file, naming.text, naming.document, naming.object, naming.policies)


def _marked(mark: Occurrence | markers.Refused) -> int:
    """Return the identity of a marked scalar."""
    return id(mark.scalar if isinstance(mark, markers.Refused) else mark.fields[0].scalar)


def _triggered(naming: Naming) -> Iterator[Occurrence | Problem]:
    for finder in (triggers.find, deployment_config.find):
        yield from finder(naming.file, naming.text, naming.document, naming.object)


def _editable(naming: Naming, occurrence: Occurrence, how: str) -> Iterator[Occurrence | Mention | Claimed | Problem]:
    """Yield a named scalar with its owner, or why it cannot be edited."""
    spares = naming.spared.why(id(each.scalar) for each in occurrence.fields)
    if spares is not None:
        if occurrence.repository is not None:
            yield mentions.of(occurrence, occurrence.repository, spares, spared=True)
        yield Claimed(occurrence.fields[0].scalar)
        return
    why = naming.uneditable(occurrence)
    if why is None:
        yield owned(occurrence, naming.object)
        return
    yield Problem(occurrence.file, occurrence.line, f"the {how} value cannot be edited: {why}")
    yield Claimed(occurrence.fields[0].scalar)


def _outranked(form: TriggeredField, mark: Occurrence | markers.Refused) -> Iterator[Problem]:
    """Say that a marker has no effect where it names something else than the trigger of its field."""
    trigger = form.trigger
    if not isinstance(mark, Occurrence) or not isinstance(mark.form, MarkedScalar):
        return
    if f"{mark.form.stream.rpartition('/')[2]}:{mark.form.tag}" != f"{trigger.stream}:{trigger.tag}":
        reason = f"the marker has no effect: {trigger.field} (line {trigger.line}) names {trigger.stream}:{trigger.tag}"
        yield Problem(mark.file, mark.line, f"{reason}; pause the trigger to have the marker decide")
