"""Receivers: what keeps one from being started, and where its deliveries arrive."""

from __future__ import annotations

from dataclasses import replace

import pytest
from webhook_samples import GOOGLE_KEYS, NOW, SAMPLES, SECRET, receiver_for, sent

from gitops_streams.serve.event import Refused
from gitops_streams.serve.senders.authentication import AuthenticationKind
from gitops_streams.serve.senders.known import SENDERS
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.receive import receive
from gitops_streams.serve.senders.receiver import Receiver, faults, paths

RIGHT = Receiver("hub", "github", (SECRET,))


@pytest.mark.parametrize(
    ("receiver", "fault"),
    [
        (replace(RIGHT, sender="gitub"), "there is no sender 'gitub'; known: docker-hub, "),
        (replace(RIGHT, sender="\x1b[31m"), "known"),
        (replace(RIGHT, name="Hub"), "lower case"),
        (replace(RIGHT, name=""), "lower case"),
        (replace(RIGHT, name="a/b"), "lower case"),
        (replace(RIGHT, secrets=()), "no secret"),
        (replace(RIGHT, secrets=("",)), "empty"),
        (replace(RIGHT, secrets=("a", " ")), "empty"),
        (replace(RIGHT, secrets=("a\n",)), "line break"),
        (replace(RIGHT, sender="docker-hub"), "expressly"),
        (replace(RIGHT, sender="quay"), "expressly"),
        (replace(RIGHT, sender="aliyun-acr"), "expressly"),
        (replace(RIGHT, sender="acr-event-grid"), "expressly"),
        (replace(RIGHT, sender="nexus"), "needs the option repositories"),
        (replace(RIGHT, sender="google"), "needs the option audience"),
        (replace(RIGHT, sender="google", options=Options(audience="a")), "needs the option email"),
        (replace(RIGHT, sender="google", options=Options(audience="a", email="b")), "keys that Google signs with"),
        (replace(RIGHT, options=Options(host="https://ghcr.io")), "option host"),
        (replace(RIGHT, options=Options(header="X Y")), "option header"),
        (replace(RIGHT, options=Options(header="")), "option header"),
        (replace(RIGHT, options=Options(template="{host.__class__}/{image}")), "option template"),
        (replace(RIGHT, options=Options(repositories={"a": "nexus"})), "registry's name"),
        (replace(RIGHT, options=Options(repositories={"a": "nexus.example/A"})), "prefix"),
        (replace(RIGHT, options=Options(repositories={"a": "nexus.example/"})), "prefix"),
    ],
)
def test_faults(receiver: Receiver, fault: str) -> None:
    found = faults(receiver)
    assert any(fault in each for each in found), found
    assert all(each.isprintable() and SECRET not in each for each in found)
    for path in ("", "/hooks/hub/x", *paths(receiver)):
        outcome = receive(receiver, {}, b"{}", path, now=NOW)
        assert isinstance(outcome, Refused)
        assert outcome.status == 503


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_no_fault(sample: object) -> None:
    assert faults(receiver_for(sample)) == ()  # type: ignore[arg-type]


def test_google_needs_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = next(each for each in SAMPLES if each.sender == "google")
    headers, body, path = sent(sample)
    monkeypatch.setattr("gitops_streams.serve.senders.google_jwt.find_spec", lambda _: None)
    assert any("pyjwt[crypto]" in fault for fault in faults(receiver_for(sample)))
    outcome = receive(receiver_for(sample), headers, body, path, now=NOW)
    assert isinstance(outcome, Refused)
    assert outcome.status == 503


def test_a_header_makes_up_for_a_sender_that_proves_nothing() -> None:
    assert faults(replace(RIGHT, sender="quay", options=Options(header="X-Token"))) == ()


def test_paths_differ_by_name_and_secret() -> None:
    receivers = [replace(RIGHT, name=name, secrets=(secret,)) for name in ("a", "b") for secret in ("1", "2")]
    found = {path.rpartition("/")[2] for receiver in receivers for path in paths(receiver)}
    assert len(found) == 4
    assert all(len(token) == 40 for token in found)
    assert paths(RIGHT)[0].startswith("/hooks/hub/")
    assert paths(RIGHT) == paths(replace(RIGHT, sender="gitlab"))


def test_names_are_unique() -> None:
    assert len({sender.name for sender in SENDERS}) == len(SENDERS)
    assert len({sender.docs_anchor for sender in SENDERS}) == len(SENDERS)


def test_every_sender_states_how_it_proves_itself() -> None:
    nothing = {sender.name for sender in SENDERS if sender.kinds == (AuthenticationKind.NONE,)}
    assert nothing == {"docker-hub", "quay", "aliyun-acr", "acr-event-grid"}
    assert all(sender.kinds for sender in SENDERS)
    assert all(sender.required <= sender.options for sender in SENDERS)
    assert all(sender.options <= set(Options.__slots__) for sender in SENDERS)


def test_only_google_is_verified_by_keys() -> None:
    assert [sender.name for sender in SENDERS if AuthenticationKind.JWT in sender.kinds] == ["google"]
    assert GOOGLE_KEYS.find("unknown") is None
