"""GitLab: push events of projects, groups and the whole instance.

Source: docs.gitlab.com, "Webhook events" and "Webhooks"; the signing token follows Standard Webhooks 1.0.
"""

from __future__ import annotations

from gitops_streams.serve.event import Ignored, Outcome
from gitops_streams.serve.senders.authentication import SecretHeader, TimedSignature
from gitops_streams.serve.senders.git_push import branch_moved, moved
from gitops_streams.serve.senders.image import quoted
from gitops_streams.serve.senders.json_body import text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject

_PROJECT_URLS = ("git_http_url", "git_ssh_url", "http_url", "ssh_url", "web_url")
_REPOSITORY_URLS = ("git_http_url", "git_ssh_url", "homepage")


def _read(delivery: Delivery, options: Options) -> Outcome:  # noqa: ARG001 - as the others
    payload = delivery.payload
    kind = text(payload, "object_kind") or text(payload, "event_name")
    if kind != "push":
        return Ignored(f"the event is {quoted(kind)}, not push")
    urls = [text(payload, "project", key) for key in _PROJECT_URLS]
    urls += [text(payload, "repository", key) for key in _REPOSITORY_URLS]
    return moved([branch_moved(text(payload, "ref"), urls, after=text(payload, "after"))])


GITLAB = Sender(
    "gitlab",
    "GitLab",
    Subject.REPOSITORIES,
    (TimedSignature(), SecretHeader("X-Gitlab-Token")),
    _read,
    # The id of the delivery stays the same when it is sent again; that of the event is the older, coarser one.
    ("webhook-id", "Idempotency-Key", "X-Gitlab-Event-UUID"),
)
