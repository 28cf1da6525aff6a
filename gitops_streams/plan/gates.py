"""Judge whether a stream tag may move to what its source resolves to now.

Pure: the time and what the images say of themselves are arguments. The gates stand in the declaration
(``streams.restraint``) or in the configuration.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.resolution import Method, Question, Resolution, Resolved
from gitops_streams.plan.asked import Asked
from gitops_streams.plan.holding import Holding
from gitops_streams.streams.history import History, Item
from gitops_streams.streams.model import Catalog, DockerImage, StreamTag, TagKey
from gitops_streams.streams.policy_defaults import Defaults
from gitops_streams.streams.restraint import Freeze, Gates, spelled

if TYPE_CHECKING:
    from gitops_streams.oci.image import Inspection

_FIRST_YEAR = 2000
"""An image that says it is older was built reproducibly, with a date that stands for none."""
_SKEW = timedelta(days=1)
"""How far in the future a date may lie before it is absurd: clocks differ, time zones are mistaken."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stream tag that would move, or be pinned for the first time."""

    tag: StreamTag
    new: Resolved
    image: DockerImage
    """What was asked for in the end, with the tag that ``new`` was found under."""
    known: Item | None
    """What it is at, as recorded; ``None`` where nothing is."""
    lower: bool = False
    """Whether a policy has chosen a lower version than that of ``known``."""

    @property
    def moves(self) -> bool:
        """Whether the new digest is another one than the recorded."""
        return self.known is None or self.known.image != self.new.digest


def candidates(
    catalog: Catalog,
    asked: Iterable[Asked],
    answers: Mapping[Question, Resolution],
    history: History,
    *,
    defaults: Defaults,
) -> tuple[Candidate, ...]:
    """List the stream tags that have an answer, in the order of their keys; ``defaults`` are the policies'."""
    found = []
    for item in asked:
        answer = answers.get(item.question) if isinstance(item.question, Question) else item.question
        image = item.image
        # What somebody holds is a decision, which no gate has to judge.
        if isinstance(answer, Resolved) and answer.method is not Method.HELD and image is not None:
            tag, known = catalog.tags[item.key], history.newest(item.key)
            lower = known is not None and _is_lower(tag, image.tag or "", known, defaults)
            found.append(Candidate(tag, answer, image, known, lower))
    return tuple(sorted(found, key=lambda one: one.tag.key.sort_key))


