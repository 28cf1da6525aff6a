"""One repository has one location, however its URL is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.serve.clone_location import clone_location

_SAME = {
    "github.com/shop/deploy": [
        "https://github.com/Shop/Deploy.git",
        "https://github.com/shop/deploy",
        "https://x-access-token:secret@github.com/shop/deploy.git",
        "git@github.com:shop/deploy.git",
        "ssh://git@github.com/shop/deploy.git",
        "ssh://git@ssh.github.com:443/shop/deploy.git",
    ],
    "gitlab.example.com/a/b/c": [
        "https://gitlab.example.com:8443/a/b/c.git",
        "ssh://git@gitlab.example.com:2222/a/b/c.git",
        "git@gitlab.example.com:a/b/c.git",
    ],
    "git.example.com/shop/deploy": [
        "https://git.example.com/scm/SHOP/deploy.git",
        "https://git.example.com/bitbucket/scm/shop/deploy.git",
        "ssh://git@git.example.com:7999/shop/deploy.git",
    ],
    "dev.azure.com/shop/cart/deploy": [
        "https://shop@dev.azure.com/shop/Cart/_git/deploy",
        "git@ssh.dev.azure.com:v3/shop/Cart/deploy",
        "shop@vs-ssh.visualstudio.com:v3/shop/Cart/deploy",
        "https://shop.visualstudio.com/Cart/_git/deploy",
        "https://shop.visualstudio.com/DefaultCollection/Cart/_git/deploy",
    ],
    "dev.azure.com/shop/my cart/deploy": [
        "https://shop@dev.azure.com/shop/My%20Cart/_git/deploy",
        "git@ssh.dev.azure.com:v3/shop/My%20Cart/deploy",
    ],
    "dev.azure.com/shop/deploy/deploy": [
        "https://dev.azure.com/shop/_git/deploy",
        "https://dev.azure.com/shop/deploy/_git/deploy",
        "git@ssh.dev.azure.com:v3/shop/deploy/deploy",
    ],
}


@pytest.mark.parametrize(("url", "location"), [(url, place) for place, urls in _SAME.items() for url in urls])
def test_the_same_place(url: str, location: str) -> None:
    assert clone_location(url) == location


@pytest.mark.parametrize("url", ["", "/srv/git/deploy.git", "../deploy", "file:///srv/git", "https://", "x", "\x00"])
def test_no_place_on_a_network(url: str) -> None:
    assert clone_location(url) is None


@given(st.one_of(st.text(), st.from_regex(r"(https|ssh)://[a-z.@:]*(/[a-z_]*)*")))
def test_whatever_it_is(url: str) -> None:
    location = clone_location(url)
    assert location is None or ("/" in location and location == location.lower())
