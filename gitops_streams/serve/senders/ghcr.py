"""GitHub's container registry: the events ``package`` and ``registry_package``.

Source: docs.github.com, "Webhook events and payloads".
"""

from __future__ import annotations

from gitops_streams.serve.event import Accepted, Ignored, Outcome, Ping
from gitops_streams.serve.senders.authentication import BodySignature
from gitops_streams.serve.senders.image import outcome, pushed, quoted
from gitops_streams.serve.senders.json_body import fields, text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject

_HOST = "ghcr.io"
_PACKAGE_EVENTS = frozenset({"package", "registry_package"})
AUTHENTICATION = (BodySignature("X-Hub-Signature-256"),)
"""The older ``X-Hub-Signature`` (SHA-1) is sent along, and not looked at."""
DELIVERY = ("X-GitHub-Delivery",)


def read_package(delivery: Delivery, options: Options) -> Outcome:
    """Read an event of GitHub's that is about a package."""
    event = delivery.headers.get("X-GitHub-Event")
    if event == "ping":
        return Accepted((Ping(),))
    if event not in _PACKAGE_EVENTS:
        return Ignored(f"the event is {quoted(event)}, not package or registry_package")
    payload = delivery.payload
    if (action := text(payload, "action")) not in {"published", "updated"}:
        return Ignored(f"the action is {quoted(action)}, neither published nor updated")
    package = fields(payload, event) or fields(payload, "package") or fields(payload, "registry_package")
    if (kind := text(package, "package_type")).lower() != "container":
        return Ignored(f"the package is of the type {quoted(kind)}, not container")
    owner = text(package, "namespace") or text(package, "owner", "login")
    tag = ("package_version", "container_metadata", "tag")
    # Owners and packages are shown with their capitals and served without.
    path = f"{owner}/{text(package, 'name')}".lower()
    return outcome([pushed(options.host or _HOST, path, text(package, *tag, "name"), text(package, *tag, "digest"))])


GHCR = Sender(
    "ghcr", "GitHub container registry", Subject.IMAGES, AUTHENTICATION, read_package, DELIVERY, frozenset({"host"})
)
