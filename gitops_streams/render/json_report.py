"""The report as JSON, for machines; ``gitops-streams apply`` takes it back. Schema: ``schemas/plan.schema.json``."""

from __future__ import annotations

import hashlib
import json
from typing import Any, assert_never

from gitops_streams.plan.holding import Holding
from gitops_streams.plan.model import Change, Failed, Held, Outcome, SiteOutcome, Skipped, TagPlan, Unchanged
from gitops_streams.render import review_json
from gitops_streams.render.places import place
from gitops_streams.render.report import Report
from gitops_streams.streams.model import DockerImage, ImageAlias, PushOnly, Source, TagAlias

SCHEMA_VERSION = 1


def render(report: Report) -> str:
    """Render a report as one JSON object."""
    plan = report.plan
    tags, sites = plan.tag_counts, plan.site_counts
    document: dict[str, Any] = {
        "schemaVersion": SCHEMA_VERSION,
        "summary": {
            "requests": plan.requests,
            "tags": {outcome.value: tags[outcome] for outcome in _ORDER},
            "sites": {outcome.value: sites[outcome] for outcome in _ORDER},
        },
        "results": [_tag(tag) for tag in plan.tags],
        "skipped": [
            {"file": item.file, "line": item.line, "reference": item.reference, "reason": item.reason}
            for item in plan.skipped
        ],
        "files": [
            {
                "file": file.path,
                "sha256": hashlib.sha256(file.before).hexdigest(),
                "patch": [patch.as_json() for patch in file.patches],
            }
            for file in plan.files
        ],
        "problems": [
            {"file": item.file, "line": item.line, "reason": item.reason, "severity": item.severity.value}
            for item in plan.problems
        ],
    }
    if report.reviews:
        document["reviews"] = [review_json.review(review) for review in report.reviews]
    done = report.published
    if done is not None and not done.dry_run:
        document["published"] = {
            "mode": done.mode,
            "files": list(done.files),
            "commit": done.commit,
            "branch": done.branch,
            "remote": done.remote,
        }
    if done is not None and done.mode == "pull-request":
        document["pullRequests"] = [review_json.pull(pull) for pull in done.pulls]
    # ASCII only: file names that are no UTF-8 survive as escapes.
    return json.dumps(document, indent=2) + "\n"


_ORDER = (Outcome.CHANGED, Outcome.UNCHANGED, Outcome.HELD, Outcome.SKIPPED, Outcome.FAILED)


def _tag(tag: TagPlan) -> dict[str, Any]:
    return {
        "stream": str(tag.key.stream),
        "tag": tag.key.tag,
        "outcome": tag.outcome.value,
        "from": None if tag.source is None else _source(tag.source),
        "image": None if tag.image is None else tag.image.reference.name,
        "sourceTag": None if tag.image is None else tag.image.tag,
        "newDigest": None if tag.digest is None else str(tag.digest),
        "spec": tag.fingerprint,
        "reason": tag.reason,
        "held": None if tag.holding is None else _holding(tag.holding),
        "hint": None if tag.failure is None else tag.failure.hint,
        "sites": [_site(site) for site in tag.sites],
    }


def _holding(holding: Holding) -> dict[str, Any]:
    until = None if holding.until is None else holding.until.isoformat()
    return {"reason": holding.reason, "until": until, "enforced": holding.enforced}


def _source(source: Source) -> dict[str, str] | None:
    match source:
        case DockerImage():
            return {"kind": "DockerImage", "name": str(source)}
        case TagAlias():
            return {"kind": "ImageStreamTag", "name": str(source)}
        case ImageAlias():
            return {"kind": "ImageStreamImage", "name": str(source)}
        case PushOnly():
            return None
        case _:
            assert_never(source)


def _site(outcome: SiteOutcome) -> dict[str, Any]:
    occurrence = outcome.site.occurrence
    match outcome:
        case Change():
            pointer, before, after, reason = outcome.pointer, outcome.before, outcome.after, None
        case Unchanged():
            pointer, before, after, reason = outcome.pointer, outcome.text, outcome.text, None
        case Held() | Skipped() | Failed():
            pointer, before, after, reason = occurrence.pointer, occurrence.text, occurrence.text, outcome.reason
        case _:
            assert_never(outcome)
    return {
        "outcome": outcome.outcome.value,
        "reason": reason,
        "file": occurrence.file,
        "line": occurrence.line,
        **place(occurrence, pointer),
        "form": occurrence.form_name,
        "boundBy": outcome.site.rule.value,
        "oldDigest": None if occurrence.digest is None else str(occurrence.digest),
        "before": before,
        "after": after,
    }
