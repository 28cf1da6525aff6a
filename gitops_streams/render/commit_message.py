"""Renders the message of a commit: a conventional subject, one line a tag, trailers. Pure and deterministic.

Source of the form: Conventional Commits 1.0 (subject), git-interpret-trailers(1) (trailers).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_streams.errors import ConfigError

if TYPE_CHECKING:
    from gitops_streams.oci.digest import Digest
    from gitops_streams.oci.reference import Repository

SUBJECT_LENGTH = 72
"""The longest subject that tools show whole, in characters."""
DEFAULT_SUBJECT = "chore(images): {summary}"
DEFAULT_BODY = "{tags}"
PLACEHOLDERS = ("summary", "tags", "count", "files", "scope")
"""What a template may name in braces: the default sentence, a line for each tag, the numbers, and where."""
GROUP_TRAILER = "Gitops-Streams-Group"
TREE_TRAILER = "Gitops-Streams-Tree"

_PLACEHOLDER = re.compile(r"\{([^{}\s]*)\}")
_NOT_IN_SCOPE = re.compile(r"[^\w./() +-]")
_ISSUE = re.compile(r"\b(GH)-", re.IGNORECASE)
_SHORT = 8


@dataclass(frozen=True, slots=True)
class Move:
    """A stream tag that gets another digest."""

    stream_tag: str
    """``[namespace/]stream:tag``."""
    repository: Repository
    old: Digest | None
    """``None`` where no digest was pinned."""
    new: Digest


@dataclass(frozen=True, slots=True)
class CommitMessage:
    """What a commit message is made from."""

    moves: tuple[Move, ...]
    files: int
    """How many files change."""
    scope: str | None = None
    """Where: a namespace, a group, an environment."""
    signed_off_by: str | None = None
    """``Name <email>``."""
    co_authored_by: tuple[str, ...] = ()
    """``Name <email>`` each."""
    group: str | None = None
    """The group of stream tags whose pull request the commit is for."""
    tree: str | None = None
    """The object id of the commit's tree: a seal, which a commit that somebody has amended does not hold."""
    subject: str = DEFAULT_SUBJECT
    """A template, see ``PLACEHOLDERS``."""
    body: str = DEFAULT_BODY
    """A template, see ``PLACEHOLDERS``."""


def render_commit_message(message: CommitMessage) -> str:
    """Return the whole message: subject, body and trailers, parted by empty lines, with a line end.

    What the templates insert can add neither lines to the subject nor trailers.

    Raises:
        ConfigError: a template names an unknown placeholder, or gives an empty subject.
    """
    moves = sorted(set(message.moves), key=lambda move: (move.stream_tag, str(move.repository), str(move.new)))
    values = {
        "summary": _summary(moves, message),
        "tags": "\n".join(_line(move) for move in moves),
        "count": str(len(moves)),
        "files": str(message.files),
        "scope": _scope(message.scope or ""),
    }
    subject = _shorten(_one_line(_fill(message.subject, values, "subject")))
    if not subject:
        raise ConfigError("the template of the commit's subject gives an empty line")
    body = "\n".join(_one_line(line) for line in _fill(message.body, values, "body").splitlines()).strip("\n")
    return "\n\n".join(part for part in (subject, body, _trailers(moves, message)) if part) + "\n"


def _summary(moves: list[Move], message: CommitMessage) -> str:
    where = f" in {_scope(message.scope)}" if message.scope else ""
    if len(moves) == 1:
        move = moves[0]
        return f"update {_one_line(move.stream_tag)} to {move.new.algorithm}:{move.new.encoded[:_SHORT]}"
    if not moves and not message.files:
        return f"record resolved digests{where}"
    if not moves:
        return f"update {message.files} {'file' if message.files == 1 else 'files'}{where}"
    return f"update {len(moves)} digests{where}"


def _line(move: Move) -> str:
    old = move.old.short if move.old is not None else "unpinned"
    return f"{_one_line(move.stream_tag)} {old} → {move.new.short}"


def _trailers(moves: list[Move], message: CommitMessage) -> str:
    lines = [f"Image-Digest: {digest}" for digest in sorted({f"{move.repository}@{move.new}" for move in moves})]
    if message.group is not None:
        lines.append(f"{GROUP_TRAILER}: {_one_line(message.group)}")
    if message.tree is not None:
        lines.append(f"{TREE_TRAILER}: {_one_line(message.tree)}")
    lines += [f"Co-authored-by: {_one_line(author)}" for author in message.co_authored_by]
    if message.signed_off_by:
        lines.append(f"Signed-off-by: {_one_line(message.signed_off_by)}")
    return "\n".join(dict.fromkeys(lines))


def _fill(template: str, values: dict[str, str], name: str) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise ConfigError(
                f"the template of the commit's {name} has an unknown placeholder {match[0]}",
                hint=f"known: {', '.join(f'{{{known}}}' for known in PLACEHOLDERS)}",
            )
        return values[match[1]]

    return _PLACEHOLDER.sub(value, template)


def _shorten(subject: str) -> str:
    return subject if len(subject) <= SUBJECT_LENGTH else f"{subject[: SUBJECT_LENGTH - 1].rstrip()}…"


def _scope(text: str) -> str:
    """Make a scope harmless: a directory's name could mention people, or close an issue once it is merged."""
    return _ISSUE.sub(r"\1_", _NOT_IN_SCOPE.sub("_", _one_line(text)))


def _one_line(text: str) -> str:
    """Make one line of a text; what no terminal should be sent becomes a space."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
