"""Our one comment of a kind on a pull request on GitHub: where comments stand there, and who wrote them."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_streams.forges.github.repository import GithubRepository
from gitops_streams.forges.sticky_comments import Comment, keep_one, unknown_account


def comment_sticky(repository: GithubRepository, number: int, key: str, body: str | None) -> None:
    """See ``Forge.comment_sticky``."""
    viewer = repository.viewer
    if viewer is None:
        raise unknown_account("GitHub", number, "use the token of a GitHub App, a workflow or a user")
    keep_one(_Comments(repository, number), viewer.login.casefold(), key, body)


class _Comments:
    """The comments of a pull request, which GitHub keeps with those of issues."""

    def __init__(self, repository: GithubRepository, number: int) -> None:
        self._repository = repository
        self._number = number

    def all(self) -> Iterable[Comment]:
        """Read all comments that accounts wrote which are there still, oldest first."""
        path, doing = self._path(self._number, "comments"), f"reading the comments of #{self._number}"
        for page in self._repository.client.pages(path, doing=doing, params={"per_page": 100}):
            for comment in page.records():
                if comment.has("user"):
                    author = comment.text("user", "login").casefold()
                    yield Comment(comment.whole("id"), comment.text("body", default=""), author)

    def add(self, text: str) -> None:
        """Write a new one."""
        path = self._path(self._number, "comments")
        self._repository.client.post(path, {"body": text}, doing=f"commenting on #{self._number}")

    def change(self, comment: Comment, text: str) -> None:
        """Rewrite one."""
        path, doing = self._path("comments", comment.id), f"changing our comment on #{self._number}"
        self._repository.client.patch(path, {"body": text}, doing=doing, repeatable=True)

    def remove(self, comment: Comment) -> None:
        """Remove one."""
        path, doing = self._path("comments", comment.id), f"removing our comment on #{self._number}"
        self._repository.client.delete(path, doing=doing, repeatable=True)

    def _path(self, *parts: str | int) -> str:
        return self._repository.path("issues", *parts)
