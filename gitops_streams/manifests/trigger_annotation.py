"""The JSON of ``image.openshift.io/triggers``, read as OpenShift reads it, and what people get wrong in it.

Source: openshift/library-go ``pkg/image/trigger/types.go`` and ``annotations.go``. Go's
``encoding/json`` decodes it: names of fields match whatever their case, unknown ones are ignored, and
one value of the wrong type makes the whole annotation unreadable.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from gitops_streams.manifests.field_path import corrected as corrected_path
from gitops_streams.yamledit.core_schema import Unsupported
from gitops_streams.yamledit.core_schema import value as core_value
from gitops_streams.yamledit.locate import Located, locate

KEY = "image.openshift.io/triggers"
FORM = '[{"from":{"kind":"ImageStreamTag","name":"<stream>:<tag>"},"fieldPath":"<path of the image>"}]'
_LONGEST = 64 * 1024
_SHOWN = 800
_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Declared:
    """One trigger, as the annotation declares it; what is absent is empty."""

    kind: str = ""
    name: str = ""
    namespace: str = ""
    api_version: str = ""
    field_path: str = ""
    paused: bool = False
    remarks: tuple[str, ...] = ()
    """What OpenShift ignores without a word."""

    def as_json(self) -> dict[str, Any]:
        """Return the trigger as it should be written."""
        name = self.name if ":" in self.name else f"{self.name}:latest"
        origin = {"kind": "ImageStreamTag", "name": name if self.name else "<stream>:<tag>"}
        if self.namespace:
            origin["namespace"] = self.namespace
        trigger: dict[str, Any] = {"from": origin, "fieldPath": self.field_path}
        return trigger | ({"paused": True} if self.paused else {})


@dataclass(frozen=True, slots=True)
class Unreadable:
    """OpenShift ignores the annotation as a whole."""

    reason: str


@dataclass(slots=True)
class _Reader:
    """Reads one trigger; ``wrong`` gathers what makes the annotation unreadable."""

    wrong: list[str] = field(default_factory=list)

    def text(self, value: Any, name: str) -> str:  # noqa: ANN401  any JSON
        if value is None or isinstance(value, str):
            return value or ""
        self.wrong.append(f"{name} must be text")
        return ""

    def flag(self, value: Any, name: str) -> bool:  # noqa: ANN401  any JSON
        if value is None or isinstance(value, bool):
            return bool(value)
        self.wrong.append(f"{name} must be true or false without quotes")
        return _TRUTH.get(str(value).strip().lower(), False)

    def fields(self, value: Any, name: str) -> dict[str, Any]:  # noqa: ANN401  any JSON
        if value is None or isinstance(value, dict):
            return value or {}
        self.wrong.append(f"{name} must be an object")
        return {}


def read(text: str) -> tuple[Declared, ...] | Unreadable:
    """Read an annotation's value; what makes all of it void comes with the corrected text."""
    if len(text) > _LONGEST:
        return Unreadable("it is too long to be read")
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return Unreadable(f"it is not JSON ({_short(error)}){_write(_repaired(text))}")
    if value is None:
        return ()
    items = value if isinstance(value, list) else [value]
    reader = _Reader()
    triggers = tuple(_trigger(item, index, reader) for index, item in enumerate(items))
    if not isinstance(value, list):
        reader.wrong.insert(0, "it must be a list")
    paths = [trigger.field_path for trigger in triggers]
    if len(set(paths)) < len(paths):
        reader.wrong.append("duplicate triggers are not allowed: one fieldPath stands twice")
    if reader.wrong:
        mended = _each_path_once(tuple(_mended(trigger) for trigger in triggers))
        return Unreadable(f"{'; '.join(reader.wrong[:3])}{_write(_as_text(mended))}")
    return triggers


def as_text(triggers: tuple[Declared, ...], *, paused: bool = False) -> str:
    """Write triggers as the annotation's value."""
    return _as_text(tuple(replace(trigger, paused=trigger.paused or paused) for trigger in triggers))


def _trigger(item: Any, index: int, reader: _Reader) -> Declared:  # noqa: ANN401  any JSON
    top = reader.fields(item, f"[{index}]")
    known = {"from": "from", "fieldpath": "fieldPath", "paused": "paused"}
    found = {known[key.lower()]: value for key, value in top.items() if key.lower() in known}
    inner = {"kind": "kind", "name": "name", "namespace": "namespace", "apiversion": "apiVersion"}
    origin = reader.fields(found.get("from"), f"[{index}].from")
    of = {inner[key.lower()]: value for key, value in origin.items() if key.lower() in inner}
    remarks = tuple(_unknown(key, value) for key, value in top.items() if key.lower() not in known)
    return Declared(
        reader.text(of.get("kind"), f"[{index}].from.kind"),
        reader.text(of.get("name"), f"[{index}].from.name"),
        reader.text(of.get("namespace"), f"[{index}].from.namespace"),
        reader.text(of.get("apiVersion"), f"[{index}].from.apiVersion"),
        reader.text(found.get("fieldPath"), f"[{index}].fieldPath"),
        reader.flag(found.get("paused"), f"[{index}].paused"),
        remarks[:3],
    )


def _unknown(key: str, value: Any) -> str:  # noqa: ANN401  any JSON
    name = json.dumps(key[:80])
    if key.lower() != "pause":
        return f"OpenShift ignores {name}, which it does not know"
    meant = str(value).strip().lower() == "true"
    return f'OpenShift ignores {name}, so it pauses nothing; write "paused":{str(meant).lower()}'


def _each_path_once(triggers: tuple[Declared, ...]) -> tuple[Declared, ...]:
    return tuple({trigger.field_path: trigger for trigger in reversed(triggers)}.values())[::-1]


def _as_text(triggers: tuple[Declared, ...]) -> str:
    return json.dumps([trigger.as_json() for trigger in triggers], separators=(",", ":"))


def _repaired(text: str) -> str | None:
    """Guess what text that is not JSON was meant to say."""
    for attempt in _attempts(text):
        located = locate(attempt)
        root = located.documents[0].root if isinstance(located, Located) and len(located.documents) == 1 else None
        value = core_value(root)
        if isinstance(value, Unsupported):
            continue
        items = value if isinstance(value, list) else [value]
        if items and all(isinstance(item, dict) and "from" in item for item in items):
            return _as_text(tuple(_mended(_trigger(item, index, _Reader())) for index, item in enumerate(items)))
    return None


def _attempts(text: str) -> Iterator[str]:
    """Yield readings as YAML, which takes single quotes, a last comma, and a name whose quotes are not escaped."""
    plain = text.replace("\t", " ")
    yield plain
    yield plain.replace('=="', "==").replace('")]', ")]")
    yield plain.replace("=='", "==").replace("')]", ")]")


def _mended(trigger: Declared) -> Declared:
    """Return a trigger with its path as OpenShift would read it, where a container is to be seen in it."""
    path = corrected_path(trigger.field_path)
    if path is None:
        return trigger
    # Where the pod spec is, the text itself says best: what stands before the list of containers.
    before = trigger.field_path.partition(path.list)[0].strip(" ./$")
    return replace(trigger, field_path=path.text(tuple(before.split(".")) if before else ()).lstrip("."))


def _write(text: str | None) -> str:
    if text is None:
        return f"; write {FORM}"
    return f"; write {text}" if len(text) <= _SHOWN else ""


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:100]


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
