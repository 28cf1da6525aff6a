"""What the states of a status file tell: what was taken back, and when an image came."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.streams.history import HISTORY_LIMIT, Item, StreamStatus, record
from gitops_streams.streams.model import StreamKey, TagKey
from gitops_streams.streams.reverts import introduced, last_revert, taken_back

KEY = TagKey(StreamKey("acme", "web"), "prod")


def item(name: str, fingerprint: str = "") -> Item:
    digest = Digest.of(name.encode())
    return Item(Reference.parse(f"quay.io/acme/web@{digest}"), digest, "1", fingerprint)


def states(*texts: str) -> list[tuple[Item, ...]]:
    """Make states, newest first; a letter is an image."""
    return [tuple(item(letter) for letter in text) for text in texts]


@pytest.mark.parametrize(
    ("history", "image", "state"),
    [
        (["ba", "cba", "ba", "a"], "c", 0),
        (["ba", "ba", "cba", "ba"], "c", 1),
        (["a", "cba"], "c", 0),
        (["a", "cba"], "b", 0),
        (["dba", "ba", "cba"], "c", 1),
        (["edba", "dba", "ba", "cba"], "c", 2),
        # It was recorded again since, by the tool or by the revert of the revert.
        (["cba", "ba", "cba"], "c", None),
        (["dcba", "cba", "ba", "cba"], "c", None),
        (["cba", "a", "cba"], "b", None),
        (["cba", "a", "cba"], "c", None),
        # And taken back again.
        (["ba", "cba", "ba", "cba"], "c", 0),
        # Nobody took anything back.
        (["cba", "ba", "a"], "d", None),
        (["aba", "ba", "a"], "b", None),
        (["aba", "ba", "a"], "a", None),
        (["b", "cba"], "c", None),
        (["dba", "cba"], "c", None),
        (["dcba", "dba", "ba", "cba"], "c", None),
        (["x", "cba"], "c", None),
        # Forgotten.
        (["", "a"], "a", None),
        (["ba", "", "ba", "cba"], "c", None),
        (["b", "ba"], "a", None),
        # A, B, A, and the last one taken back.
        (["ba", "aba", "ba", "a"], "a", 0),
        (["ba"], "c", None),
        ([], "c", None),
    ],
)
def test_what_was_taken_back(history, image, state):
    found = taken_back(states(*history), item(image).image)
    assert (None if found is None else found.state) == state
    if found is not None:
        assert found.item.image == item(image).image


def test_a_rewritten_head_is_the_same_image():
    old, new = (item("c", "0"), *states("ba")[0]), (item("c", "1"), *states("ba")[0])
    found = taken_back([states("ba")[0], new, old, states("ba")[0]], item("c").image)
    assert found is not None
    assert found.item.fingerprint == "1"
    assert taken_back([new, old], item("c").image) is None


def test_items_that_the_limit_dropped_come_back_with_a_revert():
    letters = [chr(0x4E00 + number) for number in range(HISTORY_LIMIT + 1)]
    before, after = letters[1:], letters[:HISTORY_LIMIT]
    found = taken_back(states("".join(before), "".join(after), "".join(before)), item(letters[0]).image)
    assert found is not None
    assert found.state == 0


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        (["ba", "cba", "ba", "a"], (0, "cba")),
        (["a", "cba", "ba", "a"], (0, "cba")),
        (["dba", "ba", "cba"], (1, "cba")),
        (["dcba", "dba", "ba", "cba"], None),
        (["cba", "ba", "cba"], None),
        (["cba", "ba", "a"], None),
        (["", "a"], None),
    ],
)
def test_the_last_revert(history, expected):
    found = last_revert(states(*history))
    told = None if found is None else (found.state, list(found.items))
    assert told == (None if expected is None else (expected[0], list(states(expected[1])[0])))


@pytest.mark.parametrize(
    ("history", "came"),
    [
        (["cba", "ba", "a"], [0, 1, 2]),
        (["cba", "cba", "ba", "", "x"], [1, 2, 2]),
        (["ba", "cba", "ba", "a"], [2, 3]),
        (["aba", "ba", "a"], [0, 1, 2]),
        (["dba", "ba", "cba", "ba", "a"], [0, 3, 4]),
        (["xy", "ba", "a"], [0, 0]),
        (["cba", "a"], [0, 0, 1]),
        (["dcba", "dba", "ba", "cba", "ba", "a"], [1, 0, 4, 5]),
        (["da", "dcba", "cba", "ba", "a"], [1, 4]),
        (["ab"], [0, 0]),
        ([""], []),
    ],
)
def test_when_an_image_came(history, came):
    assert introduced(states(*history)) == came


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from("abcd"), st.integers(1, 3)), max_size=14))
def test_a_story_of_the_tool_and_of_people(story):
    """The tool records images; a number takes so many recordings back. What was taken back, and only that, is known."""
    status: StreamStatus | None = None
    seen: list[tuple[Item, ...]] = []
    held: set[Digest] = set()
    came: list[int] = []
    for step in story:
        items = status.tags["prod"] if status is not None else ()
        if isinstance(step, int):
            if len(items) <= step:
                continue
            taken, left = items[:step], items[step:]
            held |= {one.image for one in taken}
            held -= {left[0].image}
            status, came = StreamStatus(KEY.stream, {"prod": left}), came[step:]
        else:
            status = record(status, KEY, item(step))
            held -= {item(step).image}
            if len(status.tags["prod"]) > len(items):
                came = [len(seen), *came]
        seen.append(status.tags["prod"])
    newest_first = seen[::-1]
    for letter in "abcde":
        image = item(letter).image
        known = taken_back(newest_first, image) is not None
        if newest_first and newest_first[0][0].image == image:
            assert not known
        elif image not in {one.image for one in (newest_first or [()])[0]}:
            assert known == (image in held)
    if newest_first:
        assert [len(seen) - 1 - state for state in introduced(newest_first)] == came
