"""From a raw HTTP request to verified events: the order of the checks, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from urllib.parse import parse_qsl

from gitops_streams.serve.event import Accepted, Outcome, Refused
from gitops_streams.serve.senders.authentication import Evidence, Verified, refused
from gitops_streams.serve.senders.headers import Headers
from gitops_streams.serve.senders.image import delivery_id
from gitops_streams.serve.senders.json_body import Unreadable, read_json
from gitops_streams.serve.senders.receiver import Receiver, check_path, sender_of
from gitops_streams.serve.senders.sender import Delivery, Sender

MAX_BODY = 1 << 20
"""Bytes; a server should stop reading there by itself."""
_MOST_FIELDS = 20
_FORM = "application/x-www-form-urlencoded"


def receive(receiver: Receiver, headers: Mapping[str, str], body: bytes, path: str, *, now: datetime) -> Outcome:
    """Say what a request is: the events of a delivery, or why there are none. It raises nothing.

    Args:
        receiver: whom the path belongs to.
        headers: as they were sent; a mapping whose ``items()`` repeat a name is understood.
        body: the raw bytes, as the sender signed them.
        path: the request's path, with its query if it has one; its last segment has to be one of ``tokens``.
        now: an aware time, for senders that sign theirs.
    """
    sender, stopped = sender_of(receiver), check_path(receiver, path)
    if sender is None or stopped is not None:
        return stopped or Refused("there is no such sender", 503)
    if len(body) > MAX_BODY:
        return Refused(f"the body is longer than {MAX_BODY} bytes", 413)
    read = Headers.of(headers.items())
    evidence = Evidence(read, body, receiver.secrets, receiver.options, now, receiver.jwt_keys)
    verdict = _verified(sender, evidence)
    if isinstance(verdict, Refused):
        return verdict
    document = read_json(_form_payload(body) if read.get("content-type").startswith(_FORM) else body)
    if isinstance(document, Unreadable):
        return Refused(document.reason, 400)
    found = sender.read(Delivery(read, document.value, _query(path.partition("?")[2])), receiver.options)
    if isinstance(found, Accepted) and found.delivery is None:
        return replace(found, delivery=delivery_id(read.first(*sender.delivery_headers)))
    return found


def _verified(sender: Sender, evidence: Evidence) -> Verified | Refused:
    """Have the first proof that is attempted decide: a second one never makes up for a wrong one."""
    for authentication in sender.authentication:
        if authentication.attempted(evidence):
            return authentication.verify(evidence)
    return refused("the header that proves who sent it is missing, or there more than once")


def _form_payload(body: bytes) -> bytes:
    """Return the JSON in a form (GitHub's other content type); empty where there is none."""
    try:
        found = parse_qsl(body, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return b""
    return next((value for name, value in found if name == b"payload"), b"")


def _query(query: str) -> Mapping[str, str]:
    try:
        found = parse_qsl(query, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return MappingProxyType({})
    return MappingProxyType(dict(reversed(found)))
