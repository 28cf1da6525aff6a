"""Files in the user's cache directory: safe to delete, and believed only if nobody else can have written them.

A cache saves time and decides nothing that is written. Whatever is wrong with one, it is as if it were not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import stat
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

_log = logging.getLogger(__name__)

_MAGIC = b"gitops-streams cache 1\n"
_DIGEST = 32
MAX_BYTES = 64 * 1024 * 1024
"""A larger file is neither written nor read."""
_MAX_FILES = 32
"""Files in the directory; the least recently written go."""


def directory(environment: Mapping[str, str]) -> Path | None:
    """Return the user's cache directory for this program, by the platform's conventions; ``None`` without a home."""
    home = environment.get("HOME") or environment.get("USERPROFILE")
    base = environment.get("XDG_CACHE_HOME", "")
    if base and Path(base).is_absolute():
        return Path(base) / "gitops-streams"
    if sys.platform == "win32":
        local = environment.get("LOCALAPPDATA")
        return Path(local) / "gitops-streams" / "Cache" if local else None
    if not home or not Path(home).is_absolute():
        return None
    return Path(home) / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "gitops-streams"


def load(file: Path) -> bytes | None:
    """Return what was stored; ``None`` where nothing is, or nothing that can be believed."""
    try:
        if not _is_ours(file.parent.stat(follow_symlinks=False)):
            return None
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as opened:  # noqa: PTH123  it is a descriptor
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or not _is_ours(status) or status.st_size > MAX_BYTES:
                return None
            content = opened.read(MAX_BYTES + 1)
    except OSError:
        return None
    head = len(_MAGIC) + _DIGEST
    body = content[head:]
    if content[:head] != _MAGIC + hashlib.sha256(body).digest():
        return None
    return body


def store(file: Path, body: bytes) -> None:
    """Store, by one rename: a reader sees all of the old content or all of the new. A failure is no failure."""
    if len(body) > MAX_BYTES - _DIGEST - len(_MAGIC):
        return
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(file.parent.stat(follow_symlinks=False)):
            return
        descriptor, temporary = tempfile.mkstemp(prefix=".new-", dir=file.parent)
        try:
            with open(descriptor, "wb") as opened:  # noqa: PTH123  it is a descriptor
                opened.write(_MAGIC + hashlib.sha256(body).digest() + body)
            Path(temporary).replace(file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _tidy(file.parent)
    except OSError as error:
        _log.info("the cache %s is not written: %s", file, error.strerror)


def _is_ours(status: os.stat_result) -> bool:
    """Whether it belongs to this user, and nobody else may write it."""
    if sys.platform == "win32":
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _tidy(folder: Path) -> None:
    """Delete the files that were written longest ago, half-written ones of killed runs among them."""
    found = []
    for entry in folder.iterdir():
        with contextlib.suppress(OSError):
            found.append((entry.stat(follow_symlinks=False).st_mtime, entry))
    for _, entry in sorted(found, reverse=True)[_MAX_FILES:]:
        with contextlib.suppress(OSError):
            entry.unlink()
