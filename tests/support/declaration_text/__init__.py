"""ImageStreams in every dress that people and clusters give them, from a seed: what edits in place are tried on."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

REPOSITORIES = ["quay.io/acme/web", "127.0.0.1:5000/app", "docker.io/library/nginx", "nginx", "ghcr.io/a-b/c_d"]
TAGS = ["1.4", "latest", "1.10", "v2", "prod", "3.12-ubi8", "on", "0x1f", "2026-01-01"]
STATUS = {"dockerImageRepository": "", "tags": [{"tag": "latest", "items": None}]}


@dataclass(frozen=True)
class Written:
    """A file, and what it says."""

    path: str
    text: str
    streams: list[dict[str, Any]]
    """The ImageStream objects, in the order of the text."""


def written(seed: int) -> Written:
    """Write one to three streams of the namespace ``acme``, ``s0`` and so on, into one file."""
    return _Writer(random.Random(seed)).file()


class _Writer:
    def __init__(self, chosen: random.Random) -> None:
        self.random = chosen
        self.step = chosen.choice([2, 2, 2, 4, 3])
        self.dashes = chosen.choice([0, 2, 2])
        self.comments = chosen.choice([0.0, 0.15, 0.5])
        self.flow = chosen.choice([0.0, 0.1, 0.4])

    def chance(self, likelihood: float) -> bool:
        return self.random.random() < likelihood

    def file(self) -> Written:
        streams = [self.stream(f"s{number}") for number in range(self.random.choice([1, 1, 2, 3]))]
        shape = self.random.choice(["documents", "documents", "documents", "List", "Template", "json", "json-list"])
        if shape.startswith("json"):
            whole = streams[0] if shape == "json" else {"kind": "List", "apiVersion": "v1", "items": streams}
            streams = streams[:1] if shape == "json" else streams
            indent = self.random.choice([None, 2, 4, 2])
            text = json.dumps(whole, indent=indent, ensure_ascii=False) + self.random.choice(["", "\n"])
            return Written("streams.json", self.ended(text), streams)
        documents: list[dict[str, Any]] = list(streams)
        if shape == "List":
            documents = [{"apiVersion": "v1", "kind": "List", "items": [*streams, {"kind": "Service"}]}]
        elif shape == "Template":
            parameters = [{"name": "NAME", "value": "x"}]
            documents = [{"kind": "Template", "apiVersion": "v1", "objects": streams, "parameters": parameters}]
        elif self.chance(0.4):
            documents.insert(0, {"kind": "ConfigMap", "data": {"text": "a: b"}})
        lines: list[str] = []
        for number, document in enumerate(documents):
            if number or self.chance(0.3):
                lines.append("---" + self.random.choice(["", "", " # a document"]))
            lines += self.comment(0) + self.mapping(document, 0)
        text = "\n".join(lines) + ("\n" if self.chance(0.85) else "")
        return Written("streams.yaml", self.ended(text), streams)

    def ended(self, text: str) -> str:
        text = text.replace("\n", self.random.choice(["\n", "\n", "\n", "\r\n"]))
        return ("\ufeff" if self.chance(0.1) else "") + text

    def stream(self, name: str) -> dict[str, Any]:
        names = self.random.sample(TAGS, self.random.randint(1, 4))
        spec: dict[str, Any] = {"tags": [self.tag(each) for each in names]}
        if self.chance(0.3):
            spec["lookupPolicy"] = {"local": self.chance(0.5)}
        metadata: dict[str, Any] = {"name": name, "namespace": "acme"}
        if self.chance(0.3):
            metadata["annotations"] = {"openshift.io/display-name": "A: name # here"}
        stream = {"apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": metadata, "spec": spec}
        return {**stream, "status": STATUS} if self.chance(0.2) else stream

    def tag(self, name: str) -> dict[str, Any]:
        image = {"kind": "DockerImage", "name": f"{self.random.choice(REPOSITORIES)}:{self.random.choice(TAGS)}"}
        tag: dict[str, Any] = {"name": name, "from": image}
        if self.chance(0.3):
            tag["annotations"] = {"description": 'It\'s a "tag"', "iconClass": "icon-web"}
        if self.chance(0.3):
            tag["generation"] = None
        if self.chance(0.3):
            tag["importPolicy"] = {"scheduled": True}
        if self.chance(0.3):
            tag["referencePolicy"] = {"type": "Local"}
        if self.chance(0.5):
            tag = dict(sorted(tag.items()))
        return tag

    # YAML.

    def comment(self, indent: int) -> list[str]:
        if not self.chance(self.comments):
            return []
        return [" " * indent + self.random.choice(["# why", "#", "# key: value", "# - name: old"])]

    def trailing(self) -> str:
        return "  # trailing" if self.chance(self.comments / 2) else ""

    def mapping(self, value: dict[str, Any], indent: int) -> list[str]:
        lines = []
        for key, item in value.items():
            lines += self.comment(indent)
            lines += self.entry(key, item, indent)
            if self.chance(self.comments / 3):
                lines.append("")
        return lines

    def entry(self, key: str, value: Any, indent: int) -> list[str]:
        head = f"{' ' * indent}{self.key(key)}:"
        if isinstance(value, dict) and value and not self.chance(self.flow):
            return [f"{head}{self.trailing()}", *self.mapping(value, indent + self.step)]
        if isinstance(value, list) and value and not self.chance(self.flow / 2):
            lines = [f"{head}{self.trailing()}"]
            for item in value:
                lines += self.comment(indent + self.dashes) + self.item(item, indent + self.dashes)
            return lines
        return [f"{head} {self.inline(value)}{self.trailing()}"]

    def item(self, value: Any, indent: int) -> list[str]:
        if not isinstance(value, dict) or not value or self.chance(self.flow):
            return [f"{' ' * indent}- {self.inline(value)}{self.trailing()}"]
        gap = self.random.choice([1, 1, 1, 3])
        column = indent + 1 + gap
        # What stands behind the dash starts its line without a comment of its own.
        (key, first), *others = value.items()
        lines = [*self.entry(key, first, column), *self.mapping(dict(others), column)]
        return [f"{' ' * indent}-{' ' * gap}{lines[0][column:]}", *lines[1:]]

    def key(self, key: str) -> str:
        return json.dumps(key) if self.chance(0.05) else key

    def inline(self, value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{self.key(key)}: {self.inline(item)}" for key, item in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(self.inline, value)) + "]"
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        plain = value and value[0].isalpha() and all(char.isalnum() or char in "-./:_" for char in value)
        if plain and ": " not in value and self.chance(0.7):
            return value
        if self.chance(0.5):
            return json.dumps(value)
        return "'" + value.replace("'", "''") + "'"
