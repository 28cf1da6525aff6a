from __future__ import annotations

from pathlib import Path

import pytest

from gitops_streams.errors import ForgeError
from gitops_streams.forges.detection.detect import Detected, Undetected, detect
from gitops_streams.forges.detection.tokens import TokenPlace, read_token
from gitops_streams.forges.open import open_forge
from gitops_streams.forges.settings import AppSettings, ForgeKind, ForgeSettings

GITHUB = "https://github.com/acme/gitops.git"
ACTIONS = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_API_URL": "https://api.github.com",
    "GITHUB_GRAPHQL_URL": "https://api.github.com/graphql",
    "GITHUB_REPOSITORY": "acme/other",
}
ENTERPRISE = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://ghe.acme.example",
    "GITHUB_API_URL": "https://ghe.acme.example/api/v3",
    "GITHUB_GRAPHQL_URL": "https://ghe.acme.example/api/graphql",
    "GITHUB_REPOSITORY": "acme/gitops",
}
FORGEJO = {
    "FORGEJO_ACTIONS": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://git.acme.example",
    "GITHUB_API_URL": "https://git.acme.example/api/v1",
    "GITHUB_GRAPHQL_URL": "",
    "GITHUB_REPOSITORY": "acme/gitops",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_SERVER_URL": "https://gitlab.acme.example",
    "CI_SERVER_SHELL_SSH_HOST": "ssh.gitlab.acme.example",
    "CI_API_V4_URL": "https://gitlab.acme.example/api/v4",
    "CI_PROJECT_PATH": "group/sub/gitops",
    "CI_JOB_TOKEN": "job",
}
BITBUCKET = {"BITBUCKET_BUILD_NUMBER": "7", "BITBUCKET_REPO_FULL_NAME": "acme/gitops"}
AZURE = {
    "TF_BUILD": "True",
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/org/",
    "SYSTEM_TEAMPROJECT": "My Project",
    "BUILD_REPOSITORY_NAME": "gitops",
    "BUILD_REPOSITORY_PROVIDER": "TfsGit",
}


def found(remote, settings=None, environment=None) -> Detected:
    result = detect(settings or ForgeSettings(), remote, environment or {})
    assert isinstance(result, Detected), result
    return result


@pytest.mark.parametrize(
    ("remote", "kind", "url", "api", "repository"),
    [
        (GITHUB, "github", "https://github.com", "https://api.github.com", "acme/gitops"),
        ("git@github.com:acme/gitops", "github", "https://github.com", "https://api.github.com", "acme/gitops"),
        (
            "ssh://git@ssh.github.com:443/acme/gitops.git",
            "github",
            "https://github.com",
            "https://api.github.com",
            "acme/gitops",
        ),
        ("https://acme.ghe.com/a/b", "github", "https://acme.ghe.com", "https://api.acme.ghe.com", "a/b"),
        ("git@gitlab.com:a/b/c.git", "gitlab", "https://gitlab.com", "https://gitlab.com/api/v4", "a/b/c"),
        ("https://codeberg.org/a/b", "gitea", "https://codeberg.org", "https://codeberg.org/api/v1", "a/b"),
        (
            "git@bitbucket.org:a/b.git",
            "bitbucket-cloud",
            "https://bitbucket.org",
            "https://api.bitbucket.org/2.0",
            "a/b",
        ),
        (
            "https://org@dev.azure.com/org/My%20Project/_git/r",
            "azure-devops",
            "https://dev.azure.com",
            "https://dev.azure.com",
            "org/My Project/r",
        ),
        (
            "https://dev.azure.com/org/_git/r",
            "azure-devops",
            "https://dev.azure.com",
            "https://dev.azure.com",
            "org/r/r",
        ),
        (
            "git@ssh.dev.azure.com:v3/org/project/r",
            "azure-devops",
            "https://dev.azure.com",
            "https://dev.azure.com",
            "org/project/r",
        ),
        (
            "https://org.visualstudio.com/DefaultCollection/project/_git/r",
            "azure-devops",
            "https://dev.azure.com",
            "https://dev.azure.com",
            "org/project/r",
        ),
        (
            "https://org.visualstudio.com/_git/r",
            "azure-devops",
            "https://dev.azure.com",
            "https://dev.azure.com",
            "org/r/r",
        ),
    ],
)
def test_well_known_hosts(remote, kind, url, api, repository):
    result = found(remote)
    assert (result.kind, result.url, result.api_url, result.repository) == (ForgeKind(kind), url, api, repository)
    assert result.graphql_url == (f"{api}/graphql" if kind == "github" else None)
    assert result.token is None


