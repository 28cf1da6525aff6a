"""Anybody who can sign a body: ``{"image": "registry/repository:tag", "digest": "sha256:…"}``, for pipelines.

The header is that of Flux's generic receiver; the body is ours.
"""

from __future__ import annotations

from types import MappingProxyType

from gitops_streams.serve.event import Outcome
from gitops_streams.serve.senders.authentication import BodySignature
from gitops_streams.serve.senders.image import outcome, pushed_reference
from gitops_streams.serve.senders.json_body import items, text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject

_ALGORITHMS = MappingProxyType({"sha256=": "sha256", "sha512=": "sha512"})


def _read(delivery: Delivery, options: Options) -> Outcome:
    entries = items(delivery.payload, "images") or [delivery.payload]
    return outcome(
        pushed_reference(text(entry, "image"), text(entry, "digest"), host=options.host) for entry in entries
    )


GENERIC_HMAC = Sender(
    "generic-hmac",
    "A signed request of your own",
    Subject.IMAGES,
    (BodySignature("X-Signature", _ALGORITHMS),),
    _read,
    ("X-Delivery",),
    frozenset({"host"}),
)
