"""The places of references, as a table with the reasons below it, and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from gitops_streams.plan.listing import Listed, State
from gitops_streams.render.inert import line
from gitops_streams.render.places import where
from gitops_streams.render.words import UNSCANNED, count, shorten
from gitops_streams.yamledit.problem import Problem

SCHEMA_VERSION = 1
_TITLES = {
    State.SKIPPED: "Skipped:",
    State.IGNORED: "Ignored, as was asked for:",
    State.NOT_FOLLOWED: "Not followed:",
}
_WORDS = {State.NOT_FOLLOWED: "not followed"}


def table(places: Sequence[Listed], problems: Iterable[Problem]) -> str:
    """Write a row for each bound place, then every other with its reason."""
    rows = [
        [
            line(f"{place.file}:{place.line}"),
            line(shorten(place.reference)),
            line(_form(place)),
            line(str(place.tag)),
            line(str(place.rule)),
        ]
        for place in places
        if place.state is State.BOUND
    ]
    blocks = []
    if rows:
        from gitops_streams.render.columns import columns  # noqa: PLC0415  only rows pay for it

        blocks.append(columns(["PLACE", "REFERENCE", "FORM", "STREAM TAG", "BOUND BY"], rows))
    for state, title in _TITLES.items():
        lines = [title, *(told for place in places if place.state is state for told in _told(place))]
        blocks += ["\n".join(lines)] if len(lines) > 1 else []
    noticed = [f"  {line(str(problem))}" for problem in problems]
    if noticed:
        unscanned = any("not scanned: " in each for each in noticed)
        blocks.append("\n".join(["Noticed:", *noticed, *([f"  hint: {UNSCANNED}"] if unscanned else [])]))
    counted = Counter(place.state for place in places)
    summary = ", ".join(f"{counted[state]} {_WORDS.get(state, state)}" for state in State if counted[state])
    blocks.append(f"{count(len(places), 'place')}{': ' if summary else ''}{summary}")
    return "\n\n".join(blocks) + "\n"


def _form(place: Listed) -> str:
    return place.form if place.field_rule is None else f"{place.form} ({place.field_rule})"


def _told(place: Listed) -> list[str]:
    lines = [f"  {line(shorten(f'{place.file}:{place.line}: {place.reference}: {place.reason}'))}"]
    return [*lines, f"    {line(place.advice)}"] if place.advice else lines


def as_json(places: Sequence[Listed], problems: Iterable[Problem]) -> str:
    """Write the places as one JSON object. Schema: ``schemas/sites.schema.json``."""
    counted = Counter(place.state for place in places)
    document = {
        "schemaVersion": SCHEMA_VERSION,
        "summary": {state.value: counted[state] for state in State},
        "sites": [_place(place) for place in places],
        "problems": [
            {"file": each.file, "line": each.line, "reason": each.reason, "severity": each.severity.value}
            for each in problems
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _place(place: Listed) -> dict[str, Any]:
    return {
        "state": place.state.value,
        "file": place.file,
        "line": place.line,
        **where([(place.document, place.pointer), *place.within]),
        "reference": place.reference,
        "form": place.form,
        "fieldRule": place.field_rule,
        "stream": None if place.tag is None else str(place.tag.stream),
        "tag": None if place.tag is None else place.tag.tag,
        "boundBy": None if place.rule is None else place.rule.value,
        "digest": None if place.digest is None else str(place.digest),
        "reason": place.reason,
        "advice": place.advice or None,
    }
