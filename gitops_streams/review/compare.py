"""Compare the image that is pinned with the one that is to be: what differs, and why the digest moved."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.image import Inspection
from gitops_streams.review.delta import ImageDelta
from gitops_streams.review.policy import EnvShown


def compare(
    old: Inspection | None,
    new: Inspection,
    *,
    history: Collection[Digest] = (),
    env: EnvShown = EnvShown.VALUES,
    compare_hosts: Sequence[str] = (),
) -> ImageDelta:
    """Compare two images.

    Args:
        old: the image that is pinned; ``None`` for a first pin.
        new: the image that is to be pinned.
        history: the digests that the stream tag had before its newest recorded one.
        env: what may be carried of environment variables.
        compare_hosts: source forges beside the well-known ones, ``host=kind``.
    """
    raise NotImplementedError
