"""What other tools' objects ask for, in this program's terms: a stream tag, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gitops_streams.oci.reference import Reference
from gitops_streams.streams.policy_annotations import InvalidPolicy, read_policy
from gitops_streams.streams.tag_policy import TagPolicy
from gitops_streams.yamledit.nodes import Mapping as MappingNode
from gitops_streams.yamledit.nodes import Node, Scalar, resolve, target
from gitops_streams.yamledit.nodes import Sequence as SequenceNode
from gitops_streams.yamledit.objects import given

_PARAMETERS = ("{{", "${", "$(")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A stream tag that does what another tool's object asks for."""

    file: str
    line: int
    origin: str
    """What asks for it: ``ImagePolicy flux-system/web``."""
    names: tuple[str, ...]
    """What the tag may be called, the best first."""
    repository: Reference
    """Without tag and digest."""
    tag: str | None
    """The tag that is followed by its name; ``None`` where the policy chooses."""
    policy: TagPolicy | None
    annotations: Mapping[str, str]
    """Ours, without their prefix."""
    insecure: bool = False
    marker: tuple[str, str] | None = None
    """Namespace and name of the Flux policy that markers name; ``None`` where no marker does."""
    notes: tuple[str, ...] = ()
    """What has no equivalent, or another one than may be expected."""
    pull_secrets: tuple[str, ...] = ()
    """What the other tool logs in with."""


@dataclass(frozen=True, slots=True)
class Untranslated:
    """An object, or a part of one, that has no equivalent."""

    file: str
    line: int
    origin: str
    reason: str


Foreign = Wanted | Untranslated


@dataclass(frozen=True, slots=True)
class Policy:
    """Our annotations, with what they make."""

    annotations: Mapping[str, str]
    policy: TagPolicy


def as_policy(annotations: Mapping[str, str]) -> Policy | str:
    """Return a policy's annotations, the empty ones left out, or what is wrong with them."""
    written = {name: text.strip() for name, text in annotations.items() if text.strip()}
    for name, text in written.items():
        if has_parameter(text, dollar=name not in {"pattern", "extract"}):
            return f"its {name} holds a parameter, which is filled in elsewhere"
    read = read_policy(written)
    if isinstance(read, InvalidPolicy):
        return f"{read.annotation}: {read.reason}"
    if read is None:
        return "it names no policy"
    return Policy(written, read)


def has_parameter(text: str, *, dollar: bool = True) -> bool:
    """Whether a text is a template's; in a pattern or what it extracts, dollars mean something else."""
    return any(sign in text for sign in (_PARAMETERS if dollar else _PARAMETERS[:1]))


def text_at(mapping: MappingNode, *keys: str) -> str:
    """Return the text of the scalar that keys lead to; empty where there is none, or null."""
    parent = resolve(mapping, keys[:-1])
    value = given(parent, keys[-1]) if isinstance(parent, MappingNode) else None
    return value.value.strip() if isinstance(value, Scalar) else ""


def texts_at(mapping: MappingNode, *keys: str) -> tuple[str, ...]:
    """Return the texts of the list of scalars that keys lead to."""
    node: Node | None = resolve(mapping, keys)
    items = [target(item) for item in node.items] if isinstance(node, SequenceNode) else []
    return tuple(item.value for item in items if isinstance(item, Scalar))


def mappings_at(mapping: MappingNode, *keys: str) -> tuple[MappingNode, ...]:
    """Return the mappings of the list that keys lead to."""
    node: Node | None = resolve(mapping, keys)
    items = [target(item) for item in node.items] if isinstance(node, SequenceNode) else []
    return tuple(item for item in items if isinstance(item, MappingNode))
