"""The findings of ``check``, as text, as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from gitops_streams.plan.audit import Finding
from gitops_streams.plan.audit_uses import UNTRACKED, UntrackedPin
from gitops_streams.render.inert import code, line
from gitops_streams.render.words import UNSCANNED, count, shorten
from gitops_streams.yamledit.problem import Problem, Severity


@dataclass(frozen=True, slots=True)
class _Row:
    """A finding as it is shown."""

    file: str
    line: int
    kind: str
    severity: Severity
    subject: str
    """The stream tag, or the reference where there is none."""
    reason: str
    stream: str | None = None
    tag: str | None = None


def text(
    findings: Iterable[Finding], problems: Iterable[Problem], sites: int, untracked: Iterable[UntrackedPin] = ()
) -> str:
    """Write one line a finding, ``file:line: kind: stream tag: reason``, and a summary."""
    rows, problems = _rows(findings, untracked), list(problems)
    lines = [f"{row.file}:{row.line}: {_kind(row)}: {row.subject}: {row.reason}" for row in rows]
    lines += [f"{problem.file}:{problem.line or 1}: {problem.severity}: {problem.reason}" for problem in problems]
    if any(problem.reason.startswith("not scanned: ") for problem in problems):
        lines.append(f"hint: {UNSCANNED}")
    lines.append(_summary(rows, sites))
    return "".join(f"{line(item)}\n" for item in lines)


def markdown(
    findings: Iterable[Finding], problems: Iterable[Problem], sites: int, untracked: Iterable[UntrackedPin] = ()
) -> str:
    """Write the findings as Markdown: a table, then what was noticed. Everything that is not ours is made inert."""
    rows, problems = _rows(findings, untracked), list(problems)
    lines = [f"**{_summary(rows, sites)}**", ""]
    if rows:
        lines += ["| Place | Finding | Stream tag | |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {code(f'{row.file}:{row.line}')} | {_kind(row)} | {code(row.subject)} | {code(row.reason)} |"
            for row in rows
        ]
        lines.append("")
    if problems:
        lines += ["### Noticed", "", *(f"- {code(str(problem))}" for problem in problems), ""]
    return "\n".join(lines)


def as_json(
    findings: Iterable[Finding], problems: Iterable[Problem], sites: int, untracked: Iterable[UntrackedPin] = ()
) -> str:
    """Write the findings as one JSON object."""
    document = {
        "schemaVersion": 1,
        "sites": sites,
        "findings": [
            {
                "kind": row.kind,
                "severity": row.severity.value,
                "file": row.file,
                "line": row.line,
                "stream": row.stream,
                "tag": row.tag,
                "reason": row.reason if row.stream is not None else f"{row.subject}: {row.reason}",
            }
            for row in _rows(findings, untracked, whole=True)
        ],
        "problems": [
            {"file": item.file, "line": item.line, "reason": item.reason, "severity": item.severity.value}
            for item in problems
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _rows(findings: Iterable[Finding], untracked: Iterable[UntrackedPin], *, whole: bool = False) -> list[_Row]:
    """Put all findings together, by file and line; ``whole`` leaves digests as long as they are."""
    rows = [
        _Row(
            found.file,
            found.line,
            found.kind.value,
            found.kind.severity,
            str(found.tag),
            found.reason,
            str(found.tag.stream),
            found.tag.tag,
        )
        for found in findings
    ]
    rows += [
        _Row(
            pin.file,
            pin.line,
            UNTRACKED,
            Severity.WARNING,
            pin.reference if whole else shorten(pin.reference),
            pin.reason,
        )
        for pin in untracked
    ]
    return sorted(rows, key=lambda row: (row.file, row.line, row.subject))


def _kind(row: _Row) -> str:
    return row.kind if row.severity is Severity.ERROR else f"{row.severity}: {row.kind}"


def _summary(rows: Iterable[_Row], sites: int) -> str:
    severities = [row.severity for row in rows]
    warnings = severities.count(Severity.WARNING)
    wrong = count(len(severities) - warnings, "finding")
    return f"{count(sites, 'site')} checked, {wrong}" + (f", {count(warnings, 'warning')}" if warnings else "")
