"""GitHub's GraphQL over the store, run by graphql-core on GitHub's own schema.

What is checked by the schema is GitHub's; of the refusals, the texts for auto-merge are GitHub's, those of
``updateRefs`` and of drafts are guesses that clients must not depend on.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo, graphql_sync, parse, validate

from fake_forge import github_documents as documents
from fake_forge.accounts import Account, Token, TokenKind
from fake_forge.bare import ZERO, Identity, RefMoved, RefUpdate
from fake_forge.description import graphql_schema
from fake_forge.github_access import GitHubApi, refuse
from fake_forge.github_git import forbidden
from fake_forge.pull import Pull
from fake_forge.records import AutoMerge, Mergeability
from fake_forge.repository import Repository
from gitops_streams.demo.exchange import Request, Response


class _Failed(GraphQLError):
    """GitHub has the kind of an error beside its message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message, extensions={"type": kind})


class GitHubGraphql(GitHubApi):
    """Queries and mutations."""

    def answer(self, request: Request, document: Any, violate: Callable[[str], None]) -> Response:
        """Answer a request; one that the schema does not allow is a violation."""
        token = self.authenticate(request)
        if token is None:
            refuse(HTTPStatus.UNAUTHORIZED, "Bad credentials")
        if not isinstance(document, dict) or not isinstance(document.get("query"), str):
            violate("POST /graphql: no query")
            refuse(HTTPStatus.BAD_REQUEST, "A query attribute must be specified and must be a string.")
        try:
            problems: list[GraphQLError] = validate(graphql_schema(), parse(document["query"]))
        except GraphQLError as error:
            problems = [error]
        for problem in problems:
            violate(f"POST /graphql: {problem.message}")
        if problems:
            return Response.json({"errors": [{"message": problem.message} for problem in problems]})
        with self.store.lock:
            result = graphql_sync(
                graphql_schema(),
                document["query"],
                root_value=_Root(self, token),
                variable_values=document.get("variables"),
                operation_name=document.get("operationName"),
            )
        errors = []
        for error in result.errors or []:
            if error.path is None:  # the variables are not what the document says
                violate(f"POST /graphql: {error.message}")
            elif error.original_error is not None and not isinstance(error.original_error, GraphQLError):
                violate(f"the fake forge failed on {document['query']}: {error.original_error!r}")
            kind = (error.extensions or {}).get("type", "UNPROCESSABLE")
            errors.append({"type": kind, "path": error.path, "message": error.message})
        return Response.json({"data": result.data} | ({"errors": errors} if errors else {}))


