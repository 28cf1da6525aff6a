"""GitHub's pull requests."""

from __future__ import annotations

from http import HTTPStatus

from fake_forge import github_documents as documents
from fake_forge.accounts import TokenKind
from fake_forge.bare import MergeConflict
from fake_forge.github_access import API, GitHubApi, check_body, invalid, refuse
from fake_forge.pull import Pull
from fake_forge.records import NotMergeable
from fake_forge.repository import Repository
from fake_forge.routes import Call, page, route
from gitops_streams.demo.exchange import Response


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
        check_body(body)
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
        url = f"{self.store.url}{API}/repos/{found.full_name}/pulls/{pull.number}"
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
            check_body(body["body"] or "")
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
