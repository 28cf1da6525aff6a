"""The formats that ``-o`` offers, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gitops_streams.render import html, json_patch, json_report, markdown, table, unified_diff
from gitops_streams.render.report import Renderer

FORMATS: Mapping[str, Renderer] = MappingProxyType(
    {
        "table": table.render,
        "diff": unified_diff.render,
        "json": json_report.render,
        "json-patch": json_patch.render,
        "markdown": markdown.render,
        "html": html.render,
    }
)
