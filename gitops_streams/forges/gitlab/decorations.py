"""Labels, people and milestone of a merge request on GitLab, in one change: best effort, and only added to."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_streams.errors import ForgeError
from gitops_streams.forges.best_effort import warning
from gitops_streams.forges.gitlab.project import GitlabProject
from gitops_streams.forges.http.answers import Record
from gitops_streams.review.pull_request import Decorations, PullRequest

_FIELDS = ("assignee", "reviewer")


def decorate(project: GitlabProject, pull: PullRequest, wanted: Decorations) -> tuple[str, ...]:
    """See ``Forge.decorate``. GitLab leaves out, without a word, what it cannot set: its answer is looked at."""
    warnings: list[str] = []
    body: dict[str, object] = {}
    labels = _labels(project, pull, wanted, warnings)
    if labels:
        body["add_labels"] = ",".join(labels)
    unwanted = sorted(pull.labels & set(wanted.unwanted_labels))
    if unwanted:
        body["remove_labels"] = ",".join(unwanted)
    people: dict[str, frozenset[int]] = {}
    for field in _FIELDS:
        try:
            there, ids = _people(project, pull, field, wanted, warnings)
        except ForgeError as error:
            warnings.append(warning(f"{field}s", error))
            continue
        if ids - there:
            people[field] = ids
            # What is sent replaces what is there.
            body[f"{field}_ids"] = sorted(there | ids)
    milestone = _milestone(project, pull, wanted, warnings)
    if milestone is not None:
        body["milestone_id"] = milestone
    if body:
        path, doing = project.path("merge_requests", pull.number), f"decorating !{pull.number}"
        try:
            record = project.keep(project.client.put(path, body, doing=doing, repeatable=True).record())
        except ForgeError as error:
            warnings.append(warning("labels, people and milestone", error))
        else:
            warnings += _left_out(project.pull(record), record, labels, people)
    return tuple(warnings)


def _labels(project: GitlabProject, pull: PullRequest, wanted: Decorations, warnings: list[str]) -> list[str]:
    missing = [label for label in wanted.labels if label not in pull.labels]
    if not missing or wanted.create_labels:
        return missing  # to add a label that does not exist makes it
    try:
        existing = {
            label.text("name")
            for page in project.client.pages(project.path("labels"), doing="listing labels", params={"per_page": 100})
            for label in page.records()
        }
    except ForgeError as error:
        warnings.append(warning("labels", error))
        return []
    warnings += [
        f"the label {label} does not exist; create it, or set pullRequest.createLabels"
        for label in missing
        if label not in existing
    ]
    return [label for label in missing if label in existing]


def _people(
    project: GitlabProject, pull: PullRequest, field: str, wanted: Decorations, warnings: list[str]
) -> tuple[frozenset[int], frozenset[int]]:
    """Return who is there, and who is wanted."""
    names = wanted.assignees if field == "assignee" else wanted.reviewers
    if field == "reviewer":
        names = tuple(name for name in names if name.casefold() != (pull.author or "").casefold())
    if not names:
        return frozenset(), frozenset()
    there = {user.text("username").casefold(): user.whole("id") for user in _users(project.known(pull.number), field)}
    ids: set[int] = set()
    for name in names:
        known = there.get(name.casefold())
        if known is None:
            answer = project.client.get("/users", doing=f"looking for the user {name}", params={"username": name})
            found = [
                user.whole("id") for user in answer.records() if user.text("username").casefold() == name.casefold()
            ]
            if not found:
                warnings.append(f"the {field} {name} does not exist")
            ids.update(found[:1])
        else:
            ids.add(known)
    return frozenset(there.values()), frozenset(ids)


def _milestone(project: GitlabProject, pull: PullRequest, wanted: Decorations, warnings: list[str]) -> int | None:
    name = wanted.milestone
    if name is None or project.known(pull.number).has("milestone"):
        return None
    by_title: dict[str, str | int] = {"title": name, "state": "active", "include_ancestors": "true"}
    searches: list[dict[str, str | int]] = [by_title]
    if name.isascii() and name.isdigit():
        searches.append({"iids[]": name})
    try:
        for params in searches:
            answer = project.client.get(
                project.path("milestones"), doing=f"looking for the milestone {name}", params=params
            )
            for milestone in answer.records():
                if name in {milestone.text("title"), str(milestone.whole("iid"))}:
                    return milestone.whole("id")
    except ForgeError as error:
        warnings.append(warning(f"the milestone {name}", error))
        return None
    warnings.append(f"the milestone {name} does not exist, or is closed")
    return None


def _left_out(pull: PullRequest, record: Record, labels: list[str], people: dict[str, frozenset[int]]) -> Iterator[str]:
    for label in labels:
        if label not in pull.labels:
            yield f"the label {label} could not be set: the token's account needs the role Reporter at least"
    for field, ids in people.items():
        if not ids <= {user.whole("id") for user in _users(record, field)}:
            yield f"not every {field} could be set: no access to the project, or its plan takes one only"


def _users(record: Record, field: str) -> tuple[Record, ...]:
    return record.records(f"{field}s")
