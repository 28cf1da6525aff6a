"""What becomes of the record of deleted stream tags."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from gitops_streams.streams.history import StreamStatus
from gitops_streams.streams.model import Catalog, ImageAlias


def without(recorded: StreamStatus, deleted: Collection[str], catalog: Catalog) -> StreamStatus | None:
    """Take deleted tags out of a stream's record, as OpenShift takes them out of its status.

    The images of a deleted tag stay recorded while another tag names one of them by its digest
    (``ImageStreamImage``): it could not be found any more.

    Args:
        recorded: what is recorded of the stream.
        deleted: the names of its deleted tags.
        catalog: the declarations that are left.

    Returns:
        What is left of the record; ``None`` where nothing is to be taken out.
    """
    named = {
        tag.source.image
        for tag in catalog.tags.values()
        if isinstance(tag.source, ImageAlias) and tag.source.stream == recorded.key
    }
    gone = {
        tag
        for tag in deleted
        if not any(
            str(item.image).startswith(prefix) or item.image.encoded.startswith(prefix)
            for item in recorded.tags.get(tag, ())
            for prefix in named
        )
    }
    if gone.isdisjoint({*recorded.tags, *recorded.conditions}):
        return None
    return replace(
        recorded,
        tags={tag: items for tag, items in recorded.tags.items() if tag not in gone},
        conditions={tag: found for tag, found in recorded.conditions.items() if tag not in gone},
    )
