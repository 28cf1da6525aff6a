"""Image streams and their tags, as a repository declares them.

Source: OpenShift ``image.openshift.io/v1`` ``ImageStream`` (openshift/api ``image/v1/types.go``).
Our extras are annotations ``gitops-streams.io/*`` on a stream or on one of its tags.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitops_streams.oci.platform import Platform
from gitops_streams.oci.reference import Reference
from gitops_streams.streams.restraint import Gates, Hold
from gitops_streams.yamledit.problem import Problem

if TYPE_CHECKING:
    from gitops_streams.streams.tag_policy import TagPolicy

ANNOTATION_PREFIX = "gitops-streams.io/"
STREAM_NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
"""The name of an image stream (OpenShift's ``validation.go``)."""
LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
"""The value of a label (Kubernetes' ``IsValidLabelValue``)."""
NAMESPACE = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
"""A namespace: an RFC 1123 label."""


@dataclass(frozen=True, slots=True)
class StreamKey:
    """The identity of an image stream; a stream without a namespace has ``None``."""

    namespace: str | None
    name: str

    def __str__(self) -> str:
        """``namespace/name``, or ``name`` alone."""
        return self.name if self.namespace is None else f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class TagKey:
    """The identity of a stream tag."""

    stream: StreamKey
    tag: str

    @property
    def sort_key(self) -> tuple[str, str, str]:
        """Order by namespace, stream and tag."""
        return (self.stream.namespace or "", self.stream.name, self.tag)

    def __str__(self) -> str:
        """``namespace/stream:tag``, as ``oc`` writes it."""
        return f"{self.stream}:{self.tag}"


@dataclass(frozen=True, slots=True)
class DockerImage:
    """``from.kind: DockerImage``: a tag, or a digest, in a registry."""

    reference: Reference
    """The pull spec as written; without its tag where a policy chooses one."""
    by_policy: bool = False
    """A policy chooses the tag. The reference has one once that is known."""

    @property
    def tag(self) -> str | None:
        """The tag that is followed: ``latest`` where none is written.

        ``None`` where only a digest is, or where a policy has yet to choose.
        """
        if self.reference.tag is None and (self.by_policy or self.reference.digest is not None):
            return None
        return self.reference.tag or "latest"

    def __str__(self) -> str:
        """The pull spec as written."""
        return str(self.reference)


@dataclass(frozen=True, slots=True)
class TagAlias:
    """``from.kind: ImageStreamTag``: follows another stream tag."""

    target: TagKey

    def __str__(self) -> str:
        """``namespace/stream:tag``."""
        return str(self.target)


@dataclass(frozen=True, slots=True)
class ImageAlias:
    """``from.kind: ImageStreamImage``: an image in a stream's recorded history."""

    stream: StreamKey
    image: str
    """A digest, or a prefix of one."""

    def __str__(self) -> str:
        """``namespace/stream@image``."""
        return f"{self.stream}@{self.image}"


@dataclass(frozen=True, slots=True)
class PushOnly:
    """No ``from``: on OpenShift, images are pushed to such a tag; there is nothing to follow."""

    def __str__(self) -> str:
        """A word for reports."""
        return "(push only)"


Source = DockerImage | TagAlias | ImageAlias | PushOnly


@dataclass(frozen=True, slots=True)
class StreamTag:
    """One entry of ``spec.tags``."""

    key: TagKey
    source: Source
    file: str
    line: int
    """The 1-based line where the entry starts."""
    insecure: bool = False
    reference_only: bool = False
    """``reference: true``: OpenShift never imports it, so there is no digest to follow."""
    platform: Platform | None = None
    """Annotation ``gitops-streams.io/platform``; ``None`` pins the index where the tag is one."""
    paths: tuple[str, ...] = ()
    """Annotation ``gitops-streams.io/paths``: globs that limit the files bound by source; empty means all."""
    scheduled: bool | None = None
    """``importPolicy.scheduled``; ``None`` where the declaration does not say."""
    snapshot: bool = False
    """Annotation ``gitops-streams.io/snapshot``: an alias that takes what its target is when the spec changes."""
    legacy: bool = False
    """``importPolicy.importMode: Legacy``: one platform's manifest stands for the index."""
    prefer_os: str = ""
    """Annotation ``importer.image.openshift.io/prefer-os``, which Legacy goes by; empty where there is none."""
    prefer_arch: str = ""
    local: bool = False
    """``referencePolicy.type: Local``: references go to the configured registry host."""
    policy: TagPolicy | None = None
    """How the tag is chosen; ``None`` follows the one that the source names."""
    hold: Hold | None = None
    gates: Gates | None = None
    """``None`` takes the configuration's."""
    implied: bool = False
    """No entry of ``spec.tags``: ``spec.dockerImageRepository`` stands for every tag of its repository."""

    @property
    def fingerprint(self) -> str:
        """Changes when the part of the spec changes that decides what the tag resolves to: 16 hexadecimal digits."""
        parts = [type(self.source).__name__, str(self.source), str(self.platform or "")]
        if self.legacy and self.platform is None:
            parts.append(f"Legacy {self.prefer_os}/{self.prefer_arch}")
        if self.policy is not None:
            parts.append(str(self.policy))
        if self.hold is not None:
            parts.append(f"held at {self.hold.digest}")
        content = json.dumps(parts)
        return hashlib.sha256(content.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class InvalidTag:
    """An entry of ``spec.tags`` that cannot be used; it is reported as failed."""

    key: TagKey
    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class ImageStream:
    """One declared image stream."""

    key: StreamKey
    file: str
    line: int
    tags: tuple[StreamTag, ...]
    invalid: tuple[InvalidTag, ...] = ()
    local_lookup: bool = False
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)
    """``metadata.labels``, those that Kubernetes would take; they decide nothing but which pull request is shared."""
    whole: StreamTag | None = None
    """What every tag of ``spec.dockerImageRepository`` is like, without a name; ``None`` where none is named."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """Every declaration of a repository."""

    streams: tuple[ImageStream, ...]
    problems: tuple[Problem, ...] = ()
    by_key: Mapping[StreamKey, ImageStream] = field(init=False, repr=False, compare=False)
    tags: Mapping[TagKey, StreamTag] = field(init=False, repr=False, compare=False)
    """The usable tags, ordered by namespace, stream and tag."""
    invalid: tuple[InvalidTag, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the usable tags, and collect the others."""
        object.__setattr__(self, "by_key", {stream.key: stream for stream in self.streams})
        tags = [tag for stream in self.streams for tag in stream.tags]
        ordered = sorted(tags, key=lambda tag: tag.key.sort_key)
        object.__setattr__(self, "tags", {tag.key: tag for tag in ordered})
        invalid = [tag for stream in self.streams for tag in stream.invalid]
        object.__setattr__(
            self, "invalid", tuple(sorted(invalid, key=lambda tag: (tag.key.sort_key, tag.file, tag.line)))
        )
