"""The references in a longer text, where a user's rule says that they are to be edited there (``form: substring``)."""

from __future__ import annotations

from collections.abc import Collection

from gitops_streams.manifests import reference_words
from gitops_streams.manifests.embedded import Outside
from gitops_streams.manifests.field_rules import FieldForm
from gitops_streams.manifests.occurrence import Finding, Mention
from gitops_streams.manifests.ruled import FORM, RuledText
from gitops_streams.oci.reference import Repository
from gitops_streams.yamledit.nodes import NotEditable
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
    return list(reference_words.find(file, outside, embedding, tracked, FORM, text.rule.name))
