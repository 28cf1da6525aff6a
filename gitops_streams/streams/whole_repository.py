"""The stream tags that ``spec.dockerImageRepository`` stands for: every tag of its repository, without listing them.

OpenShift imports the repository's tags once and never looks again. Here a tag exists as soon as something names it: a
manifest, a marker, a trigger, an alias. What is declared in ``spec.tags`` goes before.

Source: openshift-apiserver ``imagestreamimport`` (the bulk limit); library-go ``imageutil.PrioritizeTags`` (the order).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from gitops_streams.oci.reference import TAG
from gitops_streams.streams.model import Catalog, DockerImage, StreamKey, StreamTag, TagAlias, TagKey
from gitops_streams.yamledit.problem import Problem

MAX_TAGS = 50
"""Tags of one repository that places in manifests may bring in: OpenShift's limit of a bulk import."""

_NAMED = 5
"""Tags named in one message."""
_VERSION = re.compile(r"v*((?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*)){1,2}(?:-.+)?)")
_WHOLE_WIDTH = 3


def prioritized(tags: Iterable[str]) -> list[str]:
    """Put tags in OpenShift's order: ``latest``, minor versions, full versions, both descending, then the others.

    Of one version the spelling with fewer ``v`` goes first.
    """
    from gitops_streams.streams.semver import Version, parse_version  # noqa: PLC0415  few streams are whole

    versions: dict[bool, list[tuple[Version, str]]] = {True: [], False: []}
    first, others = [], []
    for tag in sorted(set(tags), key=lambda tag: (len(tag) - len(tag.lstrip("v")), tag)):
        match = _VERSION.fullmatch(tag)
        version = parse_version(match[1]) if match else None
        if tag == "latest":
            first.append(tag)
        elif version is None:
            others.append(tag)
        else:
            versions[version.width < _WHOLE_WIDTH].append((version, tag))
    for minor in (True, False):
        # Sorting keeps the order of equals, whichever way it goes.
        first += [tag for _, tag in sorted(versions[minor], key=lambda each: each[0].rank, reverse=True)]
    return first + sorted(others)


def alias_targets(catalog: Catalog) -> set[TagKey]:
    """Return the stream tags that the declared aliases name."""
    return {tag.source.target for tag in catalog.tags.values() if isinstance(tag.source, TagAlias)}


def extended(catalog: Catalog, wanted: Iterable[TagKey]) -> Catalog:
    """Add those of the wanted stream tags that are not declared, and that belong to a whole repository."""
    added: dict[StreamKey, list[StreamTag]] = {}
    for key in sorted(set(wanted), key=lambda key: key.sort_key):
        stream = catalog.by_key.get(key.stream)
        whole = None if stream is None else stream.whole
        if stream is None or whole is None or not isinstance(whole.source, DockerImage) or not TAG.fullmatch(key.tag):
            continue
        if key not in catalog.tags and all(tag.key != key for tag in stream.invalid):
            source = replace(whole.source, reference=replace(whole.source.reference, tag=key.tag))
            added.setdefault(stream.key, []).append(replace(whole, key=key, source=source))
    return _with_tags(catalog, {key: (*catalog.by_key[key].tags, *tags) for key, tags in added.items()})


@dataclass(frozen=True, slots=True)
class Limited:
    """A catalog with the stream tags that something uses, and what did not get in."""

    catalog: Catalog
    dropped: Mapping[TagKey, str]
    """The stream tags beyond the limit, and what to do about them."""
    problems: tuple[Problem, ...]


def limited(catalog: Catalog, used: Collection[TagKey]) -> Limited:
    """Leave of the undeclared stream tags those that are used, at most ``MAX_TAGS`` of a stream.

    The first ones in OpenShift's order are kept. An alias is declared by hand, so what one names always stays, and
    does not count.
    """
    targets = alias_targets(catalog)
    kept: dict[StreamKey, tuple[StreamTag, ...]] = {}
    dropped: dict[TagKey, str] = {}
    problems: list[Problem] = []
    for stream in catalog.streams:
        if stream.whole is None:
            continue
        names = prioritized(
            tag.key.tag for tag in stream.tags if tag.implied and tag.key in used and tag.key not in targets
        )
        staying, beyond = set(names[:MAX_TAGS]), names[MAX_TAGS:]
        kept[stream.key] = tuple(
            tag for tag in stream.tags if not tag.implied or tag.key in targets or tag.key.tag in staying
        )
        for name in beyond:
            key = TagKey(stream.key, name)
            dropped[key] = f"{key} is beyond the first {MAX_TAGS} tags of spec.dockerImageRepository; {_ADVICE}"
        if beyond:
            shown = ", ".join(beyond[:_NAMED]) + (", …" if len(beyond) > _NAMED else "")
            reason = f"{len(names)} of its tags are used and {MAX_TAGS} followed; not {shown}: {_ADVICE}"
            where = f"{stream.key}: spec.dockerImageRepository"
            problems.append(Problem(stream.whole.file, stream.whole.line, f"{where}: {reason}"))
    return Limited(_with_tags(catalog, kept), dropped, tuple(problems))


_ADVICE = "declare it in spec.tags"


def _with_tags(catalog: Catalog, tags: Mapping[StreamKey, tuple[StreamTag, ...]]) -> Catalog:
    if all(catalog.by_key[key].tags == changed for key, changed in tags.items()):
        return catalog
    streams = tuple(replace(each, tags=tags.get(each.key, each.tags)) for each in catalog.streams)
    return Catalog(streams, catalog.problems)
