"""The review of the pins that a change touches as JSON. Schema: ``schemas/check-base.schema.json``."""

from __future__ import annotations

import json
from typing import Any

from gitops_streams.render import review_json
from gitops_streams.render.places import place
from gitops_streams.review.pin_review import JudgedPin, PinReview
from gitops_streams.review.standing import Standing

SCHEMA_VERSION = 1


def render(found: PinReview) -> str:
    """Render the review as one JSON object."""
    states = found.compared
    document: dict[str, Any] = {
        "schemaVersion": SCHEMA_VERSION,
        "base": {"revision": states.revision, "commit": states.base_sha, "mergeBase": states.merge_base},
        "head": states.head_sha,
        "offline": found.offline,
        "summary": {
            "requests": found.requests,
            "findings": len(found.objections) + len(found.findings),
            "pins": {
                standing.value: sum(pin.verdict.standing is standing for pin in found.pins) for standing in Standing
            },
        },
        "pins": [_pin(pin) for pin in found.pins],
        "images": review_json.review(found.review)["tags"],
        "followed": [
            {
                "stream": str(change.key.stream),
                "tag": change.key.tag,
                "change": change.touch.value,
                "file": change.file,
                "line": change.line,
                "before": change.before,
                "after": change.after,
            }
            for change in found.followed
        ],
        "findings": [
            {
                "kind": finding.kind.value,
                "file": finding.file,
                "line": finding.line,
                "stream": str(finding.tag.stream),
                "tag": finding.tag.tag,
                "reason": finding.reason,
            }
            for finding in found.findings
        ],
        "problems": [
            {"file": item.file, "line": item.line, "reason": item.reason, "severity": item.severity.value}
            for item in found.problems
        ],
    }
    # ASCII only: file names that are no UTF-8 survive as escapes.
    return json.dumps(document, indent=2) + "\n"


def _pin(pin: JudgedPin) -> dict[str, Any]:
    change, verdict = pin.change, pin.verdict
    occurrence, key = change.occurrence, change.tag
    site = None if change.after is None else change.after.site
    return {
        "change": change.touch.value,
        "standing": verdict.standing.value,
        "finding": verdict.is_finding,
        "reason": verdict.reason,
        "file": occurrence.file,
        "line": occurrence.line,
        **place(occurrence, occurrence.pointer),
        "form": occurrence.form_name,
        "stream": None if key is None else str(key.stream),
        "tag": None if key is None else key.tag,
        "boundBy": None if site is None else site.rule.value,
        "image": None if pin.repository is None else str(pin.repository),
        "before": None if change.before is None else change.before.occurrence.text,
        "after": None if change.after is None else change.after.occurrence.text,
        "oldDigest": None if change.old is None else str(change.old),
        "newDigest": None if change.new is None else str(change.new),
        "currentDigest": None if verdict.current is None else str(verdict.current),
        "exists": verdict.exists.value,
    }
