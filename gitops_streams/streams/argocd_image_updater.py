"""Read what Argo CD Image Updater is told, in annotations of Applications or in ``ImageUpdater`` objects.

Source: argoproj-labs/argocd-image-updater ``docs/configuration/images.md``, ``pkg/argocd/annotations.go`` and
``api/v1alpha1``. A setting of an image goes before one for all of an application's images.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gitops_streams.errors import InvalidReference
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.reference import TAG, Reference, looks_like_reference
from gitops_streams.streams.foreign import (
    Foreign,
    Policy,
    Untranslated,
    Wanted,
    as_policy,
    has_parameter,
    mappings_at,
    text_at,
    texts_at,
)
from gitops_streams.streams.tag_policy import SemverRange
from gitops_streams.yamledit.nodes import Mapping, Scalar, resolve
from gitops_streams.yamledit.objects import Object

PREFIX = "argocd-image-updater.argoproj.io/"
_GROUP = "argocd-image-updater.argoproj.io"
_ENTRY = re.compile(r"(?:(?P<alias>[A-Za-z0-9][A-Za-z0-9._/-]*)=)?(?P<image>[^:]*(?::[0-9]+/[^:]*)?)(?::(?P<rest>.*))?")
_STRATEGIES = {
    "": "semver",
    "semver": "semver",
    "latest": "newest-build",
    "newest-build": "newest-build",
    "name": "alphabetical",
    "alphabetical": "alphabetical",
    "digest": "digest",
}
_ANY = frozenset({"", "any"})
_REGEXP = "regexp:"
_MAX_IMAGES = 1000
"""Images of one object that are read."""


@dataclass(frozen=True, slots=True)
class _Image:
    """One image with the settings that hold for it, as text."""

    entry: str
    """``[alias=]image[:constraint]``."""
    alias: str = ""
    strategy: str = ""
    allow: str = ""
    ignore: str = ""
    platforms: str = ""
    pull_secret: str = ""
    line: int = 0


def read(found: Iterable[tuple[str, Object]]) -> list[Foreign]:
    """Read what some objects say, each with its file; every image gives one result."""
    results: list[Foreign] = []
    for file, each in found:
        name = "/".join(filter(None, (each.namespace, each.name)))
        origin = f"{each.kind} {name}"
        if each.kind == "ImageUpdater" and each.api_version.partition("/")[0] == _GROUP:
            images = _updater(each.mapping)
        else:
            metadata = ("metadata",) if each.kind == "Application" else ("spec", "template", "metadata")
            images = _annotated(resolve(each.mapping, (*metadata, "annotations")))
        for number, image in enumerate(images):
            if number == _MAX_IMAGES:
                reason = f"of its images the first {_MAX_IMAGES} are read"
                results.append(Untranslated(file, each.mapping.line, origin, reason))
                break
            results.append(_translate(file, image, origin, each.name or ""))
    return results


def _annotated(annotations: object) -> Iterator[_Image]:
    if not isinstance(annotations, Mapping):
        return
    listed = annotations.entry(f"{PREFIX}image-list")
    if listed is None:
        return
    line = listed.key.line

    def setting(name: str, alias: str, *, shared: bool = True) -> str:
        # A slash cannot stand in an annotation's name, so an alias that has one is written with an underscore.
        own = annotations.get(f"{PREFIX}{alias.replace('/', '_')}.{name}") if alias else None
        value = own if own is not None else annotations.get(f"{PREFIX}{name}") if shared else None
        return value.value.strip() if isinstance(value, Scalar) else ""

    for text in text_at(annotations, f"{PREFIX}image-list").split(","):
        entry = text.strip()
        match = _ENTRY.fullmatch(entry)
        if not entry:
            continue
        # Without an alias, settings of an image go by its name.
        alias = (match["alias"] or match["image"]) if match is not None else ""
        yield _Image(
            entry,
            (match["alias"] if match is not None else "") or "",
            setting("update-strategy", alias),
            setting("allow-tags", alias),
            setting("ignore-tags", alias),
            setting("platforms", alias, shared=False),
            setting("pull-secret", alias),
            line,
        )


def _updater(mapping: Mapping) -> Iterator[_Image]:
    for reference in mappings_at(mapping, "spec", "applicationRefs"):
        for image in mappings_at(reference, "images"):
            common = [resolve(level, ("commonUpdateSettings",)) for level in (image, reference)]
            common.append(resolve(mapping, ("spec", "commonUpdateSettings")))
            levels = [level for level in common if isinstance(level, Mapping)]
            yield _Image(
                text_at(image, "imageName"),
                text_at(image, "alias"),
                _first(levels, "updateStrategy"),
                _first(levels, "allowTags"),
                _first(levels, "ignoreTags"),
                _first(levels, "platforms"),
                _first(levels, "pullSecret"),
                image.line,
            )


def _first(levels: Iterable[Mapping], name: str) -> str:
    """Return a setting of the innermost level that has it; a list as text."""
    return next(filter(None, (text_at(level, name) or ",".join(texts_at(level, name)) for level in levels)), "")


def _translate(file: str, image: _Image, origin: str, owner: str) -> Foreign:
    origin = f"{origin}, image {image.alias or image.entry[:200]}"
    identifier = _identified(image)
    if isinstance(identifier, str):
        return Untranslated(file, image.line, origin, identifier)
    name, constraint = identifier
    rules = _rules(image, constraint)
    if isinstance(rules, str):
        return Untranslated(file, image.line, origin, rules)
    annotations = dict(rules.annotations) if rules is not None else {}
    notes = list(_notes(image, constraint, rules))
    platforms = [platform.strip() for platform in image.platforms.split(",") if platform.strip()]
    if len(platforms) == 1 and _is_platform(platforms[0]):
        annotations["platform"] = platforms[0]
    elif platforms:
        notes.append(f"of the platforms {', '.join(platforms)[:200]} none is chosen: the index is pinned")
    alias = image.alias or name.repository.path.rpartition("/")[2]
    names = (constraint,) if rules is None else (alias, f"{alias}-{owner}")
    return Wanted(
        file,
        image.line,
        origin,
        names,
        name,
        constraint if rules is None else None,
        None if rules is None else rules.policy,
        annotations,
        notes=tuple(notes),
        pull_secrets=(image.pull_secret,) if image.pull_secret else (),
    )


def _identified(image: _Image) -> tuple[Reference, str] | str:
    """Return the repository and the constraint, or why there are none."""
    if has_parameter(image.entry) or has_parameter(image.alias):
        return "it holds a parameter, which is filled in elsewhere"
    match = _ENTRY.fullmatch(image.entry)
    reference = looks_like_reference(match["image"]) if match is not None else None
    if match is None or reference is None or reference.tag is not None or reference.digest is not None:
        return f"{image.entry[:200]!r} is not [alias=]image[:constraint]"
    return reference, (match["rest"] or "").strip()


def _rules(image: _Image, constraint: str) -> Policy | str | None:
    """Return the policy, ``None`` where one tag is followed, or why there is no equivalent."""
    strategy = _STRATEGIES.get(image.strategy.lower())
    if strategy is None:
        return f"the update strategy {image.strategy[:100]!r} is not known"
    if strategy == "digest":
        named = TAG.fullmatch(constraint) is not None
        return None if named else "the update strategy digest follows one tag, and none is named"
    rules = {"policy": strategy}
    if strategy == "semver":
        rules["range"] = constraint
    if image.allow.startswith(_REGEXP):
        rules["pattern"] = image.allow.removeprefix(_REGEXP)
    elif image.allow not in _ANY:
        return f"allow-tags {image.allow[:100]!r} is neither any nor regexp:…, so it matches no tag"
    return as_policy(rules)


def _notes(image: _Image, constraint: str, rules: Policy | None) -> Iterator[str]:
    """Say what has no equivalent, and what may surprise."""
    if image.ignore:
        advice = "gitops-streams.io/pattern names the tags that are looked at"
        yield f"ignore-tags ({image.ignore[:200]}) has no equivalent; {advice}"
    if rules is None:
        if image.allow not in _ANY:
            yield f"allow-tags ({image.allow[:200]}) says nothing where one tag is followed"
    elif not isinstance(rules.policy.order, SemverRange):
        if constraint:
            yield f"the constraint {constraint[:100]} says nothing to this strategy"
    elif not constraint:
        yield "there is no constraint, so new major versions are taken too"


def _is_platform(text: str) -> bool:
    try:
        Platform.parse(text)
    except InvalidReference:
        return False
    return True
