"""Gitea's and Forgejo's REST API, v1, over the store. Modelled on its source, not verified against a live server."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, NoReturn

from fake_forge.accounts import Account, TokenKind
from fake_forge.bare import ZERO, MergeConflict, RefUpdate
from fake_forge.exchange import Refused
from fake_forge.pull import Pull
from fake_forge.records import AutoMerge, Comment, Kind, Label, Mergeability, NotMergeable
from fake_forge.repository import Repository
from fake_forge.rest_dialect import RestDialect, refused
from fake_forge.routes import Call, page, route
from gitops_streams.demo.exchange import Response

_DRAFT = ("wip:", "[wip]")
_MERGES = {"merge": "merge", "rebase": "rebase", "rebase-merge": "merge", "squash": "squash"}
_SCOPES = {"contents": "repository", "pull_requests": "repository", "issues": "issue", "statuses": "repository"}


class Gitea(RestDialect):
    """Pull requests and what belongs to them. Labels go by their ids."""

    kind = Kind.GITEA
    prefix = "/api/v1"
    schemes = frozenset({"token", "bearer", "basic"})

    def refuse(self, status: int, message: Any) -> NoReturn:
        """Answer with an error as Gitea writes them."""
        url = f"{self.store.url}/api/swagger"
        text = "The target couldn't be found." if message == "Not Found" else message
        refused({"message": text, "url": url}, status)

    def repository(self, call: Call, permission: str = "pull_requests", level: str = "read") -> Repository:
        """Return the repository that a call is about, if the token may do that there."""
        name = f"{call.path['owner']}/{call.path['repo']}"
        found = self.find(name)
        if found is None and (renamed := self.store.renamed.get(name.lower())):
            rest = call.request.target.split("/", 6)[6:]
            location = "/".join((f"{self.store.url}{self.prefix}/repos/{renamed.full_name}", *rest))
            self._redirect(location)
        if found is None:
            self.refuse(HTTPStatus.NOT_FOUND, "Not Found")
        token = call.token
        if token is None:
            if found.private:
                self.refuse(HTTPStatus.NOT_FOUND, "Not Found")
            if level == "write":
                self.refuse(HTTPStatus.UNAUTHORIZED, "token is required")
        elif found.private and not token.covers(found.full_name):
            self.refuse(HTTPStatus.NOT_FOUND, "Not Found")
        elif level == "write" and not token.allows(permission, level):
            scope = f"write:{_SCOPES[permission]}"
            text = f"token does not have at least one of required scope(s), required=[{scope}]"
            self.refuse(HTTPStatus.FORBIDDEN, text)
        elif level == "write" and not token.covers(found.full_name):
            self.refuse(HTTPStatus.FORBIDDEN, "user should have a permission to write to a repo")
        elif level == "write" and found.archived:
            refused({"message": f"Repo {found.full_name} is archived"}, HTTPStatus.LOCKED)
        found.sync()
        return found

    def _redirect(self, location: str) -> NoReturn:
        raise Refused(Response(HTTPStatus.TEMPORARY_REDIRECT, {"Location": location}))

    def pull(self, call: Call, level: str = "read", permission: str = "pull_requests") -> Pull:
        """Return the pull request that a call is about."""
        return self.pull_of(self.repository(call, permission, level), call.path["index"])

    @route("GET /user")
    def get_user(self, call: Call) -> Response:
        """Answer with whose token it is."""
        token = self.who(call)
        if token.kind is TokenKind.ACTIONS:
            self.refuse(HTTPStatus.FORBIDDEN, "token does not have at least one of required scope(s)")
        return Response.json(_account(token.account))

    @route("GET /repos/{owner}/{repo}")
    def get_repository(self, call: Call) -> Response:
        """Answer with a repository."""
        return Response.json(_repository(self.repository(call)))

    @route("GET /repos/{owner}/{repo}/pulls")
    def list_pulls(self, call: Call) -> Response:
        """List pull requests, newest first. Nothing filters by branch."""
        found = self.repository(call)
        state = self.parameters(call, "state", "sort", "milestone", "labels", "poster", "base_branch").get("state")
        state = state or "open"
        pulls = [pull for pull in found.pulls if state in {"all", pull.state}]
        pulls.sort(key=lambda pull: pull.number, reverse=True)
        return _paged(call, [_pull(pull) for pull in self.store.visible(pulls)])

    @route("POST /repos/{owner}/{repo}/pulls")
    def create_pull(self, call: Call) -> Response:
        """Open a pull request."""
        found = self.repository(call, level="write")
        known = ("body", "assignee", "assignees", "milestone", "labels", "due_date", "reviewers", "team_reviewers")
        body = self.members(call, required=("head", "base", "title"), known=known)
        owner, _, head = body["head"].rpartition(":")
        family = [found, *(fork for fork in self.store.repositories if fork.parent is found)]
        source = next((one for one in family if not owner or one.owner.login.lower() == owner.lower()), None)
        base = body["base"]
        if source is None or source.git.branch(head) is None or found.git.branch(base) is None:
            self.refuse(HTTPStatus.NOT_FOUND, "Not Found")
        if source is found and head == base:
            text = "Invalid PullRequest: There are no changes between the head and the base"
            self.refuse(HTTPStatus.UNPROCESSABLE_ENTITY, text)
        if existing := found.duplicate(source, head, base):
            text = (
                f"pull request already exists for these targets [id: {existing.number}, issue_id: {existing.number}, "
            )
            text += f"head_repo_id: {source.id}, base_repo_id: {found.id}, head_branch: {head}, base_branch: {base}]"
            self.refuse(HTTPStatus.CONFLICT, text)
        labels = self._labels(found, body.get("labels") or [])
        assignees = self._accounts(body.get("assignees") or [])
        author = self.who(call).account
        text = body.get("body") or ""
        pull = found.create_pull(body["title"], text, base, head, source, author, draft=_is_draft(body["title"]))
        pull.labels, pull.assignees = labels, assignees
        pull.milestone = found.milestone(body.get("milestone") or 0)
        return Response.json(_pull(pull), HTTPStatus.CREATED)

    def _labels(self, found: Repository, ids: list[Any]) -> list[Label]:
        """Return labels by id; ids that the repository has not are left out, as Gitea does."""
        if any(not isinstance(one, int) for one in ids):
            self.violate(f"gitea: labels go by their ids here: {ids}")
            self.refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "json: cannot unmarshal string into Go struct field")
        return [label for label in found.labels if label.id in ids]

    def _accounts(self, logins: list[str]) -> list[Account]:
        found = [self.known_account(login) for login in logins]
        for login, account in zip(logins, found, strict=True):
            if account is None:
                self.refuse(HTTPStatus.UNPROCESSABLE_ENTITY, f"Assignee does not exist: [name: {login}]")
        return [account for account in found if account is not None]

    @route("GET /repos/{owner}/{repo}/pulls/{index}")
    def get_pull(self, call: Call) -> Response:
        """Answer with a pull request."""
        return Response.json(_pull(self.pull(call)))

    @route("GET /repos/{owner}/{repo}/pulls/{index}/reviews")
    def list_reviews(self, call: Call) -> Response:
        """List reviews: approvals are all that is known."""
        approvals = sorted(self.pull(call).approvals)
        return _paged(call, [{"state": "APPROVED", "user": _account(self.store.account(login))} for login in approvals])

    @route("GET /repos/{owner}/{repo}/pulls/{base}/{head+}")
    def get_pull_of_branches(self, call: Call) -> Response:
        """Answer with a pull request between two branches, open or not."""
        found = self.repository(call)
        owner, _, head = call.path["head"].rpartition(":")
        wanted = (call.path["base"], head)
        same = [
            pull
            for pull in found.pulls
            if (pull.base, pull.head) == wanted and (not owner or pull.head_repository.owner.login == owner)
        ]
        if not same:
            self.refuse(HTTPStatus.NOT_FOUND, "Not Found")
        return Response.json(_pull(same[-1]))

    @route("PATCH /repos/{owner}/{repo}/pulls/{index}")
    def update_pull(self, call: Call) -> Response:
        """Change a pull request."""
        pull = self.pull(call, "write")
        known = ("title", "body", "state", "base", "assignee", "assignees", "labels", "milestone", "due_date")
        body = self.members(call, known=(*known, "allow_maintainer_edit", "unset_due_date"))
        if body.get("title"):
            pull.title, pull.draft = body["title"], _is_draft(body["title"])
        if body.get("body") is not None:
            pull.body = body["body"]
        if body.get("base") and body["base"] != pull.base:
            if pull.repository.git.branch(body["base"]) is None:
                self.refuse(HTTPStatus.NOT_FOUND, "Not Found")
            pull.retarget(body["base"])
        if body.get("labels") is not None:
            pull.labels = self._labels(pull.repository, body["labels"])
        if body.get("assignees") is not None:
            pull.assignees = self._accounts(body["assignees"])
        if body.get("milestone") is not None:
            pull.milestone = pull.repository.milestone(body["milestone"])
        self._set_state(pull, body.get("state"), self.who(call).account)
        pull.touch("edited")
        return Response.json(_pull(pull), HTTPStatus.CREATED)

    def _set_state(self, pull: Pull, state: str | None, by: Account) -> None:
        if state == "closed" and pull.is_open:
            pull.close(f"closed by {by.login}")
        elif state == "open" and not pull.is_open:
            if pull.merged:
                text = "cannot change state of this pull request, it was already merged"
                self.refuse(HTTPStatus.PRECONDITION_FAILED, text)
            pull.state, pull.settled_at = "open", None

    @route("GET /repos/{owner}/{repo}/pulls/{index}/commits")
    def list_commits(self, call: Call) -> Response:
        """List the commits of a pull request, newest first."""
        pull = self.pull(call)
        commits = pull.repository.git.commits(*pull.repository.comparable(pull))
        return _paged(call, [{"sha": one.sha, "commit": {"message": one.message}} for one in reversed(commits)])

    @route("POST /repos/{owner}/{repo}/pulls/{index}/requested_reviewers")
    def request_reviewers(self, call: Call) -> Response:
        """Ask people and teams to review."""
        pull = self.pull(call, "write")
        body = self.members(call, known=("reviewers", "team_reviewers"))
        accounts = []
        for login in body.get("reviewers") or []:
            account = self.known_account(login)
            if account is None:
                self.refuse(HTTPStatus.NOT_FOUND, f"Reviewer '{login}' not exist")
            if account is pull.author:
                self.refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "poster of pr can't be reviewer")
            accounts.append(account)
        for team in body.get("team_reviewers") or []:
            if team not in pull.repository.teams:
                self.refuse(HTTPStatus.NOT_FOUND, f"TeamReviewer '{team}' not exist")
        pull.reviewers += [account for account in accounts if account not in pull.reviewers]
        pull.team_reviewers += [team for team in body.get("team_reviewers") or [] if team not in pull.team_reviewers]
        reviews = [{"state": "REQUEST_REVIEW", "user": _account(account)} for account in accounts]
        return Response.json(reviews, HTTPStatus.CREATED)

    @route("POST /repos/{owner}/{repo}/pulls/{index}/merge")
    def merge(self, call: Call) -> Response:
        """Merge, or order it for when the checks have succeeded (201)."""
        pull = self.pull(call, "write", "contents")
        known = (
            "MergeTitleField",
            "MergeMessageField",
            "head_commit_id",
            "merge_when_checks_succeed",
            "delete_branch_after_merge",
            "force_merge",
            "MergeCommitID",
        )
        body = self.members(call, required=("Do",), known=known)
        found, account = pull.repository, self.who(call).account
        if body["Do"] not in _MERGES:
            self.refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "[Do]: In")
        if body.get("head_commit_id") and body["head_commit_id"] != pull.head_sha:
            self.refuse(HTTPStatus.CONFLICT, "head out of date")
        if not pull.is_open:
            self.refuse(HTTPStatus.NOT_FOUND if not pull.merged else HTTPStatus.METHOD_NOT_ALLOWED, "Not Found")
        method, delete = _MERGES[body["Do"]], bool(body.get("delete_branch_after_merge"))
        waits = found.mergeability(pull) in {Mergeability.BLOCKED, Mergeability.UNSTABLE}
        if body.get("merge_when_checks_succeed") and waits:
            if pull.auto_merge:
                self.refuse(HTTPStatus.CONFLICT, "The auto merge is already scheduled")
            pull.auto_merge = AutoMerge(method, account, delete, body.get("MergeMessageField"))
            pull.touch("auto-merge enabled")
            return Response(HTTPStatus.CREATED)
        if pull.draft:
            self.refuse(HTTPStatus.METHOD_NOT_ALLOWED, "Work in progress PRs cannot be merged")
        try:
            found.merge(pull, method, account, delete_branch=delete, message=body.get("MergeTitleField"))
        except (NotMergeable, MergeConflict):
            self.refuse(HTTPStatus.METHOD_NOT_ALLOWED, "Please try again later")
        return Response(HTTPStatus.OK)

    @route("DELETE /repos/{owner}/{repo}/pulls/{index}/merge")
    def cancel_auto_merge(self, call: Call) -> Response:
        """Take an ordered merge back."""
        pull = self.pull(call, "write", "contents")
        if pull.auto_merge is None:
            self.refuse(HTTPStatus.NOT_FOUND, "Not Found")
        pull.auto_merge = None
        pull.touch("auto-merge disabled")
        return Response(HTTPStatus.NO_CONTENT)

    @route("GET /repos/{owner}/{repo}/issues/{index}/labels")
    def list_issue_labels(self, call: Call) -> Response:
        """List the labels of a pull request."""
        return Response.json([_label(label) for label in self.pull(call).labels])

    @route("POST /repos/{owner}/{repo}/issues/{index}/labels")
    def add_labels(self, call: Call) -> Response:
        """Give labels, by id."""
        pull = self.pull(call, "write", "issues")
        labels = self._labels(pull.repository, self.members(call, required=("labels",))["labels"])
        pull.labels += [label for label in labels if label not in pull.labels]
        pull.touch("labelled")
        return Response.json([_label(label) for label in pull.labels])

    @route("DELETE /repos/{owner}/{repo}/issues/{index}/labels/{id}")
    def remove_label(self, call: Call) -> Response:
        """Take a label away, by id."""
        pull = self.pull(call, "write", "issues")
        if not any(str(label.id) == call.path["id"] for label in pull.repository.labels):
            self.refuse(HTTPStatus.UNPROCESSABLE_ENTITY, f"label does not exist [label_id: {call.path['id']}]")
        pull.labels = [label for label in pull.labels if str(label.id) != call.path["id"]]
        return Response(HTTPStatus.NO_CONTENT)

    @route("GET /repos/{owner}/{repo}/labels")
    def list_labels(self, call: Call) -> Response:
        """List the repository's labels."""
        return _paged(call, [_label(label) for label in self.repository(call).labels])

    @route("GET /orgs/{org}/labels")
    def list_organization_labels(self, call: Call) -> Response:
        """List an organization's labels: none."""
        return _paged(call, [])

    @route("POST /repos/{owner}/{repo}/labels")
    def create_label(self, call: Call) -> Response:
        """Add a label; Gitea lets two have one name."""
        found = self.repository(call, "issues", "write")
        body = self.members(call, required=("name", "color"), known=("description", "exclusive", "is_archived"))
        label = found.create_label(body["name"], body["color"].removeprefix("#"), body.get("description") or "")
        return Response.json(_label(label), HTTPStatus.CREATED)

    @route("GET /repos/{owner}/{repo}/milestones")
    def list_milestones(self, call: Call) -> Response:
        """List milestones."""
        self.parameters(call, "state", "name")
        found = self.repository(call)
        return _paged(call, [{"id": one.number, "title": one.title, "state": one.state} for one in found.milestones])

    @route("GET /repos/{owner}/{repo}/issues/{index}/comments")
    def list_comments(self, call: Call) -> Response:
        """List all comments, oldest first; this list has no pages."""
        self.parameters(call, "since", "before")
        return Response.json([self._comment(comment) for comment in self.pull(call).comments])

    @route("POST /repos/{owner}/{repo}/issues/{index}/comments")
    def create_comment(self, call: Call) -> Response:
        """Comment."""
        pull = self.pull(call, "write", "issues")
        body = self.members(call, required=("body",), known=("updated_at",))
        comment = pull.add_comment(self.who(call).account, body["body"])
        return Response.json(self._comment(comment), HTTPStatus.CREATED)

    def _found_comment(self, call: Call) -> tuple[Pull, Comment]:
        pulls = self.repository(call, "issues", "write").pulls
        placed = {str(comment.id): (pull, comment) for pull in pulls for comment in pull.comments}
        if call.path["id"] not in placed:
            self.refuse(HTTPStatus.NOT_FOUND, "Not Found")
        return placed[call.path["id"]]

    @route("PATCH /repos/{owner}/{repo}/issues/comments/{id}")
    def update_comment(self, call: Call) -> Response:
        """Rewrite a comment."""
        pull, comment = self._found_comment(call)
        body = self.members(call, required=("body",), known=("updated_at",))
        comment.body, comment.updated = body["body"], self.store.now()
        pull.touch("comment edited", itself=False)
        return Response.json(self._comment(comment))

    @route("DELETE /repos/{owner}/{repo}/issues/comments/{id}")
    def delete_comment(self, call: Call) -> Response:
        """Delete a comment."""
        pull, comment = self._found_comment(call)
        pull.comments.remove(comment)
        return Response(HTTPStatus.NO_CONTENT)

    def _comment(self, comment: Comment) -> dict[str, Any]:
        return {"id": comment.id, "body": comment.body, "user": _account(comment.author)}

    @route("POST /repos/{owner}/{repo}/statuses/{sha}")
    def create_status(self, call: Call) -> Response:
        """Set a status on a commit."""
        found = self.repository(call, "statuses", "write")
        body = self.members(call, required=("state",), known=("context", "description", "target_url"))
        if body["state"] not in {"pending", "success", "error", "failure", "warning", "skipped"}:
            self.refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "[State]: In")
        if found.git.kind(call.path["sha"]) != "commit":
            self.refuse(HTTPStatus.NOT_FOUND, "Not Found")
        context, author = body.get("context") or "default", self.who(call).account
        text = body.get("description") or ""
        found.add_status(call.path["sha"], context, body["state"], text, body.get("target_url"), author)
        return Response.json({"context": context, "status": body["state"]}, HTTPStatus.CREATED)

    @route("GET /repos/{owner}/{repo}/branches/{branch+}")
    def get_branch(self, call: Call) -> Response:
        """Answer with a branch."""
        sha = self.repository(call, "contents").git.branch(call.path["branch"])
        if sha is None:
            self.refuse(HTTPStatus.NOT_FOUND, "Not Found")
        rules = self.repository(call, "contents").protections_of(call.path["branch"])
        return Response.json(
            {
                "name": call.path["branch"],
                "commit": {"id": sha},
                "protected": bool(rules),
                "enable_status_check": any(rule.required_statuses for rule in rules),
                "status_check_contexts": [name for rule in rules for name in rule.required_statuses],
                "required_approvals": max((rule.required_approvals for rule in rules), default=0),
            }
        )

    @route("GET /repos/{owner}/{repo}/commits/{ref}/status")
    def get_combined_status(self, call: Call) -> Response:
        """Answer with the state of all statuses of a commit together."""
        states = {status.state for status in self.repository(call, "contents").status(call.path["ref"]).values()}
        worst = next((state for state in ("error", "failure", "pending", "success") if state in states), "")
        return Response.json({"state": worst, "total_count": len(states), "sha": call.path["ref"]})

    @route("GET /repos/{owner}/{repo}/issues/{index}/timeline")
    def list_timeline(self, call: Call) -> Response:
        """List what happened to a pull request, oldest first, as far as it is merging."""
        self.parameters(call, "since", "before")
        kinds = {"auto-merge enabled": "pull_scheduled_merge", "auto-merge disabled": "pull_cancel_scheduled_merge"}
        events = [
            kinds.get(event, "merge_pull" if event.startswith("merged") else "comment")
            for event in self.pull(call).events
        ]
        return _paged(call, [{"id": number, "type": kind} for number, kind in enumerate(events, 1)])

    @route("DELETE /repos/{owner}/{repo}/branches/{branch+}")
    def delete_branch(self, call: Call) -> Response:
        """Delete a branch."""
        found = self.repository(call, "contents", "write")
        if found.git.branch(call.path["branch"]) is None:
            self.refuse(HTTPStatus.NOT_FOUND, "Not Found")
        found.git.update_refs([RefUpdate(f"refs/heads/{call.path['branch']}", ZERO)])
        found.sync()
        return Response(HTTPStatus.NO_CONTENT)


