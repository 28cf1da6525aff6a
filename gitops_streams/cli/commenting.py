"""The one comment with the review on a pull request: written, rewritten or taken away; where that may not be, said."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from gitops_streams.cli.session import Session
from gitops_streams.errors import ForgeError, RepositoryError
from gitops_streams.forges.detection.ci_pull import NoCiPull, ci_pull
from gitops_streams.forges.detection.detect import Undetected, detect
from gitops_streams.forges.open import open_forge
from gitops_streams.forges.settings import ForgeSettings
from gitops_streams.git.push import find_remote
from gitops_streams.git.remote import url_of
from gitops_streams.git.repository import Branch
from gitops_streams.render.pin_markdown import comment
from gitops_streams.review.marker import COMMENT_REVIEW
from gitops_streams.review.pin_review import PinReview


@dataclass(frozen=True, slots=True)
class Commented:
    """The pull request says what the review says; of an empty one it says nothing."""

    number: int


@dataclass(frozen=True, slots=True)
class NotCommented:
    """It could not be told; the review is as true without."""

    reason: str
    hint: str | None = None


def put_comment(
    session: Session,
    forge: ForgeSettings,
    found: PinReview,
    number: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Commented | NotCommented:
    """Have the pull request bear the review as its one comment of that kind.

    Pull requests of strangers run with tokens that may only read, so nothing here is an error.

    Args:
        session: the repository; its remote leads to the forge.
        forge: where the token goes; never what the change itself says.
        found: the review; an empty one takes away what was said before.
        number: the pull request; ``None``: the one that this CI job is about.
        environment: of the process.
    """
    variables = os.environ if environment is None else environment
    try:
        url = _remote_url(session)
        detected = detect(forge, url, variables)
        if isinstance(detected, Undetected):
            return NotCommented(detected.reason, detected.hint)
        if number is None:
            pull = ci_pull(variables)
            if isinstance(pull, NoCiPull):
                return NotCommented(pull.reason, "name the pull request by --pull-request")
            if not pull.is_on(detected):
                reason = f"pull request {pull.number} of this job is not one of {detected.repository}"
                return NotCommented(reason, "name the pull request by --pull-request")
            number = pull.number
        opened = open_forge(forge, url, variables)
        try:
            text = None if found.is_empty else comment(found, opened.capabilities)
            opened.comment_sticky(number, COMMENT_REVIEW, text)
        finally:
            opened.close_connections()
    except (ForgeError, RepositoryError) as error:
        return NotCommented(error.message, error.hint)
    return Commented(number)


def _remote_url(session: Session) -> str:
    commands = session.repository.commands()
    head = session.repository.head()
    return url_of(commands, find_remote(commands, head.name if isinstance(head, Branch) else ""))
