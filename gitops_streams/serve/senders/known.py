"""Every sender that is known: one line for each."""

from __future__ import annotations

from gitops_streams.serve.senders.sender import Sender

SENDERS: tuple[Sender, ...] = ()
