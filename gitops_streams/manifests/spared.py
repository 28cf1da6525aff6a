"""What a user keeps from being edited: by ``# gitops-streams: ignore``, by ``ignore-file``, by rules that exclude.

It goes before everything else that finds references, and what is spared is listed by ``sites`` alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from gitops_streams.manifests import comments
from gitops_streams.manifests.field_rules import FieldRule
from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.nodes import Mapping, Node, Scalar, Sequence, target, walk
from gitops_streams.yamledit.objects import Object
from gitops_streams.yamledit.problem import Problem

SCREEN = "gitops-streams:"
_COMMENT = re.compile(r"#[ \t]*gitops-streams:[ \t]*(?P<word>[A-Za-z-]*)")
_WORD = re.compile(r"(?:^|[ \t#])gitops-streams:[ \t]*ignore(?![A-Za-z-])")
_BEHIND_KEY = re.compile(r"[ \t]*:(?:[ \t]+[&!][^\s]*)*[ \t]+#(?P<comment>[^\r\n]*)")
# What may stand above a file's first value: comments, directives, the start of a document.
_HEAD = re.compile(
    r"\ufeff?(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n)|%[^\r\n]*(?:\r\n|\r|\n)|---[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))*"
)
_FILE = re.compile(r"#[ \t]*gitops-streams:[ \t]*ignore-file(?![A-Za-z-])")
_IGNORED = "# gitops-streams: ignore stands behind it"
_IGNORED_ABOVE = "# gitops-streams: ignore stands behind a key that leads to it"
_IGNORED_FILE = "# gitops-streams: ignore-file stands at the top of its file"
_STRAY = "# gitops-streams: ignore has no effect here: it must stand behind a value or a key, on its line"
_STRAY_FILE = "# gitops-streams: ignore-file has no effect here: it must stand above everything else in its file"


@dataclass(frozen=True, slots=True)
class Spared:
    """The scalars of one object that are spared, each with the reason."""

    everything: str | None = None
    """Why all of them are, if they are."""
    reasons: dict[int, str] = field(default_factory=dict)
    """By the identity of the scalar."""

    def why(self, scalars: Iterable[int]) -> str | None:
        """Say why one of some scalars, given by their identities, is spared; ``None`` where none is."""
        if self.everything is not None:
            return self.everything
        return next((self.reasons[one] for one in scalars if one in self.reasons), None) if self.reasons else None


NOTHING = Spared()


def whole_file(text: str) -> str | None:
    """Say why nothing in a file is edited, if a comment at its top asks for that."""
    head = _HEAD.match(text) if SCREEN in text else None
    return _IGNORED_FILE if head is not None and _FILE.search(head.group()) else None


def find(file: str, text: str, found: Object, rules: Collection[FieldRule], everything: str | None) -> Spared | None:
    """Find what is spared in one object; ``None`` if nothing is.

    Args:
        file: the object's file.
        text: its text.
        found: the object.
        rules: the user's field rules.
        everything: why all of the file is, if it is.
    """
    remarked = everything is None and SCREEN in text
    if everything is None and not remarked and not rules:
        return None
    spared = Spared(everything)
    if remarked:
        for scalar, _, below in _ignored(found.mapping, text):
            spared.reasons.setdefault(id(scalar), _IGNORED_ABOVE if below else _IGNORED)
    for rule in rules:
        if rule.exclude and rule.admits(file, found):
            for _, node in rule.path.find(found.mapping):
                for scalar in _scalars(node):
                    spared.reasons.setdefault(id(scalar), f"{rule.name} of the configuration excludes it")
    return spared if spared.reasons or everything is not None else None


def stray(file: str, located: Located) -> Iterator[Problem]:
    """Yield a problem for each comment of ours that has no effect where it stands, or that says nothing."""
    text = located.text
    if SCREEN not in text:
        return
    read = {
        comments.line_start(text, position)
        for document in located.documents
        for _, position, _ in _ignored(document.root, text)
    }
    head = _HEAD.match(text)
    top = 0 if head is None else head.end()
    for place in comments.elsewhere(located, _COMMENT, read):
        match = _COMMENT.match(text, place.position)
        word = match["word"] if match is not None else ""
        if word == "ignore-file":
            if place.position >= top:
                yield Problem(file, place.line, _STRAY_FILE)
        elif word == "ignore":
            yield Problem(file, place.line, _STRAY)
        else:
            known = "ignore (behind a value) and ignore-file (at the top)"
            yield Problem(file, place.line, f"# gitops-streams: {word[:40]} means nothing; known are {known}")


def _ignored(root: Node | None, text: str) -> Iterator[tuple[Scalar, int, bool]]:
    """Yield the scalars that a comment spares, where the comment stands, and whether behind a key above them."""
    for _, node in walk(root):
        if isinstance(node, Scalar):
            comment = comments.behind_header(node, text) if node.is_block else comments.behind(node, text)
            if comment is not None and _WORD.search(comment["comment"]):
                yield node, comment.start("comment"), False
        elif isinstance(node, Mapping):
            for entry in node.entries:
                comment = _BEHIND_KEY.match(text, entry.key.end) if isinstance(entry.key, Scalar) else None
                if comment is not None and _WORD.search(comment["comment"]):
                    for scalar in _scalars(entry.value):
                        yield scalar, comment.start("comment"), True


def _scalars(node: Node) -> Iterator[Scalar]:
    """Yield the scalars of a node; that of an alias, but not what is below one."""
    found = target(node)
    if isinstance(found, Scalar):
        yield found
    elif found is node and isinstance(found, Mapping | Sequence):
        for _, below in walk(found):
            scalar = target(below)
            if isinstance(scalar, Scalar):
                yield scalar