def _is_lower(tag: StreamTag, new: str, known: Item, defaults: Defaults) -> bool:
    """Whether a policy would rather have the tag that is there. A policy that was changed meanwhile is consent."""
    if tag.policy is None or new == known.source_tag or known.fingerprint != tag.fingerprint or not known.source_tag:
        return False
    from gitops_streams.streams.choose import Chosen, choose  # noqa: PLC0415  few stream tags have a policy

    return choose(tag.policy, (new, known.source_tag), defaults=defaults) == Chosen(known.source_tag)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the gates say about all candidates."""

    holdings: Mapping[TagKey, Holding]
    notices: tuple[tuple[TagKey, str], ...]
    """What passed though a gate could not tell, with the reason."""


def needs_inspection(candidate: Candidate, default: Gates) -> bool:
    """Whether the image itself must be looked at before the gates can judge."""
    gates = _gates(candidate.tag, default)
    asked = candidate.new.method not in {Method.DECLARED, Method.RECORDED} or candidate.known is None
    return candidate.moves and asked and (_dated(gates, candidate) or bool(gates.platforms))


def _gates(tag: StreamTag, default: Gates) -> Gates:
    return default if tag.gates is None else tag.gates.over(default)


def judge(
    candidates: Sequence[Candidate],
    inspected: Mapping[tuple[TagKey, Digest], Inspection],
    default: Gates,
    now: datetime,
    *,
    most: int | None = None,
) -> Judgement:
    """Judge every candidate.

    Args:
        candidates: in the order in which they may use up ``most``.
        inspected: what the new images say, for those that need it (``needs_inspection``).
        default: the configured gates, for what a declaration does not say.
        now: the time, with its zone.
        most: how many stream tags may move in this run.
    """
    holdings: dict[TagKey, Holding] = {}
    notices: list[tuple[TagKey, str]] = []
    moved = 0
    for candidate in candidates:
        gates = _gates(candidate.tag, default)
        image = inspected.get((candidate.tag.key, candidate.new.digest))
        closed = _frozen(gates, now) or (_closed(candidate, gates, image, now, notices) if candidate.moves else None)
        if closed is None and candidate.moves and most is not None:
            moved += 1
            if moved > most:
                closed = Holding(f"{most} stream tags move in this run, and no more may; it is a later run's turn")
        if closed is not None:
            holdings[candidate.tag.key] = _at(closed, candidate.known)
    return Judgement(holdings, tuple(notices))


def frozen_until(freezes: Collection[Freeze], now: datetime) -> tuple[Freeze, datetime] | None:
    """Return the freeze that ``now`` lies in and when it ends, the longest of several; ``None`` outside."""
    if not freezes:
        return None
    from zoneinfo import ZoneInfo  # noqa: PLC0415  few repositories freeze

    from cronsim import CronSim  # noqa: PLC0415  the same

    found: tuple[Freeze, datetime] | None = None
    for freeze in freezes:
        here = now.astimezone(ZoneInfo(freeze.zone))
        # A start in this very minute counts: iterating backwards begins before the given time.
        minute = here.replace(second=0, microsecond=0) + timedelta(minutes=1)
        start = next(CronSim(freeze.cron, minute, reverse=True), None)
        if start is None:  # a day that never comes, such as 30 February
            continue
        # Durations are lengths of time, whatever the clocks do meanwhile.
        end = (start.astimezone(now.tzinfo) + freeze.duration).astimezone(here.tzinfo)
        if end > now and (found is None or end > found[1]):
            found = (freeze, end)
    return found


def _at(closed: Holding, known: Item | None) -> Holding:
    """Say where a held tag stays, so that a place without a digest gets the recorded one."""
    if known is None:
        return closed
    return Holding(closed.reason, known.image, known.source_tag or None, closed.until)


def _frozen(gates: Gates, now: datetime) -> Holding | None:
    found = frozen_until(gates.freezes or (), now)
    if found is None:
        return None
    freeze, end = found
    return Holding(f"frozen until {_time(end)} ({freeze})", until=end)


def _dated(gates: Gates, candidate: Candidate) -> bool:
    # A place without any digest follows the tag anyway: pinning it at once makes it no younger.
    return bool(gates.min_age) and candidate.known is not None


def _closed(
    candidate: Candidate,
    gates: Gates,
    image: Inspection | None,
    now: datetime,
    notices: list[tuple[TagKey, str]],
) -> Holding | None:
    if candidate.lower and not gates.allow_downgrade and candidate.known is not None:
        return Holding(
            f"{candidate.image.tag} is lower than {candidate.known.source_tag}, which is there;"
            ' annotate gitops-streams.io/allow-downgrade: "true" if it is meant'
        )
    if gates.platforms:
        missing = _missing(gates.platforms, image)
        if missing is not None:
            return Holding(missing)
    if _dated(gates, candidate) and gates.min_age:
        return _young(candidate, gates, gates.min_age, image, now, notices)
    return None


def _missing(required: tuple[Platform, ...], image: Inspection | None) -> str | None:
    from gitops_streams.oci.image import Image, Uninspectable  # noqa: PLC0415  few gates look at an image

    if not isinstance(image, Image):
        why = image.reason if isinstance(image, Uninspectable) else "it was not inspected"
        return f"its platforms cannot be told: {why}"
    built = [found.platform for found in image.platforms if found.platform is not None]
    missing = [str(wanted) for wanted in required if not any(wanted.admits(platform) for platform in built)]
    if not missing:
        return None
    offered = ", ".join(sorted({str(platform) for platform in built})) or "none"
    return f"the new image is not built for {', '.join(missing)}; it is built for {offered}"


def _young(
    candidate: Candidate,
    gates: Gates,
    least: timedelta,
    image: Inspection | None,
    now: datetime,
    notices: list[tuple[TagKey, str]],
) -> Holding | None:
    from gitops_streams.oci.image import Image, Uninspectable  # noqa: PLC0415  as above

    primary = image.primary if isinstance(image, Image) else None
    created = None if primary is None or primary.config is None else primary.config.created
    if created is not None and created.year >= _FIRST_YEAR and created <= now + _SKEW:
        if now - created >= least:
            return None
        end = created + least
        return Holding(f"younger than {spelled(least)}: created {_time(created)}, held until {_time(end)}", until=end)
    if isinstance(image, Uninspectable):
        why = f"its age cannot be told: {image.reason}"
    elif created is None:
        why = "the image does not say when it was created"
    else:
        why = f"the image says that it was created {_time(created)}, which is no date of its own"
    if gates.hold_undated:
        return Holding(f"{why}, and gitops-streams.io/hold-undated holds such images")
    notices.append((candidate.tag.key, f"{why}; min-age {spelled(least)} lets it pass"))
    return None


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M %Z").strip()
