"""GitHub's REST API over the store: pull requests, issues' side of them, labels, statuses, repositories.

Paths and refusals are those of GitHub Enterprise Server (``/api/v3``); the texts of refusals are GitHub's
where they are known. Requests are checked against GitHub's published description first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import urlencode

from fake_forge import github_documents as documents
from fake_forge.accounts import Token, TokenKind
from fake_forge.bare import MergeConflict
from fake_forge.exchange import Refused
from fake_forge.routes import Call, page, route
from fake_forge.store import Comment, Kind, NotMergeable, Pull, Repository, Store
from gitops_streams.demo.exchange import Response

_BODY_LIMIT = 65_536
_PREFIX = "/api/v3"


def refuse(status: int, message: str, **more: Any) -> NoReturn:
    """Answer with an error as GitHub writes them."""
    document = {"message": message, **more, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
    raise Refused(Response.json(document, status))


def invalid(resource: str, *, field: str | None = None, code: str = "custom", message: str | None = None) -> NoReturn:
    """Answer 422 as GitHub words a failed validation."""
    error = {"resource": resource, "field": field, "code": code, "message": message}
    errors = [{name: value for name, value in error.items() if value is not None}]
    refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed", errors=errors)


class GitHubApi:
    """What GitHub's parts have in common: who asks, for which repository, with which right."""

    def __init__(self, store: Store, authenticate: Callable[..., Token | None]) -> None:
        self.store = store
        self.authenticate = authenticate

    def repository(self, call: Call, permission: str = "metadata", level: str = "read") -> Repository:
        """Return the repository that a call is about.

        Raises:
            Refused: it is not there, has another name now, is archived, or the token has not the right.
        """
        name = f"{call.path['owner']}/{call.path['repo']}"
        found = self.store.repository(name)
        if found is None and (renamed := self.store.renamed.get(name.lower())):
            _redirect(call, renamed)
        if found is None or found.kind is not Kind.GITHUB:
            refuse(HTTPStatus.NOT_FOUND, "Not Found")
        self.allow(call, found, permission, level)
        found.sync()
        return found

    def allow(self, call: Call, found: Repository, permission: str, level: str) -> None:
        """Refuse a call without the right."""
        token = call.token
        if token is None:
            if found.private:
                refuse(HTTPStatus.NOT_FOUND, "Not Found")
            if level == "write":
                refuse(HTTPStatus.UNAUTHORIZED, "Requires authentication")
            return
        seen = token.covers(found.full_name)
        if found.private and not seen:
            refuse(HTTPStatus.NOT_FOUND, "Not Found")
        if level == "read" and not found.private:
            return
        if not seen or not token.allows(permission, level):
            holder = "personal access token" if token.kind is TokenKind.PAT else "integration"
            refuse(HTTPStatus.FORBIDDEN, f"Resource not accessible by {holder}")
        if level == "write" and found.archived:
            refuse(HTTPStatus.FORBIDDEN, "Repository was archived so is read-only.")

    def pull(self, call: Call, level: str = "read", permission: str = "pull_requests") -> Pull:
        """Return the pull request that a call is about."""
        found = self.repository(call, permission, level)
        number = call.path.get("pull_number") or call.path["issue_number"]
        for pull in found.pulls:
            if str(pull.number) == number:
                return pull
        refuse(HTTPStatus.NOT_FOUND, "Not Found")


def _redirect(call: Call, renamed: Repository) -> NoReturn:
    rest = call.request.path.split("/", 6)[6:]
    query = f"?{urlencode(call.query)}" if call.query else ""
    location = f"{call.request.origin}{_PREFIX}/repositories/{renamed.id}{''.join('/' + part for part in rest)}{query}"
    permanent = call.request.method in {"GET", "HEAD"}
    status = HTTPStatus.MOVED_PERMANENTLY if permanent else HTTPStatus.TEMPORARY_REDIRECT
    message = "Moved Permanently" if permanent else "Temporary Redirect"
    raise Refused(Response.json({"message": message, "url": location}, status, {"Location": location}))


