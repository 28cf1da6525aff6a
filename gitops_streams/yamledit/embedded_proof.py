"""The proof of edits within strings: what holds of a file holds of every document in it that is a string.

The proof of the file has shown that the string as a whole says what its JSON Patch makes of it, and that no other
byte changed. Shown here is that the string's new value is its old one with just the inner edits, which themselves
prove: recursively, as deep as strings go.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from gitops_streams.errors import InternalError
from gitops_streams.yamledit.edit import Conflict, Edit, Lifted, splice
from gitops_streams.yamledit.embedded import Embedding
from gitops_streams.yamledit.patch import DocumentPatch, to_patch
from gitops_streams.yamledit.pointer import render
from gitops_streams.yamledit.words import prove_words


class Proof(Protocol):
    """``prove.prove``."""

    def __call__(
        self, path: str, before: str, after: str, edits: Iterable[Edit], patches: Iterable[DocumentPatch]
    ) -> None:
        """Prove one text's edit."""
        ...


def prove_within(path: str, edits: Iterable[Edit], patches: Iterable[DocumentPatch], prove: Proof) -> None:
    """Prove what changes within strings.

    Args:
        path: the name of the file, or of the string around.
        edits: what was spliced there.
        patches: what the edits mean, as the proof of the whole has them.
        prove: proves one text.

    Raises:
        InternalError: a proof does not hold.
        Unprovable: two parsers read the text of a string differently.
    """
    strings: dict[Embedding, list[Edit]] = {}
    for edit in edits:
        if isinstance(edit, Lifted):
            strings.setdefault(edit.embedding, []).append(edit.inner)
    if not strings:
        return
    said = {(patch.document, string.path): string.patches for patch in patches for string in patch.strings}
    replaced = {
        (patch.document, operation.path): operation.value
        for patch in patches
        for operation in patch.operations
        if operation.op == "replace"
    }
    for embedding, inner in strings.items():
        place = embedding.document, render(embedding.pointer)
        after = splice(embedding.text, inner)
        if isinstance(after, Conflict) or after != replaced.get(place):
            raise InternalError(f"{path}: the string at {place[1]} is not what the edits within it make of it")
        if said.get(place) != to_patch(inner):
            raise InternalError(f"{path}: the patch says other things of the string at {place[1]} than its edits")
        if embedding.words:
            prove_words(_name(path, embedding), embedding.text, after, inner)
            continue
        prove(_name(path, embedding), embedding.text, after, inner, said[place])


def _name(path: str, embedding: Embedding) -> str:
    """Name a string for messages; what looks like JSON is read by JSON's rules, if it is."""
    name = f"{path}#{render(embedding.pointer)}"
    return f"{name}.json" if embedding.text.lstrip()[:1] in {"{", "["} else name
