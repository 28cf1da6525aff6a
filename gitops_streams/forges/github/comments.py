"""Our one comment of a kind on a pull request: found by its first line and by who wrote it, and rewritten in place."""

from __future__ import annotations

from gitops_streams.errors import ForgeError
from gitops_streams.forges.github.repository import GithubRepository
from gitops_streams.forges.http.answers import Record
from gitops_streams.forges.http.refusal import AnswerLost, ForgeRefused
from gitops_streams.forges.sticky import comment_text, is_sticky, same_text

_GONE = frozenset({404, 410})


def comment_sticky(repository: GithubRepository, number: int, key: str, body: str | None) -> None:
    """See ``Forge.comment_sticky``. Comments too many, of runs that met, are taken away."""
    ours = _ours(repository, number, key)
    if body is None:
        for comment in ours:
            _delete(repository, number, comment)
        return
    text = comment_text(key, body)
    if not ours:
        try:
            path = repository.path("issues", number, "comments")
            repository.client.post(path, {"body": text}, doing=f"commenting on #{number}")
        except AnswerLost:
            if not _ours(repository, number, key):
                raise
        return
    first, *others = ours
    if not same_text(first.text("body", default=""), text):
        path = repository.path("issues", "comments", first.whole("id"))
        repository.client.patch(path, {"body": text}, doing=f"changing our comment on #{number}", repeatable=True)
    for comment in others:
        _delete(repository, number, comment)


def _ours(repository: GithubRepository, number: int, key: str) -> list[Record]:
    viewer = repository.viewer
    if viewer is None:
        raise ForgeError(
            f"GitHub: commenting on #{number} is left out: it does not tell which account the token is",
            hint="use the token of a GitHub App, a workflow or a user",
        )
    path, doing = repository.path("issues", number, "comments"), f"reading the comments of #{number}"
    return [
        comment
        for page in repository.client.pages(path, doing=doing, params={"per_page": 100})
        for comment in page.records()
        if is_sticky(comment.text("body", default=""), key)
        and comment.has("user")
        and comment.text("user", "login").casefold() == viewer.login.casefold()
    ]


def _delete(repository: GithubRepository, number: int, comment: Record) -> None:
    path = repository.path("issues", "comments", comment.whole("id"))
    try:
        repository.client.delete(path, doing=f"removing our comment on #{number}", repeatable=True)
    except ForgeRefused as refused:
        if refused.status not in _GONE:
            raise
