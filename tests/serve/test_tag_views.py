"""What a pass says of each stream tag: every state, for a plan that is published and for one that is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.resolution import Cause, Unresolvable
from gitops_streams.plan.holding import Holding
from gitops_streams.serve.overview import HistoryEntry, SiteState, State
from gitops_streams.serve.tag_views import PUSH_ONLY, UNUSED, WAITS, Known, Times, tag_views
from gitops_streams.streams.history import EMPTY
from gitops_streams.streams.model import StreamKey, TagKey

WHEN = datetime(2026, 11, 23, tzinfo=UTC)
OLD = Digest.of(b"old")
SOURCES = {"moved": "quay.io/acme/web:1", "dead": "quay.io/acme/web:2", "held": "quay.io/acme/web:3"}


def key(tag: str) -> TagKey:
    return TagKey(StreamKey(None, "web"), tag)


@pytest.fixture
def planned(plan_files):
    tags = {**SOURCES, "idle": "quay.io/acme/other:1"}
    entries = [{"name": tag, "from": {"kind": "DockerImage", "name": source}} for tag, source in tags.items()]
    stream = {"apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": {"name": "web"}}
    places = "".join(f"- image: {source}@{OLD}\n" for source in SOURCES.values())
    files = {
        "streams.json": json.dumps({**stream, "spec": {"tags": [*entries, {"name": "pushed"}]}}),
        "web.yaml": f"kind: Pod\nspec:\n{places}",
    }
    dead = Unresolvable(Cause.DENIED, "quay.io answers 403", "log in")
    holding = Holding("held by Grace", OLD, until=WHEN)
    return plan_files(files, answers={SOURCES["dead"]: dead}, holdings={key("held"): holding})


def views(planned, **known):
    return {view.key.tag: view for view in tag_views(planned.plan, planned.catalog, EMPTY, Known(**known))}


def test_every_state(planned):
    found = views(planned, times={key("dead"): Times(WHEN, None, WHEN)})
    assert {tag: (view.state, view.reason, view.hint) for tag, view in found.items()} == {
        "moved": (State.BEHIND, WAITS, ""),
        "dead": (State.FAILING, "quay.io answers 403", "log in"),
        "held": (State.HELD, "held by Grace", ""),
        "idle": (State.PENDING, UNUSED, ""),
        "pushed": (State.PENDING, PUSH_ONLY, ""),
    }
    assert (found["dead"].failing_since, found["dead"].latest, found["held"].held_until) == (WHEN, None, WHEN)
    [site] = found["moved"].sites
    assert (site.file, site.line, site.digest, site.state) == ("web.yaml", 3, OLD, SiteState.BEHIND)
    assert (found["moved"].source, found["moved"].file) == (SOURCES["moved"], "streams.json")
    assert list(found) == sorted(found)


def test_what_has_landed_is_current(planned):
    moved = views(planned)["moved"].latest
    past = {key("moved"): (HistoryEntry(moved, "1", WHEN),)}
    found = views(planned, landed=True, history=past)["moved"]
    assert (found.state, found.current, found.since) == (State.CURRENT, moved, WHEN)
    assert [(site.digest, site.state) for site in found.sites] == [(moved, SiteState.CURRENT)]


def test_the_log_dates_nothing_that_it_does_not_have(planned):
    past = {key("moved"): (HistoryEntry(OLD, "1", WHEN),)}
    assert views(planned, landed=True, history=past)["moved"].since is None
