"""Whoever does not know the secret gets nowhere, with any sender, in any way."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import timedelta

import jwt
import pytest
from webhook_samples import (
    GOOGLE_KEYS,
    NOW,
    SAMPLES,
    SECRET,
    Sample,
    StaticKeys,
    google_token,
    receiver_for,
    sent,
    signed,
)

from gitops_streams.serve.event import Accepted, Refused
from gitops_streams.serve.senders.receive import MAX_BODY, receive
from gitops_streams.serve.senders.receiver import Receiver, faults, paths, sender_of

PROVEN = [sample for sample in SAMPLES if sample.auth != "none"]
SIGNED = [
    sample
    for sample in PROVEN
    if sample.auth
    in {
        "hub",
        "bitbucket",
        "forgejo",
        "gitea",
        "nexus",
        "jfrog",
        "generic-256",
        "generic-384",
        "generic-512",
        "standard",
    }
]
SENT_ALONG = ("verbatim", "bearer", "basic", "x-api-key", "x-webhook-secret", "x-gitlab-token")
GOOGLE = next(sample for sample in SAMPLES if sample.sender == "google")
STANDARD = next(sample for sample in SAMPLES if sample.auth == "standard")


def _refused(sample: Sample, headers: dict[str, str], body: bytes, **receiver: object) -> Refused:
    target = replace(receiver_for(sample), **receiver)
    outcome = receive(target, headers, body, paths(target)[0], now=NOW)
    assert isinstance(outcome, Refused), outcome
    assert SECRET not in outcome.reason
    return outcome


@pytest.mark.parametrize("sample", [each for each in PROVEN if each.auth != "google"], ids=str)
def test_wrong_secret(sample: Sample) -> None:
    headers, body, _ = sent(sample)
    for wrong in (SECRET + "x", SECRET[:-1], SECRET.upper(), "x"):
        assert _refused(sample, {**headers, **signed(sample.auth, body, wrong)}, body).status == 401


@pytest.mark.parametrize("sample", PROVEN, ids=str)
def test_missing_or_empty_header(sample: Sample) -> None:
    headers, body, _ = sent(sample)
    proof = signed(sample.auth, body)
    bare = {name: value for name, value in headers.items() if name not in proof}
    assert _refused(sample, bare, body).status == 401
    assert _refused(sample, {**bare, **dict.fromkeys(proof, "")}, body).status == 401
    assert _refused(sample, {**bare, **dict.fromkeys(proof, "ünï\x00☃")}, body).status == 401


@pytest.mark.parametrize("sample", SIGNED, ids=str)
def test_every_changed_byte_of_a_signed_body(sample: Sample) -> None:
    headers, body, _ = sent(sample)
    for at in range(len(body)):
        assert _refused(sample, headers, body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]).status == 401
    for changed in (body + b" ", b" " + body, body[:-1], b""):
        assert _refused(sample, headers, changed).status == 401


@pytest.mark.parametrize("sample", SIGNED, ids=str)
def test_a_signature_of_another_algorithm_or_form(sample: Sample) -> None:
    headers, body, _ = sent(sample)
    name = next(name for name in signed(sample.auth, body) if "ignature" in name or "Auth" in name)
    value = headers[name]
    digits = value.partition("=")[2] or value
    for wrong in (
        f"sha1={digits}",
        f"md5={digits}",
        f"SHA384={digits}",
        digits[:40],
        f"{digits}=",
        "sha256=",
        "v1,",
        "=",
    ):
        if wrong == value:
            continue
        proof = dict.fromkeys(signed(sample.auth, body), wrong)
        kept = {each: headers[each] for each in proof if each.lower() in {"webhook-id", "webhook-timestamp"}}
        assert _refused(sample, {**headers, **proof, **kept}, body).status == 401


@pytest.mark.parametrize("sample", PROVEN, ids=str)
def test_a_proof_of_another_kind_does_not_count(sample: Sample) -> None:
    """The right secret, in a header that this sender does not use."""
    headers, body, _ = sent(sample)
    own = signed(sample.auth, body)
    bare = {name: value for name, value in headers.items() if name not in own}
    for auth in ("x-api-key", "hub", "nexus", "generic-256", "bitbucket", "x-gitlab-token"):
        foreign = signed(auth, body)
        receiver = receiver_for(sample)
        if set(map(str.lower, foreign)) & _read_headers(receiver):
            continue
        assert _refused(sample, {**bare, **foreign}, body).status == 401


def _read_headers(receiver: Receiver) -> set[str]:
    sender = sender_of(receiver)
    assert sender is not None
    named = {getattr(each, "header", "authorization").lower() for each in sender.authentication}
    return named | {(receiver.options.header or "").lower()}


@pytest.mark.parametrize("sample", PROVEN, ids=str)
def test_two_proofs_in_one_header_are_none(sample: Sample) -> None:
    headers, body, path = sent(sample)

    class Twice(dict[str, str]):
        """As Starlette's headers, whose ``items()`` repeats what was sent twice."""

        def items(self):  # type: ignore[no-untyped-def,override]
            return [*super().items(), *((name, "x") for name in signed(sample.auth, body))]

    assert _refused(sample, Twice(headers), body).status == 401
    assert isinstance(receive(receiver_for(sample), headers, body, path, now=NOW), Accepted)


