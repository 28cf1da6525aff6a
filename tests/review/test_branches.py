"""Names of branches: good for Git, and never shared."""

from __future__ import annotations

import subprocess

import pytest
from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_streams.review.branches import MAX_BYTES, MAX_PREFIX, branch_of, prefix_of

prefixes = st.sampled_from(["gitops-streams", "bots/images", "x" * MAX_PREFIX])
hostile = st.sampled_from(
    [
        "a.lock",
        "a..b",
        "-a",
        ".a",
        "a.",
        "@",
        "@{",
        "a/b",
        "a--b",
        "a-/b",
        "/",
        "ä",
        "A",
        "a b",
        "~^:?*[\\",
        "a/.b",
        "\x00",
    ]
)
names = st.text(min_size=1) | hostile | st.from_regex(r"[a-zA-Z0-9/._-]{1,200}", fullmatch=True)


@pytest.mark.parametrize(
    ("base", "group", "branch"),
    [
        ("main", "all", "gitops-streams/main/all"),
        ("main", "acme/web", "gitops-streams/main/acme--web"),
        ("release/1.2", "payments", "gitops-streams/release--1.2/payments"),
        ("main", "apps/prod_eu", "gitops-streams/main/apps--prod_eu"),
        ("main", "Payments", "gitops-streams/main/payments-632e1c583941"),
        ("main", ".", "gitops-streams/main/x-cdb4ee2aea69"),
        ("main", "a.lock", "gitops-streams/main/a-lock-e018dd87fb8d"),
        ("main", "web-0123456789ab", "gitops-streams/main/web-0123456789ab-4604ec716af2"),
    ],
)
def test_a_name_is_the_same_in_every_version(base, group, branch):
    assert branch_of("gitops-streams", base, group) == branch


@given(prefix=prefixes, base=names, group=names)
@settings(max_examples=examples(150))
def test_a_name_is_short_and_of_three_parts(prefix, base, group):
    branch = branch_of(prefix, base, group)
    assert len(branch.encode()) <= MAX_BYTES
    assert branch.startswith(prefix_of(prefix, base))
    assert branch.removeprefix(f"{prefix}/").count("/") == 1
    assert branch.removeprefix(prefix) == branch.removeprefix(prefix).lower()


@given(pairs=st.lists(st.tuples(names, names), min_size=2, max_size=30, unique=True))
@settings(max_examples=examples(150))
def test_two_groups_never_share_a_branch_nor_a_folder(pairs):
    branches = [branch_of("gitops-streams", *pair).casefold() for pair in pairs]
    assert len(set(branches)) == len(pairs)
    for branch in branches:
        assert not any(other.startswith(f"{branch}/") for other in branches)


@given(base=names, group=names)
def test_what_a_name_becomes_is_no_other_name_s(base, group):
    """Nobody can name a group after the branch of another one."""
    taken = branch_of("gitops-streams", base, group).rpartition("/")[2]
    for other in (taken, taken.replace("--", "/"), taken.upper()):
        if other != group:
            assert branch_of("gitops-streams", base, other) != branch_of("gitops-streams", base, group)


@given(pairs=st.lists(st.tuples(names, names), min_size=20, max_size=60))
@settings(max_examples=15, deadline=None)
def test_git_takes_every_name(tmp_path_factory, pairs):
    """Real Git, with all of the names at once: no two of them need one place."""
    folder = tmp_path_factory.mktemp("refs")
    commit = "t=$(git hash-object -t tree -w /dev/null) && git commit-tree $t -m x"
    subprocess.run(["git", "init", "--quiet", "--bare", "."], cwd=folder, check=True, timeout=240)
    sha = subprocess.run(commit, shell=True, cwd=folder, check=True, timeout=240, capture_output=True, text=True).stdout
    branches = sorted({branch_of("gitops-streams", *pair) for pair in pairs})
    creating = "".join(f"create refs/heads/{branch} {sha.strip()}\n" for branch in branches)
    subprocess.run(["git", "update-ref", "--stdin"], cwd=folder, input=creating, text=True, check=True, timeout=240)
    for branch in branches[:3]:
        subprocess.run(
            ["git", "check-ref-format", "--branch", branch], cwd=folder, check=True, timeout=240, capture_output=True
        )
