"""One delivery: its body, how its sender signs it, and what it should come to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.receiver import Receiver, paths
from webhook_samples.google import AUDIENCE, EMAIL, GOOGLE_KEYS, google_token

if TYPE_CHECKING:
    from gitops_streams.serve.event import Event

SECRET = "correct horse battery staple"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOGLE_OPTIONS = {"audience": AUDIENCE, "email": EMAIL}


@dataclass(frozen=True)
class Sample:
    """A delivery that has to be accepted."""

    sender: str
    body: object
    events: tuple[Event, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    delivery: str | None = None
    form: bool = False
    auth: str = ""
    name: str = ""

    def __str__(self) -> str:
        return f"{self.sender} {self.name}".strip()

    @property
    def raw(self) -> bytes:
        return json.dumps(self.body, separators=(",", ":")).encode()


def _hmac(secret: str, body: bytes, algorithm: str = "sha256") -> str:
    return hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).hexdigest()


def _standard(body: bytes, secret: str, now: datetime) -> dict[str, str]:
    timestamp = str(int(now.timestamp()))
    text = b"msg_1." + timestamp.encode() + b"." + body
    value = base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": timestamp, "webhook-signature": f"v1,{value}"}


def _forgejo(body: bytes, secret: str) -> dict[str, str]:
    digits = _hmac(secret, body)
    bare = dict.fromkeys(("X-Forgejo-Signature", "X-Gitea-Signature", "X-Gogs-Signature"), digits)
    return {**bare, "X-Hub-Signature-256": f"sha256={digits}"}


def _basic(secret: str) -> str:
    return f"Basic {base64.b64encode(f'hook:{secret}'.encode()).decode()}"


_PROOFS: Mapping[str, Callable[[bytes, str, datetime], dict[str, str]]] = {
    "none": lambda *_: {},
    "verbatim": lambda _body, secret, _now: {"Authorization": secret},
    "bearer": lambda _body, secret, _now: {"Authorization": f"Bearer {secret}"},
    "basic": lambda _body, secret, _now: {"Authorization": _basic(secret)},
    "x-api-key": lambda _body, secret, _now: {"X-Api-Key": secret},
    "x-webhook-secret": lambda _body, secret, _now: {"X-Webhook-Secret": secret},
    "x-gitlab-token": lambda _body, secret, _now: {"X-Gitlab-Token": secret},
    "hub": lambda body, secret, _now: {
        "X-Hub-Signature-256": f"sha256={_hmac(secret, body)}",
        "X-Hub-Signature": f"sha1={_hmac(secret, body, 'sha1')}",
    },
    "bitbucket": lambda body, secret, _now: {"X-Hub-Signature": f"sha256={_hmac(secret, body)}"},
    "forgejo": lambda body, secret, _now: _forgejo(body, secret),
    "gitea": lambda body, secret, _now: {"X-Gitea-Signature": _hmac(secret, body)},
    "nexus": lambda body, secret, _now: {"X-Nexus-Webhook-Signature": _hmac(secret, body, "sha1")},
    "jfrog": lambda body, secret, _now: {"X-JFrog-Event-Auth": _hmac(secret, body)},
    "jfrog-plain": lambda _body, secret, _now: {"X-JFrog-Event-Auth": secret},
    "generic-256": lambda body, secret, _now: {"X-Signature": f"sha256={_hmac(secret, body)}"},
    "generic-512": lambda body, secret, _now: {"X-Signature": f"sha512={_hmac(secret, body, 'sha512')}"},
    "generic-384": lambda body, secret, _now: {"X-Signature": f"sha384={_hmac(secret, body, 'sha384')}"},
    "standard": _standard,
    "google": lambda _body, _secret, now: {"Authorization": f"Bearer {google_token(now.timestamp())}"},
}


def signed(auth: str, body: bytes, secret: str = SECRET, now: datetime = NOW) -> dict[str, str]:
    """Return the headers that prove a delivery, for each way of proving one."""
    return _PROOFS[auth](body, secret, now)


def receiver_for(sample: Sample, *secrets: str, **changed: object) -> Receiver:
    """Return a receiver that is in order for a sample."""
    options = {**(GOOGLE_OPTIONS if sample.sender == "google" else {}), **sample.options, **changed}
    return Receiver(
        name="test",
        sender=sample.sender,
        secrets=secrets or (SECRET,),
        options=Options(**options),  # type: ignore[arg-type]
        allow_unauthenticated=sample.auth == "none",
        jwt_keys=GOOGLE_KEYS,
    )


def sent(sample: Sample, secret: str = SECRET) -> tuple[dict[str, str], bytes, str]:
    """Return headers, body and path of a delivery."""
    body, content = sample.raw, {"Content-Type": "application/json"}
    if sample.form:
        body, content = urlencode({"payload": body}).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    headers = {**content, **sample.headers, **signed(sample.auth, body, secret)}
    return headers, body, paths(receiver_for(sample, secret))[0]
