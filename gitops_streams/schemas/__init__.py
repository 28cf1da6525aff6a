"""The published JSON Schemas, as package data: of the configuration file and of ``-o json``, that of ``check --base`` among it."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def load(name: str) -> dict[str, Any]:
    """Return the schema ``name`` (``config``, ``plan`` or ``check-base``) as JSON Schema 2020-12."""
    text = files(__name__).joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
