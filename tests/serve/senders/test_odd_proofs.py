"""Secrets, headers and queries of an odd form."""

from __future__ import annotations

import pytest
from webhook_samples import NOW, SAMPLES, SECRET, receiver_for, sent, signed

from gitops_streams.serve.event import Accepted, Refused
from gitops_streams.serve.senders.receive import receive
from gitops_streams.serve.senders.receiver import paths

AZURE = next(sample for sample in SAMPLES if sample.sender == "azure-devops")
STANDARD = next(sample for sample in SAMPLES if sample.auth == "standard")
HARBOR = next(sample for sample in SAMPLES if sample.sender == "harbor")


@pytest.mark.parametrize(
    "value", ["Basic", "Basic ", "Basic !", "Basic abc", "Basic Og==", f"Basic {SECRET}", f"Bearer {SECRET}", SECRET]
)
def test_basic_authentication_that_is_none(value: str) -> None:
    _, body, path = sent(AZURE)
    outcome = receive(receiver_for(AZURE), {"Authorization": value}, body, path, now=NOW)
    assert isinstance(outcome, Refused)
    assert outcome.status == 401


@pytest.mark.parametrize(("user", "taken"), [("hook", True), ("Hook", False), ("", False), (None, True)])
def test_basic_authentications_user(user: str | None, taken: bool) -> None:  # noqa: FBT001 - an expectation
    headers, body, path = sent(AZURE)
    outcome = receive(receiver_for(AZURE, username=user), headers, body, path, now=NOW)
    assert isinstance(outcome, Accepted) is taken


def test_a_signing_token_that_only_looks_encoded() -> None:
    secret = "whsec_!"
    _, body, _ = sent(STANDARD)
    receiver = receiver_for(STANDARD, secret)
    headers = signed("standard", body, secret)
    assert isinstance(receive(receiver, headers, body, paths(receiver)[0], now=NOW), Accepted)


@pytest.mark.parametrize("secret", ["pässwörd", "☃", "\udcff", chr(0xD800)])
def test_a_secret_beyond_ascii_comes_as_the_bytes_that_it_is(secret: str) -> None:
    receiver = receiver_for(HARBOR, secret)
    try:
        raw = secret.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = secret.encode("utf-8", "surrogatepass")
    headers = {**HARBOR.headers, "Authorization": raw.decode("latin-1")}
    path = paths(receiver)[0]
    assert isinstance(receive(receiver, headers, HARBOR.raw, path, now=NOW), Accepted)
    assert isinstance(receive(receiver, {"Authorization": secret[:-1] + "x"}, HARBOR.raw, path, now=NOW), Refused)


def test_a_query_of_more_fields_than_anybody_sends() -> None:
    headers, body, path = sent(HARBOR)
    assert isinstance(receive(receiver_for(HARBOR), headers, body, f"{path}?{'a=b&' * 50}", now=NOW), Accepted)
