"""Reviewers of a pull request on Bitbucket Cloud: best effort, and only added to."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_streams.errors import ForgeError
from gitops_streams.forges.best_effort import each_or_all, warning
from gitops_streams.forges.bitbucket_cloud.repository import BitbucketCloudRepository, body_of, reviewers
from gitops_streams.forges.http.client import segment
from gitops_streams.review.pull_request import Decorations, PullRequest


def decorate(repository: BitbucketCloudRepository, pull: PullRequest, wanted: Decorations) -> tuple[str, ...]:
    """See ``Forge.decorate``. There are reviewers alone; labels, assignees and milestones are unknown here."""
    warnings = [f"{name} could not be assigned: Bitbucket has no assignees" for name in wanted.assignees]
    try:
        warnings += _reviewers(repository, pull, wanted)
    except ForgeError as error:
        warnings.append(warning("reviewers", error))
    return tuple(warnings)


def _reviewers(repository: BitbucketCloudRepository, pull: PullRequest, wanted: Decorations) -> list[str]:
    names = [name for name in wanted.reviewers if name.casefold() != (pull.author or "").casefold()]
    if not names:
        return []
    there = reviewers(repository.known(pull.number))
    known = _members(repository, names) if any(not _is_uuid(name) for name in names) else {}
    uuids = {name: name if _is_uuid(name) else known.get(name.casefold(), "") for name in names}
    warnings = [f"the reviewer {name} is not a member of the workspace" for name in names if not uuids[name]]
    missing = tuple(name for name in names if uuids[name] and uuids[name] not in there)

    def ask(some: tuple[str, ...]) -> None:
        record = repository.known(pull.number)
        body = {"title": record.text("title"), "description": body_of(record)}
        repository.put(pull.number, body, [*reviewers(record), *(uuids[name] for name in some)])

    return [*warnings, *each_or_all(missing, ask)]


def _members(repository: BitbucketCloudRepository, names: Iterable[str]) -> dict[str, str]:
    """Look up nicknames and account ids among the workspace's members."""
    wanted, found = {name.casefold() for name in names if not _is_uuid(name)}, dict[str, str]()
    path = f"/workspaces/{segment(repository.workspace)}/members"
    for member in repository.pages(path, doing="looking for reviewers"):
        user = member.record("user")
        for name in (user.text("nickname", default=""), user.text("account_id", default="")):
            if name.casefold() in wanted:
                found[name.casefold()] = user.text("uuid")
        if wanted <= found.keys():
            break
    return found


def _is_uuid(name: str) -> bool:
    return name.startswith("{") and name.endswith("}")
