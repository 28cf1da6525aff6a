"""GitLab's REST API, v4, over the store. Modelled on its documentation, not verified against a live server."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, NoReturn

from fake_forge.accounts import Account, Token, TokenKind
from fake_forge.bare import ZERO, MergeConflict, RefUpdate
from fake_forge.pull import Pull
from fake_forge.records import AutoMerge, Comment, Kind, Mergeability, NotMergeable
from fake_forge.repository import Repository
from fake_forge.rest_dialect import RestDialect, refused
from fake_forge.routes import Call, page, route
from gitops_streams.demo.exchange import Response

_LIMIT = 1_048_576
_STATES = {"opened", "closed", "merged", "locked", "all"}
_TO_STATE = {"failed": "failure", "canceled": "failure", "running": "pending"}
_FROM_STATE = {"failure": "failed", "error": "failed"}
_DRAFT = ("draft:", "[draft]", "(draft)")
_FIELDS = (
    "title",
    "description",
    "labels",
    "assignee_id",
    "assignee_ids",
    "reviewer_ids",
    "milestone_id",
    "remove_source_branch",
    "squash",
    "allow_collaboration",
)


class GitLab(RestDialect):
    """Merge requests and what belongs to them. Requests name projects by id or by encoded path."""

    kind = Kind.GITLAB
    prefix = "/api/v4"
    schemes = frozenset({"private-token", "bearer", "job-token"})

    def refuse(self, status: int, message: Any) -> NoReturn:
        """Answer with an error as GitLab writes them: ``404 Not Found``."""
        plain = isinstance(message, str) and message in {"Not Found", "Unauthorized", "Forbidden"}
        refused({"message": f"{int(status)} {message}" if plain else message}, status)

    def project(self, call: Call, permission: str = "pull_requests", level: str = "read") -> Repository:
        """Return the project that a call is about, if the token may do that there."""
        wanted = call.path["id"]
        found = next((one for one in self.store.repositories if str(one.id) == wanted), None) or self.find(wanted)
        if found is None and wanted.lower() in self.store.renamed and call.request.method == "GET":
            found = self.store.renamed[wanted.lower()]
        if found is None or found.kind is not self.kind:
            self.refuse(HTTPStatus.NOT_FOUND, "404 Project Not Found")
        token = call.token
        if token is None:
            if found.private or level == "write":
                self.refuse(HTTPStatus.UNAUTHORIZED, "Unauthorized")
        elif token.kind is TokenKind.JOB:
            # A job token reads and writes no merge requests (issue 545150 of GitLab).
            self.refuse(HTTPStatus.UNAUTHORIZED, "Unauthorized")
        elif found.private and not token.covers(found.full_name):
            self.refuse(HTTPStatus.NOT_FOUND, "404 Project Not Found")
        elif level == "write" and not token.allows(permission, level):
            text = "The request requires higher privileges than provided by the access token."
            refused({"error": "insufficient_scope", "error_description": text, "scope": "api"}, HTTPStatus.FORBIDDEN)
        elif level == "write" and (found.archived or not token.covers(found.full_name)):
            self.refuse(HTTPStatus.FORBIDDEN, "Forbidden")
        found.sync()
        return found

    def merge_request(self, call: Call, level: str = "read") -> Pull:
        """Return the merge request that a call is about."""
        return self.pull_of(self.project(call, level=level), call.path["iid"])

    @route("GET /user")
    def get_user(self, call: Call) -> Response:
        """Answer with whose token it is."""
        return Response.json(_account(self.who(call).account))

    @route("GET /users")
    def list_users(self, call: Call) -> Response:
        """Find an account by its name."""
        self.who(call)
        login = self.parameters(call, "username").get("username", "")
        found = self.known_account(login)
        return Response.json([_account(found)] if found else [])

    @route("GET /projects/{id}")
    def get_project(self, call: Call) -> Response:
        """Answer with a project."""
        found = self.project(call)
        return Response.json(
            {
                "id": found.id,
                "path_with_namespace": found.full_name,
                "default_branch": found.default_branch,
                "archived": found.archived,
                "visibility": "private" if found.private else "public",
                "web_url": f"{self.store.url}/{found.full_name}",
                "http_url_to_repo": found.clone_url,
            }
        )

    @route("GET /projects/{id}/merge_requests")
    def list_merge_requests(self, call: Call) -> Response:
        """List merge requests, newest first."""
        found = self.project(call)
        names = ("state", "source_branch", "target_branch", "order_by", "sort", "scope", "labels", "author_username")
        query = self.parameters(call, *names)
        state = query.get("state", "all")
        if state not in _STATES:
            refused({"error": "state does not have a valid value"}, HTTPStatus.BAD_REQUEST)
        pulls = [pull for pull in found.pulls if state in {"all", _state(pull)}]
        for name, attribute in (("source_branch", "head"), ("target_branch", "base")):
            if name in query:
                pulls = [pull for pull in pulls if getattr(pull, attribute) == query[name]]
        pulls.sort(key=lambda pull: pull.number, reverse=query.get("sort", "desc") == "desc")
        return _paged(call, [_merge_request(pull) for pull in self.store.visible(pulls)])

    @route("POST /projects/{id}/merge_requests")
    def create_merge_request(self, call: Call) -> Response:
        """Open a merge request."""
        found = self.project(call, level="write")
        known = (*_FIELDS, "target_project_id")
        body = self.members(call, required=("source_branch", "target_branch", "title"), known=known)
        head, base = body["source_branch"], body["target_branch"]
        if head == base:
            refused({"message": ["You can't use same project/branch for source and target"]}, HTTPStatus.CONFLICT)
        for name, branch in (("source", head), ("target", base)):
            if found.git.branch(branch) is None:
                text = f'{name.capitalize()} branch "{branch}" does not exist'
                refused({"message": [text]}, HTTPStatus.BAD_REQUEST)
        if existing := found.duplicate(found, head, base):
            text = f"Another open merge request already exists for this source branch: !{existing.number}"
            refused({"message": [text]}, HTTPStatus.CONFLICT)
        _check(body)
        pull = found.create_pull(body["title"], "", base, head, found, self.who(call).account, draft=False)
        self._apply(pull, body)
        return Response.json(_merge_request(pull), HTTPStatus.CREATED)

    @route("GET /projects/{id}/merge_requests/{iid}")
    def get_merge_request(self, call: Call) -> Response:
        """Answer with a merge request."""
        return Response.json(_merge_request(self.merge_request(call), full=True))

    @route("PUT /projects/{id}/merge_requests/{iid}")
    def update_merge_request(self, call: Call) -> Response:
        """Change a merge request."""
        pull = self.merge_request(call, "write")
        known = (*_FIELDS, "add_labels", "remove_labels", "state_event", "target_branch")
        body = self.members(call, known=known)
        if not body:
            refused({"error": "at least one parameter must be provided"}, HTTPStatus.BAD_REQUEST)
        _check(body)
        self._apply(pull, body)
        if (base := body.get("target_branch")) and base != pull.base:
            pull.retarget(base)
        match body.get("state_event"):
            case "close" if pull.is_open:
                pull.close(f"closed by {self.who(call).account.login}")
            case "reopen" if not pull.is_open and not pull.merged:
                if pull.repository.duplicate(pull.head_repository, pull.head, pull.base):
                    text = "Another open merge request already exists for this source branch"
                    refused({"message": [text]}, HTTPStatus.CONFLICT)
                pull.state, pull.settled_at = "open", None
                pull.touch("reopened")
            case None | "close" | "reopen":
                pass
            case _:
                refused({"error": "state_event does not have a valid value"}, HTTPStatus.BAD_REQUEST)
        return Response.json(_merge_request(pull, full=True))

    def _apply(self, pull: Pull, body: dict[str, Any]) -> None:
        """Set what a body names."""
        if "title" in body:
            pull.title = body["title"]
            was, pull.draft = pull.draft, pull.title.lower().startswith(_DRAFT)
            if pull.draft and not was:
                pull.auto_merge = None
        if "description" in body:
            pull.body = body["description"] or ""
        if "labels" in body:
            pull.labels = [label for label in pull.labels if label.name in _names(body["labels"])]
        for name in (*_names(body.get("labels")), *_names(body.get("add_labels"))):
            label = pull.repository.label(name) or pull.repository.create_label(name)
            if label not in pull.labels:
                pull.labels.append(label)
        dropped = _names(body.get("remove_labels"))
        pull.labels = [label for label in pull.labels if label.name not in dropped]
        accounts = {account.id: account for account in self.store.accounts.values()}
        if "assignee_ids" in body or "assignee_id" in body:
            ids = body.get("assignee_ids") or [body.get("assignee_id")]
            pull.assignees = [accounts[one] for one in ids if one in accounts]
        if "reviewer_ids" in body:
            pull.reviewers = [accounts[one] for one in body["reviewer_ids"] if one in accounts]
        if "milestone_id" in body:
            pull.milestone = pull.repository.milestone(body["milestone_id"] or 0)
        pull.delete_branch_on_merge = body.get("remove_source_branch", pull.delete_branch_on_merge)
        pull.touch("edited")

    @route("PUT /projects/{id}/merge_requests/{iid}/merge")
    def merge(self, call: Call) -> Response:
        """Merge, or order it for when the pipeline has succeeded."""
        pull = self.merge_request(call, "write")
        known = ("auto_merge", "merge_when_pipeline_succeeds", "sha", "squash", "should_remove_source_branch")
        body = self.members(call, known=(*known, "merge_commit_message", "squash_commit_message"))
        found, account = pull.repository, self.who(call).account
        if body.get("sha") and body["sha"] != pull.head_sha:
            text = f"SHA does not match HEAD of source branch: {pull.head_sha}"
            refused({"message": text}, HTTPStatus.CONFLICT)
        state = found.mergeability(pull) if pull.is_open else Mergeability.DIRTY
        waits = found.pipelines.get(pull.head_sha) in {"running", "pending"}
        method = "squash" if body.get("squash") else "merge"
        delete = bool(body.get("should_remove_source_branch"))
        asked = bool(body.get("auto_merge") or body.get("merge_when_pipeline_succeeds"))
        if asked and waits and not pull.draft:
            pull.auto_merge = AutoMerge(method, account, delete, body.get("merge_commit_message"))
            pull.touch("auto-merge enabled")
            return Response.json(_merge_request(pull, full=True))
        if asked and found.pipelines.get(pull.head_sha) != "success":
            # Neither is there anything to wait for, nor has anything succeeded (lib/api/merge_requests.rb).
            refused({"message": "405 Method Not Allowed"}, HTTPStatus.METHOD_NOT_ALLOWED)
        if state is Mergeability.DIRTY and pull.is_open:
            refused({"message": "Branch cannot be merged"}, HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            message = body.get("squash_commit_message" if method == "squash" else "merge_commit_message")
            found.merge(pull, method, account, delete_branch=delete, message=message)
        except (NotMergeable, MergeConflict):
            refused({"message": "405 Method Not Allowed"}, HTTPStatus.METHOD_NOT_ALLOWED)
        return Response.json(_merge_request(pull, full=True))

    @route("POST /projects/{id}/merge_requests/{iid}/cancel_merge_when_pipeline_succeeds")
    def cancel_auto_merge(self, call: Call) -> Response:
        """Take an ordered merge back."""
        pull = self.merge_request(call, "write")
        if pull.auto_merge is None:
            refused({"message": "406 Not Acceptable"}, HTTPStatus.NOT_ACCEPTABLE)
        pull.auto_merge = None
        pull.touch("auto-merge disabled")
        return Response.json(_merge_request(pull, full=True), HTTPStatus.CREATED)

    @route("GET /projects/{id}/merge_requests/{iid}/notes")
    def list_notes(self, call: Call) -> Response:
        """List comments; newest first unless asked otherwise."""
        pull = self.merge_request(call)
        newest_first = self.parameters(call, "sort", "order_by").get("sort", "desc") == "desc"
        notes = reversed(pull.comments) if newest_first else pull.comments
        return _paged(call, [self._note(note) for note in notes])

    @route("POST /projects/{id}/merge_requests/{iid}/notes")
    def create_note(self, call: Call) -> Response:
        """Comment."""
        pull = self.merge_request(call, "write")
        body = self.members(call, required=("body",))
        note = pull.add_comment(self.who(call).account, body["body"])
        return Response.json(self._note(note), HTTPStatus.CREATED)

    def _comment(self, call: Call) -> tuple[Pull, Comment]:
        pull = self.merge_request(call, "write")
        note = next((note for note in pull.comments if str(note.id) == call.path["note_id"]), None)
        if note is None:
            self.refuse(HTTPStatus.NOT_FOUND, "Not Found")
        return pull, note

    @route("PUT /projects/{id}/merge_requests/{iid}/notes/{note_id}")
    def update_note(self, call: Call) -> Response:
        """Rewrite a comment."""
        pull, note = self._comment(call)
        note.body, note.updated = self.members(call, required=("body",))["body"], self.store.now()
        pull.touch("comment edited", itself=False)
        return Response.json(self._note(note))

    @route("DELETE /projects/{id}/merge_requests/{iid}/notes/{note_id}")
    def delete_note(self, call: Call) -> Response:
        """Delete a comment."""
        pull, note = self._comment(call)
        pull.comments.remove(note)
        return Response(HTTPStatus.NO_CONTENT)

    def _note(self, note: Comment) -> dict[str, Any]:
        created = self.store.timestamp(note.created)
        author = _account(note.author)
        return {"id": note.id, "body": note.body, "author": author, "created_at": created, "system": False}

    @route("GET /projects/{id}/merge_requests/{iid}/commits")
    def list_commits(self, call: Call) -> Response:
        """List the commits of a merge request, newest first."""
        pull = self.merge_request(call)
        commits = pull.repository.git.commits(*pull.repository.comparable(pull))
        return _paged(call, [{"id": one.sha, "title": one.message.split("\n")[0]} for one in reversed(commits)])

    @route("GET /projects/{id}/labels")
    def list_labels(self, call: Call) -> Response:
        """List labels."""
        return _paged(call, [{"id": label.id, "name": label.name} for label in self.project(call).labels])

    @route("POST /projects/{id}/labels")
    def create_label(self, call: Call) -> Response:
        """Add a label."""
        found = self.project(call, "issues", "write")
        body = self.members(call, required=("name", "color"), known=("description",))
        if found.label(body["name"]):
            refused({"message": "Label already exists"}, HTTPStatus.CONFLICT)
        label = found.create_label(body["name"], body["color"])
        return Response.json({"id": label.id, "name": label.name, "color": label.color}, HTTPStatus.CREATED)

    @route("GET /projects/{id}/milestones")
    def list_milestones(self, call: Call) -> Response:
        """List milestones."""
        found = self.project(call)
        title = self.parameters(call, "title", "state", "search", "iids[]", "include_ancestors").get("title")
        listed = [one for one in found.milestones if title in {None, one.title}]
        return _paged(call, [{"id": one.number, "iid": one.number, "title": one.title} for one in listed])

    @route("POST /projects/{id}/statuses/{sha}")
    def create_status(self, call: Call) -> Response:
        """Set a status on a commit."""
        found = self.project(call, "statuses", "write")
        known = ("name", "context", "description", "target_url", "ref", "coverage", "pipeline_id")
        body = self.members(call, required=("state",), known=known)
        if body["state"] not in {"pending", "running", "success", "failed", "canceled", "skipped"}:
            refused({"error": "state does not have a valid value"}, HTTPStatus.BAD_REQUEST)
        sha = call.path["sha"]
        if found.git.kind(sha) != "commit":
            self.refuse(HTTPStatus.NOT_FOUND, "404 Commit Not Found")
        context = body.get("name") or body.get("context") or "default"
        state = _TO_STATE.get(body["state"], body["state"])
        author = self.who(call).account
        found.add_status(sha, context, state, body.get("description") or "", body.get("target_url"), author)
        return Response.json({"sha": sha, "name": context, "status": body["state"]}, HTTPStatus.CREATED)

    @route("GET /projects/{id}/repository/commits/{sha}/statuses")
    def list_statuses(self, call: Call) -> Response:
        """List the newest status of each name."""
        latest = self.project(call).status(call.path["sha"]).values()
        return _paged(call, [{"name": one.context, "status": _FROM_STATE.get(one.state, one.state)} for one in latest])

    @route("GET /projects/{id}/repository/branches/{branch}")
    def get_branch(self, call: Call) -> Response:
        """Answer with a branch."""
        found = self.project(call)
        sha = found.git.branch(call.path["branch"])
        if sha is None:
            self.refuse(HTTPStatus.NOT_FOUND, "404 Branch Not Found")
        return Response.json({"name": call.path["branch"], "commit": {"id": sha}})

    @route("DELETE /projects/{id}/repository/branches/{branch}")
    def delete_branch(self, call: Call) -> Response:
        """Delete a branch."""
        found = self.project(call, "contents", "write")
        if found.git.branch(call.path["branch"]) is None:
            self.refuse(HTTPStatus.NOT_FOUND, "404 Branch Not Found")
        found.git.update_refs([RefUpdate(f"refs/heads/{call.path['branch']}", ZERO)])
        found.sync()
        return Response(HTTPStatus.NO_CONTENT)

    def who(self, call: Call) -> Token:
        """Return the token; a job's is nobody to most of the API."""
        token = super().who(call)
        if token.kind is TokenKind.JOB:
            self.refuse(HTTPStatus.UNAUTHORIZED, "Unauthorized")
        return token


