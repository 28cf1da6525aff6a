"""Bitbucket Cloud: the event ``repo:push``.

Source: support.atlassian.com/bitbucket-cloud/docs/event-payloads and "Manage webhooks", § Secure webhooks.
"""

from __future__ import annotations

from gitops_streams.serve.event import Accepted, Ignored, Outcome, Ping, RepositoryPushed
from gitops_streams.serve.senders.authentication import BodySignature
from gitops_streams.serve.senders.git_push import branch_moved, moved
from gitops_streams.serve.senders.image import quoted
from gitops_streams.serve.senders.json_body import Json, at, items, text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject

_HOST = "bitbucket.org"


def _read(delivery: Delivery, options: Options) -> Outcome:
    payload = delivery.payload
    if (event := delivery.headers.get("X-Event-Key")) == "diagnostics:ping":
        return Accepted((Ping(),))
    if event != "repo:push":
        return Ignored(f"the event is {quoted(event)}, not repo:push")
    name = text(payload, "repository", "full_name")
    urls = [text(payload, "repository", "links", "html", "href")]
    if name:
        urls.append(f"https://{options.host or _HOST}/{name}")
    return moved(_change(change, urls) for change in items(payload, "push", "changes"))


def _change(change: Json, urls: list[str]) -> RepositoryPushed | Ignored:
    if at(change, "new") is None:
        return Ignored("a branch or a tag was deleted")
    if (kind := text(change, "new", "type")) not in {"branch", "named_branch"}:
        return Ignored(f"a {quoted(kind)} moved, not a branch")
    return branch_moved(f"refs/heads/{text(change, 'new', 'name')}", urls)


BITBUCKET_CLOUD = Sender(
    "bitbucket-cloud",
    "Bitbucket Cloud",
    Subject.REPOSITORIES,
    (BodySignature("X-Hub-Signature"),),
    _read,
    ("X-Request-UUID",),
    frozenset({"host"}),
)
