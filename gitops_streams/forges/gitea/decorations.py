"""Labels, people and milestone of a pull request on Gitea or Forgejo: best effort, never against people's doings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitops_streams.errors import ForgeError
from gitops_streams.forges.best_effort import attempt, each_or_all, warning
from gitops_streams.forges.gitea.repository import GiteaRepository
from gitops_streams.forges.http.answers import Record
from gitops_streams.forges.http.client import segment
from gitops_streams.forges.http.refusal import ForgeRefused
from gitops_streams.forges.milestones import milestone_named
from gitops_streams.review.pull_request import Decorations, PullRequest

_COLOR = "#0e8a16"
_NO_ORGANIZATION = frozenset({403, 404})
_NO_LABEL = frozenset({404, 422})


def decorate(repository: GiteaRepository, pull: PullRequest, wanted: Decorations) -> tuple[str, ...]:
    """See ``Forge.decorate``. Asks for nothing that is there already, and again for nobody who has reviewed."""
    return tuple(
        warning
        for step in (_labels, _unwanted_labels, _assignees, _reviewers, _milestone)
        for warning in step(repository, pull, wanted)
    )


def _labels(repository: GiteaRepository, pull: PullRequest, wanted: Decorations) -> Iterable[str]:
    there = {label.casefold() for label in pull.labels}
    missing = [label for label in wanted.labels if label.casefold() not in there]
    if not missing:
        return
    try:
        known = _known_labels(repository, missing)
    except ForgeError as error:
        yield warning("labels", error)
        return
    ids: list[int] = []
    for label in missing:
        found = known.get(label.casefold())
        if found is not None:
            ids.append(found)
        elif wanted.create_labels:
            try:
                ids.append(_make(repository, label))
            except ForgeError as error:
                yield warning(f"the label {label}", error)
        else:
            yield f"the label {label} does not exist; create it, or set pullRequest.createLabels"
    if ids:
        path = repository.path("issues", pull.number, "labels")
        yield from attempt(
            "labels",
            lambda: repository.client.post(path, {"labels": ids}, doing="adding labels", repeatable=True),
        )


def _known_labels(repository: GiteaRepository, names: list[str]) -> dict[str, int]:
    """Return the ids of the repository's labels, and of its organization's where those do not suffice."""
    wanted = {name.casefold() for name in names}
    known: dict[str, int] = {}
    for path in (repository.path("labels"), f"/orgs/{segment(repository.owner)}/labels"):
        try:
            for page in repository.client.pages(path, doing="listing labels", params={"limit": 50}):
                for label in page.records():
                    known.setdefault(label.text("name").casefold(), label.whole("id"))
        except ForgeRefused as refused:
            if not path.startswith("/orgs/") or refused.status not in _NO_ORGANIZATION:
                raise
        if wanted <= known.keys():
            break
    return known


def _make(repository: GiteaRepository, label: str) -> int:
    body = {"name": label, "color": _COLOR, "description": "Opened by gitops-streams"}
    # Two may have one name here, so that it must not be asked for twice.
    answer = repository.client.post(repository.path("labels"), body, doing=f"creating the label {label}")
    return answer.record().whole("id")


def _unwanted_labels(repository: GiteaRepository, pull: PullRequest, wanted: Decorations) -> Iterable[str]:
    unwanted = {label.casefold() for label in wanted.unwanted_labels}
    if unwanted.isdisjoint(label.casefold() for label in pull.labels):
        return
    for label in repository.known(pull.number).records("labels"):
        name = label.text("name")
        if name.casefold() in unwanted:
            path = repository.path("issues", pull.number, "labels", label.whole("id"))
            try:
                repository.client.delete(path, doing=f"removing the label {name}", repeatable=True)
            except ForgeRefused as refused:
                if refused.status not in _NO_LABEL:
                    yield warning(f"the label {name}", refused)
            except ForgeError as error:
                yield warning(f"the label {name}", error)


def _assignees(repository: GiteaRepository, pull: PullRequest, wanted: Decorations) -> Iterable[str]:
    if not wanted.assignees:
        return
    there = _logins(repository.known(pull.number).records("assignees"))
    missing = tuple(login for login in wanted.assignees if login.casefold() not in there)
    path = repository.path("pulls", pull.number)

    def assign(some: tuple[str, ...]) -> None:
        # What is sent replaces what is there.
        now = _logins(repository.known(pull.number).records("assignees"))
        body = {"assignees": [*now.values(), *some]}
        repository.keep(repository.client.patch(path, body, doing="assigning people", repeatable=True).record())

    yield from each_or_all(missing, assign)


def _reviewers(repository: GiteaRepository, pull: PullRequest, wanted: Decorations) -> Iterable[str]:
    author = (pull.author or "").casefold()
    people = tuple(login for login in wanted.reviewers if login.casefold() != author)
    teams = tuple(team.rpartition("/")[2] for team in wanted.team_reviewers)
    if not people and not teams:
        return
    known = repository.known(pull.number)
    try:
        reviewed = set(_logins(_reviews(repository, pull.number), "user"))
    except ForgeError as error:
        yield warning("reviewers", error)
        return
    there = reviewed | set(_logins(known.records("requested_reviewers")))
    there_teams = {team.text("name").casefold() for team in known.records("requested_reviewers_teams")}
    people = tuple(login for login in people if login.casefold() not in there)
    # Whose review counted for a team is not told: after any review, teams are left alone.
    teams = () if reviewed - {author} else tuple(team for team in teams if team.casefold() not in there_teams)
    path = repository.path("pulls", pull.number, "requested_reviewers")
    for kind, names in (("reviewers", people), ("team_reviewers", teams)):

        def ask(some: tuple[str, ...], kind: str = kind) -> None:
            doing = f"asking {', '.join(some)} to review"
            repository.client.post(path, {kind: list(some)}, doing=doing, repeatable=True)

        yield from each_or_all(names, ask)


def _reviews(repository: GiteaRepository, number: int) -> Iterator[Record]:
    path, doing = repository.path("pulls", number, "reviews"), f"reading the reviews of #{number}"
    for page in repository.client.pages(path, doing=doing, params={"limit": 50}):
        yield from page.records()


def _milestone(repository: GiteaRepository, pull: PullRequest, wanted: Decorations) -> Iterable[str]:
    name = wanted.milestone
    if name is None or repository.known(pull.number).has("milestone"):
        return
    try:
        number = _milestone_id(repository, name)
        if number is None:
            yield f"the milestone {name} does not exist, or is closed"
            return
    except ForgeError as error:
        yield warning(f"the milestone {name}", error)
        return
    path, doing = repository.path("pulls", pull.number), f"setting the milestone {name}"
    yield from attempt(
        f"the milestone {name}",
        lambda: repository.client.patch(path, {"milestone": number}, doing=doing, repeatable=True),
    )


def _milestone_id(repository: GiteaRepository, name: str) -> int | None:
    params: dict[str, str | int] = {"state": "open", "limit": 50}
    pages = repository.client.pages(repository.path("milestones"), doing="listing milestones", params=params)
    return milestone_named(name, (milestone for page in pages for milestone in page.records()), "id")


def _logins(people: Iterable[Record], *within: str) -> dict[str, str]:
    found = (person.text(*within, "login", default="") for person in people if not within or person.has(*within))
    return {login.casefold(): login for login in found if login}
