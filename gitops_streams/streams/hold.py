"""Read a hold from a stream tag's annotations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gitops_streams.errors import InvalidDigest
from gitops_streams.oci.digest import Digest
from gitops_streams.streams.fields import quoted
from gitops_streams.streams.restraint import Hold

HOLD, REASON = "hold", "hold-reason"
NAMES = frozenset({HOLD, REASON})
"""The annotations, without their prefix."""


@dataclass(frozen=True, slots=True)
class InvalidHold:
    """The annotations make no hold."""

    annotation: str
    """The one that is wrong, without its prefix."""
    reason: str


def read_hold(own: Mapping[str, str], defaults: Mapping[str, str]) -> Hold | InvalidHold | None:
    """Read a hold.

    Args:
        own: the tag's annotations of ours, without their prefix; an empty one is none.
        defaults: its stream's. A reason there is a default, but an image is held by one tag alone: a hold on the
            stream would be lost silently, so it is an error for every tag that has none of its own.

    Returns:
        The hold; ``None`` where no annotation asks for one.
    """
    if HOLD not in own and defaults.get(HOLD):
        return InvalidHold(HOLD, "it names one image, so it belongs on an entry of spec.tags, not on the stream")
    text = own.get(HOLD, "")
    if not text:
        return None
    try:
        digest = Digest.parse(text)
    except InvalidDigest as error:
        detail = error.message.removeprefix(f"{text!r}").removeprefix(":").strip()
        return InvalidHold(HOLD, f"{quoted(text)} {detail}" + (f"; {error.hint}" if error.hint else ""))
    return Hold(digest, own.get(REASON, defaults.get(REASON, "")))
