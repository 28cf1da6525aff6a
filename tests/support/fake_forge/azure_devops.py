"""Azure DevOps' REST API, 7.1, over the store. Modelled on its documentation, not verified against a live server.

Addresses are ``/ORGANIZATION/PROJECT/_apis/git/repositories/REPOSITORY/…``; changes must name their ``api-version``.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any, NoReturn

from fake_forge.accounts import Account
from fake_forge.bare import MergeConflict, RefMoved, RefUpdate
from fake_forge.pull import Pull
from fake_forge.records import AutoMerge, Comment, Kind, NotMergeable
from fake_forge.repository import Repository
from fake_forge.rest_dialect import RestDialect, refused
from fake_forge.routes import Call, route
from gitops_streams.demo.exchange import Request, Response

_LIMIT = 4_000
_REPO = "/{organization}/{project}/_apis/git/repositories/{name}"
_PULL = f"{_REPO}/pullrequests/{{id}}"
_STATES = {"succeeded": "success", "failed": "failure", "pending": "pending", "error": "error"}
_MERGES = {"noFastForward": "merge", "squash": "squash", "rebase": "rebase", "rebaseMerge": "rebase"}
_OPTIONS = ("mergeStrategy", "deleteSourceBranch", "mergeCommitMessage", "squashMerge", "bypassPolicy")


class AzureDevOps(RestDialect):
    """Pull requests and what belongs to them."""

    kind = Kind.AZURE_DEVOPS
    prefix = ""
    schemes = frozenset({"bearer", "basic"})

    def speaks(self, request: Request) -> bool:
        """Say whether a request is for this forge."""
        return "/_apis/" in request.path

    def path(self, request: Request) -> str:
        """Take ``pullRequests`` for ``pullrequests``: case is not told apart here."""
        return re.sub("/pullrequests", "/pullrequests", request.path, flags=re.IGNORECASE)

    def refuse(self, status: int, message: Any) -> NoReturn:
        """Answer with an error as Azure DevOps writes them."""
        self._error(status, message, "FakeException")

    def _error(self, status: int, message: str, key: str) -> NoReturn:
        name = f"Microsoft.TeamFoundation.Git.Server.{key}, Microsoft.TeamFoundation.Git.Server"
        refused({"$id": "1", "message": message, "typeName": name, "typeKey": key, "errorCode": 0}, status)

    def repository(self, call: Call, permission: str = "pull_requests", level: str = "read") -> Repository:
        """Return the repository that a call is about, by name or id, if the token may do that there."""
        if "api-version" not in call.query:
            self.violate(f"azure-devops: {call.operation}: query: 'api-version' is missing")
            self.refuse(HTTPStatus.BAD_REQUEST, f'No api-version was supplied for the "{call.request.method}" request.')
        token = self.who(call)
        scope = f"{call.path['organization']}/{call.path['project']}"
        found = self.find(f"{scope}/{call.path['name']}") or next(
            (one for one in self.store.repositories if _id(one.id) == call.path["name"]), None
        )
        if found is None or (found.private and not token.covers(found.full_name)):
            text = f"TF401019: The Git repository with name or identifier {call.path['name']} does not exist or you do"
            self._error(HTTPStatus.NOT_FOUND, f"{text} not have permissions", "GitRepositoryNotFoundException")
        if level == "write" and not (token.covers(found.full_name) and token.allows(permission, level)):
            text = f"TF401027: You need the Git 'PullRequestContribute' permission to perform this action. {scope}"
            self._error(HTTPStatus.FORBIDDEN, text, "GitNeedsPermissionException")
        if level == "write" and found.archived:
            text = f"TF401019: The Git repository {found.name} is disabled"
            self._error(HTTPStatus.NOT_FOUND, text, "GitRepositoryNotFoundException")
        found.sync()
        return found

    def pull(self, call: Call, level: str = "read") -> Pull:
        """Return the pull request that a call is about."""
        return self.pull_of(self.repository(call, level=level), call.path["id"])

    @route("GET /{organization}/_apis/connectionData")
    def connection(self, call: Call) -> Response:
        """Say whose token it is."""
        return Response.json({"authenticatedUser": _account(self.who(call).account)})

    @route(f"GET {_REPO}")
    def get_repository(self, call: Call) -> Response:
        """Answer with a repository."""
        return Response.json(_repository(self.repository(call)))

    @route(f"GET {_REPO}/pullrequests")
    def list_pulls(self, call: Call) -> Response:
        """List pull requests, newest first; active ones unless it is said otherwise."""
        found = self.repository(call)
        criteria = ("sourceRefName", "targetRefName", "status", "creatorId")
        query = self.parameters(call, "api-version", "$top", "$skip", *(f"searchCriteria.{name}" for name in criteria))
        state = query.get("searchCriteria.status", "active")
        pulls = [pull for pull in found.pulls if state in {"all", _state(pull)}]
        for name, attribute in (("sourceRefName", "head"), ("targetRefName", "base")):
            if wanted := query.get(f"searchCriteria.{name}"):
                pulls = [pull for pull in pulls if f"refs/heads/{getattr(pull, attribute)}" == wanted]
        pulls.sort(key=lambda pull: pull.number, reverse=True)
        skip, top = int(query.get("$skip") or 0), int(query.get("$top") or 101)
        shown = [_pull(pull) for pull in self.store.visible(pulls)][skip : skip + top]
        for one in shown:
            # Only a single answer has all of it.
            one["description"] = one["description"][:400]
            del one["labels"]
        return _listed(shown)

    @route(f"POST {_REPO}/pullrequests")
    def create_pull(self, call: Call) -> Response:
        """Open a pull request."""
        found = self.repository(call, level="write")
        known = ("description", "isDraft", "reviewers", "labels", "completionOptions")
        body = self.members(call, required=("sourceRefName", "targetRefName", "title"), known=known)
        head, base = (body[name].removeprefix("refs/heads/") for name in ("sourceRefName", "targetRefName"))
        if found.git.branch(head) is None or found.git.branch(base) is None:
            text = (
                "TF401398: The pull request cannot be activated because the source and/or the target branch no longer"
            )
            key = "GitPullRequestCannotBeActivated"
            self._error(HTTPStatus.BAD_REQUEST, f"{text} exists, or the requested refs are not branches", key)
        if found.duplicate(found, head, base):
            text = "TF401179: An active pull request for the source and target branch already exists."
            self._error(HTTPStatus.CONFLICT, text, "GitPullRequestExistsException")
        text = self._described(body)
        reviewers = [self._reviewer(one["id"]) for one in body.get("reviewers") or []]
        author, draft = self.who(call).account, bool(body.get("isDraft"))
        pull = found.create_pull(body["title"], text, base, head, found, author, draft=draft)
        pull.reviewers = reviewers
        for label in body.get("labels") or []:
            pull.add_label(label["name"])
        return Response.json(_pull(pull), HTTPStatus.CREATED)

    def _described(self, body: dict[str, Any]) -> str:
        text = body.get("description") or ""
        if len(text) > _LIMIT:
            message = f"Invalid argument value.\r\nParameter name: A maximum of {_LIMIT} characters is allowed for the"
            self._error(HTTPStatus.BAD_REQUEST, f"{message} pull request description", "InvalidArgumentValueException")
        return text

    def _reviewer(self, identity: str) -> Account:
        found = next((one for one in self.store.accounts.values() if _id(one.id) == identity), None)
        if found is None:
            text = f"The identity {identity} could not be found"
            self._error(HTTPStatus.BAD_REQUEST, text, "GitPullRequestReviewerException")
        return found

    @route(f"GET {_PULL}")
    def get_pull(self, call: Call) -> Response:
        """Answer with a pull request."""
        return Response.json(_pull(self.pull(call)))

    @route(f"PATCH {_PULL}")
    def update_pull(self, call: Call) -> Response:
        """Change, abandon, complete a pull request, or order its completion."""
        pull = self.pull(call, "write")
        known = ("title", "description", "status", "isDraft", "targetRefName", "lastMergeSourceCommit")
        body = self.members(call, known=(*known, "autoCompleteSetBy", "completionOptions"))
        pull.title = body.get("title", pull.title)
        if "description" in body:
            pull.body = self._described(body)
        pull.draft = bool(body.get("isDraft", pull.draft))
        pull.touch("edited")
        self._set_state(pull, body, self.who(call).account)
        if "autoCompleteSetBy" in body:
            self._order(pull, body)
        return Response.json(_pull(pull))

    def _order(self, pull: Pull, body: dict[str, Any]) -> None:
        options = body.get("completionOptions") or {}
        if unknown := sorted(set(options) - set(_OPTIONS)):
            self.violate(f"azure-devops: completionOptions: {unknown} are not members")
        identity = (body["autoCompleteSetBy"] or {}).get("id", _id(0))
        if identity == _id(0):
            pull.auto_merge = None
            pull.touch("auto-complete disabled")
        elif pull.is_open:
            method = _MERGES[options.get("mergeStrategy", "noFastForward")]
            pull.auto_merge = AutoMerge(method, self._reviewer(identity), bool(options.get("deleteSourceBranch")))
            pull.touch("auto-complete enabled")
            pull.repository.sync()

    def _set_state(self, pull: Pull, body: dict[str, Any], by: Account) -> None:
        match body.get("status"):
            case "abandoned" if pull.is_open:
                pull.close(f"abandoned by {by.login}")
            case "active" if not pull.is_open and not pull.merged:
                if pull.repository.duplicate(pull.head_repository, pull.head, pull.base):
                    text = "TF401179: An active pull request for the source and target branch already exists."
                    self._error(HTTPStatus.CONFLICT, text, "GitPullRequestExistsException")
                pull.state, pull.settled_at = "open", None
                pull.touch(f"reactivated by {by.login}")
            case "completed":
                self._complete(pull, body, by)
            case _:
                pass

    def _complete(self, pull: Pull, body: dict[str, Any], by: Account) -> None:
        if (body.get("lastMergeSourceCommit") or {}).get("commitId") != pull.head_sha:
            text = "TF401192: The source branch of the pull request was modified"
            self._error(HTTPStatus.CONFLICT, text, "GitPullRequestStaleException")
        options = body.get("completionOptions") or {}
        method, delete = _MERGES[options.get("mergeStrategy", "noFastForward")], bool(options.get("deleteSourceBranch"))
        try:
            pull.repository.merge(pull, method, by, delete_branch=delete)
        except (NotMergeable, MergeConflict) as error:
            self._error(HTTPStatus.CONFLICT, str(error), "GitPullRequestUpdateRejectedByPolicyException")

    @route("GET /{organization}/{project}/_apis/policy/evaluations")
    def list_policies(self, call: Call) -> Response:
        """List what a pull request has to wait for."""
        number = self.parameters(call, "api-version", "artifactId", "$top", "$skip")["artifactId"].rpartition("/")[2]
        scope = f"{call.path['organization']}/{call.path['project']}/"
        rules = [
            rule
            for one in self.store.repositories
            if one.full_name.startswith(scope)
            for pull in one.pulls
            if str(pull.number) == number
            for rule in one.protections_of(pull.base)
        ]
        return _listed([{"configuration": {"isEnabled": True, "isBlocking": True}, "status": "queued"} for _ in rules])

    @route("GET /{organization}/_apis/projects/{project}/teams")
    def list_teams(self, call: Call) -> Response:
        """List the project's teams: one, with everybody in it."""
        self.who(call)
        return _listed([{"id": _id(7), "name": "Everybody"}])

    @route("GET /{organization}/_apis/projects/{project}/teams/{team}/members")
    def list_members(self, call: Call) -> Response:
        """List the members of a team."""
        self.who(call)
        people = [account for account in self.store.accounts.values() if account.kind == "User"]
        return _listed([{"identity": _account(account), "isTeamAdmin": False} for account in people])

    @route(f"PUT {_PULL}/reviewers/{{reviewer}}")
    def add_reviewer(self, call: Call) -> Response:
        """Ask somebody to review."""
        pull, account = self.pull(call, "write"), self._reviewer(call.path["reviewer"])
        if account not in pull.reviewers:
            pull.reviewers.append(account)
        return Response.json(_account(account) | {"vote": 0})

    @route(f"GET {_PULL}/labels")
    def list_labels(self, call: Call) -> Response:
        """List the labels of a pull request."""
        return _listed([{"id": _id(label.id), "name": label.name} for label in self.pull(call).labels])

    @route(f"POST {_PULL}/labels")
    def add_label(self, call: Call) -> Response:
        """Give a label, which is made if there is none of the name."""
        pull = self.pull(call, "write")
        name = self.members(call, required=("name",))["name"]
        pull.add_label(name)
        return Response.json({"name": name, "active": True})

    @route(f"DELETE {_PULL}/labels/{{label}}")
    def remove_label(self, call: Call) -> Response:
        """Take a label away, by name or id."""
        pull = self.pull(call, "write")
        pull.labels = [one for one in pull.labels if call.path["label"] not in {one.name, _id(one.id)}]
        return Response(HTTPStatus.NO_CONTENT)

    @route(f"GET {_PULL}/threads")
    def list_threads(self, call: Call) -> Response:
        """List threads; each has one comment here."""
        return _listed([_thread(comment) for comment in self.pull(call).comments])

    @route(f"POST {_PULL}/threads")
    def create_thread(self, call: Call) -> Response:
        """Begin a thread with a comment."""
        pull = self.pull(call, "write")
        body = self.members(call, required=("comments",), known=("status", "threadContext", "properties"))
        comment = pull.add_comment(self.who(call).account, body["comments"][0]["content"])
        return Response.json(_thread(comment))

    def _found_comment(self, call: Call) -> tuple[Pull, Comment]:
        pull = self.pull(call, "write")
        found = next((one for one in pull.comments if str(one.id) == call.path["thread"]), None)
        if found is None or call.path.get("comment", "1") != "1":
            self.refuse(HTTPStatus.NOT_FOUND, "The requested thread or comment was not found")
        return pull, found

    @route(f"PATCH {_PULL}/threads/{{thread}}")
    def update_thread(self, call: Call) -> Response:
        """Resolve or reopen a thread."""
        self.members(call, required=("status",))
        return Response.json(_thread(self._found_comment(call)[1]))

    @route(f"PATCH {_PULL}/threads/{{thread}}/comments/{{comment}}")
    def update_comment(self, call: Call) -> Response:
        """Rewrite a comment."""
        pull, comment = self._found_comment(call)
        comment.body = self.members(call, required=("content",), known=("commentType", "parentCommentId"))["content"]
        pull.touch("comment edited", itself=False)
        return Response.json(_thread(comment)["comments"][0])

    @route(f"DELETE {_PULL}/threads/{{thread}}/comments/{{comment}}")
    def delete_comment(self, call: Call) -> Response:
        """Delete a comment."""
        pull, comment = self._found_comment(call)
        pull.comments.remove(comment)
        return Response(HTTPStatus.OK)

    @route(f"POST {_REPO}/commits/{{sha}}/statuses")
    def create_status(self, call: Call) -> Response:
        """Set a status on a commit."""
        found = self.repository(call, "statuses", "write")
        body = self.members(call, required=("state", "context"), known=("description", "targetUrl"))
        if body["state"] not in _STATES or not body["context"].get("name"):
            self.refuse(HTTPStatus.BAD_REQUEST, "The status is not valid")
        context = "/".join(part for part in (body["context"].get("genre"), body["context"]["name"]) if part)
        text, author = body.get("description") or "", self.who(call).account
        found.add_status(call.path["sha"], context, _STATES[body["state"]], text, body.get("targetUrl"), author)
        return Response.json({"state": body["state"]}, HTTPStatus.CREATED)

    @route(f"GET {_REPO}/refs")
    def list_refs(self, call: Call) -> Response:
        """List references whose names start so."""
        found = self.repository(call, "contents")
        prefix = self.parameters(call, "filter", "api-version", "$top").get("filter", "")
        refs = found.git.refs(f"refs/{prefix.rpartition('/')[0]}")
        return _listed(
            [{"name": ref, "objectId": sha} for ref, sha in refs.items() if ref.startswith(f"refs/{prefix}")]
        )

    @route(f"POST {_REPO}/refs")
    def update_refs(self, call: Call) -> Response:
        """Move references that are where the caller thinks; what could not be moved is in the answer."""
        found = self.repository(call, "contents", "write")
        answers = []
        for one in call.body:
            update = RefUpdate(one["name"], one["newObjectId"], one["oldObjectId"])
            try:
                found.git.update_refs([update])
            except RefMoved:
                answers.append({"name": one["name"], "success": False, "updateStatus": "staleOldObjectId"})
            else:
                answers.append({"name": one["name"], "success": True, "updateStatus": "succeeded"})
        found.sync()
        return _listed(answers)