def _check(body: dict[str, Any]) -> None:
    if len(body.get("description") or "") > _LIMIT:
        text = f"is too long (maximum is {_LIMIT} characters)"
        refused({"message": {"description": [text]}}, HTTPStatus.BAD_REQUEST)


def _names(labels: str | list[str] | None) -> list[str]:
    listed = labels.split(",") if isinstance(labels, str) else labels or []
    return [name.strip() for name in listed if name.strip()]


def _state(pull: Pull) -> str:
    return "merged" if pull.merged else "opened" if pull.is_open else "closed"


def _account(who: Account) -> dict[str, Any]:
    return {"id": who.id, "username": who.login, "name": who.name, "state": "active", "bot": who.kind == "Bot"}


def _merge_request(pull: Pull, *, full: bool = False) -> dict[str, Any]:
    store, found = pull.repository.store, pull.repository
    document: dict[str, Any] = {
        "id": found.id * 1000 + pull.number,
        "iid": pull.number,
        "project_id": found.id,
        "source_project_id": pull.head_repository.id,
        "target_project_id": found.id,
        "title": pull.title,
        "description": pull.body or None,
        "state": _state(pull),
        "draft": pull.draft,
        "work_in_progress": pull.draft,
        "source_branch": pull.head,
        "target_branch": pull.base,
        "sha": pull.head_sha,
        "author": _account(pull.author),
        "assignees": [_account(who) for who in pull.assignees],
        "reviewers": [_account(who) for who in pull.reviewers],
        "labels": sorted(pull.label_names),
        "milestone": {"id": pull.milestone.number, "title": pull.milestone.title} if pull.milestone else None,
        "merge_when_pipeline_succeeds": pull.auto_merge is not None,
        "merge_commit_sha": pull.merge_sha,
        "force_remove_source_branch": pull.delete_branch_on_merge,
        "web_url": f"{store.url}/{found.full_name}/-/merge_requests/{pull.number}",
        "created_at": store.timestamp(pull.created),
        "updated_at": store.timestamp(pull.updated),
    }
    if full:
        state = found.mergeability(pull) if pull.is_open and found.git.branch(pull.base) else None
        words = {
            Mergeability.DIRTY: "conflict",
            Mergeability.DRAFT: "draft_status",
            Mergeability.BLOCKED: "ci_must_pass",
        }
        document["detailed_merge_status"] = words.get(state, "mergeable") if state else "not_open"
        pipeline = found.pipelines.get(pull.head_sha)
        document["head_pipeline"] = {"status": pipeline} if pipeline else None
    return document


def _paged(call: Call, items: list[Any]) -> Response:
    """Answer with a page; GitLab counts 20 to one, and tells the next in a header of its own too."""
    response = page(call, items, default=20)
    following = response.headers.get("Link", "")
    number = max(1, int(call.query.get("page") or 1)) + 1 if 'rel="next"' in following else ""
    return Response(response.status, {**response.headers, "X-Next-Page": str(number)}, response.body)
