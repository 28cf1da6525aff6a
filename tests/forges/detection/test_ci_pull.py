"""Which pull request a job is about, and whether that means anything on the forge that the remote leads to."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gitops_streams.forges.detection.ci_pull import CiPull, NoCiPull, ci_pull
from gitops_streams.forges.detection.detect import Detected, detect
from gitops_streams.forges.settings import ForgeSettings

GITHUB = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/gitops"}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_SERVER_URL": "https://gitlab.com",
    "CI_PROJECT_PATH": "stranger/gitops",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_PROJECT_PATH": "acme/team/gitops",
}
AZURE = {
    "TF_BUILD": "True",
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/acme/",
    "SYSTEM_TEAMPROJECT": "ops",
    "BUILD_REPOSITORY_NAME": "gitops",
    "SYSTEM_PULLREQUEST_PULLREQUESTID": "9",
    "SYSTEM_PULLREQUEST_SOURCECOMMITID": "b" * 40,
}
BITBUCKET = {"BITBUCKET_BUILD_NUMBER": "3", "BITBUCKET_REPO_FULL_NAME": "acme/gitops", "BITBUCKET_PR_ID": "5"}


@pytest.mark.parametrize(
    ("environment", "remote", "number", "head"),
    [
        ({**GITHUB, "GITHUB_REF": "refs/pull/12/merge"}, "https://github.com/Acme/GitOps.git", 12, None),
        (
            {
                **GITHUB,
                "GITEA_ACTIONS": "true",
                "GITHUB_SERVER_URL": "https://codeberg.org",
                "GITHUB_REF": "refs/pull/3/head",
            },
            "https://codeberg.org/acme/gitops",
            3,
            None,
        ),
        (GITLAB, "https://gitlab.com/acme/team/gitops.git", 7, None),
        (
            {**GITLAB, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "c" * 40},
            "git@gitlab.com:acme/team/gitops.git",
            7,
            "c" * 40,
        ),
        (BITBUCKET, "https://bitbucket.org/acme/gitops", 5, None),
        (AZURE, "https://dev.azure.com/acme/ops/_git/gitops", 9, "b" * 40),
    ],
)
def test_a_job_knows_its_pull_request(environment, remote, number, head):
    found = ci_pull(environment)
    assert isinstance(found, CiPull)
    assert (found.number, found.head_sha) == (number, head)
    detected = detect(ForgeSettings(), remote, environment)
    assert isinstance(detected, Detected)
    assert found.is_on(detected)
    assert not found.is_on(replace(detected, repository="another/repository"))
    assert not found.is_on(replace(detected, url="https://git.elsewhere.example"))


def test_a_forks_pipeline_has_a_remote_that_is_the_fork():
    """The number is the target's, so it names another merge request in the fork."""
    found = ci_pull(GITLAB)
    detected = detect(ForgeSettings(), "https://gitlab.com/stranger/gitops.git", GITLAB)
    assert isinstance(found, CiPull)
    assert isinstance(detected, Detected)
    assert not found.is_on(detected)


@pytest.mark.parametrize(
    "event",
    ["", "[]", "{", "null", '{"pull_request": 1}', '{"pull_request": {"number": "x", "head": []}}', "[" * 100_000],
)
def test_an_event_that_says_nothing(tmp_path, event):
    (tmp_path / "event").write_text(event)
    environment = {**GITHUB, "GITHUB_EVENT_PATH": str(tmp_path / "event")}
    assert isinstance(ci_pull(environment), NoCiPull)
    found = ci_pull({**environment, "GITHUB_REF": "refs/pull/4/merge"})
    assert isinstance(found, CiPull)
    assert found.number == 4


def test_the_event_says_more_than_the_ref(tmp_path):
    (tmp_path / "event").write_text(json.dumps({"pull_request": {"number": 8, "head": {"sha": "a" * 40}}}))
    found = ci_pull({**GITHUB, "GITHUB_EVENT_PATH": str(tmp_path / "event"), "GITHUB_REF": "refs/heads/main"})
    assert isinstance(found, CiPull)
    assert (found.number, found.head_sha) == (8, "a" * 40)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {**GITHUB, "GITHUB_REF": "refs/heads/pull/1/merge"},
        {**GITLAB, "CI_MERGE_REQUEST_IID": ""},
        {**GITLAB, "CI_MERGE_REQUEST_IID": "0"},
        {**BITBUCKET, "BITBUCKET_PR_ID": "1; rm"},
        {name: value for name, value in AZURE.items() if "PULLREQUEST" not in name},
    ],
)
def test_no_pull_request(environment):
    assert isinstance(ci_pull(environment), NoCiPull)
