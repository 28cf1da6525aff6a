"""The shared samples of webhooks: captured or taken from documentation, with the events that they must come to."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Any

import pytest
from webhook_samples import GOOGLE_KEYS, NOW, google_token
from webhook_samples.sample import GOOGLE_OPTIONS

from gitops_streams.serve.event import Accepted, Ignored, ImagePushed
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.receive import receive
from gitops_streams.serve.senders.receiver import Receiver, paths

_FOLDER = Path(os.environ.get("GITOPS_STREAMS_SHARED") or Path(__file__).parents[4] / "shared") / "cases" / "webhooks"
_SENDERS: dict[str, tuple[str, dict[str, Any]]] = {
    "aliyun_acr": ("aliyun-acr", {}),
    "acr_event_grid": ("acr-event-grid", {}),
    "docker_hub": ("docker-hub", {}),
    "ecr_eventbridge": ("ecr", {}),
    "gar_pubsub": ("google", GOOGLE_OPTIONS),
    "generic_hmac": ("generic-hmac", {}),
    "ghcr_package": ("ghcr", {}),
    "ghcr_registry_package": ("ghcr", {}),
    "gitea_forgejo": ("gitea-packages", {}),
    "gitlab_registry": ("gitlab-registry", {}),
    "harbor_cloudevents": ("harbor", {}),
    "nexus": ("nexus", {"repositories": {"docker-hosted": "nexus.example.com"}}),
}


def _cases() -> list[Any]:
    cases = []
    for file in sorted(_FOLDER.glob("*.json")):
        sample = json.loads(file.read_text())
        cases.append(pytest.param(sample, sample["body"], sample["expect"], id=file.stem))
        for more in sample.get("more_cases", ()):
            body = copy.deepcopy(sample["body"])
            if "body" in more:
                body = more["body"]
            if "decoded_data" in more:
                body["message"]["data"] = base64.b64encode(json.dumps(more["decoded_data"]).encode()).decode()
            for path, value in more.get("body_patch", {}).items():
                *parents, last = path.split(".")
                place = body
                for key in parents:
                    place = place[key]
                place[last] = value
            cases.append(pytest.param(sample, body, more["expect"], id=f"{file.stem}-{more['name']}"))
    return cases


@pytest.mark.skipif(not _FOLDER.is_dir(), reason=f"no {_FOLDER}; set GITOPS_STREAMS_SHARED")
def test_there_are_shared_cases() -> None:
    assert len(_cases()) >= 20


@pytest.mark.parametrize(("sample", "body", "expect"), _cases())
def test_shared_case(sample: dict[str, Any], body: Any, expect: list[dict[str, str]]) -> None:
    name = sample["registry"]
    sender, options = _SENDERS.get(name, (name.replace("_", "-"), {}))
    secret = sample["secret_for_sample"]
    raw = json.dumps(body, separators=(",", ":")).encode()
    headers = dict(sample["headers"])
    if sender == "google":
        headers["Authorization"] = f"Bearer {google_token(NOW.timestamp())}"
    if body != sample["body"] and "X-Hub-Signature-256" in headers:
        headers["X-Hub-Signature-256"] = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    receiver = Receiver(
        "shared", sender, (secret,), Options(**options), allow_unauthenticated=True, jwt_keys=GOOGLE_KEYS
    )
    outcome = receive(receiver, headers, raw, paths(receiver)[0], now=NOW)
    events = outcome.events if isinstance(outcome, Accepted) else ()
    images = [
        {
            "host": event.repository.domain,
            "repository": event.repository.path,
            "tag": event.tag,
            "digest": str(event.hint or ""),
        }
        for event in events
        if isinstance(event, ImagePushed)
    ]
    # Nexus does not say its host; ours is configured.
    assert images == [{**each, "host": each["host"] or "nexus.example.com"} for each in expect]
    assert isinstance(outcome, Accepted | Ignored), outcome
