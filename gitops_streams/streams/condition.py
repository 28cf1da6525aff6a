"""Why a stream tag could not be imported, in OpenShift's words: the ``ImportSuccess`` condition.

Source: openshift-controller-manager and openshift-apiserver (``pkg/image/apiserver/importer``): the
condition is only ever written False, and success takes it away.

A condition is recorded for what stays wrong until somebody does something. An outage is not: it is
over before anybody has read of it, and a status file must not change because of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from gitops_streams.oci.reference import Reference
from gitops_streams.oci.resolution import Cause

TYPE = "ImportSuccess"


@dataclass(frozen=True, slots=True)
class Condition:
    """``type: ImportSuccess``, ``status: "False"``."""

    reason: str
    """One of OpenShift's words."""
    message: str
    """One line for people. Nothing that a registry said stands in it: it must not change from run to run."""


REASONS: dict[Cause, tuple[str, str] | None] = {
    Cause.NOT_FOUND: ("NotFound", 'dockerimage "{name}" not found'),
    Cause.DENIED: ("Unauthorized", 'you may not have access to the container image "{name}"'),
    Cause.AUTHENTICATION: ("Unauthorized", 'incorrect username or password for image "{name}"'),
    Cause.UNSAFE_TARGET: ("Forbidden", 'the registry of "{name}" is blocked, or sends requests where none may go'),
    Cause.UNSUPPORTED: ("Invalid", '"{name}" is not an image that can be pinned'),
    Cause.BAD_ANSWER: ("NotV2Registry", 'the registry of "{name}" does not answer as one'),
    Cause.DIGEST_MISMATCH: ("InternalError", 'the registry of "{name}" tells a digest that its content has not'),
    Cause.RATE_LIMITED: None,
    Cause.UNAVAILABLE: None,
}
"""Reason and message by cause; ``None`` where it is an outage. OpenShift calls those ``InternalError``."""


def condition_of(cause: Cause, reference: Reference) -> Condition | None:
    """Return the condition to record for a stream tag that follows ``reference``; ``None`` for an outage."""
    known = REASONS[cause]
    return None if known is None else Condition(known[0], known[1].format(name=reference))
