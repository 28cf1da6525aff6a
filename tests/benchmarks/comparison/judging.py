"""Judges what a tool did, or would do, by the ground truth: right, false, missed."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dataset import Expected

_DIGEST = re.compile(rb"@?sha256:[0-9a-f]{64}")
_INSERTED = re.compile(rb"\s*digest:\s+[\"']?sha256:[0-9a-f]{64}[\"']?\s*")


@dataclass(frozen=True, slots=True)
class Edit:
    """A line that a tool changed.

    Attributes:
        file: the path within the repository.
        line: its number before the change, from 1; what is inserted counts for the line above it.
        digest: the digest that the line has now; empty where the change is no pin, or changes more than a pin.
    """

    file: str
    line: int
    digest: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pin that a tool proposes without saying on which line."""

    file: str
    image: str
    digest: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many places a tool got right, how many it would change wrongly, and how many it missed."""

    right: int
    false: int
    missed: int


def judge_edits(edits: Iterable[Edit], expected: Iterable[Expected]) -> Verdict:
    """Judge changed lines: an edit is right at an expected line with the expected digest, and false anywhere else."""
    done = set(edits)
    wanted = {Edit(place.file, place.line, place.digest) for place in expected}
    return Verdict(len(done & wanted), len(done - wanted), len(wanted - done))


def judge_proposals(proposals: Iterable[Proposal], expected: Iterable[Expected]) -> Verdict:
    """Judge proposals: as many are right as a file has expected places with that image and that digest."""
    done = Counter(proposals)
    wanted = Counter(Proposal(place.file, place.image, place.digest) for place in expected)
    return Verdict((done & wanted).total(), (done - wanted).total(), (wanted - done).total())


def edits_between(before: Path, after: Path) -> Iterator[Edit]:
    """Compare two trees file by file, ``.git`` left out; a file that came or went is one false edit."""
    for path in sorted(_files(before) | _files(after)):
        old, new = before / path, after / path
        if not old.is_file() or not new.is_file():
            yield Edit(path, 0, "")
        elif (old_bytes := old.read_bytes()) != (new_bytes := new.read_bytes()):
            yield from _edits_of(path, old_bytes, new_bytes)


def _files(root: Path) -> set[str]:
    return {
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(root).parts
    }


def _edits_of(path: str, old: bytes, new: bytes) -> Iterator[Edit]:
    before, after = old.split(b"\n"), new.split(b"\n")  # a lost carriage return is a change, too
    # Digests aside, lines that are only pinned are equal, so that the comparison cannot pair the wrong ones.
    bare_before, bare_after = ([_DIGEST.sub(b"", line) for line in lines] for lines in (before, after))
    matcher = difflib.SequenceMatcher(None, bare_before, bare_after, autojunk=False)
    for _, start, end, other, stop in matcher.get_opcodes():
        if before[start:end] == after[other:stop]:
            continue
        if bare_before[start:end] == bare_after[other:stop]:
            for offset in range(end - start):
                if before[start + offset] != after[other + offset]:
                    yield Edit(path, start + offset + 1, _digest_of(after[other + offset]))
            continue
        for index in range(start, end):
            yield Edit(path, index + 1, "")
        for index in range(other, stop) if start == end else ():
            only_pin = stop - other == 1 and _INSERTED.fullmatch(after[index])
            yield Edit(path, start, _digest_of(after[index]) if only_pin else "")


def _digest_of(line: bytes) -> str:
    found = _DIGEST.findall(line)
    return found[0].removeprefix(b"@").decode() if len(found) == 1 else ""
