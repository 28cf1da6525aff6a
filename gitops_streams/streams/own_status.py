"""Read a status file that has exactly the form in which the tool writes it, without a YAML parser.

Every line must be one that ``status.render`` writes, with texts that need no escape: then what stands between the
quotes is the value, whatever parser reads it. Anything else is left to the parser.
"""

from __future__ import annotations

import re

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference, looks_like_reference
from gitops_streams.streams.condition import Condition
from gitops_streams.streams.history import HISTORY_LIMIT, Item, StreamStatus
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
_ITEM = re.compile(
    r'        - dockerImageReference: "([A-Za-z0-9][A-Za-z0-9.:/_-]{0,511})@((sha256):([0-9a-f]{64}))"\n'
    r'          image: "\2"\n'
    r'          sourceTag: "((?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?)"\n'
    r'          spec: "([0-9a-f]{0,64})"\n'
)


def read_own(content: bytes) -> StreamStatus | None:
    """Read a status file in the tool's own form; ``None`` says that a parser has to look at it."""
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError:
        return None
    head = _HEAD.match(text)
    if head is None or not STREAM_NAME.fullmatch(head["name"]):
        return None
    tags: dict[str, tuple[Item, ...]] = {}
    conditions: dict[str, Condition] = {}
    place, end = head.end(), len(text)
    # One reference a repository is parsed; the others differ in the digest alone.
    spelled: dict[str, Reference] = {}
    while place < end:
        tag = _TAG.match(text, place)
        if tag is None or tag[1] in tags:
            return None
        place = tag.end()
        items: list[Item] = []
        while (match := _ITEM.match(text, place)) is not None:
            place = match.end()
            name, written, algorithm, encoded, source_tag, fingerprint = match.groups()
            known = spelled.get(name)
            if known is None:
                known = looks_like_reference(f"{name}@{written}")
                if known is None or known.tag is not None:
                    return None
                spelled[name] = known
            digest = Digest(algorithm, encoded)
            items.append(Item(Reference(known.name, known.repository, None, digest), digest, source_tag, fingerprint))
        tags[tag[1]] = tuple(items[:HISTORY_LIMIT])
        if tag[2] is not None:
            conditions[tag[1]] = Condition(tag[2], tag[3])
    return StreamStatus(StreamKey(head["namespace"], head["name"]), tags, conditions) if tags else None
