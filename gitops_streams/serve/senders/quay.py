"""Quay's notification "Push to Repository", which proves nothing.

Source: docs.redhat.com, Red Hat Quay, "Repository notifications".
"""

from __future__ import annotations

from collections.abc import Mapping

from gitops_streams.serve.event import Outcome
from gitops_streams.serve.senders.authentication import PathOnly
from gitops_streams.serve.senders.image import outcome, pushed
from gitops_streams.serve.senders.json_body import at, items, text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject


def _read(delivery: Delivery, options: Options) -> Outcome:
    host, _, path = text(delivery.payload, "docker_url").partition("/")
    tags = at(delivery.payload, "updated_tags")
    # Old versions send an object from tag to image id.
    names = tuple(tags) if isinstance(tags, Mapping) else items(delivery.payload, "updated_tags")
    return outcome(pushed(options.host or host, path, name) for name in names if isinstance(name, str))


QUAY = Sender("quay", "Quay", Subject.IMAGES, (PathOnly(),), _read, options=frozenset({"host", "header"}))
