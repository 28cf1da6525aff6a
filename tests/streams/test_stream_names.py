"""Names of new streams: short where they can be, longer where they must be, the same in any order."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.oci.reference import Reference, Repository
from gitops_streams.streams.model import STREAM_NAME, StreamKey
from gitops_streams.streams.stream_names import MAX_NAME, stream_names, tag_names

component = st.from_regex(r"[a-z0-9]{1,2}(?:(?:\.|_|__|-{1,3})[a-z0-9]{1,2})?", fullmatch=True)
repositories = st.builds(
    Repository,
    st.sampled_from(["docker.io", "quay.io", "localhost:5000", "[::1]:80", "REG.example"]),
    st.lists(component, min_size=1, max_size=3).map("/".join),
)
namespaces = st.sampled_from([None, "a", "b"])


def named(wanted, taken=()):
    parsed = {Reference.parse(text).repository: namespace for text, namespace in wanted.items()}
    return sorted(map(str, stream_names(parsed, taken).values()))


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"quay.io/acme/web": None}, ["web"]),
        ({"nginx": None}, ["nginx"]),
        ({"quay.io/acme/web": None, "quay.io/beta/web": None}, ["acme-web", "beta-web"]),
        ({"quay.io/acme/web": None, "ghcr.io/acme/web": None}, ["ghcr.io-acme-web", "quay.io-acme-web"]),
        ({"quay.io/acme/web": "x", "quay.io/beta/web": "y"}, ["x/web", "y/web"]),
        ({"quay.io/acme/web": "x", "quay.io/beta/web": None}, ["beta-web", "x/acme-web"]),
        ({"quay.io/acme/my__app--x": None}, ["my_app-x"]),
        (
            {"quay.io/x/acme-web": None, "quay.io/acme/web": None, "quay.io/b/web": None},
            ["acme-web", "b-web", "quay.io-acme-web"],
        ),
    ],
)
def test_a_stream_is_named_after_its_repository(wanted, names):
    assert named(wanted) == names


def test_a_name_that_is_taken_is_left_to_its_owner():
    assert named({"quay.io/acme/web": None}, {StreamKey("x", "web")}) == ["acme-web"]
    assert named({"quay.io/acme/web": "x"}, {StreamKey("x", "web")}) == ["x/acme-web"]
    assert named({"quay.io/acme/web": "x"}, {StreamKey("y", "web")}) == ["x/web"]


@given(st.dictionaries(repositories, namespaces, max_size=12), st.sets(st.builds(StreamKey, namespaces, component)))
def test_names_are_valid_unique_and_the_same_in_any_order(wanted, taken):
    given_names = stream_names(wanted, taken)
    assert set(given_names) == set(wanted)
    keys = list(given_names.values())
    assert len(set(keys)) == len(keys)
    assert not set(keys) & taken
    for repository, key in given_names.items():
        assert key.namespace == wanted[repository]
        assert STREAM_NAME.fullmatch(key.name), key
        assert len(key.name) <= MAX_NAME
    shuffled = list(wanted.items())
    random.Random(0).shuffle(shuffled)
    assert stream_names(dict(shuffled), taken) == given_names


def test_a_name_that_no_file_could_have_is_cut():
    wanted = {Repository("quay.io", "a" * 250): None, Repository("quay.io", "a" * 251): None}
    keys = list(stream_names(wanted).values())
    assert len(set(keys)) == 2
    assert all(len(key.name) <= MAX_NAME for key in keys)


def test_tags_share_no_name():
    assert tag_names([("web", "x-web"), ("web", "x-web"), ("web",), ("web",)], {"1.4"}) == [
        "web",
        "x-web",
        "web-2",
        "web-3",
    ]
    assert tag_names([("1.4",), ("../..",), ("",), ("a b",)], {"1.4"}) == ["1.4-2", "policy", "policy-2", "a-b"]
