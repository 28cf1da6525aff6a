"""A configured receiver: one sender, its secrets, and the paths that only those who know a secret can guess."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_streams.oci.reference import DOMAIN
from gitops_streams.render import inert
from gitops_streams.serve.event import Refused
from gitops_streams.serve.senders.authentication import AuthenticationKind
from gitops_streams.serve.senders.google_jwt import can_verify
from gitops_streams.serve.senders.google_keys import JwtKeys
from gitops_streams.serve.senders.image import place_fault
from gitops_streams.serve.senders.known import SENDERS
from gitops_streams.serve.senders.options import Options, unknown_placeholders
from gitops_streams.serve.senders.secret import matches_any, secret_bytes
from gitops_streams.serve.senders.sender import Sender

PREFIX = "/hooks"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_BY_NAME: Mapping[str, Sender] = {sender.name: sender for sender in SENDERS}


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where deliveries of one sender arrive."""

    name: str
    """Unique among the receivers, lower case letters, digits and hyphens; part of the path, logs and metrics."""
    sender: str
    """The name of one of ``SENDERS``."""
    secrets: tuple[str, ...] = field(repr=False)
    """Any of them will do, the first is the newest: rotation is adding one and, later, taking the old one away."""
    options: Options = field(default_factory=Options)
    allow_unauthenticated: bool = False
    """Whether knowing the path is enough, for senders that can prove nothing and add no ``Options.header``."""
    jwt_keys: JwtKeys | None = field(default=None, repr=False)
    """Google's public keys, for the sender that needs them."""


def sender_of(receiver: Receiver) -> Sender | None:
    """Return the kind of sender that a receiver is for; ``None`` where there is no such kind."""
    return _BY_NAME.get(receiver.sender)


def paths(receiver: Receiver) -> tuple[str, ...]:
    """Return the paths that deliveries may come to, the newest secret's first: ``/hooks/<name>/<token>``.

    The token is an HMAC of the name under the secret: nobody can guess it, and a path that stands in somebody's
    log does not tell the secret that signatures are made with.
    """
    return tuple(f"{PREFIX}/{receiver.name}/{token}" for token in tokens(receiver))


def tokens(receiver: Receiver) -> tuple[str, ...]:
    """Return the last segments of ``paths``."""
    message = f"gitops-streams webhook path\n{receiver.name}".encode()
    return tuple(
        hmac.new(secret_bytes(secret), message, hashlib.sha256).hexdigest()[:40] for secret in receiver.secrets
    )


def check_path(receiver: Receiver, path: str) -> Refused | None:
    """Return why a request to this path is not let in, before anything of it is read; ``None`` where it is.

    Args:
        receiver: whom the path seems to belong to.
        path: with or without a query; what a proxy puts in front of it does not matter.
    """
    if faults(receiver):
        return Refused("the receiver is not in order, see the log of the start", 503)
    token = path.partition("?")[0].rpartition("/")[2].encode("utf-8", "surrogatepass")
    if not matches_any(token, [each.encode() for each in tokens(receiver)]):
        return Refused("the path is not the receiver's", 404)
    return None


def faults(receiver: Receiver) -> tuple[str, ...]:
    """Return why the receiver cannot be started, each in one sentence; empty where it can.

    ``receive`` refuses everything as long as there is one.
    """
    sender = sender_of(receiver)
    if sender is None:
        known = ", ".join(each.name for each in SENDERS)
        return (f"there is no sender {inert.shown(receiver.sender, 60)!r}; known: {known}",)
    found = list(_secret_faults(receiver, sender))
    if not _NAME.fullmatch(receiver.name):
        found.append("its name is not made of lower case letters, digits and hyphens")
    found += [
        f"{sender.title} needs the option {option}"
        for option in sorted(sender.required)
        if not getattr(receiver.options, option)
    ]
    found += _option_faults(receiver.options)
    return tuple(found)


def _secret_faults(receiver: Receiver, sender: Sender) -> list[str]:
    found = []
    if not receiver.secrets:
        found.append("it has no secret; without one its path can be guessed")
    elif not all(secret.strip() for secret in receiver.secrets):
        found.append("one of its secrets is empty")
    elif any(secret != secret.strip() for secret in receiver.secrets):
        found.append("one of its secrets begins or ends with a blank or a line break, which no header carries")
    by_path = AuthenticationKind.NONE in sender.kinds and receiver.options.header is None
    if by_path and not receiver.allow_unauthenticated:
        found.append(f"{sender.title} proves nothing but that it knows the path; allow that expressly")
    if AuthenticationKind.JWT in sender.kinds:
        if receiver.jwt_keys is None:
            found.append(f"{sender.title} needs the keys that Google signs with")
        if not can_verify():
            found.append(f"{sender.title} needs PyJWT and cryptography: install pyjwt[crypto]")
    return found


def _option_faults(options: Options) -> list[str]:
    found = []
    if options.host is not None and not DOMAIN.fullmatch(options.host):
        found.append("the option host is not a registry's name host[:port]")
    if options.header is not None and not _HEADER.fullmatch(options.header):
        found.append("the option header is not the name of a header")
    if options.template is not None and unknown_placeholders(options.template):
        found.append("the option template knows {host}, {repository} and {image} only")
    found += [
        f"the option repositories: {inert.shown(name, 60)!r}: {fault}"
        for name, place in options.repositories.items()
        if (fault := place_fault(place))
    ]
    return found
