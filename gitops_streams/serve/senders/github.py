"""GitHub: the event ``push``, beside those of its packages.

Source: docs.github.com, "Webhook events and payloads" and "Validating webhook deliveries".
"""

from __future__ import annotations

from gitops_streams.serve.event import Outcome
from gitops_streams.serve.senders.ghcr import AUTHENTICATION, DELIVERY, read_package
from gitops_streams.serve.senders.git_push import branch_moved, moved
from gitops_streams.serve.senders.json_body import text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject

_URLS = ("clone_url", "ssh_url", "git_url", "html_url")


def _read(delivery: Delivery, options: Options) -> Outcome:
    if delivery.headers.get("X-GitHub-Event") != "push":
        return read_package(delivery, options)
    payload = delivery.payload
    urls = [text(payload, "repository", key) for key in _URLS]
    return moved([branch_moved(text(payload, "ref"), urls, after=text(payload, "after"))])


GITHUB = Sender("github", "GitHub", Subject.BOTH, AUTHENTICATION, _read, DELIVERY, frozenset({"host"}))
