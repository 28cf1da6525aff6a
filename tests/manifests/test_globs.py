"""Globs over paths, against a matcher that tries everything."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.manifests.globs import matches_any


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("deploy/*.yaml", ["deploy/web.yaml", "deploy/.yaml"], ["deploy/eu/web.yaml", "x/deploy/web.yaml"]),
        ("deploy/**", ["deploy/web.yaml", "deploy/eu/web.yaml"], ["deploy", "deployment/x"]),
        ("deploy/", ["deploy/web.yaml", "deploy/eu/web.yaml"], ["deploy"]),
        ("./deploy/", ["deploy/web.yaml"], ["x/deploy/web.yaml"]),
        ("/deploy/", ["deploy/web.yaml"], ["x/deploy/web.yaml"]),
        ("**/prod/**", ["prod/a", "x/prod/a", "x/y/prod/z/a"], ["prod", "preprod/a"]),
        ("apps/**/values.yaml", ["apps/values.yaml", "apps/a/b/values.yaml"], ["apps/my-values.yaml"]),
        ("**.json", ["a.json", "a/b.json"], ["a.yaml"]),
        ("v?.yaml", ["v1.yaml"], ["v10.yaml", "v/.yaml"]),
        ("a[1].yaml", ["a[1].yaml"], ["a1.yaml"]),
        ("a.yaml", ["a.yaml"], ["a-yaml", "a.yaml/b"]),
        ("", [""], ["a"]),
    ],
)
def test_what_a_glob_matches(pattern, matching, others):
    assert [path for path in matching + others if matches_any([pattern], path)] == matching


def test_any_of_several():
    assert matches_any(["x/**", "**.yaml"], "a/b.yaml")
    assert not matches_any([], "a/b.yaml")


def naive(pattern: str, path: str) -> bool:
    pattern = pattern.removeprefix("./").removeprefix("/")
    if pattern.endswith("/"):
        pattern += "**"

    @cache
    def match(i: int, j: int) -> bool:
        if i == len(pattern):
            return j == len(path)
        if (i == 0 or pattern[i - 1] == "/") and pattern.startswith("**/", i):
            starts = [k for k in range(j, len(path) + 1) if k == j or path[k - 1] == "/"]
            return any(match(i + 3, k) for k in starts)
        if pattern[i] == "*":
            end = i
            while end < len(pattern) and pattern[end] == "*":
                end += 1
            crosses = end - i > 1
            return any(match(end, k) for k in range(j, len(path) + 1) if crosses or "/" not in path[j:k])
        fits = j < len(path) and (path[j] == pattern[i] or (pattern[i] == "?" and path[j] != "/"))
        return fits and match(i + 1, j + 1)

    return match(0, 0)


@given(
    st.lists(st.sampled_from(["a", "b", "/", "*", "**", "**/", "?", "ab/"]), max_size=9).map("".join),
    st.text("ab/", max_size=10),
)
def test_agrees_with_a_matcher_that_tries_everything(pattern, path):
    assert matches_any([pattern], path) == naive(pattern, path)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ["**/", "**/a", "*a", "**a", "?*", "**/*", "**/*a/", "*/", "a*"])
def test_no_glob_takes_for_ever(piece):
    # With a plain translation each of these would try more ways than a computer can in a lifetime.
    for path in ("a/" * 100, "a" * 200, "aa/" * 70):
        assert not matches_any([piece * 20 + "x"], path)
