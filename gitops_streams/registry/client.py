"""The registry client: many questions in, one answer each, whatever happens to the others."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Self

from gitops_streams import __version__
from gitops_streams.oci.resolution import Cause, Question, Resolution, TagsQuestion, Unresolvable
from gitops_streams.registry import lanes
from gitops_streams.registry.content import Contents
from gitops_streams.registry.credentials import CredentialStore
from gitops_streams.registry.exchange import Exchange
from gitops_streams.registry.flight import SingleFlight
from gitops_streams.registry.known_hosts import KnownHosts
from gitops_streams.registry.limits import Clock, RateLimit, SystemClock
from gitops_streams.registry.proof import Prover
from gitops_streams.registry.resolve import Resolver
from gitops_streams.registry.settings import RegistrySettings
from gitops_streams.registry.tokens import TokenService
from gitops_streams.registry.transport import SocketTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    import httpx

    from gitops_streams.oci.image import ImagePair, InspectedPair
    from gitops_streams.oci.reference import Repository
    from gitops_streams.registry.hosts import RegistryHost
    from gitops_streams.registry.inspect import Inspector
    from gitops_streams.registry.lookup import Place
    from gitops_streams.registry.messages import Transport
    from gitops_streams.registry.tags import TagList
    from gitops_streams.registry.transport import Resolver as NameResolver

_USER_AGENT = f"gitops-streams/{__version__}"
_MOST_WARNINGS = 1000
"""Lines that are kept: registries choose their words, and a service lives long."""


class RegistryClient:
    """Asks registries; a context manager, safe to use from several threads.

    Args:
        settings: what the user has set.
        environment: the environment variables to read (credentials' places, proxies, certificates).
        home: the user's home folder.
        clock: time for pauses and token lives; real by default.
        transport: carries all requests in place of our own connections; address rules are then its business.
        resolver: turns names into IP addresses; the system's by default.
    """

    def __init__(
        self,
        settings: RegistrySettings,
        environment: Mapping[str, str],
        home: Path,
        *,
        clock: Clock | None = None,
        transport: httpx.BaseTransport | None = None,
        resolver: NameResolver | None = None,
    ) -> None:
        system_clock = SystemClock()
        self._stop = system_clock.stop
        clock = clock or system_clock
        self._transport = _transport(transport, environment, resolver)
        self._credentials = CredentialStore(settings, environment, home)
        self._lock = threading.Lock()
        self._hosts = KnownHosts(settings, clock)
        self._warnings: dict[str, None] = {}
        tokens = TokenService(self._transport, self._hosts.token_gate, clock, settings.tries)
        prover = Prover(self._credentials, tokens, clock)
        self._exchange = Exchange(self._transport, prover, clock, settings.tries, self.warn)
        self._contents = Contents(self._exchange, settings, _USER_AGENT)
        self._resolver = Resolver(self._exchange, self._contents)
        self._flights: SingleFlight[Question, Resolution] = SingleFlight()
        self._inspector: Inspector | None = None

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the client."""
        self.close()

    def close(self) -> None:
        """Close all connections; requests under way end as ``Unresolvable``."""
        self._stop.set()
        self._transport.close()

    @property
    def requests(self) -> int:
        """The HTTP requests that were sent to registries, retries included."""
        return self._hosts.requests

    @property
    def requests_by_host(self) -> dict[str, int]:
        """The same by registry (``docker.io``)."""
        return self._hosts.requests_by_host

    @property
    def token_requests(self) -> int:
        """The HTTP requests that were sent to token servers."""
        return self._hosts.token_requests

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know though nothing failed for it: one line each, every line once."""
        return (*dict.fromkeys(self._credentials.warnings), *self._warnings)

    def rate_limit(self, domain: str) -> RateLimit | None:
        """Return what a registry (``docker.io``) last said about its quota."""
        return self._hosts.rate_limit(domain)

    def reopen(self, domain: str) -> None:
        """Ask a registry again at once that is left alone since it failed; to be called at a sign that it works."""
        self._hosts.reopen(domain)

    def resolve(self, question: Question) -> Resolution:
        """Answer one question; equal ones that are under way in other threads share the answer."""
        return self._flights.do(question, lambda: self._answer(question))

    def resolve_all(
        self, questions: Iterable[Question], *, progress: Callable[[int, int], None] | None = None
    ) -> dict[Question, Resolution]:
        """Answer all questions, each distinct one once; never raises because of one of them.

        Every host has its own threads, so that one which stalls delays nobody else.

        Args:
            questions: what to ask; duplicates are welcome.
            progress: called in this thread, now and then, with how many of how many are answered.

        Returns:
            The answer to each distinct question, in the order in which they were first asked.
        """
        asked = list(dict.fromkeys(questions))
        answers: dict[Question, Resolution] = {}
        mine = [
            lanes.Lane(host.domain, host.settings.concurrency, works, partial(self._work, host), answers)
            for host, works in self._grouped(asked)
        ]
        if progress is None:
            lanes.run(mine, None, self.close)
        else:
            lanes.run(mine, lambda: progress(len(answers), len(asked)), self.close)
            progress(len(asked), len(asked))
        return {question: answers[question] for question in asked}

    def inspect_all(
        self,
        pairs: Iterable[ImagePair],
        *,
        requests_per_image: int = 6,
        progress: Callable[[int, int], None] | None = None,
    ) -> dict[ImagePair, InspectedPair]:
        """Read what changed images say of themselves, old and new; never raises because of one of them.

        At most ``requests_per_image`` requests for each distinct pair are sent, all pairs' together: retries
        count; tokens, the hop of a redirect, and the one request by which a host tells how it wants to be asked
        do not. What was not looked at is unknown, and the image's notes say so. Call it from one thread at a time.

        Args:
            pairs: what to inspect; duplicates are welcome.
            requests_per_image: 0 looks at nothing.
            progress: called in this thread, now and then, with how many requests are answered and how many there
                are so far; what is found leads to more.

        Returns:
            What was learnt about each distinct pair, in the order in which they were first given.
        """
        return self._inspecting().inspect_all(pairs, requests_per_image, progress)

    def tags(self, repository: Repository, *, insecure: bool = False) -> TagList | Unresolvable:
        """List all tags of a repository, sorted by code point."""
        from gitops_streams.registry.tags import list_tags  # noqa: PLC0415  few stream tags need a list

        host = self._hosts.of(repository, insecure=insecure)
        return list_tags(self._exchange, host, repository, _USER_AGENT)

    def tags_all(self, questions: Iterable[TagsQuestion]) -> dict[TagsQuestion, TagList | Unresolvable]:
        """List the tags of several repositories, each distinct one once; never raises because of one of them.

        Returns:
            The answer to each distinct question, in the order in which they were first asked.
        """
        asked = list(dict.fromkeys(questions))
        by_host: dict[RegistryHost, list[list[TagsQuestion]]] = {}
        for question in asked:
            host = self._hosts.of(question.repository, insecure=question.insecure)
            by_host.setdefault(host, []).append([question])
        answers: dict[TagsQuestion, TagList | Unresolvable] = {}
        mine = [
            lanes.Lane(host.domain, host.settings.concurrency, works, partial(self._list, host), answers)
            for host, works in by_host.items()
        ]
        lanes.run(mine, None, self.close)
        return {question: answers[question] for question in asked}

    def dates_all(self, images: Iterable[ImagePair]) -> dict[ImagePair, datetime | Unresolvable | None]:
        """Read when images were created, as they say themselves; never raises because of one of them.

        Costs a manifest and a configuration for each distinct image, and one more manifest for an index; what a
        digest names is read once in the client's life. Call it from one thread at a time.

        Args:
            images: the images as pairs without an old one; a date is that of their platform.

        Returns:
            The date of each distinct image: ``None`` where it says none, or it is no image; or why it cannot be read.
        """
        return self._inspecting().dates_all(images)

    def _inspecting(self) -> Inspector:
        if self._inspector is None:
            # Resolving alone, which is the most frequent job, does not pay for it.
            from gitops_streams.registry.inspect import Inspector  # noqa: PLC0415
            from gitops_streams.registry.lookup import Looker  # noqa: PLC0415

            self._inspector = Inspector(Looker(self._exchange, self._contents), self._host_of, self.close)
        return self._inspector

    def _list(self, host: RegistryHost, questions: list[TagsQuestion]) -> dict[TagsQuestion, TagList | Unresolvable]:
        from gitops_streams.registry.tags import list_tags  # noqa: PLC0415  as above

        (question,) = questions
        try:
            return {question: list_tags(self._exchange, host, question.repository, _USER_AGENT)}
        except Exception as error:  # noqa: BLE001 - as for `_work`
            return {question: _broken(question.repository, error, f"the tags of {question.repository}")}

    def _answer(self, question: Question) -> Resolution:
        host = self._hosts.of(question.repository, insecure=question.insecure)
        return self._work(host, [question])[question]

    def _work(self, host: RegistryHost, questions: list[Question]) -> dict[Question, Resolution]:
        """Answer questions about one tag, which differ in the platform."""
        first = questions[0]
        platforms = tuple(question.platform for question in questions)
        try:
            found = self._resolver.resolve(host, first.repository, first.tag, platforms)
        except Exception as error:  # noqa: BLE001 - a bug met by one question must not lose the others' answers
            found = dict.fromkeys(platforms, _broken(first.repository, error, str(first)))
        return {question: found[question.platform] for question in questions}

    def _grouped(self, asked: list[Question]) -> list[tuple[RegistryHost, list[list[Question]]]]:
        """Sort questions by host, and make one piece of work of those that differ in the platform only."""
        works: dict[tuple[RegistryHost, Repository, str], list[Question]] = {}
        for question in asked:
            host = self._hosts.of(question.repository, insecure=question.insecure)
            works.setdefault((host, question.repository, question.tag), []).append(question)
        by_host: dict[RegistryHost, list[list[Question]]] = {}
        for (host, _, _), group in works.items():
            by_host.setdefault(host, []).append(group)
        return list(by_host.items())

    def _host_of(self, place: Place) -> RegistryHost:
        return self._hosts.of(place.repository, insecure=place.insecure)

    def warn(self, line: str) -> None:
        """Note what the user should know: one line."""
        with self._lock:
            if len(self._warnings) < _MOST_WARNINGS:
                self._warnings[line] = None


def _broken(repository: Repository, error: Exception, what: str) -> Unresolvable:
    """Say that a bug was met. Only its type is told: a message or traceback might hold what was sent."""
    return Unresolvable(
        Cause.BAD_ANSWER,
        f"{repository.domain}: internal error ({type(error).__name__}) for {what}",
        "this is a bug of gitops-streams; please report it",
    )


def _transport(
    given: httpx.BaseTransport | None, environment: Mapping[str, str], resolver: NameResolver | None
) -> Transport:
    if given is None:
        return SocketTransport(environment, resolver=resolver)
    from gitops_streams.registry.httpx_transport import HttpxTransport  # noqa: PLC0415 - 100 ms, for a seam

    return HttpxTransport(given)
