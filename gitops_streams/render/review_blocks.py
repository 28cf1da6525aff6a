"""A review as blocks of Markdown, each complete in itself: the parts that a pull request's body is built from.

The order inside of a stream tag's block is the reviewer's: why it moved, what changed inside, where it goes,
what to go back to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gitops_streams.render.image_phrases import (
    facts,
    fate,
    layers,
    platform_name,
    primary,
    resized,
    size,
    telling,
)
from gitops_streams.render.inert import code
from gitops_streams.render.markdown_text import Dialect, alert, bullets, fold, inline, table
from gitops_streams.render.phrase import NOTHING, Code, Part, Phrase, joined, merged, prose
from gitops_streams.render.review_phrases import (
    alerts,
    briefly,
    classes,
    destinations,
    digests,
    extent,
    headline,
    inside,
    manifests,
    places,
    reason,
    rows,
)
from gitops_streams.render.words import count
from gitops_streams.review.delta import MoveClass
from gitops_streams.review.report import NotUpdated, Review, TagReview

ICONS = {
    MoveClass.CONTRACT: "⚠️",
    MoveClass.ROLLBACK: "⏪",
    MoveClass.SOURCE: "🆕",
    MoveClass.REBUILD: "🔁",
    MoveClass.CONTENT: "🔁",
    MoveClass.METADATA: "🏷️",
    MoveClass.FIRST_PIN: "\N{HEAVY PLUS SIGN}",
    MoveClass.UNKNOWN: "❔",
}
_KEY = 120
"""The longest stream tag in characters."""
_ALERTS_OF_ONE = 4
"""How many alerts one stream tag may have above the table."""
_MOST_PLACES = 40
_ENVIRONMENTS = 6
"""How many environments the first lines name."""
_ALERT_LENGTH = 700


@dataclass(frozen=True, slots=True)
class Depth:
    """How much a stream tag's block shows."""

    labels: bool = True
    """Labels, build instructions, and the platforms of images that need no look."""


def icon(tag: TagReview) -> str:
    """Return the sign of a stream tag's move."""
    return "⚠️" if tag.delta.alarming else ICONS[tag.delta.move]


def verdict(review: Review, *, terse: bool = False) -> str:
    """Write the first lines: what to do, what moves, and where it rolls out.

    Args:
        review: the review.
        terse: whether environments are named without their workloads.
    """
    mark = "⚠️ " if review.alarming else ""
    counted = classes(review)
    told = [f"{mark}**{headline(review)}**{f' — {counted}' if counted else ''} ({inline(extent(review))})"]
    rollouts = [rollout for tag in review.tags for rollout in tag.rollouts]
    if rollouts:
        told.append(f"🚀 **Rolls out to** {inline(_destinations(review, terse=terse))}")
    return "\n\n".join(told)


def _destinations(review: Review, *, terse: bool) -> Phrase:
    rollouts = [rollout for tag in review.tags for rollout in tag.rollouts]
    if terse:
        names = sorted({rollout.environment for rollout in rollouts if rollout.environment is not None})
        told: list[Phrase] = [(count(len(rollouts), "place"),), *((Code(name, 40),) for name in names[:_ENVIRONMENTS])]
        return joined([*told, *_more_environments(len(names) - _ENVIRONMENTS)])
    summed = destinations(rollouts)
    told = [
        workloads if name is None else merged([Code(name, 64), " (", *workloads, ")"])
        for name, workloads in summed[:_ENVIRONMENTS]
    ]
    return joined([*told, *_more_environments(len(summed) - _ENVIRONMENTS)], " · ")


def _more_environments(number: int) -> list[Phrase]:
    return [(count(number, "more environment"),)] if number > 0 else []


def warning(tag: TagReview) -> str:
    """Write what needs attention of one stream tag, on one line."""
    found = alerts(tag)
    shown: list[Phrase] = []
    length = 0
    for phrase in found[:_ALERTS_OF_ONE]:
        length += len(inline(phrase))
        if shown and length > _ALERT_LENGTH:
            break
        shown.append(phrase)
    if len(found) > len(shown):
        shown.append((f"{len(found) - len(shown)} more below",))
    return f"{code(str(tag.key), _KEY)} — {inline(joined(shown, ' · '))}"


def warnings(review: Review, dialect: Dialect, most: int, write: Callable[[TagReview], str] = warning) -> str:
    """Write what needs attention as one alert; nothing where nothing does.

    Args:
        review: the review.
        dialect: what the forge can do.
        most: so many stream tags are named.
        write: writes the line of one; whoever calls again and again may keep them.
    """
    alarming = review.alarming
    told = [write(tag) for tag in alarming[:most]]
    if len(alarming) > most:
        told.append(f"… and {len(alarming) - most} more that need a look")
    return alert(dialect, "WARNING", bullets(told)) if told else ""


def row(tag: TagReview) -> Sequence[str]:
    """Write the cells of one stream tag."""
    platform = primary(tag)
    return (
        icon(tag),
        code(str(tag.key), _KEY),
        inline(reason(tag)),
        inline(digests(tag)),
        NOTHING if platform is None else resized(platform),
        inline(briefly(tag)),
    )


