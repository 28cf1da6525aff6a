"""What ``tag`` does to declarations, in the words of ``oc tag``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gitops_streams.cli.authoring import Desk
from gitops_streams.errors import DeclarationRefused, UsageError
from gitops_streams.streams.author import TagSpec
from gitops_streams.streams.follow import Broken, follow
from gitops_streams.streams.model import DockerImage, ImageAlias, Source, StreamKey, TagAlias, TagKey
from gitops_streams.streams.names import TypedName, TypedStream, existing, meant, parse_name
from gitops_streams.streams.tag_source import TypedSource, read_source, source_of

_ARGUMENTS = "you must specify a source and at least one destination or one or more tags to delete"
_MODES = {"legacy": "Legacy", "preserveoriginal": "PreserveOriginal"}


@dataclass(frozen=True, slots=True)
class Flags:
    """The options of ``tag``; ``None`` where one is not given."""

    kind: str | None
    alias: bool
    scheduled: bool | None
    insecure: bool | None
    reference: bool | None
    reference_policy: str | None
    import_mode: str | None

    @property
    def importing(self) -> bool:
        """Whether anything is asked for that only an image of a registry can have."""
        return bool(self.scheduled or self.insecure or self.import_mode)

    def spec(self, source: Source) -> TagSpec:
        """Return what an entry of ``spec.tags`` is to say."""
        return TagSpec(
            source,
            self.scheduled,
            self.insecure,
            None if self.import_mode is None else _MODES[self.import_mode.lower()],
            None if self.reference_policy is None else self.reference_policy.lower().capitalize(),
            self.reference,
        )


def set_tags(desk: Desk, names: Sequence[str], flags: Flags, file: Path | None, directory: Path) -> list[str]:
    """Let every destination follow the source; return what was done, a line each."""
    if len(names) < 2:  # noqa: PLR2004  a source and a destination
        raise UsageError(_ARGUMENTS)
    typed = read_source(names[0], flags.kind)
    _check(typed, flags)
    source = source_of(typed, desk.declarations.catalog, desk.history, alias=flags.alias)
    told = []
    for name in names[1:]:
        wanted = parse_name(name)
        catalog = desk.declarations.catalog
        stream = meant(catalog, TypedStream(wanted.namespace, wanted.stream))
        key = TagKey(stream or StreamKey(wanted.namespace, wanted.stream), wanted.tag)
        _check_namespaces(key, source)
        if stream is None:
            path, there = desk.new_file(key, file, directory)
            desk.declarations.create(key, flags.spec(source), path, there)
        elif file is not None:
            raise UsageError(f"{stream} is declared already; --file is for a new stream")
        else:
            desk.declarations.set_tag(key, flags.spec(source))
        told += _told(desk, key, source, scheduled=bool(flags.scheduled))
    desk.next_step = "gitops-streams reconcile resolves it and writes the digest into the manifests"
    return told


def delete_tags(desk: Desk, names: Sequence[str], flags: Flags) -> list[str]:
    """Delete stream tags with what is recorded of them; return what was done, a line each."""
    if not names:
        raise UsageError(_ARGUMENTS)
    if flags.alias:
        raise UsageError("--alias and --delete may not be both specified")
    if flags.kind is not None:
        raise UsageError("cannot specify a source kind when deleting")
    if flags.importing:
        raise UsageError("cannot set flags for importing images when deleting a tag")
    told = []
    for name in names:
        key = existing(desk.declarations.catalog, parse_name(name))
        desk.declarations.remove_tag(key)
        desk.deleted.append(key)
        told.append(f"Deleted tag {key}.")
    catalog = desk.declarations.catalog
    told += [
        f"note: {other.key} follows {other.source.target}, and leads nowhere now"
        for other in catalog.tags.values()
        if isinstance(other.source, TagAlias) and other.source.target in desk.deleted
    ]
    desk.next_step = "gitops-streams check finds what still refers to it"
    return told


def _check(typed: TypedSource, flags: Flags) -> None:
    if flags.alias and flags.importing:
        raise UsageError("cannot set a container image tag as an alias and also set import flags")
    if not isinstance(typed, DockerImage) and flags.importing:
        raise UsageError("only container images can have importing flags set")
    if flags.alias and not isinstance(typed, TypedName):
        raise UsageError("--alias is for a stream tag, <name>:<tag>; an image of a registry is followed anyway")


def _check_namespaces(key: TagKey, source: Source) -> None:
    stream = source.target.stream if isinstance(source, TagAlias) else None
    stream = source.stream if isinstance(source, ImageAlias) else stream
    if stream is not None and stream.namespace is None and key.stream.namespace is not None:
        raise DeclarationRefused(
            f"{stream} has no namespace, and a stream of {key.stream.namespace} would look for it there",
            hint="give it one: metadata.namespace",
        )


def _told(desk: Desk, key: TagKey, source: Source, *, scheduled: bool) -> list[str]:
    """Say what was done, and what of it may surprise."""
    match source:
        case TagAlias():
            told = [f"Tag {key} set up to track {source}."]
            if source.target.stream != key.stream:
                told.append(
                    "note: it is followed here; OpenShift takes an alias across image streams once, and oc refuses it"
                )
        case DockerImage() if scheduled:
            told = [f"Tag {key} set to import {source} periodically."]
        case _:
            told = [f"Tag {key} set to {source}."]
    catalog = desk.declarations.catalog
    tag = catalog.tags[key]
    if tag.hold is not None:
        told.append(f"note: it is held at {tag.hold.digest}; gitops-streams resume {key} lets it follow")
    reached = follow(catalog, key, desk.history)
    if isinstance(reached, Broken):
        told.append(f"note: {reached.reason}")
    return told
