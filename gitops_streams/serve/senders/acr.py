"""Azure Container Registry's webhooks.

Source: learn.microsoft.com, "Azure Container Registry webhook reference".
"""

from __future__ import annotations

from gitops_streams.serve.event import Accepted, Outcome, Ping
from gitops_streams.serve.senders.authentication import SecretHeader
from gitops_streams.serve.senders.image import delivery_id, outcome
from gitops_streams.serve.senders.json_body import text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.registry_event import read_event
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject


def _read(delivery: Delivery, options: Options) -> Outcome:
    identity = text(delivery.payload, "id")
    if text(delivery.payload, "action") == "ping":
        return Accepted((Ping(),), delivery_id(identity))
    return outcome([read_event(delivery.payload, options)], identity)


ACR = Sender(
    "acr",
    "Azure Container Registry",
    Subject.IMAGES,
    (SecretHeader("Authorization"),),
    _read,
    options=frozenset({"host", "header", "username"}),
)
