"""Answers those who ask before they send: ``OPTIONS`` of the CloudEvents webhooks, which Event Grid uses as well.

Source: CloudEvents, "HTTP 1.1 Web Hooks for Event Delivery", § 4. Abuse Protection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gitops_streams.serve.event import Refused
from gitops_streams.serve.senders.headers import Headers
from gitops_streams.serve.senders.receiver import Receiver, check_path

_ORIGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def consent(receiver: Receiver, headers: Mapping[str, str], path: str) -> Mapping[str, str] | Refused:
    """Return the headers of the answer 200 to an ``OPTIONS`` request; it raises nothing.

    Whoever knows the path may send: what is sent is verified all the same. An address in
    ``WebHook-Request-Callback`` is never asked for.
    """
    refused = check_path(receiver, path)
    if refused is not None:
        return refused
    origin = Headers.of(headers.items()).get("WebHook-Request-Origin")
    if not _ORIGIN.fullmatch(origin):
        return Refused("the header WebHook-Request-Origin is missing or no name of a host", 400)
    return {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*", "Allow": "POST, OPTIONS"}
