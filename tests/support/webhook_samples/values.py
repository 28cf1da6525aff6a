"""What samples are made of: a digest, a commit, and the events that they come to."""

from __future__ import annotations

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Repository
from gitops_streams.serve.event import ImagePushed, RepositoryPushed

_DIGEST = Digest.of(b"an index")
DIGEST = str(_DIGEST)
COMMIT = "da1560886d4f094c3e6c9ef40349f7d38b5d27d7"


def image(host: str, path: str, tag: str, *, hinted: bool = True) -> ImagePushed:
    return ImagePushed(Repository(host, path), tag, _DIGEST if hinted else None)


def branch(name: str, *locations: str) -> RepositoryPushed:
    return RepositoryPushed(tuple(sorted(locations)), name)
