"""Gitea and Forgejo: the event ``push``, beside those of their packages.

Source: docs.gitea.com, "Webhooks"; forgejo.org/docs, "Webhooks".
"""

from __future__ import annotations

from gitops_streams.serve.event import Outcome
from gitops_streams.serve.senders.git_push import branch_moved, moved
from gitops_streams.serve.senders.gitea_packages import AUTHENTICATION, DELIVERY, event_of, read_package
from gitops_streams.serve.senders.json_body import text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject

_URLS = ("clone_url", "ssh_url", "html_url")


def _read(delivery: Delivery, options: Options) -> Outcome:
    if event_of(delivery) != "push":
        return read_package(delivery, options)
    payload = delivery.payload
    urls = [text(payload, "repository", key) for key in _URLS]
    return moved([branch_moved(text(payload, "ref"), urls, after=text(payload, "after"))])


GITEA = Sender("gitea", "Gitea and Forgejo", Subject.BOTH, AUTHENTICATION, _read, DELIVERY, frozenset({"host"}))
