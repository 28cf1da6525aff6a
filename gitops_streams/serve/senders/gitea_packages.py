"""Packages of Gitea and Forgejo: the event ``package``.

Source: Gitea's ``modules/structs/hook.go`` and ``package.go``, docs.gitea.com, "Webhooks"; forgejo.org/docs.
"""

from __future__ import annotations

from types import MappingProxyType
from urllib.parse import urlsplit

from gitops_streams.serve.event import Ignored, Outcome
from gitops_streams.serve.senders.authentication import BodySignature
from gitops_streams.serve.senders.image import outcome, pushed, quoted
from gitops_streams.serve.senders.json_body import text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject

_BARE = MappingProxyType({"": "sha256"})
AUTHENTICATION = (
    BodySignature("X-Forgejo-Signature", _BARE),
    BodySignature("X-Gitea-Signature", _BARE),
    BodySignature("X-Hub-Signature-256"),
)
"""All of them are sent, over the same body with the same secret."""
DELIVERY = ("X-Forgejo-Delivery", "X-Gitea-Delivery")


def event_of(delivery: Delivery) -> str:
    """Return the name of the event; ``X-GitHub-Event``, which both send too, does not count."""
    return delivery.headers.first("X-Forgejo-Event", "X-Gitea-Event")


def read_package(delivery: Delivery, options: Options) -> Outcome:
    """Read an event that is about a package."""
    payload, package = delivery.payload, "package"
    if (event := event_of(delivery)) != package:
        return Ignored(f"the event is {quoted(event)}, not package")
    if (action := text(payload, "action")) != "created":
        return Ignored(f"the action is {quoted(action)}, not created")
    if (kind := text(payload, package, "type")) != "container":
        return Ignored(f"the package is of the type {quoted(kind)}, not container")
    owner = text(payload, package, "owner", "login") or text(payload, package, "owner", "username")
    # Owners are shown with their capitals and served without.
    path = f"{owner}/{text(payload, package, 'name')}".lower()
    host = options.host or _host(text(payload, package, "html_url"))
    # Manifests of single platforms have their digest for a version, which is no tag.
    return outcome([pushed(host, path, text(payload, package, "version"))])


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


GITEA_PACKAGES = Sender(
    "gitea-packages",
    "Gitea and Forgejo packages",
    Subject.IMAGES,
    AUTHENTICATION,
    read_package,
    DELIVERY,
    frozenset({"host"}),
)
