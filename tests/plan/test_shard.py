"""Shares of streams: every name belongs to one shard, whatever other names there are."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.plan.shard import Shard

counts = st.integers(1, 9999)


@given(name=st.text(), count=st.integers(1, 64))
def test_exactly_one_shard_holds_a_name(name, count):
    assert sum(Shard(index, count).holds(name) for index in range(count)) == 1


@given(count=counts, data=st.data())
def test_reads_what_it_writes(count, data):
    shard = Shard(data.draw(st.integers(0, count - 1)), count)
    assert Shard.parse(str(shard)) == shard


@pytest.mark.parametrize("wrong", ["8/8", "0/0", "1/0", "-1/2", "+1/2", " 1/2", "1/2\n", "1", "1/2/3", "", "٣/8"])
def test_refuses_what_is_no_shard(wrong):
    with pytest.raises(ValueError, match=r"INDEX/COUNT|counts from 0"):
        Shard.parse(wrong)


def test_names_are_spread_evenly():
    sizes = Counter(next(i for i in range(8) if Shard(i, 8).holds(f"team/app-{n}")) for n in range(4000))
    assert min(sizes.values()) > 400
    assert max(sizes.values()) < 600


def test_a_share_stays_the_same_in_every_version():
    # Two versions of the program may run side by side while one is rolled out.
    assert [Shard(index, 8).holds("acme/web") for index in range(8)].index(True) == 6
