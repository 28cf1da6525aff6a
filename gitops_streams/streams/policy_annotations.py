"""Read a tag policy from annotations, and say which of them is wrong and what would be right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gitops_streams.streams.annotation_names import POLICY
from gitops_streams.streams.fields import quoted
from gitops_streams.streams.tag_policy import (
    Alphabetical,
    Filter,
    NewestBuild,
    Numerical,
    Order,
    SemverRange,
    TagPolicy,
)

_REFINES = {
    "semver": {"range", "prereleases"},
    "numerical": {"order"},
    "alphabetical": {"order"},
    "newest-build": set[str](),
}
_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class InvalidPolicy:
    """The annotations make no policy."""

    annotation: str
    """The one that is wrong, without its prefix."""
    reason: str


def read_policy(annotations: Mapping[str, str]) -> TagPolicy | InvalidPolicy | None:
    """Read a policy.

    Args:
        annotations: without their prefix, a tag's own laid over its stream's; an empty one is none.

    Returns:
        The policy; ``None`` where no annotation asks for one.
    """
    given = {name: annotations[name] for name in POLICY if annotations.get(name)}
    if not given:
        return None
    kind = given.pop("policy", None)
    if kind is None:
        name = min(given)
        return InvalidPolicy(name, f"it refines a policy, and there is none; {_known()}")
    if kind not in _REFINES:
        return InvalidPolicy("policy", f"{quoted(kind)} is none; {_known()}")
    for name in sorted(given):
        if name not in _REFINES[kind] | {"pattern", "extract"}:
            return InvalidPolicy(name, f"it says nothing to the policy {kind}")
    wanted = _read_filter(given)
    if isinstance(wanted, InvalidPolicy):
        return wanted
    order = _read_order(kind, given)
    return order if isinstance(order, InvalidPolicy) else TagPolicy(order, wanted)


def _read_filter(given: Mapping[str, str]) -> Filter | InvalidPolicy | None:
    if "pattern" not in given:
        return (
            InvalidPolicy("extract", "it takes groups from a pattern, and there is none")
            if "extract" in given
            else None
        )
    from gitops_streams.streams.tag_filter import InvalidFilter, compile_filter  # noqa: PLC0415  few streams filter

    wanted = Filter(given["pattern"], given.get("extract"))
    ready = compile_filter(wanted)
    return InvalidPolicy(ready.annotation, ready.reason) if isinstance(ready, InvalidFilter) else wanted


def _read_order(
    kind: str, given: Mapping[str, str]
) -> SemverRange | Numerical | Alphabetical | NewestBuild | InvalidPolicy:
    match kind:
        case "semver":
            from gitops_streams.streams.semver import InvalidRange, parse_range  # noqa: PLC0415  few have a range

            wanted = parse_range(given.get("range", "*"))
            if isinstance(wanted, InvalidRange):
                return InvalidPolicy("range", wanted.reason)
            flag = given.get("prereleases")
            if flag is not None and flag not in _FLAGS:
                return InvalidPolicy("prereleases", f"{quoted(flag)} is neither 'true' nor 'false'")
            return SemverRange(given.get("range", "*"), None if flag is None else _FLAGS[flag])
        case "newest-build":
            return NewestBuild()
        case _:
            direction = given.get("order", Order.ASC.value)
            if direction not in set(Order):
                return InvalidPolicy("order", f"{quoted(direction)} is neither 'asc' (the highest) nor 'desc'")
            return (Numerical if kind == "numerical" else Alphabetical)(Order(direction))


def _known() -> str:
    return f"write policy: {', '.join(_REFINES)}"
