"""The values that scanning yields, and what a scanner is."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gitops_streams.manifests.advised import NO_ADVICE, Advice
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Repository
from gitops_streams.yamledit.embedded import Embedding
from gitops_streams.yamledit.nodes import Entry, Mapping, Scalar
from gitops_streams.yamledit.objects import Object
from gitops_streams.yamledit.pointer import Pointer


@dataclass(frozen=True, slots=True)
class WholeReference:
    """One scalar holds all of the reference."""

    scalar: Scalar
    pointer: Pointer
    prefix: str = ""
    """What stands before the reference in the scalar, and stays: ``oci://``, ``docker://``, ``KEY=``."""


@dataclass(frozen=True, slots=True)
class TagField:
    """A scalar holds the tag, as ``tag`` or ``tag@digest``."""

    scalar: Scalar
    pointer: Pointer


@dataclass(frozen=True, slots=True)
class DigestField:
    """A scalar holds the digest, with its algorithm or as bare hexadecimal digits."""

    scalar: Scalar
    pointer: Pointer
    bare: bool = False


@dataclass(frozen=True, slots=True)
class MissingDigest:
    """A key that is to be added beside the tag."""

    parent: Pointer
    mapping: Mapping
    sibling: Entry
    key: str = "digest"
    bare: bool = False
    """Whether it gets hexadecimal digits alone."""


@dataclass(frozen=True, slots=True)
class SplitReference:
    """Several scalars of one mapping hold the reference."""

    tag: TagField | None
    digest: DigestField | MissingDigest | None
    """``None`` where the digest goes into the tag: ``tag@digest``."""
    tag_only: bool = False
    """Whether there is no place for a digest at all, and the tag stands alone."""


class Part(StrEnum):
    """What a marker says that its scalar holds."""

    WHOLE = "reference"
    NAME = "name"
    TAG = "tag"
    TAG_ONLY = "tag-only"
    """A tag where no digest can stand."""
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class MarkedScalar:
    """A marker comment at the end of its line says what the scalar holds."""

    scalar: Scalar
    pointer: Pointer
    part: Part
    stream: str
    """``stream`` or ``namespace/stream``, as the marker writes it."""
    tag: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """An OpenShift image change trigger: it sets a field to what a stream tag stands for."""

    stream: str
    tag: str
    namespace: str | None
    """Of the stream; ``None`` where neither the trigger nor its object names one."""
    field: str
    """What declares it: ``image.openshift.io/triggers`` or ``spec.triggers``."""
    line: int
    """Where that stands."""
    pause: str
    """What to write there so that OpenShift leaves the field alone."""
    hands_off: str | None = None
    """Why OpenShift does not set the field, where it does not: it is paused."""
    together: tuple[tuple[str | None, str, str], ...] = ()
    """Namespace, stream and tag of every trigger that must be resolved before any of them takes effect."""


@dataclass(frozen=True, slots=True)
class TriggeredField:
    """A trigger names the field, whatever stands in it: a reference, a placeholder, a blank."""

    scalar: Scalar
    pointer: Pointer
    trigger: Trigger


@dataclass(frozen=True, slots=True)
class LocalName:
    """A container's image that OpenShift's admission looks up among the streams of its own namespace."""

    scalar: Scalar
    pointer: Pointer
    mapping: Mapping
    """The container."""
    stream: str
    tag: str
    forced: bool
    """Whether ``resolve-names`` asks for the lookup, so that the stream itself need not allow it."""
    obstacle: str | None
    """Why no marker can be added behind it, where none can."""


Form = WholeReference | SplitReference | MarkedScalar | TriggeredField | LocalName


@dataclass(frozen=True, slots=True)
class Owner:
    """What an image reference belongs to, as the manifest spells it: foreign text."""

    kind: str | None = None
    """The object's kind; ``None`` where it names none (Helm values, patches)."""
    name: str | None = None
    """The object's ``metadata.name``."""
    container: str = ""
    """The container's name; for other places the path of keys from the object: ``images[web]``, ``web.image``."""
    namespace: str | None = None
    """Where a kustomization deploys to; it plays no part in binding."""


