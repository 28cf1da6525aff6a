"""Stream tags that do not move: what becomes of their sites, of aliases, and of what is recorded."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.resolution import Cause, Unresolvable
from gitops_streams.plan.holding import Holding
from gitops_streams.plan.model import Change, Failed, Held, Outcome, Unchanged
from gitops_streams.reconcile.recording import resolved_items
from gitops_streams.streams.model import StreamKey, TagKey

WEB = TagKey(StreamKey("acme", "web"), "prod")
LIVE = TagKey(StreamKey("acme", "web"), "live")
SOURCE = "quay.io/acme/web:1.4"
NEW = Digest.of(SOURCE.encode())
OLD = Digest.of(b"old")
OLDER = Digest.of(b"older")
UNTIL = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
GATE = Holding("too young", OLD, until=UNTIL)
BARE = Holding("too young")
HOLD = Holding("rolled back", OLD, enforced=True)
DOWN = Unresolvable(Cause.UNAVAILABLE, "quay.io is down")


@pytest.fixture
def planned(plan_files, stream, pod):
    def plan(*images, holdings, answers=None, **tags):
        files = {"s.yaml": stream("web", "acme", prod=SOURCE, **tags)}
        files |= {f"{number}.yaml": pod(image) for number, image in enumerate(images)}
        return plan_files(files, holdings=holdings, answers=answers).plan

    return plan


def pinned(digest):
    return f"{SOURCE}@{digest}"


@pytest.mark.parametrize(
    ("holding", "image", "kind", "after"),
    [
        (GATE, pinned(OLD), Held, None),
        (GATE, pinned(OLDER), Held, None),
        (GATE, pinned(NEW), Unchanged, None),
        (GATE, SOURCE, Change, pinned(OLD)),
        (BARE, pinned(OLD), Held, None),
        (BARE, SOURCE, Held, None),
        (HOLD, pinned(OLD), Held, None),
        (HOLD, pinned(OLDER), Change, pinned(OLD)),
        (HOLD, pinned(NEW), Change, pinned(OLD)),
        (HOLD, SOURCE, Change, pinned(OLD)),
    ],
)
def test_what_becomes_of_a_site(planned, holding, image, kind, after):
    (tag,) = planned(image, holdings={WEB: holding}).tags
    (site,) = tag.sites
    assert isinstance(site, kind)
    if isinstance(site, Held):
        assert (site.reason, site.until) == (holding.reason, holding.until)
    if isinstance(site, Change):
        assert site.after == after
    assert tag.outcome is (Outcome.CHANGED if kind is Change else Outcome.HELD)
    assert tag.reason == holding.reason


def test_an_enforced_hold_at_what_the_source_has_holds_nothing_back(planned):
    (tag,) = planned(pinned(NEW), holdings={WEB: Holding("kept", NEW, enforced=True)}).tags
    assert isinstance(tag.sites[0], Unchanged)


def test_only_an_enforced_hold_is_recorded(planned):
    for holding, recorded in [(GATE, []), (BARE, []), (HOLD, [OLD])]:
        plan = planned(SOURCE, pinned(OLD), holdings={WEB: holding})
        assert [item.image for _, item in resolved_items(plan)] == recorded


def test_an_enforced_hold_needs_no_registry(planned):
    (tag,) = planned(pinned(OLDER), holdings={WEB: HOLD}, answers={SOURCE: DOWN}).tags
    assert tag.outcome is Outcome.CHANGED
    assert tag.recorded == OLD


def test_a_failure_stays_one_under_another_hold_and_only_a_site_without_digest_gets_one(planned):
    known = Holding("quay.io is down; its last known good image is …", OLD)
    (tag,) = planned(SOURCE, pinned(OLDER), holdings={WEB: known}, answers={SOURCE: DOWN}).tags
    first, second = tag.sites
    assert isinstance(first, Change)
    assert first.after == pinned(OLD)
    assert second == Failed(second.site, "quay.io is down")
    assert (tag.outcome, tag.reason, tag.recorded) == (Outcome.FAILED, known.reason, None)
    (left,) = planned(pinned(OLDER), holdings={WEB: known}, answers={SOURCE: DOWN}).tags
    assert (left.outcome, left.reason) == (Outcome.FAILED, "quay.io is down")


def test_an_alias_is_held_with_what_it_leads_to(plan_files, stream):
    marked = f'kind: Pod\nimage: {pinned(OLD)} # {{"$imagestream": "acme/web:live"}}\n'
    files = {"s.yaml": stream("web", "acme", prod=SOURCE, live="alias:prod"), "p.yaml": marked}
    tags = {tag.key: tag for tag in plan_files(files, holdings={WEB: GATE}).plan.tags}
    assert tags[LIVE].outcome is Outcome.HELD
    own = {tag.key: tag for tag in plan_files(files, holdings={WEB: GATE, LIVE: HOLD}).plan.tags}
    assert own[LIVE].holding == HOLD
    above = {tag.key: tag for tag in plan_files(files, holdings={LIVE: GATE}).plan.tags}
    assert (above[WEB].holding, above[LIVE].holding) == (None, GATE)


def test_the_tag_that_the_digest_was_found_under_is_written_with_it(plan_files, stream):
    holding = Holding("rolled back", OLD, source_tag="1.3", enforced=True)
    marked = f'kind: Pod\nimage: {pinned(NEW)} # {{"$imagestream": "acme/web:prod"}}\n'
    files = {"s.yaml": stream("web", "acme", prod=SOURCE), "p.yaml": marked}
    plan = plan_files(files, holdings={WEB: holding}).plan
    (_, change) = next(plan.changes)
    assert change.after == f"quay.io/acme/web:1.3@{OLD}"
    ((_, item),) = resolved_items(plan)
    assert item.source_tag == "1.3"
