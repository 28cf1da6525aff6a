"""Keeps our one comment of a kind on a pull request, however a forge calls and stores comments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from gitops_streams.errors import ForgeError
from gitops_streams.forges.http.refusal import AnswerLost, ForgeRefused
from gitops_streams.forges.sticky import comment_text, is_sticky, same_text

_GONE = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment of a pull request."""

    id: int
    text: str
    author: str
    """Whatever the forge tells accounts apart by."""
    version: int = 0
    """Bitbucket Data Center's, which every change has to name."""
    thread: int = 0
    """Azure DevOps', whose comments stand in threads."""


class Comments(Protocol):
    """The comments of one pull request."""

    def all(self) -> Iterable[Comment]:
        """Read all comments, oldest first."""

    def add(self, text: str) -> None:
        """Write a new one."""

    def change(self, comment: Comment, text: str) -> None:
        """Rewrite one."""

    def remove(self, comment: Comment) -> None:
        """Remove one."""


def keep_one(comments: Comments, author: str, key: str, body: str | None, *, hidden: bool = True) -> None:
    """Have one comment by an account bear a key and say something; see ``Forge.comment_sticky``.

    Args:
        comments: those of the pull request.
        author: our account.
        key: of the comment.
        body: what it is to say; ``None``: none is to be there.
        hidden: whether the forge hides comments of HTML.
    """

    def ours() -> list[Comment]:
        return [each for each in comments.all() if each.author == author and is_sticky(each.text, key)]

    found = ours()
    if body is None:
        for comment in found:
            _remove(comments, comment)
        return
    text = comment_text(key, body, hidden=hidden)
    if not found:
        try:
            comments.add(text)
        except AnswerLost:
            if not ours():
                raise
        return
    first, *others = found
    if not same_text(first.text, text):
        comments.change(first, text)
    for comment in others:
        _remove(comments, comment)


def unknown_account(forge: str, number: int, hint: str) -> ForgeError:
    """Return the error of a token whose account is not told: whose comments are ours cannot be told either."""
    return ForgeError(
        f"{forge}: commenting on #{number} is left out: it does not tell which account the token is", hint=hint
    )


def _remove(comments: Comments, comment: Comment) -> None:
    try:
        comments.remove(comment)
    except ForgeRefused as refused:
        if refused.status not in _GONE:
            raise
