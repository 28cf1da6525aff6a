"""JFrog Artifactory's webhook "Docker: tag was pushed".

Source: jfrog.com/help, "Webhooks", domain ``docker``.
"""

from __future__ import annotations

from types import MappingProxyType
from urllib.parse import urlsplit

from gitops_streams.serve.event import Ignored, ImagePushed, Outcome
from gitops_streams.serve.senders.authentication import BodySignature
from gitops_streams.serve.senders.image import joined, outcome, pushed, quoted
from gitops_streams.serve.senders.json_body import text
from gitops_streams.serve.senders.options import Options, filled
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject

_REPOSITORY_PATH = "{host}/{repository}/{image}"
"""Artifactory's access method "repository path"; with sub-domains it is ``{repository}.{host}/{image}``."""


def _read(delivery: Delivery, options: Options) -> Outcome:
    payload = delivery.payload
    domain, event = text(payload, "domain"), text(payload, "event_type")
    if domain != "docker" or event != "pushed":
        return Ignored(f"the event is {quoted(event)} of {quoted(domain)}, not pushed of docker")
    return outcome([_image(delivery, options)])


def _image(delivery: Delivery, options: Options) -> ImagePushed | Ignored:
    payload, data = delivery.payload, "data"
    key, image = text(payload, data, "repo_key"), text(payload, data, "image_name")
    # Values are looked at as parts of a reference only after they were put together, so they must not add parts.
    if not key or not image or "/" in key:
        return Ignored(f"{quoted(key)} is not a repository of Artifactory")
    place = options.repositories.get(key)
    if place is not None:
        host, path = joined(place, image)
    else:
        values = {"host": options.host or _host(text(payload, "jpd_origin")), "repository": key, "image": image}
        host, _, path = filled(options.template or _REPOSITORY_PATH, values).partition("/")
    sha256 = text(payload, data, "sha256")
    return pushed(host, path, text(payload, data, "tag"), f"sha256:{sha256}" if sha256 else "")


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    return host if port is None else f"{host}:{port}"


ARTIFACTORY = Sender(
    "artifactory",
    "JFrog Artifactory",
    Subject.IMAGES,
    (BodySignature("X-JFrog-Event-Auth", MappingProxyType({"": "sha256"}), or_secret=True),),
    _read,
    options=frozenset({"host", "repositories", "template"}),
)
