"""The title and the body of a pull request: what they say, that they fit, and that nothing but a move changes them."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
import review_values as values
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gitops_streams.errors import ConfigError
from gitops_streams.render.pull_request import body, same_body, title
from gitops_streams.review.marker import REBUILD_BOX, Marker, read, rebuild_asked, write
from gitops_streams.review.pull_request import Capabilities
from gitops_streams.review.report import RunInfo

UPDATE = os.environ.get("UPDATE_SNAPSHOTS") == "1"
EXPECTED = Path(__file__).parent / "expected"
SUBJECT = "chore(images): {summary}"
CONTENT = Marker("payments-prod", "main", "4f2c" * 10, "b1946ac92492")
MARKER = write(CONTENT)
GITHUB = Capabilities("GitHub", 65_536, alerts=True)
PLAIN = Capabilities("Bitbucket Data Center", 32_768, details=False, hidden_comments=False, task_lists=False)
AZURE = Capabilities("Azure DevOps", 4_000, hidden_comments=False)
FORGES = [GITHUB, PLAIN, AZURE]


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def matches(text: str, name: str) -> None:
    """Compare with a file; with UPDATE_SNAPSHOTS=1 in the environment it is written anew."""
    path = EXPECTED / name
    if UPDATE:
        path.write_text(text)
    assert text == path.read_text()


class TestBody:
    @pytest.mark.parametrize(
        ("review", "capabilities", "name"),
        [
            (values.every_kind, GITHUB, "body.md"),
            (values.every_kind, PLAIN, "body-plain.md"),
            (values.every_kind, AZURE, "body-4000.md"),
            (lambda: values.many(100), GITHUB, "body-100.md"),
            (lambda: values.many(100), AZURE, "body-100-4000.md"),
        ],
        ids=["whole", "plain", "4000", "100", "100-4000"],
    )
    def test_to_the_letter(self, review, capabilities, name):
        marker = write(CONTENT, hidden=capabilities.hidden_comments)
        matches(body(review(), capabilities, marker), name)

    def test_says_things_in_the_order_in_which_a_reviewer_asks(self):
        text = body(values.every_kind(), GITHUB, MARKER)
        order = [
            MARKER,
            "**7 stream tags move, 3 of them need a look**",
            "**Rolls out to**",
            "> [!WARNING]",
            "| Stream tag | Why it moved |",
            "<details open><summary>⚠️ <code>payments/api:v2</code>",
            "**Why it moved**",
            "**What changed inside**",
            "**Where it rolls out**",
            "**Digests**",
            "<summary>Files (15)</summary>",
            "Not updated (2)",
            "Roll back after the merge",
            REBUILD_BOX,
        ]
        # From the block of the contract change on, the headings of one stream tag follow each other.
        position = 0
        for text_wanted in order:
            found = text.find(text_wanted, position)
            assert found >= 0, text_wanted
            position = found

    def test_those_that_need_a_look_are_unfolded_and_no_others(self):
        text = body(values.every_kind(), GITHUB, MARKER)
        opened = re.findall(r"<details open><summary>⚠️ <code>([^<]*)", text)
        assert opened == ["x:latest", "base/ubi9:latest", "payments/api:v2"]
        assert text.count("<details>") == 4 + 3
        assert text.count("<details") == text.count("</details>")

    def test_names_every_environment_workload_and_container(self):
        text = body(values.review(values.contract_change()), GITHUB, MARKER)
        head = text.partition("> [!WARNING]")[0]
        assert "`prod` (Deployment `payments/api`, Job `payments/migrate`) · `staging` (1 values file)" in head
        assert "| `prod` | Deployment `payments/api` | `api` | `deploy/prod/api.yaml:17` |" in text

    def test_hidden_values_are_not_shown(self):
        text = body(values.review(values.contract_change()), GITHUB, MARKER)
        assert "`DB_PASSWORD`" in text
        assert "hunter" not in text

    def test_what_keeps_the_branch_from_being_updated_stands_on_top(self):
        text = body(values.review(values.rebuild()), GITHUB, MARKER, blocked="Two lines\n\nof ours.")
        assert "> [!CAUTION]\n> Two lines\n>\n> of ours.\n" in text
        assert text.index("[!CAUTION]") < text.index("| Stream tag")

    def test_leads_to_the_whole_report_when_it_is_cut(self):
        url = "https://ci.acme.example/report"
        text = body(values.many(100), AZURE, MARKER, report_url=url)
        assert f"[whole report]({url})" in text.splitlines()[-1]
        assert "*Shortened to fit into a description here; the last line leads to the whole report.*" in text

    def test_of_status_files_alone(self):
        text = body(replace(values.review(), not_updated=()), GITHUB, MARKER)
        assert "no image in a manifest changes" in text
        assert "| Stream tag" not in text
        assert "Roll back" not in text

    def test_the_marker_is_the_first_line_and_the_box_is_not_ticked(self):
        for capabilities in (GITHUB, PLAIN, AZURE):
            marker = write(CONTENT, hidden=capabilities.hidden_comments)
            text = body(values.every_kind(), capabilities, marker)
            assert text.startswith(f"{marker}\n")
            assert read(text) == CONTENT
            assert not rebuild_asked(text)
            assert rebuild_asked(text.replace("- [ ]", "- [x]"))


class TestSameBody:
    def test_another_run_says_the_same(self):
        review = values.every_kind()
        other = replace(review, run=RunInfo("0.2.0", "https://ci.acme.example/runs/8"), base_sha="1" * 40)
        for capabilities in (GITHUB, AZURE):
            one, two = body(review, capabilities, MARKER), body(other, capabilities, MARKER)
            assert one != two
            assert same_body(one, two)

    def test_what_forges_do_to_line_ends_is_no_difference(self):
        text = body(values.every_kind(), GITHUB, MARKER)
        assert same_body(text.replace("\n", "\r\n"), text)
        assert same_body(text.rstrip(), text)

    def test_everything_else_is_a_difference(self):
        review = values.every_kind()
        text = body(review, GITHUB, MARKER)
        assert not same_body(text, body(review, GITHUB, write(replace(CONTENT, head="a" * 40))))
        assert not same_body(text, text.replace("- [ ]", "- [x]"))
        assert not same_body(text, body(values.review(*review.tags[1:]), GITHUB, MARKER))
        assert not same_body("", text)


class TestLadder:
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.integers(0, 120), st.integers(4_000, 70_000), st.sampled_from(FORGES))
    @example(100, 4_000, AZURE)
    @example(100, 65_536, GITHUB)
    @example(100, 32_768, PLAIN)
    @example(1, 4_000, GITHUB)
    def test_fits_whatever_the_limit(self, number, limit, forge):
        review = values.many(number)
        capabilities = replace(forge, body_limit=limit)
        text = body(review, capabilities, MARKER)
        assert units(text) <= limit * 0.9
        self.is_whole(text, review)

    @staticmethod
    def is_whole(text, review):
        assert read(text) == CONTENT
        assert text.count("<details") == text.count("</details>") == text.count("<summary>")
        assert text.count("```") % 2 == 0
        assert REBUILD_BOX in text
        assert text.rstrip().splitlines()[-1].startswith("gitops-streams ")
        if review.tags:
            assert "git revert -m 1 <merge commit>" in text
            assert f"**{len(review.tags)} stream tag" in text
        rows = [line.count(" | ") for line in text.splitlines() if line.startswith("| ⚠️")]
        assert set(rows) <= {5}

    def test_every_rung_keeps_what_needs_a_look(self):
        alarming = {f"`{tag.key}`" for tag in values.many(100).alarming}
        for limit in (65_536, 100_000):
            text = body(values.many(100), Capabilities("forge", limit), MARKER)
            assert all(key in text for key in alarming)

    def test_the_least_needed_goes_first(self):
        review = values.many(30)
        texts = [body(review, Capabilities("forge", limit), MARKER) for limit in range(4_000, 90_000, 1_000)]
        lost = {
            "metadata": "<summary>🏷️",
            "labels": "Label `maintainer`",
            "files": "<summary>Files",
            "quiet": "<summary>🔁",
            "details": "<details open>",
        }
        shortest = [min(units(text) for text in texts if sign in text) for sign in lost.values()]
        assert shortest == sorted(shortest, reverse=True)

    @pytest.mark.parametrize("text", ["x" * 9_000, "\N{GRINNING FACE}" * 4_000, "\u202e" * 3_000, "` " * 4_000])
    @pytest.mark.parametrize("limit", [4_000, 32_768, 65_536])
    def test_long_names_and_values_fit_too(self, text, limit):
        review = values.from_text(text)
        review = replace(review, tags=review.tags * 20)
        written = body(review, Capabilities("forge", limit), MARKER)
        assert units(written) <= limit * 0.9
        self.is_whole(written, review)

    def test_bytes_count_as_well(self):
        review = values.from_text("\N{CJK UNIFIED IDEOGRAPH-4E00}" * 100)
        text = body(review, Capabilities("forge", 1_000_000, body_bytes=6_000), MARKER)
        assert len(text.encode()) <= 5_400


class TestTitle:
    def test_of_several(self):
        assert title(values.every_kind(), SUBJECT) == "chore(images): update 7 digests in payments-prod"

    def test_of_one(self):
        review = values.review(values.rebuild())
        assert title(review, SUBJECT) == f"chore(images): update payments/worker:v2 to {str(review.tags[0].new)[:15]}"

    def test_takes_the_placeholders_of_a_commit(self):
        review = values.every_kind()
        assert title(review, "{count} in {files} of {scope}") == "7 in 8 of payments-prod"
        with pytest.raises(ConfigError):
            title(review, "{nothing}")

    def test_a_group_that_is_a_directory_can_mention_nobody_and_close_nothing(self):
        group = "apps\n@acme/team fixes #12 GH-7 https://evil.example !3 ![x](y) <b>\u202e"
        told = title(replace(values.every_kind(), group=group), "{scope}")
        assert len(told.splitlines()) == 1
        assert not set("@#!<>[]:\u202e") & set(told)
        assert "GH-" not in told

    @given(st.text(), st.text(max_size=100))
    def test_is_one_short_line(self, group, template):
        told = title(replace(values.every_kind(), group=group), "images " + re.sub(r"[{}]", "", template))
        assert len(told) <= 72
        assert told.isprintable()


@pytest.mark.parametrize("review", [values.every_kind, lambda: values.many(60)])
def test_the_same_review_gives_the_same_bytes(review):
    assert body(review(), GITHUB, MARKER) == body(review(), GITHUB, MARKER)
