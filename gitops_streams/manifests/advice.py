"""The line for the configuration that would have a reference edited where no scan looks: exact, tried, to be pasted."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from gitops_streams.manifests import never_pulled
from gitops_streams.manifests.embedded import Outside
from gitops_streams.manifests.field_rules import FieldForm, FieldRule
from gitops_streams.manifests.path_pattern import PathPattern, write
from gitops_streams.yamledit.embedded import Embedding
from gitops_streams.yamledit.nodes import NotEditable, Scalar, content
from gitops_streams.yamledit.notation import Notation
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.words import embed_words, words

_FILES = {"ConfigMap": frozenset({"data"}), "Secret": frozenset({"stringData"})}
"""Whose values are files of one sort."""
# What means itself without quotes in braces, a path included.
_PLAIN = re.compile(r"\.?[A-Za-z/](?:[A-Za-z0-9_./*~-]*[A-Za-z0-9_./*~])?")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
TRIED = FieldRule(0, PathPattern.parse("/**"), form=FieldForm.YAML)
"""A rule under which any string is read as a manifest, to see what would come of it."""
_FLOW_PAIR = 2
"""Keys down to a value of ``data``."""


def lines(
    file: str,
    outside: Outside,
    pointer: Pointer,
    scalar: Scalar,
    manifest: Callable[[], Collection[str]],
    wanted: Collection[str],
) -> Mapping[str, str]:
    """Return the line for each reference of a scalar that some rule would have edited.

    Args:
        file: the scalar's file.
        outside: what it stands in.
        pointer: from the document's root to the scalar.
        scalar: a scalar that nothing claims.
        manifest: tells the references that are found in the scalar's text if that is read as a manifest, as
            they are written.
        wanted: the references that are asked for, as they are written; others may be left out.
    """
    found = outside.object
    relative = pointer[len(found.pointer) :]
    if not relative or not _is_text(never_pulled.why(found, pointer)):
        return {}
    advised: dict[str, str] = {}

    def advise(texts: Collection[str], form: FieldForm) -> None:
        for text in texts:
            advised.setdefault(text, _written(file, outside, relative, form))

    if scalar.style:
        advise(manifest(), FieldForm.JSON if scalar.value.lstrip()[:1] in {"{", "["} else FieldForm.YAML)
    if all(text in advised for text in wanted):
        return advised
    editable = not isinstance(content(scalar, outside.text), NotEditable)
    embedding = embed_words(outside.document, pointer, scalar, outside.text, outside.within)
    if isinstance(embedding, Embedding):
        texts = [scalar.value[word.start : word.end] for word in words(scalar.value)]
        whole = editable and texts == [scalar.value]
        advise(texts, FieldForm.REFERENCE if whole else FieldForm.SUBSTRING)
    return advised


def _is_text(never: str | None) -> bool:
    """Whether a place is left alone since it is text, and not since what stands there is no image to be pulled."""
    return never is None or never in never_pulled.TEXTS or never.startswith(never_pulled.FILE)


def _written(file: str, outside: Outside, relative: Pointer, form: FieldForm) -> str:
    found = outside.object
    general = tuple(None if isinstance(part, int) else part for part in relative)
    if len(general) == _FLOW_PAIR and general[0] in _FILES.get(found.kind, ()):
        general = (general[0], None)
    rule = {"kind": found.kind} if found.kind else {"files": file}
    rule["path"] = write(general)
    if form is not FieldForm.REFERENCE:
        rule["form"] = form.value
    return "fields: [{" + ", ".join(f"{key}: {_scalar(value)}" for key, value in rule.items()) + "}]"


def _scalar(text: str) -> str:
    """Write a text as a value in braces."""
    plain = _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS
    return text if plain else Notation().scalar(text, '"')
