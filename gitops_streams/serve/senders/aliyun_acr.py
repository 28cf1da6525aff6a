"""Alibaba Cloud Container Registry's triggers, which prove nothing.

Source: alibabacloud.com/help, Container Registry, "Triggers"; the payload as Argo CD Image Updater reads it.
"""

from __future__ import annotations

import re

from gitops_streams.serve.event import Ignored, Outcome
from gitops_streams.serve.senders.authentication import PathOnly
from gitops_streams.serve.senders.image import outcome, pushed, quoted
from gitops_streams.serve.senders.json_body import text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject

_REGION = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,20}){1,4}")


def _read(delivery: Delivery, options: Options) -> Outcome:
    payload = delivery.payload
    # An instance of the Enterprise Edition has a host of its own, which its payload does not say.
    host = options.host or delivery.query.get("registry", "")
    region = text(payload, "repository", "region")
    if not host:
        if not _REGION.fullmatch(region):
            return Ignored(f"{quoted(region)} is not a region")
        host = f"registry.{region}.aliyuncs.com"
    tag, digest = text(payload, "push_data", "tag"), text(payload, "push_data", "digest")
    return outcome([pushed(host, text(payload, "repository", "repo_full_name"), tag, digest)])


ALIYUN_ACR = Sender(
    "aliyun-acr",
    "Alibaba Cloud Container Registry",
    Subject.IMAGES,
    (PathOnly(),),
    _read,
    options=frozenset({"host", "header"}),
)
