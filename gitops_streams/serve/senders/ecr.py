"""Amazon ECR by way of an EventBridge rule whose target is an API destination.

Source: docs.aws.amazon.com/AmazonECR, "Amazon ECR events and EventBridge". SNS in between is not read: its messages
are signed with a certificate that would have to be fetched from an address in the message.
"""

from __future__ import annotations

import re

from gitops_streams.serve.event import Ignored, Outcome
from gitops_streams.serve.senders.authentication import SecretHeader
from gitops_streams.serve.senders.image import outcome, pushed, quoted
from gitops_streams.serve.senders.json_body import text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject

_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z0-9]{1,12}){1,4}")


def ecr_host(account: str, region: str) -> str:
    """Return the registry of an account in a region; empty where these are none."""
    if not _ACCOUNT.fullmatch(account) or not _REGION.fullmatch(region):
        return ""
    china = ".cn" if region.startswith("cn-") else ""
    return f"{account}.dkr.ecr.{region}.amazonaws.com{china}"


def _read(delivery: Delivery, options: Options) -> Outcome:
    payload, detail = delivery.payload, "detail"
    if text(payload, "source") != "aws.ecr" or text(payload, "detail-type") != "ECR Image Action":
        return Ignored(f"the event is {quoted(text(payload, 'detail-type'))}, not ECR Image Action")
    action, result = text(payload, detail, "action-type"), text(payload, detail, "result")
    if action != "PUSH" or result != "SUCCESS":
        return Ignored(f"it is {quoted(action)} with the result {quoted(result)}, not a successful push")
    host = options.host or ecr_host(text(payload, "account"), text(payload, "region"))
    name, tag = text(payload, detail, "repository-name"), text(payload, detail, "image-tag")
    return outcome([pushed(host, name, tag, text(payload, detail, "image-digest"))], text(payload, "id"))


ECR = Sender(
    "ecr",
    "Amazon ECR by EventBridge",
    Subject.IMAGES,
    (SecretHeader("X-Api-Key"),),
    _read,
    options=frozenset({"host", "header", "username"}),
)
