"""Patterns of pointers: against a slow reading of the same words, and in documents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.manifests.path_pattern import InvalidPattern, PathPattern, write
from gitops_streams.yamledit.locate import locate
from gitops_streams.yamledit.nodes import Mapping, walk

KEYS = ["a", "b", "0", "a/b", "~", "*", "**", ""]


def slowly(parts: list[str], pointer: list[str]) -> bool:
    """Whether a pattern, as its segments stand in the text, matches: every way to share the keys out is tried."""
    if not parts:
        return not pointer
    first, *rest = parts
    if first == "**":
        return any(slowly(rest, pointer[taken:]) for taken in range(len(pointer) + 1))
    if not pointer:
        return False
    if first != "*" and first.replace("~1", "/").replace("~2", "*").replace("~0", "~") != pointer[0]:
        return False
    return slowly(rest, pointer[1:])


segments = st.lists(
    st.one_of(st.sampled_from(["*", "**"]), st.sampled_from(KEYS).map(lambda key: write((key,))[1:])),
    min_size=1,
    max_size=6,
)
pointers = st.lists(st.sampled_from(KEYS), max_size=7)
trees = st.recursive(
    st.just("x"),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from("ab0"), inner, max_size=3), st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=12,
)


@given(segments, pointers)
def test_they_match_what_a_slow_reading_matches(parts, pointer):
    assert PathPattern.parse("/" + "/".join(parts)).matches(tuple(pointer)) is slowly(parts, pointer)


@given(segments, trees)
def test_they_find_in_a_document_every_place_that_they_match(parts, tree):
    located = locate(repr({"top": tree}).replace("'", '"'))
    root = located.documents[0].root
    assert isinstance(root, Mapping)
    pattern = PathPattern.parse("/" + "/".join(parts))
    wanted = [pointer for pointer, _ in walk(root) if pointer and slowly(parts, [str(part) for part in pointer])]
    assert [pointer for pointer, _ in pattern.find(root)] == wanted


@given(pointers.filter(bool))
def test_what_is_written_for_a_pointer_matches_it_alone(pointer):
    pattern = PathPattern.parse(write(tuple(pointer)))
    assert pattern.matches(tuple(pointer))
    assert not pattern.matches((*pointer, "a"))
    assert not pattern.matches((*pointer[:-1], pointer[-1] + "x"))


@pytest.mark.parametrize("text", ["", "spec", "spec/image", "/a*", "/***", "/a/b*/c", "/~", "/~3", "/a~"])
def test_what_is_no_pattern(text):
    with pytest.raises(InvalidPattern):
        PathPattern.parse(text)


def test_a_key_that_stands_twice_is_no_place_and_an_alias_is_not_entered():
    located = locate("a: &a {image: x}\nb: *a\nc: {image: 1, image: 2}\n")
    root = located.documents[0].root
    assert [pointer for pointer, _ in PathPattern.parse("/*/image").find(root)] == [("a", "image")]


def test_many_wildcards_take_no_time():
    pattern = PathPattern.parse("/**/a" * 30 + "/b")
    assert not pattern.matches(("a",) * 200)
