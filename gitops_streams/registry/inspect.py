"""Inspects changed images, old and new, within a budget of requests that is spent in the order of use.

First every image's index, its primary platform's manifest and configuration; then evidence about the new
images, and whether an old one was signed where the new one is not; then other platforms for their sizes.
Looks are made in rounds: all that can be asked next, in an order that depends on the images alone, hence
the same images and answers give the same facts however fast each host is. Within a round hosts are asked
side by side. What is left over from one image is there for the others.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from gitops_streams.oci.config import ReadConfig
from gitops_streams.oci.evidence import EvidenceKind
from gitops_streams.oci.image import Image, ImagePair, InspectedPair, Inspection, Presence
from gitops_streams.oci.resolution import Cause, Unresolvable
from gitops_streams.registry import lanes
from gitops_streams.registry.budget import Budget
from gitops_streams.registry.gathering import ALL, Gathered, gather
from gitops_streams.registry.lookup import Finding, FoundManifest, Looker, Lookup, NoReferrersApi, Part, Place
from gitops_streams.registry.reading import Reading, Wanted, read

if TYPE_CHECKING:
    from datetime import datetime

    from gitops_streams.registry.hosts import RegistryHost

Progress = Callable[[int, int], None]
"""Told how many requests are answered, and how many there are so far: what is found leads to more."""

_FOR_A_DATE = 6
"""Requests for each image of which only the date is asked for: three, and as many for retries."""
_KEPT = 1024
"""Contents that are kept for a next inspection: what a digest names never changes."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """A pair as far as it is known."""

    new: Reading
    old: Reading | None
    needs: tuple[Lookup, ...]


class Inspector:
    """Inspects images; use from one thread.

    Args:
        looker: looks at single things.
        host_of: the registry of a place.
        give_up: called when this thread is interrupted; it makes what is under way end soon.
    """

    def __init__(self, looker: Looker, host_of: Callable[[Place], RegistryHost], give_up: Callable[[], None]) -> None:
        self._looker = looker
        self._host_of = host_of
        self._give_up = give_up
        self._kept: OrderedDict[Lookup, Finding] = OrderedDict()

    def inspect_all(
        self, pairs: Iterable[ImagePair], requests_per_image: int, progress: Progress | None = None
    ) -> dict[ImagePair, InspectedPair]:
        """Inspect all pairs; see ``RegistryClient.inspect_all``."""
        asked = list(dict.fromkeys(pairs))
        job = _Job(self, sorted(asked, key=_order), requests_per_image, dict(self._kept), progress)
        found = job.run()
        self._keep(job)
        return {pair: found[pair] for pair in asked}

    def dates_all(self, images: Iterable[ImagePair]) -> dict[ImagePair, datetime | Unresolvable | None]:
        """Read when images were created; see ``RegistryClient.dates_all``."""
        asked = list(dict.fromkeys(images))
        job = _Job(self, sorted(asked, key=_order), _FOR_A_DATE, dict(self._kept), None)
        found = job.run_for_dates()
        self._keep(job)
        return {image: found[image] for image in asked}

    def _keep(self, job: _Job) -> None:
        """Keep what never changes, for a next job."""
        for lookup, finding in job.known.items():
            if lookup.part in {Part.MANIFEST, Part.CONFIG} and isinstance(finding, FoundManifest | ReadConfig):
                self._kept[lookup] = finding
                self._kept.move_to_end(lookup)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    def free(self, lookup: Lookup) -> Finding | None:
        """Return what needs no request: that a host which has no referrers API has none."""
        if lookup.part is not Part.REFERRERS:
            return None
        known = self._looker.has_referrers_api(self._host_of(lookup.place))
        return NoReferrersApi() if known is False else None

    def look_all(
        self, lookups: list[Lookup], budget: Budget, progress: Callable[[int], None] | None
    ) -> dict[Lookup, Finding]:
        """Make looks side by side; every host has its own threads."""
        by_host: dict[RegistryHost, list[list[Lookup]]] = {}
        for lookup in lookups:
            by_host.setdefault(self._host_of(lookup.place), []).append([lookup])
        findings: dict[Lookup, Finding] = {}
        mine = [
            lanes.Lane(
                host.domain,
                host.settings.concurrency,
                works,
                partial(self._look, host, budget),
                findings,
                abreast=self._abreast(host, works),
            )
            for host, works in by_host.items()
        ]
        lanes.run(mine, None if progress is None else lambda: progress(len(findings)), self._give_up)
        return findings

    def _abreast(self, host: RegistryHost, works: list[list[Lookup]]) -> bool:
        """Whether it is known already how the host is to be asked, its referrers included."""
        undecided = self._looker.has_referrers_api(host) is None
        return host.gate.answered and not (undecided and any(work[0].part is Part.REFERRERS for work in works))

    def _look(self, host: RegistryHost, budget: Budget, lookups: list[Lookup]) -> dict[Lookup, Finding]:
        lookup = lookups[0]
        try:
            return {lookup: self._looker.look(host, lookup, budget)}
        except Exception as error:  # noqa: BLE001 - a bug met by one image must not lose the others
            # Only the type is told: a message or traceback might hold what was sent.
            reason = f"{host.domain}: internal error ({type(error).__name__}) for {lookup.place.repository.path}"
            return {lookup: Unresolvable(Cause.BAD_ANSWER, reason)}


class _Job:
    """One inspection of many pairs."""

    def __init__(
        self,
        inspector: Inspector,
        pairs: list[ImagePair],
        requests_per_image: int,
        known: dict[Lookup, Finding],
        progress: Progress | None,
    ) -> None:
        self.known = known
        self._inspector = inspector
        self._pairs = pairs
        total = max(0, requests_per_image) * len(pairs)
        self._budget = Budget(total)
        self._spent = (
            f"the budget of {total} requests for inspecting images is spent"
            if requests_per_image > 0
            else "images are not to be inspected (requestsPerImage is 0)"
        )
        self._progress = progress
        self._asked = 0

    def run(self) -> dict[ImagePair, InspectedPair]:
        """Spend the budget, and return what is known then."""
        self._look_while(self._reading_needs)
        self._look_while(lambda: self._evidence_needs(old=False))
        self._look_while(lambda: self._evidence_needs(old=True))
        self._look_while(self._size_needs)
        if self._progress is not None:
            self._progress(self._asked, self._asked)
        return {pair: self._inspected(pair) for pair in self._pairs}

    def run_for_dates(self) -> dict[ImagePair, datetime | Unresolvable | None]:
        """Read the new images' primary platforms alone, and return when they were created."""
        self._look_while(self._reading_needs)
        return {pair: self._date(pair) for pair in self._pairs}

    def _date(self, pair: ImagePair) -> datetime | Unresolvable | None:
        reading = self._read(pair).new
        if reading.failure is not None:
            return reading.failure
        if reading.need is not None:
            return Unresolvable(Cause.UNAVAILABLE, f"{pair.repository.domain}: {pair.repository.path}: {self._spent}")
        primary = reading.inspection.primary if isinstance(reading.inspection, Image) else None
        return None if primary is None or primary.config is None else primary.config.created

    def _look_while(self, needs: Callable[[], Iterable[Lookup]]) -> None:
        """Make the looks that are needed, and those that they lead to, until none is left or none is allowed."""
        while wanted := self._unknown(needs()):
            granted = wanted[: self._budget.take(len(wanted))]
            if not granted:
                return
            before = self._asked
            self._asked += len(granted)
            self.known |= self._inspector.look_all(granted, self._budget, self._tell(before))

    def _unknown(self, lookups: Iterable[Lookup]) -> list[Lookup]:
        return [lookup for lookup in dict.fromkeys(lookups) if lookup not in self.known]

    def _tell(self, before: int) -> Callable[[int], None] | None:
        progress = self._progress
        return None if progress is None else lambda done: progress(before + done, self._asked)

    def _reading_needs(self) -> Iterable[Lookup]:
        return chain.from_iterable(self._read(pair).needs for pair in self._pairs)

    def _evidence_needs(self, *, old: bool) -> list[Lookup]:
        """Return the next look for evidence about each image; what costs nothing is known at once."""
        needs = []
        for pair in self._pairs:
            while (gathered := self._gather_old(pair) if old else self._gather_new(pair)) is not None:
                need = gathered.need
                free = None if need is None else self._inspector.free(need)
                if need is not None and free is not None:
                    self.known[need] = free
                    continue
                if need is not None:
                    needs.append(need)
                break
        return needs

    def _size_needs(self) -> list[Lookup]:
        """Return the other platforms' manifests: of each pair the first ones, new and old, then the next ones."""
        ranked = []
        for pair in self._pairs:
            state = self._read(pair)
            mine = [state.new.others, state.old.others if state.old is not None else ()]
            ranked.append([lookup for both in zip_longest(*mine) for lookup in both])
        return [lookup for rank in zip_longest(*ranked) for lookup in rank if lookup is not None]

    def _read(self, pair: ImagePair) -> _Pair:
        """Put together what is known of a pair; the old image is read for the platform that the new one is."""
        place = _place(pair)
        new = read(place, pair.new, Wanted(pair.platform), self.known, self._spent)
        needs = () if new.need is None else (new.need,)
        if pair.old is None:
            return _Pair(new, None, needs)
        same = Wanted(pair.platform) if new.platform is None else Wanted(new.platform, instead=False)
        old = read(place, pair.old, same, self.known, self._spent)
        undecided = new.platform is None and new.need is not None
        if old.need is None or (undecided and Lookup(place, Part.MANIFEST, pair.old) in self.known):
            return _Pair(new, old, needs)
        return _Pair(new, old, (*needs, old.need))

    def _gather_new(self, pair: ImagePair) -> Gathered | None:
        reading = self._read(pair).new
        if not isinstance(reading.inspection, Image):
            return None
        return gather(_place(pair), pair.new, reading.attestation, self.known, ALL, self._spent)

    def _gather_old(self, pair: ImagePair) -> Gathered | None:
        """Look whether the old image was signed where the new one is not; else take what is there for nothing."""
        reading = self._read(pair).old
        if pair.old is None or reading is None or not isinstance(reading.inspection, Image):
            return None
        new = self._gather_new(pair)
        unsigned = new is not None and new.evidence.signature is Presence.ABSENT
        goal = frozenset({EvidenceKind.SIGNATURE}) if unsigned else frozenset()
        return gather(_place(pair), pair.old, reading.attestation, self.known, goal, self._spent)

    def _inspected(self, pair: ImagePair) -> InspectedPair:
        state = self._read(pair)
        old = None if state.old is None else _with_evidence(state.old.inspection, self._gather_old(pair))
        return InspectedPair(old, _with_evidence(state.new.inspection, self._gather_new(pair)))


def _place(pair: ImagePair) -> Place:
    return Place(pair.repository, pair.insecure)


def _order(pair: ImagePair) -> tuple[Place, str, str, str]:
    return _place(pair), str(pair.new), str(pair.old or ""), str(pair.platform or "")


def _with_evidence(inspection: Inspection, gathered: Gathered | None) -> Inspection:
    if gathered is None or not isinstance(inspection, Image):
        return inspection
    notes = tuple(dict.fromkeys((*inspection.notes, *gathered.notes)))
    return replace(inspection, evidence=gathered.evidence, notes=notes)
