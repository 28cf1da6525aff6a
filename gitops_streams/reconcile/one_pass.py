"""One pass: read the declarations, find the sites, ask the registries, build the plan. It decides nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gitops_streams.config import Settings
from gitops_streams.git.snapshot import Snapshot
from gitops_streams.oci.resolution import Question, Unresolvable
from gitops_streams.plan.asked import Asked, ask_for, settle, what_to_ask
from gitops_streams.plan.bind import Bindings
from gitops_streams.plan.build import build
from gitops_streams.plan.declared_holds import declared_holds
from gitops_streams.plan.gates import Candidate, Judgement, candidates, judge, needs_inspection
from gitops_streams.plan.last_known import last_known_good
from gitops_streams.plan.model import Plan
from gitops_streams.plan.shard import Share, shared_bindings, shared_plan
from gitops_streams.recall import NOTHING, Past, recall
from gitops_streams.registry.asking import Asking, Progress
from gitops_streams.streams.history import History
from gitops_streams.streams.model import Catalog, StreamKey, TagKey
from gitops_streams.streams.policy import NOTHING_PUSHED, Choosing, Pushed, Selected
from gitops_streams.yamledit.problem import Problem

if TYPE_CHECKING:
    from gitops_streams.oci.digest import Digest
    from gitops_streams.oci.image import Inspection
    from gitops_streams.registry.registries import Registries
from gitops_streams.reconcile.declarations import Declarations
from gitops_streams.reconcile.memory import needed
from gitops_streams.reconcile.sites import find_sites

_MANY_TAGS = 200
"""Declared stream tags from which on registries are asked while files are still being scanned."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One planned snapshot."""

    plan: Plan
    history: History
    """The recorded history that it was planned with."""
    catalog: Catalog
    asked: tuple[Asked, ...]
    """The stream tags that are in use, each with what its registry was asked, or the answer that needed no asking."""


class _EarlyQuestions:
    """Hands each stream tag's question over as soon as a file has shown that the tag is in use."""

    def __init__(self, asking: Asking, settings: Settings, share: Share | None, pushed: Pushed) -> None:
        self._asking = asking
        self._settings = settings
        self._pushed = pushed
        self._share = share
        self._streams: Collection[StreamKey] = ()
        self._seen: set[TagKey] = set()

    def declared(self, declarations: Declarations) -> None:
        """Start a helper where many tags are declared: scanning will take a while then."""
        catalog = declarations.catalog
        self._streams = catalog.by_key if self._share is None else self._share(catalog)
        if len(catalog.tags) >= _MANY_TAGS:
            self._asking.start_helper()

    def bound(self, declarations: Declarations, bindings: Bindings) -> None:
        """Ask for the tags that are seen for the first time."""
        for site in bindings.sites:
            if site.tag not in self._seen and site.tag.stream in self._streams:
                self._seen.add(site.tag)
                asked = ask_for(
                    declarations.catalog,
                    site.tag,
                    declarations.history,
                    platform=self._settings.platform,
                    scheduled=self._settings.scheduled,
                    pushed=self._pushed,
                )
                self._asking.ask([asked.question] if isinstance(asked.question, Question) else [])