class _Root:
    """What the fields of ``Query`` and ``Mutation`` do; graphql-core calls the method of a field's name."""

    def __init__(self, api: GitHubGraphql, token: Token) -> None:
        self._store = api.store
        self._token = token

    # Queries

    def viewer(self, _info: GraphQLResolveInfo) -> Any:
        return _account(self._token.account)

    def node(self, _info: GraphQLResolveInfo, id: str) -> Any:  # noqa: A002 - the schema's name
        for repository in self._store.repositories:
            if _repository_id(repository) == id:
                return _repository(self._seen(repository))
        return _pull(self._pull(id))

    def repository(self, _info: GraphQLResolveInfo, owner: str, name: str, **_more: Any) -> Any:
        found = self._store.repository(f"{owner}/{name}")
        if found is None:
            raise _Failed("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return _repository(self._seen(found))

    def rateLimit(self, _info: GraphQLResolveInfo, **_more: Any) -> Any:  # noqa: N802 - the schema's name
        return {"limit": 5000, "remaining": 4999, "cost": 1, "used": 1, "nodeCount": 0}

    # Mutations

    def enablePullRequestAutoMerge(self, _info: GraphQLResolveInfo, input: dict[str, Any]) -> Any:  # noqa: A002, N802
        pull = self._pull(input["pullRequestId"], writing=True)
        where = pull.repository
        if not where.auto_merge_allowed:
            raise _Failed("UNPROCESSABLE", "Pull request Auto merge is not allowed for this repository")
        if pull.draft:
            raise _Failed("UNPROCESSABLE", "Pull request Pull request is in draft state")
        if not pull.is_open:
            raise _Failed("UNPROCESSABLE", "Pull request Can't enable auto-merge for this pull request.")
        expected = input.get("expectedHeadOid")
        if expected is not None and expected != pull.head_sha:
            raise _Failed("UNPROCESSABLE", f"Head sha didn't match expected value {expected}")
        state = where.mergeability(pull)
        if state in {Mergeability.CLEAN, Mergeability.UNSTABLE}:
            raise _Failed("UNPROCESSABLE", f"Pull request Pull request is in {state} status")
        if not where.protections_of(pull.base):
            raise _Failed("UNPROCESSABLE", "Pull request Protected branch rules not configured for this branch")
        pull.auto_merge = AutoMerge(input.get("mergeMethod", "MERGE").lower(), self._token.account)
        pull.touch("auto-merge enabled")
        return {"pullRequest": _pull(pull), "actor": _account(self._token.account)}

    def disablePullRequestAutoMerge(self, _info: GraphQLResolveInfo, input: dict[str, Any]) -> Any:  # noqa: A002, N802
        pull = self._pull(input["pullRequestId"], writing=True)
        if pull.auto_merge is None:
            raise _Failed("UNPROCESSABLE", "Pull request Can't disable auto-merge for this pull request.")
        pull.auto_merge = None
        pull.touch("auto-merge disabled")
        return {"pullRequest": _pull(pull), "actor": _account(self._token.account)}

    def convertPullRequestToDraft(self, _info: GraphQLResolveInfo, input: dict[str, Any]) -> Any:  # noqa: A002, N802
        pull = self._pull(input["pullRequestId"], writing=True)
        pull.draft, pull.auto_merge = True, None
        pull.touch("converted to draft")
        return {"pullRequest": _pull(pull)}

    def markPullRequestReadyForReview(self, _info: GraphQLResolveInfo, input: dict[str, Any]) -> Any:  # noqa: A002, N802
        pull = self._pull(input["pullRequestId"], writing=True)
        pull.draft = False
        pull.touch("ready for review")
        return {"pullRequest": _pull(pull)}

    def updateRefs(self, _info: GraphQLResolveInfo, input: dict[str, Any]) -> Any:  # noqa: A002, N802
        found = self._repository(input["repositoryId"])
        updates = [RefUpdate(one["name"], one["afterOid"], one.get("beforeOid")) for one in input["refUpdates"]]
        for one, update in zip(input["refUpdates"], updates, strict=True):
            now = found.git.ref(update.ref)
            if update.old is not None and update.old != (now or ZERO):
                raise _Failed("STALE_DATA", f"Ref {update.ref} is at {now}, not at {update.old}")
            if update.new != ZERO and found.git.kind(update.new) != "commit":
                raise _Failed("UNPROCESSABLE", f"No commit {update.new}")
            forced = now is not None and update.new != ZERO and not found.git.is_ancestor(now, update.new)
            if forced and not one.get("force"):
                raise _Failed("UNPROCESSABLE", f"Update of {update.ref} is not a fast forward")
            settled = RefUpdate(update.ref, update.new, update.old or now or ZERO)
            if text := forbidden(found, settled, self._token.account.login):
                raise _Failed("UNPROCESSABLE", text)
        self._move(found, updates)
        return {"clientMutationId": input.get("clientMutationId")}

    def createCommitOnBranch(self, _info: GraphQLResolveInfo, input: dict[str, Any]) -> Any:  # noqa: A002, N802
        branch = input["branch"]
        name = branch.get("repositoryNameWithOwner")
        found = self._store.repository(name) if name else None
        if found is None:
            raise _Failed("NOT_FOUND", f"Could not resolve to a Repository with the name '{name}'.")
        self._writable(found, "contents")
        ref = f"refs/heads/{branch['branchName'].removeprefix('refs/heads/')}"
        head, expected = found.git.ref(ref), input["expectedHeadOid"]
        if head != expected:
            text = f'Expected branch to point to "{expected}" but it did not. Pull and try again.'
            raise _Failed("STALE_DATA", text)
        modes = found.git.files(expected)
        changes = input.get("fileChanges") or {}
        entries: list[tuple[str, str, str | None]] = [
            (modes.get(one["path"], "100644"), one["path"], found.git.write_blob(base64.b64decode(one["contents"])))
            for one in changes.get("additions") or []
        ]
        entries += [("100644", one["path"], None) for one in changes.get("deletions") or []]
        tree = found.git.write_tree(found.git.commit(expected).tree, entries)
        message = "\n\n".join(part for part in (input["message"]["headline"], input["message"].get("body")) if part)
        author = Identity(self._token.account.name, self._token.account.email, self._store.now())
        web_flow = Identity("GitHub", "noreply@github.com", author.when)
        sha = found.git.commit_tree(tree, [expected], message, author, web_flow)
        if text := forbidden(found, RefUpdate(ref, sha, expected), self._token.account.login):
            raise _Failed("UNPROCESSABLE", text)
        found.verified.add(sha)
        self._move(found, [RefUpdate(ref, sha, expected)])
        return {"commit": {"__typename": "Commit", "oid": sha, "url": f"{self._store.url}/{name}/commit/{sha}"}}

    # What they share

    @staticmethod
    def _move(found: Repository, updates: list[RefUpdate]) -> None:
        try:
            found.git.update_refs(updates)
        except RefMoved as error:
            raise _Failed("STALE_DATA", "Reference was updated meanwhile") from error
        found.sync()

    def _pull(self, node: str, *, writing: bool = False) -> Pull:
        for repository in self._store.repositories:
            for pull in repository.pulls:
                if pull.node_id == node:
                    self._seen(repository)
                    if writing:
                        self._writable(repository, "pull_requests")
                    repository.sync()
                    return pull
        raise _Failed("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'")

    def _repository(self, node: str) -> Repository:
        for repository in self._store.repositories:
            if _repository_id(repository) == node:
                self._writable(self._seen(repository), "contents")
                return repository
        raise _Failed("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'")

    def _seen(self, found: Repository) -> Repository:
        if found.private and not self._token.covers(found.full_name):
            raise _Failed("NOT_FOUND", f"Could not resolve to a Repository with the name '{found.full_name}'.")
        return found

    def _writable(self, found: Repository, permission: str) -> None:
        if not self._token.covers(found.full_name) or not self._token.allows(permission, "write"):
            holder = "personal access token" if self._token.kind is TokenKind.PAT else "integration"
            raise _Failed("FORBIDDEN", f"Resource not accessible by {holder}")
        if found.archived:
            raise _Failed("FORBIDDEN", "Repository was archived so is read-only.")


def _repository_id(found: Repository) -> str:
    return documents.repository(found)["node_id"]


def _account(who: Account) -> dict[str, Any]:
    kind = "Bot" if who.kind == "Bot" else "User"
    return {"__typename": kind, "login": who.login, "id": who.node_id, "databaseId": who.id, "name": who.name}


def _repository(found: Repository) -> dict[str, Any]:
    def pull_request(_info: GraphQLResolveInfo, number: int) -> Any:
        for pull in found.pulls:
            if pull.number == number:
                return _pull(pull)
        raise _Failed("NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}.")

    def ref(_info: GraphQLResolveInfo, qualifiedName: str) -> Any:  # noqa: N803 - the schema's name
        sha = found.git.ref(qualifiedName) or found.git.branch(qualifiedName)
        target = {"__typename": "Commit", "oid": sha, "id": f"C_{sha}"}
        return sha and {"name": qualifiedName.removeprefix("refs/heads/"), "id": f"REF_{sha}", "target": target}

    return {
        "__typename": "Repository",
        "id": _repository_id(found),
        "databaseId": found.id,
        "name": found.name,
        "nameWithOwner": found.full_name,
        "isArchived": found.archived,
        "isPrivate": found.private,
        "autoMergeAllowed": found.auto_merge_allowed,
        "pullRequest": pull_request,
        "ref": ref,
    }


def _pull(pull: Pull) -> dict[str, Any]:
    order = pull.auto_merge
    return {
        "__typename": "PullRequest",
        "id": pull.node_id,
        "fullDatabaseId": str(pull.repository.id * 1000 + pull.number),
        "number": pull.number,
        "title": pull.title,
        "body": pull.body,
        "state": "MERGED" if pull.merged else pull.state.upper(),
        "isDraft": pull.draft,
        "merged": pull.merged,
        "closed": not pull.is_open,
        "url": f"{pull.repository.store.url}/{pull.repository.full_name}/pull/{pull.number}",
        "headRefName": pull.head,
        "headRefOid": pull.head_sha,
        "baseRefName": pull.base,
        "baseRefOid": pull.base_sha,
        "isCrossRepository": pull.head_repository is not pull.repository,
        "mergeStateStatus": lambda _info: pull.repository.mergeability(pull).upper(),
        "author": _account(pull.author),
        "labels": lambda _info, **_more: {"nodes": [{"name": label.name} for label in pull.labels]},
        "autoMergeRequest": order and {"mergeMethod": order.method.upper(), "enabledBy": _account(order.by)},
    }
