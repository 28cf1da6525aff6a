"""The overview as JSON, for machines. Schema: ``schemas/overview.schema.json``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from gitops_streams.oci.digest import Digest
from gitops_streams.serve.overview import (
    HistoryEntry,
    Overview,
    PullView,
    ReceiverView,
    RegistryView,
    RepositoryView,
    SiteView,
    State,
    TagView,
)
from gitops_streams.serve.pages.selection import Selected

SCHEMA_VERSION = 1
MOST_SITES = 200
"""Places listed for one stream tag; ``siteCount`` says how many there are."""


def render(overview: Overview, found: Selected) -> str:
    """Render what is known as one JSON object; of stream tags, those that were asked for."""
    document = {
        "schemaVersion": SCHEMA_VERSION,
        "version": overview.version,
        "started": _time(overview.started),
        "now": _time(overview.now),
        "heartbeat": _time(overview.heartbeat),
        "queued": overview.queued,
        "repositories": [_repository(kept) for kept in overview.repositories],
        "registries": [_registry(kept) for kept in overview.registries],
        "receivers": [_receiver(kept) for kept in overview.receivers],
        "tags": {
            "total": found.total,
            "page": found.page,
            "pages": found.pages,
            "states": {state.value: found.counts[state] for state in State},
            "items": [_tag(kept, tag) for kept, tag in found.tags],
        },
    }
    # ASCII only: names that are no UTF-8 survive as escapes.
    return json.dumps(document, indent=1) + "\n"


def _time(when: datetime | None) -> str | None:
    return None if when is None else when.astimezone(UTC).isoformat(timespec="seconds")


def _digest(found: Digest | None) -> str | None:
    return None if found is None else str(found)


def _repository(kept: RepositoryView) -> dict[str, Any]:
    last = kept.last
    states = [tag.state for tag in kept.tags]
    return {
        "name": kept.name,
        "location": kept.location,
        "branch": kept.branch,
        "publish": kept.publish,
        "commit": kept.commit,
        "lastPass": None
        if last is None
        else {
            "ended": _time(last.ended),
            "seconds": round(last.seconds, 3),
            "outcome": last.outcome.value,
            "error": last.error or None,
            "hint": last.hint or None,
            "trigger": last.trigger or None,
        },
        "lastSuccess": _time(kept.last_success),
        "runningSince": _time(kept.running_since),
        "nextPass": _time(kept.next_pass),
        "states": {state.value: states.count(state) for state in State},
        "pullRequests": [_pull(pull) for pull in kept.pulls],
        "problems": list(kept.problems),
    }


def _pull(pull: PullView) -> dict[str, Any]:
    return {
        "group": pull.group,
        "url": pull.url,
        "number": pull.number,
        "blocked": pull.blocked,
        "reason": pull.reason or None,
    }


def _registry(kept: RegistryView) -> dict[str, Any]:
    return {
        "host": kept.host,
        "requests": kept.requests,
        "limit": kept.limit,
        "remaining": kept.left,
        "resets": _time(kept.resets),
        "failingSince": _time(kept.failing_since),
        "reason": kept.reason or None,
    }


def _receiver(kept: ReceiverView) -> dict[str, Any]:
    return {
        "name": kept.name,
        "sender": kept.sender,
        "accepted": kept.accepted,
        "ignored": kept.ignored,
        "refused": kept.refused,
        "last": _time(kept.last),
        "lastRefusal": kept.last_refusal or None,
    }


def _tag(kept: RepositoryView, tag: TagView) -> dict[str, Any]:
    return {
        "repository": kept.name,
        "stream": str(tag.key.stream),
        "tag": tag.key.tag,
        "state": tag.state.value,
        "reason": tag.reason or None,
        "hint": tag.hint or None,
        "source": tag.source or None,
        "image": tag.image or None,
        "digest": _digest(tag.current),
        "registryDigest": _digest(tag.latest),
        "since": _time(tag.since),
        "checked": _time(tag.checked_at),
        "nextCheck": _time(tag.next_check),
        "failingSince": _time(tag.failing_since),
        "heldUntil": _time(tag.held_until),
        "file": tag.file or None,
        "line": tag.line or None,
        "pullRequest": None if tag.pull is None else _pull(tag.pull),
        "siteCount": len(tag.sites),
        "sites": [_site(site) for site in tag.sites[:MOST_SITES]],
        "history": [_entry(entry) for entry in tag.history],
    }


def _site(site: SiteView) -> dict[str, Any]:
    return {
        "file": site.file,
        "line": site.line,
        "digest": _digest(site.digest),
        "state": site.state.value,
        "reason": site.reason or None,
    }


def _entry(entry: HistoryEntry) -> dict[str, Any]:
    return {
        "digest": str(entry.digest),
        "sourceTag": entry.source_tag or None,
        "recorded": _time(entry.when),
        "author": entry.who or None,
        "commit": entry.commit or None,
    }
