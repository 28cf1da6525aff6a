"""Bitbucket Cloud's REST API, 2.0, over the store. Modelled on its documentation, not verified against a live server.

A second POST for the same branches updates the pull request that is there (as client libraries warn), commits
are told by their first 12 digits, and a declined pull request cannot be opened again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import urlencode

from fake_forge.accounts import Account
from fake_forge.bare import ZERO, MergeConflict, RefUpdate
from fake_forge.pull import Pull
from fake_forge.records import Comment, Kind, NotMergeable
from fake_forge.repository import Repository
from fake_forge.rest_dialect import RestDialect, refused
from fake_forge.routes import Call, route
from gitops_streams.demo.exchange import Response

_CLAUSE = re.compile(r'^\s*([a-z_.]+)\s*(=|!=|~)\s*"((?:[^"\\]|\\.)*)"\s*$')
_SCOPES = {"pull_requests": "pullrequest", "contents": "repository", "statuses": "repository"}
_STATES = {"SUCCESSFUL": "success", "FAILED": "failure", "INPROGRESS": "pending", "STOPPED": "error"}
_MERGES = {"merge_commit": "merge", "squash": "squash", "fast_forward": "rebase", "rebase_merge": "rebase"}


class BitbucketCloud(RestDialect):
    """Pull requests and what belongs to them."""

    kind = Kind.BITBUCKET_CLOUD
    prefix = "/2.0"
    schemes = frozenset({"bearer", "basic"})

    def refuse(self, status: int, message: Any) -> NoReturn:
        """Answer with an error as Bitbucket writes them."""
        refused({"type": "error", "error": {"message": message}}, status)

    def repository(self, call: Call, permission: str = "pull_requests", level: str = "read") -> Repository:
        """Return the repository that a call is about, if the token may do that there."""
        name = f"{call.path['workspace']}/{call.path['slug']}"
        found, token = self.find(name), call.token
        if found is None or (found.private and (token is None or not token.covers(name))):
            self.refuse(HTTPStatus.NOT_FOUND, f"Repository {name} not found")
        if level == "write":
            token = self.who(call)
            if not token.allows(permission, level):
                required = [f"{_SCOPES[permission]}:write"]
                text = "Your credentials lack one or more required privilege scopes."
                detail = {"required": required, "granted": []}
                refused({"type": "error", "error": {"message": text, "detail": detail}}, HTTPStatus.FORBIDDEN)
            if found.archived or not token.covers(name):
                self.refuse(HTTPStatus.FORBIDDEN, "Your credentials do not grant you write access to the repository.")
        found.sync()
        return found

    def pull(self, call: Call, level: str = "read") -> Pull:
        """Return the pull request that a call is about."""
        return self.pull_of(self.repository(call, level=level), call.path["id"])

    @route("GET /user")
    def get_user(self, call: Call) -> Response:
        """Answer with whose token it is."""
        return Response.json(_account(self.who(call).account))

    @route("GET /repositories/{workspace}/{slug}")
    def get_repository(self, call: Call) -> Response:
        """Answer with a repository."""
        return Response.json(_repository(self.repository(call)))

    @route("GET /repositories/{workspace}/{slug}/pullrequests")
    def list_pulls(self, call: Call) -> Response:
        """List pull requests, newest first: the open ones, unless ``q`` or ``state`` says which."""
        found = self.repository(call)
        self.parameters(call, "q", "state", "sort", "pagelen", "fields")
        pulls = sorted(found.pulls, key=lambda pull: pull.number, reverse=True)
        states = [value for name, value in call.request.parameters if name == "state"]
        query = call.query.get("q")
        if query is not None:
            clauses = self._clauses(query)
            pulls = [pull for pull in pulls if all(_matches(pull, *clause) for clause in clauses)]
        if states or query is None or "state" not in query:
            pulls = [pull for pull in pulls if _state(pull) in (states or ["OPEN"])]
        return _paged(call, [_pull(pull) for pull in self.store.visible(pulls)])

    def _clauses(self, query: str) -> list[tuple[str, str, str]]:
        """Read ``source.branch.name="topic" AND state="OPEN"``: field, operator, value."""
        clauses = []
        for clause in re.split(r"\s+AND\s+", query):
            found = _CLAUSE.match(clause)
            if found is None or found[1] not in _FIELDS:
                self.violate(f"bitbucket-cloud: q: {clause!r} is not understood")
                self.refuse(HTTPStatus.BAD_REQUEST, f"Invalid query: {clause}")
            clauses.append((found[1], found[2], re.sub(r"\\(.)", r"\1", found[3])))
        return clauses

    @route("POST /repositories/{workspace}/{slug}/pullrequests")
    def create_pull(self, call: Call) -> Response:
        """Open a pull request, or update the one between the same branches."""
        found = self.repository(call, level="write")
        known = ("description", "destination", "reviewers", "close_source_branch", "draft")
        body = self.members(call, required=("title", "source"), known=known)
        head = body["source"]["branch"]["name"]
        base = body.get("destination", {}).get("branch", {}).get("name", found.default_branch)
        for where, branch in (("source", head), ("destination", base)):
            if found.git.branch(branch) is None:
                fields = {where: [f"branch not found: {branch}"]}
                error = {"message": "Bad request", "fields": fields}
                refused({"type": "error", "error": error}, HTTPStatus.BAD_REQUEST)
        if not found.git.ahead(found.git.branch(base) or "", found.git.branch(head) or ""):
            self.refuse(HTTPStatus.BAD_REQUEST, "There are no changes to be pulled")
        author = self.who(call).account
        reviewers = self._reviewers(body, author)
        pull = found.duplicate(found, head, base) or found.create_pull(
            body["title"], "", base, head, found, author, draft=bool(body.get("draft"))
        )
        self._apply(pull, body, reviewers)
        return Response.json(_pull(pull), HTTPStatus.CREATED)

    def _reviewers(self, body: dict[str, Any], author: Account) -> list[Account] | None:
        if "reviewers" not in body:
            return None
        accounts = {_account(account)["uuid"]: account for account in self.store.accounts.values()}
        chosen = []
        for one in body["reviewers"]:
            if one.get("uuid") not in accounts:
                self.refuse(HTTPStatus.BAD_REQUEST, "Malformed reviewers list")
            if accounts[one["uuid"]] is author:
                text = f"{author.name} is the author and cannot be included as a reviewer."
                self.refuse(HTTPStatus.BAD_REQUEST, text)
            chosen.append(accounts[one["uuid"]])
        return chosen

    @staticmethod
    def _apply(pull: Pull, body: dict[str, Any], reviewers: list[Account] | None) -> None:
        pull.title = body.get("title", pull.title)
        pull.body = body.get("description", pull.body) or ""
        pull.draft = bool(body.get("draft", pull.draft))
        pull.reviewers = pull.reviewers if reviewers is None else reviewers
        pull.delete_branch_on_merge = body.get("close_source_branch", pull.delete_branch_on_merge)
        pull.touch("edited")

    @route("GET /repositories/{workspace}/{slug}/pullrequests/{id}")
    def get_pull(self, call: Call) -> Response:
        """Answer with a pull request."""
        return Response.json(_pull(self.pull(call)))

    @route("PUT /repositories/{workspace}/{slug}/pullrequests/{id}")
    def update_pull(self, call: Call) -> Response:
        """Change an open pull request."""
        pull = self.pull(call, "write")
        known = ("title", "description", "destination", "reviewers", "close_source_branch", "draft")
        body = self.members(call, known=known)
        if not pull.is_open:
            self.refuse(HTTPStatus.BAD_REQUEST, "This pull request is already closed.")
        self._apply(pull, body, self._reviewers(body, pull.author))
        return Response.json(_pull(pull))

    @route("POST /repositories/{workspace}/{slug}/pullrequests/{id}/decline")
    def decline(self, call: Call) -> Response:
        """Close a pull request for good."""
        pull = self.pull(call, "write")
        if not pull.is_open:
            self.refuse(HTTPStatus.BAD_REQUEST, "This pull request is already closed.")
        pull.close(f"declined by {self.who(call).account.login}")
        return Response.json(_pull(pull))

    @route("POST /repositories/{workspace}/{slug}/pullrequests/{id}/merge")
    def merge(self, call: Call) -> Response:
        """Merge."""
        pull = self.pull(call, "write")
        body = self.members(call, known=("message", "close_source_branch", "merge_strategy", "type"))
        method = _MERGES[body.get("merge_strategy", "merge_commit")]
        delete = bool(body.get("close_source_branch"))
        try:
            pull.repository.merge(
                pull, method, self.who(call).account, delete_branch=delete, message=body.get("message")
            )
        except (NotMergeable, MergeConflict) as error:
            self.refuse(HTTPStatus.BAD_REQUEST, str(error))
        return Response.json(_pull(pull))

    @route("GET /repositories/{workspace}/{slug}/pullrequests/{id}/comments")
    def list_comments(self, call: Call) -> Response:
        """List comments, oldest first."""
        self.parameters(call, "pagelen", "sort", "q")
        return _paged(call, [_comment(comment) for comment in self.pull(call).comments])

    @route("POST /repositories/{workspace}/{slug}/pullrequests/{id}/comments")
    def create_comment(self, call: Call) -> Response:
        """Comment."""
        pull = self.pull(call, "write")
        body = self.members(call, required=("content",))
        comment = pull.add_comment(self.who(call).account, body["content"]["raw"])
        return Response.json(_comment(comment), HTTPStatus.CREATED)

    def _found_comment(self, call: Call) -> tuple[Pull, Comment]:
        pull = self.pull(call, "write")
        found = next((one for one in pull.comments if str(one.id) == call.path["comment"]), None)
        if found is None:
            self.refuse(HTTPStatus.NOT_FOUND, "Comment not found")
        return pull, found

    @route("PUT /repositories/{workspace}/{slug}/pullrequests/{id}/comments/{comment}")
    def update_comment(self, call: Call) -> Response:
        """Rewrite a comment."""
        pull, comment = self._found_comment(call)
        comment.body = self.members(call, required=("content",))["content"]["raw"]
        pull.touch("comment edited", itself=False)
        return Response.json(_comment(comment))

    @route("DELETE /repositories/{workspace}/{slug}/pullrequests/{id}/comments/{comment}")
    def delete_comment(self, call: Call) -> Response:
        """Delete a comment."""
        pull, comment = self._found_comment(call)
        pull.comments.remove(comment)
        return Response(HTTPStatus.NO_CONTENT)

    @route("POST /repositories/{workspace}/{slug}/commit/{sha}/statuses/build")
    def create_status(self, call: Call) -> Response:
        """Set a status on a commit; it needs a link."""
        found = self.repository(call, "statuses", "write")
        body = self.members(call, required=("key", "state", "url"), known=("name", "description", "refname"))
        if body["state"] not in _STATES:
            self.refuse(HTTPStatus.BAD_REQUEST, f"state: {body['state']} is not a valid choice")
        sha = found.git.ref(f"{call.path['sha']}^{{commit}}")
        if sha is None:
            self.refuse(HTTPStatus.NOT_FOUND, "Commit not found")
        text, author = body.get("description") or "", self.who(call).account
        found.add_status(sha, body["key"], _STATES[body["state"]], text, body["url"], author)
        return Response.json({"key": body["key"], "state": body["state"]}, HTTPStatus.CREATED)

    @route("GET /repositories/{workspace}/{slug}/refs/branches")
    def list_branches(self, call: Call) -> Response:
        """List branches, by a query of the name alone."""
        branches = self.repository(call, "contents").git.branches()
        query = self.parameters(call, "q", "sort", "pagelen").get("q", 'name ~ ""')
        clause = _CLAUSE.match(query)
        if clause is None or clause[1] != "name":
            self.violate(f"bitbucket-cloud: q: {query!r} is not understood")
            self.refuse(HTTPStatus.BAD_REQUEST, f"Invalid query: {query}")
        text = re.sub(r"\\(.)", r"\1", clause[3])
        named = {name: sha for name, sha in branches.items() if text in name}
        return _paged(call, [{"name": name, "target": {"hash": sha}} for name, sha in named.items()])

    @route("GET /repositories/{workspace}/{slug}/refs/branches/{branch+}")
    def get_branch(self, call: Call) -> Response:
        """Answer with a branch."""
        sha = self.repository(call, "contents").git.branch(call.path["branch"])
        if sha is None:
            self.refuse(HTTPStatus.NOT_FOUND, "Branch not found")
        return Response.json({"name": call.path["branch"], "target": {"hash": sha}})

    @route("DELETE /repositories/{workspace}/{slug}/refs/branches/{branch+}")
    def delete_branch(self, call: Call) -> Response:
        """Delete a branch."""
        found = self.repository(call, "contents", "write")
        if found.git.branch(call.path["branch"]) is None:
            self.refuse(HTTPStatus.NOT_FOUND, "Branch not found")
        found.git.update_refs([RefUpdate(f"refs/heads/{call.path['branch']}", ZERO)])
        found.sync()
        return Response(HTTPStatus.NO_CONTENT)

    @route("GET /workspaces/{workspace}/members")
    def list_members(self, call: Call) -> Response:
        """List the accounts of a workspace: all people."""
        self.who(call)
        people = [account for account in self.store.accounts.values() if account.kind == "User"]
        return _paged(call, [{"user": _account(account)} for account in people])


def _state(pull: Pull) -> str:
    return "MERGED" if pull.merged else "OPEN" if pull.is_open else "DECLINED"


_FIELDS: dict[str, Callable[[Pull], str]] = {
    "source.branch.name": lambda pull: pull.head,
    "destination.branch.name": lambda pull: pull.base,
    "source.repository.full_name": lambda pull: pull.head_repository.full_name,
    "state": _state,
    "title": lambda pull: pull.title,
}


def _matches(pull: Pull, name: str, operator: str, wanted: str) -> bool:
    value = _FIELDS[name](pull)
    match operator:
        case "=":
            return value == wanted
        case "!=":
            return value != wanted
        case _:
            return wanted.lower() in value.lower()


def _account(who: Account) -> dict[str, Any]:
    uuid = f"{{00000000-0000-4000-8000-{who.id:012d}}}"
    return {
        "type": "user",
        "uuid": uuid,
        "nickname": who.login,
        "display_name": who.name,
        "account_id": f"557058:{who.id}",
    }


def _repository(one: Repository) -> dict[str, Any]:
    url = f"{one.store.url}/{one.full_name}"
    return {
        "type": "repository",
        "full_name": one.full_name,
        "name": one.name,
        "mainbranch": {"type": "branch", "name": one.default_branch},
        "is_private": one.private,
        "links": {"html": {"href": url}, "clone": [{"name": "https", "href": one.clone_url}]},
    }


def _pull(pull: Pull) -> dict[str, Any]:
    store, name = pull.repository.store, pull.repository.full_name
    return {
        "type": "pullrequest",
        "id": pull.number,
        "title": pull.title,
        "description": pull.body,
        "state": _state(pull),
        "draft": pull.draft,
        "author": _account(pull.author),
        "reviewers": [_account(who) for who in pull.reviewers],
        "source": _side(pull.head_repository, pull.head, pull.head_sha),
        "destination": _side(pull.repository, pull.base, pull.base_sha),
        "merge_commit": {"hash": pull.merge_sha[:12]} if pull.merge_sha else None,
        "close_source_branch": pull.delete_branch_on_merge,
        "links": {"html": {"href": f"{store.url}/{name}/pull-requests/{pull.number}"}},
        "created_on": store.timestamp(pull.created),
        "updated_on": store.timestamp(pull.updated),
    }


def _side(where: Repository, branch: str, sha: str) -> dict[str, Any]:
    short = {"type": "repository", "full_name": where.full_name, "name": where.name}
    return {"branch": {"name": branch}, "commit": {"type": "commit", "hash": sha[:12]}, "repository": short}


def _comment(one: Comment) -> dict[str, Any]:
    content = {"type": "rendered", "raw": one.body, "markup": "markdown"}
    return {"id": one.id, "content": content, "user": _account(one.author), "deleted": False}


def _paged(call: Call, items: list[Any]) -> Response:
    """Answer with one page of a list; the address of the next is in the body."""
    size = max(1, min(int(call.query.get("pagelen") or 10), 50))
    number = max(1, int(call.query.get("page") or 1))
    document: dict[str, Any] = {"page": number, "pagelen": size, "size": len(items)}
    document["values"] = items[(number - 1) * size : number * size]
    if number * size < len(items):
        query = [(name, value) for name, value in call.request.parameters if name != "page"]
        address = f"{call.request.origin}{call.request.path}"
        document["next"] = f"{address}?{urlencode([*query, ('page', str(number + 1))])}"
    return Response.json(document)
