"""Which tag of a repository a stream tag selects, and what must be asked of the registry for it.

So far a stream tag selects exactly the tag that its source names. A policy that chooses (semver,
newest) states here what it needs, and ``registry`` fetches it.
"""

from __future__ import annotations

from gitops_streams.oci.platform import Platform
from gitops_streams.oci.resolution import Method, Question, Resolved
from gitops_streams.streams.follow import Followed


def ask(followed: Followed, *, platform: Platform | None = None) -> Question | Resolved:
    """Say what to ask, or answer at once where the declaration itself names the digest.

    Args:
        followed: the stream tag that tracks a registry.
        platform: the configured default; the stream tag's own annotation goes first.
    """
    reference = followed.source.reference
    if reference.digest is not None:
        # No registry said what the digest stands for, so there is no media type.
        return Resolved(reference.digest, "", reference.repository.domain, Method.DECLARED)
    tag = followed.source.tag or "latest"
    return Question(reference.repository, tag, followed.tag.platform or platform, insecure=followed.tag.insecure)
