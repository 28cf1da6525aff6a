"""Docker Hub's webhooks, which prove nothing.

Source: docs.docker.com/docker-hub/repos/manage/webhooks. ``callback_url`` in the payload is never called.
"""

from __future__ import annotations

from gitops_streams.oci.reference import DOCKER_HUB
from gitops_streams.serve.event import Outcome
from gitops_streams.serve.senders.authentication import PathOnly
from gitops_streams.serve.senders.image import outcome, pushed
from gitops_streams.serve.senders.json_body import text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject


def _read(delivery: Delivery, options: Options) -> Outcome:
    repository, tag = text(delivery.payload, "repository", "repo_name"), text(delivery.payload, "push_data", "tag")
    return outcome([pushed(options.host or DOCKER_HUB, repository, tag)])


DOCKER_HUB_SENDER = Sender(
    "docker-hub", "Docker Hub", Subject.IMAGES, (PathOnly(),), _read, options=frozenset({"host", "header"})
)
