"""Labels, people and milestone of a pull request on GitHub: best effort, and never against what people did to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gitops_streams.errors import ForgeError
from gitops_streams.forges.best_effort import warning
from gitops_streams.forges.github.repository import GithubRepository
from gitops_streams.forges.http.answers import Record
from gitops_streams.forges.http.refusal import ForgeRefused
from gitops_streams.forges.milestones import milestone_named
from gitops_streams.review.pull_request import Decorations, PullRequest

_COLOR = "0e8a16"
_NOT_FOUND = 404
_UNPROCESSABLE = 422
_TRIES = 3
_LAG = 2.0


def decorate(repository: GithubRepository, pull: PullRequest, wanted: Decorations) -> tuple[str, ...]:
    """See ``Forge.decorate``. Asks for nothing that is there already, and again for nobody who has reviewed."""
    return tuple(
        warning
        for step in (_labels, _unwanted_labels, _assignees, _reviewers, _milestone)
        for warning in step(repository, pull, wanted)
    )


def _labels(repository: GithubRepository, pull: PullRequest, wanted: Decorations) -> Iterable[str]:
    there = {label.casefold() for label in pull.labels}
    missing: list[str] = []
    for label in wanted.labels:
        if label.casefold() in there:
            continue
        try:
            # To add a label that does not exist would make it, whoever may.
            if _exists(repository, label):
                missing.append(label)
            elif wanted.create_labels:
                _make(repository, label)
                missing.append(label)
            else:
                yield f"the label {label} does not exist; create it, or set pullRequest.createLabels"
        except ForgeError as error:
            yield warning(f"the label {label}", error)
    if missing:
        path = repository.path("issues", pull.number, "labels")

        def add() -> None:
            repository.client.post(path, {"labels": missing}, doing="adding labels", repeatable=True)

        yield from _attempt(repository, "labels", add)


def _exists(repository: GithubRepository, label: str) -> bool:
    try:
        repository.client.get(repository.path("labels", label), doing=f"looking for the label {label}")
    except ForgeRefused as refused:
        if refused.status == _NOT_FOUND:
            return False
        raise
    return True


def _make(repository: GithubRepository, label: str) -> None:
    body = {"name": label, "color": _COLOR, "description": "Opened by gitops-streams"}
    try:
        repository.client.post(repository.path("labels"), body, doing=f"creating the label {label}", repeatable=True)
    except ForgeRefused as refused:
        if refused.status != _UNPROCESSABLE or "already" not in refused.refusal.said:
            raise


def _unwanted_labels(repository: GithubRepository, pull: PullRequest, wanted: Decorations) -> Iterable[str]:
    unwanted = {label.casefold() for label in wanted.unwanted_labels}
    for label in sorted(pull.labels):
        if label.casefold() in unwanted:
            path = repository.path("issues", pull.number, "labels", label)
            try:
                repository.client.delete(path, doing=f"removing the label {label}", repeatable=True)
            except ForgeRefused as refused:
                if refused.status != _NOT_FOUND:
                    yield warning(f"the label {label}", refused)
            except ForgeError as error:
                yield warning(f"the label {label}", error)


def _assignees(repository: GithubRepository, pull: PullRequest, wanted: Decorations) -> Iterable[str]:
    if not wanted.assignees:
        return
    there = _logins(repository.known_pull(pull.number), "assignees")
    missing = [login for login in wanted.assignees if login.casefold() not in there]
    if not missing:
        return
    path = repository.path("issues", pull.number, "assignees")
    got: set[str] = set()

    def add() -> None:
        answer = repository.client.post(path, {"assignees": missing}, doing="assigning people", repeatable=True)
        got.update(_logins(answer.record(), "assignees"))

    yield from (failed := list(_attempt(repository, "assignees", add)))
    if not failed:
        # GitHub leaves out, without a word, whom it cannot assign.
        for login in missing:
            if login.casefold() not in got:
                yield f"{login} could not be assigned: no access to the repository"


def _reviewers(repository: GithubRepository, pull: PullRequest, wanted: Decorations) -> Iterable[str]:
    author = (pull.author or "").casefold()
    people = [login for login in wanted.reviewers if login.casefold() != author]
    teams = [team.rpartition("/")[2] for team in wanted.team_reviewers]
    if not people and not teams:
        return
    known = repository.known_pull(pull.number)
    requested = _logins(known, "requested_reviewers")
    requested_teams = {team.text("slug").casefold() for team in known.records("requested_teams")}
    people = [login for login in people if login.casefold() not in requested]
    teams = [team for team in teams if team.casefold() not in requested_teams]
    if not people and not teams:
        return
    try:
        reviewed = _reviewed(repository, pull.number)
    except ForgeError as error:
        yield warning("reviewers", error)
        return
    people = [login for login in people if login.casefold() not in reviewed]
    # Whose review counted for a team is not told: after any review, teams are left alone.
    teams = [] if reviewed - {author} else teams
    for kind, names in (("reviewers", people), ("team_reviewers", teams)):
        yield from _request(repository, pull.number, kind, names)


def _request(repository: GithubRepository, number: int, kind: str, names: list[str]) -> Iterable[str]:
    if not names:
        return
    path = repository.path("pulls", number, "requested_reviewers")

    def ask(some: list[str]) -> Callable[[], None]:
        def send() -> None:
            repository.client.post(path, {kind: some}, doing=f"asking {', '.join(some)} to review", repeatable=True)

        return send

    warnings = list(_attempt(repository, ", ".join(names), ask(names)))
    if warnings and len(names) > 1:
        # One name that GitHub does not take fails them all.
        warnings = [warning for name in names for warning in _attempt(repository, name, ask([name]))]
    if warnings and kind == "team_reviewers":
        yield from (f"{warning}; teams need the permission Members: read of the organization" for warning in warnings)
    else:
        yield from warnings


def _reviewed(repository: GithubRepository, number: int) -> set[str]:
    path, doing = repository.path("pulls", number, "reviews"), f"reading the reviews of #{number}"
    return {
        review.text("user", "login").casefold()
        for page in repository.client.pages(path, doing=doing, params={"per_page": 100})
        for review in page.records()
        if review.has("user")
    }


def _milestone(repository: GithubRepository, pull: PullRequest, wanted: Decorations) -> Iterable[str]:
    name = wanted.milestone
    if name is None or repository.known_pull(pull.number).has("milestone"):
        return
    try:
        number = _milestone_number(repository, name)
        if number is None:
            yield f"the milestone {name} does not exist, or is closed"
            return
    except ForgeError as error:
        yield warning(f"the milestone {name}", error)
        return
    path = repository.path("issues", pull.number)

    def put() -> None:
        repository.client.patch(path, {"milestone": number}, doing=f"setting the milestone {name}", repeatable=True)

    yield from _attempt(repository, f"the milestone {name}", put)


def _milestone_number(repository: GithubRepository, name: str) -> int | None:
    params: dict[str, str | int] = {"state": "open", "per_page": 100}
    pages = repository.client.pages(repository.path("milestones"), doing="listing milestones", params=params)
    return milestone_named(name, (milestone for page in pages for milestone in page.records()), "number")


def _logins(record: Record, field: str) -> set[str]:
    return {person.text("login").casefold() for person in record.records(field)}


def _attempt(repository: GithubRepository, what: str, action: Callable[[], None]) -> Iterable[str]:
    """Do something; yields the warning where it fails. A node that GitHub does not know yet is waited for."""
    for attempt in range(1, _TRIES + 1):
        try:
            action()
        except ForgeRefused as refused:
            if (
                "could not resolve to a node" in refused.refusal.said.casefold()
                and attempt < _TRIES
                and repository.client.wait(_LAG)
            ):
                continue
            yield warning(what, refused)
        except ForgeError as error:
            yield warning(what, error)
        return
