"""A DeploymentConfig's triggers take effect together or not at all.

Source: openshift/openshift-controller-manager ``pkg/image/trigger/deploymentconfigs``: one trigger that
cannot be resolved keeps all of them from setting their fields.
"""

from __future__ import annotations

from dataclasses import replace

from gitops_streams.oci.resolution import Unresolvable
from gitops_streams.plan.model import Change, Held, SiteOutcome, TagPlan
from gitops_streams.streams.model import TagKey


def settle_together(tags: list[TagPlan]) -> list[TagPlan]:
    """Hold the sites that would change while a stream tag beside theirs has no digest."""
    missing = {
        tag.key: tag.resolution.reason
        for tag in tags
        # What is last known of a tag is good enough, as it is on OpenShift.
        if isinstance(tag.resolution, Unresolvable) and tag.digest is None
    }
    if not missing:
        return tags
    return [replace(tag, sites=tuple(_settle(site, missing) for site in tag.sites)) for tag in tags]


def _settle(site: SiteOutcome, missing: dict[TagKey, str]) -> SiteOutcome:
    key = next((key for key in site.site.together if key in missing), None)
    if key is None or not isinstance(site, Change):
        return site
    return Held(site.site, f"a DeploymentConfig's triggers work all or nothing, and {key} failed: {missing[key]}")
