"""What started the workflow: read from the event's file, of which only a few fields count.

Everything in it may be written by a stranger. A pull request's own fields decide which configuration
may be trusted; the payload of a dispatch may say which images it is about, and nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitops_streams.errors import InvalidReference, UsageError
from gitops_streams.oci.reference import Reference
from gitops_streams.streams.model import Catalog, DockerImage, TagKey

_MAX_EVENT = 32 * 1024 * 1024
_MAX_IMAGES = 100
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class PullRequestEvent:
    """A pull request was opened or changed."""

    number: int
    base_sha: str
    """The commit of the branch that it goes to."""
    fork: bool
    """Whether it comes from another repository: its author may be a stranger, and the token only reads."""
    head_sha: str = ""
    """The commit of its own branch; GitHub merges it into the base for the checkout."""


@dataclass(frozen=True, slots=True)
class ImagesPushed:
    """A ``repository_dispatch`` whose payload names images."""

    images: tuple[Reference, ...]
    refused: int
    """How many entries of the payload are no references."""

    def followed(self, catalog: Catalog) -> tuple[TagKey, ...]:
        """Return the stream tags that follow one of the images, or would if something named them."""
        wholes = (stream.whole for stream in catalog.streams if stream.whole is not None)
        any_tag = {
            TagKey(whole.key.stream, image.tag or "latest"): None
            for whole in wholes
            for image in self.images
            if isinstance(whole.source, DockerImage) and image.repository == whole.source.reference.repository
        }
        return tuple(key for key in any_tag if key not in catalog.tags) + tuple(
            tag.key
            for tag in catalog.tags.values()
            if isinstance(tag.source, DockerImage)
            and any(
                image.repository == tag.source.reference.repository
                and (tag.source.by_policy or image.tag in {None, tag.source.tag})
                for image in self.images
            )
        )


@dataclass(frozen=True, slots=True)
class OtherEvent:
    """A schedule, a push, a person, a dispatch without images: everything is looked at."""


Event = PullRequestEvent | ImagesPushed | OtherEvent


def read(environment: Mapping[str, str]) -> Event:
    """Read the event that started the workflow.

    Raises:
        UsageError: a pull request's event cannot be understood; what may be trusted would be a guess.
    """
    name = environment.get("GITHUB_EVENT_NAME", "")
    if name.startswith("pull_request"):
        return _pull_request(_content(environment))
    if name == "repository_dispatch":
        return _dispatch(_content(environment).get("client_payload"))
    return OtherEvent()


def _content(environment: Mapping[str, str]) -> dict[str, Any]:
    try:
        with Path(environment.get("GITHUB_EVENT_PATH", "")).open("rb") as file:
            content = json.loads(file.read(_MAX_EVENT))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _pull_request(content: Mapping[str, Any]) -> PullRequestEvent:
    try:
        pull = content["pull_request"]
        number, base = pull["number"], pull["base"]["sha"]
        # A deleted fork is null.
        theirs, ours = pull["head"]["repo"], pull["base"]["repo"]["full_name"]
        fork = not isinstance(theirs, dict) or theirs["full_name"] != ours
        head = pull["head"].get("sha")
    except (KeyError, TypeError):
        number, base, fork, head = None, None, True, None
    if not isinstance(number, int) or not isinstance(base, str) or not _COMMIT.fullmatch(base):
        raise UsageError(
            "the event of the pull request cannot be understood",
            hint="run the Action in a workflow that GitHub starts: GITHUB_EVENT_PATH names the event's file",
        )
    known = isinstance(head, str) and _COMMIT.fullmatch(head) is not None
    return PullRequestEvent(number, base, fork, head if known else "")


def _dispatch(payload: object) -> ImagesPushed | OtherEvent:
    """Read ``{"image": "…"}`` or ``{"images": ["…"]}``."""
    if not isinstance(payload, dict):
        return OtherEvent()
    named = payload.get("images", payload.get("image"))
    entries = named if isinstance(named, list) else [] if named is None else [named]
    images = []
    for entry in entries[:_MAX_IMAGES]:
        try:
            images.append(Reference.parse(entry if isinstance(entry, str) else ""))
        except InvalidReference:
            continue
    if len(entries) > _MAX_IMAGES or not images:
        return OtherEvent()  # too many to be told apart, or none that means something: everything is looked at
    return ImagesPushed(tuple(images), len(entries) - len(images))
