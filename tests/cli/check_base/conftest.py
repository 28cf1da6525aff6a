"""A repository with two followed images, both pinned and recorded, and a branch on which somebody changes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import referencing
from jsonschema import Draft202012Validator

from gitops_streams import schemas
from gitops_streams.demo.images import Image
from gitops_streams.demo.registry import Registry

if TYPE_CHECKING:
    from gitops_streams.oci.digest import Digest

VALID = Draft202012Validator(
    schemas.load("check-base"),
    registry=referencing.Registry().with_resource(
        "plan.schema.json", referencing.Resource.from_contents(schemas.load("plan"))
    ),
)
"""Every JSON that is printed here is what its schema says."""


@dataclass
class Proposal:
    """A change on the branch ``proposal``; the base is ``main``."""

    workspace: Any
    registry: Registry
    digests: dict[str, list[Digest]] = field(default_factory=dict)
    _before: int = 0

    @property
    def asked(self) -> list[Any]:
        """The requests of the last check."""
        return list(self.registry.log)[self._before :]

    def reference(self, name: str, tag: str = "1.0") -> str:
        return f"{self.registry.host}/acme/{name}:{tag}"

    def push(self, name: str, tag: str = "1.0", **content: Any) -> Digest:
        """Push another image, and let a tag name it."""
        made = self.digests.setdefault(name, [])
        digest = self.registry.push(f"acme/{name}", tag, Image.build(name, str(len(made) + 1), **content))
        made.append(digest)
        return digest

    def start(self) -> None:
        """Pin both on ``main``, record it, and check the branch out."""
        for name in ("web", "api"):
            self.push(name)
            self.workspace.stream(name, prod=self.reference(name))
            self.workspace.deploy(name, self.reference(name))
        assert self.workspace.run("reconcile").code == 0
        self.workspace.commit("Pin")
        self.workspace.git("checkout", "--quiet", "-b", "proposal")

    def pin(self, name: str, digest: Digest | str | None, tag: str = "1.0") -> None:
        """Write a digest by hand."""
        self.workspace.deploy(name, self.reference(name, tag) + ("" if digest is None else f"@{digest}"))

    def check(self, *arguments: object, base: str = "main") -> Any:
        self._before = len(self.registry.log)
        done = self.workspace.run("check", "--base", base, *arguments)
        if "json" in arguments and done.code in {0, 1, 3}:
            VALID.validate(done.json)
        return done

    def pins(self, *arguments: object, code: int | None = None) -> list[dict[str, Any]]:
        """Check, and return the pins of the report."""
        done = self.check("-o", "json", *arguments)
        assert code is None or done.code == code, done.text
        found: list[dict[str, Any]] = done.json["pins"]
        return found

    def one(self, *arguments: object, code: int | None = None) -> dict[str, Any]:
        (pin,) = self.pins(*arguments, code=code)
        return pin


@pytest.fixture
def proposal(workspace: Any, registry: Registry) -> Proposal:
    made = Proposal(workspace, registry)
    made.start()
    return made
