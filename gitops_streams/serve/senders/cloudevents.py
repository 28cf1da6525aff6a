"""CloudEvents of registries and pipelines: each type that is known, and one of our own.

Our own is ``container.image.push`` with ``data.{registryUrl,repository,tag,digest}``. That of ECR is what Argo CD
Image Updater's examples make of EventBridge's event.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from gitops_streams.serve.event import Ignored, ImagePushed, Outcome
from gitops_streams.serve.senders import harbor
from gitops_streams.serve.senders.authentication import SecretHeader
from gitops_streams.serve.senders.cloud_event import CloudEvent, read_cloud_events
from gitops_streams.serve.senders.ecr import ecr_host
from gitops_streams.serve.senders.image import outcome, pushed, quoted
from gitops_streams.serve.senders.json_body import text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.registry_event import read_event
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject

_ECR_SOURCE = re.compile(r"urn:aws:ecr:(?P<region>[^:]+):(?P<account>[^:]+):.*|arn:aws[^:]*:ecr:([^:]+):([^:]+):.*")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)


def _image(event: CloudEvent, options: Options) -> list[ImagePushed | Ignored]:
    data = event.data
    place = _SCHEME.sub("", text(data, "registryUrl") or event.source, count=1).strip("/")
    host = options.host or place
    return [pushed(host, text(data, "repository"), text(data, "tag"), text(data, "digest"))]


def _ecr(event: CloudEvent, options: Options) -> list[ImagePushed | Ignored]:
    match = _ECR_SOURCE.fullmatch(event.source)
    groups = [group for group in match.groups() if group] if match else []
    region, account = groups or ("", "")
    host = options.host or ecr_host(text(event.data, "registryId") or account, region)
    data = event.data
    return [pushed(host, text(data, "repositoryName"), text(data, "imageTag"), text(data, "imageDigest"))]


def _azure(event: CloudEvent, options: Options) -> list[ImagePushed | Ignored]:
    return [read_event(event.data, options)]


TYPES: Mapping[str, Callable[[CloudEvent, Options], list[ImagePushed | Ignored]]] = MappingProxyType(
    {
        "container.image.push": _image,
        "com.amazon.ecr.image.push": _ecr,
        harbor.PUSH_TYPE: harbor.read_pushed,
        "Microsoft.ContainerRegistry.ImagePushed": _azure,
    }
)
"""How the data of each type is read."""


def _read(delivery: Delivery, options: Options) -> Outcome:
    found: list[ImagePushed | Ignored] = []
    identities = []
    for event in read_cloud_events(delivery):
        reader = TYPES.get(event.type)
        found += reader(event, options) if reader else [Ignored(f"nothing is known of the type {quoted(event.type)}")]
        identities.append(event.identity)
    identity = " ".join(identities) if all(identities) else ""
    return outcome(found or [Ignored("the body is no CloudEvent of version 1")], identity)


CLOUDEVENTS = Sender(
    "cloudevents",
    "CloudEvents",
    Subject.IMAGES,
    (SecretHeader("X-Webhook-Secret"),),
    _read,
    options=frozenset({"host", "header", "username"}),
)
