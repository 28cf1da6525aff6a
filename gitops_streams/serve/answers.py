"""Registries' answers, shared by all repositories: each distinct question is asked once for each time it is due.

A pass asks through a ``View``, which looks like a registry client: what is known is answered from here, what another
pass is asking for is waited for, and only the rest goes to the registries. Time makes answers due, which the loop asks
again, so that no pass ever waits for a registry that is down. An event makes what was pushed stale, and nothing else.
Failures are answers too: they keep the pins, and are asked again sooner than the interval says.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.image import ImagePair, InspectedPair
from gitops_streams.oci.reference import Repository
from gitops_streams.oci.resolution import Question, TagsQuestion, Unresolvable
from gitops_streams.registry import RegistryClient
from gitops_streams.registry.limits import Clock
from gitops_streams.serve.known_answers import FIRST_RETRY, Answer, Asked, Checked, KnownAnswers
from gitops_streams.serve.pace import Pace

_ROUNDS = 3
"""How often a question is asked whose answer is made stale while it is under way."""
_SOON = 2.0
"""Seconds after which a registry is asked once more that told of a push and does not show it yet."""


@dataclass(slots=True)
class _Flight:
    """A question that is under way."""

    ended: threading.Event = field(default_factory=threading.Event)
    outdated: bool = False
    """Whether the tag was pushed since it was asked."""


class Answers:
    """The answers of the registries to everybody with the same settings; safe to use from several threads.

    Args:
        client: asks the registries; it is closed with this.
        clock: time.
        pace: how often a question is asked again.
    """

    def __init__(self, client: RegistryClient, clock: Clock, pace: Pace) -> None:
        self.client = client
        self._clock = clock
        self._pace = pace
        self._lock = threading.Lock()
        self._inspecting = threading.Lock()
        self._known = KnownAnswers(pace)
        self._flights: dict[Asked, _Flight] = {}
        self._retried: dict[str, float] = {}
        """When registries that are down were asked once more."""

    @property
    def now(self) -> float:
        """Seconds since the epoch."""
        return self._clock.time()

    @property
    def revision(self) -> int:
        """Another one whenever anything that ``checked`` returns is another one."""
        return self._known.revision

    def version(self, question: Asked) -> int:
        """Return the version of an answer; 0 where there is none."""
        return self._known.version(question)

    def checked(self, question: Asked) -> Checked | None:
        """Return when a question was asked, and will be."""
        with self._lock:
            return self._known.checked(question)

    def checked_all(self, questions: Iterable[Asked | None]) -> list[Checked | None]:
        """Return the same of many at one moment, in their order; ``None`` stands for no question."""
        with self._lock:
            return [None if question is None else self._known.checked(question) for question in questions]

    def due(self, wanted: Collection[Asked]) -> list[Asked]:
        """List the questions among those that are wanted which are to be asked now, and forget the unwanted ones."""
        now = self._clock.monotonic()
        with self._lock:
            # Who asks for a forgotten one next time will find it gone.
            self._known.drop_unwanted(wanted, now)
            return [question for question in self._known.due(now) if question not in self._flights]

    def concerned(self, repository: Repository, tag: str) -> list[Asked]:
        """List the known questions whose answer a push of this tag may change."""
        with self._lock:
            return self._known.concerned(repository, tag)

    def has(self, repository: Repository, tag: str, digest: Digest) -> bool:
        """Whether every question that a push of this tag concerns has this digest for its answer already."""
        with self._lock:
            concerned = self._known.concerned(repository, tag)
            return bool(concerned) and all(
                self._known.is_digest(question, digest) is True
                and not self._known.is_stale(question)
                and question not in self._flights
                for question in concerned
            )

    def outdate(self, questions: Iterable[Asked]) -> None:
        """Make answers stale, those under way included: whoever needs them asks again."""
        with self._lock:
            for question in questions:
                self._known.outdate(question)
                if question in self._flights:
                    self._flights[question].outdated = True

    def expect(self, question: Asked, digest: Digest) -> None:
        """Have a question asked again soon whose answer is not the digest that was said to be pushed.

        Args:
            question: what was asked.
            digest: what the sender of an event claims; a claim only makes us look again.
        """
        with self._lock:
            if self._known.is_digest(question, digest) is False:
                self._known.advance(question, self._clock.monotonic() + _SOON)

    def reopen(self, hosts: Iterable[str]) -> None:
        """Leave registries alone no longer that had failed: a push that we are told of says that they work."""
        for host in set(hosts):
            self.client.reopen(host)

    def retry(self, host: str) -> None:
        """Ask a registry once more that is left alone since it failed, if that is long enough ago."""
        now = self._clock.monotonic()
        with self._lock:
            if now < self._retried.get(host, float("-inf")) + min(FIRST_RETRY, self._pace.interval):
                return
            self._retried[host] = now
        self.client.reopen(host)

    def refresh(self, questions: Iterable[Asked]) -> set[Asked]:
        """Ask again, and say whose answer is another one now."""
        asked = list(dict.fromkeys(questions))
        before = {question: self.version(question) for question in asked}
        down = self.failing()
        self.outdate(asked)
        self.obtain(asked, patient=True)
        with self._lock:
            self._known.recall(down.keys() - self._known.failing().keys(), self._clock.monotonic())
        return {question for question in asked if self.version(question) != before[question]}

    def obtain(
        self,
        questions: Iterable[Asked],
        progress: Callable[[int, int], None] | None = None,
        *,
        patient: bool = False,
    ) -> tuple[dict[Asked, tuple[Answer, int]], int]:
        """Answer questions: fresh ones from memory, the others by asking, each once however many ask for it.

        Args:
            questions: what to answer.
            progress: told how many are answered.
            patient: whether an answer that is being asked for anew is waited for. Else the old one is taken: whoever
                asks for it anew sees to it that those are visited again who have used it.

        Returns:
            The answers with their versions, and how many were asked.
        """
        wanted = list(dict.fromkeys(questions))
        sent = 0
        for _ in range(_ROUNDS):
            mine, theirs = self._share_out(wanted, patient=patient)
            if not mine and not theirs:
                break
            sent += len(mine)
            try:
                if mine:
                    at = self.now
                    self._keep(mine, self._ask(mine, progress), at)
            finally:
                self._land(mine)
            for flight in theirs:
                flight.ended.wait()
        with self._lock:
            missing = [question for question in wanted if question not in self._known]
        if missing:  # whoever was asking has failed, or what was asked is forgotten already
            at = self.now
            self._keep(dict.fromkeys(missing, _Flight()), self._ask(missing, None), at)
            sent += len(missing)
        with self._lock:
            return {question: self._known.answer(question) for question in wanted}, sent

    def inspect(
        self,
        pairs: Iterable[ImagePair],
        requests_per_image: int,
        progress: Callable[[int, int], None] | None,
    ) -> tuple[dict[ImagePair, InspectedPair], int]:
        """Inspect images, one pass after the other; what a digest names is read once."""
        with self._inspecting:
            before = self._sent()
            found = self.client.inspect_all(pairs, requests_per_image=requests_per_image, progress=progress)
            return found, self._sent() - before

    def dates(self, images: Iterable[ImagePair]) -> tuple[dict[ImagePair, datetime | Unresolvable | None], int]:
        """Read when images were created, one pass after the other."""
        with self._inspecting:
            before = self._sent()
            found = self.client.dates_all(images)
            return found, self._sent() - before

    def failing(self) -> Mapping[str, tuple[float, str]]:
        """Return the registries of which every question fails: since when, and why."""
        with self._lock:
            return self._known.failing()

    def close(self) -> None:
        """Close all connections; what is under way ends as ``Unresolvable``."""
        self.client.close()

    def _sent(self) -> int:
        return self.client.requests + self.client.token_requests

    def _share_out(self, wanted: Iterable[Asked], *, patient: bool) -> tuple[dict[Asked, _Flight], list[_Flight]]:
        """Take on what nobody asks for yet; return that, and what others ask for."""
        mine: dict[Asked, _Flight] = {}
        theirs: list[_Flight] = []
        with self._lock:
            for question in wanted:
                flight, stale = self._flights.get(question), self._known.is_stale(question)
                if question in self._known and (not stale or (flight is not None and not patient)):
                    continue
                if flight is not None:
                    theirs.append(flight)
                else:
                    mine[question] = self._flights[question] = _Flight()
        return mine, theirs

    def _ask(self, questions: Collection[Asked], progress: Callable[[int, int], None] | None) -> dict[Asked, Answer]:
        tags = [question for question in questions if isinstance(question, TagsQuestion)]
        plain = [question for question in questions if isinstance(question, Question)]
        resolved = self.client.resolve_all(plain, progress=progress) if plain else {}
        listed = self.client.tags_all(tags) if tags else {}
        return dict(chain[tuple[Asked, Answer]](resolved.items(), listed.items()))

    def _keep(self, flights: Mapping[Asked, _Flight], answers: Mapping[Asked, Answer], time: float) -> None:
        with self._lock:
            now = self._clock.monotonic()
            for question, answer in answers.items():
                self._known.keep(question, answer, time, now, stale=flights[question].outdated)

    def _land(self, flights: Mapping[Asked, _Flight]) -> None:
        with self._lock:
            for question, flight in flights.items():
                self._flights.pop(question, None)
                flight.ended.set()
