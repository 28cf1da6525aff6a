"""GitHub's statuses, comparisons and branches, and the events that may be sent to a repository."""

from __future__ import annotations

from http import HTTPStatus

from fake_forge import github_documents as documents
from fake_forge.github_access import GitHubApi, invalid, refuse
from fake_forge.repository import Repository
from fake_forge.routes import Call, page, route
from gitops_streams.demo.exchange import Response


class GitHubCommits(GitHubApi):
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
