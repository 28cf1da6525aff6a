"""Our one comment of a kind on a pull request on Bitbucket Data Center, which keeps comments among all activities."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_streams.forges.bitbucket_data_center.repository import BitbucketDataCenterRepository
from gitops_streams.forges.http.refusal import ForgeRefused
from gitops_streams.forges.sticky_comments import Comment, keep_one, unknown_account

_CONFLICT = 409


def comment_sticky(repository: BitbucketDataCenterRepository, number: int, key: str, body: str | None) -> None:
    """See ``Forge.comment_sticky``."""
    account = repository.server.account
    if account is None:
        raise unknown_account("Bitbucket", number, "let the header X-AUSERNAME of its answers pass the proxy")
    keep_one(_Comments(repository, number), account.casefold(), key, body, hidden=False)


class _Comments:
    """The comments of a pull request, which are found among all that happened to it."""

    def __init__(self, repository: BitbucketDataCenterRepository, number: int) -> None:
        self._repository = repository
        self._number = number

    def all(self) -> Iterable[Comment]:
        """Read those that belong to no line and answer no other, oldest first."""
        path = self._repository.path("pull-requests", self._number, "activities")
        found: dict[int, Comment] = {}
        for event in self._repository.pages(path, doing=f"reading the comments of #{self._number}"):
            added = (
                event.text("action", default="") == "COMMENTED"
                and event.text("commentAction", default="ADDED") == "ADDED"
            )
            if added and event.has("comment") and not event.has("commentAnchor"):
                comment = event.record("comment")
                author = comment.text("author", "name", default="").casefold()
                number, version = comment.whole("id"), comment.whole("version")
                found[number] = Comment(number, comment.text("text", default=""), author, version)
        return [found[number] for number in sorted(found)]

    def add(self, text: str) -> None:
        """Write a new one."""
        self._repository.client.post(self._path(), {"text": text}, doing=f"commenting on #{self._number}")

    def change(self, comment: Comment, text: str) -> None:
        """Rewrite one."""
        body, doing = {"text": text, "version": comment.version}, f"changing our comment on #{self._number}"
        self._repository.client.put(self._path(comment.id), body, doing=doing, repeatable=True)

    def remove(self, comment: Comment) -> None:
        """Remove one; one that was answered stays, as Bitbucket has it."""
        path, doing = self._path(comment.id), f"removing our comment on #{self._number}"
        params = {"version": comment.version}
        try:
            self._repository.client.send("DELETE", path, doing=doing, params=params, repeatable=True)
        except ForgeRefused as refused:
            if refused.status != _CONFLICT:
                raise

    def _path(self, *parts: int) -> str:
        return self._repository.path("pull-requests", self._number, "comments", *parts)
