"""Azure DevOps: the service hook "Code pushed" (``git.push``).

Source: learn.microsoft.com/azure/devops/service-hooks, "Webhooks" and "Service hook events".
"""

from __future__ import annotations

from gitops_streams.serve.event import Ignored, Outcome
from gitops_streams.serve.senders.authentication import BasicPassword
from gitops_streams.serve.senders.git_push import branch_moved, moved
from gitops_streams.serve.senders.image import quoted
from gitops_streams.serve.senders.json_body import items, text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject

_URLS = ("remoteUrl", "sshUrl", "webUrl")


def _read(delivery: Delivery, options: Options) -> Outcome:  # noqa: ARG001 - as the others
    payload, resource = delivery.payload, "resource"
    if (event := text(payload, "eventType")) != "git.push":
        return Ignored(f"the event is {quoted(event)}, not git.push")
    urls = [text(payload, resource, "repository", key) for key in _URLS]
    updates = items(payload, resource, "refUpdates")
    return moved(
        (branch_moved(text(each, "name"), urls, after=text(each, "newObjectId")) for each in updates),
        text(payload, "id"),
    )


AZURE_DEVOPS = Sender(
    "azure-devops", "Azure DevOps", Subject.REPOSITORIES, (BasicPassword(),), _read, options=frozenset({"username"})
)
