"""Bitbucket Data Center's REST API over the store. Modelled on its documentation, not verified against a live server.

Every change names the version that it was made from (409 otherwise), and reviewers that an update omits are removed.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, NoReturn

from fake_forge.accounts import Account
from fake_forge.bare import ZERO, MergeConflict, RefUpdate
from fake_forge.pull import Pull
from fake_forge.records import AutoMerge, Comment, Kind, Mergeability, NotMergeable
from fake_forge.repository import Repository
from fake_forge.rest_dialect import RestDialect, refused
from fake_forge.routes import Call, route
from gitops_streams.demo.exchange import Request, Response

_LIMIT = 32_768
_STATES = {"SUCCESSFUL": "success", "FAILED": "failure", "INPROGRESS": "pending"}
_REPO = "/api/latest/projects/{project}/repos/{slug}"
_PULL = f"{_REPO}/pull-requests/{{id}}"


class BitbucketDataCenter(RestDialect):
    """Pull requests and what belongs to them."""

    kind = Kind.BITBUCKET_DATA_CENTER
    prefix = "/rest"
    schemes = frozenset({"bearer", "basic"})

    def path(self, request: Request) -> str:
        """Take ``1.0`` for ``latest``."""
        return super().path(request).replace("/1.0/", "/latest/", 1)

    def refuse(self, status: int, message: Any) -> NoReturn:
        """Answer with an error as Bitbucket writes them."""
        self._error(status, message, "com.atlassian.bitbucket.FakeException")

    def _error(self, status: int, message: str, name: str, **more: Any) -> NoReturn:
        refused({"errors": [{"context": None, "message": message, "exceptionName": name, **more}]}, status)

    def repository(self, call: Call, permission: str = "pull_requests", level: str = "read") -> Repository:
        """Return the repository that a call is about, if the token may do that there."""
        name = f"{call.path['project']}/{call.path['slug']}"
        found, token = self.find(name), call.token
        if token is None and (found is None or found.private or level == "write"):
            self.refuse(HTTPStatus.UNAUTHORIZED, "You are not permitted to access this resource")
        if found is None or (found.private and token is not None and not token.covers(name)):
            text = f"Repository {name} does not exist."
            self._error(HTTPStatus.NOT_FOUND, text, "com.atlassian.bitbucket.repository.NoSuchRepositoryException")
        if level == "write" and token is not None and not (token.covers(name) and token.allows(permission, level)):
            text = "You are not permitted to access this resource"
            self._error(HTTPStatus.UNAUTHORIZED, text, "com.atlassian.bitbucket.AuthorisationException")
        if level == "write" and found.archived:
            text = "The repository is archived, and cannot be modified"
            self._error(HTTPStatus.CONFLICT, text, "com.atlassian.bitbucket.repository.RepositoryArchivedException")
        found.sync()
        return found

    def pull(self, call: Call, level: str = "read") -> Pull:
        """Return the pull request that a call is about."""
        return self.pull_of(self.repository(call, level=level), call.path["id"])

    def _at_version(self, pull: Pull, version: object) -> None:
        if str(version) != str(pull.version):
            text = "You are attempting to modify a pull request based on out-of-date information."
            name = "com.atlassian.bitbucket.pull.PullRequestOutOfDateException"
            more = {"currentVersion": pull.version, "expectedVersion": version}
            self._error(HTTPStatus.CONFLICT, text, name, **more)

    @route("GET /api/latest/application-properties")
    def properties(self, call: Call) -> Response:
        """Say which release this is, and in a header whose token it is."""
        headers = {"X-AUSERNAME": call.token.account.login} if call.token else {}
        return Response.json({"version": "8.19.0", "displayName": "Bitbucket"}, headers=headers)

    @route("GET /api/latest/users/{user}")
    def get_user(self, call: Call) -> Response:
        """Answer with an account."""
        self.who(call)
        account = self.known_account(call.path["user"])
        if account is None:
            self.refuse(HTTPStatus.NOT_FOUND, f"User '{call.path['user']}' does not exist.")
        return Response.json(_account(account))

    @route(f"GET {_REPO}")
    def get_repository(self, call: Call) -> Response:
        """Answer with a repository."""
        return Response.json(_repository(self.repository(call)))

    @route(f"GET {_REPO}/pull-requests")
    def list_pulls(self, call: Call) -> Response:
        """List pull requests, newest first: open and to this branch unless it is said otherwise."""
        found = self.repository(call)
        query = self.parameters(call, "direction", "at", "state", "order", "start", "filterText", "draft")
        state, at = query.get("state", "OPEN"), query.get("at")
        side = "head" if query.get("direction") == "OUTGOING" else "base"
        pulls = [pull for pull in found.pulls if state in {"ALL", _state(pull)}]
        if at:
            pulls = [pull for pull in pulls if f"refs/heads/{getattr(pull, side)}" == at]
        pulls.sort(key=lambda pull: pull.number, reverse=query.get("order", "NEWEST") == "NEWEST")
        return _paged(call, [_pull(pull) for pull in self.store.visible(pulls)])

    @route(f"POST {_REPO}/pull-requests")
    def create_pull(self, call: Call) -> Response:
        """Open a pull request."""
        found = self.repository(call, level="write")
        known = ("description", "reviewers", "draft", "state", "open", "closed", "locked")
        body = self.members(call, required=("title", "fromRef", "toRef"), known=known)
        head, base = (body[side]["id"].removeprefix("refs/heads/") for side in ("fromRef", "toRef"))
        for branch in (head, base):
            if found.git.branch(branch) is None:
                text = f"Branch '{branch}' does not exist in this repository."
                self._error(HTTPStatus.NOT_FOUND, text, "com.atlassian.bitbucket.commit.NoSuchBranchException")
        if existing := found.duplicate(found, head, base):
            text = "Only one pull request may be open for a given source and target branch"
            name = "com.atlassian.bitbucket.pull.DuplicatePullRequestException"
            self._error(HTTPStatus.CONFLICT, text, name, existingPullRequest=_pull(existing))
        if not found.git.ahead(found.git.branch(base) or "", found.git.branch(head) or ""):
            text = f"{base} is already up-to-date with branch {head}"
            self._error(HTTPStatus.CONFLICT, text, "com.atlassian.bitbucket.pull.EmptyPullRequestException")
        author = self.who(call).account
        reviewers = self._reviewers(body, author)
        text = self._described(body)
        pull = found.create_pull(body["title"], text, base, head, found, author, draft=bool(body.get("draft")))
        pull.reviewers = reviewers
        return Response.json(_pull(pull), HTTPStatus.CREATED)

    def _described(self, body: dict[str, Any]) -> str:
        text = body.get("description") or ""
        if len(text) > _LIMIT:
            self.refuse(HTTPStatus.BAD_REQUEST, f"Please limit the description to {_LIMIT} characters")
        return text

    def _reviewers(self, body: dict[str, Any], author: Account) -> list[Account]:
        chosen = []
        for one in body.get("reviewers") or []:
            account = self.known_account(one["user"]["name"])
            if account is None or account is author:
                text = f"{one['user']['name']} cannot be added as a reviewer"
                name = "com.atlassian.bitbucket.pull.InvalidPullRequestReviewersException"
                self._error(HTTPStatus.CONFLICT, text, name)
            chosen.append(account)
        return chosen

    @route(f"GET {_PULL}")
    def get_pull(self, call: Call) -> Response:
        """Answer with a pull request."""
        return Response.json(_pull(self.pull(call)))

    @route(f"PUT {_PULL}")
    def update_pull(self, call: Call) -> Response:
        """Change a pull request that is at the version that the body names."""
        pull = self.pull(call, "write")
        known = ("id", "description", "reviewers", "toRef", "draft", "title")
        body = self.members(call, required=("version",), known=known)
        self._at_version(pull, body["version"])
        if not pull.is_open:
            text = "This pull request has already been closed."
            self._error(HTTPStatus.CONFLICT, text, "com.atlassian.bitbucket.pull.IllegalPullRequestStateException")
        pull.title = body.get("title") or pull.title
        pull.body = self._described(body)
        pull.draft = bool(body.get("draft", pull.draft))
        pull.reviewers = self._reviewers(body, pull.author)
        pull.touch("edited")
        return Response.json(_pull(pull))

    @route(f"POST {_PULL}/decline")
    def decline(self, call: Call) -> Response:
        """Close a pull request."""
        pull = self.pull(call, "write")
        self._at_version(pull, call.query.get("version"))
        if pull.is_open:
            pull.close(f"declined by {self.who(call).account.login}")
        return Response.json(_pull(pull))

    @route(f"POST {_PULL}/reopen")
    def reopen(self, call: Call) -> Response:
        """Open a declined pull request again."""
        pull = self.pull(call, "write")
        self._at_version(pull, call.query.get("version"))
        if not pull.is_open and not pull.merged:
            pull.state, pull.settled_at = "open", None
            pull.touch("reopened")
        return Response.json(_pull(pull))

    @route(f"POST {_PULL}/merge")
    def merge(self, call: Call) -> Response:
        """Merge."""
        pull = self.pull(call, "write")
        self._at_version(pull, call.query.get("version", call.body.get("version")))
        method = "squash" if "squash" in call.body.get("strategyId", "") else "merge"
        vetoed = pull.repository.mergeability(pull) is Mergeability.BLOCKED
        if call.body.get("autoMerge") and vetoed and pull.is_open:
            if not pull.repository.auto_merge_allowed:
                self.refuse(HTTPStatus.FORBIDDEN, "Auto-merge is not enabled for this repository")
            pull.auto_merge = AutoMerge(method, self.who(call).account, message=call.body.get("message"))
            return Response.json(_pull(pull))
        try:
            pull.repository.merge(pull, method, self.who(call).account, message=call.body.get("message"))
        except (NotMergeable, MergeConflict) as error:
            name = "com.atlassian.bitbucket.pull.PullRequestMergeVetoedException"
            self._error(HTTPStatus.CONFLICT, str(error), name)
        return Response.json(_pull(pull))

    @route(f"GET {_PULL}/merge")
    def can_merge(self, call: Call) -> Response:
        """Say whether it could be merged now."""
        pull = self.pull(call)
        state = pull.repository.mergeability(pull)
        clean = pull.is_open and state in {Mergeability.CLEAN, Mergeability.UNSTABLE}
        vetoes = [{"summaryMessage": "Not all required builds are successful yet"}]
        vetoes = vetoes if state is Mergeability.BLOCKED else []
        return Response.json({"canMerge": clean, "conflicted": state is Mergeability.DIRTY, "vetoes": vetoes})

    @route(f"GET {_PULL}/auto-merge")
    def get_auto_merge(self, call: Call) -> Response:
        """Answer with the order to merge."""
        pull = self.pull(call)
        if pull.auto_merge is None:
            self.refuse(HTTPStatus.NOT_FOUND, "Auto-merge was not requested for this pull request")
        return Response.json({"fromHash": pull.head_sha, "toRefId": f"refs/heads/{pull.base}"})

    @route(f"DELETE {_PULL}/auto-merge")
    def cancel_auto_merge(self, call: Call) -> Response:
        """Take the order back."""
        self.pull(call, "write").auto_merge = None
        return Response(HTTPStatus.NO_CONTENT)

    @route(f"GET {_PULL}/activities")
    def list_activities(self, call: Call) -> Response:
        """List what happened, newest first; comments are among it."""
        self.parameters(call, "start", "fromType", "fromId")
        comments = reversed(self.pull(call).comments)
        return _paged(call, [{"action": "COMMENTED", "comment": _comment(comment)} for comment in comments])

    @route(f"POST {_PULL}/comments")
    def create_comment(self, call: Call) -> Response:
        """Comment."""
        pull = self.pull(call, "write")
        text = self.members(call, required=("text",), known=("parent", "severity", "state"))["text"]
        comment = pull.add_comment(self.who(call).account, text)
        return Response.json(_comment(comment), HTTPStatus.CREATED)

    def _found_comment(self, call: Call, version: object) -> tuple[Pull, Comment]:
        pull = self.pull(call, "write")
        found = next((one for one in pull.comments if str(one.id) == call.path["comment"]), None)
        if found is None:
            self.refuse(HTTPStatus.NOT_FOUND, "The comment does not exist")
        if str(version) != str(_comment(found)["version"]):
            name = "com.atlassian.bitbucket.comment.CommentOutOfDateException"
            self._error(HTTPStatus.CONFLICT, "You are attempting to modify an out-of-date comment", name)
        return pull, found

    @route(f"PUT {_PULL}/comments/{{comment}}")
    def update_comment(self, call: Call) -> Response:
        """Rewrite a comment that is at the version that the body names."""
        pull, comment = self._found_comment(call, call.body.get("version"))
        comment.body, comment.updated = call.body["text"], comment.updated + 1
        pull.touch("comment edited", itself=False)
        return Response.json(_comment(comment))

    @route(f"DELETE {_PULL}/comments/{{comment}}")
    def delete_comment(self, call: Call) -> Response:
        """Delete a comment that is at the version that the query names."""
        pull, comment = self._found_comment(call, call.query.get("version"))
        pull.comments.remove(comment)
        return Response(HTTPStatus.NO_CONTENT)

    @route(f"POST {_REPO}/commits/{{sha}}/builds")
    def create_status(self, call: Call) -> Response:
        """Set a status on a commit; it needs a link."""
        found = self.repository(call, "statuses", "write")
        known = ("name", "description", "ref", "buildNumber", "duration", "parent")
        body = self.members(call, required=("key", "state", "url"), known=known)
        if body["state"] not in _STATES:
            self.refuse(HTTPStatus.BAD_REQUEST, f"'{body['state']}' is not a valid state")
        text, author = body.get("description") or "", self.who(call).account
        found.add_status(call.path["sha"], body["key"], _STATES[body["state"]], text, body["url"], author)
        return Response(HTTPStatus.NO_CONTENT)

    @route(f"GET {_REPO}/branches")
    def list_branches(self, call: Call) -> Response:
        """List branches whose names contain a text."""
        found = self.repository(call, "contents")
        text = self.parameters(call, "filterText", "start", "orderBy", "details", "base").get("filterText", "")
        branches = [(name, sha) for name, sha in found.git.branches().items() if text in name]
        return _paged(
            call, [{"id": f"refs/heads/{name}", "displayId": name, "latestCommit": sha} for name, sha in branches]
        )

    @route("DELETE /branch-utils/latest/projects/{project}/repos/{slug}/branches")
    def delete_branch(self, call: Call) -> Response:
        """Delete a branch, if it is at ``endPoint``."""
        found = self.repository(call, "contents", "write")
        body = self.members(call, required=("name",), known=("endPoint", "dryRun"))
        name = body["name"].removeprefix("refs/heads/")
        sha = found.git.branch(name)
        if sha is None or body.get("endPoint", sha) != sha:
            self.refuse(HTTPStatus.CONFLICT, f"The branch {name} has been updated")
        found.git.update_refs([RefUpdate(f"refs/heads/{name}", ZERO, sha)])
        found.sync()
        return Response(HTTPStatus.NO_CONTENT)


def _state(pull: Pull) -> str:
    return "MERGED" if pull.merged else "OPEN" if pull.is_open else "DECLINED"


def _account(who: Account) -> dict[str, Any]:
    return {"name": who.login, "slug": who.login, "id": who.id, "displayName": who.name, "emailAddress": who.email}


def _repository(one: Repository) -> dict[str, Any]:
    return {
        "id": one.id,
        "slug": one.name,
        "name": one.name,
        "project": {"key": one.namespace},
        "archived": one.archived,
        "public": not one.private,
        "links": {"clone": [{"name": "http", "href": one.clone_url}]},
    }


def _pull(pull: Pull) -> dict[str, Any]:
    found = pull.repository
    web = f"{found.store.url}/projects/{found.namespace}/repos/{found.name}/pull-requests/{pull.number}"
    return {
        "id": pull.number,
        "version": pull.version,
        "title": pull.title,
        "description": pull.body,
        "state": _state(pull),
        "open": pull.is_open,
        "closed": not pull.is_open,
        "draft": pull.draft,
        "fromRef": _side(pull.head_repository, pull.head, pull.head_sha),
        "toRef": _side(found, pull.base, pull.base_sha),
        "author": {"user": _account(pull.author), "role": "AUTHOR"},
        "reviewers": [{"user": _account(who), "role": "REVIEWER"} for who in pull.reviewers],
        "createdDate": pull.created * 1000,
        "updatedDate": pull.updated * 1000,
        "links": {"self": [{"href": web}]},
    }


def _side(where: Repository, branch: str, sha: str) -> dict[str, Any]:
    return {
        "id": f"refs/heads/{branch}",
        "displayId": branch,
        "latestCommit": sha,
        "repository": {"slug": where.name, "id": where.id, "project": {"key": where.namespace}},
    }


def _comment(one: Comment) -> dict[str, Any]:
    return {"id": one.id, "version": one.updated - one.created, "text": one.body, "author": _account(one.author)}


def _paged(call: Call, items: list[Any]) -> Response:
    """Answer with one page of a list; the start of the next is in the body."""
    limit, start = int(call.query.get("limit") or 25), int(call.query.get("start") or 0)
    chosen = items[start : start + limit]
    last = start + limit >= len(items)
    document = {"size": len(chosen), "limit": limit, "start": start, "isLastPage": last, "values": chosen}
    return Response.json(document | {"nextPageStart": None if last else start + limit})
