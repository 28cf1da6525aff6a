"""Holds that stand in declarations, as what keeps their stream tags from moving; no registry is needed for one."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_streams.plan.holding import Holding
from gitops_streams.streams.follow import Followed, follow
from gitops_streams.streams.history import History
from gitops_streams.streams.model import Catalog, StreamTag, TagKey
from gitops_streams.streams.restraint import Hold
from gitops_streams.streams.rollback import fits


def hold_on(catalog: Catalog, path: Iterable[TagKey]) -> Hold | None:
    """Return the hold that a stream tag is under: its own, else that of the first one it leads to that has one.

    Args:
        catalog: the declarations.
        path: the stream tag, then those that its aliases lead to.
    """
    tags = (catalog.tags.get(key) for key in path)
    return next((tag.hold for tag in tags if tag is not None and tag.hold is not None), None)


def declared_holds(catalog: Catalog, history: History) -> dict[TagKey, Holding]:
    """Return what holds stream tags by their own declaration."""
    return {tag.key: _holding(tag, tag.hold, catalog, history) for tag in catalog.tags.values() if tag.hold is not None}


def _holding(tag: StreamTag, hold: Hold, catalog: Catalog, history: History) -> Holding:
    because = f" ({hold.reason})" if hold.reason else ""
    followed = follow(catalog, tag.key, history)
    items = [item for item in history.items(tag.key) if item.image == hold.digest]
    release = f"gitops-streams resume {tag.key} lets it follow {tag.source} again"
    if items and isinstance(followed, Followed):
        own = [item for item in items if fits(item, followed.source)]
        if not own:
            # A place would name a tag that the image never had, or a repository that may not have it.
            came = f"which came from {items[0].tagged.name}:{items[0].source_tag}, while {followed.source} is followed"
            return Holding(f"held at {hold.digest.short}{because}, {came} now: no place is changed; {release}")
        items = own
    tagged = items[0].source_tag if items else ""
    return Holding(f"held at {hold.digest.short}{because}; {release}", hold.digest, tagged or None, enforced=True)
