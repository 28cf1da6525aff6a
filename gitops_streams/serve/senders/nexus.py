"""Sonatype Nexus Repository's webhook "Repository: component".

Source: help.sonatype.com, "Working with HMAC Payloads" and "Example Headers and Payloads". The payload says neither
the registry's host nor its port: the operator does.
"""

from __future__ import annotations

from types import MappingProxyType

from gitops_streams.serve.event import Ignored, Outcome
from gitops_streams.serve.senders.authentication import BodySignature
from gitops_streams.serve.senders.image import joined, outcome, pushed, quoted
from gitops_streams.serve.senders.json_body import text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject


def _read(delivery: Delivery, options: Options) -> Outcome:
    payload, component = delivery.payload, "component"
    if (action := text(payload, "action")) not in {"CREATED", "UPDATED"}:
        return Ignored(f"the action is {quoted(action)}, neither CREATED nor UPDATED")
    if (kind := text(payload, component, "format")) != "docker":
        return Ignored(f"the component is of the format {quoted(kind)}, not docker")
    repository = text(payload, "repositoryName")
    place = options.repositories.get(repository)
    if place is None:
        return Ignored(f"the option repositories says nothing of {quoted(repository)}")
    host, path = joined(place, text(payload, component, "name"))
    return outcome([pushed(host, path, text(payload, component, "version"))])


NEXUS = Sender(
    "nexus",
    "Sonatype Nexus Repository",
    Subject.IMAGES,
    (BodySignature("X-Nexus-Webhook-Signature", MappingProxyType({"": "sha1"})),),
    _read,
    ("X-Nexus-Webhook-Delivery",),
    frozenset({"repositories"}),
    frozenset({"repositories"}),
)