@pytest.mark.parametrize(
    ("remote", "environment", "kind", "api", "graphql", "repository"),
    [
        (GITHUB, ACTIONS, "github", "https://api.github.com", "https://api.github.com/graphql", "acme/gitops"),
        (None, ACTIONS, "github", "https://api.github.com", "https://api.github.com/graphql", "acme/other"),
        (
            "git@ghe.acme.example:acme/gitops",
            ENTERPRISE,
            "github",
            "https://ghe.acme.example/api/v3",
            "https://ghe.acme.example/api/graphql",
            "acme/gitops",
        ),
        (None, FORGEJO, "gitea", "https://git.acme.example/api/v1", None, "acme/gitops"),
        (
            "https://git.acme.example/acme/gitops",
            FORGEJO,
            "gitea",
            "https://git.acme.example/api/v1",
            None,
            "acme/gitops",
        ),
        (
            "git@ssh.gitlab.acme.example:group/sub/gitops.git",
            GITLAB,
            "gitlab",
            "https://gitlab.acme.example/api/v4",
            None,
            "group/sub/gitops",
        ),
        (None, GITLAB, "gitlab", "https://gitlab.acme.example/api/v4", None, "group/sub/gitops"),
        (None, BITBUCKET, "bitbucket-cloud", "https://api.bitbucket.org/2.0", None, "acme/gitops"),
        (None, AZURE, "azure-devops", "https://dev.azure.com", None, "org/My Project/gitops"),
        (
            None,
            AZURE | {"SYSTEM_COLLECTIONURI": "https://tfs.acme.example/tfs/Main/"},
            "azure-devops",
            "https://tfs.acme.example/tfs",
            None,
            "Main/My Project/gitops",
        ),
        (
            "https://tfs.acme.example/tfs/Main/My%20Project/_git/gitops",
            AZURE | {"SYSTEM_COLLECTIONURI": "https://tfs.acme.example/tfs/Main/"},
            "azure-devops",
            "https://tfs.acme.example/tfs",
            None,
            "Main/My Project/gitops",
        ),
    ],
)
def test_jobs(remote, environment, kind, api, graphql, repository):
    result = found(remote, None, environment)
    assert (result.kind, result.api_url, result.graphql_url, result.repository) == (
        ForgeKind(kind),
        api,
        graphql,
        repository,
    )


def test_a_job_of_another_server_says_nothing_about_a_remote():
    result = found(GITHUB, None, FORGEJO | {"GITHUB_TOKEN": "gitea's"})
    assert (result.kind, result.api_url, result.token) == (ForgeKind.GITHUB, "https://api.github.com", None)
    other = detect(ForgeSettings(), "https://elsewhere.example/a/b", ENTERPRISE | {"GITHUB_TOKEN": "x"})
    assert isinstance(other, Undetected)
    plain = detect(ForgeSettings(), "http://ghe.acme.example/a/b", ENTERPRISE | {"GITHUB_TOKEN": "x"})
    assert isinstance(plain, Undetected)


@pytest.mark.parametrize(
    ("remote", "reason"),
    [
        ("https://git.acme.example/a/b", "which forge is at git.acme.example is not known"),
        ("https://github.example/a/b", "which forge is at github.example is not known"),
        ("https://github.com.evil.example/a/b", "which forge is at github.com.evil.example is not known"),
        ("https://notghe.com/a/b", "which forge is at notghe.com is not known"),
        ("/srv/git/x", "no remote that leads to a forge"),
        (None, "no remote that leads to a forge"),
        ("https://github.com/a/b/c", "name of the repository"),
        ("https://github.com/a", "name of the repository"),
        ("https://github.com/a/%2e%2e", "name of the repository"),
    ],
)
def test_nothing_is_guessed(remote, reason):
    result = detect(ForgeSettings(), remote, {"GITHUB_TOKEN": "x", "GH_ENTERPRISE_TOKEN": "y"})
    assert isinstance(result, Undetected)
    assert reason in result.reason
    assert "forge." in result.hint


