"""What a sender of webhooks is: its name, how it proves itself, and how its deliveries are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from gitops_streams.serve.event import Outcome
from gitops_streams.serve.senders.authentication import Authentication, AuthenticationKind
from gitops_streams.serve.senders.headers import Headers
from gitops_streams.serve.senders.json_body import Json
from gitops_streams.serve.senders.options import Options


class Subject(StrEnum):
    """What a sender tells of."""

    IMAGES = "images"
    REPOSITORIES = "repositories"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery whose sender has been verified."""

    headers: Headers
    payload: Json
    query: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The URL's query, the first value of each name."""


@dataclass(frozen=True, slots=True)
class Sender:
    """One kind of sender. All that is known of it stands here, once."""

    name: str
    """In configuration and URLs: ``docker-hub``."""
    title: str
    """For people: ``Docker Hub``."""
    subject: Subject
    authentication: tuple[Authentication, ...]
    """The first one whose header is there decides alone; without any, the path is all that there is."""
    read: Callable[[Delivery, Options], Outcome]
    """Reads what was verified; total: it raises nothing, whatever the payload."""
    delivery_headers: tuple[str, ...] = ()
    """The first of them that is there identifies the delivery, unless ``read`` found something better."""
    options: frozenset[str] = frozenset()
    """The fields of ``Options`` that change something."""
    required: frozenset[str] = frozenset()
    """Those of them that it cannot do without."""

    @property
    def kinds(self) -> tuple[AuthenticationKind, ...]:
        """How the sender can prove itself; ``NONE`` alone: by knowing the path."""
        return tuple(dict.fromkeys(each.kind for each in self.authentication)) or (AuthenticationKind.NONE,)

    @property
    def docs_anchor(self) -> str:
        """The section of ``docs/webhooks.md`` that says what to click, as the forges make anchors of headings."""
        return "".join(each for each in self.title.lower().replace(" ", "-") if each.isalnum() or each == "-")
