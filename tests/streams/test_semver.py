"""Versions and ranges against what Masterminds/semver answers, and the properties of their order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.streams.semver import MAX_RANGE, InvalidRange, Range, parse_range, parse_version

REFERENCE = json.loads((Path(__file__).parent / "semver_ranges.json").read_text())
RANGES = REFERENCE["ranges"]
# The specification's own example, § 11.
ASCENDING = [
    "0.9.9",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.1.0",
    "2.0.0",
    "10.0.0",
]


def in_range(wanted, *, prereleases=False):
    parsed = parse_range(wanted)
    assert isinstance(parsed, Range), parsed
    versions = {text: parse_version(text) for text in REFERENCE["versions"]}
    return [text for text, version in versions.items() if parsed.admits(version, prereleases=prereleases)]


@pytest.mark.parametrize("wanted", [text for text, answer in RANGES.items() if answer is not None])
def test_a_range_holds_what_masterminds_says(wanted):
    assert in_range(wanted) == RANGES[wanted]["in"]
    assert set(in_range(wanted, prereleases=True)) == {*RANGES[wanted]["in"], *RANGES[wanted]["pre"]}


@pytest.mark.parametrize("wanted", [text for text, answer in RANGES.items() if answer is None])
def test_what_is_no_range_there_is_none_here(wanted):
    assert isinstance(parse_range(wanted), InvalidRange)


@pytest.mark.parametrize(
    "text", [*REFERENCE["not versions"], "", "v", "1.", "1..2", "1.2.3-a..b", "99999999999999999999"]
)
def test_what_is_no_version(text):
    assert parse_version(text) is None


@pytest.mark.parametrize("text", ["\u0661.2.3", "1.2.3\n", " 1.2.3", "1.2.3-é"])
def test_digits_and_letters_are_ascii(text):
    assert parse_version(text) is None


def test_versions_are_ordered_as_the_specification_orders_them():
    ranks = [parse_version(text).rank for text in ASCENDING]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)


@pytest.mark.parametrize("same", [("1.2", "1.2.0", "v1.2.0", "1.2.0+b"), ("2024.01.05", "2024.1.5"), ("1", "1.0.0")])
def test_spellings_of_one_version_have_one_rank(same):
    assert len({parse_version(text).rank for text in same}) == 1


# Where Masterminds' answer is a slip of its own (docs/decisions/0008).


def test_not_equal_to_a_wildcard_excludes_its_prereleases_too():
    assert "1.2.3-alpha" not in in_range("!=1.2.x", prereleases=True)
    assert "1.3.0-rc.1" in in_range("!=1.2.x", prereleases=True)
    assert in_range("!=1.2.x") == in_range("<1.2 || >=1.3")


def test_tilde_of_nothing_but_zeros_is_no_wildcard():
    assert in_range("~0.0.0") == in_range(">=0.0.0 <0.1.0")


def test_an_alternative_needs_no_blanks_around_it():
    assert in_range("0.1.0||1.0 - 1.1") == in_range("0.1.0 || 1.0 - 1.1")


@given(st.text(alphabet="0123x*v.-+<>=~^!|, ab", max_size=40))
def test_any_text_is_a_range_or_is_not(text):
    parsed = parse_range(text)
    if isinstance(parsed, Range):
        parsed.admits(parse_version("1.2.3"))
    else:
        assert parsed.reason


@pytest.mark.parametrize(
    "text", ["1" * 5000, ">=" * 5000, "1 " * 5000, "1.2 - " * 1000, "||" * 1000, "1 ||" * 60 + "1.2.3-" + "a." * 5]
)
def test_long_texts_are_answered_at_once(text):
    assert isinstance(parse_range(text), InvalidRange)


def test_the_longest_range_is_read():
    text = "1.2.3 || " * 28 + "2"
    assert len(text) <= MAX_RANGE
    assert "2.0.0" in in_range(text)


versions = st.builds(
    lambda numbers, pre: ".".join(map(str, numbers)) + pre,
    st.lists(st.integers(0, 12), min_size=3, max_size=3),
    st.sampled_from(["", "", "-0", "-rc.1", "-rc.10", "-a"]),
)


@given(versions, versions)
def test_greater_less_and_equal_share_all_versions_out(one, other):
    version = parse_version(one)
    answers = [parse_range(f"{operator}{other}").admits(version, prereleases=True) for operator in ("<", "=", ">")]
    assert answers.count(True) == 1
    assert parse_range(f"<={other}").admits(version, prereleases=True) == (answers[0] or answers[1])
    assert parse_range(f">={other}").admits(version, prereleases=True) == (answers[1] or answers[2])


@given(versions, versions)
def test_a_caret_holds_its_tilde_from_1_0_on(one, other):
    version = parse_version(one)
    if parse_version(other).numbers[0] and parse_range(f"~{other}").admits(version):
        assert parse_range(f"^{other}").admits(version)


@given(versions)
def test_a_release_range_holds_no_prerelease(text):
    version = parse_version(text)
    assert parse_range("*").admits(version) == (not version.pre)
    # A wildcard starts at 0.0.0, which its own pre-releases do not reach.
    assert parse_range("*").admits(version, prereleases=True) == (not version.pre or any(version.numbers))
