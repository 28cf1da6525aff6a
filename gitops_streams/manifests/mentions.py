"""References in text that is no manifest: block scalars, annotations, other keys. Reported, never edited."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from gitops_streams.manifests.occurrence import Mention
from gitops_streams.oci.reference import Repository, looks_like_reference
from gitops_streams.yamledit.nodes import Scalar

_WORD = re.compile(r"[A-Za-z0-9\[][A-Za-z0-9._:@/\[\]-]*[A-Za-z0-9]")
_MARKER = 'add # {"$imagestream": "…"} at the end of its line to have it pinned'


def find(file: str, scalar: Scalar, tracked: Collection[Repository], why: str | None) -> Iterator[Mention]:
    """Yield the tagged references to tracked repositories that a scalar's text holds.

    Args:
        file: the scalar's file.
        scalar: any scalar that no scanner claimed.
        tracked: the repositories that streams follow.
        why: what keeps the place from being edited, where that is not the text itself.
    """
    if ":" not in scalar.value:
        return
    for word in _WORD.finditer(scalar.value):
        if ":" not in word.group():
            continue
        reference = looks_like_reference(word.group())
        if reference is None or reference.tag is None or reference.repository not in tracked:
            continue
        if why is not None:
            reason = why
        elif scalar.is_block:
            reason = "text in a block scalar is not scanned"
        elif word.group() == scalar.value:
            reason = f"it does not stand under an image key; {_MARKER}"
        else:
            reason = "it stands within a longer text"
        # A block's text starts on the line after its header.
        line = scalar.line + (1 + scalar.value.count("\n", 0, word.start()) if scalar.is_block else 0)
        yield Mention(file, line, reference.repository, reference.tag, word.group(), reason)
