"""Azure Container Registry's events by way of Event Grid, in its own schema and as CloudEvents.

Source: learn.microsoft.com, "Azure Container Registry as an Event Grid source" and "Webhook event delivery". The
handshake is answered in the response; ``validationUrl`` is never asked for.
"""

from __future__ import annotations

import json
import re

from gitops_streams.serve.event import Accepted, Ignored, ImagePushed, Outcome, Ping
from gitops_streams.serve.senders.authentication import PathOnly
from gitops_streams.serve.senders.image import outcome, quoted
from gitops_streams.serve.senders.json_body import Json, at, items, text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.registry_event import read_event
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject

_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
_PUSHED = "Microsoft.ContainerRegistry.ImagePushed"
_CODE = re.compile(r"[A-Za-z0-9-]{1,128}")


def _read(delivery: Delivery, options: Options) -> Outcome:
    events = items(delivery.payload) or [delivery.payload]
    for event in events:
        if _type(event) == _VALIDATION:
            return _handshake(event)
    ids = [text(event, "id") for event in events]
    identity = "event-grid " + " ".join(ids) if all(ids) else ""
    return outcome((_event(event, options) for event in events), identity)


def _type(event: Json) -> str:
    return text(event, "eventType") or text(event, "type")


def _handshake(event: Json) -> Outcome:
    code = text(event, "data", "validationCode")
    if not _CODE.fullmatch(code):
        return Ignored("the code of Event Grid's handshake is missing or has an unexpected form")
    return Accepted((Ping(),), None, json.dumps({"validationResponse": code}))


def _event(event: Json, options: Options) -> ImagePushed | Ignored:
    if (kind := _type(event)) != _PUSHED:
        return Ignored(f"the type is {quoted(kind)}, not {_PUSHED}")
    return read_event(at(event, "data"), options)


ACR_EVENT_GRID = Sender(
    "acr-event-grid",
    "Azure Container Registry by Event Grid",
    Subject.IMAGES,
    (PathOnly(),),
    _read,
    options=frozenset({"host", "header"}),
)
