"""The published JSON Schemas, as package data: of the configuration file, and of what verbs print with ``-o json``."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def load(name: str) -> dict[str, Any]:
    """Return a JSON Schema: ``config``, ``plan``, ``check``, ``check-base``, ``status``, ``sites`` or ``history``."""
    text = files(__name__).joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
