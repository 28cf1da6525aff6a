"""What ``oc tag`` takes its SOURCE for: an image of a registry, a stream tag, or an image of a stream's history.

Source: openshift/oc ``pkg/cli/tag/tag.go`` (``Complete``), with its error texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from gitops_streams.errors import DeclarationRefused, InvalidReference, UsageError
from gitops_streams.oci.reference import Reference
from gitops_streams.streams.history import History, NoImage
from gitops_streams.streams.model import Catalog, DockerImage, ImageAlias, TagAlias
from gitops_streams.streams.names import TypedName, TypedStream, existing, meant, parse_name, parse_stream


class SourceKind(StrEnum):
    """The kinds, as ``from.kind`` names them."""

    DOCKER = "DockerImage"
    TAG = "ImageStreamTag"
    IMAGE = "ImageStreamImage"


_SPELLINGS = {
    "docker": SourceKind.DOCKER,
    "dockerimage": SourceKind.DOCKER,
    "imagestreamimage": SourceKind.IMAGE,
    "imagestreamtag": SourceKind.TAG,
    "isimage": SourceKind.IMAGE,
    "istag": SourceKind.TAG,
}
_ID = re.compile(r"(?:[a-z0-9]+:)?[0-9a-f]+")


@dataclass(frozen=True, slots=True)
class TypedImage:
    """``[namespace/]stream@id`` as it was typed."""

    stream: TypedStream
    id: str


TypedSource = DockerImage | TypedName | TypedImage


def kind_of(text: str) -> SourceKind:
    """Say what a source is taken for: with a registry's host an image, with ``@`` or ``:`` one of a stream."""
    first, slash, _ = text.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return SourceKind.DOCKER
    if "@" in text:
        return SourceKind.IMAGE
    return SourceKind.TAG if ":" in text else SourceKind.DOCKER


def read_source(text: str, kind: str | None = None) -> TypedSource:
    """Read SOURCE.

    Args:
        text: what was typed.
        kind: ``--source``; ``None`` infers it.

    Raises:
        UsageError: it is none of that kind.
    """
    wanted = kind_of(text) if kind is None else _SPELLINGS.get(kind.lower())
    if wanted is None:
        raise UsageError(f'invalid source "{kind}"; valid values are {", ".join(_SPELLINGS)}')
    if wanted is not SourceKind.DOCKER and kind_of(text) is SourceKind.DOCKER and "/" in text and "." in text:
        raise UsageError("server in SOURCE is only allowed when providing a container image")
    match wanted:
        case SourceKind.DOCKER:
            try:
                return DockerImage(Reference.parse(text.removeprefix("docker://")))
            except InvalidReference as error:
                raise UsageError(f"invalid SOURCE: {error.message}", hint=error.hint) from error
        case SourceKind.TAG:
            if "@" in text or ":" not in text:
                raise UsageError("--source=ImageStreamTag requires a valid <name>:<tag> in SOURCE")
            return parse_name(text)
        case SourceKind.IMAGE:
            stream, at, found = text.rpartition("@")
            if not at or not _ID.fullmatch(found):
                raise UsageError("--source=ImageStreamImage requires a valid <name>@<id> in SOURCE")
            return TypedImage(parse_stream(stream), found)
        case _:
            assert_never(wanted)


def source_of(
    typed: TypedSource, catalog: Catalog, history: History, *, alias: bool
) -> DockerImage | TagAlias | ImageAlias:
    """Find what a source means among the declarations; a stream tag is frozen to its image unless it is an alias.

    Raises:
        DeclarationRefused: it means nothing, or too much.
    """
    match typed:
        case DockerImage():
            return typed
        case TypedImage(stream=stream, id=prefix):
            key = meant(catalog, stream)
            if key is None:
                raise _missing(f'imagestreams "{stream}" not found')
            found = history.image(key, prefix)
            if isinstance(found, NoImage):
                raise DeclarationRefused(f"{key}: {found.reason}", hint="gitops-streams status -o json lists them")
            return ImageAlias(key, str(found.image))
        case TypedName():
            if meant(catalog, TypedStream(typed.namespace, typed.stream)) is None:
                raise _missing(f'imagestreams "{typed.stream}" not found')
            target = existing(catalog, typed)
            if alias:
                return TagAlias(target)
            tag = catalog.tags.get(target)
            newest = history.newest(target)
            image = tag.hold.digest if tag is not None and tag.hold is not None else newest and newest.image
            if image is None or isinstance(history.image(target.stream, str(image)), NoImage):
                raise DeclarationRefused(
                    f'"{typed}" is not currently pointing to an image, cannot use it as the source of a tag',
                    hint="gitops-streams reconcile --all resolves it; --alias follows it whatever it is",
                )
            return ImageAlias(target.stream, str(image))
        case _:
            assert_never(typed)


def _missing(reason: str) -> DeclarationRefused:
    return DeclarationRefused(reason, hint="--source docker if an image of Docker Hub is meant")
