"""Choosing tags: the shared vectors, every rule of each policy, ties, artifacts, and hostile lists and patterns."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.streams.choose import Chosen, NeedsDates, NothingChosen, choose, natural
from gitops_streams.streams.policy_defaults import Defaults
from gitops_streams.streams.semver import parse_range, parse_version
from gitops_streams.streams.tag_filter import MAX_PATTERN, InvalidFilter, TagFilter, compile_filter, is_artifact
from gitops_streams.streams.tag_policy import (
    Alphabetical,
    Filter,
    NewestBuild,
    Numerical,
    Order,
    SemverRange,
    TagPolicy,
)

HEX = "0123456789abcdef" * 4


def semver(wanted="*", prereleases=None, **of):
    return TagPolicy(SemverRange(wanted, prereleases), Filter(**of) if of else None)


def numerical(order="asc", **of):
    return TagPolicy(Numerical(Order(order)), Filter(**of) if of else None)


def alphabetical(order="asc", **of):
    return TagPolicy(Alphabetical(Order(order)), Filter(**of) if of else None)


NEWEST = TagPolicy(NewestBuild())


def chosen(policy, *tags, **options):
    found = choose(policy, tags, **options)
    assert isinstance(found, Chosen), found
    return found.tag


def refused(policy, *tags, **options):
    found = choose(policy, tags, **options)
    assert isinstance(found, NothingChosen), found
    return found.reason


def day(number):
    return datetime(2026, 11, number, tzinfo=UTC)


class TestVectors:
    """The shared data."""

    def test_every_vector_passes(self, shared):
        cases = json.loads((shared / "cases" / "tag_policy_vectors.json").read_text())
        assert len(cases) == 31
        for case in cases:
            if case["policy"] == "filter":
                self.check_filter(case)
                continue
            order = case.get("order", "asc")
            policies = {"semver": semver(case.get("range", "*")), "numerical": numerical(order)}
            found = choose(policies.get(case["policy"], alphabetical(order)), case["tags"])
            assert isinstance(found, NothingChosen) if case["error"] else found == Chosen(case["expect"]), case["label"]

    def check_filter(self, case):
        texts = case["tags"]
        if "pattern" in case:
            ready = compile_filter(Filter(case["pattern"], case.get("extract")))
            assert isinstance(ready, TagFilter), ready
            # Flux keeps one tag of those that give the same text; here the tie is settled afterwards.
            texts = list(dict.fromkeys(text for text, _ in ready.pairs(case["tags"])))
        assert texts == case["expect"], case["label"]


class TestSemver:
    """The highest version in a range."""

    def test_the_highest_release(self):
        assert chosen(semver(), "1.9.0", "1.10.0", "2.0.0-rc.1", "latest") == "1.10.0"

    def test_prereleases_count_where_the_range_names_one(self):
        assert chosen(semver(">=1.0-0"), "1.9.0", "2.0.0-rc.1") == "2.0.0-rc.1"

    def test_prereleases_count_where_they_are_asked_for(self):
        tags = ["1.9.0", "2.0.0-rc.1"]
        assert chosen(semver(prereleases=True), *tags) == "2.0.0-rc.1"
        assert chosen(semver(), *tags, defaults=Defaults(prereleases=True)) == "2.0.0-rc.1"
        assert chosen(semver(prereleases=False), *tags, defaults=Defaults(prereleases=True)) == "1.9.0"

    def test_a_suffix_is_a_prerelease(self):
        assert chosen(semver(), "1.26.0", "1.27.0-alpine") == "1.26.0"
        assert (
            chosen(semver(pattern="^(.*)-alpine$", extract="$1"), "1.26.0-alpine", "1.27", "1.9-alpine")
            == "1.26.0-alpine"
        )

    @pytest.mark.parametrize("tags", [("1.2", "1.2.0", "v1.2.0"), ("v1.2.0", "1.2.0"), ("1.2.0", "v1.2")])
    def test_of_equal_versions_the_one_that_says_most(self, tags):
        assert chosen(semver(), *tags) == "1.2.0"

    def test_why_nothing_is_chosen(self):
        assert refused(semver("^2"), "1.0", "1.1") == "none of its 2 versions is in the range ^2"
        assert "pre-releases would be, with gitops-streams.io/prereleases" in refused(semver("^2"), "1.0", "2.1.0-rc.1")
        assert "no tag that is looked at is a semantic version" in refused(semver(), "latest", "main")
        assert refused(semver()) == "the repository has no tags"
        assert refused(semver(pattern="^v"), "1.0") == "none of its 1 tag matches the pattern ^v"


class TestNumerical:
    """The highest or lowest number."""

    @pytest.mark.parametrize(
        ("tags", "highest", "lowest"),
        [
            (("9", "10", "2"), "10", "2"),
            (("1.5", "1.25", "1"), "1.5", "1"),
            (("20261123120000123", "20261123120000124"), "20261123120000124", "20261123120000123"),
            (("1e3", "999"), "1e3", "999"),
            (("1.0", "1", "01"), "01", "01"),
        ],
    )
    def test_both_ends(self, tags, highest, lowest):
        assert chosen(numerical(), *tags) == highest
        assert chosen(numerical("desc"), *tags) == lowest

    def test_negative_numbers_are_compared(self):
        assert chosen(numerical(pattern="^t(.*)$", extract="$1"), "t-5", "t-7") == "t-5"

    @pytest.mark.parametrize("text", ["latest", "0x10", "1_000", "inf", "nan", "1e99999", "1.2.3"])
    def test_one_that_is_no_number_is_an_error(self, text):
        assert refused(numerical(), "1", text).startswith(f"'{text}' is no number")

    def test_a_pattern_leaves_it_out(self):
        assert chosen(numerical(pattern="^[0-9]+$"), "1", "2", "latest") == "2"


class TestAlphabetical:
    """The last or first by code point."""

    def test_both_ends(self):
        assert chosen(alphabetical(), "a", "b", "B") == "b"
        assert chosen(alphabetical("desc"), "a", "b", "B") == "B"
        assert chosen(alphabetical(), "v9", "v10") == "v9"

    def test_what_is_extracted_is_compared_and_its_tag_is_chosen(self):
        policy = alphabetical(pattern=r"^main-(?P<sha>[0-9a-f]+)-(?P<at>[0-9]+)$", extract="${at}")
        assert chosen(policy, "main-ffff-100", "main-0000-200", "dev-0-900") == "main-0000-200"

    def test_of_equal_texts_the_first_tag(self):
        policy = alphabetical(pattern="^(.)", extract="$1")
        assert chosen(policy, "b2", "b1", "a9") == "b1"


class TestNewestBuild:
    """The image that was created last."""

    def test_asks_for_dates_first(self):
        assert choose(NEWEST, ["v9", "v10", "v8"]) == NeedsDates(("v10", "v9", "v8"), 3)

    def test_looks_at_no_more_than_so_many(self):
        found = choose(NEWEST, [f"b{number}" for number in range(100)], defaults=Defaults(candidates=3))
        assert found == NeedsDates(("b99", "b98", "b97"), 100)

    def test_the_newest(self):
        assert chosen(NEWEST, "a", "b", "c", dates={"a": day(2), "b": day(3), "c": day(1)}) == "b"

    def test_of_equal_dates_the_last_in_natural_order(self):
        assert chosen(NEWEST, "b9", "b10", dates={"b9": day(1), "b10": day(1)}) == "b10"

    def test_an_undated_image_is_never_the_newest(self):
        assert chosen(NEWEST, "a", "b", dates={"a": day(1), "b": None}) == "a"
        assert "none of the 2 tags that were looked at says when" in refused(NEWEST, "a", "b", dates={"b": None})

    def test_only_candidates_compete(self):
        dates = {"b1": day(9), "b2": day(1)}
        assert chosen(NEWEST, "b1", "b2", dates=dates, defaults=Defaults(candidates=1)) == "b2"


class TestArtifacts:
    """Tags that name no image."""

    @pytest.mark.parametrize(
        "tag",
        [f"sha256-{HEX}{end}" for end in ("", ".sig", ".att", ".sbom", ".cosign.bundle", "-attestation")]
        + [f"sha512-{HEX}{end}" for end in ("", HEX)],
    )
    def test_are_never_chosen(self, tag):
        assert is_artifact(tag)
        assert chosen(alphabetical(), tag, "1.0") == "1.0"
        assert chosen(alphabetical(pattern="."), tag, "1.0") == "1.0"
        assert refused(alphabetical(), tag) == "the repository has no tags that are images"

    @pytest.mark.parametrize(
        "tag", ["sha-1234567", "sha256-abc", f"sha256-{HEX}0", f"v-sha256-{HEX}", "1.0.sig", "sbom"]
    )
    def test_what_only_looks_like_one_is_an_image(self, tag):
        assert not is_artifact(tag)


class TestPatterns:
    """Hostile and mistaken filters."""

    @pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|a)*b", r"(.*)*x", r"^(([a-z])+.)+[A-Z]([a-z])+$"])
    def test_none_hangs(self, pattern):
        assert isinstance(choose(alphabetical(pattern=pattern), ["a" * 127 + "!"]), Chosen | NothingChosen)

    @pytest.mark.parametrize(
        "pattern",
        ["(", r"\1", "(?=a)", "a{1000}{1000}", "((a{100}){10}){10}", r"(?:\pL{1000})", "x" * (MAX_PATTERN + 1)],
    )
    def test_what_is_refused(self, pattern):
        ready = compile_filter(Filter(pattern))
        assert isinstance(ready, InvalidFilter)
        assert ready.annotation == "pattern"
        assert ready.reason

    @pytest.mark.parametrize("extract", ["$", "a$", "${1", "${}", "$2", "${nobody}", "$1x", "$" * 3, "$" + "9" * 400])
    def test_templates_that_are_refused(self, extract):
        ready = compile_filter(Filter("(.)", extract))
        assert isinstance(ready, InvalidFilter)
        assert ready.annotation == "extract"

    @pytest.mark.parametrize(
        ("extract", "text"),
        [("$1", "a"), ("${1}0", "a0"), ("$n-$1", "b-a"), ("${n}$$", "b$"), ("x", "x"), ("$0", "ab"), ("$3$1", "a")],
    )
    def test_templates(self, extract, text):
        ready = compile_filter(Filter("^(a)(?P<n>b)(c)?$", extract))
        assert isinstance(ready, TagFilter), ready
        assert list(ready.pairs(["ab"])) == [(text, "ab")]

    def test_nothing_extracted_is_not_compared(self):
        assert refused(numerical(pattern="^a(b)?$", extract="$1"), "a").startswith("none of its 1 tag matches")

    def test_without_the_library_it_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "re2", None)
        assert "pip install 'gitops-streams[patterns]'" in refused(alphabetical(pattern="a"), "a")


class TestSize:
    """A registry may list what it wants."""

    def test_a_hundred_thousand_tags(self):
        tags = [f"1.{number // 1000}.{number % 1000}" for number in range(100_000)]
        assert chosen(semver("1.x", pattern=r"^1\."), *tags) == "1.99.999"
        assert chosen(numerical(pattern=r"^1\.([0-9]+)\.0$", extract="$1"), *tags) == "1.99.0"
        assert choose(NEWEST, tags) == NeedsDates(tuple(f"1.99.{number}" for number in range(999, 979, -1)), 100_000)

    def test_tags_of_nothing_but_digits(self):
        assert chosen(numerical(), "9" * 128, "8" * 128) == "9" * 128
        assert chosen(semver(), "9" * 128, "1.0") == "1.0"
        assert natural("9" * 128) > natural("8" * 128)


TAGS = st.lists(
    st.one_of(
        st.from_regex(r"v?[0-9]{1,2}(\.[0-9]{1,2}){0,2}(-rc\.[0-9])?", fullmatch=True),
        st.from_regex(r"[0-9A-Za-z_][0-9A-Za-z_.-]{0,9}", fullmatch=True),
        st.just(f"sha256-{HEX}.sig"),
    ),
    max_size=12,
)
POLICIES = st.sampled_from(
    [
        semver(),
        semver("1.x"),
        semver(">=1 <5 || 7.x", prereleases=True),
        semver(pattern="^v?(.*)$", extract="$1"),
        numerical(),
        numerical("desc", pattern="^[0-9]+$"),
        alphabetical(),
        alphabetical("desc", pattern="^[a-z]"),
        NEWEST,
        TagPolicy(NewestBuild(), Filter("^v")),
    ]
)


def decide(policy, tags):
    found = choose(policy, tags)
    if isinstance(found, NeedsDates):
        found = choose(policy, tags, {tag: day(1 + len(tag) % 3) for tag in found.candidates})
    return found


@given(TAGS, POLICIES, st.randoms(use_true_random=False))
def test_the_order_of_the_list_does_not_matter(tags, policy, random):
    shuffled = [*tags, *tags[:3]]
    random.shuffle(shuffled)
    assert decide(policy, shuffled) == decide(policy, tags)


@given(TAGS, POLICIES)
def test_what_is_chosen_is_there_and_passes_the_filter(tags, policy):
    found = decide(policy, tags)
    if not isinstance(found, Chosen):
        return
    assert found.tag in tags
    assert not is_artifact(found.tag)
    if policy.filter is not None:
        assert [tag for _, tag in compile_filter(policy.filter).pairs([found.tag])] == [found.tag]
    if isinstance(policy.order, SemverRange) and policy.filter is None:
        admits = parse_range(policy.order.range).admits
        assert admits(parse_version(found.tag), prereleases=bool(policy.order.prereleases))


@given(TAGS, TAGS, POLICIES)
def test_tags_that_are_added_change_the_choice_to_one_of_them_or_not_at_all(tags, added, policy):
    before, after = decide(policy, tags), decide(policy, [*tags, *added])
    if isinstance(before, Chosen) and isinstance(after, Chosen) and after != before:
        assert after.tag in added


@given(TAGS)
def test_a_semver_choice_never_goes_down_when_tags_are_added(tags):
    ranks = []
    for end in range(len(tags) + 1):
        found = choose(semver(), tags[:end])
        if isinstance(found, Chosen):
            ranks.append(parse_version(found.tag).rank)
    assert ranks == sorted(ranks)
