"""The formats that ``-o`` offers, by name. Each is imported when it is used: a table needs no page's style sheets."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gitops_streams.render.report import Renderer, Report


def _table(report: Report) -> str:
    from gitops_streams.render import table

    return table.render(report)


def _unified_diff(report: Report) -> str:
    from gitops_streams.render import unified_diff

    return unified_diff.render(report)


def _json(report: Report) -> str:
    from gitops_streams.render import json_report

    return json_report.render(report)


def _json_patch(report: Report) -> str:
    from gitops_streams.render import json_patch

    return json_patch.render(report)


def _markdown(report: Report) -> str:
    from gitops_streams.render import markdown

    return markdown.render(report)


def _html(report: Report) -> str:
    from gitops_streams.render import html

    return html.render(report)


def prepare(output: str) -> None:
    """Import what a table with rows takes, ahead of its time: while a run has nothing to do but to wait."""
    if output == "table":
        from gitops_streams.render import columns, table  # noqa: F401  their import is all that is wanted


FORMATS: Mapping[str, Renderer] = MappingProxyType(
    {
        "table": _table,
        "diff": _unified_diff,
        "json": _json,
        "json-patch": _json_patch,
        "markdown": _markdown,
        "html": _html,
    }
)
