"""The findings of ``check``, as text, as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable

from gitops_streams.plan.audit import Finding
from gitops_streams.render.inert import code, line
from gitops_streams.render.words import UNSCANNED, count
from gitops_streams.yamledit.problem import Problem


def text(findings: Iterable[Finding], problems: Iterable[Problem], sites: int) -> str:
    """Write one line a finding, ``file:line: kind: stream tag: reason``, and a summary."""
    findings, problems = list(findings), list(problems)
    lines = [f"{finding.file}:{finding.line}: {finding.kind}: {finding.tag}: {finding.reason}" for finding in findings]
    lines += [f"{problem.file}:{problem.line or 1}: {problem.severity}: {problem.reason}" for problem in problems]
    if any(problem.reason.startswith("not scanned: ") for problem in problems):
        lines.append(f"hint: {UNSCANNED}")
    lines.append(f"{count(sites, 'site')} checked, {count(len(findings), 'finding')}")
    return "".join(f"{line(item)}\n" for item in lines)


def markdown(findings: Iterable[Finding], problems: Iterable[Problem], sites: int) -> str:
    """Write the findings as Markdown: a table, then what was noticed. Everything that is not ours is made inert."""
    findings, problems = list(findings), list(problems)
    lines = [f"**{count(sites, 'site')} checked, {count(len(findings), 'finding')}**", ""]
    if findings:
        lines += ["| Place | Finding | Stream tag | |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {code(f'{finding.file}:{finding.line}')} | {finding.kind} | {code(str(finding.tag))} |"
            f" {code(finding.reason)} |"
            for finding in findings
        ]
        lines.append("")
    if problems:
        lines += ["### Noticed", "", *(f"- {code(str(problem))}" for problem in problems), ""]
    return "\n".join(lines)


def as_json(findings: Iterable[Finding], problems: Iterable[Problem], sites: int) -> str:
    """Write the findings as one JSON object."""
    document = {
        "schemaVersion": 1,
        "sites": sites,
        "findings": [
            {
                "kind": finding.kind.value,
                "file": finding.file,
                "line": finding.line,
                "stream": str(finding.tag.stream),
                "tag": finding.tag.tag,
                "reason": finding.reason,
            }
            for finding in findings
        ],
        "problems": [
            {"file": item.file, "line": item.line, "reason": item.reason, "severity": item.severity.value}
            for item in problems
        ],
    }
    return json.dumps(document, indent=2) + "\n"
