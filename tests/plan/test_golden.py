"""Whole trees, before and after a run, byte for byte: see tests/golden/README.md."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from gitops_streams.plan.model import Failed, Outcome, Skipped
from gitops_streams.plan.proven import proven
from gitops_streams.reconcile.recording import resolved_items
from gitops_streams.render import json_report
from gitops_streams.render.report import Report
from gitops_streams.streams import status
from gitops_streams.yamledit.prove import prove

GOLDEN = Path(__file__).parent.parent / "golden"
CASES = sorted(folder.name for folder in GOLDEN.iterdir() if folder.is_dir())


def read(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def plan_files(plan_files, case):
    """Plan a tree whose repositories have the tags of ``tags.json``, if there is one."""
    listed = GOLDEN / case / "tags.json"
    return partial(plan_files, tags=json.loads(listed.read_text()) if listed.exists() else {})


def notes(plan) -> str:
    """Everything that is reported beside the changes, a line each."""
    lines = [f"{item.file}:{item.line}: {item.reference}: {item.reason}" for item in plan.skipped]
    for site in plan.sites:
        if isinstance(site, Skipped | Failed):
            occurrence = site.site.occurrence
            lines.append(f"{occurrence.file}:{occurrence.line}: {occurrence.text}: {site.outcome}: {site.reason}")
    lines += [f"{problem.severity} {problem}" for problem in plan.problems]
    return "".join(f"{line}\n" for line in lines)


def without_problems(plan) -> str:
    return json_report.render(Report(replace(plan, problems=())))


def recorded(planned) -> dict[str, bytes]:
    """The status files as they are after the plan is carried out."""
    streams = dict(planned.history.streams)
    for key, item in resolved_items(planned.plan):
        streams[key.stream] = status.record(streams.get(key.stream), key, item)
    return {status.path_of(key): status.render(stream).encode() for key, stream in streams.items()}


@pytest.mark.parametrize("case", CASES)
class TestGolden:
    def test_edits_the_expected_bytes_and_no_others(self, case, plan_files):
        planned = plan_files(read(GOLDEN / case / "original"))
        expected = read(GOLDEN / case / "expected")
        assert planned.files.keys() == expected.keys()
        for path, content in expected.items():
            assert planned.files[path] == content, path

    def test_reports_the_rest(self, case, plan_files):
        planned = plan_files(read(GOLDEN / case / "original"))
        assert notes(planned.plan) == (GOLDEN / case / "notes.txt").read_text()

    def test_proves_every_file(self, case, plan_files):
        plan = plan_files(read(GOLDEN / case / "original")).plan
        for file in plan.files:
            prove(file.path, file.text, file.after.decode(), file.edits, file.patches)
        assert proven(plan) == plan

    def test_changes_nothing_the_second_time(self, case, plan_files):
        first = plan_files(read(GOLDEN / case / "original"))
        second = plan_files(first.files | recorded(first))
        assert second.plan.files == ()
        assert second.plan.site_counts[Outcome.CHANGED] == 0
        assert (
            second.plan.site_counts[Outcome.UNCHANGED]
            == first.plan.site_counts[Outcome.CHANGED] + first.plan.site_counts[Outcome.UNCHANGED]
        )
        assert notes(second.plan) == notes(first.plan)
        assert recorded(second) == recorded(first)

    def test_screening_by_bytes_loses_nothing(self, case, plan_files):
        original = read(GOLDEN / case / "original")
        screened, all_of_it = plan_files(original).plan, plan_files(original, screen=False).plan
        # Of files without any of the strings, that one cannot be read is of no interest.
        assert without_problems(screened) == without_problems(all_of_it)

    def test_the_order_of_the_files_does_not_matter(self, case, plan_files):
        original = read(GOLDEN / case / "original")
        forwards, backwards = plan_files(original).plan, plan_files(dict(reversed(original.items()))).plan
        assert json_report.render(Report(forwards)) == json_report.render(Report(backwards))


def test_every_case_has_something_to_change():
    assert CASES
    for case in CASES:
        assert read(GOLDEN / case / "original") != read(GOLDEN / case / "expected"), case
