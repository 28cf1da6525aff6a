"""Labels and reviewers of a pull request on Azure DevOps: best effort, and only added to."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gitops_streams.errors import ForgeError
from gitops_streams.forges.azure_devops.repository import AzureRepository
from gitops_streams.forges.best_effort import attempt, warning
from gitops_streams.forges.http.answers import Record
from gitops_streams.forges.http.refusal import ForgeRefused
from gitops_streams.review.pull_request import Decorations, PullRequest

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NOT_FOUND = 404
_TEAMS = 50
"""In so many teams people are looked for."""


def decorate(repository: AzureRepository, pull: PullRequest, wanted: Decorations) -> tuple[str, ...]:
    """See ``Forge.decorate``. Labels belong to no list here: to give one makes it."""
    return (
        *(f"{name} could not be assigned: Azure DevOps has no assignees" for name in wanted.assignees),
        *_labels(repository, pull, wanted),
        *_reviewers(repository, pull, wanted),
    )


def _labels(repository: AzureRepository, pull: PullRequest, wanted: Decorations) -> Iterable[str]:
    there = {label.casefold() for label in pull.labels}
    for label in wanted.labels:
        if label.casefold() not in there:
            path, doing = repository.path("pullrequests", pull.number, "labels"), f"adding the label {label}"
            name = {"name": label}
            yield from attempt(
                f"the label {label}",
                lambda path=path, name=name, doing=doing: repository.post(path, name, doing=doing, repeatable=True),  # type: ignore[misc]
            )
    unwanted = {label.casefold() for label in wanted.unwanted_labels}
    for label in sorted(pull.labels):
        if label.casefold() in unwanted:
            path = repository.path("pullrequests", pull.number, "labels", label)
            try:
                repository.delete(path, doing=f"removing the label {label}")
            except ForgeRefused as refused:
                if refused.status != _NOT_FOUND:
                    yield warning(f"the label {label}", refused)
            except ForgeError as error:
                yield warning(f"the label {label}", error)


def _reviewers(repository: AzureRepository, pull: PullRequest, wanted: Decorations) -> Iterable[str]:
    author = (pull.author or "").casefold()
    names = [name for name in wanted.reviewers if name.casefold() != author]
    if not names and not wanted.team_reviewers:
        return
    there = repository.known(pull.number).records("reviewers")
    known = {reviewer.text("id").casefold() for reviewer in there} | {
        reviewer.text(field, default="").casefold() for reviewer in there for field in ("uniqueName", "displayName")
    }
    people = [name for name in names if name.casefold() not in known]
    teams = [name.rpartition("/")[2] for name in wanted.team_reviewers]
    found = {name: name for name in people if _GUID.fullmatch(name)}
    try:
        found |= _look_up(repository, [name for name in people if name not in found], teams)
    except ForgeError as error:
        yield warning("reviewers", error)
    for name in (*people, *teams):
        identity = found.get(name)
        if identity is None:
            yield f"the reviewer {name} was not found in the project's teams; name the account's id instead"
        elif identity.casefold() not in known:
            path = repository.path("pullrequests", pull.number, "reviewers", identity)
            doing = f"asking {name} to review"
            yield from attempt(
                name,
                lambda path=path, doing=doing: repository.put(path, {"vote": 0}, doing=doing),  # type: ignore[misc]
            )


def _look_up(repository: AzureRepository, people: list[str], teams: list[str]) -> dict[str, str]:
    """Look for teams, and for people among their members; nothing else on this host tells people's ids."""
    if not people and not teams:
        return {}
    found: dict[str, str] = {}
    every = list(repository.pages(repository.teams_path(), doing="looking for reviewers"))
    for team in every:
        found |= {name: team.text("id") for name in teams if name.casefold() == team.text("name").casefold()}
    for team in every[:_TEAMS]:
        missing = [name for name in people if name not in found]
        if not missing:
            break
        path = repository.teams_path(team.text("id"), "members")
        for member in repository.pages(path, doing="looking for reviewers"):
            identity = member.record("identity")
            found |= {name: identity.text("id") for name in missing if name.casefold() in _names(identity)}
    return found


def _names(identity: Record) -> set[str]:
    return {identity.text(field, default="").casefold() for field in ("uniqueName", "displayName")} - {""}
