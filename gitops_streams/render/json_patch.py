"""The change as JSON Patch (RFC 6902), by file and document."""

from __future__ import annotations

import json

from gitops_streams.render.report import Report


def render(report: Report) -> str:
    """Render ``{file: [{"document": n, "ops": […]}]}``; values are strings, as the files spell them."""
    patches = {
        file.path: [
            {"document": patch.document, "ops": [operation.as_json() for operation in patch.operations]}
            for patch in file.patches
        ]
        for file in report.plan.files
    }
    return json.dumps(patches, indent=2) + "\n"
