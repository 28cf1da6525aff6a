"""Reviews and pull requests as values of JSON: facts for machines, no sentence that could be computed from them."""

from __future__ import annotations

from typing import Any

from gitops_streams.oci.image import Evidence
from gitops_streams.render import pull_phrases
from gitops_streams.render.phrase import plain
from gitops_streams.render.report import PullResult
from gitops_streams.review.delta import BaseImage, Built, Difference, ImageDelta, PlatformDelta
from gitops_streams.review.report import Review, Rollout, TagReview

Json = dict[str, Any]


def review(found: Review) -> Json:
    """Return the review of one group. The run is left out: the same review gives the same JSON."""
    return {
        "group": found.group,
        "base": found.base,
        "baseCommit": found.base_sha or None,
        "tags": [_tag(tag) for tag in found.tags],
        "files": [{"file": file.path, "tags": [str(key) for key in file.tags]} for file in found.files],
        "notUpdated": [
            {
                "what": left.what,
                "outcome": left.outcome,
                "reason": left.reason,
                "kept": [str(digest) for digest in left.kept],
            }
            for left in found.not_updated
        ],
    }


def pull(found: PullResult) -> Json:
    """Return what became of one group's pull request."""
    return {
        "group": found.group,
        "outcome": found.outcome.value,
        "reason": found.reason,
        "base": found.base,
        "branch": found.branch,
        "number": found.number,
        "url": found.url,
        "head": found.head,
        "warnings": list(found.warnings),
        "operations": [plain(phrase) for phrase in pull_phrases.operations(found)],
    }


def _tag(tag: TagReview) -> Json:
    delta = tag.delta
    return {
        "stream": str(tag.key.stream),
        "tag": tag.key.tag,
        "declaredIn": {"file": tag.declared_in, "line": tag.declared_line} if tag.declared_in else None,
        "followed": tag.followed,
        "repository": str(tag.repository),
        "sourceTag": tag.source_tag,
        "oldDigests": [str(digest) for digest in tag.old],
        "newDigest": str(tag.new),
        "class": delta.move.value,
        "also": [move.value for move in delta.also],
        "alarming": delta.alarming,
        **_delta(delta),
        "rollouts": [_rollout(rollout) for rollout in tag.rollouts],
    }


def _delta(delta: ImageDelta) -> Json:
    source = delta.source
    return {
        "contract": [_difference(difference) for difference in delta.contract],
        "labels": [_difference(difference) for difference in delta.labels],
        "platforms": [_platform(platform) for platform in delta.platforms],
        "built": {"old": _built(delta.old_built), "new": _built(delta.new_built)},
        "source": {
            "oldRevision": source.old_revision,
            "newRevision": source.new_revision,
            "oldUrl": source.old_url,
            "newUrl": source.new_url,
            "oldVersion": source.old_version,
            "newVersion": source.new_version,
            "compare": source.compare,
        },
        "baseImage": {"old": _base(delta.base.old), "new": _base(delta.base.new), "moved": delta.base.moved},
        "instructions": list(delta.instructions),
        "evidence": {"old": _evidence(delta.old_evidence), "new": _evidence(delta.new_evidence)},
        "attention": list(delta.attention),
        "notes": list(delta.notes),
    }


def _difference(difference: Difference) -> Json:
    old, new = difference.old, difference.new
    return {
        "field": difference.field,
        "name": difference.name,
        "change": "added" if old is None else "removed" if new is None else "changed",
        "hidden": difference.hidden,
        "old": None if difference.hidden else old,
        "new": None if difference.hidden else new,
    }


def _platform(platform: PlatformDelta) -> Json:
    return {
        "platform": None if platform.platform is None else str(platform.platform),
        "oldDigest": None if platform.old is None else str(platform.old),
        "newDigest": None if platform.new is None else str(platform.new),
        "oldSize": platform.old_size,
        "newSize": platform.new_size,
        "layersShared": platform.shared,
        "layersAdded": platform.added,
        "layersDropped": platform.dropped,
        "download": platform.download,
    }


def _built(built: Built) -> Json:
    return {"at": None if built.at is None else built.at.isoformat(), "reproducible": built.reproducible}


def _base(base: BaseImage | None) -> Json | None:
    if base is None:
        return None
    return {"name": base.name, "digest": None if base.digest is None else str(base.digest), "likely": base.likely}


def _evidence(evidence: Evidence) -> Json:
    return {
        "signature": evidence.signature.value,
        "sbom": evidence.sbom.value,
        "provenance": evidence.provenance.value,
    }


def _rollout(rollout: Rollout) -> Json:
    return {
        "file": rollout.file,
        "line": rollout.line,
        "kind": rollout.kind,
        "namespace": rollout.namespace,
        "name": rollout.name,
        "container": rollout.container,
        "environment": rollout.environment,
    }