class GitHubPulls(GitHubApi):
    """Pull requests."""

    @route("GET /repos/{owner}/{repo}")
    def get_repository(self, call: Call) -> Response:
        """Answer with the repository."""
        return Response.json(documents.repository(self.repository(call)))

    @route("GET /repos/{owner}/{repo}/pulls")
    def list_pulls(self, call: Call) -> Response:
        """List pull requests. ``head`` without an owner, or of a fork of the same owner, filters nothing."""
        found = self.repository(call, "pull_requests")
        state, base, head = call.query.get("state", "open"), call.query.get("base"), call.query.get("head")
        pulls = [pull for pull in found.pulls if state in {"all", pull.state}]
        if base:
            pulls = [pull for pull in pulls if pull.base == base]
        if head and ":" in head:
            pulls = [pull for pull in pulls if f"{pull.head_repository.owner.login}:{pull.head}" == head]
        key = (lambda pull: pull.updated) if call.query.get("sort") == "updated" else (lambda pull: pull.number)
        pulls.sort(key=key, reverse=call.query.get("direction", "desc") == "desc")
        return page(call, [documents.pull(pull) for pull in self.store.visible(pulls)])

    @route("POST /repos/{owner}/{repo}/pulls")
    def create_pull(self, call: Call) -> Response:
        """Open a pull request."""
        found = self.repository(call, "pull_requests", "write")
        token = call.who
        if token.kind is TokenKind.ACTIONS and not found.actions_may_create_pulls:
            refuse(HTTPStatus.FORBIDDEN, "GitHub Actions is not permitted to create or approve pull requests.")
        owner, _, head = call.body["head"].rpartition(":")
        source = self._source(found, owner, call.body.get("head_repo"))
        base, title, body = call.body["base"], call.body.get("title", ""), call.body.get("body") or ""
        if found.git.branch(base) is None:
            invalid("PullRequest", field="base", code="invalid")
        if source is None or source.git.branch(head) is None:
            invalid("PullRequest", field="head", code="invalid")
        if source is found and head == base:
            invalid("PullRequest", message=f"No commits between {base} and {head}")
        if found.duplicate(source, head, base):
            invalid("PullRequest", message=f"A pull request already exists for {source.owner.login}:{head}.")
        _check_body(body)
        if not title.strip():
            invalid("PullRequest", field="title", code="missing_field")
        if source is not found:
            found.git.git("fetch", "--quiet", str(source.git.path), f"refs/heads/{head}")
        if not found.git.ahead(found.git.branch(base) or "", source.git.branch(head) or ""):
            between = head if source is found else f"{source.owner.login}:{head}"
            invalid("PullRequest", message=f"No commits between {base} and {between}")
        draft = bool(call.body.get("draft"))
        pull = found.create_pull(title, body, base, head, source, token.account, draft=draft)
        pull.maintainer_can_modify = bool(call.body.get("maintainer_can_modify", True))
        url = f"{self.store.url}{_PREFIX}/repos/{found.full_name}/pulls/{pull.number}"
        return Response.json(documents.pull(pull, full=True), HTTPStatus.CREATED, {"Location": url})

    def _source(self, found: Repository, owner: str, name: str | None) -> Repository | None:
        family = [found, *(fork for fork in self.store.repositories if fork.parent is found)]
        for repository in family:
            if name is not None and name.lower() not in {repository.name.lower(), repository.full_name.lower()}:
                continue
            if not owner or repository.owner.login.lower() == owner.lower():
                return repository
        return None

    @route("GET /repos/{owner}/{repo}/pulls/{pull_number}")
    def get_pull(self, call: Call) -> Response:
        """Answer with a pull request."""
        return Response.json(documents.pull(self.pull(call), full=True))

    @route("PATCH /repos/{owner}/{repo}/pulls/{pull_number}")
    def update_pull(self, call: Call) -> Response:
        """Change title, body, state or base."""
        pull = self.pull(call, "write")
        body, login = call.body, call.who.account.login
        if "body" in body:
            _check_body(body["body"] or "")
        if (base := body.get("base")) is not None and base != pull.base:
            self._retarget(pull, base)
        changed = False
        for name in ("title", "body"):
            if name in body and (body[name] or "") != getattr(pull, name):
                setattr(pull, name, body[name] or "")
                changed = True
        if changed:
            pull.touch(f"edited by {login}")
        if body.get("state") == "closed" and pull.is_open:
            pull.close(f"closed by {login}")
        elif body.get("state") == "open" and not pull.is_open:
            self._reopen(pull, login)
        return Response.json(documents.pull(pull, full=True))

    @staticmethod
    def _retarget(pull: Pull, base: str) -> None:
        if pull.repository.git.branch(base) is None:
            invalid("PullRequest", field="base", code="invalid")
        if not pull.is_open:
            invalid("PullRequest", field="base", message="Cannot change the base branch of a closed pull request.")
        if pull.repository.duplicate(pull.head_repository, pull.head, base):
            text = f"A pull request already exists for base branch '{base}' and head branch '{pull.head}'"
            invalid("PullRequest", field="base", message=text)
        pull.base, pull.settled_at = base, None
        pull.touch(f"base changed to {base}")
        pull.repository.sync()

    @staticmethod
    def _reopen(pull: Pull, login: str) -> None:
        where = pull.head_repository
        if pull.merged:
            text = "state cannot be changed. The pull request cannot be reopened."
        elif where.git.branch(pull.head) is None:
            text = f"state cannot be changed. The {pull.head} branch has been deleted."
        elif pull.repository.git.branch(pull.base) is None:
            text = f"state cannot be changed. The {pull.base} branch has been deleted."
        elif pull.head_forced:
            text = f"state cannot be changed. The {pull.head} branch was force-pushed or recreated."
        elif pull.repository.duplicate(where, pull.head, pull.base):
            text = "state cannot be changed. There is already an open pull request from "
            text += f"{pull.head} to {pull.base}."
        else:
            pull.state, pull.settled_at = "open", None
            pull.touch(f"reopened by {login}")
            return
        invalid("PullRequest", field="state", code="invalid", message=text)

    @route("GET /repos/{owner}/{repo}/pulls/{pull_number}/commits")
    def list_pull_commits(self, call: Call) -> Response:
        """List the commits of a pull request, oldest first."""
        pull = self.pull(call)
        base, head = pull.repository.comparable(pull)
        commits = pull.repository.git.commits(base, head)
        return page(call, [documents.history_commit(pull.repository, commit.sha) for commit in commits])

    @route("GET /repos/{owner}/{repo}/pulls/{pull_number}/files")
    def list_pull_files(self, call: Call) -> Response:
        """List the files that a pull request changes."""
        pull = self.pull(call)
        paths = pull.repository.git.changed_files(*pull.repository.comparable(pull))
        return page(call, [{"filename": path, "status": "modified"} for path in paths])

    @route("PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge")
    def merge_pull(self, call: Call) -> Response:
        """Merge."""
        pull = self.pull(call, "write", "contents")
        if (sha := call.body.get("sha")) and sha != pull.head_sha:
            refuse(HTTPStatus.CONFLICT, "Head branch was modified. Review and try the merge again.")
        title, text = call.body.get("commit_title"), call.body.get("commit_message")
        message = "\n\n".join(part for part in (title, text) if part) or None
        method = call.body.get("merge_method", "merge")
        try:
            merged = pull.repository.merge(pull, method, call.who.account, message=message)
        except (NotMergeable, MergeConflict) as error:
            refuse(HTTPStatus.METHOD_NOT_ALLOWED, str(error))
        return Response.json({"sha": merged, "merged": True, "message": "Pull Request successfully merged"})

    @route("POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers")
    def request_reviewers(self, call: Call) -> Response:
        """Ask people and teams to review."""
        pull = self.pull(call, "write")
        found = pull.repository
        people, teams = call.body.get("reviewers", []), call.body.get("team_reviewers", [])
        if pull.author.login in people:
            message = "Review cannot be requested from pull request author."
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, message)
        if teams and not call.who.allows("members", "read"):
            error = "Could not resolve to a node with the global id of 'T_kwDOAAAAAA'."
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed", errors=[error])
        known = found.collaborators or set(self.store.accounts)
        if not set(people) <= known or not set(teams) <= found.teams:
            message = (
                "Reviews may only be requested from collaborators. One or more of the users or teams you specified"
                f" is not a collaborator of the {found.full_name} repository."
            )
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, message)
        pull.reviewers += [who for login in people if (who := self.store.account(login)) not in pull.reviewers]
        pull.team_reviewers += [slug for slug in teams if slug not in pull.team_reviewers]
        pull.touch("reviewers requested")
        return Response.json(documents.pull(pull), HTTPStatus.CREATED)

    @route("DELETE /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers")
    def remove_reviewers(self, call: Call) -> Response:
        """Ask people and teams no longer."""
        pull = self.pull(call, "write")
        pull.reviewers = [who for who in pull.reviewers if who.login not in call.body.get("reviewers", [])]
        teams = call.body.get("team_reviewers", [])
        pull.team_reviewers = [slug for slug in pull.team_reviewers if slug not in teams]
        return Response.json(documents.pull(pull))

    @route("GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews")
    def list_reviews(self, call: Call) -> Response:
        """List reviews: approvals are all that is known."""
        pull = self.pull(call)
        who = [self.store.account(login) for login in sorted(pull.approvals)]
        return page(call, [{"user": documents.account(one), "state": "APPROVED"} for one in who])


