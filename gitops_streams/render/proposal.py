"""A proposal as YAML that can be declared as it stands, as a table, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from gitops_streams.plan.proposal import Proposal, ProposedTag, ProposedUse
from gitops_streams.render.inert import line
from gitops_streams.render.words import count, shorten
from gitops_streams.yamledit.problem import Problem

_LISTED = 10
"""How many lines of a list are shown without ``-v``."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal, with what is worth saying beside it."""

    proposal: Proposal
    problems: Sequence[Problem] = ()
    every_place: bool = False
    """Whether every use is listed, and every line of a list is shown."""
    written: bool = False
    """Whether the files are there now."""


def as_yaml(proposed: Proposed) -> str:
    """Write the streams as documents, and the rest as comments behind them."""
    documents = [f"---\n# {line(stream.path)}\n{stream.text}" for stream in proposed.proposal.streams]
    comments = [block for block in _blocks(proposed, yaml=True) if block]
    return "".join(documents) + "".join(f"# {text}".rstrip() + "\n" for block in comments for text in ["", *block])


def as_table(proposed: Proposed) -> str:
    """Write one row a use, and the rest as lists."""
    from tabulate import tabulate  # noqa: PLC0415  only a table pays for it

    rows = []
    for key, tag in proposed.proposal.tags:
        shown = tag.uses if proposed.every_place else tag.uses[:1]
        more = len(tag.uses) - len(shown)
        places = [line(_place(use)) for use in shown] or ["-"]
        places[-1] += f" and {more} more" if more else ""
        for number, place in enumerate(places):
            first = [line(str(key)), line(_what(tag))] if number == 0 else ["", ""]
            rows.append([*first, place])
    blocks = []
    if rows:
        blocks.append(
            tabulate(rows, headers=["STREAM TAG", "FROM", "USED IN"], tablefmt="plain", disable_numparse=True)
        )
    blocks += ["\n".join(block) for block in _blocks(proposed, yaml=False) if block]
    return "\n\n".join(blocks) + "\n" if blocks else ""


def as_json(proposed: Proposed) -> str:
    """Write the proposal as one JSON object."""
    proposal = proposed.proposal
    document = {
        "schemaVersion": 1,
        "streams": [
            {
                "stream": str(stream.key),
                "repository": str(stream.repository),
                "file": stream.path,
                "hints": list(stream.hints),
                "tags": [_tag(tag) for tag in stream.tags],
            }
            for stream in proposal.streams
        ],
        "leftOut": [
            {"file": item.file, "line": item.line, "what": item.what, "reason": item.reason, "places": item.places}
            for item in proposal.left_out
        ],
        "markers": [
            {"file": item.file, "line": item.line, "before": item.before, "after": item.after}
            for item in proposal.markers
        ],
        "problems": [
            {"file": item.file, "line": item.line, "reason": item.reason, "severity": item.severity.value}
            for item in proposed.problems
        ],
    }
    return json.dumps(document, indent=2) + "\n"


FORMATS: Mapping[str, Callable[[Proposed], str]] = MappingProxyType(
    {"yaml": as_yaml, "table": as_table, "json": as_json}
)


def _tag(tag: ProposedTag) -> dict[str, Any]:
    return {
        "name": tag.declared.name,
        "from": tag.declared.source,
        "annotations": dict(tag.declared.annotations),
        "insecure": tag.declared.insecure,
        "origin": tag.origin,
        "notes": list(tag.notes),
        "uses": [
            {
                "file": use.use.occurrence.file,
                "line": use.use.occurrence.line,
                "reference": use.use.occurrence.text,
                "form": use.use.occurrence.form_name,
                "obstacle": use.obstacle,
            }
            for use in tag.uses
        ],
    }


def summary(proposed: Proposed) -> str:
    """Write in one line what is proposed, for how many places."""
    tags = list(proposed.proposal.tags)
    uses = sum(len(tag.uses) for _, tag in tags)
    files = len({use.use.occurrence.file for _, tag in tags for use in tag.uses})
    if not tags:
        return "nothing to propose: every image that can be followed is"
    streams = count(len(proposed.proposal.streams), "stream")
    places = f"{count(uses, 'reference')} in {count(files, 'file')}"
    return f"{streams} with {count(len(tags), 'tag')} {'written' if proposed.written else 'proposed'} for {places}"


def _blocks(proposed: Proposed, *, yaml: bool) -> Iterator[list[str]]:
    """Yield the lists beside the streams, as lines that are safe to show."""
    proposal, whole = proposed.proposal, proposed.every_place
    if yaml and whole:
        lines = [f"{key}: {_place(use)}" for key, tag in proposal.tags for use in tag.uses]
        yield _listing("Used in:", lines, whole=whole)
    stuck = [
        f"{_place(use)}: {key}: {use.obstacle}"
        for key, tag in proposal.tags
        for use in tag.uses
        if use.obstacle is not None and use.use.marker is None
    ]
    yield _listing("Not bound by these declarations alone:", stuck, whole=whole)
    if not yaml:  # there they stand above their streams and tags
        hints = [f"{stream.key}: {hint}" for stream in proposal.streams for hint in stream.hints]
        yield _listing("Registries:", hints, whole=whole)
        notes = [f"{key}: {tag.origin}: {note}" for key, tag in proposal.tags for note in tag.notes]
        yield _listing("Without an equivalent, or with another one than may be expected:", notes, whole=whole)
    markers = [f"{item.file}:{item.line}: {item.before}  ->  {item.after}" for item in proposal.markers]
    yield _listing("Flux markers are not read; write in their place:", markers, whole=whole)
    left = [
        f"{item.file}:{item.line}: {shorten(item.what)}: {item.reason}"
        + (f" ({count(item.places, 'place')})" if item.places > 1 else "")
        for item in proposal.left_out
    ]
    yield _listing("Not proposed:", left, whole=whole)
    yield _listing("Noticed:", [str(problem) for problem in proposed.problems], whole=whole)


def _listing(title: str, items: Sequence[str], *, whole: bool) -> list[str]:
    if not items:
        return []
    shown = items if whole or len(items) <= _LISTED else items[: _LISTED - 1]
    rest = [f"  and {len(items) - len(shown)} more (-v lists them)"] if len(shown) < len(items) else []
    return [title, *(f"  {line(item)}" for item in shown), *rest]


def _place(use: ProposedUse) -> str:
    return f"{use.use.occurrence.file}:{use.use.occurrence.line}"


def _what(tag: ProposedTag) -> str:
    policy = tag.declared.annotations.get("policy")
    chosen = " ".join(filter(None, (policy, tag.declared.annotations.get("range")))) if policy else ""
    return f"{tag.declared.source} ({chosen})" if chosen else tag.declared.source
