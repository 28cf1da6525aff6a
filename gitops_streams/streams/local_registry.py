"""Where the images of streams are pulled from whose tags say ``referencePolicy.type: Local``.

OpenShift's registry serves every stream as ``<host>/<namespace>/<stream>`` (``status.dockerImageRepository``).

Source: library-go ``imageutil.ResolveLatestTaggedImage``, which falls back to the source where there is no registry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from gitops_streams.errors import InvalidReference
from gitops_streams.oci.reference import Reference
from gitops_streams.streams.model import StreamKey


@dataclass(frozen=True, slots=True)
class LocalRegistry:
    """A registry that serves streams by their names."""

    address: str
    """``host`` or ``host/prefix``, as its user wrote it."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``host[:port][/prefix]``.

        Raises:
            InvalidReference: no image of a stream could be referred to there.
        """
        host = text.partition("/")[0]
        reference = Reference.parse(f"{text}/namespace/stream")
        if reference.repository.domain != host or (reference.tag or reference.digest) is not None:
            raise InvalidReference(f"{text!r} is not the address of a registry", hint="write host[:port][/prefix]")
        return cls(text)

    def repository(self, namespace: str, stream: str) -> Reference | None:
        """Return the repository of a stream, without a tag; ``None`` where its name cannot be one.

        A stream's name may hold what a repository's may not, such as ``a.-b``.
        """
        try:
            return Reference.parse(f"{self.address}/{namespace}/{stream}")
        except InvalidReference:
            return None

    def of(self, stream: StreamKey, namespace: str | None) -> Reference | None:
        """Return the repository of a stream for an object in a namespace, which a stream without one shares."""
        known = stream.namespace or namespace
        return None if known is None else self.repository(known, stream.name)