def _state(pull: Pull) -> str:
    return "completed" if pull.merged else "active" if pull.is_open else "abandoned"


def _id(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012d}"


def _account(who: Account) -> dict[str, Any]:
    return {"id": _id(who.id), "displayName": who.name, "uniqueName": who.email, "providerDisplayName": who.name}


def _repository(one: Repository) -> dict[str, Any]:
    return {
        "id": _id(one.id),
        "name": one.name,
        "project": {"id": _id(1), "name": one.namespace.rpartition("/")[2]},
        "defaultBranch": f"refs/heads/{one.default_branch}",
        "remoteUrl": one.clone_url,
        "webUrl": one.clone_url,
        "isDisabled": one.archived,
    }


def _pull(pull: Pull) -> dict[str, Any]:
    order, store = pull.auto_merge, pull.repository.store
    source = pull.head_repository
    return {
        "pullRequestId": pull.number,
        "status": _state(pull),
        "title": pull.title,
        "description": pull.body,
        "isDraft": pull.draft,
        "createdBy": _account(pull.author),
        "sourceRefName": f"refs/heads/{pull.head}",
        "targetRefName": f"refs/heads/{pull.base}",
        "lastMergeSourceCommit": {"commitId": pull.head_sha},
        "lastMergeTargetCommit": {"commitId": pull.base_sha},
        "labels": [{"id": _id(label.id), "name": label.name, "active": True} for label in pull.labels],
        "reviewers": [_account(who) | {"vote": 0} for who in pull.reviewers],
        "repository": _repository(pull.repository),
        "creationDate": store.timestamp(pull.created),
        "url": f"{store.url}/_apis/git/repositories/{_id(pull.repository.id)}/pullRequests/{pull.number}",
        **({"autoCompleteSetBy": _account(order.by)} if order else {}),
        **({} if source is pull.repository else {"forkSource": {"repository": _repository(source)}}),
    }


def _thread(one: Comment) -> dict[str, Any]:
    comment = {"id": 1, "content": one.body, "commentType": "text", "author": _account(one.author)}
    return {"id": one.id, "status": "active", "comments": [comment], "isDeleted": False}


def _listed(items: list[Any]) -> Response:
    return Response.json({"count": len(items), "value": items})
