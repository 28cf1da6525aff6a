"""Bitbucket Data Center: the event ``repo:refs_changed``.

Source: confluence.atlassian.com/bitbucketserver, "Event payload" and "Manage webhooks", § Webhook secrets.
"""

from __future__ import annotations

from gitops_streams.serve.event import Accepted, Ignored, Outcome, Ping, RepositoryPushed
from gitops_streams.serve.senders.authentication import BodySignature
from gitops_streams.serve.senders.git_push import branch_moved, moved
from gitops_streams.serve.senders.image import quoted
from gitops_streams.serve.senders.json_body import Json, items, text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject


def _read(delivery: Delivery, options: Options) -> Outcome:
    payload, repository = delivery.payload, "repository"
    if (event := delivery.headers.get("X-Event-Key")) == "diagnostics:ping":
        return Accepted((Ping(),))
    if event not in {"repo:refs_changed", "mirror:repo_synchronized"}:
        return Ignored(f"the event is {quoted(event)}, not repo:refs_changed")
    urls = [text(link, "href") for link in items(payload, repository, "links", "clone")]
    key, slug = text(payload, repository, "project", "key"), text(payload, repository, "slug")
    # Older versions leave the links out, and then say of themselves nothing at all.
    if options.host and key and slug:
        urls.append(f"https://{options.host}/{key}/{slug}")
    return moved(_change(change, urls) for change in items(payload, "changes"))


def _change(change: Json, urls: list[str]) -> RepositoryPushed | Ignored:
    if text(change, "type") == "DELETE":
        return Ignored("a branch or a tag was deleted")
    ref = text(change, "ref", "id") or text(change, "refId")
    return branch_moved(ref, urls, after=text(change, "toHash"))


BITBUCKET_DATA_CENTER = Sender(
    "bitbucket-data-center",
    "Bitbucket Data Center",
    Subject.REPOSITORIES,
    (BodySignature("X-Hub-Signature"),),
    _read,
    ("X-Request-Id",),
    frozenset({"host"}),
)
