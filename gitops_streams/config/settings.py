"""What a repository can configure, as values; each room owns the settings of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_streams.manifests.field_rules import UserRules
from gitops_streams.oci.platform import Platform
from gitops_streams.plan.model import Pin
from gitops_streams.registry.settings import RegistrySettings
from gitops_streams.streams.local_registry import LocalRegistry
from gitops_streams.streams.policy_defaults import Defaults
from gitops_streams.streams.restraint import OPEN, Gates

if TYPE_CHECKING:
    from gitops_streams.config.publishing import Publishing

PATH = ".gitops-streams/config.yaml"
"""Where a repository keeps its configuration."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a repository can configure."""

    pin: Pin = Pin.TAG_AND_DIGEST
    platform: Platform | None = None
    scheduled: bool = True
    """Whether a stream tag is resolved in every run, whose ``importPolicy.scheduled`` does not say."""
    gates: Gates = OPEN
    """What a new digest has to pass, where a declaration does not say."""
    max_changes: int | None = None
    """How many stream tags may move in one run."""
    tag_policy: Defaults = field(default_factory=Defaults)
    """What tag policies leave open."""
    local_registry: LocalRegistry | None = None
    """Serves streams whose tags say ``referencePolicy.type: Local``; ``None``: their references are the source's."""
    exclude: tuple[str, ...] = ()
    rules: UserRules = field(default_factory=lambda: UserRules(image_policies={}))
    """What is said of places: field rules, and what Flux's policies stand for."""
    remote: str | None = None
    """``None``: the remote that Git would choose for the branch."""
    branch: str | None = None
    registry: RegistrySettings = field(default_factory=RegistrySettings)
    own_publishing: Publishing | None = None
    """What is said of publishing; ``None``: nothing but the defaults."""
    cache: Path | None = None
    """The file that remembers what was seen; no configuration file says it, only who runs the program does."""

    @property
    def publishing(self) -> Publishing:
        """How changes are published and explained."""
        from gitops_streams.config.publishing import Publishing  # noqa: PLC0415  a dry run does without

        return self.own_publishing or Publishing()