def plan_at(  # noqa: PLR0913  what one pass depends on, by name
    snapshot: Snapshot,
    settings: Settings,
    client: Registries,
    *,
    everything: bool = False,
    progress: Progress | None = None,
    now: datetime | None = None,
    past: Past | None = None,
    share: Share | None = None,
    pushed: Pushed = NOTHING_PUSHED,
    meanwhile: Callable[[], object] | None = None,
) -> Pass:
    """Plan one snapshot: the sentence that this program is.

    Args:
        snapshot: the work tree or a commit.
        settings: the repository's configuration.
        client: who asks the registries.
        everything: resolve stream tags that nothing uses too.
        progress: told how far the resolution is.
        now: the time that gates go by; by default the clock's.
        past: the log that tells what somebody has taken back; ``None`` remembers nothing.
        share: picks the streams that are resolved and planned; ``None``: all of them.
        pushed: what a registry told of: it is asked for even where a stream tag is not scheduled.
        meanwhile: called where there is nothing to do but to wait for a registry.

    Raises:
        NoStreams: no stream is declared.
    """
    with Asking(client, progress) as asking:
        found = find_sites(snapshot, settings, listener=_EarlyQuestions(asking, settings, share, pushed))
        catalog, history = found.declarations.catalog, found.declarations.history
        streams = catalog.by_key if share is None else share(catalog)
        bindings = found.bindings if share is None else shared_bindings(found.bindings, streams)
        asked = what_to_ask(
            catalog,
            bindings,
            history,
            platform=settings.platform,
            scheduled=settings.scheduled,
            everything=everything,
            pushed=pushed,
        )
        if everything and share is not None:
            asked = tuple(item for item in asked if item.key.stream in streams)
        asking.ask(item.question for item in asked if isinstance(item.question, Question))
        # A policy's tag is a second question: what it is depends on the repository's list.
        choosing = [item.question for item in asked if isinstance(item.question, Choosing)]
        asked, noticed = settle(asked, _chosen(asking, choosing, settings))
        asking.ask(item.question for item in asked if isinstance(item.question, Question))
        answers = asking.answers(meanwhile)
        moving = candidates(catalog, asked, answers, history, defaults=settings.tag_policy)
        gated = judged(moving, client, settings, now or datetime.now(tz=UTC))
    recalled = NOTHING
    if past is not None:
        recalled = recall(past, snapshot, catalog, asked, answers, history)

    def decided() -> Plan:
        bindings = found.bindings if share is None else shared_bindings(found.bindings, streams)
        return build(
            catalog=catalog,
            bindings=bindings,
            asked=asked,
            answers=answers,
            files=found.files,
            problems=(*found.problems, *noticed, *_noticed(catalog, gated), *recalled.problems),
            # A hold goes before a gate: nothing moves there that a gate could judge.
            holdings={
                **gated.holdings,
                **recalled.holdings,
                **last_known_good(catalog, asked, answers, history),
                **declared_holds(catalog, history),
            },
            pin=settings.pin,
            local_registry=settings.local_registry,
            requests=asking.requests,
        )

    plan = decided()
    # What an earlier run saw of a file is good enough to leave it alone: to be written, it is read and located again.
    fresh: frozenset[str] = frozenset()
    while again := needed(found.files):
        fresh |= again
        found = find_sites(snapshot, settings, fresh=fresh)
        plan = decided()
    return Pass(plan if share is None else shared_plan(plan, streams), history, catalog, asked)


def _chosen(
    asking: Asking, choosing: Sequence[Choosing], settings: Settings
) -> dict[Choosing, Selected | Unresolvable]:
    if not choosing:
        return {}
    from gitops_streams.registry.choosing import choose_all  # noqa: PLC0415  few stream tags have a policy

    return choose_all(asking, choosing, settings.tag_policy)


def judged(found: Sequence[Candidate], client: Registries, settings: Settings, now: datetime) -> Judgement:
    """Have the gates judge what would move; only images whose date or platforms they ask about are inspected."""
    inspected = _inspected([one for one in found if needs_inspection(one, settings.gates)], client)
    return judge(found, inspected, settings.gates, now, most=settings.max_changes)


def _inspected(found: Sequence[Candidate], client: Registries) -> dict[tuple[TagKey, Digest], Inspection]:
    if not found:
        return {}
    from gitops_streams.oci.image import ImagePair  # noqa: PLC0415  few gates look at an image

    pairs = {
        one.tag.key: ImagePair(
            one.image.reference.repository, None, one.new.digest, one.tag.platform, insecure=one.tag.insecure
        )
        for one in found
    }
    # One index, one manifest, one configuration.
    inspected = client.inspect_all(pairs.values(), requests_per_image=3)
    return {(key, pair.new): inspected[pair].new for key, pair in pairs.items()}


def _noticed(catalog: Catalog, judgement: Judgement) -> list[Problem]:
    """Say what a gate let pass though it could not tell."""
    return [
        Problem(catalog.tags[key].file, catalog.tags[key].line, f"{key}: {reason}") for key, reason in judgement.notices
    ]
