"""The references in a longer text, where a user's rule says that they are to be edited there (``form: substring``)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gitops_streams.manifests.embedded import Outside, brought_out
from gitops_streams.manifests.field_rules import FieldForm
from gitops_streams.manifests.occurrence import Finding, Mention, Occurrence, WholeReference
from gitops_streams.manifests.ruled import FORM, RuledText
from gitops_streams.oci.reference import Repository, looks_like_reference
from gitops_streams.yamledit.embedded import Embedding
from gitops_streams.yamledit.nodes import NotEditable, Scalar, Sequence
from gitops_streams.yamledit.problem import Problem
from gitops_streams.yamledit.words import embed_words, words


def find(file: str, outside: Outside, text: RuledText, tracked: Collection[Repository]) -> list[Finding | Problem]:
    """Return every tracked reference of a text, or why it cannot be edited; nothing for other forms of rules.

    Args:
        file: the file that the text stands in.
        outside: what the text stands in.
        text: what the rule leads to.
        tracked: the repositories that streams follow.
    """
    if text.rule.form is not FieldForm.SUBSTRING:
        return []
    embedding = embed_words(outside.document, text.pointer, text.scalar, outside.text, outside.within)
    if isinstance(embedding, NotEditable):
        return [
            Mention(file, text.scalar.line, each.repository, each.tag, str(each), embedding.reason)
            for each in (word.reference for word in words(text.scalar.value))
            if each.repository in tracked
        ]
    found = _occurrences(file, embedding, text, outside.object.namespace, tracked)
    return list(brought_out(found, embedding, outside))


def _occurrences(
    file: str, embedding: Embedding, text: RuledText, namespace: str | None, tracked: Collection[Repository]
) -> Iterator[Occurrence]:
    listed = embedding.located.documents[0].root
    for index, item in enumerate(listed.items if isinstance(listed, Sequence) else ()):
        reference = looks_like_reference(item.value) if isinstance(item, Scalar) else None
        if isinstance(item, Scalar) and reference is not None and reference.repository in tracked:
            yield Occurrence(
                file,
                0,
                item.line,
                FORM,
                WholeReference(item, (index,)),
                reference.name,
                reference.repository,
                reference.tag,
                reference.digest,
                namespace,
                field_rule=text.rule.name,
            )