def test_forgejos_signature_decides_alone() -> None:
    sample = next(each for each in SAMPLES if each.auth == "forgejo")
    headers, body, _ = sent(sample)
    assert _refused(sample, {**headers, "X-Forgejo-Signature": "0" * 64}, body).status == 401


def test_gitlabs_token_does_not_make_up_for_a_wrong_signature() -> None:
    headers, body, _ = sent(STANDARD)
    wrong = {**headers, "webhook-signature": "v1,AAAA", "X-Gitlab-Token": SECRET}
    assert _refused(STANDARD, wrong, body).status == 401


@pytest.mark.parametrize("age", [-100_000, -301, 301, 100_000])
def test_a_signed_time_has_to_be_fresh(age: int) -> None:
    _, body, path = sent(STANDARD)
    headers = signed("standard", body, now=NOW - timedelta(seconds=age))
    outcome = receive(receiver_for(STANDARD), headers, body, path, now=NOW)
    assert isinstance(outcome, Refused)
    assert outcome.status == 401


@pytest.mark.parametrize("age", [-299, 0, 299])
def test_a_fresh_signed_time(age: int) -> None:
    _, body, path = sent(STANDARD)
    headers = signed("standard", body, now=NOW - timedelta(seconds=age))
    assert isinstance(receive(receiver_for(STANDARD), headers, body, path, now=NOW), Accepted)


@pytest.mark.parametrize("timestamp", ["", "x", "-1", "1e9", "٣", "9" * 13, "1" * 5000])
def test_a_time_that_is_none(timestamp: str) -> None:
    headers, body, _ = sent(STANDARD)
    _refused(STANDARD, {**headers, "webhook-timestamp": timestamp}, body)


def test_a_standard_secret_is_what_is_encoded_in_it() -> None:

    key = bytes(range(32))
    secret = "whsec_" + base64.b64encode(key).decode()
    _, body, _ = sent(STANDARD)
    timestamp = str(int(NOW.timestamp()))
    value = base64.b64encode(hmac.new(key, b"m." + timestamp.encode() + b"." + body, hashlib.sha256).digest()).decode()
    headers = {"webhook-id": "m", "webhook-timestamp": timestamp, "webhook-signature": f"v1a,zz v1,AAAA v1,{value}"}
    receiver = receiver_for(STANDARD, secret)
    assert isinstance(receive(receiver, headers, body, paths(receiver)[0], now=NOW), Accepted)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://other.example.com"},
        {"aud": None},
        {"aud": ["https://streams.example.com/hooks"]},
        {"aud": ""},
        {"email": "somebody@else.iam.gserviceaccount.com"},
        {"email": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": 1},
        {"email_verified": None},
        {"iss": "https://accounts.google.com.evil.example"},
        {"iss": None},
        {"exp": int(NOW.timestamp()) - 120, "iat": int(NOW.timestamp()) - 3700},
        {"exp": None},
        {"exp": int(NOW.timestamp()) + 10**7},
        {"exp": True},
        {"exp": 1e300},
        {"iat": None},
        {"iat": int(NOW.timestamp()) + 600},
        {"iat": "now"},
    ],
    ids=str,
)
def test_a_token_of_google_for_somebody_else(claims: dict[str, object]) -> None:
    _, body, _ = sent(GOOGLE)
    headers = {"Authorization": f"Bearer {google_token(NOW.timestamp(), **claims)}"}
    assert _refused(GOOGLE, headers, body).status == 401