NOBODY = Owner()
"""Of an occurrence that nobody has looked at."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An image reference in a manifest."""

    file: str
    document: int
    line: int
    """The 1-based line of the scalar that carries the tag; of the digest if there is no tag."""
    form_name: str
    """What kind of place it is, for reports: ``image``, ``kustomize``, ``value`` … (docs/json.md lists them all)."""
    form: Form
    name: str
    """The repository in its user's spelling; empty where a marked scalar holds none."""
    repository: Repository | None
    tag: str | None
    digest: Digest | None
    namespace: str | None
    """The namespace of the object that it stands in, where that names one."""
    owner: Owner = NOBODY
    """What it belongs to; a scan looks once it is known that somebody tracks the repository."""
    field_rule: str | None = None
    """The user's field rule that found it, as reports call it; ``None``: its shape or its name did."""
    embedding: Embedding | None = None
    """The string that it stands in, where that is a document: its pointers and its document are within."""

    @property
    def address(self) -> tuple[tuple[int, Pointer], ...]:
        """Where it stands, a document and a pointer for each level: the file, a string in it, and so on."""
        strings = () if self.embedding is None else self.embedding.chain
        return (*((string.document, string.pointer) for string in strings), (self.document, self.pointer))

    @property
    def takes_digest(self) -> bool:
        """Whether it holds a digest once it is pinned: a repository alone does not, nor a tag alone."""
        match self.form:
            case MarkedScalar(part=Part.NAME | Part.TAG_ONLY) | SplitReference(tag_only=True):
                return False
            case _:
                return True

    @property
    def pointer(self) -> Pointer:
        """The scalar that carries the tag, or all of the reference; of the digest if there is no tag."""
        match self.form:
            case (
                WholeReference(pointer=pointer)
                | MarkedScalar(pointer=pointer)
                | TriggeredField(pointer=pointer)
                | LocalName(pointer=pointer)
            ):
                return pointer
            case SplitReference(tag=TagField(pointer=pointer)):
                return pointer
            case SplitReference(digest=DigestField(pointer=pointer)):
                return pointer
            case SplitReference(digest=MissingDigest(parent=parent)):
                return parent
            case SplitReference():
                return ()

    @property
    def fields(self) -> tuple[WholeReference | TagField | DigestField | MarkedScalar | TriggeredField | LocalName, ...]:
        """The scalars that it claims, each with its pointer."""
        match self.form:
            case SplitReference(tag=tag, digest=digest):
                return tuple(filter(None, (tag, digest if isinstance(digest, DigestField) else None)))
            case _:
                return (self.form,)

    def belonging_to(self, owner: Owner) -> Occurrence:
        """Return it with its owner; ``dataclasses.replace`` takes twice as long for each of thousands."""
        return Occurrence(
            self.file,
            self.document,
            self.line,
            self.form_name,
            self.form,
            self.name,
            self.repository,
            self.tag,
            self.digest,
            self.namespace,
            owner,
            self.field_rule,
            self.embedding,
        )

    @property
    def text(self) -> str:
        """The reference as a person would write it; what a marked or triggered scalar says."""
        if isinstance(self.form, MarkedScalar | TriggeredField):
            return self.form.scalar.value
        tag = "" if self.tag is None else f":{self.tag}"
        return f"{self.name}{tag}" + ("" if self.digest is None else f"@{self.digest}")


@dataclass(frozen=True, slots=True)
class Mention:
    """A reference in a place that is not edited: it is reported, with the reason."""

    file: str
    line: int
    repository: Repository
    tag: str | None
    text: str
    """The reference as it stands there."""
    reason: str
    """Why it is not edited."""
    document: int = 0
    pointer: Pointer = ()
    """The scalar that it stands in; empty where only the map around it is known."""
    spared: bool = False
    """Whether its user asked for that: it is listed, and otherwise not spoken of."""
    advice: Advice = NO_ADVICE
    """The line for the configuration that would have it edited."""


Finding = Occurrence | Mention


@dataclass(frozen=True, slots=True)
class LocalLookup:
    """What a file's bare names may be."""

    names: Collection[str] = ()
    """Names of streams that allow local lookup."""
    forced: bool = False
    """Whether the file's text holds the annotation that forces it."""


NO_LOOKUP = LocalLookup()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scanner looks: one mapping of one object."""

    file: str
    text: str
    document: int
    object: Object
    pointer: Pointer
    """From the document's root to the mapping."""
    mapping: Mapping
    local: LocalLookup = NO_LOOKUP


class Scanner(Protocol):
    """Finds one form of reference. It is asked about every mapping of every document that may be edited."""

    def __call__(self, place: Place) -> Iterator[Finding]:
        """Yield the references whose scalars stand directly in ``place.mapping``."""
        ...
