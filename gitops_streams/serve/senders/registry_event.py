"""One event as distribution writes it, which Azure Container Registry has taken over.

Source: distribution.github.io/distribution/about/notifications, § Events.
"""

from __future__ import annotations

from gitops_streams.serve.event import Ignored, ImagePushed
from gitops_streams.serve.senders.image import pushed, quoted
from gitops_streams.serve.senders.json_body import Json, text
from gitops_streams.serve.senders.options import Options


def read_event(event: Json, options: Options) -> ImagePushed | Ignored:
    """Read an event; a push of a tag counts, and nothing else does.

    Looking at a registry makes it send events with the action ``pull``, ours included: acting on one would never end.
    """
    action = text(event, "action")
    if action != "push":
        return Ignored(f"the action is {quoted(action)}, not push")
    target = "target"
    return pushed(
        options.host or text(event, "request", "host"),
        text(event, target, "repository"),
        text(event, target, "tag"),
        text(event, target, "digest"),
    )