def _is_draft(title: str) -> bool:
    return title.lower().startswith(_DRAFT)


def _account(who: Account) -> dict[str, Any]:
    return {"id": who.id, "login": who.login, "username": who.login, "full_name": who.name}


def _label(label: Label) -> dict[str, Any]:
    return {"id": label.id, "name": label.name, "color": label.color, "description": label.description}


def _repository(one: Repository) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "full_name": one.full_name,
        "owner": _account(one.owner),
        "private": one.private,
        "archived": one.archived,
        "default_branch": one.default_branch,
        "html_url": f"{one.store.url}/{one.full_name}",
        "clone_url": one.clone_url,
        "fork": one.parent is not None,
    }


def _pull(pull: Pull) -> dict[str, Any]:
    store = pull.repository.store
    url = f"{store.url}/{pull.repository.full_name}/pulls/{pull.number}"
    return {
        "id": pull.repository.id * 1000 + pull.number,
        "number": pull.number,
        "url": url,
        "html_url": url,
        "user": _account(pull.author),
        "title": pull.title,
        "body": pull.body,
        "labels": [_label(label) for label in pull.labels],
        "milestone": {"id": pull.milestone.number, "title": pull.milestone.title} if pull.milestone else None,
        "assignees": [_account(who) for who in pull.assignees] or None,
        "requested_reviewers": [_account(who) for who in pull.reviewers] or None,
        "requested_reviewers_teams": [{"name": name} for name in pull.team_reviewers] or None,
        "state": pull.state,
        "draft": pull.draft,
        "merged": pull.merged,
        "merge_commit_sha": pull.merge_sha,
        "mergeable": pull.is_open and pull.repository.mergeability(pull) is not Mergeability.DIRTY,
        "base": _side(pull.repository, pull.base, pull.base_sha),
        "head": _side(pull.head_repository, pull.head, pull.head_sha),
        "created_at": store.timestamp(pull.created),
        "updated_at": store.timestamp(pull.updated),
    }


def _side(where: Repository, branch: str, sha: str) -> dict[str, Any]:
    return {"label": branch, "ref": branch, "sha": sha, "repo_id": where.id, "repo": _repository(where)}


def _paged(call: Call, items: list[Any]) -> Response:
    response = page(call, items, default=30, most=50, size="limit")
    return Response(response.status, {**response.headers, "X-Total-Count": str(len(items))}, response.body)
