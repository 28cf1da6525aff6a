"""Fixtures of the fake forge: ``from fake_forge.fixtures import forge`` in a conftest makes them known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_forge.forge import FakeForge
from fake_forge.repository import Repository


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[FakeForge]:
    """Run a fake forge; a request that GitHub's description does not allow fails the test."""
    with FakeForge(tmp_path) as running:
        yield running
    assert running.violations == [], "\n".join(running.violations)


@pytest.fixture
def gitops(forge: FakeForge) -> Repository:
    """Return ``acme/gitops`` on GitHub, with a manifest on ``main``."""
    files = {"deploy/web.yaml": b"kind: Deployment\nimage: quay.io/acme/web:1.4\n"}
    return forge.create_repository("acme/gitops", files=files)
