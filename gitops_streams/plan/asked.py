"""Which stream tags are resolved for a plan, and what is asked for each: what sites use, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from gitops_streams.oci.platform import Platform
from gitops_streams.oci.resolution import Cause, Method, Question, Resolved, Unresolvable
from gitops_streams.plan.bind import Bindings
from gitops_streams.plan.declared_holds import hold_on
from gitops_streams.streams.follow import Broken, Followed, follow
from gitops_streams.streams.history import EMPTY, History
from gitops_streams.streams.model import Catalog, DockerImage, TagKey
from gitops_streams.streams.policy import NOTHING_PUSHED, Choosing, Pushed, Selected, ask
from gitops_streams.yamledit.problem import Problem


@dataclass(frozen=True, slots=True)
class Asked:
    """A stream tag that is to be resolved, and how."""

    key: TagKey
    followed: Followed | Broken
    question: Question | Choosing | Resolved | Unresolvable
    """What to ask, or the answer where none has to be asked for."""
    chosen: str | None = None
    """The tag that a policy chose; ``None`` while it has not, or where none chooses."""

    @property
    def image(self) -> DockerImage | None:
        """What the stream tag leads to, with the tag that is followed; ``None`` where it leads nowhere."""
        if not isinstance(self.followed, Followed):
            return None
        source = self.followed.source
        if self.chosen is None:
            return source
        return replace(source, reference=replace(source.reference, tag=self.chosen))


def what_to_ask(
    catalog: Catalog,
    bindings: Bindings,
    history: History = EMPTY,
    *,
    platform: Platform | None = None,
    scheduled: bool = True,
    everything: bool = False,
    pushed: Pushed = NOTHING_PUSHED,
) -> tuple[Asked, ...]:
    """List the stream tags that something uses (a site, or an alias that a site uses), or all of them."""
    used: set[TagKey] = set()
    for key in {key for site in bindings.sites for key in (site.tag, *site.together)}:
        followed = follow(catalog, key, history)
        used |= {key, *(followed.path if isinstance(followed, Followed) else ())}
    keys = catalog.tags if everything else [key for key in catalog.tags if key in used]
    return tuple(ask_for(catalog, key, history, platform=platform, scheduled=scheduled, pushed=pushed) for key in keys)


def ask_for(
    catalog: Catalog,
    key: TagKey,
    history: History = EMPTY,
    *,
    platform: Platform | None = None,
    scheduled: bool = True,
    pushed: Pushed = NOTHING_PUSHED,
) -> Asked:
    """Say how one stream tag is resolved."""
    followed = follow(catalog, key, history)
    if isinstance(followed, Broken):
        return Asked(key, followed, Unresolvable(Cause.UNSUPPORTED, followed.reason))
    hold = hold_on(catalog, followed.path)
    if hold is not None:
        return Asked(key, followed, Resolved(hold.digest, "", followed.source.reference.repository.domain, Method.HELD))
    question = ask(followed, platform=platform, history=history, scheduled=scheduled, pushed=pushed)
    # What is recorded was chosen when it was recorded.
    known = history.settled(followed.tag) if followed.source.by_policy and isinstance(question, Resolved) else None
    return Asked(key, followed, question, None if known is None else known.source_tag or None)


def settle(
    asked: Iterable[Asked], choices: Mapping[Choosing, Selected | Unresolvable]
) -> tuple[tuple[Asked, ...], tuple[Problem, ...]]:
    """Put what policies chose in place of the choosing.

    Returns:
        What to ask now, and what is worth saying about the choices.
    """
    settled: list[Asked] = []
    noticed: dict[Problem, None] = {}
    for item in asked:
        choice = choices[item.question] if isinstance(item.question, Choosing) else None
        match choice:
            case None:
                settled.append(item)
            case Unresolvable():
                settled.append(replace(item, question=choice))
            case Selected():
                settled.append(replace(item, question=choice.question, chosen=choice.question.tag))
                if choice.notice and isinstance(item.followed, Followed):
                    tag = item.followed.tag
                    noticed[Problem(tag.file, tag.line, f"{tag.key}: {choice.notice}")] = None
            case _:
                assert_never(choice)
    return tuple(settled), tuple(noticed)
