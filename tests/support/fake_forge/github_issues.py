"""The side of GitHub's pull requests that they share with issues: labels, assignees, milestones, comments."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fake_forge import github_documents as documents
from fake_forge.github_access import GitHubApi, check_body, invalid, refuse
from fake_forge.pull import Pull
from fake_forge.records import Comment
from fake_forge.routes import Call, page, route
from gitops_streams.demo.exchange import Response


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
            check_body(body["body"] or "")
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
        check_body(call.body["body"], "IssueComment")
        comment = pull.add_comment(call.who.account, call.body["body"])
        return Response.json(documents.comment(pull, comment), HTTPStatus.CREATED)

    def _comment(self, call: Call) -> tuple[Pull, Comment]:
        found = self.repository(call)
        if call.request.method != "GET":
            held = next((name for name in ("issues", "pull_requests") if call.who.allows(name, "write")), "issues")
            self.allow(call, found, held, "write")
        placed = {str(comment.id): (pull, comment) for pull in found.pulls for comment in pull.comments}
        if call.path["comment_id"] not in placed:
            refuse(HTTPStatus.NOT_FOUND, "Not Found")
        return placed[call.path["comment_id"]]

    @route("GET /repos/{owner}/{repo}/issues/comments/{comment_id}")
    def get_comment(self, call: Call) -> Response:
        """Answer with a comment."""
        return Response.json(documents.comment(*self._comment(call)))

    @route("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}")
    def update_comment(self, call: Call) -> Response:
        """Rewrite a comment."""
        pull, comment = self._comment(call)
        check_body(call.body["body"], "IssueComment")
        comment.body, comment.updated = call.body["body"], self.store.now()
        pull.touch("comment edited", itself=False)
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
