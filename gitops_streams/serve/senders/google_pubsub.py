"""Google Artifact Registry and Container Registry by way of a Pub/Sub push subscription.

Source: cloud.google.com/artifact-registry/docs/configure-notifications, cloud.google.com/pubsub/docs/push.
"""

from __future__ import annotations

import base64
import binascii

from gitops_streams.serve.event import Ignored, Outcome
from gitops_streams.serve.senders.google_jwt import GoogleJwt
from gitops_streams.serve.senders.image import outcome, pushed_reference, quoted
from gitops_streams.serve.senders.json_body import Unreadable, read_json, text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject


def _read(delivery: Delivery, options: Options) -> Outcome:
    message = "message"
    try:
        data = read_json(base64.b64decode(text(delivery.payload, message, "data"), validate=True))
    except (binascii.Error, ValueError):
        return Ignored("the message's data is not base64")
    if isinstance(data, Unreadable):
        return Ignored(f"the message's data: {data.reason}")
    action, tag = text(data.value, "action"), text(data.value, "tag")
    if action != "INSERT":
        return Ignored(f"the action is {quoted(action)}, not INSERT")
    if not tag:
        return Ignored("something was pushed without a tag")
    digest = text(data.value, "digest").rpartition("@")[2]
    identity = text(delivery.payload, message, "messageId") or text(delivery.payload, message, "message_id")
    return outcome([pushed_reference(tag, digest, host=options.host)], identity)


GOOGLE = Sender(
    "google",
    "Google Artifact Registry",
    Subject.IMAGES,
    (GoogleJwt(),),
    _read,
    options=frozenset({"host", "audience", "email"}),
    required=frozenset({"audience", "email"}),
)
