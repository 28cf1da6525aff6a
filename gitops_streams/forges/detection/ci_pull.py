"""Which pull request a CI job is about, as its environment says, and what the job knows of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitops_streams.forges.detection.ci import CiForge, ci_forge
from gitops_streams.forges.detection.detect import Detected
from gitops_streams.forges.settings import ForgeKind

_MAX_EVENT = 32 * 1024 * 1024
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")
_GITHUB_REF = re.compile(r"refs/pull/([1-9][0-9]{0,18})/(?:merge|head)")


@dataclass(frozen=True, slots=True)
class CiPull:
    """The pull request of a job."""

    number: int
    forge: CiForge
    repository: str | None
    """The repository that it goes to; ``None`` where the job does not say."""
    head_sha: str | None = None
    """The commit of its own branch, where another one is checked out: CI systems merge it into the base first."""

    def is_on(self, detected: Detected) -> bool:
        """Say whether it is one of the repository that was detected, so that its number means something there."""
        same = self.repository is not None and self.repository.casefold() == detected.repository.casefold()
        return same and self.forge.kind is detected.kind and self.forge.is_at(detected.url, ssh=False)


@dataclass(frozen=True, slots=True)
class NoCiPull:
    """The job is about no pull request that can be told."""

    reason: str


def ci_pull(environment: Mapping[str, str]) -> CiPull | NoCiPull:
    """Find the pull request that this job is about.

    Sources: GitHub "Variables reference" and "Webhook events and payloads" (Gitea's and Forgejo's runners imitate
    them); GitLab "Predefined CI/CD variables"; Bitbucket "Variables and secrets"; Azure "Use predefined variables".
    """
    forge = ci_forge(environment)
    if forge is None:
        return NoCiPull("this is no job of a CI system that is known")
    read = environment.get
    repository, head_sha = forge.repository, None
    match forge.kind:
        case ForgeKind.GITHUB | ForgeKind.GITEA:
            number, head_sha = _github(environment)
        case ForgeKind.GITLAB:
            number = read("CI_MERGE_REQUEST_IID")
            # A fork's pipeline runs in the fork.
            repository = read("CI_MERGE_REQUEST_PROJECT_PATH") or repository
            head_sha = read("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or None
        case ForgeKind.BITBUCKET_CLOUD:
            number = read("BITBUCKET_PR_ID")
        case ForgeKind.AZURE_DEVOPS:
            number = read("SYSTEM_PULLREQUEST_PULLREQUESTID")
            head_sha = read("SYSTEM_PULLREQUEST_SOURCECOMMITID") or None
        case ForgeKind.BITBUCKET_DATA_CENTER:
            number = None
    if number is None or not _NUMBER.fullmatch(number):
        return NoCiPull("this job is not one of a pull request")
    return CiPull(int(number), forge, repository, head_sha)


def _github(environment: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Read number and head from the event; the number from the ref where the event cannot be read."""
    ref = _GITHUB_REF.fullmatch(environment.get("GITHUB_REF", ""))
    pull = _event(environment.get("GITHUB_EVENT_PATH", "")).get("pull_request")
    number, head = (pull.get("number"), pull.get("head")) if isinstance(pull, dict) else (None, None)
    sha = head.get("sha") if isinstance(head, dict) else None
    found = str(number) if isinstance(number, int) else None if ref is None else ref[1]
    return found, sha if isinstance(sha, str) else None


def _event(path: str) -> dict[str, Any]:
    try:
        with Path(path).open("rb") as file:
            content = json.loads(file.read(_MAX_EVENT))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
