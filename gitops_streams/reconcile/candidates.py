"""Which files of a snapshot a run has to look at: all, but for those that an earlier run saw to hold nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_streams.config import Settings
from gitops_streams.git.snapshot import Inventory
from gitops_streams.manifests.globs import matches_any
from gitops_streams.reconcile.memory import Blobs, Memory, Shortlist
from gitops_streams.reconcile.seen_blobs import SeenBlobs

ENOUGH = 10_000
"""Files of a repository from which on remembering pays."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The files of a snapshot that may be manifests, and what is remembered of them.

    Where git lists what it listed for the run that is remembered, the listing is not even taken apart: the few files
    that hold something stand in the memory, and git has named those that were touched since.
    """

    inventory: Inventory
    memory: Memory
    exclude: tuple[str, ...]
    """Globs of files that the configuration excludes."""

    @classmethod
    def of(cls, inventory: Inventory, memory: Memory, settings: Settings) -> Candidates:
        """Say what there is and what is remembered of it; small repositories are rather read than remembered."""
        return cls(inventory, memory if len(inventory) >= ENOUGH else Memory(), settings.exclude)

    def for_declarations(self) -> Blobs:
        """Return the files that may declare streams, sorted, each with the blob that it is known to hold."""
        if (shortlist := self._shortlist()) is not None:
            return self._included(self.inventory.files(shortlist.declaring))
        known = self.memory.blobs.undeclaring
        return {path: blob for path, blob in self._all().items() if blob not in known}

    def for_scan(self, scope: str) -> Blobs:
        """Return the files in which something may be found, sorted, each with the blob that it is known to hold.

        Args:
            scope: what is looked for (``memory.scope_of``).
        """
        if scope != self.memory.scope:
            return self._all()
        if (shortlist := self._shortlist()) is not None:
            found = {path: bytes.fromhex(blob) for path, blob in self.memory.outcomes}
            return self._included(self.inventory.files({**found, **shortlist.unscreened}))
        dropped = self.memory.blobs.dropped
        return {path: blob for path, blob in self._all().items() if blob not in dropped}

    def learn(
        self, scope: str, declaring: Collection[str], dropped: Collection[str], outcomes: Mapping[tuple[str, str], Any]
    ) -> None:
        """Remember what a scan of all that ``for_scan`` returned has seen, and forget what is gone.

        Args:
            scope: what was looked for.
            declaring: those of ``for_declarations`` that may indeed declare streams.
            dropped: those of ``for_scan`` that the byte screen dropped.
            outcomes: what was found in the others, frozen, by path and blob, as far as it can be kept.
        """
        memory, same = self.memory, scope == self.memory.scope
        if memory.file is None or (same and self._shortlist() is not None):
            return  # the same files as before: those that were touched are not remembered
        files = self._all()
        undeclaring = frozenset(blob for path, blob in files.items() if blob is not None and path not in declaring)
        screened = frozenset(blob for path in dropped if (blob := files[path]) is not None)
        kept = dict(outcomes)
        if same:
            screened |= memory.blobs.dropped.intersection(filter(None, files.values()))
            there = {key: value for key, value in memory.outcomes.items() if files.get(key[0]) == bytes.fromhex(key[1])}
            kept = there | kept
        blobs = SeenBlobs.of(undeclaring, screened)
        Memory(memory.file, blobs, scope, kept, shortlist=self._shortened(undeclaring, screened, kept)).keep()

    def _shortened(
        self,
        undeclaring: Collection[bytes | None],
        dropped: Collection[bytes | None],
        outcomes: Collection[tuple[str, str]],
    ) -> Shortlist | None:
        fingerprint = self.inventory.fingerprint
        if fingerprint is None:
            return None
        listed = self.inventory.listed()
        return Shortlist(
            fingerprint,
            {path: blob for path, blob in listed.items() if blob not in undeclaring},
            {
                path: blob
                for path, blob in listed.items()
                if blob not in dropped and (blob is None or (path, blob.hex()) not in outcomes)
            },
        )

    def _shortlist(self) -> Shortlist | None:
        shortlist = self.memory.shortlist
        return shortlist if shortlist is not None and shortlist.listing == self.inventory.fingerprint else None

    def _all(self) -> Blobs:
        return self._included(self.inventory.files())

    def _included(self, files: Blobs) -> Blobs:
        if not self.exclude:
            return files
        return {path: blob for path, blob in files.items() if not matches_any(self.exclude, path)}
