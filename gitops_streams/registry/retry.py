"""Sends one request until it is answered for good: the retries, and the pauses that a host asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_streams.oci.resolution import Unresolvable
from gitops_streams.registry.failures import DOWN_KINDS, RETRY_KINDS, RETRY_STATUSES
from gitops_streams.registry.messages import Broken, Response, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_streams.registry.limits import Clock, Gate

_TOO_MANY = 429


def patiently(
    gate: Gate,
    clock: Clock,
    tries: int,
    attempt: Callable[[], Response | TransportError],
    describe: Callable[[Response | TransportError], Unresolvable],
    may_retry: Callable[[], bool] | None = None,
) -> Response | Unresolvable:
    """Make up to ``tries`` attempts, one at a time, each through the host's gate.

    Args:
        gate: the host's traffic.
        clock: tells how far off a ``Retry-After`` date is.
        tries: how often to send at most.
        attempt: sends once.
        describe: says what a failed attempt means.
        may_retry: asked before each further attempt, where somebody counts them.

    Returns:
        The first answer whose status does not ask for another try, or why there is none.
    """
    count = 0
    while True:
        refusal = gate.enter()
        if refusal is not None:
            return refusal
        try:
            outcome = attempt()
        finally:
            gate.leave()
        count += 1
        if isinstance(outcome, Response):
            gate.note(outcome)
            if outcome.status not in RETRY_STATUSES:
                gate.succeeded()
                return outcome
            asked = retry_after(outcome.header("retry-after"), clock)
            down = outcome.status == _TOO_MANY
            retry = True
        else:
            asked = None
            down = outcome.kind in DOWN_KINDS or not gate.answered
            retry = outcome.kind in RETRY_KINDS
        failure = describe(outcome)
        if isinstance(outcome, TransportError) and outcome.kind in {Broken.UNSAFE, Broken.TOO_LARGE}:
            return failure  # says nothing about the host's health
        if not retry or count >= tries or (may_retry is not None and not may_retry()):
            gate.failed(failure, down=down, rest=asked)
            return failure
        if gate.pause(count, failure, asked) is not None:
            return failure


def retry_after(text: str, clock: Clock) -> float | None:
    """Read ``Retry-After`` as seconds from now: a number or an HTTP date; ``None`` where it says nothing usable."""
    text = text.strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:9])
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - 15 ms for a form that few registries send

    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - clock.time())
