"""References in text that is no manifest: block scalars, annotations, other keys. Reported, never edited."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from gitops_streams.manifests.occurrence import Mention, Occurrence
from gitops_streams.oci.reference import Reference, Repository, looks_like_reference
from gitops_streams.yamledit.nodes import Scalar

# A run of what references are written in; what punctuation leaves at its ends is taken off afterwards,
# since an expression that does both reads a long run again and again.
RUN = re.compile(r"[A-Za-z0-9._:@/-]+")
_ENDS = "._:@/-"
_MOST_MISSED = 20
"""Words in escapes; each is looked for up to the end of its text, and this many may be."""
_LAST = re.compile(r"[ \t,}\]]*(?:#|\r|\n|\Z)")
_MARKER = 'add # {"$imagestream": "…"} at the end of its line to have it pinned'


def find(file: str, text: str, scalar: Scalar, tracked: Collection[Repository], why: str | None) -> Iterator[Mention]:
    """Yield the tagged references to tracked repositories that a scalar's text holds.

    Args:
        file: the scalar's file.
        text: the text of that file.
        scalar: any scalar that no scanner claimed.
        tracked: the repositories that streams follow.
        why: what keeps the place from being edited, where that is not the text itself.
    """
    if ":" not in scalar.value:
        return
    position, line, missed = scalar.start, scalar.line, 0
    for word, reference in _references(scalar.value):
        if reference.tag is None or reference.repository not in tracked:
            continue
        if why is not None:
            reason = why
        elif scalar.is_block:
            reason = "text in a block scalar is not scanned"
        elif word == scalar.value:
            marked = f"; {_MARKER}" if _takes_a_marker(file, text, scalar) else ""
            reason = f"it does not stand under an image key{marked}"
        else:
            reason = "it stands within a longer text"
        # However the scalar is folded, a word without blanks stands in the file as it is, unless it is escaped.
        there = text.find(word, position, scalar.end) if missed < _MOST_MISSED else -1
        if there < 0:
            missed += 1
        else:
            line += text.count("\n", position, there)  # from the word before: a text may hold 100,000 of them
            position = there + len(word)
        yield Mention(file, line, reference.repository, reference.tag, word, reason)


def of(occurrence: Occurrence, repository: Repository, why: str, *, spared: bool = False) -> Mention:
    """Return what is said of a reference that was found and is not edited.

    Args:
        occurrence: the reference.
        repository: its repository.
        why: what keeps it from being edited.
        spared: whether its user does.
    """
    return Mention(
        occurrence.file,
        occurrence.line,
        repository,
        occurrence.tag,
        occurrence.text,
        why,
        occurrence.document,
        occurrence.pointer,
        spared,
    )


def _takes_a_marker(file: str, text: str, scalar: Scalar) -> bool:
    """Whether a comment at the end of a scalar's line would be read as one behind it."""
    return not file.endswith(".json") and _LAST.match(text, scalar.end) is not None


def _references(value: str) -> Iterator[tuple[str, Reference]]:
    """Yield the words of a text that are references, schemes such as ``oci://`` taken off; no parts of templates."""
    for run in RUN.finditer(value):
        before, after = value[run.start() - 1 : run.start()], value[run.end() : run.end() + 1]
        # `$HOST/web:1`, `$(host)/web:1`, `{{ host }}/web:1`, `web:1-${arch}` name other images than what is between.
        if before in {"$", "}"} or (before == ")" and run.group()[0] == "/") or after in {"$", "{"}:
            continue
        # What stands behind `://`, or is the default of a variable: `${IMAGE:-web:1}`.
        word = run.group().rpartition("://")[2].rpartition(":-")[2].strip(_ENDS)
        reference = looks_like_reference(word) if ":" in word else None
        if reference is not None:
            yield word, reference