def overview(review: Review, tags: Sequence[TagReview], write: Callable[[TagReview], Sequence[str]] = row) -> str:
    """Write a row for each of ``tags``, and say how many others there are; ``write`` is as for ``warnings``."""
    left = len(review.tags) - len(tags)
    more = f"… and {left} more" if left else ""
    if not tags:
        return more
    written = table(["", "Stream tag", "Why it moved", "Digest", "Size", "Rolls out to"], map(write, tags))
    return f"{written}\n\n{more}" if more else written


def block(tag: TagReview, dialect: Dialect, depth: Depth) -> str:
    """Write everything about one stream tag."""
    summary: Phrase = (f"{icon(tag)} ", Code(str(tag.key), _KEY), " — ", *reason(tag))
    parts = ["**Why it moved**", _facts(tag), *_inside(tag, depth), *_rollouts(tag), "**Digests**", _digests(tag)]
    return fold(dialect, summary, "\n\n".join(part for part in parts if part), opened=tag.delta.alarming)


def _facts(tag: TagReview) -> str:
    told: list[str] = [f"**Look:** {inline(phrase)}" for phrase in (prose(text) for text in tag.delta.attention)]
    told += [f"{fact.name}: {inline(fact.text)}" for fact in facts(tag)]
    return bullets(told)


def _inside(tag: TagReview, depth: Depth) -> list[str]:
    parts = []
    differences = rows(tag, labels=depth.labels)
    if differences:
        fields = [
            (f"**{inline(row.field)}**" if row.alarming else inline(row.field), inline(row.old), inline(row.new))
            for row in differences
        ]
        parts.append(table(["", "Old", "New"], fields))
    platforms = telling(tag)
    if platforms and (depth.labels or tag.delta.alarming):
        cells = [
            (
                inline(platform_name(platform)),
                f"**{fate(platform)}**" if fate(platform) == "gone" else fate(platform),
                resized(platform),
                layers(platform),
                NOTHING if platform.download is None else size(platform.download),
            )
            for platform in platforms
        ]
        parts.append(table(["Platform", "", "Size", "Layers", "To download"], cells))
    if tag.delta.instructions and depth.labels:
        parts += ["New build instructions:", bullets(code(text, 240) for text in tag.delta.instructions)]
    return [f"**{inside(tag)}**", *parts] if parts else []


def _rollouts(tag: TagReview) -> list[str]:
    if not tag.rollouts:
        return []
    listed = places(tag)
    cells = [
        (inline(place.environment), inline(place.workload), inline(place.container), inline(place.file))
        for place in listed[:_MOST_PLACES]
    ]
    parts = ["**Where it rolls out**", table(["Environment", "Workload", "Container", "File"], cells)]
    if len(listed) > _MOST_PLACES:
        parts.append(f"… and {len(listed) - _MOST_PLACES} more")
    return parts


def _digests(tag: TagReview) -> str:
    told = [f"{code(str(tag.repository), 300)}"]
    told += [f"old {code(str(digest))}" for digest in tag.old] or ["old: not pinned"]
    return bullets([*told, f"new {code(str(tag.new))}"])


def files(review: Review, dialect: Dialect) -> str:
    """Write the list of files, with the stream tags that each of them gets."""
    listed = manifests(review.files)
    own = len(review.files) - len(listed)
    parts = []
    if listed:
        cells = [
            (
                code(file.path, 240),
                ", ".join(code(str(key), _KEY) for key in file.tags[:12]) + _rest(len(file.tags) - 12),
            )
            for file in listed
        ]
        parts.append(table(["File", "Stream tags"], cells))
    if own:
        parts.append(
            f"{count(own, 'status file')} of gitops-streams {'records' if own == 1 else 'record'} the digests."
        )
    if not parts:
        return ""
    return fold(dialect, (f"Files ({len(review.files)})",), "\n\n".join(parts))


def _rest(number: int) -> str:
    return f" and {number} more" if number > 0 else ""


def not_updated(review: Review, dialect: Dialect, most: int | None) -> str:
    """Write what was left as it is, and why.

    Args:
        review: the review.
        dialect: what the forge can do.
        most: so many are listed; ``None`` lists all.
    """
    left = review.not_updated
    if not left:
        return ""
    listed = left if most is None else left[:most]
    told = [_left(item) for item in listed]
    if len(listed) < len(left):
        told.append(f"… and {len(left) - len(listed)} more" if listed else count(len(left), "entry", "entries"))
    failed = any(item.outcome == "failed" for item in left)
    return fold(dialect, (f"{'❗ ' if failed else ''}Not updated ({len(left)})",), bullets(told))


def _left(item: NotUpdated) -> str:
    parts: list[Part] = [Code(item.what, 240), f" {item.outcome}: ", Code(item.reason, 300)]
    if item.kept:
        parts += ["; stays ", *joined([(Code(digest.short),) for digest in item.kept[:3]])]
        parts.append(_rest(len(item.kept) - 3))
    return inline(merged(parts))


def roll_back(review: Review, dialect: Dialect) -> str:
    """Write how to undo it after the merge. It has the same length whatever the review holds."""
    text = (
        "```sh\n"
        "git revert -m 1 <merge commit>         # the whole pull request; no -m 1 after a squash or a rebase merge\n"
        "gitops-streams rollback <stream:tag>   # or one stream tag: holds it at the image that it had before\n"
        "```\n\n"
        "A hold stands in the declaration, where no run undoes it, until `gitops-streams resume <stream:tag>`. A tag"
        " that nothing holds follows its source, so a later run may propose the new digest again."
    )
    return fold(dialect, ("Roll back after the merge",), text) if review.tags else ""
