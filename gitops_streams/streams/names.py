"""What people type for a stream tag, ``[namespace/]stream:tag``, and which declared one they mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gitops_streams.errors import DeclarationRefused, UsageError
from gitops_streams.oci.reference import TAG
from gitops_streams.streams.fields import quoted
from gitops_streams.streams.model import NAMESPACE, STREAM_NAME, Catalog, StreamKey, TagKey

_FORM = "write it as [namespace/]stream:tag"
_LISTED = 20


@dataclass(frozen=True, slots=True)
class TypedName:
    """A name as it was typed; without a namespace, streams of any namespace are meant."""

    namespace: str | None
    stream: str
    tag: str

    def __str__(self) -> str:
        """The name as it was typed."""
        return f"{TypedStream(self.namespace, self.stream)}:{self.tag}"


@dataclass(frozen=True, slots=True)
class TypedStream:
    """A stream's name as it was typed."""

    namespace: str | None
    name: str

    def __str__(self) -> str:
        """The name as it was typed."""
        return self.name if self.namespace is None else f"{self.namespace}/{self.name}"


def parse_stream(text: str) -> TypedStream:
    """Read ``[namespace/]stream``.

    Raises:
        UsageError: it is none.
    """
    namespace, slash, name = text.rpartition("/")
    if not STREAM_NAME.fullmatch(name) or (slash and not NAMESPACE.fullmatch(namespace)):
        raise UsageError(f"invalid image stream {quoted(text)}", hint=_FORM)
    return TypedStream(namespace or None, name)


def parse_name(text: str) -> TypedName:
    """Read ``[namespace/]stream:tag``.

    Raises:
        UsageError: it is none.
    """
    stream, colon, tag = text.rpartition(":")
    if not colon or not TAG.fullmatch(tag):
        raise UsageError(f"{quoted(text)} must be of the form <stream_name>:<tag>", hint=_FORM)
    typed = parse_stream(stream)
    return TypedName(typed.namespace, typed.name, tag)


def meant(catalog: Catalog, typed: TypedStream) -> StreamKey | None:
    """Return the declared stream that is meant; ``None`` where none of that name is declared.

    Raises:
        DeclarationRefused: several are.
    """
    known = [stream.key for stream in catalog.streams if stream.key.name == typed.name]
    if typed.namespace is not None:
        return next((key for key in known if key.namespace == typed.namespace), None)
    if len(known) > 1:
        names = ", ".join(sorted(map(str, known)))
        raise DeclarationRefused(f"{typed} may mean {names}", hint="name the namespace")
    return known[0] if known else None


def existing(catalog: Catalog, typed: TypedName) -> TagKey:
    """Return the declared stream tag that is meant, whether it can be used or not.

    Raises:
        DeclarationRefused: none is, or several are.
    """
    stream = meant(catalog, TypedStream(typed.namespace, typed.stream))
    if stream is None:
        raise DeclarationRefused(f'imagestreams "{typed.stream}" not found', hint=_similar(catalog, typed))
    key = TagKey(stream, typed.tag)
    declared = catalog.by_key[stream]
    names = {tag.key.tag for tag in declared.tags} | {tag.key.tag for tag in declared.invalid}
    if typed.tag not in names:
        told = _listed(names) or "none"
        raise DeclarationRefused(
            f'imagestreamtags "{key}" not found', hint=f"{declared.file}:{declared.line} declares {told}"
        )
    return key


def _similar(catalog: Catalog, typed: TypedName) -> str:
    same = [str(stream.key) for stream in catalog.streams if stream.key.name == typed.stream]
    if same:
        return f"declared: {_listed(same)}"
    return f"declared: {_listed(str(stream.key) for stream in catalog.streams) or 'no image stream at all'}"


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    return ", ".join(ordered[:_LISTED]) + (", …" if len(ordered) > _LISTED else "")
