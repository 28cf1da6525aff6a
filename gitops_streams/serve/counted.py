"""Counts what became of deliveries, by receiver. Not safe for several threads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from gitops_streams.serve.event import Accepted, Ignored, Outcome, Refused
from gitops_streams.serve.overview import ReceiverView
from gitops_streams.serve.senders.receiver import Receiver


class Counted:
    """The receivers as they are shown."""

    def __init__(self, receivers: Iterable[Receiver]) -> None:
        self._views = {each.name: ReceiverView(each.name, each.sender) for each in receivers}

    @property
    def views(self) -> tuple[ReceiverView, ...]:
        """Every receiver, in the order of the configuration."""
        return tuple(self._views.values())

    def count(self, receiver: str, outcome: Outcome, now: datetime) -> None:
        """Count a delivery."""
        view = self._views.get(receiver)
        if view is None:
            return
        match outcome:
            case Accepted():
                view = replace(view, accepted=view.accepted + 1)
            case Ignored():
                view = replace(view, ignored=view.ignored + 1)
            case Refused(reason):
                view = replace(view, refused=view.refused + 1, last_refusal=reason)
            case _:
                assert_never(outcome)
        self._views[receiver] = replace(view, last=now)
