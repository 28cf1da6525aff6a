"""Reads the configuration file of ``serve``, with the same care as a repository's own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gitops_streams.config.parse import checked
from gitops_streams.errors import ConfigError
from gitops_streams.serve.senders.options import Options
from gitops_streams.serve.settings import (
    DOCUMENTATION,
    GitCredential,
    ReceiverSettings,
    SecretPlace,
    ServedRepository,
    ServeSettings,
)

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"([0-9]{1,7})(ms|s|m|h|d)")
_UNNAMEABLE = re.compile(r"[^A-Za-z0-9._-]+")
_HELPER = re.compile(r"[A-Za-z0-9+.-]+::")
"""A URL that names one of git's helpers, some of which run what it says (``ext::``)."""
_OF_CLONES = frozenset({"push", "pull-request"})
_MOST_PORT = 65535


def parse(content: bytes, name: str, root: Path) -> ServeSettings:
    """Read a configuration file.

    Args:
        content: the file's bytes.
        name: how messages call the file.
        root: what relative paths in it are relative to.

    Raises:
        ConfigError: the file cannot be used.
    """
    document = checked(content, name, "serve", DOCUMENTATION)
    if document is None:
        raise ConfigError(f"{name}:1: the top level: repositories is missing", hint=DOCUMENTATION)
    try:
        return with_names(_settings(document, root))
    except ConfigError as error:
        raise ConfigError(f"{name}: {error.message}", hint=DOCUMENTATION) from error


def seconds(text: str) -> float | None:
    """Read ``15m``, ``90s``, ``1h``, ``500ms`` as seconds; ``None`` where it is nothing like it, or nothing at all."""
    found = _DURATION.fullmatch(text)
    return int(found[1]) * _UNITS[found[2]] or None if found is not None else None


def address(text: str) -> tuple[str, int]:
    """Read ``host:port``; the brackets of an IPv6 address are taken off.

    Raises:
        ConfigError: it is no address.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > _MOST_PORT:
        raise ConfigError(f"{text[:60]!r} is no address", hint="write HOST:PORT, such as 127.0.0.1:8080 or [::]:8080")
    return host.removeprefix("[").removesuffix("]"), int(port)


def with_names(settings: ServeSettings) -> ServeSettings:
    """Check what no schema can: names are unique, places fit what is published.

    Raises:
        ConfigError: they are not, or do not.
    """
    for what, names in (
        ("repositories", Counter(repository.name for repository in settings.repositories)),
        ("receivers", Counter(receiver.name for receiver in settings.receivers)),
    ):
        for name, times in names.items():
            if times > 1:
                raise ConfigError(f"{what}: {times} are named {name!r}; give each a name of its own")
    for repository in settings.repositories:
        for fault in _faults(repository):
            raise ConfigError(f"repositories: {repository.name}: {fault}")
    return settings


def named_for(place: str) -> str:
    """Name a repository for its place: the last part of it."""
    last = place.rstrip("/").removesuffix("/.git").replace(":", "/").rpartition("/")[2].removesuffix(".git")
    return _UNNAMEABLE.sub("-", last).strip("-._")[:63] or "repository"


def _faults(repository: ServedRepository) -> Iterator[str]:
    if repository.url is None:
        if repository.credential is not None:
            yield "credential is for a url; a clone on this machine signs in as git is set up to"
        return
    url = repository.url
    if url.startswith("-") or any(ord(character) <= ord(" ") for character in url) or _HELPER.match(url):
        yield "url is no clone URL"
        return
    try:
        parts = urlsplit(url)
        password, scheme = parts.password, parts.scheme
    except ValueError:
        yield "url is no clone URL"
        return
    if password is not None:
        yield "url holds a password; use credential, which names where one stands"
    if repository.credential is not None and scheme not in {"http", "https"}:
        yield "credential is for https URLs; SSH has its own keys"
    if repository.publish not in _OF_CLONES:
        yield f"publish: {repository.publish} needs a path; a url takes push or pull-request"


def _settings(document: Mapping[str, Any], root: Path) -> ServeSettings:
    default = ServeSettings(())
    host, port = address(document.get("listen", f"{default.host}:{default.port}"))
    state, page = document.get("stateDirectory"), document.get("page", {})
    return ServeSettings(
        repositories=tuple(_repository(each, root) for each in document["repositories"]),
        host=host,
        port=port,
        public_url=document.get("publicUrl"),
        interval=_duration(document, "interval", default.interval),
        jitter=document.get("jitter", default.jitter),
        workers=document.get("workers", default.workers),
        concurrency=document.get("concurrency", default.concurrency),
        stop_timeout=_duration(document, "stopTimeout", default.stop_timeout),
        state_directory=None if state is None else _path(state, root),
        receivers=tuple(_receiver(each, root) for each in document.get("receivers", ())),
        page_token=_place(page, "tokenEnv", "tokenFile", root) if page else None,
    )


def _duration(document: Mapping[str, Any], key: str, default: float) -> float:
    text = document.get(key)
    found = default if text is None else seconds(text)
    if found is None:
        raise ConfigError(f"{key}: it must be more than nothing")
    return found


def _repository(document: Mapping[str, Any], root: Path) -> ServedRepository:
    path, url, credential = document.get("path"), document.get("url"), document.get("credential")
    place = None if path is None else _path(path, root)
    return ServedRepository(
        name=document.get("name") or named_for(str(place or url)),
        url=url,
        path=place,
        branch=document.get("branch"),
        publish=document.get("publish", "push"),
        credential=None if credential is None else _credential(credential, root),
    )


def _credential(document: Mapping[str, Any], root: Path) -> GitCredential:
    place, username = _place(document, "passwordEnv", "passwordFile", root), document.get("username")
    return GitCredential(place) if username is None else GitCredential(place, username)


def _receiver(document: Mapping[str, Any], root: Path) -> ReceiverSettings:
    known = ("host", "template", "header", "username", "audience", "email")
    options: dict[str, Any] = {key: document[key] for key in known if key in document}
    if "repositories" in document:
        options["repositories"] = dict(document["repositories"])
    return ReceiverSettings(
        name=document["name"],
        sender=document["sender"],
        secrets=(
            *(SecretPlace(env=name) for name in document.get("secretEnv", ())),
            *(SecretPlace(file=path) for path in _paths(document.get("secretFile", ()), root)),
        ),
        options=Options(**options),
        allow_unauthenticated=document.get("allowUnauthenticated", False),
    )


def _place(document: Mapping[str, Any], env: str, file: str, root: Path) -> SecretPlace:
    path = document.get(file)
    return SecretPlace(document.get(env), None if path is None else _path(path, root))


def _paths(texts: Iterable[str], root: Path) -> Iterator[Path]:
    return (_path(text, root) for text in texts)


def _path(text: str, root: Path) -> Path:
    return root / Path(text).expanduser()
