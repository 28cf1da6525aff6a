"""What a user says of places that no shape gives away: field rules, in the spirit of kustomize's field specs.

Source: kustomize ``api/types/fieldspec.go`` (path, kind, version); forms and digests are ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gitops_streams.manifests.globs import matches_any
from gitops_streams.manifests.path_pattern import PathPattern
from gitops_streams.oci.reference import Reference
from gitops_streams.yamledit.objects import Object


class FieldForm(StrEnum):
    """What stands at a rule's places."""

    REFERENCE = "reference"
    """A scalar that is a whole reference."""
    SUBSTRING = "substring"
    """A scalar that contains references among other text."""
    SPLIT = "split"
    """A mapping whose keys hold the parts of a reference."""
    YAML = "yaml"
    """A scalar whose text is YAML."""
    JSON = "json"
    """A scalar whose text is JSON."""
    TAG = "tag"
    """A scalar that is a tag of the repository that the rule names."""


class DigestPlace(StrEnum):
    """Where a digest goes, for a form that leaves it open."""

    SUFFIX = "suffix"
    """Behind the tag: ``tag@sha256:…``."""
    KEY = "key"
    """Under the digest's key, which is added where it is missing."""
    RAW_HEX = "raw-hex"
    """The same, in hexadecimal digits alone."""
    NONE = "none"
    """Nowhere: the tag alone is kept right."""


@dataclass(frozen=True, slots=True)
class SplitKeys:
    """The keys of a split reference."""

    repository: str = "repository"
    registry: str | None = "registry"
    tag: str | None = "tag"
    digest: str = "digest"


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One rule: where it applies, and what stands there."""

    index: int
    """Its place in the configuration's list, which reports call it by."""
    path: PathPattern
    kind: str | None = None
    api_version: str | None = None
    """``group/version``, or a group with any version: ``apps``."""
    files: str | None = None
    """A glob; ``None``: every file."""
    form: FieldForm = FieldForm.REFERENCE
    digest: DigestPlace = DigestPlace.SUFFIX
    keys: SplitKeys = field(default_factory=SplitKeys)
    repository: Reference | None = None
    """Of the tags, with the form ``tag``."""
    exclude: bool = False
    """Nothing at its places or below is ever edited."""

    @property
    def name(self) -> str:
        """What reports call it."""
        return f"fields[{self.index}]"

    def admits_file(self, path: str) -> bool:
        """Whether the rule applies in a file."""
        return self.files is None or matches_any((self.files,), path)

    def admits(self, path: str, found: Object) -> bool:
        """Whether the rule applies to an object of a file."""
        return (
            (self.kind is None or self.kind == found.kind)
            and (self.api_version is None or self.api_version in {found.api_version, _group(found.api_version)})
            and self.admits_file(path)
        )


@dataclass(frozen=True, slots=True)
class UserRules:
    """Everything that a user says of places."""

    fields: tuple[FieldRule, ...] = ()
    image_policies: Mapping[str, str] | None = None
    """For each Flux policy, ``namespace:policy``, the stream tag that stands for it, ``[namespace/]stream:tag``.
    ``None``: Flux's markers are not looked at."""

    @property
    def needles(self) -> Iterable[str]:
        """Texts of which a file contains one where a rule finds a tag beside which no repository stands."""
        tags = (rule for rule in self.fields if rule.form is FieldForm.TAG and not rule.exclude)
        return sorted({max(rule.path.keys, key=len) for rule in tags if rule.path.keys})


NO_RULES = UserRules()


def _group(api_version: str) -> str:
    """Return the group of an API version; that of ``v1`` is empty, which no rule can name."""
    return api_version.rpartition("/")[0]
