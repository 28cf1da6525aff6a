"""One question to a registry, from the first request to the final answer: proof of identity, retries, redirects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitops_streams.oci.resolution import Cause, Unresolvable
from gitops_streams.registry import failures
from gitops_streams.registry.challenge import NoUsableChallenge
from gitops_streams.registry.messages import (
    Broken,
    InvalidUrl,
    Request,
    Response,
    TransportError,
    Url,
    parse_url,
)
from gitops_streams.registry.proof import NO_PROOF, NoCredential, Proof, Prover
from gitops_streams.registry.redact import one_line, redacted_url
from gitops_streams.registry.retry import patiently

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_streams.registry.hosts import RegistryHost
    from gitops_streams.registry.limits import Clock
    from gitops_streams.registry.messages import Transport

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 5
_UNAUTHORIZED = 401
_MAX_ERROR = 65536
_TRY_NEXT = frozenset({Broken.CONNECT, Broken.TLS, Broken.PROTOCOL, Broken.RESET, Broken.TIMEOUT, Broken.PROXY})


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked."""

    host: RegistryHost
    path: str
    """The repository's path: whose credential and scope count."""
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    subject: str
    """What is asked for, for messages."""
    max_body: int = _MAX_ERROR
    truncate: bool = False
    may_retry: Callable[[], bool] | None = field(default=None, repr=False)
    """Asked before each retry; false ends the call with what there is."""


@dataclass(slots=True)
class Answer:
    """The final answer to a call."""

    response: Response
    tried: str
    """Which credential source was used."""
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def refused(self, call: Call) -> Unresolvable:
        """Say what a status that is no success means."""
        return failures.refused(call.host.domain, self.response, call.subject, self.tried, self.secrets)


class _Led(TransportError):
    """A redirect led to a host that gave no answer."""

    def __init__(self, error: TransportError, place: str) -> None:
        super().__init__(error.kind, str(error))
        self.place = place


class Exchange:
    """Carries calls; safe to use from several threads."""

    def __init__(
        self,
        transport: Transport,
        prover: Prover,
        clock: Clock,
        tries: int,
        warn: Callable[[str], None],
    ) -> None:
        self._transport = transport
        self._prover = prover
        self._clock = clock
        self._tries = tries
        self._warn = warn

    def send(self, call: Call) -> Answer | Unresolvable:
        """Return the final answer, of whatever status (401 excepted), or why there is none."""
        learnt = renewed = False
        while True:
            proof = self._prover.proof(call.host, call.path)
            if isinstance(proof, Unresolvable):
                return proof
            response = self._deliver(call, proof)
            if isinstance(response, Unresolvable):
                return response
            answer = Answer(response, proof.tried, proof.secrets)
            if response.status != _UNAUTHORIZED:
                if proof.password:
                    call.host.accepted()
                return answer
            if not proof.authorization and not learnt:
                # The host's first request, or one without a credential: learn what it asks for, and go again.
                learnt = True
                refusal = self._learn(call, answer)
                if refusal is not None:
                    return refusal
            elif proof.authorization and not renewed and self._prover.renew(call.host, call.path, response, proof):
                renewed = True
            else:
                failure = answer.refused(call)
                if proof.password:
                    call.host.rejected(failure, self._clock.monotonic())
                return failure

    def _learn(self, call: Call, answer: Answer) -> Unresolvable | None:
        host = call.host
        headers = answer.response.headers.get("www-authenticate", [])
        if not headers and host.challenge is None:
            # gcr.io sends no challenge with some answers; the API's root has it.
            ping = self._deliver(Call(host, call.path, "GET", "/v2/", (), call.subject, truncate=True), NO_PROOF)
            if isinstance(ping, Unresolvable):
                return ping
            headers = ping.headers.get("www-authenticate", [])
        match self._prover.learn(host, call.path, headers):
            case None:
                return None
            case NoCredential():
                return answer.refused(call)
            case NoUsableChallenge() as challenge:
                schemes = ", ".join(one_line(scheme, 20) for scheme in challenge.schemes)
                asks = f"it asks only for {schemes}" if schemes else "it does not say what it asks for"
                reason = f"{host.domain}: 401 Unauthorized for {call.subject}, and {asks}"
                return Unresolvable(Cause.AUTHENTICATION, reason)

    def _deliver(self, call: Call, proof: Proof) -> Response | Unresolvable:
        host = call.host

        def attempt() -> Response | TransportError:
            while True:
                endpoint = host.endpoint
                try:
                    response = self._once(call, proof)
                except _Led as error:
                    return error
                except TransportError as error:
                    if error.kind in _TRY_NEXT and host.other_endpoint(endpoint):
                        continue
                    return error
                else:
                    return response

        def describe(outcome: Response | TransportError) -> Unresolvable:
            if isinstance(outcome, TransportError):
                return failures.no_answer(host.domain, outcome, via=outcome.place if isinstance(outcome, _Led) else "")
            return failures.refused(host.domain, outcome, call.subject, proof.tried, proof.secrets)

        return patiently(host.gate, self._clock, self._tries, attempt, describe, call.may_retry)

    def _once(self, call: Call, proof: Proof) -> Response:
        host = call.host
        url = host.url(call.target)
        headers = call.headers
        if proof.authorization:
            headers += (("Authorization", proof.authorization),)
        request = Request(call.method, url, headers, None, call.max_body, call.truncate)
        response = self._transport.send(request, host.route)
        host.answered(response.peer)
        if "warning" in response.headers:
            self._note_warning(host, response)
        if response.status in _REDIRECTS:
            return self._follow(call, headers, url, response)
        return response

    def _follow(self, call: Call, headers: tuple[tuple[str, str], ...], url: Url, response: Response) -> Response:
        """Follow redirects; a secret stays with its origin, and the address rule holds for every other host."""
        host, origin = call.host, url.origin
        for _ in range(_MAX_REDIRECTS):
            location = response.header("location")
            target = parse_url(location, url)
            if isinstance(target, InvalidUrl) or not location:
                why = target.reason if isinstance(target, InvalidUrl) else "it names no place"
                raise TransportError(Broken.UNSAFE, f"its redirect is not followed: {why}")
            if url.scheme == "https" and target.scheme == "http":
                raise TransportError(
                    Broken.UNSAFE, f"its redirect to {redacted_url(str(target))} leads from https to http"
                )
            if target.origin != origin:
                headers = tuple(header for header in headers if header[0] != "Authorization")
            url = target
            host.gate.count()
            try:
                request = Request(call.method, url, headers, None, call.max_body, call.truncate)
                response = self._transport.send(request, host.route_to(url))
            except TransportError as error:
                raise _Led(error, f"its redirect to {url.authority}") from None
            if response.status not in _REDIRECTS:
                if response.status == _UNAUTHORIZED and target.origin != origin:
                    refusal = TransportError(Broken.UNSAFE, "it asks for a credential of its own")
                    raise _Led(refusal, f"its redirect to {url.authority}")
                return response
        raise TransportError(Broken.UNSAFE, f"it redirects more than {_MAX_REDIRECTS} times")

    def _note_warning(self, host: RegistryHost, response: Response) -> None:
        for value in response.headers["warning"]:
            code, _, text = value.partition(" ")
            if code == "299":
                words = text.partition(" ")[2].strip().strip('"')
                self._warn(f"{host.domain} warns: {one_line(words)}")
