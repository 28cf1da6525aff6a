"""Reviews and pull requests in the formats that print whole reports: table, Markdown, JSON."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import review_values as values
from jsonschema import Draft202012Validator

from gitops_streams import schemas
from gitops_streams.plan import saved
from gitops_streams.render import json_report, markdown, table
from gitops_streams.render.report import Published, PullResult, Report
from gitops_streams.review.delta import MoveClass
from gitops_streams.review.lifecycle import (
    ClosePull,
    Comment,
    DeleteBranch,
    OpenPull,
    PullOutcome,
    PushBranch,
    RefreshPull,
    SetLabels,
    StopAutoMerge,
)

DOCUMENT = Path(__file__).parents[2] / "docs/json.md"
PULLS = (
    PullResult(
        *("payments", PullOutcome.CREATED, "there was none", "main", "gitops-streams/main/payments"),
        number=12,
        url="https://forge.acme.example/pull/12",
        head="a" * 40,
        warnings=("the label is not there",),
        operations=(PushBranch("gitops-streams/main/payments", None), OpenPull(draft=True)),
    ),
    PullResult(
        *("web", PullOutcome.BLOCKED, "it holds commits of others", "main", "gitops-streams/main/web"),
        number=9,
        operations=(
            PushBranch("b", "c" * 40),
            RefreshPull(9, draft=True),
            Comment(9, "blocked", "x"),
            Comment(9, "closed", None),
            SetLabels(9, ("one", "two"), ("three",)),
            StopAutoMerge(9),
            ClosePull(9),
            DeleteBranch("b", "c" * 40),
        ),
    ),
)
DONE = Published("pull-request", ("a",), branch="main", remote="origin", pulls=PULLS)
DRY = replace(DONE, dry_run=True)
STEPS = (
    "create the branch gitops-streams/main/payments",
    "open a draft",
    "push the branch b, if it is still at cccccccccc",
    "write title and description, make it a draft",
    "write the comment blocked",
    "take away the comment closed",
    "add the labels one, two, remove the label three",
    "take auto-merge back",
    "close the pull request",
    "delete the branch b",
)


@pytest.fixture(scope="module")
def report(mixed):
    return Report(mixed, DONE, reviews=(values.every_kind(),))


def validate(document):
    Draft202012Validator(schemas.load("plan")).validate(document)


class TestTable:
    def test_says_why_each_digest_moves(self, report):
        lines = table.render(report).splitlines()
        why = lines[lines.index("Why:") + 1 :][: len(report.reviews[0].tags)]
        assert why[0] == (
            "  ! x:latest: not compared; The new image could not be inspected: nothing is known about what changes"
        )
        assert why[2].startswith(
            "  ! payments/api:v2: contract changed, new source revision; It runs as root now, and did not before;"
            " Platform linux/arm64 is gone; User: 1001 → root; "
        )
        assert why[4] == "  web:stable: new source revision; 8 days newer; 2.0 KiB, the same"
        assert (
            why[6] == "  payments/worker:v2: rebuild of the same revision; 3 days newer; 1.0 MiB → 2.0 MiB (+1.0 MiB)"
        )

    def test_a_long_list_is_cut_unless_all_is_asked_for(self, report):
        many = replace(report, reviews=(values.many(30),))
        assert "… and 20 more; -v lists them all" in table.render(many)
        assert "more; -v" not in table.render(replace(many, every_site=True)).partition("Skipped:")[0]

    def test_tells_of_pull_requests(self, report):
        text = table.render(report)
        assert (
            "Pull requests:\n"
            "  payments: #12 opened: there was none\n"
            "    https://forge.acme.example/pull/12\n"
            "    warning: the label is not there\n"
            "  web: #9 blocked: it holds commits of others\n"
        ) in text
        assert text.endswith("\npull requests: 1 opened, 1 blocked\n")

    def test_tells_of_a_dry_run_what_would_be_done(self, report):
        text = table.render(replace(report, published=DRY))
        assert "Pull requests (dry run, nothing was done):\n  payments: #12 to be opened: there was none\n" in text
        for step in STEPS:
            assert f"    {step}\n" in text
        assert text.endswith("\npull requests (dry run): 1 to be opened, 1 blocked\n")

    def test_sends_a_terminal_nothing_that_it_would_act_upon(self, mixed):
        foreign = "\x1b[31m\x9b2J\u202e\n\r"
        pulls = (PullResult(foreign, PullOutcome.FAILED, foreign, foreign, foreign, 1, foreign, None, (foreign,)),)
        text = table.render(
            Report(mixed, replace(DRY, pulls=pulls), every_site=True, reviews=(values.from_text(foreign),))
        )
        assert not set("\x1b\x9b\u202e\r") & set(text)
        assert len(text.splitlines()) == text.count("\n")


class TestMarkdown:
    def test_holds_the_review_before_what_was_left(self, report):
        text = markdown.render(report)
        order = [
            "**stream tags:",
            "**7 stream tags move",
            "> [!WARNING]",
            "<details open>",
            "### Failed",
            "### Skipped",
        ]
        places = [text.index(sign) for sign in order]
        assert places == sorted(places)

    def test_has_a_heading_for_each_of_several_groups(self, report):
        text = markdown.render(replace(report, reviews=(values.every_kind(), values.review(values.rebuild()))))
        assert [line for line in text.splitlines() if line.startswith("## ")] == ["## `payments-prod`", "## `all`"]

    def test_tells_of_pull_requests(self, report):
        text = markdown.render(report)
        assert "| [`#12`](https://forge.acme.example/pull/12) | `payments` | opened | there was none |" in text
        assert "- `payments`: the label is not there" in text
        assert "create the branch" not in text
        assert "- `payments`: create the branch `gitops-streams/main/payments`" in markdown.render(
            replace(report, published=DRY)
        )

    @pytest.mark.parametrize("limit", [1024 * 1024, 100_000, 30_000, 8_000, 3_000, 500])
    def test_a_step_summary_fits(self, report, limit):
        long = replace(report, reviews=(values.many(300),))
        for each in (report, long):
            text = markdown.step_summary(each, limit)
            assert len(text.encode()) <= limit
            assert text.count("<details") == text.count("</details>")
            if limit > 3_000:
                assert "stream tags move" in text

    def test_a_step_summary_that_is_not_cut_is_the_report(self, report):
        assert markdown.step_summary(report) == markdown.render(report)


class TestJson:
    @pytest.mark.parametrize("published", [None, DONE, DRY])
    def test_is_what_its_schema_says(self, report, published):
        for reviews in (report.reviews, (values.many(20), values.from_text("x\ud800\n"))):
            text = json_report.render(replace(report, published=published, reviews=reviews))
            assert text.isascii()
            validate(json.loads(text))

    def test_can_be_applied_like_any_other(self, report):
        text = json_report.render(report)
        plan = saved.read(text.encode(), schemas.load("plan"), "plan.json")
        bare = saved.read(json_report.render(Report(report.plan)).encode(), schemas.load("plan"), "plan.json")
        assert plan == bare

    def test_without_reviews_it_is_as_it_was(self, report):
        assert {"reviews", "pullRequests"}.isdisjoint(json.loads(json_report.render(Report(report.plan))))

    def test_says_why_as_facts(self, report):
        (review,) = json.loads(json_report.render(report))["reviews"]
        assert (review["group"], review["base"], review["baseCommit"]) == ("payments-prod", "main", values.BASE_SHA)
        tags = {f"{tag['stream']}:{tag['tag']}": tag for tag in review["tags"]}
        assert {tag["class"] for tag in tags.values()} == {move.value for move in MoveClass} - {"content"}
        api = tags["payments/api:v2"]
        assert (api["alarming"], api["also"]) == (True, ["source"])
        user = {"field": "User", "name": None, "change": "changed", "hidden": False, "old": "1001", "new": "root"}
        assert api["contract"][0] == user
        assert {each["name"]: each["change"] for each in api["contract"] if each["field"] == "Environment"} == {
            "CACHE": "removed",
            "DB_PASSWORD": "changed",
            "LOG_LEVEL": "changed",
            "NEW": "added",
        }
        assert api["rollouts"][0] == {
            "file": "deploy/prod/api.yaml",
            "line": 17,
            "kind": "Deployment",
            "namespace": "payments",
            "name": "api",
            "container": "api",
            "environment": "prod",
        }
        assert api["platforms"][0]["layersShared"] == 2
        assert api["platforms"][1]["newDigest"] is None
        assert api["source"]["compare"].startswith("https://github.com/acme/web/compare/")

    def test_hidden_values_are_not_in_it(self, report):
        text = json_report.render(report)
        assert "DB_PASSWORD" in text
        assert "hunter" not in text

    def test_tells_of_pull_requests(self, report):
        document = json.loads(json_report.render(report))
        assert document["published"]["mode"] == "pull-request"
        assert document["pullRequests"][0] == {
            "group": "payments",
            "outcome": "created",
            "reason": "there was none",
            "base": "main",
            "branch": "gitops-streams/main/payments",
            "number": 12,
            "url": "https://forge.acme.example/pull/12",
            "head": "a" * 40,
            "warnings": ["the label is not there"],
            "operations": [*STEPS[:2]],
        }

    def test_in_a_dry_run_nothing_is_published(self, report):
        document = json.loads(json_report.render(replace(report, published=DRY)))
        assert "published" not in document
        assert document["pullRequests"][1]["operations"] == [*STEPS[2:]]

    def test_the_run_leaves_no_trace_in_it(self, report):
        assert values.RUN.url not in json_report.render(report)

    def test_the_documents_example_is_true(self, report):
        blocks = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
        (example,) = (json.loads(block) for block in blocks if '"baseCommit"' in block)
        validate(json.loads(json_report.render(Report(report.plan))) | {"reviews": [example]})
        (written,) = json.loads(json_report.render(report))["reviews"]
        assert example.keys() == written.keys()
        assert example["tags"][0].keys() == written["tags"][0].keys()
