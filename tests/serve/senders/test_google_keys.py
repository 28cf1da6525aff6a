"""The list of keys that Google publishes."""

from __future__ import annotations

import json

import pytest

from gitops_streams.serve.senders.google_keys import parse_keys

_KEY = {"kid": "a", "kty": "RSA", "alg": "RS256", "use": "sig", "n": "AQAB", "e": "AQAB", "x5c": ["…"]}


def test_keys_by_their_ids() -> None:
    found = parse_keys(json.dumps({"keys": [_KEY, {**_KEY, "kid": "b"}]}).encode())
    assert set(found) == {"a", "b"}
    assert found["a"] == {"kid": "a", "kty": "RSA", "alg": "RS256", "use": "sig", "n": "AQAB", "e": "AQAB"}


@pytest.mark.parametrize("changed", [{"kty": "oct"}, {"use": "enc"}, {"kid": ""}, {"n": None}, {"kid": 5}, {"e": ""}])
def test_what_is_no_key_for_signatures(changed: dict[str, object]) -> None:
    assert parse_keys(json.dumps({"keys": [{**_KEY, **changed}, None, "x"]}).encode()) == {}


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"keys": {}}', b"<html>", b"[" * 100_000])
def test_what_is_no_list_of_keys(document: bytes) -> None:
    assert parse_keys(document) == {}
