"""What the user's field rules find in one object: whole references, split ones, tags, and texts to look into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import assert_never

from gitops_streams.manifests import whole
from gitops_streams.manifests.field_rules import DigestPlace, FieldForm, FieldRule
from gitops_streams.manifests.occurrence import (
    DigestField,
    Finding,
    MissingDigest,
    Occurrence,
    Place,
    SplitReference,
    TagField,
)
from gitops_streams.manifests.split import Field, is_domain, is_literal, occurrence, read_field
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import looks_like_reference
from gitops_streams.yamledit.edit import is_null
from gitops_streams.yamledit.nodes import Mapping, Scalar, resolve, target
from gitops_streams.yamledit.pointer import Pointer

FORM = "field"
"""What reports call the form of a place that a rule found."""
_SERVERS_OWN = frozenset({"lastTriggeredImage", "kubectl.kubernetes.io/last-applied-configuration"})


@dataclass(frozen=True, slots=True)
class Ruled:
    """A reference that a rule found."""

    place: Place
    """The mapping that it stands in."""
    finding: Finding


@dataclass(frozen=True, slots=True)
class RuledText:
    """A scalar whose text a rule says holds references: ``substring``, ``yaml`` or ``json``."""

    pointer: Pointer
    """From the document's root."""
    scalar: Scalar
    rule: FieldRule


def find(place: Place, rules: Iterable[FieldRule]) -> Iterator[Ruled | RuledText]:
    """Yield what the rules find in one object; of two rules for one scalar, the first counts.

    What a server writes (``status``, the last applied configuration) is no place for any rule.

    Args:
        place: the object's own mapping.
        rules: the user's, those that exclude left out of account.
    """
    found, met = place.object, set[int]()
    for rule in rules:
        if rule.exclude or not rule.admits(place.file, found):
            continue
        for relative, node in rule.path.find(
            found.mapping, lambda pointer: _is_servers(pointer, named=bool(found.kind))
        ):
            there = target(node)
            if id(there) in met:
                continue
            pointer = (*found.pointer, *relative)
            ruled = _at(place, rule, pointer, there)
            if ruled is not None:
                if isinstance(ruled, Ruled):  # whether a text is what its rule says is yet to be seen
                    met.add(id(there))
                yield ruled


def _is_servers(pointer: Pointer, *, named: bool) -> bool:
    return pointer[-1] in _SERVERS_OWN or (named and pointer == ("status",))


def _at(place: Place, rule: FieldRule, pointer: Pointer, node: object) -> Ruled | RuledText | None:
    """Read what stands at one place of a rule, as its form asks; ``None`` if that is not there."""
    match rule.form:
        case FieldForm.SPLIT:
            if not isinstance(node, Mapping):
                return None
            inside = replace(place, pointer=pointer, mapping=node)
            found = _split(inside, rule)
            return None if found is None else Ruled(inside, _by(found, rule))
        case FieldForm.REFERENCE | FieldForm.TAG:
            parent = resolve(place.object.mapping, pointer[len(place.object.pointer) : -1])
            if not isinstance(node, Scalar) or node.is_block:
                return None
            around = replace(place, pointer=pointer[:-1], mapping=parent) if isinstance(parent, Mapping) else place
            whole = _reference(around, pointer, node) if rule.form is FieldForm.REFERENCE else None
            one = whole if rule.form is FieldForm.REFERENCE else _tag(around, pointer, node, rule)
            return None if one is None else Ruled(around, _by(one, rule))
        case FieldForm.SUBSTRING | FieldForm.YAML | FieldForm.JSON:
            return RuledText(pointer, node, rule) if isinstance(node, Scalar) else None
        case _:
            assert_never(rule.form)


def _by(finding: Finding, rule: FieldRule) -> Finding:
    return replace(finding, field_rule=rule.name) if isinstance(finding, Occurrence) else finding


