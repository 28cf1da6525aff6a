"""The gates that a new digest has to pass, each with the time as an argument."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.image import Config, Image, Inspection, PlatformImage, Uninspectable
from gitops_streams.oci.media_types import OCI_INDEX
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.reference import Reference
from gitops_streams.oci.resolution import Method, Resolved
from gitops_streams.plan.gates import Candidate, Judgement, frozen_until, judge, needs_inspection
from gitops_streams.streams.history import Item
from gitops_streams.streams.model import DockerImage, StreamKey, StreamTag, TagKey
from gitops_streams.streams.restraint import OPEN, Freeze, Gates

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OLD, NEW = Digest.of(b"old"), Digest.of(b"new")
REFERENCE = Reference.parse("quay.io/acme/web:1.4")
AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64")


def candidate(gates: Gates | None = None, *, name: str = "prod", known: bool = True, lower: bool = False) -> Candidate:
    tag = StreamTag(TagKey(StreamKey("acme", "web"), name), DockerImage(REFERENCE), "web.yaml", 6, gates=gates)
    item = Item(REFERENCE.pinned(OLD, keep_tag=False), OLD, "1.4", tag.fingerprint) if known else None
    image = DockerImage(replace(REFERENCE, tag="1.3" if lower else "1.4"))
    return Candidate(tag, Resolved(NEW, OCI_INDEX, "quay.io", Method.HEAD), image, item, lower)


def image(*platforms: Platform, created: datetime | None = None) -> Image:
    built = [PlatformImage(platform, NEW) for platform in platforms or (AMD64,)]
    built[0] = replace(built[0], config=Config(created))
    return Image(REFERENCE.repository, NEW, OCI_INDEX, tuple(built))


def judged(
    one: Candidate, inspection: Inspection | None = None, *, now: datetime = NOW, default: Gates = OPEN
) -> Judgement:
    return judge([one], {} if inspection is None else {(one.tag.key, NEW): inspection}, default, now)


def reason(one: Candidate, inspection: Inspection | None = None, **given_: object) -> str | None:
    holding = judged(one, inspection, **given_).holdings.get(one.tag.key)  # type: ignore[arg-type]
    return None if holding is None else holding.reason


def test_without_a_gate_everything_passes_and_nothing_is_inspected():
    one = candidate()
    assert not needs_inspection(one, OPEN)
    assert judged(one) == Judgement({}, ())


MIN_AGE = Gates(min_age=timedelta(days=3))


def test_an_image_younger_than_min_age_is_held_until_it_is_old_enough():
    one, created = candidate(MIN_AGE), NOW - timedelta(days=1)
    assert needs_inspection(one, OPEN)
    holding = judged(one, image(created=created)).holdings[one.tag.key]
    assert holding.reason == "younger than 3d: created 2026-11-22 12:00 UTC, held until 2026-11-25 12:00 UTC"
    assert holding.until == created + timedelta(days=3)
    assert (holding.digest, holding.source_tag) == (OLD, "1.4"), "a place without a digest gets what is recorded"
    assert not holding.enforced


@pytest.mark.parametrize("age", [timedelta(days=3), timedelta(days=400)])
def test_an_image_of_min_age_passes(age: timedelta):
    assert judged(candidate(MIN_AGE), image(created=NOW - age)) == Judgement({}, ())


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (image(), "the image does not say when it was created"),
        (image(created=datetime(1970, 1, 1, tzinfo=UTC)), "created 1970-01-01 00:00 UTC, which is no date of its own"),
        (image(created=datetime(1980, 1, 1, 0, 0, 1, tzinfo=UTC)), "created 1980-01-01"),
        (image(created=NOW + timedelta(days=2)), "created 2026-11-25 12:00 UTC, which is no date of its own"),
        (Uninspectable(REFERENCE.repository, NEW, "quay.io: 503"), "its age cannot be told: quay.io: 503"),
    ],
)
def test_an_unknown_or_absurd_date_passes_with_a_notice_or_is_held_where_that_is_asked(found: Inspection, why: str):
    one = candidate(MIN_AGE)
    passed = judged(one, found)
    assert not passed.holdings
    ((key, notice),) = passed.notices
    assert key == one.tag.key
    assert why in notice
    assert notice.endswith("min-age 3d lets it pass")
    held = reason(candidate(replace(MIN_AGE, hold_undated=True)), found)
    assert held is not None
    assert why in held


def test_a_first_pin_is_not_too_young_since_its_place_follows_the_tag_anyway():
    one = candidate(MIN_AGE, known=False)
    assert not needs_inspection(one, OPEN)
    assert judged(one) == Judgement({}, ())


REQUIRED = Gates(platforms=(AMD64, ARM64))


def test_an_index_that_lost_a_required_platform_is_refused():
    assert reason(candidate(REQUIRED), image(AMD64)) == (
        "the new image is not built for linux/arm64; it is built for linux/amd64"
    )
    assert reason(candidate(REQUIRED, known=False), image(AMD64)) is not None, "a first pin too"


def test_an_index_with_the_required_platforms_passes_whatever_else_it_has():
    assert reason(candidate(REQUIRED), image(ARM64, Platform("linux", "s390x"), AMD64)) is None


@pytest.mark.parametrize("found", [None, Uninspectable(REFERENCE.repository, NEW, "denied")])
def test_platforms_that_cannot_be_told_are_refused(found: Inspection | None):
    assert "its platforms cannot be told" in str(reason(candidate(REQUIRED), found))


WEEKEND = Freeze("0 18 * * 5", timedelta(hours=62), "Europe/Berlin")


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        ("2026-11-20T17:59:59+01:00", None),
        ("2026-11-20T18:00:00+01:00", "2026-11-23T08:00:00+01:00"),
        ("2026-11-20T18:00:30+01:00", "2026-11-23T08:00:00+01:00"),
        ("2026-11-21T12:00:00+00:00", "2026-11-23T08:00:00+01:00"),
        ("2026-11-23T07:59:59+01:00", "2026-11-23T08:00:00+01:00"),
        ("2026-11-23T08:00:00+01:00", None),
        # 62 hours over the end of summer time, when the clock goes back by one.
        ("2026-10-26T06:30:00+01:00", "2026-10-26T07:00:00+01:00"),
        ("2026-10-26T07:00:00+01:00", None),
    ],
)
def test_a_freeze_lasts_from_its_start_to_its_end_in_its_own_time_zone(at: str, ends: str | None):
    found = frozen_until([WEEKEND], datetime.fromisoformat(at))
    assert (None if found is None else found[1]) == (None if ends is None else datetime.fromisoformat(ends))


def test_of_several_freezes_the_one_that_ends_last_is_told():
    short = Freeze("0 0 * * *", timedelta(hours=23), "UTC")
    year_end = Freeze("0 0 20 11 *", timedelta(days=10), "UTC")
    found = frozen_until([short, year_end, short], NOW)
    assert found == (year_end, datetime(2026, 11, 30, tzinfo=UTC))


def test_in_a_freeze_nothing_moves_not_even_a_place_that_lags_behind():
    one = candidate(Gates(freezes=(Freeze("0 0 * * *", timedelta(hours=23)),)))
    lagging = replace(one, new=replace(one.new, digest=OLD))
    for each in (one, lagging):
        holding = judged(each).holdings[each.tag.key]
        assert holding.reason == "frozen until 2026-11-23 23:00 UTC (0 0 * * * for 23h in UTC)"
        assert holding.until == datetime(2026, 11, 23, 23, tzinfo=UTC)


@settings(deadline=None)
@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
    st.integers(1, 60 * 24 * 9),
)
def test_a_freeze_that_holds_ends_later_and_within_its_duration(at: datetime, zone: str, minutes: int):
    duration = timedelta(minutes=minutes)
    found = frozen_until([Freeze("30 2 * * 0", duration, zone)], at)
    if found is not None:
        assert at < found[1].astimezone(UTC) <= at + duration


def test_a_policy_does_not_go_back_without_consent():
    assert reason(candidate(lower=True)) == (
        '1.3 is lower than 1.4, which is there; annotate gitops-streams.io/allow-downgrade: "true" if it is meant'
    )
    assert reason(candidate(Gates(allow_downgrade=True), lower=True)) is None
    assert reason(candidate(lower=True), default=Gates(allow_downgrade=True)) is None


def test_a_run_moves_so_many_and_leaves_the_others_to_later_runs():
    many = [candidate(name=f"t{number}") for number in range(5)]
    still = replace(many[0], new=replace(many[0].new, digest=OLD))
    found = judge([still, *many[1:]], {}, OPEN, NOW, most=2)
    assert [key.tag for key in found.holdings] == ["t3", "t4"]
    assert all("2 stream tags move in this run" in holding.reason for holding in found.holdings.values())


def test_the_configuration_has_the_gates_of_those_that_do_not_say():
    young = image(created=NOW - timedelta(hours=1))
    assert needs_inspection(candidate(), MIN_AGE)
    assert reason(candidate(), young, default=MIN_AGE) is not None
    assert reason(candidate(Gates(min_age=timedelta(0))), young, default=MIN_AGE) is None
