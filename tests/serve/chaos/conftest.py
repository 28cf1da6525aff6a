"""How much is done: a little in every run of the tests, all of it in ``make soak``."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from serve_storm import RECEIVERS, SECRET
from serve_world import Fleet

from gitops_streams.demo.images import Image
from gitops_streams.demo.registry import Registry

# Read once, before the environment is emptied for each test.
_WHOLE = int(os.environ.get("GITOPS_STREAMS_SOAK_SERVE") or 0)


@pytest.fixture
def whole() -> int:
    """0, or how many passes a long run has: then everything is done, and figures are printed."""
    return _WHOLE


@pytest.fixture
def serve_file(tmp_path: Path, fleet: Fleet) -> Callable[..., str]:
    """Write a configuration with a receiver of each of some senders; ``name`` tells several processes apart."""

    def write(name: str = "serve", **changes: object) -> str:
        (tmp_path / "secret").write_text(SECRET)
        secret = {"secretFile": [str(tmp_path / "secret")]}
        document = {
            "listen": "127.0.0.1:0",
            "stateDirectory": str(tmp_path / f"state-{name}"),
            "repositories": [{"url": fleet.url}],
            "receivers": [{"name": each, "sender": sender, **secret} for each, sender in RECEIVERS.items()],
            **changes,
        }
        file = tmp_path / f"{name}.yaml"
        file.write_text(json.dumps(document))
        return str(file)

    return write


@pytest.fixture
def declared(registry: Registry, fleet: Fleet) -> Callable[[int], dict[str, str]]:
    """Declare so many stream tags with a use each; return the names of their repositories and their first digests."""

    def declare(count: int) -> dict[str, str]:
        firsts = {}
        for name in [f"app-{number}" for number in range(count)]:
            firsts[name] = str(registry.push(f"acme/{name}", "1", Image.build("app", f"the first {name}")))
            fleet.stream(name, f"{registry.host}/acme/{name}:1")
        fleet.publish()
        return firsts

    return declare
