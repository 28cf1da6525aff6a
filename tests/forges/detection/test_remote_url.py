from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.forges.detection.remote_url import parse_remote


@pytest.mark.parametrize(
    ("url", "origin", "path"),
    [
        ("https://github.com/acme/gitops.git", "https://github.com", "acme/gitops"),
        ("https://github.com/acme/gitops/", "https://github.com", "acme/gitops"),
        ("https://me:hunter2@GitHub.com:443/acme/gitops", "https://github.com", "acme/gitops"),
        ("http://git.acme.example:3000/acme/gitops.git", "http://git.acme.example:3000", "acme/gitops"),
        ("https://[2001:db8::1]:8443/acme/gitops", "https://[2001:db8::1]:8443", "acme/gitops"),
        ("ssh://git@git.acme.example:7999/PRJ/repo.git", "https://git.acme.example", "PRJ/repo"),
        ("git+ssh://git@git.acme.example/a/b", "https://git.acme.example", "a/b"),
        ("git@github.com:acme/gitops.git", "https://github.com", "acme/gitops"),
        ("github.com:acme/gitops", "https://github.com", "acme/gitops"),
        ("me@git.acme.example:/srv/acme/gitops.git", "https://git.acme.example", "srv/acme/gitops"),
        ("git@[2001:db8::1]:acme/gitops", "https://[2001:db8::1]", "acme/gitops"),
        ("git@ssh.dev.azure.com:v3/org/My%20Project/repo", "https://ssh.dev.azure.com", "v3/org/My%20Project/repo"),
        ("https://org@dev.azure.com/org/My%20Project/_git/repo", "https://dev.azure.com", "org/My Project/_git/repo"),
        (" https://github.com/acme/gitops.git\n", "https://github.com", "acme/gitops"),
    ],
)
def test_a_remote_is_where_it_leads(url, origin, path):
    remote = parse_remote(url)
    assert remote is not None
    assert (remote.origin, remote.path) == (origin, path)
    assert "hunter2" not in repr(remote)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/srv/git/gitops.git",
        "../gitops",
        "./a:b",
        "~/gitops",
        r"C:\git\gitops",
        "C:/git/gitops",
        "file:///srv/git/gitops.git",
        "git://github.com/acme/gitops",
        "ext::sh -c evil",
        "https://",
        "https:///acme/gitops",
        "https://github.com/",
        "https://github.com:port/acme/gitops",
        "https://[::1/acme/gitops",
        "https://git hub.com/a/b",
        "https://github.com/acme/git\nops",
        "git@git\x1b[31m:a/b",
        "host:",
    ],
)
def test_what_leads_to_no_forge_is_none(url):
    assert parse_remote(url) is None


@given(st.text(max_size=40) | st.from_regex(r"[a-z+]{3,8}://[^ ]{0,30}"))
def test_any_text_is_read_or_not(url):
    remote = parse_remote(url)
    if remote is not None:
        assert remote.path
        assert remote.path.isprintable()
        assert "@" not in remote.origin
