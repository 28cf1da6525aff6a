"""A review as HTML: where it rolls out first, then a card for each stream tag, those to look at unfolded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gitops_streams.render.html_text import EMPTY, Html, code, element, escaped, inline, together
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
from gitops_streams.render.phrase import NOTHING, Code, Phrase, merged, prose
from gitops_streams.render.review_phrases import (
    MOVED,
    Place,
    alerts,
    inside,
    places,
    rows,
    workload,
)
from gitops_streams.review.delta import PlatformDelta
from gitops_streams.review.report import Review, Rollout, TagReview
from gitops_streams.streams.model import TagKey

Anchors = Mapping[TagKey, str]
"""The id of each stream tag's card. Names are foreign text and stand in no address."""
WARNING = Html(
    '<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.5">'
    '<path d="M8 1.6 15 14H1Z" stroke-linejoin="round"/>'
    '<path d="M8 6.2v3.6M8 11.3v1" stroke-linecap="round"/></svg>'
)
ARROW = element("span", escaped("→"), class_="arrow")
_ALERTS = 6
"""How many alerts of one stream tag are listed on top."""
_FULL = 100
_SMALL = 0.5
_LONG = 400


def warnings(review: Review, anchors: Anchors) -> Html:
    """Write what needs attention; nothing where nothing does."""
    told = [
        element("li", element("a", code(str(tag.key)), href=f"#{anchors[tag.key]}"), _told(tag))
        for tag in review.alarming
    ]
    if not told:
        return EMPTY
    head = element("h3", WARNING, escaped("Look at these before they roll out"))
    return element("div", head, element("ul", *told, class_="plain"), class_="alert", role="note")


def _told(tag: TagReview) -> Html:
    found = alerts(tag)
    shown = [*found[:_ALERTS]] if len(found) > _ALERTS + 1 else [*found]
    if len(found) > len(shown):
        shown.append((f"… and {len(found) - len(shown)} more, see below",))
    return element("ul", *(element("li", inline(phrase)) for phrase in shown), class_="told")


def destinations(review: Review, anchors: Anchors) -> Html:
    """Write where the review rolls out: a card for each environment, in it each workload with what it gets."""
    found: dict[str | None, dict[Phrase, list[tuple[TagReview, Rollout]]]] = {}
    for tag in review.tags:
        for rollout in tag.rollouts:
            name = workload(rollout.kind, rollout.namespace, rollout.name) or (Code(rollout.file, _LONG),)
            found.setdefault(rollout.environment, {}).setdefault(name, []).append((tag, rollout))
    if not found:
        return EMPTY
    order = sorted(found, key=lambda name: (name is None, name or ""))
    cards = [_environment(name, found[name], anchors, alone=len(order) == 1) for name in order]
    return element("div", *cards, class_="environments")


def _environment(
    name: str | None, workloads: dict[Phrase, list[tuple[TagReview, Rollout]]], anchors: Anchors, *, alone: bool
) -> Html:
    title = code(name, 64) if name is not None else escaped("All places" if alone else "Other places")
    listed = []
    for shown, moved in workloads.items():
        links = [
            element(
                "a", code(str(tag.key)), href=f"#{anchors[tag.key]}", class_="alarming" if tag.delta.alarming else None
            )
            for tag in dict.fromkeys(tag for tag, _ in moved)
        ]
        listed.append(element("li", inline(shown), element("span", *links, class_="gets")))
    return element("div", element("h4", title), element("ul", *listed, class_="plain"), class_="environment")


def _link(tag: TagReview, anchors: Anchors) -> Html:
    marked = "alarming" if tag.delta.alarming else None
    return element("a", code(str(tag.key)), href=f"#{anchors[tag.key]}", class_=marked)


def card(tag: TagReview, anchors: Anchors) -> Html:
    """Write everything about one stream tag."""
    delta = tag.delta
    classes = [_badge(delta.move.value, MOVED[delta.move])]
    classes += [_badge(also.value, MOVED[also], faint=True) for also in delta.also]
    platform = primary(tag)
    told = [_digests(tag)] + ([] if platform is None else [element("span", escaped(resized(platform)), class_="size")])
    summary = element(
        "summary",
        element("h4", WARNING if delta.alarming else EMPTY, code(str(tag.key))),
        element("span", *classes, class_="badges"),
        element("span", *told, class_="gist"),
    )
    parts = [*_why(tag), *_inside(tag), *_rollouts(tag), *_full_digests(tag)]
    return element(
        "details",
        summary,
        element("div", *parts, class_="inside"),
        id=anchors[tag.key],
        class_="card alarming" if delta.alarming else "card",
        open="" if delta.alarming else None,
    )


def _badge(kind: str, text: str, *, faint: bool = False) -> Html:
    return element("span", escaped(text), class_=f"badge {kind}{' faint' if faint else ''}")


