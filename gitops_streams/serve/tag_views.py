"""Makes the views of stream tags out of one pass: a pure function, which the loop calls after each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.resolution import Method, Resolved, Unresolvable
from gitops_streams.plan.model import Change, Failed, Held, Plan, SiteOutcome, Skipped, TagPlan, Unchanged
from gitops_streams.serve.overview import History, PullView, SiteState, SiteView, State, TagView
from gitops_streams.streams.history import History as Recorded
from gitops_streams.streams.model import Catalog, DockerImage, PushOnly, StreamTag, TagKey

UNUSED = "no manifest uses it, so its registry is not asked"
PUSH_ONLY = "it follows nothing: on OpenShift, images are pushed to it"
WAITS = "the change is not merged yet"


@dataclass(frozen=True, slots=True)
class Times:
    """When one stream tag was asked for, and when it will be; the loop knows."""

    checked_at: datetime | None = None
    next_check: datetime | None = None
    failing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What a pass does not say."""

    history: History = field(default_factory=dict)
    """Git's log of stream tags; one that is not in it shows nothing but the present."""
    times: Mapping[TagKey, Times] = field(default_factory=dict)
    pulls: Mapping[TagKey, PullView] = field(default_factory=dict)
    """The open pull request that moves a stream tag."""
    landed: bool = False
    """Whether the pass's changes are on the branch now, as they are after a commit or a push."""


def tag_views(plan: Plan, catalog: Catalog, recorded: Recorded, known: Known) -> tuple[TagView, ...]:
    """Return a view of every stream tag that is declared or planned, in the order of their names.

    Args:
        plan: what the pass decided.
        catalog: what is declared; a tag that is not in the plan is ``pending``, with the reason.
        recorded: the history that the pass was planned with.
        known: what the loop knows beside it.
    """
    planned = {tag.key: tag for tag in plan.tags}
    keys = sorted({*catalog.tags, *planned}, key=lambda key: key.sort_key)
    return tuple(_tag(key, planned.get(key), catalog.tags.get(key), recorded, known) for key in keys)


def _tag(key: TagKey, plan: TagPlan | None, declared: StreamTag | None, recorded: Recorded, known: Known) -> TagView:
    times = known.times.get(key, Times())
    history = known.history.get(key, ())
    newest = recorded.newest(key)
    current = None if newest is None else newest.image
    if plan is not None and plan.recorded is not None and (known.landed or current is None):
        current = plan.recorded
    since = history[0].when if history and history[0].digest == current else None
    sites = () if plan is None else tuple(_site(site, plan.digest, landed=known.landed) for site in plan.sites)
    state, reason = _state(plan, declared, sites)
    source = plan.source if plan is not None else None
    if source is None and declared is not None:
        source = declared.source
    resolution = None if plan is None else plan.resolution
    answered = isinstance(resolution, Resolved) and resolution.method in {Method.HEAD, Method.GET}
    holding = None if plan is None else plan.holding
    return TagView(
        key=key,
        source="" if source is None else str(source),
        image=_image(None if plan is None else plan.image),
        state=state,
        reason=reason,
        hint=(resolution.hint or "") if isinstance(resolution, Unresolvable) and state is State.FAILING else "",
        current=current,
        latest=resolution.digest if answered and isinstance(resolution, Resolved) else None,
        since=since,
        checked_at=times.checked_at,
        next_check=times.next_check,
        failing_since=times.failing_since if state is State.FAILING else None,
        held_until=None if holding is None else holding.until,
        sites=sites,
        history=history,
        pull=known.pulls.get(key),
        file="" if declared is None else declared.file,
        line=0 if declared is None else declared.line,
    )


def _image(image: DockerImage | None) -> str:
    if image is None:
        return ""
    return str(image) if image.tag is None else f"{image.reference.name}:{image.tag}"


def _site(outcome: SiteOutcome, given: Digest | None, *, landed: bool) -> SiteView:
    occurrence = outcome.site.occurrence
    digest, state, reason = occurrence.digest, SiteState.CURRENT, ""
    match outcome:
        case Change():
            digest, state = (given, SiteState.CURRENT) if landed else (digest, SiteState.BEHIND)
        case Unchanged():
            pass
        case Held(reason=reason):
            state = SiteState.HELD
        case Skipped(reason=reason) | Failed(reason=reason):
            state = SiteState.SKIPPED
        case _:
            assert_never(outcome)
    return SiteView(occurrence.file, occurrence.line, digest, state, reason)


def _state(plan: TagPlan | None, declared: StreamTag | None, sites: tuple[SiteView, ...]) -> tuple[State, str]:
    if plan is None:
        if declared is not None and isinstance(declared.source, PushOnly):
            return State.PENDING, PUSH_ONLY
        return State.PENDING, UNUSED
    if plan.failure is not None:
        return State.FAILING, plan.reason or plan.failure.reason
    return next(_less(plan, sites), (State.CURRENT, ""))


def _less(plan: TagPlan, sites: tuple[SiteView, ...]) -> Iterator[tuple[State, str]]:
    """Yield what keeps a stream tag that has a digest from being current, the most notable first."""
    # A hold moves its sites too, to where it holds them: until they are there, they are behind.
    behind = [site for site in sites if site.state in {SiteState.BEHIND, SiteState.SKIPPED}]
    if behind:
        reason = next((site.reason for site in behind if site.reason), WAITS)
        yield State.BEHIND, f"{reason} ({len(behind)} of {len(sites)} sites)" if len(sites) > 1 else reason
    if plan.holding is not None:
        yield State.HELD, plan.holding.reason
    held = next((site for site in sites if site.state is SiteState.HELD), None)
    if held is not None:
        yield State.HELD, held.reason
