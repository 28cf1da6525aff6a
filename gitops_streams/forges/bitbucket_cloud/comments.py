"""Our one comment of a kind on a pull request on Bitbucket Cloud: where comments stand there, and who wrote them."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_streams.forges.bitbucket_cloud.repository import BitbucketCloudRepository
from gitops_streams.forges.sticky_comments import Comment, keep_one, unknown_account


def comment_sticky(repository: BitbucketCloudRepository, number: int, key: str, body: str | None) -> None:
    """See ``Forge.comment_sticky``."""
    viewer = repository.viewer
    if viewer is None:
        raise unknown_account(
            "Bitbucket Cloud", number, "use an API token with the permission User: read (read:user:bitbucket)"
        )
    keep_one(_Comments(repository, number), viewer.uuid, key, body, hidden=False)


class _Comments:
    """The comments of a pull request."""

    def __init__(self, repository: BitbucketCloudRepository, number: int) -> None:
        self._repository = repository
        self._number = number

    def all(self) -> Iterable[Comment]:
        """Read those that stand and belong to no line, oldest first."""
        doing = f"reading the comments of #{self._number}"
        for comment in self._repository.pages(self._path(), doing=doing, params={"sort": "created_on"}):
            if not comment.flag("deleted") and not comment.has("inline") and comment.has("user"):
                author = comment.text("user", "uuid", default="")
                yield Comment(comment.whole("id"), comment.text("content", "raw", default=""), author)

    def add(self, text: str) -> None:
        """Write a new one."""
        doing = f"commenting on #{self._number}"
        self._repository.client.post(self._path(), {"content": {"raw": text}}, doing=doing)

    def change(self, comment: Comment, text: str) -> None:
        """Rewrite one."""
        doing = f"changing our comment on #{self._number}"
        self._repository.client.put(self._path(comment.id), {"content": {"raw": text}}, doing=doing, repeatable=True)

    def remove(self, comment: Comment) -> None:
        """Remove one."""
        doing = f"removing our comment on #{self._number}"
        self._repository.client.delete(self._path(comment.id), doing=doing, repeatable=True)

    def _path(self, *parts: int) -> str:
        return self._repository.path("pullrequests", self._number, "comments", *parts)
