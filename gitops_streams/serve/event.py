"""What a webhook tells us, verified and parsed, and what becomes of a delivery.

An event is a hint that it is worth looking: whoever acts on it asks the registry or Git, and believes only them.
"""

from __future__ import annotations

from dataclasses import dataclass

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Repository


@dataclass(frozen=True, slots=True)
class ImagePushed:
    """A tag was pushed to a registry."""

    repository: Repository
    tag: str
    hint: Digest | None
    """The digest that the sender claims: good for recognising duplicates, never for pinning."""


@dataclass(frozen=True, slots=True)
class RepositoryPushed:
    """A branch of a Git repository moved."""

    locations: tuple[str, ...]
    """Where the repository can be cloned from, as ``clone_location.clone_location`` writes it: sorted, at least one."""
    branch: str
    """Its short name: ``main``, ``release/1``."""


@dataclass(frozen=True, slots=True)
class Ping:
    """The sender tries whether we are there."""


Event = ImagePushed | RepositoryPushed | Ping


@dataclass(frozen=True, slots=True)
class Accepted:
    """The delivery is authentic and says something: answer 200 with ``reply``."""

    events: tuple[Event, ...]
    """At least one, without duplicates, in the payload's order."""
    delivery: str | None = None
    """What is the same when the same receiver is sent the same delivery again; ``None`` if the sender says nothing.

    Printable ASCII, at most 128 characters. Mostly a header that nobody signed: fit to recognise a repetition, not to
    refuse one.
    """
    reply: str = ""
    """A JSON document that the sender waits for (Event Grid's handshake); mostly empty."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """The delivery is authentic and not for us, such as a pull: answer 2xx, so that it is not sent again."""

    reason: str
    """For logs and people, safe to show on a terminal; HTML has to be escaped as everywhere."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The delivery is not authentic, not readable, or the receiver is not in order: answer ``status``."""

    reason: str
    """For logs, safe to show on a terminal. Not for the sender, who is told the status alone."""
    status: int
    """400 unreadable, 401 not authentic, 404 wrong path, 413 too large, 503 the receiver cannot verify."""


Outcome = Accepted | Ignored | Refused
