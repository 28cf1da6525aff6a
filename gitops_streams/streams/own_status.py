"""Read a status file that has exactly the form in which the tool writes it, without a YAML parser.

Every line must be one that ``status.render`` writes, with texts that need no escape: then what stands between the
quotes is the value, whatever parser reads it. Anything else is left to the parser. The form is checked at once; items
are made when somebody looks at them, since most of a long history is never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference, looks_like_reference
from gitops_streams.streams.condition import Condition
from gitops_streams.streams.history import HISTORY_LIMIT, Item, RecordedTags, StreamStatus
from gitops_streams.streams.model import STREAM_NAME, StreamKey

_HEAD = re.compile(
    r"# [ -~]*\n"
    r"apiVersion: gitops-streams\.io/v1\nkind: ImageStreamStatus\n"
    r'metadata:\n  name: "(?P<name>[a-z0-9._-]{1,255})"\n'
    r'(?:  namespace: "(?P<namespace>[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)"\n)?'
    r"status:\n  tags:\n"
)
_TAG = re.compile(
    r'    - tag: "([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})"\n'
    r'(?:      conditions:\n        - type: ImportSuccess\n          status: "False"\n'
    r'          reason: "([A-Za-z][A-Za-z0-9]{0,63})"\n          message: "([ !#-\[\]-~]{0,1500})"\n)?'
    r"      items:\n"
)


def _item(name: str, image: str) -> str:
    """Return the form of an item, with its repository and its digest in groups of these names or as given."""
    return (
        rf'        - dockerImageReference: "{name}@(?P<{image}>sha256:[0-9a-f]{{64}})"\n'
        rf'          image: "(?P={image})"\n'
        r'          sourceTag: "((?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?)"\n'
        r'          spec: "([0-9a-f]{0,64})"\n'
    )


_ANY_NAME = r"(?P<name>[A-Za-z0-9][A-Za-z0-9.:/_-]{0,511})"
_ITEM = re.compile(_item(_ANY_NAME, "image"))
_RUN = re.compile(f"{_item(_ANY_NAME, 'image')}(?:{_item('(?P=name)', 'another')})*")
"""Items of one repository, one after the other."""


class OwnTags(RecordedTags):
    """The tags of one file; items are made from its text on demand."""

    def __init__(self, text: str, places: dict[str, tuple[int, int]], names: dict[str, Reference]) -> None:
        self._text = text
        self._places = places
        """By tag: where its items start and end."""
        self._names = names
        """By its spelling: the repository."""
        self._made: dict[str, tuple[Item, ...]] = {}

    def newest(self, tag: str) -> Item | None:
        """See ``RecordedTags.newest``."""
        return next(self._items(tag), None) if tag in self._places else None

    def __getitem__(self, tag: str) -> tuple[Item, ...]:
        """Return a tag's items, newest first."""
        if tag not in self._made:
            self._made[tag] = tuple(islice(self._items(tag), HISTORY_LIMIT))
        return self._made[tag]

    def __iter__(self) -> Iterator[str]:
        """Go through the names of the tags."""
        return iter(self._places)

    def __len__(self) -> int:
        """Count the tags."""
        return len(self._places)

    def _items(self, tag: str) -> Iterator[Item]:
        for match in _ITEM.finditer(self._text, *self._places[tag]):
            name, image, source_tag, fingerprint = match.groups()
            digest = Digest("sha256", image[7:])
            known = self._names[name]
            yield Item(Reference(known.name, known.repository, None, digest), digest, source_tag, fingerprint)


def read_own(content: bytes) -> StreamStatus | None:
    """Read a status file in the tool's own form; ``None`` says that a parser has to look at it."""
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError:
        return None
    head = _HEAD.match(text)
    if head is None or not STREAM_NAME.fullmatch(head["name"]):
        return None
    places: dict[str, tuple[int, int]] = {}
    names: dict[str, Reference] = {}
    conditions: dict[str, Condition] = {}
    end = head.end()
    while end < len(text):
        tag = _TAG.match(text, end)
        if tag is None or tag[1] in places:
            return None
        end = tag.end()
        while (run := _RUN.match(text, end)) is not None:
            end, name = run.end(), run["name"]
            known = names.get(name) or looks_like_reference(name)
            if known is None or known.tag is not None:
                return None
            names[name] = known
        places[tag[1]] = (tag.end(), end)
        if tag[2] is not None:
            conditions[tag[1]] = Condition(tag[2], tag[3])
    return StreamStatus(StreamKey(head["namespace"], head["name"]), OwnTags(text, places, names), conditions)
