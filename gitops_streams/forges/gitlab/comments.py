"""Our one comment of a kind on a merge request on GitLab: where comments stand there, and who wrote them."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_streams.forges.gitlab.project import GitlabProject
from gitops_streams.forges.sticky_comments import Comment, keep_one, unknown_account


def comment_sticky(project: GitlabProject, number: int, key: str, body: str | None) -> None:
    """See ``Forge.comment_sticky``."""
    viewer = project.viewer
    if viewer is None:
        raise unknown_account("GitLab", number, "give the token the scope api or read_user")
    keep_one(_Notes(project, number), str(viewer.id), key, body)


class _Notes:
    """The comments of a merge request, which GitLab calls notes."""

    def __init__(self, project: GitlabProject, number: int) -> None:
        self._project = project
        self._number = number

    def all(self) -> Iterable[Comment]:
        """Read those that people and tokens wrote, oldest first."""
        params: dict[str, str | int] = {"sort": "asc", "order_by": "created_at", "per_page": 100}
        doing = f"reading the comments of !{self._number}"
        for page in self._project.client.pages(self._path(), doing=doing, params=params):
            for note in page.records():
                if not note.flag("system") and note.has("author"):
                    yield Comment(note.whole("id"), note.text("body", default=""), str(note.whole("author", "id")))

    def add(self, text: str) -> None:
        """Write a new one."""
        self._project.client.post(self._path(), {"body": text}, doing=f"commenting on !{self._number}")

    def change(self, comment: Comment, text: str) -> None:
        """Rewrite one."""
        doing = f"changing our comment on !{self._number}"
        self._project.client.put(self._path(comment.id), {"body": text}, doing=doing, repeatable=True)

    def remove(self, comment: Comment) -> None:
        """Remove one."""
        doing = f"removing our comment on !{self._number}"
        self._project.client.delete(self._path(comment.id), doing=doing, repeatable=True)

    def _path(self, *parts: int) -> str:
        return self._project.path("merge_requests", self._number, "notes", *parts)