@pytest.mark.parametrize(
    ("kind", "url", "remote", "api", "repository"),
    [
        ("github", "https://ghe.acme.example", "git@ghe:a/b", "https://ghe.acme.example/api/v3", "a/b"),
        (
            "gitlab",
            "https://acme.example/gitlab/",
            "https://acme.example/gitlab/a/b",
            "https://acme.example/gitlab/api/v4",
            "a/b",
        ),
        ("gitea", "http://127.0.0.1:3000", "http://127.0.0.1:3000/a/b", "http://127.0.0.1:3000/api/v1", "a/b"),
        (
            "bitbucket-data-center",
            "https://bb.acme.example",
            "https://bb.acme.example/scm/PRJ/repo.git",
            "https://bb.acme.example/rest/api/latest",
            "PRJ/repo",
        ),
        (
            "bitbucket-data-center",
            "https://bb.acme.example",
            "ssh://git@bb.acme.example:7999/~me/repo.git",
            "https://bb.acme.example/rest/api/latest",
            "~me/repo",
        ),
    ],
)
def test_what_is_configured_wins(kind, url, remote, api, repository):
    result = found(remote, ForgeSettings(kind=ForgeKind(kind), url=url), ACTIONS)
    assert (result.kind, result.url, result.api_url, result.repository) == (
        ForgeKind(kind),
        url.rstrip("/"),
        api,
        repository,
    )


def test_each_field_can_be_configured_alone():
    settings = ForgeSettings(repository="acme/fork", api_url="https://proxy.example/gh/")
    result = found(GITHUB, settings, ACTIONS)
    assert (result.repository, result.api_url, result.graphql_url) == (
        "acme/fork",
        "https://proxy.example/gh",
        "https://proxy.example/gh/graphql",
    )
    kind = found("https://git.acme.example/a/b", ForgeSettings(kind=ForgeKind.GITEA))
    assert kind.api_url == "https://git.acme.example/api/v1"
    graphql = found(GITHUB, ForgeSettings(kind=ForgeKind.GITHUB, url="https://ghe.acme.example"))
    assert graphql.graphql_url == "https://ghe.acme.example/api/graphql"


EVERYTHING = {
    "GITHUB_TOKEN": "1",
    "GH_TOKEN": "2",
    "GH_ENTERPRISE_TOKEN": "3",
    "GITLAB_TOKEN": "4",
    "GITEA_TOKEN": "5",
    "FORGEJO_TOKEN": "6",
    "BITBUCKET_TOKEN": "7",
    "AZURE_DEVOPS_EXT_PAT": "8",
    "SYSTEM_ACCESSTOKEN": "9",
    "CI_JOB_TOKEN": "10",
}


@pytest.mark.parametrize(
    ("remote", "settings", "environment", "variable"),
    [
        (GITHUB, {}, {}, "GITHUB_TOKEN"),
        (GITHUB, {}, ACTIONS, "GITHUB_TOKEN"),
        (GITHUB, {}, GITLAB, "GITHUB_TOKEN"),
        (GITHUB, {}, FORGEJO, "GH_TOKEN"),
        (GITHUB, {}, ENTERPRISE, "GH_TOKEN"),
        (GITHUB, {"api_url": "https://evil.example"}, {}, None),
        (GITHUB, {"graphql_url": "https://evil.example/graphql"}, {}, None),
        (GITHUB, {"url": "https://evil.example"}, {}, None),
        ("git@ghe.acme.example:a/b", {}, ENTERPRISE, "GITHUB_TOKEN"),
        ("git@ghe.acme.example:a/b", {"kind": ForgeKind.GITHUB}, {}, "GH_ENTERPRISE_TOKEN"),
        ("git@ghe.acme.example:a/b", {"kind": ForgeKind.GITHUB}, {"GH_HOST": "other.example"}, None),
        ("git@ghe.acme.example:a/b", {"kind": ForgeKind.GITHUB}, FORGEJO, "GH_ENTERPRISE_TOKEN"),
        ("https://acme.ghe.com/a/b", {}, {}, "GH_TOKEN"),
        ("git@gitlab.com:a/b", {}, {}, "GITLAB_TOKEN"),
        ("git@gitlab.acme.example:a/b", {}, GITLAB, "GITLAB_TOKEN"),
        ("git@other.example:a/b", {"kind": ForgeKind.GITLAB}, GITLAB, None),
        ("git@other.example:a/b", {"kind": ForgeKind.GITLAB}, {"GITLAB_HOST": "https://other.example"}, "GITLAB_TOKEN"),
        ("https://git.acme.example/a/b", {}, FORGEJO, "GITEA_TOKEN"),
        ("https://other.example/a/b", {"kind": ForgeKind.GITEA}, FORGEJO, None),
        ("https://codeberg.org/a/b", {}, {}, None),
        ("https://codeberg.org/a/b", {}, {"GITEA_SERVER_URL": "https://codeberg.org"}, "GITEA_TOKEN"),
        ("git@bitbucket.org:a/b", {}, {}, "BITBUCKET_TOKEN"),
        ("https://bb.acme.example/scm/a/b", {"kind": ForgeKind.BITBUCKET_DATA_CENTER}, {}, None),
        ("https://dev.azure.com/o/p/_git/r", {}, {}, "AZURE_DEVOPS_EXT_PAT"),
        ("https://dev.azure.com/o/p/_git/r", {}, AZURE, "SYSTEM_ACCESSTOKEN"),
    ],
)
def test_a_token_goes_to_its_own_host_alone(remote, settings, environment, variable):
    result = detect(ForgeSettings(**settings), remote, EVERYTHING | environment)
    if isinstance(result, Undetected):
        assert variable is None
        return
    assert result.token == (None if variable is None else TokenPlace(variable=variable))


