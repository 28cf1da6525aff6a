"""Which tag of a repository a stream tag selects, and what must be asked of the registry for it.

So far a stream tag selects exactly the tag that its source names. A policy that chooses (semver,
newest) states here what it needs, and ``registry`` fetches it.
"""

from __future__ import annotations

from gitops_streams.oci.platform import Platform
from gitops_streams.oci.resolution import Method, Question, Resolved
from gitops_streams.streams.follow import Followed
from gitops_streams.streams.history import EMPTY, History


def ask(
    followed: Followed, *, platform: Platform | None = None, history: History = EMPTY, scheduled: bool = True
) -> Question | Resolved:
    """Say what to ask, or answer at once where the declaration itself names the digest.

    Args:
        followed: the stream tag that tracks a registry.
        platform: the configured default; the stream tag's own annotation goes first.
        history: what is recorded. A tag that is not scheduled is asked again only when its spec has changed.
        scheduled: whether a tag is, whose declaration does not say.
    """
    reference = followed.source.reference
    tag, known = followed.tag, followed.recorded
    if known is None and reference.digest is None and not (scheduled if tag.scheduled is None else tag.scheduled):
        known = history.settled(tag)
    if known is not None:
        return Resolved(known.image, "", known.reference.repository.domain, Method.RECORDED)
    if reference.digest is not None:
        # No registry said what the digest stands for, so there is no media type.
        return Resolved(reference.digest, "", reference.repository.domain, Method.DECLARED)
    name = followed.source.tag or "latest"
    return Question(reference.repository, name, tag.platform or platform, insecure=tag.insecure)