def _reference(place: Place, pointer: Pointer, scalar: Scalar) -> Occurrence | None:
    head, scheme, rest = scalar.value.partition("://")
    prefix = f"{head}{scheme}" if scheme and head.isalpha() else ""
    reference = looks_like_reference(rest if prefix else scalar.value)
    if reference is None:
        return None
    return whole.of(place, pointer, scalar, reference, FORM, prefix)


def _split(place: Place, rule: FieldRule) -> Finding | None:
    """Read a split reference by the rule's keys."""
    keys = rule.keys
    repository = read_field(place, keys.repository)
    if repository is None or not repository.value or not is_literal(place, repository):
        return None
    registry = None if keys.registry is None else read_field(place, keys.registry)
    name = repository.value
    if registry is not None and registry.value:
        if not is_domain(registry.value):
            return None
        name = f"{registry.value}/{name}"
    tag = None if keys.tag is None else read_field(place, keys.tag)
    digest = read_field(place, keys.digest)
    if rule.digest is DigestPlace.NONE:
        return None if tag is None else _tag_alone(occurrence(place, FORM, name, tag, None))
    found = occurrence(place, FORM, name, tag, digest)
    return _placed(found, place, rule, tag, keys.digest) if isinstance(found, Occurrence) else found


def _tag_alone(found: Finding | None) -> Finding | None:
    if not isinstance(found, Occurrence) or not isinstance(found.form, SplitReference):
        return found
    return replace(found, form=replace(found.form, tag_only=True))


def _tag(place: Place, pointer: Pointer, scalar: Scalar, rule: FieldRule) -> Occurrence | None:
    """Read a scalar as a tag of the rule's repository."""
    repository = rule.repository
    tag_text, _, suffix = scalar.value.partition("@")
    tagged = None if repository is None or is_null(scalar) else looks_like_reference(f"{repository.name}:{tag_text}")
    if repository is None or tagged is None or tagged.tag is None:
        return None
    digest = looks_like_reference(f"x@{suffix}") if suffix else None
    if suffix and digest is None:
        return None
    key = rule.keys.digest
    beside = read_field(place, key) if isinstance(pointer[-1], str) else None
    form = SplitReference(TagField(scalar, pointer), None, tag_only=rule.digest is DigestPlace.NONE)
    held = None if digest is None else digest.digest
    if beside is not None and rule.digest in {DigestPlace.KEY, DigestPlace.RAW_HEX}:
        form = replace(
            form, digest=DigestField(beside.scalar, (*pointer[:-1], key), bare=rule.digest is DigestPlace.RAW_HEX)
        )
        held = _written(beside) or held
    found = Occurrence(
        place.file,
        place.document,
        scalar.line,
        FORM,
        form,
        repository.name,
        repository.repository,
        tagged.tag,
        held,
        place.object.namespace,
    )
    last = Field(str(pointer[-1]), scalar)
    return _placed(found, place, rule, last, key) if isinstance(pointer[-1], str) else found


def _written(field: Field) -> Digest | None:
    value = field.value if ":" in field.value else f"sha256:{field.value}"
    reference = looks_like_reference(f"x@{value}") if field.value else None
    return None if reference is None else reference.digest


def _placed(found: Occurrence, place: Place, rule: FieldRule, tag: Field | None, key: str) -> Occurrence:
    """See to it that the digest goes where the rule says; under a key that is there it goes in any case."""
    form = found.form
    if not isinstance(form, SplitReference) or form.tag_only:
        return found
    bare = rule.digest is DigestPlace.RAW_HEX
    if isinstance(form.digest, DigestField):
        return replace(found, form=replace(form, digest=replace(form.digest, bare=bare or form.digest.bare)))
    entry = None if tag is None else place.mapping.entry(tag.key)
    if rule.digest is DigestPlace.SUFFIX or entry is None or (tag is not None and "@" in tag.value):
        return found
    return replace(found, form=replace(form, digest=MissingDigest(place.pointer, place.mapping, entry, key, bare)))
