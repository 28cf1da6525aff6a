"""What people read of digests."""

from __future__ import annotations

import pytest

from gitops_streams.render.words import shorten

HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "short"),
    [
        (f"web:1@sha256:{HEX}", "web:1@sha256:0123456789ab…"),
        (f"sha512:{HEX}{HEX}", "sha512:0123456789ab…"),
        (HEX, "0123456789ab…"),
        (f"{HEX} and sha256:{HEX}.", "0123456789ab… and sha256:0123456789ab…."),
        (f"{HEX}0", f"{HEX}0"),
        (f"x{HEX}", f"x{HEX}"),
        (f"web:{HEX}", f"web:{HEX}"),
        ("0123456789abcdef0123456789abcdef01234567", "0123456789abcdef0123456789abcdef01234567"),
    ],
)
def test_digests_are_cut(text, short):
    assert shorten(text) == short
