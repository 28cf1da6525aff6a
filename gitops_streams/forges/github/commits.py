"""Commits that GitHub makes and signs: blobs, trees and a commit by the Git Data API, then one compare-and-swap.

A commit without author and committer is the token's account's; a bot's is signed by GitHub, a person's is not.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

from gitops_streams.errors import ForgeError
from gitops_streams.forges.forge import BranchLost, TreeFile
from gitops_streams.forges.github.graphql import GraphqlRefused
from gitops_streams.forges.github.hints import ACTIONS_BOT, WORKFLOWS, WORKFLOWS_HINT
from gitops_streams.forges.github.repository import GithubRepository
from gitops_streams.forges.http.refusal import AnswerLost, ForgeRefused

_UPDATE = (
    "mutation($repository: ID!, $name: GitRefname!, $before: GitObjectID!, $after: GitObjectID!) {"
    " updateRefs(input: {repositoryId: $repository,"
    " refUpdates: [{name: $name, beforeOid: $before, afterOid: $after, force: true}]}) { clientMutationId } }"
)
_ENTRIES = 100
_INLINE = 512 * 1024
"""Bytes of text that one call takes along; what is more becomes a blob of its own."""
_LARGEST = 40 * 1024 * 1024
_UNPROCESSABLE = 422
_TRIES = 3
_LAG = 2.0


def commit(
    repository: GithubRepository,
    *,
    branch: str,
    expected: str | None,
    parent: str,
    files: tuple[TreeFile, ...],
    message: str,
    tree: str,
) -> str | BranchLost:
    """See ``CommitsByApi.commit``."""
    _check(repository, files)
    if repository.branch_head(branch) != expected:
        return BranchLost()  # before anything is uploaded
    try:
        made = _tree(repository, parent, files, tree)
        body = {"message": message, "tree": made, "parents": [parent]}
        answer = repository.client.post(
            repository.path("git", "commits"), body, doing="making the commit", repeatable=True
        )
        sha = answer.record().text("sha")
        if expected is None:
            return _create(repository, branch, sha)
        return _move(repository, branch, expected, sha)
    except ForgeRefused as refused:
        if _workflows(files) and refused.status in {403, 404}:
            refused.hint = WORKFLOWS_HINT
        raise


def _check(repository: GithubRepository, files: tuple[TreeFile, ...]) -> None:
    for file in files:
        if len(file.content) > _LARGEST:
            raise ForgeError(f"GitHub: {file.path} is over 40 MiB, which its API does not take")
    path = _workflows(files)
    viewer = repository.viewer if path is not None else None
    if viewer is not None and viewer.login == ACTIONS_BOT:
        raise ForgeError(f"GitHub: a workflow's own token may not change {path}", hint=WORKFLOWS_HINT)


def _workflows(files: tuple[TreeFile, ...]) -> str | None:
    return next((file.path for file in files if file.path.startswith(WORKFLOWS)), None)


def _tree(repository: GithubRepository, parent: str, files: tuple[TreeFile, ...], wanted: str) -> str:
    """Make the tree; texts go along with it, and as blobs of their own if that comes out otherwise."""
    start = repository.client.get(repository.path("git", "commits", parent), doing=f"reading the commit {parent}")
    base = start.record().text("tree", "sha")
    made = ""
    for inline in (True, False):
        made = base
        for entries in _batches(repository, files, inline=inline):
            body = {"base_tree": made, "tree": entries}
            answer = repository.client.post(
                repository.path("git", "trees"), body, doing="making the tree", repeatable=True
            )
            made = answer.record().text("sha")
        if made == wanted:
            return made
    raise ForgeError(
        f"GitHub: the tree came out as {repository.client.printable(made)} and not as {wanted}; nothing was moved",
        hint="use pullRequest.commits: git, and please report this",
    )


def _batches(
    repository: GithubRepository, files: tuple[TreeFile, ...], *, inline: bool
) -> Iterator[list[dict[str, str]]]:
    entries: list[dict[str, str]] = []
    taken = 0
    for file in files:
        entry = {"path": file.path, "mode": file.mode, "type": "blob"}
        text = _text(file.content) if inline and len(file.content) <= _INLINE else None
        if text is None:
            entry["sha"] = _blob(repository, file)
        else:
            entry["content"] = text
            taken += len(file.content)
        entries.append(entry)
        if len(entries) == _ENTRIES or taken > _INLINE:
            yield entries
            entries, taken = [], 0
    if entries:
        yield entries


def _text(content: bytes) -> str | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _blob(repository: GithubRepository, file: TreeFile) -> str:
    body = {"content": b64encode(file.content).decode(), "encoding": "base64"}
    path = repository.path("git", "blobs")
    return repository.client.post(path, body, doing=f"uploading {file.path}", repeatable=True).record().text("sha")


def _create(repository: GithubRepository, branch: str, sha: str) -> str | BranchLost:
    body = {"ref": f"refs/heads/{branch}", "sha": sha}
    doing = f"creating the branch {branch}"
    for attempt in range(1, _TRIES + 1):
        try:
            repository.client.post(repository.path("git", "refs"), body, doing=doing)
        except AnswerLost:
            found = repository.branch_head(branch)
            if found is not None:
                return sha if found == sha else BranchLost()
            if attempt == _TRIES or not repository.client.wait(_LAG):
                raise
        except ForgeRefused as refused:
            if refused.status == _UNPROCESSABLE and "already exists" in refused.refusal.said:
                # Ours, if an answer was lost before.
                return sha if repository.branch_head(branch) == sha else BranchLost()
            raise
        else:
            return sha
    raise ForgeError(f"GitHub: {doing} failed")  # pragma: no cover - the last try raises


def _move(repository: GithubRepository, branch: str, expected: str, sha: str) -> str | BranchLost:
    """Move the branch from one commit to another, if it is there: a lease that GitHub holds."""
    variables = {
        "repository": repository.facts.node_id,
        "name": f"refs/heads/{branch}",
        "before": expected,
        "after": sha,
    }
    doing = f"moving the branch {branch}"
    for attempt in range(1, _TRIES + 1):
        try:
            repository.graphql.mutate(_UPDATE, variables, doing=doing, like="/git/refs")
        except AnswerLost:
            found = repository.branch_head(branch)
            if found != expected:
                return sha if found == sha else BranchLost()
            if attempt == _TRIES or not repository.client.wait(_LAG):
                raise
        except GraphqlRefused as refused:
            found = repository.branch_head(branch)
            if found != expected:
                return sha if found == sha else BranchLost()
            if refused.unknown_field or refused.forbidden:
                return _move_unguarded(repository, branch, sha)
            raise
        else:
            return sha
    raise ForgeError(f"GitHub: {doing} failed")  # pragma: no cover - the last try raises


def _move_unguarded(repository: GithubRepository, branch: str, sha: str) -> str:
    """Move the branch by REST, which has no lease: for servers (GHES before ``updateRefs``) that have nothing better.

    The branch was read a moment ago. A commit that somebody pushes between that and this is lost from the
    branch; ``pullRequest.commits: git`` has no such gap.
    """
    path, body = repository.ref_path("refs", branch), {"sha": sha, "force": True}
    repository.client.patch(path, body, doing=f"moving the branch {branch}", repeatable=True)
    return sha
