"""CloudEvents over HTTP: structured, batched and binary mode become the same value.

Source: CloudEvents 1.0.2, "HTTP Protocol Binding" and "JSON Event Format".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from gitops_streams.serve.senders.json_body import Json, Unreadable, at, read_json, text
from gitops_streams.serve.senders.sender import Delivery

_MAJOR = "1."


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """What of an event counts here."""

    type: str
    source: str
    id: str
    subject: str
    data: Json

    @property
    def identity(self) -> str:
        """What identifies it: source and id together (§ Required Attributes); empty without an id."""
        return f"{self.source}#{self.id}" if self.id else ""


def read_cloud_events(delivery: Delivery) -> list[CloudEvent]:
    """Return the events of a delivery; what is none is left out."""
    headers, payload = delivery.headers, delivery.payload
    if headers.get("ce-specversion").startswith(_MAJOR):
        # Header values are percent-encoded (HTTP Protocol Binding, § 3.1.3.2).
        kind, source, identity, subject = (unquote(headers.get(f"ce-{n}")) for n in ("type", "source", "id", "subject"))
        return [CloudEvent(kind, source, identity, subject, payload)]
    events = payload if isinstance(payload, Sequence) and not isinstance(payload, str) else [payload]
    return [_structured(event) for event in events if text(event, "specversion").startswith(_MAJOR)]


def _structured(event: Json) -> CloudEvent:
    return CloudEvent(
        text(event, "type"), text(event, "source"), text(event, "id"), text(event, "subject"), _data(event)
    )


def _data(event: Json) -> Json:
    encoded = text(event, "data_base64")
    if not encoded:
        return at(event, "data")
    try:
        document = read_json(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError):
        return None
    return None if isinstance(document, Unreadable) else document.value
