"""Flux's notification-controller: events of its sources, of what it applies, and of its image policies.

Source: fluxcd.io/flux/components/notification, "Providers" (``generic-hmac``), "Alerts" and "Events". What stands in
messages is no documented interface: the forms are those of source-controller and image-reflector-controller.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType

from gitops_streams.errors import InvalidReference
from gitops_streams.oci.reference import Reference
from gitops_streams.serve.event import Accepted, Ignored, ImagePushed, Outcome, RepositoryPushed
from gitops_streams.serve.senders.authentication import BodySignature
from gitops_streams.serve.senders.git_push import branch_moved
from gitops_streams.serve.senders.image import delivery_id, pushed, quoted
from gitops_streams.serve.senders.json_body import Json, text
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.senders.sender import Delivery, Sender, Subject

_ALGORITHMS = MappingProxyType({f"{name}=": name for name in ("sha224", "sha256", "sha384", "sha512")})
"""Flux signs with SHA-256, and says that it may take another of these some day."""
_LONGEST = 1024
_LONGEST_MESSAGE = 39_000
_STORED = re.compile(
    r"stored artifact with revision '([^']*)' from '([^']*)'(?:, origin source '([^']*)', origin revision '([^']*)')?"
)
_LATEST = re.compile(
    r"Latest image tag for '?([^\s']+)'? (?:resolved to:? |updated from \S+ to )(\S+)"
    r"(?: with digest (\S+))?(?: \(previously \S+\))?"
)
_GIT = re.compile(r"(.+)(?:@sha1:|/)[0-9a-f]{40}")
"""``main@sha1:…``, and ``main/…`` as before Flux 2."""
_GIT_SHA256 = re.compile(r"(.+)@sha256:[0-9a-f]{64}")
"""What an OCI artifact's revision looks like as well."""


def _read(delivery: Delivery, options: Options) -> Outcome:
    payload = delivery.payload
    if (severity := text(payload, "severity")) != "info":
        return Ignored(f"the event's severity is {quoted(severity)}, not info")
    found = [*_images(payload, options), *_repositories(payload)]
    events = tuple(dict.fromkeys(each for each in found if not isinstance(each, Ignored)))
    if events:
        return Accepted(events, _identity(payload))
    return next(each for each in found if isinstance(each, Ignored))


def _identity(payload: Json) -> str | None:
    """Return what a repetition has in common; Flux numbers nothing, and sends the same bytes again."""
    uid = text(payload, "involvedObject", "uid")
    return delivery_id("\n".join((uid, text(payload, "timestamp"), text(payload, "message")))) if uid else None


def _images(payload: Json, options: Options) -> Iterator[ImagePushed | Ignored]:
    message = text(payload, "message")[:_LONGEST_MESSAGE]
    match text(payload, "involvedObject", "kind"):
        case "ImagePolicy":
            latest = _LATEST.fullmatch(message)
            if latest is None:
                yield Ignored("the image policy's event names no image and tag")
            else:
                yield _image(latest[1], latest[2], latest[3] or "", options)
        case "ImageRepository":
            yield Ignored("an event of an ImageRepository does not say which tag was pushed")
        case "OCIRepository":
            stored = _STORED.fullmatch(message)
            if stored is not None:
                tag, at, digest = stored[1].partition("@")
                yield _image(stored[2].removeprefix("oci://"), tag if at else "", digest, options)


def _image(name: str, tag: str, digest: str, options: Options) -> ImagePushed | Ignored:
    """Return the image; a name without a registry is one of Docker Hub's, as in any reference."""
    try:
        repository = Reference.parse(name).repository if len(name) <= _LONGEST else None
    except InvalidReference:
        repository = None
    if repository is None:
        return Ignored(f"{quoted(name)} is not a repository")
    return pushed(options.host or repository.domain, repository.path, tag, digest)


def _repositories(payload: Json) -> Iterator[RepositoryPushed | Ignored]:
    """Find the Git repository: Flux says its revision, and where it is only if the alert or the artifact was told."""
    url, branch = text(payload, "metadata", "gitRepository"), text(payload, "metadata", "gitBranch")
    # The controller takes the group off the keys that it hands on; some versions, and the documented example, do not.
    group = text(payload, "involvedObject", "apiVersion").partition("/")[0]
    keys = [form for key in ("originRevision", "revision") for form in (key, f"{group}/{key}")]
    revisions = [text(payload, "metadata", key) for key in keys]
    if (stored := _STORED.fullmatch(text(payload, "message")[:_LONGEST_MESSAGE])) is not None:
        url = url or stored[3] or ""
        revisions.append(stored[4] or "")
    if not url:
        yield Ignored("the event does not say where it is cloned from: set gitRepository in the alert's eventMetadata")
        return
    of_git = text(payload, "involvedObject", "kind") == "GitRepository"
    ref = branch or next((ref for each in revisions if (ref := _ref(each, of_git=of_git))), "")
    if not ref:
        yield Ignored("the event does not say the branch: set gitBranch in the alert's eventMetadata")
        return
    yield branch_moved(ref if ref.startswith("refs/") else f"refs/heads/{ref}", [url])


def _ref(revision: str, *, of_git: bool) -> str:
    """Return what is named in a Git revision; empty where nothing is, or the revision may be that of an OCI artifact.

    Source: Flux's RFC 0005, "Artifact Revision format".
    """
    if len(revision) > _LONGEST:
        return ""
    found = _GIT.fullmatch(revision) or (_GIT_SHA256.fullmatch(revision) if of_git else None)
    return "" if found is None else found[1]


FLUX = Sender(
    "flux",
    "Flux",
    Subject.BOTH,
    (BodySignature("X-Signature", _ALGORITHMS),),
    _read,
    options=frozenset({"host"}),
)
