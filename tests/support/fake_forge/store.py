"""Everything that one forge remembers; every dialect reads and writes this one store."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from fake_forge.accounts import Account, Token
from fake_forge.pull import Pull
from fake_forge.repository import Repository

_START = int(datetime(2026, 11, 20, 8, tzinfo=UTC).timestamp())


class Store:
    """Everything of one forge. Hold ``lock`` while reading several things or writing any."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        """Scheme and host, once the server listens."""
        self.lock = threading.RLock()
        self.repositories: list[Repository] = []
        self.renamed: dict[str, Repository] = {}
        self.tokens: dict[str, Token] = {}
        self.accounts: dict[str, Account] = {}
        self.list_lag = 0
        """From how many lists a pull request is absent after its creation."""
        self.push_dismisses_approvals = True
        self._ids = 0
        self._clock = _START

    def now(self) -> int:
        """Return seconds since the epoch; every call is a second later, so that commits differ."""
        with self.lock:
            self._clock += 1
            return self._clock

    def next_id(self) -> int:
        """Return a number that nothing has yet."""
        with self.lock:
            self._ids += 1
            return 1000 + self._ids

    def path_of(self, full_name: str) -> Path:
        """Return where a repository's objects are."""
        return self.folder / f"{full_name}.git"

    def account(self, login: str, kind: str = "User") -> Account:
        """Return an account, which is made if there is none of the name."""
        with self.lock:
            if login not in self.accounts:
                self.accounts[login] = Account(login, self.next_id(), kind)
            return self.accounts[login]

    def repository(self, full_name: str) -> Repository | None:
        """Find a repository by its present name, whatever the case."""
        wanted = full_name.lower()
        return next((found for found in self.repositories if found.full_name.lower() == wanted), None)

    def visible(self, pulls: Iterable[Pull]) -> list[Pull]:
        """Leave out pull requests that lists do not show yet, and count the list."""
        shown = []
        for pull in pulls:
            if pull.lists_to_miss > 0:
                pull.lists_to_miss -= 1
            else:
                shown.append(pull)
        return shown

    def timestamp(self, when: int) -> str:
        """Write a time as forges do."""
        return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