def _digests(tag: TagReview) -> Html:
    old = code(tag.old[0].short) if tag.old else escaped("unpinned")
    more = escaped(f" and {len(tag.old) - 1} more") if len(tag.old) > 1 else EMPTY
    return element("span", old, more, ARROW, code(tag.new.short), class_="digests")


def _part(title: str, *content: Html) -> Html:
    return element("section", element("h5", escaped(title)), *content)


def _why(tag: TagReview) -> Iterator[Html]:
    looks = [element("li", inline(prose(sentence))) for sentence in tag.delta.attention]
    looked = [element("ul", *looks, class_="looks")] if looks else []
    pairs = [(element("dt", escaped(fact.name)), element("dd", inline(fact.text))) for fact in facts(tag)]
    listed = element("dl", *(element("div", *pair) for pair in pairs))
    yield _part("Why it moved", *looked, listed)


def _inside(tag: TagReview) -> Iterator[Html]:
    parts = []
    differences = rows(tag)
    if differences:
        head = element("tr", *(element("th", escaped(name), scope="col") for name in ("Field", "Old", "New")))
        body = [
            element(
                "tr",
                element("th", inline(row.field), scope="row"),
                element("td", inline(row.old), class_="old"),
                element("td", inline(row.new), class_="new"),
                class_="alarming" if row.alarming else None,
            )
            for row in differences
        ]
        parts.append(element("table", element("thead", head), element("tbody", *body), class_="differences"))
    platforms = [_platform(platform) for platform in telling(tag)]
    if platforms:
        parts.append(element("ul", *platforms, class_="platforms plain"))
    if tag.delta.instructions:
        listed = (element("li", code(text, _LONG)) for text in tag.delta.instructions)
        parts += [element("p", escaped("New build instructions"), class_="label"), element("ul", *listed)]
    if parts:
        yield _part(inside(tag), *parts)


def _platform(platform: PlatformDelta) -> Html:
    became = fate(platform)
    told = [resized(platform)]
    told += [] if layers(platform) == NOTHING else [f"layers: {layers(platform)}"]
    told += [] if platform.download is None else [f"{size(platform.download)} to download"]
    return element(
        "li",
        element("span", inline(platform_name(platform)), _badge(became, became), class_="platform"),
        element("span", escaped(" · ".join(told)), class_="told"),
        _bar(platform),
    )


def _bar(platform: PlatformDelta) -> Html:
    """Draw how much of an image has to be downloaded by those who have the old one."""
    total, new = platform.new_size, platform.download
    if platform.old is None or not total or new is None or new > total:
        return EMPTY
    share = _FULL * new / total
    width = f"{share if not new else max(share, _SMALL):.1f}"
    filled = element("rect", width=width, height="4", class_="filled")
    return element(
        "svg",
        element("title", escaped(f"{share:.0f} % of the image is new")),
        element("rect", width="100", height="4", class_="whole"),
        filled,
        viewBox="0 0 100 4",
        preserveAspectRatio="none",
        role="img",
        class_="bar",
    )


def _rollouts(tag: TagReview) -> Iterator[Html]:
    if not tag.rollouts:
        return
    listed = [
        element(
            "li",
            element("span", inline(place.environment), class_="where") if place.environment != (NOTHING,) else EMPTY,
            element("span", inline(_what(place)), class_="what"),
            element("span", inline(place.file), class_="file"),
        )
        for place in places(tag)
    ]
    yield _part("Where it rolls out", element("ul", *listed, class_="rollouts plain"))


def _what(place: Place) -> Phrase:
    """Name a container of a workload; without a workload, the key in its file."""
    if place.container == (NOTHING,):
        return place.workload
    if place.workload == (NOTHING,):
        return place.container
    return merged([*place.workload, ", container ", *place.container])


def _full_digests(tag: TagReview) -> Iterator[Html]:
    old = [element("del", code(str(digest))) for digest in tag.old] or [element("span", escaped("not pinned"))]
    lines = [*(element("li", shown) for shown in old), element("li", element("ins", code(str(tag.new))))]
    repository = element("p", code(str(tag.repository), _LONG), class_="label")
    yield _part("Digests", repository, element("ul", *lines, class_="plain change"))


def files(review: Review) -> Iterable[Html]:
    """Write the files that a review changes, with what each of them gets."""
    for file in review.files:
        keys = [code(str(key)) for key in file.tags] or [element("span", escaped("records digests"), class_="muted")]
        yield element("li", code(file.path, _LONG), element("span", *keys, class_="gets"))


def cards(review: Review, anchors: Anchors) -> Html:
    """Write the cards of all stream tags."""
    return together(card(tag, anchors) for tag in review.tags)
