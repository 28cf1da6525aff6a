"""Argo CD's notifications: a webhook whose body its administrator writes, in the form that docs/webhooks.md shows.

Source: argo-cd.readthedocs.io, "Notifications", "Webhook". Argo CD signs nothing; its service can send a header.
"""

from __future__ import annotations

from gitops_streams.serve.event import Ignored, Outcome, RepositoryPushed
from gitops_streams.serve.senders.authentication import SecretHeader
from gitops_streams.serve.senders.git_push import branch_moved, moved
from gitops_streams.serve.senders.json_body import Json, items, text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject


def _read(delivery: Delivery, options: Options) -> Outcome:  # noqa: ARG001 - as the others
    return moved(_source(each) for each in items(delivery.payload, "sources"))


def _source(source: Json) -> RepositoryPushed | Ignored:
    """Read one of the application's sources; a Helm chart's repository is none of Git's, and not one of ours."""
    revision = text(source, "targetRevision")
    if revision in {"", "HEAD"}:
        return Ignored("a source follows HEAD: have the template say the branch")
    ref = revision if revision.startswith("refs/") else f"refs/heads/{revision}"
    return branch_moved(ref, [text(source, "repoURL")])


ARGO_CD = Sender(
    "argo-cd",
    "Argo CD",
    Subject.REPOSITORIES,
    (SecretHeader("Authorization"),),
    _read,
    options=frozenset({"header", "username"}),
)
