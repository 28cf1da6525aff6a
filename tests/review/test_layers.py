"""Sizes, shared layers and what has to be downloaded, platform by platform."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_values import ARM64, built_for, index, single

from gitops_streams.oci.platform import Platform
from gitops_streams.review.compare import compare


def counted(old: str | None, new: str | None) -> tuple[int | None, ...]:
    (delta,) = compare(single(old), single(new)).platforms
    return delta.old_size, delta.new_size, delta.shared, delta.added, delta.dropped, delta.download


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("a:1 b:2 c:4", "a:1 b:2 d:8", (7, 11, 2, 1, 1, 8)),
        ("a:1", "a:1", (1, 1, 1, 0, 0, 0)),
        ("a:1 b:2", "b:2 a:1", (3, 3, 2, 0, 0, 0)),
        ("a:1", "b:2 c:4", (1, 6, 0, 2, 1, 6)),
        ("e:1 a:2", "e:1 e:1 a:2", (3, 4, 2, 1, 0, 0)),
        ("a:1", "b:2 b:2", (1, 4, 0, 2, 1, 2)),
        ("", "a:5", (0, 5, 0, 1, 0, 5)),
        (None, "a:5", (None, 5, None, None, None, None)),
        ("a:5", None, (5, None, None, None, None, None)),
    ],
)
def test_one_platform(old, new, wanted):
    assert counted(old, new) == wanted


def test_a_platform_that_is_new_is_downloaded_whole():
    delta = compare(index(built_for()), index(built_for(), built_for(ARM64, "x:3 y:4"))).platforms[1]
    assert (delta.old, delta.old_size, delta.new_size, delta.shared, delta.download) == (None, None, 7, None, 7)


def test_a_first_pin_is_downloaded_whole():
    (delta,) = compare(None, single("x:3 y:4")).platforms
    assert (delta.old, delta.new_size, delta.download) == (None, 7, 7)


def test_one_that_is_gone_keeps_its_size():
    delta = compare(index(built_for(), built_for(ARM64, "x:3")), index(built_for())).platforms[1]
    assert (delta.old_size, delta.new, delta.new_size, delta.download) == (3, None, None, None)


def test_the_order_is_that_of_the_new_image():
    arm = built_for(ARM64, None, None, "arm")
    s390x = built_for(Platform("linux", "s390x"), None, None, "s390x")
    found = compare(index(s390x, built_for(), arm), index(arm, built_for())).platforms
    assert [str(item.platform) for item in found] == ["linux/arm64", "linux/amd64", "linux/s390x"]


def test_equal_digests_go_together_where_a_platform_stands_twice():
    one, two, three = (built_for(ARM64, None, None, name) for name in "abc")
    found = compare(index(one, two), index(three, one)).platforms
    assert [(item.old, item.new) for item in found] == [(two.digest, three.digest), (one.digest, one.digest)]


@given(st.lists(st.sampled_from("abcd"), max_size=6), st.lists(st.sampled_from("abcd"), max_size=6))
def test_the_sums_hold(old, new):
    _, size, shared, added, dropped, download = counted(" ".join(old), " ".join(new))
    assert (shared + dropped, shared + added) == (len(old), len(new))
    assert download == 1000 * len(set(new) - set(old)) <= size