def test_a_token_that_google_did_not_sign() -> None:

    _, body, _ = sent(GOOGLE)
    right = google_token(NOW.timestamp())
    claims = jwt.decode(right, options={"verify_signature": False})
    head, payload, signature = right.split(".")
    wrong = [
        google_token(NOW.timestamp(), which=1),
        google_token(NOW.timestamp(), headers={"kid": "another"}),
        google_token(NOW.timestamp(), headers={"kid": "7d680d8c70d44e947133cbd499ebc1a61c3d5abc\n"}),
        jwt.encode(claims, "k" * 32, algorithm="HS256", headers={"kid": "7d680d8c70d44e947133cbd499ebc1a61c3d5abc"}),
        jwt.encode(claims, None, algorithm="none", headers={"kid": "7d680d8c70d44e947133cbd499ebc1a61c3d5abc"}),
        f"{head}.{payload}.",
        f"{head}.{payload}",
        f"{head}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
        f"{head}.{payload[:-2]}.{signature}",
        "",
        "...",
        "a" * 9000,
        SECRET,
    ]
    for token in wrong:
        assert _refused(GOOGLE, {"Authorization": f"Bearer {token}"}, body).status == 401
        assert _refused(GOOGLE, {"Authorization": token}, body).status == 401


def test_google_is_not_asked_for_a_key_that_no_token_of_the_right_form_names() -> None:
    keys = StaticKeys()
    _refused(GOOGLE, {"Authorization": "Bearer x.y.z"}, b"{}", jwt_keys=keys)
    assert keys.asked == []


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_the_path_is_needed_as_well(sample: Sample) -> None:
    headers, body, path = sent(sample)
    receiver = receiver_for(sample)
    for wrong in ("", "/", "/hooks/test", path[:-1], path + "/", path + "x", "/hooks/test/?" + path, "ü\ud800"):
        outcome = receive(receiver, headers, body, wrong, now=NOW)
        assert isinstance(outcome, Refused)
        assert outcome.status == 404
    assert isinstance(receive(receiver, headers, body, f"/behind/a/proxy{path}?x=1", now=NOW), Accepted)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_secrets_are_rotated(sample: Sample) -> None:
    receiver = receiver_for(sample, "the next secret", SECRET)
    assert len(set(paths(receiver))) == 2
    for secret in receiver.secrets:
        headers, body, path = sent(sample, secret)
        assert path in paths(receiver)
        assert isinstance(receive(receiver, headers, body, path, now=NOW), Accepted)
    headers, body, path = sent(sample, "the last but one")
    assert isinstance(receive(receiver, headers, body, path, now=NOW), Refused)


@pytest.mark.parametrize("sample", [each for each in SAMPLES if each.auth == "none"], ids=str)
def test_the_path_alone_has_to_be_allowed(sample: Sample) -> None:
    headers, body, _ = sent(sample)
    assert _refused(sample, headers, body, allow_unauthenticated=False).status == 503
    assert any("expressly" in fault for fault in faults(replace(receiver_for(sample), allow_unauthenticated=False)))


def test_allowing_the_path_alone_does_not_switch_off_a_proof() -> None:
    sample = next(each for each in SAMPLES if each.sender == "github")
    headers, body, _ = sent(sample)
    bare = {name: value for name, value in headers.items() if "Signature" not in name}
    assert _refused(sample, bare, body, allow_unauthenticated=True).status == 401


def test_nothing_shows_the_secret() -> None:
    receiver = receiver_for(GOOGLE)
    assert SECRET not in repr(receiver)
    assert all(SECRET not in path for path in paths(receiver))
    assert GOOGLE_KEYS is receiver.jwt_keys


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_too_long(sample: Sample) -> None:
    headers, body, _ = sent(sample)
    assert _refused(sample, headers, body + b" " * (MAX_BODY + 1 - len(body))).status == 413
