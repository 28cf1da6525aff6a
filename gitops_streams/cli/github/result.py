"""What a step tells its workflow: a report or findings turned into outputs, annotations and an exit code. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gitops_streams.cli.github.inputs import FailOn, Inputs
from gitops_streams.cli.github.runner import Annotation, Level
from gitops_streams.errors import CHANGES_PENDING, FAILED, INCOMPLETE
from gitops_streams.oci.image import Presence
from gitops_streams.plan.audit import Finding
from gitops_streams.plan.model import Held, Plan, Skipped
from gitops_streams.render.report import PullResult, Report
from gitops_streams.review.delta import MoveClass
from gitops_streams.review.lifecycle import PullOutcome
from gitops_streams.review.report import TagReview
from gitops_streams.yamledit.problem import Problem, Severity

_NOTABLE = (
    PullOutcome.FAILED,
    PullOutcome.BLOCKED,
    PullOutcome.CREATED,
    PullOutcome.UPDATED,
    PullOutcome.CLOSED,
    PullOutcome.UNCHANGED,
    PullOutcome.NONE,
)
NOTHING: Mapping[str, str] = {
    "changed": "false",
    "operation": PullOutcome.NONE.value,
    "pull-request-number": "",
    "pull-request-url": "",
    "pull-requests": "[]",
    "head-sha": "",
    "report-path": "",
    "report-html-path": "",
}
"""Every output, as it is where nothing happened."""
APPROVAL = Annotation(
    Level.NOTICE,
    "The pull request's workflows wait for approval",
    "It was opened with the workflow's own GITHUB_TOKEN, so a person with write access has to press"
    ' "Approve workflows to run" on it. A GitHub App\'s token in the input token avoids that'
    " (docs/github-action.md, Which token).",
)
"""Said once a run. GitHub changelog of 2026-06-11; before, such workflows were not started at all."""


@dataclass(frozen=True, slots=True)
class Result:
    """What is told."""

    exit_code: int = 0
    annotations: tuple[Annotation, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    summary: str = ""
    """Markdown."""


def of_report(report: Report, inputs: Inputs, prefix: str) -> Result:
    """Tell of a plan, published or not; the summary and the report's files are the caller's.

    Args:
        report: the run.
        inputs: the Action's inputs.
        prefix: the repository's folder in the workspace, empty or ending in ``/``.
    """
    pulls = () if report.published is None else report.published.pulls
    commit = None if report.published is None else report.published.commit
    notable = min(pulls, key=lambda pull: _NOTABLE.index(pull.outcome), default=None)
    outputs = {
        **NOTHING,
        "changed": "true" if report.plan.files else "false",
        "operation": PullOutcome.NONE.value if notable is None else notable.outcome.value,
        "pull-requests": json.dumps([_pull(pull) for pull in pulls], separators=(",", ":")),
        "head-sha": (commit if notable is None else notable.head) or "",
    }
    if notable is not None:
        outputs["pull-request-number"] = "" if notable.number is None else str(notable.number)
        outputs["pull-request-url"] = notable.url or ""
    found = [*_of_plan(report.plan, inputs, prefix), *_of_reviews(report, inputs, prefix), *_of_pulls(pulls)]
    if inputs.by_workflow and any(pull.outcome in {PullOutcome.CREATED, PullOutcome.UPDATED} for pull in pulls):
        found.append(APPROVAL)
    return Result(_exit_code(report, inputs), tuple(found), outputs)


def of_findings(findings: Sequence[Finding], problems: Sequence[Problem], inputs: Inputs, prefix: str) -> Result:
    """Tell what ``check`` found."""
    failing = FailOn.FINDINGS in inputs.fail_on
    level = Level.ERROR if failing else Level.WARNING
    found = [
        Annotation(level, f"{finding.tag}: {finding.kind}", finding.reason, prefix + finding.file, finding.line)
        for finding in findings
    ]
    found += _of_problems(problems, prefix)
    wrong = findings or any(problem.severity is Severity.ERROR for problem in problems)
    return Result(FAILED if failing and wrong else 0, tuple(found))


def _exit_code(report: Report, inputs: Inputs) -> int:
    plan, wanted = report.plan, inputs.fail_on
    reviews = [tag for review in report.reviews for tag in review.tags]
    if (FailOn.CONTRACT in wanted and any(map(_contract, reviews))) or (
        FailOn.UNSIGNED in wanted and any(map(_unsigned, reviews))
    ):
        return FAILED
    if report.published is not None and report.published.failed:
        return INCOMPLETE
    if FailOn.UNRESOLVED in wanted and plan.incomplete:
        return INCOMPLETE
    return CHANGES_PENDING if FailOn.CHANGES in wanted and plan.files else 0


def _contract(tag: TagReview) -> bool:
    """Say whether the contract changes, or nobody can tell: a gate does not open by itself."""
    return bool(tag.delta.contract) or tag.delta.move is MoveClass.UNKNOWN


def _unsigned(tag: TagReview) -> bool:
    """Say whether there is no signature, or none was found out about."""
    return tag.delta.new_evidence.signature is not Presence.PRESENT


def _of_plan(plan: Plan, inputs: Inputs, prefix: str) -> Iterator[Annotation]:
    failed = Level.ERROR if FailOn.UNRESOLVED in inputs.fail_on else Level.WARNING
    for tag in plan.tags:
        if tag.failure is not None:
            place = tag.sites[0].site.occurrence if tag.sites else None
            reason = ". ".join(filter(None, (tag.reason, tag.failure.hint)))
            file, line = (None, None) if place is None else (prefix + place.file, place.line)
            yield Annotation(failed, f"{tag.key} has no digest; its pins stay", reason, file, line)
            continue
        for site in tag.sites:
            if isinstance(site, Held | Skipped):
                place = site.site.occurrence
                yield Annotation(
                    Level.NOTICE, f"{tag.key}: {site.outcome}", site.reason, prefix + place.file, place.line
                )
    for item in plan.skipped:
        yield Annotation(Level.NOTICE, f"{item.reference}: skipped", item.reason, prefix + item.file, item.line)
    yield from _of_problems(plan.problems, prefix)


def _of_problems(problems: Iterable[Problem], prefix: str) -> Iterator[Annotation]:
    for problem in problems:
        level = Level.ERROR if problem.severity is Severity.ERROR else Level.WARNING
        yield Annotation(level, "gitops-streams", problem.reason, prefix + problem.file, problem.line)


def _of_reviews(report: Report, inputs: Inputs, prefix: str) -> Iterator[Annotation]:
    contract = Level.ERROR if FailOn.CONTRACT in inputs.fail_on else Level.WARNING
    for tag in (tag for review in report.reviews for tag in review.tags):
        places = [(prefix + rollout.file, rollout.line) for rollout in tag.rollouts[:1]] or [
            (prefix + tag.declared_in, tag.declared_line)
        ]
        file, line = places[0]
        if tag.delta.contract or (contract is Level.ERROR and _contract(tag)):
            what = (
                ", ".join(
                    difference.field + ("" if difference.name is None else f" {difference.name}")
                    for difference in tag.delta.contract
                )
                or "the images could not be compared"
            )
            changes = "changes" if tag.delta.contract else "may change"
            yield Annotation(contract, f"{tag.key}: what a container gets or offers {changes}", what, file, line)
        for sentence in tag.delta.attention:
            yield Annotation(Level.WARNING, f"{tag.key} needs attention", sentence, file, line)
        if FailOn.UNSIGNED in inputs.fail_on and _unsigned(tag):
            yield Annotation(
                Level.ERROR, f"{tag.key}: no signature of the new image is known", str(tag.new), file, line
            )


def _of_pulls(pulls: Iterable[PullResult]) -> Iterator[Annotation]:
    for pull in pulls:
        name = f"pull request of {pull.group}" if pull.number is None else f"pull request #{pull.number}"
        if pull.outcome is PullOutcome.FAILED:
            yield Annotation(Level.ERROR, f"The {name} failed", pull.reason)
        if pull.outcome is PullOutcome.BLOCKED:
            yield Annotation(Level.WARNING, f"The {name} is blocked", pull.reason)
        for warning in pull.warnings:
            yield Annotation(Level.WARNING, f"The {name}", warning)


def _pull(pull: PullResult) -> dict[str, str | int | None]:
    return {
        "group": pull.group,
        "operation": pull.outcome.value,
        "number": pull.number,
        "url": pull.url,
        "base": pull.base,
        "branch": pull.branch,
        "head": pull.head,
        "reason": pull.reason,
    }
