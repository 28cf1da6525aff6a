"""Google's public keys, fetched in a thread of their own: whoever verifies a delivery looks into memory alone."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping

import httpx

from gitops_streams.serve.logs import say
from gitops_streams.serve.senders.google_keys import GOOGLE_KEYS_URL, parse_keys

_log = logging.getLogger(__name__)
_MAX_AGE = re.compile(r"max-age=([0-9]{1,9})")
_SHORTEST, _LONGEST = 300.0, 86_400.0
"""Seconds for which keys are taken as good, whatever the answer says."""
_RETRY = 60.0
"""Seconds after which keys are fetched again that could not be fetched, or where a key was asked for in vain."""
_TIMEOUT = 10.0
_MOST = 256 * 1024


class PublishedKeys:
    """The keys (``senders.google_keys.JwtKeys``); nothing is fetched before ``start``.

    Args:
        url: where they are published.
        clock: seconds that never run backwards.
    """

    def __init__(self, url: str = GOOGLE_KEYS_URL, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._keys: Mapping[str, Mapping[str, str]] = {}
        self._wanted = threading.Condition()
        self._unknown = False
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="google keys", daemon=True)

    def find(self, key_id: str) -> Mapping[str, str] | None:
        """Return a key; one that is not known is looked for, and there when the delivery is sent again."""
        found = self._keys.get(key_id)
        if found is None:
            with self._wanted:
                self._unknown = True
                self._wanted.notify_all()
        return found

    def start(self) -> None:
        """Begin to fetch."""
        self._thread.start()

    def stop(self) -> None:
        """Fetch no more."""
        with self._wanted:
            self._stopped = True
            self._wanted.notify_all()
        if self._thread.is_alive():
            self._thread.join(_TIMEOUT)

    def fetch(self) -> float:
        """Fetch the keys once.

        Returns:
            The seconds for which they are good; those that are known stay where none can be fetched.
        """
        try:
            with httpx.Client(timeout=_TIMEOUT) as client, client.stream("GET", self._url) as answer:
                content = b""
                for part in answer.iter_bytes():
                    content += part
                    if len(content) > _MOST:
                        break
                found = parse_keys(content) if answer.status_code == httpx.codes.OK else {}
                age = _MAX_AGE.search(answer.headers.get("cache-control", ""))
        except httpx.HTTPError as error:
            say(_log, logging.WARNING, "keys-not-fetched", type(error).__name__, url=self._url)
            return _RETRY
        if not found:
            say(_log, logging.WARNING, "keys-not-fetched", "the answer holds no keys", url=self._url)
            return _RETRY
        self._keys = found
        return min(max(float(age[1]) if age is not None else _SHORTEST, _SHORTEST), _LONGEST)

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
