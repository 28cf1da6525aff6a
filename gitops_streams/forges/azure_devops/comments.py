"""Our one comment of a kind on a pull request on Azure DevOps: where comments stand there, and who wrote them."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_streams.forges.azure_devops.repository import AzureRepository
from gitops_streams.forges.sticky_comments import Comment, keep_one


def comment_sticky(repository: AzureRepository, number: int, key: str, body: str | None) -> None:
    """See ``Forge.comment_sticky``."""
    keep_one(_Threads(repository, number), repository.viewer.id, key, body)


class _Threads:
    """The comments of a pull request, which stand in threads. Ours are closed ones: they ask for no answer."""

    def __init__(self, repository: AzureRepository, number: int) -> None:
        self._repository = repository
        self._number = number

    def all(self) -> Iterable[Comment]:
        """Read the first comment of each thread that people or tokens began on no line, oldest first."""
        doing = f"reading the comments of !{self._number}"
        found: list[Comment] = []
        for thread in self._repository.get(self._path(), doing=doing).records("value"):
            comments = thread.records("comments")
            if thread.flag("isDeleted") or thread.has("threadContext") or not comments or comments[0].flag("isDeleted"):
                continue
            first = comments[0]
            author = first.text("author", "id", default="") if first.has("author") else ""
            text = first.text("content", default="")
            found.append(Comment(first.whole("id"), text, author, thread=thread.whole("id")))
        return sorted(found, key=lambda comment: comment.thread)

    def add(self, text: str) -> None:
        """Write a new one."""
        body = {"comments": [{"parentCommentId": 0, "content": text, "commentType": "text"}], "status": "closed"}
        self._repository.post(self._path(), body, doing=f"commenting on !{self._number}")

    def change(self, comment: Comment, text: str) -> None:
        """Rewrite one."""
        path, doing = self._path(comment.thread, "comments", comment.id), f"changing our comment on !{self._number}"
        self._repository.patch(path, {"content": text}, doing=doing)

    def remove(self, comment: Comment) -> None:
        """Remove one."""
        path, doing = self._path(comment.thread, "comments", comment.id), f"removing our comment on !{self._number}"
        self._repository.delete(path, doing=doing)

    def _path(self, *parts: str | int) -> str:
        return self._repository.path("pullrequests", self._number, "threads", *parts)
