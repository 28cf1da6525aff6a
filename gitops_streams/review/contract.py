"""What a container gets from its image and offers through it: the fields that a reviewer has to look at.

Source: OCI image-spec ``config.md`` § Properties (``config``); Docker's ``Healthcheck`` beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from gitops_streams.oci.image import Config
from gitops_streams.review.delta import Difference
from gitops_streams.review.policy import EnvShown
from gitops_streams.review.secrecy import has_secret_name, is_secret, looks_secret, redacted

_ROOT = frozenset({"", "root", "0"})
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_MOST_LABELS = 100
_CUT = 300
"""Characters of a build instruction that are carried."""
_MOST_INSTRUCTIONS = 20


def contract(old: Config, new: Config, env: EnvShown) -> Iterator[Difference]:
    """Yield every difference of the contract, in a fixed order."""
    yield from _field("User", old.user, new.user)
    yield from _command("Entrypoint", old.entrypoint, new.entrypoint)
    yield from _command("Command", old.cmd, new.cmd)
    # Builders came to write out the default, "/", where older ones say nothing.
    if (old.workdir or "/") != (new.workdir or "/"):
        yield from _field("Working directory", old.workdir, new.workdir)
    yield from _members("Exposed port", map(_port, old.ports), map(_port, new.ports))
    yield from _members("Volume", old.volumes, new.volumes)
    yield from _field("Stop signal", old.stop_signal, new.stop_signal)
    if old.healthcheck != new.healthcheck:
        hidden = any(_tells_secret(tuple(_STRING.findall(side.healthcheck))) for side in (old, new))
        yield _difference("Health check", None, old.healthcheck or None, new.healthcheck or None, hidden=hidden)
    yield from _named("Environment", old.env, new.env, names_only=env is EnvShown.NAMES_ONLY)


def labels(configs: tuple[Config, Config]) -> tuple[tuple[Difference, ...], int]:
    """Return the labels that differ, by name, at most a hundred; and how many were left out."""
    old, new = configs
    found = tuple(_named("Label", old.labels, new.labels, names_only=False))
    return found[:_MOST_LABELS], max(0, len(found) - _MOST_LABELS)


def becomes_root(old: Config, new: Config) -> bool:
    """Whether the container runs as root from now on: no user means root."""
    return not _is_root(old.user) and _is_root(new.user)


def new_instructions(configs: tuple[Config, Config]) -> tuple[tuple[str, ...], int]:
    """Return the build instructions that the old image has not, secrets hidden; and how many were left out."""
    old, new = configs
    before: dict[str, int] = {}
    for text in old.history:
        before[_plain(text)] = before.get(_plain(text), 0) + 1
    found = []
    for text in map(_plain, new.history):
        if before.get(text, 0):
            before[text] -= 1
        elif text:
            found.append(text)
    kept = (redacted(text) for text in found[:_MOST_INSTRUCTIONS])
    return tuple(text if len(text) <= _CUT else f"{text[: _CUT - 1]}…" for text in kept), max(
        0, len(found) - _MOST_INSTRUCTIONS
    )


def _plain(instruction: str) -> str:
    """Return an instruction on one line, without what builders put around it."""
    text = " ".join(instruction.split())
    return text.removeprefix("/bin/sh -c #(nop) ").removesuffix("# buildkit").strip()


def _is_root(user: str) -> bool:
    return user.partition(":")[0] in _ROOT


def _port(port: str) -> str:
    """Write out the default protocol."""
    return port if "/" in port else f"{port}/tcp"


def _command(field: str, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Difference]:
    if old != new:
        hidden = _tells_secret(old) or _tells_secret(new)
        yield _difference(field, None, _words(old) or None, _words(new) or None, hidden=hidden)


def _tells_secret(words: tuple[str, ...]) -> bool:
    """Whether a command hands a secret over: ``--password x``, ``--token=x``, or one that is plain to see."""
    options = any(word.startswith("-") and has_secret_name(word) for word in words[:-1])
    return options or any(looks_secret(word) or redacted(word) != word for word in words)


def _words(words: tuple[str, ...]) -> str:
    return json.dumps(words, ensure_ascii=False, separators=(",", ":")) if words else ""


def _field(field: str, old: str, new: str) -> Iterator[Difference]:
    if old != new:
        yield _difference(field, None, old or None, new or None, hidden=looks_secret(old) or looks_secret(new))


def _members(field: str, old: Iterable[str], new: Iterable[str]) -> Iterator[Difference]:
    before, after = set(old), set(new)
    for name in sorted(before ^ after):
        yield Difference(field, name, name if name in before else None, name if name in after else None)


def _named(field: str, old: Mapping[str, str], new: Mapping[str, str], *, names_only: bool) -> Iterator[Difference]:
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        hidden = names_only or any(is_secret(name, value) for value in (before, after) if value is not None)
        yield _difference(field, name, before, after, hidden=hidden)


def _difference(field: str, name: str | None, old: str | None, new: str | None, *, hidden: bool) -> Difference:
    if hidden:
        old, new = (None if value is None else "" for value in (old, new))
    return Difference(field, name, old, new, hidden)
