"""The last known good image of stream tags that could not be resolved, for places that have no digest yet.

Source: OpenShift resolves a tag whose import fails to the image that it had (``ResolveLatestTaggedImage``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gitops_streams.oci.resolution import Question, Resolution, Unresolvable
from gitops_streams.plan.asked import Asked
from gitops_streams.plan.holding import Holding
from gitops_streams.streams.follow import Followed
from gitops_streams.streams.history import History
from gitops_streams.streams.model import Catalog, TagKey


def last_known_good(
    catalog: Catalog, asked: Iterable[Asked], answers: Mapping[Question, Resolution], history: History
) -> dict[TagKey, Holding]:
    """Find what stream tags that failed were when they were last resolved.

    An image that was recorded for another declaration, or under another tag of the repository, is none: the
    tag that stands in a manifest and the digest beside it would disagree.
    """
    found: dict[TagKey, Holding] = {}
    for item in asked:
        answer = answers.get(item.question) if isinstance(item.question, Question) else item.question
        known = history.settled(catalog.tags[item.key])
        if not isinstance(answer, Unresolvable) or known is None or not isinstance(item.followed, Followed):
            continue
        source, chosen = item.followed.source, item.followed.tag.policy is not None
        same_tag = chosen or known.source_tag == (source.tag or "")
        if known.reference.repository == source.reference.repository and same_tag:
            reason = f"{answer.reason}; its last known good image is {known.image.short}"
            found[item.key] = Holding(reason, known.image, known.source_tag or None)
    return found
