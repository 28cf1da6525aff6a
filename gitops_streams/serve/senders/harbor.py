"""Harbor's webhooks, in its default format and as CloudEvents.

Source: goharbor.io/docs, "Configure Webhook Notifications". The CloudEvents' ``data`` is the default ``event_data``.
"""

from __future__ import annotations

from gitops_streams.serve.event import Ignored, ImagePushed, Outcome
from gitops_streams.serve.senders.authentication import SecretHeader
from gitops_streams.serve.senders.cloud_event import CloudEvent, read_cloud_events
from gitops_streams.serve.senders.image import outcome, pushed, pushed_reference, quoted
from gitops_streams.serve.senders.json_body import Json, at, items, text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject

_PUSH = "PUSH_ARTIFACT"
PUSH_TYPE = "harbor.artifact.pushed"


def read_resources(data: Json, options: Options) -> list[ImagePushed | Ignored]:
    """Read every resource of an event: a push of several tags is one event."""
    repository = text(data, "repository", "repo_full_name")
    return [_resource(resource, repository, options) for resource in items(data, "resources")]


def _resource(resource: Json, repository: str, options: Options) -> ImagePushed | Ignored:
    url, tag, digest = text(resource, "resource_url"), text(resource, "tag"), text(resource, "digest")
    if not tag:
        return Ignored("something was pushed without a tag")
    if repository:
        return pushed(options.host or url.partition("/")[0], repository, tag, digest)
    return pushed_reference(url, digest, host=options.host)


def _read(delivery: Delivery, options: Options) -> Outcome:
    if (kind := text(delivery.payload, "type")) == _PUSH:
        return outcome(read_resources(at(delivery.payload, "event_data"), options))
    found: list[ImagePushed | Ignored] = []
    identity = ""
    for event in read_cloud_events(delivery):
        identity = identity or event.identity
        found += read_pushed(event, options)
    return outcome(found or [Ignored(f"the type is {quoted(kind)}, not {_PUSH}")], identity)


def read_pushed(event: CloudEvent, options: Options) -> list[ImagePushed | Ignored]:
    """Read a CloudEvent of Harbor's."""
    if event.type != PUSH_TYPE:
        return [Ignored(f"the type is {quoted(event.type)}, not {PUSH_TYPE}")]
    return read_resources(event.data, options)


HARBOR = Sender(
    "harbor",
    "Harbor",
    Subject.IMAGES,
    (SecretHeader("Authorization"),),
    _read,
    options=frozenset({"host", "header", "username"}),
)
