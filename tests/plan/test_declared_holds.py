"""Holds in declarations, from the annotation to the plan: no registry is asked, every place gets the image."""

from __future__ import annotations

import pytest

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.oci.resolution import Method, Question, Resolved
from gitops_streams.plan.asked import what_to_ask
from gitops_streams.plan.audit import audit
from gitops_streams.plan.declared_holds import declared_holds
from gitops_streams.plan.gates import candidates
from gitops_streams.plan.model import Outcome
from gitops_streams.reconcile.recording import resolved_items
from gitops_streams.render import html, markdown, table
from gitops_streams.render.report import Report
from gitops_streams.review.assemble import assemble
from gitops_streams.review.policy import ReviewPolicy
from gitops_streams.review.report import RunInfo
from gitops_streams.streams import status
from gitops_streams.streams.model import StreamKey, TagKey
from gitops_streams.streams.policy_defaults import Defaults

OLD, NEW = Digest.of(b"old"), Digest.of(b"quay.io/acme/web:1.4")
WEB = TagKey(StreamKey("acme", "web"), "prod")
STREAM = """\
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {name: web, namespace: acme}
spec:
  tags:
    - name: prod
      annotations: {gitops-streams.io/hold: "HELD", gitops-streams.io/hold-reason: login is broken}
      from: {kind: DockerImage, name: "quay.io/acme/web:1.4"}
    - name: live
      from: {kind: ImageStreamTag, name: prod}
"""
REASON = f"held at {OLD.short} (login is broken); gitops-streams resume acme/web:prod lets it follow"


def recorded(*images, tag="1.4", repository="quay.io/acme/web"):
    items = tuple(status.Item(Reference.parse(f"{repository}@{digest}"), digest, tag, "0" * 16) for digest in images)
    return {status.path_of(WEB.stream): status.render(status.StreamStatus(WEB.stream, {"prod": items}))}


@pytest.fixture
def planned(plan_files, pod):
    """Plan pods with the stream tag held at OLD, as ``reconcile`` does."""

    def plan(*images, history=None, held=OLD, everything=False):
        files = {"s.yaml": STREAM.replace("HELD", str(held))} | (recorded(NEW, OLD) if history is None else history)
        files |= {f"{number}.yaml": pod(image) for number, image in enumerate(images)}
        read = plan_files(files)
        return plan_files(files, holdings=declared_holds(read.catalog, read.history))

    return plan


def test_a_held_tag_asks_nothing(planned):
    made = planned("quay.io/acme/web:1.4", 'x # {"$imagestream": "acme/web:live"}')
    asked = what_to_ask(made.catalog, made.bindings, made.history)
    assert [str(item.key) for item in asked] == ["acme/web:live", "acme/web:prod"]
    for item in asked:
        assert isinstance(item.question, Resolved)
        assert (item.question.digest, item.question.method) == (OLD, Method.HELD)
    assert made.plan.requests == 0
    assert not any(isinstance(item.question, Question) for item in asked)


def test_no_gate_judges_what_is_held(planned):
    made = planned("quay.io/acme/web:1.4", 'x # {"$imagestream": "acme/web:live"}')
    asked = what_to_ask(made.catalog, made.bindings, made.history)
    assert candidates(made.catalog, asked, {}, made.history, defaults=Defaults()) == ()


def test_every_place_gets_the_image_that_is_held(planned):
    images = [f"quay.io/acme/web:1.4{suffix}" for suffix in ("", f"@{NEW}", f"@{OLD}")]
    plan = planned(*images).plan
    (tag,) = plan.tags
    assert [site.outcome for site in tag.sites] == [Outcome.CHANGED, Outcome.CHANGED, Outcome.UNCHANGED]
    assert {change.after for _, change in plan.changes} == {f"quay.io/acme/web:1.4@{OLD}"}
    assert tag.reason is not None
    assert tag.reason.startswith(REASON)
    assert [item.image for _, item in resolved_items(plan)] == [OLD]


def test_once_every_place_has_it_the_tag_is_held_and_nothing_changes(planned):
    plan = planned(f"quay.io/acme/web:1.4@{OLD}").plan
    assert [tag.outcome for tag in plan.tags] == [Outcome.HELD]
    assert (plan.files, plan.site_counts[Outcome.UNCHANGED]) == ((), 1)


def test_an_image_that_came_from_what_is_not_followed_now_is_given_to_no_place(planned):
    for history in (recorded(OLD, repository="ghcr.io/acme/web"), recorded(OLD, tag="1.3")):
        plan = planned("quay.io/acme/web:1.4", f"quay.io/acme/web:1.4@{NEW}", history=history).plan
        (tag,) = plan.tags
        assert [site.outcome for site in tag.sites] == [Outcome.HELD, Outcome.HELD]
        assert "no place is changed" in (tag.reason or "")
        assert resolved_items(plan) == []


def test_an_image_that_was_never_recorded_is_somebodys_decision(planned):
    plan = planned("quay.io/acme/web:1.4", history={}).plan
    assert [change.after for _, change in plan.changes] == [f"quay.io/acme/web:1.4@{OLD}"]


def test_check_compares_with_the_hold(planned):
    def findings(*images):
        made = planned(*images)
        return [str(found.reason) for found in audit(made.catalog, made.bindings, made.history)]

    assert (
        findings(f"quay.io/acme/web:1.4@{OLD}", f'quay.io/acme/web@{OLD} # {{"$imagestream": "acme/web:live"}}') == []
    )
    (reason,) = findings(f"quay.io/acme/web:1.4@{NEW}")
    assert reason == f"{NEW.short} is not what acme/web:prod is held at, {OLD.short}; run gitops-streams reconcile"


def test_reports_name_what_is_held(planned):
    for image in (f"quay.io/acme/web:1.4@{OLD}", f"quay.io/acme/web:1.4@{NEW}"):
        report = Report(planned(image).plan)
        for text in (table.render(report), markdown.render(report), html.render(report)):
            assert "login is broken" in text
            assert "gitops-streams resume acme/web:prod" in text


def test_a_pull_request_says_what_is_held(planned):
    def review(made):
        return assemble(
            "all", made.plan, made.catalog, made.history, {}, policy=ReviewPolicy(), base="main", base_sha="0" * 40,
            files=[], run=RunInfo("1.0"),
        )  # fmt: skip

    (left,) = review(planned(f"quay.io/acme/web:1.4@{OLD}")).not_updated
    assert (left.what, left.outcome, left.kept) == ("acme/web:prod", "held", (OLD,))
    assert left.reason.startswith(REASON)
    (tag,) = review(planned(f"quay.io/acme/web:1.4@{NEW}")).tags
    assert any(note.startswith(REASON) for note in tag.delta.notes)
