"""Turns what senders call an image into the repository and tag that it is, or says why it is none."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from gitops_streams.errors import InvalidDigest, InvalidReference
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import DOCKER_HUB, DOMAIN, NAME, TAG, Reference
from gitops_streams.render import inert
from gitops_streams.serve.event import Accepted, Ignored, ImagePushed, Outcome, Refused

MOST = 1000
"""How many images one delivery may name; the largest known senders batch a few hundred."""
_LONGEST = 1024
_SHOWN = 80
_PLAIN = re.compile(r"[A-Za-z0-9._:/@+=,-]{1,128}")


def pushed(host: str, path: str, tag: str, digest: str = "") -> ImagePushed | Ignored:
    """Return the image ``host/path:tag``, read by the grammar of references.

    Args:
        host: ``host[:port]`` as the sender says it; it has to be the registry, never a part of Docker Hub's path.
        path: the repository in it.
        tag: empty for a push without one.
        digest: ``algorithm:hex``, if the sender says it; one that is wrong is left out, since it is a hint only.
    """
    if not tag:
        return Ignored("something was pushed without a tag")
    if not TAG.fullmatch(tag):
        return Ignored(f"{quoted(tag)} is not a tag")
    host = host.lower()
    if len(host) + len(path) > _LONGEST or not DOMAIN.fullmatch(host):
        return Ignored(f"{quoted(host)} is not a registry")
    try:
        reference = Reference.parse(f"{host}/{path}:{tag}")
    except InvalidReference:
        return Ignored(f"{quoted(f'{host}/{path}')} is not a repository")
    # A host without dot and port would be read as a part of a path on Docker Hub.
    if reference.repository.domain != (DOCKER_HUB if host == "index.docker.io" else host):
        return Ignored(f"{quoted(host)} is not a registry")
    return ImagePushed(reference.repository, tag, _hint(digest))


def pushed_reference(text: str, digest: str = "", *, host: str | None = None) -> ImagePushed | Ignored:
    """Return the image that a full reference with its registry names: ``host/path:tag``.

    Args:
        text: the reference; a digest in it is the hint unless ``digest`` says one.
        digest: as in ``pushed``.
        host: in place of the one in the reference.
    """
    if len(text) > _LONGEST:
        return Ignored("a reference is too long")
    try:
        reference = Reference.parse_strict(text)
    except InvalidReference:
        return Ignored(f"{quoted(text)} is not an image reference")
    domain, claimed = reference.repository.domain, digest or str(reference.digest or "")
    return pushed(host or domain, reference.repository.path, reference.tag or "", claimed)


def outcome(found: Iterable[ImagePushed | Ignored], delivery: str = "") -> Outcome:
    """Return what a delivery comes to: the images in it, or the first reason why there is none.

    Args:
        found: one value for each thing that the payload names; one that is nothing does not spoil the others.
        delivery: what identifies the delivery, in the sender's words; empty if nothing does.
    """
    images: dict[ImagePushed, None] = {}
    reason: Ignored | None = None
    for each in found:
        match each:
            case ImagePushed():
                images[each] = None
                if len(images) > MOST:
                    return Refused(f"the delivery names more than {MOST} images", 413)
            case Ignored():
                reason = reason or each
    if images:
        return Accepted(tuple(images), delivery_id(delivery))
    return reason or Ignored("the delivery names no image")


def delivery_id(text: str) -> str | None:
    """Return what identifies a delivery as printable ASCII of at most 128 characters; ``None`` for nothing."""
    if not text:
        return None
    if _PLAIN.fullmatch(text):
        return text
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def place_fault(place: str) -> str:
    """Say what is wrong with a place ``host[:port][/prefix]``; empty if nothing is."""
    host, slash, prefix = place.partition("/")
    if not DOMAIN.fullmatch(host) or not ("." in host or ":" in host or host == "localhost"):
        return "the place does not begin with a registry's name host[:port]"
    if slash and not NAME.fullmatch(f"{host}/{prefix}"):
        return "the place's prefix is not a part of a repository's path"
    return ""


def joined(place: str, path: str) -> tuple[str, str]:
    """Return host and path of what stands at ``path`` in a place ``host[:port][/prefix]``."""
    host, _, rest = f"{place}/{path}".partition("/")
    return host, rest


def quoted(text: str) -> str:
    """Return foreign text for a reason: short, on one line, with nothing that a terminal acts on."""
    return f"“{inert.shown(text, _SHOWN)}”"


def _hint(digest: str) -> Digest | None:
    if not digest or len(digest) > _LONGEST:
        return None
    try:
        return Digest.parse(digest)
    except InvalidDigest:
        return None