class GitHubIssues(GitHubApi):
    """The side of a pull request that it shares with issues."""

    def _issue(self, call: Call) -> Pull:
        """Return a pull request for a change that either permission allows."""
        found = self.repository(call)
        token = call.who
        held = next((name for name in ("issues", "pull_requests") if token.allows(name, "write")), "issues")
        self.allow(call, found, held, "write")
        return self.pull(call)

    @route("GET /repos/{owner}/{repo}/issues/{issue_number}")
    def get_issue(self, call: Call) -> Response:
        """Answer with the issue's side of a pull request."""
        return Response.json(documents.issue(self.pull(call)))

    @route("PATCH /repos/{owner}/{repo}/issues/{issue_number}")
    def update_issue(self, call: Call) -> Response:
        """Set milestone, labels, assignees, title, body or state."""
        pull = self._issue(call)
        body = call.body
        if "milestone" in body:
            number = body["milestone"]
            milestone = None if number is None else pull.repository.milestone(int(number))
            if number is not None and milestone is None:
                error = {"value": number, "resource": "Issue", "field": "milestone", "code": "invalid"}
                refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed", errors=[error])
            pull.milestone = milestone
        if "labels" in body:
            pull.labels = []
            self._label(call, pull, body["labels"])
        if "assignees" in body:
            pull.assignees = [self.store.account(login) for login in body["assignees"] if self._assignable(pull, login)]
        if "body" in body:
            _check_body(body["body"] or "")
            pull.body = body["body"] or ""
        pull.title = body.get("title") or pull.title
        pull.touch(f"edited by {call.who.account.login}")
        return Response.json(documents.issue(pull))

    @route("POST /repos/{owner}/{repo}/issues/{issue_number}/labels")
    def add_labels(self, call: Call) -> Response:
        """Give labels; those that the repository has not are made."""
        pull = self._issue(call)
        self._label(call, pull, call.body["labels"] if isinstance(call.body, dict) else call.body)
        return Response.json([documents.label(label) for label in pull.labels])

    @route("GET /repos/{owner}/{repo}/issues/{issue_number}/labels")
    def list_issue_labels(self, call: Call) -> Response:
        """List the labels of a pull request."""
        return page(call, [documents.label(label) for label in self.pull(call).labels])

    def _label(self, call: Call, pull: Pull, wanted: list[Any]) -> None:
        names = [one if isinstance(one, str) else one["name"] for one in wanted]
        if any(pull.repository.label(name) is None for name in names) and not call.who.allows("issues", "write"):
            error = {"resource": "Repository", "field": "label", "code": "unauthorized"}
            text = "You do not have permission to create labels on this repository."
            refuse(HTTPStatus.FORBIDDEN, text, errors=[error])
        for name in names:
            label = pull.repository.label(name) or pull.repository.create_label(name)
            if label not in pull.labels:
                pull.labels.append(label)
                pull.touch(f"labelled {name}")

    @route("DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}")
    def remove_label(self, call: Call) -> Response:
        """Take a label away."""
        pull = self._issue(call)
        label = pull.repository.label(call.path["name"])
        if label is None or label not in pull.labels:
            refuse(HTTPStatus.NOT_FOUND, "Label does not exist")
        pull.labels.remove(label)
        pull.touch(f"unlabelled {label.name}")
        return Response.json([documents.label(one) for one in pull.labels])

    def _assignable(self, pull: Pull, login: str) -> bool:
        return login in (pull.repository.collaborators or set(self.store.accounts))

    @route("POST /repos/{owner}/{repo}/issues/{issue_number}/assignees")
    def add_assignees(self, call: Call) -> Response:
        """Assign people; those who cannot be are left out without a word."""
        pull = self._issue(call)
        for login in call.body.get("assignees", []):
            if self._assignable(pull, login) and (who := self.store.account(login)) not in pull.assignees:
                pull.assignees.append(who)
                pull.touch(f"assigned to {login}")
        return Response.json(documents.issue(pull), HTTPStatus.CREATED)

    @route("DELETE /repos/{owner}/{repo}/issues/{issue_number}/assignees")
    def remove_assignees(self, call: Call) -> Response:
        """Take assignments back."""
        pull = self._issue(call)
        pull.assignees = [who for who in pull.assignees if who.login not in call.body.get("assignees", [])]
        return Response.json(documents.issue(pull))

    @route("GET /repos/{owner}/{repo}/issues/{issue_number}/comments")
    def list_comments(self, call: Call) -> Response:
        """List comments, oldest first."""
        pull = self.pull(call)
        return page(call, [documents.comment(pull, comment) for comment in pull.comments])

    @route("POST /repos/{owner}/{repo}/issues/{issue_number}/comments")
    def create_comment(self, call: Call) -> Response:
        """Comment."""
        pull = self._issue(call)
        _check_body(call.body["body"], "IssueComment")
        comment = pull.add_comment(call.who.account, call.body["body"])
        return Response.json(documents.comment(pull, comment), HTTPStatus.CREATED)

    def _comment(self, call: Call) -> tuple[Pull, Comment]:
        found = self.repository(call)
        if call.request.method != "GET":
            held = next((name for name in ("issues", "pull_requests") if call.who.allows(name, "write")), "issues")
            self.allow(call, found, held, "write")
        for pull in found.pulls:
            for comment in pull.comments:
                if str(comment.id) == call.path["comment_id"]:
                    return pull, comment
        refuse(HTTPStatus.NOT_FOUND, "Not Found")

    @route("GET /repos/{owner}/{repo}/issues/comments/{comment_id}")
    def get_comment(self, call: Call) -> Response:
        """Answer with a comment."""
        return Response.json(documents.comment(*self._comment(call)))

    @route("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}")
    def update_comment(self, call: Call) -> Response:
        """Rewrite a comment."""
        pull, comment = self._comment(call)
        _check_body(call.body["body"], "IssueComment")
        comment.body, comment.updated = call.body["body"], self.store.now()
        pull.touch("comment edited")
        return Response.json(documents.comment(pull, comment))

    @route("DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}")
    def delete_comment(self, call: Call) -> Response:
        """Delete a comment."""
        pull, comment = self._comment(call)
        pull.comments.remove(comment)
        return Response(HTTPStatus.NO_CONTENT)

    @route("GET /repos/{owner}/{repo}/labels")
    def list_labels(self, call: Call) -> Response:
        """List the repository's labels."""
        return page(call, [documents.label(label) for label in self.repository(call, "issues").labels])

    @route("GET /repos/{owner}/{repo}/labels/{name}")
    def get_label(self, call: Call) -> Response:
        """Answer with a label."""
        label = self.repository(call, "issues").label(call.path["name"])
        if label is None:
            refuse(HTTPStatus.NOT_FOUND, "Not Found")
        return Response.json(documents.label(label))

    @route("POST /repos/{owner}/{repo}/labels")
    def create_label(self, call: Call) -> Response:
        """Add a label."""
        found = self.repository(call, "issues", "write")
        if found.label(call.body["name"]):
            invalid("Label", field="name", code="already_exists")
        label = found.create_label(
            call.body["name"], call.body.get("color", "ededed"), call.body.get("description") or ""
        )
        return Response.json(documents.label(label), HTTPStatus.CREATED)

    @route("GET /repos/{owner}/{repo}/milestones")
    def list_milestones(self, call: Call) -> Response:
        """List milestones."""
        state = call.query.get("state", "open")
        found = self.repository(call, "issues")
        return page(call, [documents.milestone(one) for one in found.milestones if state in {"all", one.state}])


