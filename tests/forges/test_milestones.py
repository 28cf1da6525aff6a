"""Which milestone a configured title or number means."""

from __future__ import annotations

import pytest

from gitops_streams.forges.http.answers import Record
from gitops_streams.forges.milestones import milestone_named

THERE = [Record({"title": title, "id": number}) for title, number in (("1.2", 7), ("8", 9), ("next", 123456789))]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("1.2", 7),
        ("8", 9),
        ("7", 7),
        ("007", 7),
        ("123456789", 123456789),
        # Its first nine digits are another one's number.
        ("1234567890", None),
        ("9" * 5000, None),
        ("\u0667", None),
        ("0", None),
        ("2.0", None),
    ],
)
def test_a_title_goes_before_a_number_and_a_number_is_taken_whole(name: str, number: int | None) -> None:
    assert milestone_named(name, THERE, "id") == number
