"""Google's public keys, fetched in a thread of their own: whoever verifies a delivery looks into memory alone."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gitops_streams.registry.addresses import AddressRule, Reach
from gitops_streams.registry.messages import InvalidUrl, Request, Route, TransportError, parse_url
from gitops_streams.registry.tls import SYSTEM_TRUST, TlsChoice
from gitops_streams.registry.transport import SocketTransport
from gitops_streams.serve.logs import say
from gitops_streams.serve.senders.google_keys import GOOGLE_KEYS_URL, parse_keys

_log = logging.getLogger(__name__)
_MAX_AGE = re.compile(r"max-age=([0-9]{1,9})")
_SHORTEST, _LONGEST = 300.0, 86_400.0
"""Seconds for which keys are taken as good, whatever the answer says."""
_OVERDUE = 86_400.0
"""Seconds after which keys count no more that are no longer good and cannot be fetched again: one may be revoked."""
_RETRY = 60.0
"""Seconds after which keys are fetched again that could not be fetched, or where a key was asked for in vain."""
_CONNECT_TIMEOUT, _TIMEOUT = 5.0, 10.0
_MOST = 256 * 1024
_OK = 200


@dataclass(frozen=True, slots=True)
class _Held:
    """What was fetched last."""

    keys: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    until: float = 0.0


class PublishedKeys:
    """The keys (``senders.google_keys.JwtKeys``); nothing is fetched before ``start``.

    They are fetched over TLS and nothing else, through the environment's proxies by the same rules as registries;
    a redirect is not followed.

    Args:
        environment: names proxies and certificates, as for registries.
        url: where they are published.
        tls: whose certificates are trusted there.
        reach: the nearest address that may be connected to.
        clock: seconds that never run backwards.

    Raises:
        ValueError: ``url`` is not one of TLS.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        url: str = GOOGLE_KEYS_URL,
        *,
        tls: TlsChoice = SYSTEM_TRUST,
        reach: AddressRule = Reach.PRIVATE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        place = parse_url(url)
        if isinstance(place, InvalidUrl) or place.scheme != "https":
            raise ValueError("keys are fetched from an https URL")
        self._request = Request("GET", place, (("Accept", "application/json"),), max_body=_MOST)
        self._route = Route(tls, reach, _CONNECT_TIMEOUT, _TIMEOUT)
        self._transport = SocketTransport(environment)
        self._clock = clock
        self._held = _Held()
        self._wanted = threading.Condition()
        self._unknown = False
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="google keys", daemon=True)

    def find(self, key_id: str) -> Mapping[str, str] | None:
        """Return a key; one that is not known is looked for, and there when the delivery is sent again."""
        held = self._held
        found = held.keys.get(key_id) if self._clock() < held.until else None
        if found is None:
            with self._wanted:
                self._unknown = True
                self._wanted.notify_all()
        return found

    def start(self) -> None:
        """Begin to fetch."""
        self._thread.start()

    def stop(self) -> None:
        """Fetch no more; an answer is not waited for any longer, a connection for the seconds that it may take."""
        with self._wanted:
            self._stopped = True
            self._wanted.notify_all()
        self._transport.close()
        if self._thread.is_alive():
            self._thread.join(_TIMEOUT)

    def fetch(self) -> float:
        """Fetch the keys once; it raises nothing.

        Returns:
            The seconds for which they are good; those that are known stay where none can be fetched.
        """
        try:
            answer = self._transport.send(self._request, self._route)
        except TransportError as error:
            if not self._stopped:
                say(_log, logging.WARNING, "keys-not-fetched", str(error), url=str(self._request.url))
            return _RETRY
        found = parse_keys(answer.body) if answer.status == _OK else {}
        if not found:
            why = "the answer holds no keys" if answer.status == _OK else f"the answer is HTTP {answer.status}"
            say(_log, logging.WARNING, "keys-not-fetched", why, url=str(self._request.url))
            return _RETRY
        age = _MAX_AGE.search(answer.header("cache-control"))
        good = min(max(float(age[1]) if age is not None else _SHORTEST, _SHORTEST), _LONGEST)
        self._held = _Held(found, self._clock() + good + _OVERDUE)
        return good

    def _run(self) -> None:
        while True:
            began = self._clock()
            good_until = began + self.fetch()
            with self._wanted:
                self._unknown = False
                while not self._stopped:
                    now = self._clock()
                    # Forged deliveries name keys that nobody has: they cannot have us fetch more than once a minute.
                    until = min(good_until, began + _RETRY) if self._unknown else good_until
                    if now >= until:
                        break
                    self._wanted.wait(until - now)
                if self._stopped:
                    return