class GitHubStatuses(GitHubApi):
    """Statuses and comparisons of commits."""

    @route("POST /repos/{owner}/{repo}/statuses/{sha}")
    def create_status(self, call: Call) -> Response:
        """Set a status on a commit."""
        found = self.repository(call, "statuses", "write")
        sha = call.path["sha"]
        if found.git.kind(sha) != "commit":
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, f"No commit found for SHA: {sha}")
        text = call.body.get("description") or ""
        if len(text) > 140:
            message = "description is too long (maximum is 140 characters)"
            invalid("Status", field="description", message=message)
        context = call.body.get("context", "default")
        url = call.body.get("target_url")
        status = found.add_status(sha, context, call.body["state"], text, url, call.who.account)
        return Response.json(documents.status(found, status), HTTPStatus.CREATED)

    @route("GET /repos/{owner}/{repo}/commits/{ref}/statuses")
    def list_statuses(self, call: Call) -> Response:
        """List the statuses of a commit, newest first."""
        found = self.repository(call, "statuses")
        listed = reversed(found.statuses.get(self._commit(call, found), []))
        return page(call, [documents.status(found, status) for status in listed])

    @route("GET /repos/{owner}/{repo}/commits/{ref}/status")
    def combined_status(self, call: Call) -> Response:
        """Answer with the newest status of each context, and what they come to."""
        found = self.repository(call, "statuses")
        sha = self._commit(call, found)
        latest = list(found.status(sha).values())
        states = {status.state for status in latest}
        state = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
        listed = [documents.status(found, status) for status in latest]
        return Response.json({"state": state, "sha": sha, "total_count": len(listed), "statuses": listed})

    @route("GET /repos/{owner}/{repo}/compare/{basehead+}")
    def compare(self, call: Call) -> Response:
        """Compare two commits."""
        found = self.repository(call, "contents")
        base, _, head = call.path["basehead"].partition("...")
        ends = [found.git.branch(name) or (found.git.kind(name) and name) for name in (base, head)]
        if not ends[0] or not ends[1]:
            refuse(HTTPStatus.NOT_FOUND, "Not Found")
        ahead, behind = found.git.ahead(ends[0], ends[1]), found.git.ahead(ends[1], ends[0])
        commits = [documents.history_commit(found, commit.sha) for commit in found.git.commits(ends[0], ends[1])]
        files = [{"filename": path} for path in found.git.changed_files(ends[0], ends[1])]
        return Response.json({"ahead_by": ahead, "behind_by": behind, "commits": commits, "files": files})

    @route("GET /repos/{owner}/{repo}/commits/{ref+}")
    def get_commit(self, call: Call) -> Response:
        """Answer with a commit."""
        found = self.repository(call, "contents")
        return Response.json(documents.history_commit(found, self._commit(call, found)))

    @staticmethod
    def _commit(call: Call, found: Repository) -> str:
        name = call.path["ref"]
        sha = found.git.branch(name) or found.git.ref(f"{name}^{{commit}}")
        if sha is None:
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, f"No commit found for SHA: {name}")
        return sha

    @route("GET /repos/{owner}/{repo}/branches/{branch+}")
    def get_branch(self, call: Call) -> Response:
        """Answer with a branch."""
        found = self.repository(call, "contents")
        sha = found.git.branch(call.path["branch"])
        if sha is None:
            refuse(HTTPStatus.NOT_FOUND, "Branch not found")
        name = call.path["branch"]
        commit = documents.history_commit(found, sha)
        return Response.json({"name": name, "commit": commit, "protected": bool(found.protections_of(name))})

    @route("POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches")
    def dispatch_workflow(self, call: Call) -> Response:
        """Start a workflow; the store remembers it."""
        found = self.repository(call, "actions", "write")
        found.dispatches.append({"workflow": call.path["workflow_id"], **call.body})
        return Response(HTTPStatus.NO_CONTENT)

    @route("POST /repos/{owner}/{repo}/dispatches")
    def dispatch(self, call: Call) -> Response:
        """Send an event to the repository; the store remembers it."""
        found = self.repository(call, "contents", "write")
        found.dispatches.append(dict(call.body))
        return Response(HTTPStatus.NO_CONTENT)


