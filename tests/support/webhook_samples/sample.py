"""One delivery: its body, how its sender signs it, and what it should come to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

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


def signed(auth: str, body: bytes, secret: str = SECRET, now: datetime = NOW) -> dict[str, str]:
    """Return the headers that prove a delivery, for each way of proving one."""
    timestamp = str(int(now.timestamp()))
    match auth:
        case "none":
            return {}
        case "verbatim":
            return {"Authorization": secret}
        case "bearer":
            return {"Authorization": f"Bearer {secret}"}
        case "basic":
            return {"Authorization": f"Basic {base64.b64encode(f'hook:{secret}'.encode()).decode()}"}
        case "x-api-key" | "x-webhook-secret" | "x-gitlab-token":
            return {auth: secret}
        case "hub":
            return {"X-Hub-Signature-256": f"sha256={_hmac(secret, body)}", "X-Hub-Signature": "sha1=00"}
        case "bitbucket":
            return {"X-Hub-Signature": f"sha256={_hmac(secret, body)}"}
        case "forgejo":
            digits = _hmac(secret, body)
            names = ("X-Forgejo-Signature", "X-Gitea-Signature", "X-Gogs-Signature")
            return {**dict.fromkeys(names, digits), "X-Hub-Signature-256": f"sha256={digits}"}
        case "gitea":
            return {"X-Gitea-Signature": _hmac(secret, body)}
        case "nexus":
            return {"X-Nexus-Webhook-Signature": _hmac(secret, body, "sha1")}
        case "jfrog":
            return {"X-JFrog-Event-Auth": _hmac(secret, body)}
        case "jfrog-plain":
            return {"X-JFrog-Event-Auth": secret}
        case "generic-256" | "generic-512":
            algorithm = "sha" + auth[-3:]
            return {"X-Signature": f"{algorithm}={_hmac(secret, body, algorithm)}"}
        case "standard":
            text = b"msg_1." + timestamp.encode() + b"." + body
            value = base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()
            return {"webhook-id": "msg_1", "webhook-timestamp": timestamp, "webhook-signature": f"v1,{value}"}
        case "google":
            return {"Authorization": f"Bearer {google_token(now.timestamp())}"}
    raise AssertionError(auth)


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
        from urllib.parse import urlencode  # noqa: PLC0415

        body, content = urlencode({"payload": body}).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    headers = {**content, **sample.headers, **signed(sample.auth, body, secret)}
    return headers, body, paths(receiver_for(sample, secret))[0]
