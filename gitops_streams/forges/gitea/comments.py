"""Our one comment of a kind on a pull request on Gitea or Forgejo: where comments stand there, and who wrote them."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_streams.forges.gitea.repository import GiteaRepository
from gitops_streams.forges.sticky_comments import Comment, keep_one, unknown_account


def comment_sticky(repository: GiteaRepository, number: int, key: str, body: str | None) -> None:
    """See ``Forge.comment_sticky``."""
    viewer = repository.viewer
    if viewer is None:
        raise unknown_account("Gitea", number, "give the token the scope read:user")
    keep_one(_Comments(repository, number), str(viewer.id), key, body)


class _Comments:
    """The comments of a pull request."""

    def __init__(self, repository: GiteaRepository, number: int) -> None:
        self._repository = repository
        self._number = number

    def all(self) -> Iterable[Comment]:
        """Read all comments, oldest first; this list has no pages."""
        path, doing = self._repository.path("issues", self._number, "comments"), f"reading comments of #{self._number}"
        for comment in self._repository.client.get(path, doing=doing).records():
            if comment.has("user"):
                author = str(comment.whole("user", "id"))
                yield Comment(comment.whole("id"), comment.text("body", default=""), author)

    def add(self, text: str) -> None:
        """Write a new one."""
        path = self._repository.path("issues", self._number, "comments")
        self._repository.client.post(path, {"body": text}, doing=f"commenting on #{self._number}")

    def change(self, comment: Comment, text: str) -> None:
        """Rewrite one."""
        path, doing = self._path(comment), f"changing our comment on #{self._number}"
        self._repository.client.patch(path, {"body": text}, doing=doing, repeatable=True)

    def remove(self, comment: Comment) -> None:
        """Remove one."""
        doing = f"removing our comment on #{self._number}"
        self._repository.client.delete(self._path(comment), doing=doing, repeatable=True)

    def _path(self, comment: Comment) -> str:
        return self._repository.path("issues", "comments", comment.id)