class GitHubAccounts(GitHubApi):
    """Accounts. Tokens of Apps are not users."""

    @route("GET /user")
    def get_user(self, call: Call) -> Response:
        """Answer with whose token it is."""
        token = call.who
        if token.kind is not TokenKind.PAT:
            refuse(HTTPStatus.FORBIDDEN, "Resource not accessible by integration")
        headers = {"X-OAuth-Scopes": "repo, workflow"} if token.permissions.get("administration") else {}
        return Response.json(documents.account(token.account), headers=headers)

    @route("GET /users/{username}")
    def find_user(self, call: Call) -> Response:
        """Answer with an account."""
        who = self.store.accounts.get(call.path["username"])
        if who is None:
            refuse(HTTPStatus.NOT_FOUND, "Not Found")
        return Response.json(documents.account(who))

    @route("GET /rate_limit")
    def rate_limit(self, _call: Call) -> Response:
        """Say how many requests are left, always plenty."""
        core = {"limit": 5000, "remaining": 4999, "reset": self.store.now() + 3600, "used": 1}
        return Response.json({"resources": {"core": core}, "rate": core})


def _check_body(text: str, resource: str = "Issue") -> None:
    if len(text) > _BODY_LIMIT:
        invalid(resource, field="body", message=f"body is too long (maximum is {_BODY_LIMIT} characters)")


def with_etag(call: Call, response: Response) -> Response:
    """Add what GitHub adds to every answer; answer 304 where the client has it already."""
    headers = {
        **response.headers,
        "X-GitHub-Request-Id": "FAKE:0001",
        "X-RateLimit-Limit": "5000",
        "X-RateLimit-Remaining": "4999",
        "X-RateLimit-Resource": "core",
    }
    if call.request.method == "GET" and response.status == HTTPStatus.OK:
        tag = f'"{hashlib.sha256(response.body).hexdigest()}"'
        headers["ETag"] = tag
        if call.request.header("If-None-Match") in {tag, f"W/{tag}"}:
            return Response(HTTPStatus.NOT_MODIFIED, headers)
    return Response(response.status, headers, response.body)
