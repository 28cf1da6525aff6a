"""Sends one request to a forge until it is answered for good: retries, rate limits, redirects, pages, and no leaks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import NoReturn
from urllib.parse import quote, urlsplit

import httpx

from gitops_streams.errors import ForgeError
from gitops_streams.forges.http.answers import Answer, complaint
from gitops_streams.forges.http.authorization import Authorization
from gitops_streams.forges.http.connection import CHECK_URL, Connection, NoAnswer, Outgoing
from gitops_streams.forges.http.dialect import Dialect
from gitops_streams.forges.http.known_answers import KnownAnswers
from gitops_streams.forges.http.pages import Params, link_next
from gitops_streams.forges.http.patience import Clock, Pacer, Patience, SystemClock, limited, pause
from gitops_streams.forges.http.redirects import MOVED, redirected
from gitops_streams.forges.http.refusal import (
    AnswerLost,
    ForgeRefused,
    ForgeUnreachable,
    RateLimited,
    Refusal,
    printable,
)
from gitops_streams.forges.settings import ForgeSettings

_TRIES = 4
_REDIRECTS = 5
_PAGES = 100
_UNAUTHORIZED = 401
_BROKEN = frozenset({408, 500, 502, 503, 504})
_HINTS = {
    _UNAUTHORIZED: "the token is not valid (any more): make a new one",
    403: "the token lacks a permission",
    404: "check forge.repository; a forge says so too where the token may not see the repository",
}


class ForgeClient:
    """Talks to one forge's API with one credential; used by one thread at a time."""

    def __init__(
        self,
        api_url: str,
        authorization: Authorization | None,
        dialect: Dialect,
        settings: ForgeSettings | None = None,
        *,
        clock: Clock | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Prepare to talk; nothing is sent yet.

        Args:
            api_url: what all paths follow; without user information.
            authorization: the credential, which is sent to this URL's origin only; ``None`` asks anonymously.
            dialect: the forge's manners.
            settings: for ``timeout``, ``deadline`` and ``ca_file``; the rest is not looked at.
            clock: the time; real by default.
            transport: carries the requests in place of sockets and proxies, for tests.

        Raises:
            ForgeError: the CA file or the environment's proxy cannot be used.
        """
        self.requests = 0
        """HTTP requests sent so far, retries included."""
        self.api_url = api_url.rstrip("/")
        self.dialect = dialect
        self._authorization = authorization
        settings = settings or ForgeSettings()
        self._clock = clock or SystemClock()
        self._patience = Patience(self._clock, settings.deadline)
        self._pacer = Pacer(self._clock, dialect.change_pause)
        self._known = KnownAnswers()
        self._connection = Connection(
            dialect.name,
            tls=self.api_url.startswith("https:"),
            ca_file=settings.ca_file,
            timeout=settings.timeout,
            clock=self._clock,
            transport=transport,
        )

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def get(self, path: str, *, doing: str, params: Params | None = None) -> Answer:
        """Read something; repeated where no answer came."""
        return self.send("GET", path, doing=doing, params=params, repeatable=True, changes=False)

    def post(self, path: str, body: object = None, *, doing: str, repeatable: bool = False) -> Answer:
        """Make something."""
        return self.send("POST", path, doing=doing, body=body, repeatable=repeatable)

    def put(self, path: str, body: object = None, *, doing: str, repeatable: bool = False) -> Answer:
        """Replace something."""
        return self.send("PUT", path, doing=doing, body=body, repeatable=repeatable)

    def patch(self, path: str, body: object = None, *, doing: str, repeatable: bool = False) -> Answer:
        """Change something."""
        return self.send("PATCH", path, doing=doing, body=body, repeatable=repeatable)

    def delete(self, path: str, body: object = None, *, doing: str, repeatable: bool = False) -> Answer:
        """Remove something."""
        return self.send("DELETE", path, doing=doing, body=body, repeatable=repeatable)

    def pages(self, path: str, *, doing: str, params: Params | None = None) -> Iterator[Answer]:
        """Read a list page by page, as its ``Link: <…>; rel="next"`` says (RFC 8288).

        Only the parameters of that link are used: where it leads is ours to say.
        """
        return self.pages_by(path, doing=doing, params=params, following=link_next)

    def pages_by(
        self,
        path: str,
        *,
        doing: str,
        following: Callable[[Answer, Params], Params | None],
        params: Params | None = None,
    ) -> Iterator[Answer]:
        """Read a list page by page.

        Args:
            path: of the list.
            doing: for people.
            following: makes the parameters of the next page from a page and its own; ``None`` ends.
            params: of the first page.

        Raises:
            ForgeError: a page could not be read, or there are more than 100.
        """
        now: Params = dict(params or {})
        for _ in range(_PAGES):
            answer = self.get(path, doing=doing, params=now)
            yield answer
            then = following(answer, now)
            if then is None or dict(then) == dict(now):
                return
            now = then
        raise ForgeError(f"{self.dialect.name}: {doing} takes more than {_PAGES} pages")

    def send(
        self,
        method: str,
        path: str,
        *,
        doing: str,
        params: Params | None = None,
        body: object = None,
        repeatable: bool = False,
        changes: bool = True,
    ) -> Answer:
        """Send a request until it is answered for good.

        Args:
            method: the HTTP method.
            path: below the API's URL, each foreign part of it quoted (``segment``); or a whole URL, which must come
                from the configuration: the credential is sent there.
            doing: what this is for, to be read in errors: ``opening the pull request``.
            params: the query.
            body: a JSON value; ``None`` sends no body.
            repeatable: whether it may be sent again where nobody knows if it was carried out.
            changes: whether it changes something, which is done with pauses in between.

        Returns:
            The answer, whose status is 2xx.

        Raises:
            ForgeRefused: the forge said no.
            RateLimited: the forge wants a longer pause than this run may make.
            AnswerLost: it may have been carried out or not, and is not repeatable.
            ForgeUnreachable: no usable answer came, or no answer at all.
        """
        url = path if "://" in path else self.api_url + path
        if params:
            url = str(httpx.URL(url).copy_merge_params({name: str(value) for name, value in params.items()}))
        asked = Outgoing(method, url, doing, None if body is None else json.dumps(body).encode(), repeatable)
        if not changes:
            return self._patiently(asked)
        self._pacer.wait()
        try:
            return self._patiently(asked)
        finally:
            self._pacer.done()

    def wait(self, seconds: float) -> bool:
        """Wait for the forge to learn of something, within the same bound; ``False`` where that is used up."""
        return self._patience.wait(seconds)

    def wait_for_limit(self, doing: str, answer: Answer, said: str, attempt: int) -> None:
        """Wait as an answer that means "too fast" asks.

        Args:
            doing: for people.
            answer: the answer.
            said: the forge's own words, printable.
            attempt: how often this was asked for, from 1.

        Raises:
            RateLimited: that is longer than this run may wait.
        """
        seconds = pause(answer.headers, self._clock.time(), attempt)
        if not self._patience.wait(seconds):
            words = f": {said}" if said else ""
            raise RateLimited(
                f"{self.dialect.name}: {doing} is rate limited for {seconds:.0f} s more{words}",
                hint="run again after that, run less often, or raise forge.deadline",
            )

    def printable(self, text: object) -> str:
        """Return hostile text as one printable line without our credential."""
        return printable(text, secrets=self._authorization.secrets() if self._authorization is not None else ())

    def _patiently(self, asked: Outgoing) -> Answer:
        renewed = False
        attempt = 0
        while True:
            attempt += 1
            start = self._clock.monotonic()
            outcome = self._follow(asked)
            if isinstance(outcome, NoAnswer):
                self._patience.spend(self._clock.monotonic() - start)
                self._after_silence(asked, outcome, attempt)
            elif outcome.status in range(200, 300):
                return outcome
            elif outcome.status == _UNAUTHORIZED and not renewed and self._renew():
                renewed = True
            else:
                self._after_no(asked, outcome, attempt)

    def _after_silence(self, asked: Outgoing, outcome: NoAnswer, attempt: int) -> None:
        """Return where it is worth another try."""
        if not (outcome.unsent or asked.repeatable):
            self._lost(asked, outcome.why)
        if not outcome.passing or not self._rest(attempt):
            raise ForgeUnreachable(f"{self.dialect.name}: {asked.doing} failed: {outcome.why}", hint=outcome.hint)

    def _after_no(self, asked: Outgoing, answer: Answer, attempt: int) -> None:
        """Return where it is worth another try."""
        said = self._said(answer)
        if limited(answer.status, answer.headers, said):
            self.wait_for_limit(asked.doing, answer, said, attempt)
        elif answer.status not in _BROKEN:
            self._refuse(asked, answer, said)
        elif not asked.repeatable:
            self._lost(asked, f"the answer was HTTP {answer.status} {said}".rstrip())
        elif not self._rest(attempt):
            self._refuse(asked, answer, said)

    def _rest(self, attempt: int) -> bool:
        return attempt < _TRIES and self._patience.wait(2.0 ** (attempt - 1))

    def _follow(self, asked: Outgoing) -> Answer | NoAnswer:
        url = asked.url
        for _ in range(_REDIRECTS):
            outcome = self._once(asked, url)
            if isinstance(outcome, NoAnswer) or outcome.status not in MOVED:
                return outcome
            url = redirected(self.dialect.name, asked, url, outcome)
        raise ForgeUnreachable(f"{self.dialect.name}: {asked.doing} is redirected without end", hint=CHECK_URL)

    def _once(self, asked: Outgoing, url: str) -> Answer | NoAnswer:
        headers = {"Accept": "application/json", "User-Agent": "gitops-streams", **self.dialect.headers}
        if asked.content is not None:
            headers["Content-Type"] = "application/json"
        if asked.method == "GET":
            headers.update(self._known.condition(url))
        if self._authorization is not None:
            headers.update(self._authorization.headers())
        self.requests += 1
        outcome = self._connection.send(asked, url, headers)
        if isinstance(outcome, Answer) and asked.method == "GET":
            return self._known.settle(url, outcome)
        return outcome

    def _renew(self) -> bool:
        return self._authorization is not None and self._authorization.renew()

    def _said(self, answer: Answer) -> str:
        return self.printable(complaint(answer.body))

    def _lost(self, asked: Outgoing, why: str) -> NoReturn:
        raise AnswerLost(
            f"{self.dialect.name}: {asked.doing} may have failed: {why}", hint="run again: what is there is kept"
        )

    def _refuse(self, asked: Outgoing, answer: Answer, said: str) -> NoReturn:
        path = printable(urlsplit(asked.url).path)
        refusal = Refusal(asked.doing, asked.method, path, answer.status, said, answer.headers)
        words = f": {said}" if said else ""
        raise ForgeRefused(
            f"{self.dialect.name}: {asked.doing} failed (HTTP {answer.status}){words}",
            refusal,
            hint=self.dialect.hint(refusal) or _HINTS.get(answer.status),
        )


def segment(text: str) -> str:
    """Return foreign text quoted as one segment of a path, slashes included."""
    return quote(text, safe="")
