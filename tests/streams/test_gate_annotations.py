"""The gates that annotations ask for: what they mean, and what is said of one that means nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.oci.platform import Platform
from gitops_streams.streams.gate_annotations import InvalidGate, parse_duration, parse_freeze, read_gates
from gitops_streams.streams.restraint import Freeze, Gates, spelled

WEEKEND = Freeze("0 18 * * 5", timedelta(hours=62), "Europe/Berlin")


@pytest.mark.parametrize(
    ("annotations", "gates"),
    [
        ({}, None),
        ({"min-age": ""}, None),
        ({"min-age": "3d"}, Gates(min_age=timedelta(days=3))),
        ({"min-age": "1w2d3h4m"}, Gates(min_age=timedelta(days=9, hours=3, minutes=4))),
        ({"hold-undated": "true"}, Gates(hold_undated=True)),
        (
            {"require-platforms": "linux/amd64, linux/arm64/v8"},
            Gates(platforms=(Platform("linux", "amd64"), Platform("linux", "arm64", "v8"))),
        ),
        ({"freeze": "0 18 * * 5 for 62h in Europe/Berlin"}, Gates(freezes=(WEEKEND,))),
        (
            {"freeze": "0 18  * * 5 for 62h in Europe/Berlin;\n0 0 24 12 * for 8d"},
            Gates(freezes=(WEEKEND, Freeze("0 0 24 12 *", timedelta(days=8)))),
        ),
        ({"allow-downgrade": "false"}, Gates(allow_downgrade=False)),
    ],
)
def test_what_annotations_mean(annotations: dict[str, str], gates: Gates | None):
    assert read_gates(annotations) == gates


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("min-age", "3", "is no duration"),
        ("min-age", "3 days", "is no duration"),
        ("min-age", "999w", "is no duration"),
        ("hold-undated", "yes", "is neither true nor false"),
        ("require-platforms", "amd64", "platform"),
        ("freeze", "every friday", "is no freeze"),
        ("freeze", "0 18 * * 5 for ever", "is no duration"),
        ("freeze", "0 18 * * 5 for 0h", "is no duration"),
        ("freeze", "61 18 * * 5 for 1h", "is no cron expression"),
        ("freeze", "0 0 18 * * 5 for 1h", "is no cron expression"),
        ("freeze", "0 0 30 2 * for 1h", "is no cron expression"),
        ("freeze", "0 18 * * 5 for 1h in Mars/Olympus", "is no time zone"),
        ("freeze", "0 18 * * 5 for 1h in ../../etc/passwd", "is no freeze"),
        ("freeze", "0 18 * * 5 for 1h in /etc/passwd", "is no time zone"),
        ("freeze", ";".join(["0 18 * * 5 for 1h"] * 21), "21 windows"),
    ],
)
def test_what_is_said_of_an_annotation_that_means_nothing(name: str, value: str, reason: str):
    found = read_gates({name: value})
    assert isinstance(found, InvalidGate)
    assert found.annotation == name
    assert reason in found.reason


@given(st.integers(0, 5_000_000))
def test_a_duration_that_is_spelled_reads_the_same(minutes: int):
    duration = timedelta(minutes=minutes)
    assert parse_duration(spelled(duration)) == duration


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str):
    for name in ("min-age", "freeze", "require-platforms", "allow-downgrade"):
        assert isinstance(read_gates({name: text}), Gates | InvalidGate | None)


@given(st.text(alphabet="0123456789*/,-LW# ", max_size=40))
def test_any_cron_expression_is_read_or_refused(cron: str):
    assert isinstance(parse_freeze(cron, "1h", "UTC"), Freeze | str)


def test_what_a_declaration_says_goes_before_the_configuration():
    over = Gates(min_age=timedelta(0), freezes=())
    under = Gates(timedelta(days=1), True, (Platform("linux", "amd64"),), (WEEKEND,), True)  # noqa: FBT003
    assert over.over(under) == Gates(timedelta(0), True, (Platform("linux", "amd64"),), (), True)  # noqa: FBT003
