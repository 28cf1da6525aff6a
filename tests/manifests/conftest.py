"""Scan one document, and say in a line each what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops_streams.manifests.occurrence import Mention
from gitops_streams.manifests.scan import scan
from gitops_streams.oci.reference import Reference
from gitops_streams.yamledit.pointer import render

if TYPE_CHECKING:
    from collections.abc import Callable

TRACKED = frozenset(
    Reference.parse(name).repository for name in ("quay.io/acme/web", "nginx", "localhost:5000/a/b", "acme/hub")
)


@pytest.fixture(scope="session")
def found() -> Callable[..., list[str]]:
    """Return ``line form pointer text`` for each occurrence, ``line - text: reason`` for each mention, and problems."""

    def find(text: str | bytes, path: str = "app.yaml") -> list[str]:
        data = text if isinstance(text, bytes) else text.encode()
        file, problems = scan(path, data, TRACKED)
        lines = []
        for item in () if file is None else file.findings:
            if isinstance(item, Mention):
                lines.append(f"{item.line} - {item.text}: {item.reason}")
            else:
                lines.append(f"{item.line} {item.form_name} {render(item.pointer)} {item.text}")
        return lines + [str(problem) for problem in problems]

    return find
