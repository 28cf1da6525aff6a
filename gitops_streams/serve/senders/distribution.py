"""Notifications of distribution, which is also GitLab's registry.

Source: distribution.github.io/distribution/about/notifications. Version 2 sends ``events.v1+json``, the development
branch ``events.v2+json``; both hold the same fields.
"""

from __future__ import annotations

from gitops_streams.serve.event import Outcome
from gitops_streams.serve.senders.authentication import SecretHeader
from gitops_streams.serve.senders.image import outcome
from gitops_streams.serve.senders.json_body import items, text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.registry_event import read_event
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject


def _read(delivery: Delivery, options: Options) -> Outcome:
    events = items(delivery.payload, "events")
    # An envelope has no id of its own; its events keep theirs when it is sent again.
    ids = [text(event, "id") for event in events]
    identity = "distribution " + " ".join(ids) if ids and all(ids) else ""
    return outcome((read_event(event, options) for event in events), identity)


_OPTIONS = frozenset({"host", "header", "username"})
DISTRIBUTION = Sender(
    "distribution",
    "Distribution",
    Subject.IMAGES,
    (SecretHeader("Authorization"),),
    _read,
    options=_OPTIONS,
)
GITLAB_REGISTRY = Sender(
    "gitlab-registry",
    "GitLab container registry",
    Subject.IMAGES,
    (SecretHeader("Authorization"),),
    _read,
    options=_OPTIONS,
)