def test_where_a_token_is_configured_wins():
    environment = EVERYTHING | {"GITOPS_STREAMS_TOKEN": "ours"}
    assert found(GITHUB, None, environment).token == TokenPlace(variable="GITOPS_STREAMS_TOKEN")
    assert found(GITHUB, ForgeSettings(token_env="MINE"), environment).token == TokenPlace(variable="MINE")
    file = found(GITHUB, ForgeSettings(token_file=Path("/x")), environment).token
    assert str(file) == "the file /x"
    app = found(GITHUB, ForgeSettings(app=AppSettings("7")), environment).token
    assert str(app) == "the GitHub App 7"
    assert "ours" not in repr(found(GITHUB, None, environment))


def test_a_job_token_cannot_open_merge_requests():
    with pytest.raises(ForgeError, match=r"no token for https://gitlab|not supported") as caught:
        open_forge(ForgeSettings(), "git@gitlab.acme.example:a/b", GITLAB)
    detected = found("git@gitlab.acme.example:a/b", None, GITLAB)
    assert "CI_JOB_TOKEN cannot" in detected.token_hint
    assert caught.value.hint


def test_a_token_is_read_and_checked(tmp_path):
    (tmp_path / "token").write_text("  t0ken\n")
    assert read_token(TokenPlace(file=tmp_path / "token"), {}) == "t0ken"
    assert read_token(TokenPlace(variable="T"), {"T": "t0ken"}) == "t0ken"
    for text in ("", " \n", "two words", "a\nb", "ünïcode", "a\x00b"):
        with pytest.raises(ForgeError, match="the variable T") as caught:
            read_token(TokenPlace(variable="T"), {"T": text})
        assert text.strip() == "" or text not in str(vars(caught.value))
    with pytest.raises(ForgeError, match="No such file"):
        read_token(TokenPlace(file=tmp_path / "none"), {})


@pytest.mark.parametrize(
    ("settings", "remote", "environment", "message", "hint"),
    [
        (ForgeSettings(), "https://git.acme.example/a/b", {}, "is not known", "forge.kind"),
        (ForgeSettings(), GITHUB, {}, "no token for https://github.com", "GITOPS_STREAMS_TOKEN or GITHUB_TOKEN"),
        (ForgeSettings(token_env="MINE"), GITHUB, {}, "no token in the variable MINE", "put the token there"),
        (
            ForgeSettings(app=AppSettings("7", private_key_env="K")),
            GITHUB,
            {},
            "no private key in the variable K",
            "PEM",
        ),
    ],
)
def test_what_keeps_a_forge_from_being_opened_is_told(settings, remote, environment, message, hint):
    with pytest.raises(ForgeError, match=message) as caught:
        open_forge(settings, remote, environment)
    assert hint in caught.value.hint


def test_github_is_opened():
    forge = open_forge(ForgeSettings(), GITHUB, {"GITHUB_TOKEN": "t"})
    assert forge.capabilities.name == "GitHub"
    assert forge.requests == 0
    forge.close_connections()
