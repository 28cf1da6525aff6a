"""What a step tells its workflow of the pins that a pull request touches. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_streams.cli.github.inputs import FailOn as Word
from gitops_streams.cli.github.inputs import Inputs
from gitops_streams.cli.github.result import NOTHING, Result
from gitops_streams.cli.github.runner import Annotation, Level
from gitops_streams.render.phrase import plain
from gitops_streams.render.pin_phrases import STANDINGS, belongs
from gitops_streams.review.failing import FailOn, broken_contract, exit_code, unsigned
from gitops_streams.review.pin_review import PinReview
from gitops_streams.review.standing import DOUBTFUL, Standing
from gitops_streams.yamledit.problem import Severity

_WORDS = {
    Word.FINDINGS: FailOn.FINDINGS,
    Word.UNRESOLVED: FailOn.UNRESOLVED,
    Word.CONTRACT: FailOn.CONTRACT,
    Word.UNSIGNED: FailOn.UNSIGNED,
}


def of_pins(found: PinReview, inputs: Inputs, prefix: str) -> Result:
    """Tell what the review of a pull request found; its summary and the report's files are the caller's.

    Args:
        found: the review.
        inputs: the Action's inputs.
        prefix: the repository's folder in the workspace, empty or ending in ``/``.
    """
    wanted = frozenset(_WORDS[word] for word in inputs.fail_on if word in _WORDS)
    annotations = [*_of_pins(found, wanted, prefix), *_of_images(found, wanted, prefix)]
    return Result(exit_code(found, wanted), tuple(annotations), {**NOTHING})


def _of_pins(found: PinReview, wanted: frozenset[FailOn], prefix: str) -> Iterator[Annotation]:
    finding = Level.ERROR if FailOn.FINDINGS in wanted else Level.WARNING
    unresolved = Level.ERROR if FailOn.UNRESOLVED in wanted else Level.WARNING
    for pin in found.pins:
        standing, occurrence = pin.verdict.standing, pin.change.occurrence
        if not (standing in DOUBTFUL or standing is Standing.UNRESOLVED):
            continue
        level = finding if pin.verdict.is_finding else Level.WARNING
        level = unresolved if standing is Standing.UNRESOLVED else level
        title = f"{plain(belongs(pin))}: {STANDINGS[standing]}"
        yield Annotation(level, title, pin.verdict.reason, prefix + occurrence.file, occurrence.line)
    for item in found.findings:
        yield Annotation(finding, f"{item.tag}: {item.kind}", item.reason, prefix + item.file, item.line)
    for problem in found.problems:
        level = Level.ERROR if problem.severity is Severity.ERROR else Level.WARNING
        yield Annotation(level, "gitops-streams", problem.reason, prefix + problem.file, problem.line)


def _of_images(found: PinReview, wanted: frozenset[FailOn], prefix: str) -> Iterator[Annotation]:
    contract = Level.ERROR if FailOn.CONTRACT in wanted else Level.WARNING
    for tag in found.review.tags:
        file, line = prefix + tag.rollouts[0].file, tag.rollouts[0].line
        if tag.delta.contract:
            what = ", ".join(
                difference.field + ("" if difference.name is None else f" {difference.name}")
                for difference in tag.delta.contract
            )
            yield Annotation(contract, f"{tag.key}: what a container gets or offers changes", what, file, line)
        elif FailOn.CONTRACT in wanted and broken_contract(tag):
            yield Annotation(
                Level.ERROR, f"{tag.key}: the images could not be compared", "; ".join(tag.delta.notes), file, line
            )
        if FailOn.UNSIGNED in wanted and unsigned(tag):
            yield Annotation(
                Level.ERROR, f"{tag.key}: no signature of the new image is known", str(tag.new), file, line
            )
