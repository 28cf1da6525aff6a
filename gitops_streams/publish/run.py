"""What the groups of one run share: the forge, the remote, and what is known of both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gitops_streams.forges.forge import Forge
from gitops_streams.git.remote import Remote
from gitops_streams.publish.authorship import Authorship
from gitops_streams.publish.proposal import PullRequestOptions
from gitops_streams.review.pull_request import PullRequest


@dataclass(slots=True)
class Run:
    """What the groups of one run share."""

    forge: Forge
    remote: Remote
    scratch: Path
    base: str
    base_sha: str
    options: PullRequestOptions
    authorship: Authorship
    heads: dict[str, str]
    """Where branches are, as last seen."""
    open_pulls: dict[int, PullRequest]
    """Open pull requests of this base, ours and whoever's."""
    created: int = 0
