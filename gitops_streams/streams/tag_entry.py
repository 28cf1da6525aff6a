"""Read one entry of ``spec.tags`` and validate it as OpenShift does, in OpenShift's words.

Source: openshift/openshift-apiserver ``validation.go``; ``oc tag`` for the form of tag names, which the server never
checks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitops_streams.errors import InvalidReference
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.reference import TAG
from gitops_streams.streams.annotation_names import POLICY
from gitops_streams.streams.declared_source import read_source
from gitops_streams.streams.fields import FieldError, Fields, quoted
from gitops_streams.streams.hold import InvalidHold, read_hold
from gitops_streams.streams.model import (
    ANNOTATION_PREFIX,
    DockerImage,
    ImageAlias,
    Source,
    StreamKey,
    StreamTag,
    TagAlias,
    TagKey,
)
from gitops_streams.streams.own_annotations import annotations_of, line_of, switch, wrong
from gitops_streams.yamledit.problem import Problem

if TYPE_CHECKING:
    from gitops_streams.streams.restraint import Gates
    from gitops_streams.streams.tag_policy import TagPolicy

_IMPORTER = "importer.image.openshift.io/"
_PLATFORM_PART = re.compile(r"[a-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Context:
    """What the tags of a stream have in common."""

    key: StreamKey
    """The stream."""
    file: str
    defaults: dict[str, str]
    """Our annotations on the stream."""
    noticed: list[Problem]
    """Grows: what is worth saying without being wrong."""

    def notice(self, line: int, reason: str) -> None:
        """Say something of a line, 1-based."""
        self.noticed.append(Problem(self.file, line, reason))


def read_tag(key: TagKey, fields: Fields, context: Context) -> StreamTag:
    """Read a stream tag.

    Args:
        key: its name.
        fields: the entry's.
        context: the stream; what is worth saying is noticed there.

    Raises:
        FieldError: it is wrong; ``Unexpanded``: a parameter of a template stands in it.
    """
    name = fields.text("name")
    if not TAG.fullmatch(name):
        raise fields.invalid("name", name, 'must match "^[\\w][\\w.-]{0,127}$"')
    source = read_source(key, fields)
    insecure = _check_policies(key, source, fields, context)
    own = annotations_of(fields, context.file, str(key), context.noticed)
    extras = context.defaults | own
    platform = None
    if extras.get("platform"):
        try:
            platform = Platform.parse(extras["platform"])
        except InvalidReference as error:
            detail = f"{quoted(extras['platform'])} is not a platform; {error.hint}"
            raise FieldError(
                f"{fields.path}: annotation {ANNOTATION_PREFIX}platform: {detail}", line_of(fields, "platform")
            ) from error
    # Most tags of most repositories have no annotation of ours.
    policy = _read_policy(key, source, extras, fields, context) if extras else None
    if policy is not None and isinstance(source, DockerImage):
        source = DockerImage(replace(source.reference, tag=None), by_policy=True)
    importing = fields.fields("importPolicy")
    legacy = importing.text("importMode") == "Legacy"
    hold = read_hold(own, context.defaults) if extras else None
    if isinstance(hold, InvalidHold):
        raise wrong(hold.annotation, hold.reason, fields)
    gates = _read_gates(extras, fields) if extras else None
    return StreamTag(
        key,
        source,
        context.file,
        fields.mapping.line,
        insecure=insecure,
        reference_only=fields.flag("reference"),
        platform=platform,
        paths=tuple(glob for glob in re.split(r"[\s,]+", extras["paths"]) if glob) if "paths" in extras else (),
        scheduled=importing.flag("scheduled") if importing.has("scheduled") else None,
        snapshot=switch("snapshot", extras, fields),
        policy=policy,
        hold=hold,
        gates=gates,
        legacy=legacy,
        prefer_os=_preference("prefer-os", fields) if legacy else "",
        prefer_arch=_preference("prefer-arch", fields) if legacy else "",
        local=fields.fields("referencePolicy").text("type") == "Local",
    )


def _read_policy(
    key: TagKey, source: Source, extras: dict[str, str], fields: Fields, context: Context
) -> TagPolicy | None:
    """Read how the tag is chosen; a stream's policy is for those of its tags that name a repository."""
    annotations = fields.fields("annotations")
    own = annotations.text(f"{ANNOTATION_PREFIX}policy").strip()
    repository = source.reference if isinstance(source, DockerImage) else None
    if repository is None or repository.digest is not None:
        if own:
            detail = "it chooses among the tags of a repository, and from.name names " + (
                "a digest" if repository is not None else "none: from.kind must be DockerImage"
            )
            raise wrong("policy", detail, fields)
        return None
    # A policy of the tag's own takes nothing from its stream's; an empty one wants none of it.
    names = [name for name in POLICY if name in extras]
    if annotations.has(f"{ANNOTATION_PREFIX}policy"):
        names = [name for name in names if own and annotations.has(f"{ANNOTATION_PREFIX}{name}")]
    given = {name: extras[name] for name in names}
    from gitops_streams.streams.policy_annotations import InvalidPolicy, read_policy  # noqa: PLC0415  few tags have one

    policy = read_policy(given)
    if isinstance(policy, InvalidPolicy):
        raise wrong(policy.annotation, policy.reason, fields)
    if policy is not None and repository.tag is not None:
        reason = f"the tag {repository.tag} of from.name is not followed: {ANNOTATION_PREFIX}policy chooses ({policy})"
        context.notice(fields.fields("from").line("name"), f"{key}: {reason}")
    return policy


def _read_gates(extras: dict[str, str], fields: Fields) -> Gates | None:
    from gitops_streams.streams.gate_annotations import InvalidGate, read_gates  # noqa: PLC0415  few tags have one

    gates = read_gates(extras)
    if isinstance(gates, InvalidGate):
        raise wrong(gates.annotation, gates.reason, fields)
    return gates


def _preference(name: str, fields: Fields) -> str:
    """Read an annotation that an import by Legacy goes by; what no platform can have is none, as on OpenShift."""
    text = fields.fields("annotations").text(f"{_IMPORTER}{name}").strip()
    return text if _PLATFORM_PART.fullmatch(text) else ""


def _check_policies(key: TagKey, source: Source, fields: Fields, context: Context) -> bool:
    """Validate what is said about importing and referring; return whether an insecure registry is accepted."""
    policy = fields.fields("importPolicy")
    if policy.flag("scheduled"):
        if isinstance(source, TagAlias | ImageAlias):
            detail = "only tags pointing to Docker repositories may be scheduled for background import"
            raise FieldError(f"{policy.at('scheduled')}: Invalid value: true: {detail}", policy.line("scheduled"))
        if isinstance(source, DockerImage) and source.reference.digest is not None:
            origin = fields.fields("from")
            raise origin.invalid("name", origin.text("name"), "only tags can be scheduled for import")
    mode = policy.text("importMode")
    if mode not in {"", "Legacy", "PreserveOriginal"}:
        detail = "invalid import mode, valid modes are '', 'Legacy', 'PreserveOriginal'"
        raise policy.invalid("importMode", mode, detail)
    if mode == "Legacy" and isinstance(source, DockerImage) and source.reference.digest is not None:
        reason = "importMode Legacy would have OpenShift take one platform's manifest of it; here the digest stays"
        context.notice(policy.line("importMode"), f"{key}: from.name names a digest: {reason}")
    reference_policy = fields.fields("referencePolicy")
    kind = reference_policy.text("type")
    if kind not in {"", "Source", "Local"}:
        raise reference_policy.invalid("type", kind, 'valid values are "Source", "Local"')
    return policy.flag("insecure")
