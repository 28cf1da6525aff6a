"""What must hold for every file there is, however broken: values instead of exceptions, and no wrong byte."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from gitops_streams.errors import InternalError
from gitops_streams.manifests.occurrence import Occurrence
from gitops_streams.manifests.scan import ScannedFile, needles, scan
from gitops_streams.manifests.survey import survey
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference, Repository
from gitops_streams.plan.model import Pin
from gitops_streams.plan.rewrite import Rewritten, Target, rewrite
from gitops_streams.streams import load
from gitops_streams.yamledit.edit import Conflict, Edit, splice
from gitops_streams.yamledit.locate import Located, Unparsable, decode, locate
from gitops_streams.yamledit.nodes import NotEditable, Scalar, content, walk
from gitops_streams.yamledit.patch import to_patch
from gitops_streams.yamledit.prove import Unprovable, prove
from yaml_fuzz import witness
from yaml_fuzz.editing import HEX, Drawing, check_edits, kinds

_DIGEST = Digest.parse(f"sha256:{HEX}")
_MOST_OCCURRENCES = 3
SCANNED = 0.6
"""The share of documents in which what a scan finds is edited, if it finds something."""
_PATHS = ("app.yaml", "app.yaml", "values.yaml", "kustomization.yaml", "app.json")
_NEEDLES = needles({Reference.parse("quay.io/acme/web:1.4").repository})
_ESCAPES = re.compile(rb"\\[xuU\r\n]")
"""What nobody writes a repository's name with, and the screen does not look for (``needles``)."""
_PARTICULAR = re.compile(r"(?<=key )'.*'|'[^']{3,}'|(?<=tag ).*|\*\S+|U\+\w+|\b\d+\b")


class Verdict(StrEnum):
    """What became of a document."""

    UNREADABLE = "unreadable"
    """Not UTF-8, or not YAML; nothing is edited."""
    UNEDITED = "unedited"
    """Read, but nothing drawn in it can be edited."""
    UNPROVABLE = "unprovable"
    """The second parser does not read it as the first does; nothing is written."""
    PROVEN = "proven"
    """Edited and proven, and a third parser sees just these edits."""
    UNWITNESSED = "unwitnessed"
    """Edited and proven; the third parser does not accept the document."""


class Wrong(AssertionError):
    """A byte, a value or a promise that does not hold."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a document, why, and what was edited."""

    verdict: Verdict
    cause: str = ""
    """Why it is not edited, or not proven; without what is only said of this document."""
    edits: str = ""
    """The kinds of edits."""


def judge(data: bytes, seed: int) -> Judgement:
    """Read a file, edit it, prove and witness the edits: at random places, or where a scan finds something.

    Raises:
        Wrong: something does not hold. Every other exception is a bug as well.
    """
    chooser = random.Random(seed)
    path = "app.json" if data[:1] in {b"{", b"["} and chooser.random() < 0.7 else chooser.choice(_PATHS)
    text = decode(data)
    located = text if isinstance(text, Unparsable) else locate(text)
    uses, _ = survey(path, data)
    if isinstance(located, Unparsable):
        scan(path, data, ())
        if uses is not None:
            raise Wrong("a file that cannot be read was surveyed")
        return Judgement(Verdict.UNREADABLE, _general(located.reason))
    load.load([(path, located)])
    _places_are_right(located)
    _screened(path, data)
    found = _found(path, uses.file if uses is not None else None, chooser) if chooser.random() < SCANNED else []
    if found:
        return _edited(path, located, found, strict=False)
    drawing = Drawing(located, chooser)
    drawing.draw()
    if not drawing.edits:
        return Judgement(Verdict.UNEDITED, _general(next(iter(drawing.refused), "it holds nothing")))
    return _edited(path, located, drawing.edits, strict=True)


def _general(reason: str) -> str:
    """Leave out of a reason what is said of this document alone."""
    return _PARTICULAR.sub("...", reason)


def _places_are_right(located: Located) -> None:
    for document in located.documents:
        for _, node in walk(document.root):
            if isinstance(node, Scalar):
                if not 0 <= node.start <= node.end <= len(located.text):
                    raise Wrong("a scalar stands outside the text")
                place = content(node, located.text)
                if not isinstance(place, NotEditable) and located.text[place.start : place.end] != node.value:
                    raise Wrong("a scalar's place does not hold its value")


class _Nothing(Collection[Repository]):
    """No repository at all."""

    def __contains__(self, _: object) -> bool:
        return False

    def __iter__(self) -> Iterator[Repository]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _screened(path: str, data: bytes) -> None:
    """Files that hold none of the needles hold nothing to edit, unless they spell a reference in escapes."""
    repository = Reference.parse("quay.io/acme/web:1.4").repository
    found, _ = scan(path, data, {repository})
    if found is not None and not any(needle.encode() in data for needle in _NEEDLES) and not _ESCAPES.search(data):
        raise Wrong("screening would have left out a file with findings")
    scan(path, data, _Nothing(), ("web",))


def _found(path: str, file: ScannedFile | None, chooser: random.Random) -> list[Edit]:
    """Return the edits of some of the occurrences of a scan together, as a plan would make them."""
    occurrences = [] if file is None else list(file.findings)
    edits: list[Edit] = []
    for occurrence in chooser.sample(occurrences, min(len(occurrences), _MOST_OCCURRENCES)):
        repository, tag = occurrence.repository, occurrence.tag
        if repository is None or not isinstance(occurrence, Occurrence) or file is None:
            continue
        if any(field.scalar.aliases for field in occurrence.fields):
            continue  # a plan edits what is shared for all of its places, or for none
        source = Reference(occurrence.name or str(repository), repository, tag or "1.4")
        target = Target(source, _DIGEST, chooser.choice(list(Pin)))
        rewritten = rewrite(occurrence, target, file.content.read_text)
        if isinstance(rewritten, Rewritten) and rewritten.edits:
            if isinstance(splice(file.text, rewritten.edits), Conflict):
                raise Wrong("the edits of one occurrence conflict")
            both = [*edits, *rewritten.edits]
            edits = edits if isinstance(splice(file.text, both), Conflict) else both
    return edits


def _edited(path: str, located: Located, edits: list[Edit], *, strict: bool) -> Judgement:
    made = kinds(edits) if strict else f"scanned: {kinds(edits)}"
    try:
        if strict:
            after = check_edits(path, located, edits)
        else:
            spliced = splice(located.text, edits)
            assert isinstance(spliced, str), spliced
            after = spliced
            prove(path, located.text, after, edits, to_patch(edits))
    except Unprovable as error:
        return Judgement(Verdict.UNPROVABLE, _general(str(error)), made)
    except InternalError as error:
        raise Wrong(f"an edit that was offered cannot be proven: {error}") from error
    try:
        old = witness.read(located.text)
    except witness.Refused as error:
        return Judgement(Verdict.UNWITNESSED, str(error), made)
    try:
        new = witness.read(after)
    except witness.Refused as error:
        raise Wrong("a third parser accepts the old text and not the new one") from error
    witness.apply(old, edits)
    if old != new:
        raise Wrong("a third parser sees another change than was made")
    return Judgement(Verdict.PROVEN, "", made)
