"""The published JSON Schemas, as package data: of the configuration files, of what verbs print, of the service."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def load(name: str) -> dict[str, Any]:
    """Return a JSON Schema by its file's name: ``config``, ``serve``, ``plan``, ``overview`` and so on."""
    text = files(__name__).joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
