"""The references in a text as findings of their own: each is edited where it stands, and the text around it stays."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gitops_streams.manifests.embedded import Outside, brought_out
from gitops_streams.manifests.occurrence import Finding, Occurrence, WholeReference
from gitops_streams.oci.reference import Repository, looks_like_reference
from gitops_streams.yamledit.embedded import Embedding
from gitops_streams.yamledit.nodes import Scalar, Sequence
from gitops_streams.yamledit.problem import Problem


def find(
    file: str,
    outside: Outside,
    embedding: Embedding,
    tracked: Collection[Repository],
    form_name: str,
    field_rule: str | None = None,
) -> Iterator[Finding | Problem]:
    """Yield every tracked reference of a text, or why it cannot be edited.

    Args:
        file: the file that the text stands in.
        outside: what the text stands in.
        embedding: the text as the list of its references (``embed_words``).
        tracked: the repositories that streams follow.
        form_name: what reports call it.
        field_rule: the user's rule that asks for them, where one does.
    """
    found = _occurrences(file, embedding, outside.object.namespace, tracked, form_name, field_rule)
    return brought_out(found, embedding, outside)


def _occurrences(
    file: str,
    embedding: Embedding,
    namespace: str | None,
    tracked: Collection[Repository],
    form_name: str,
    field_rule: str | None,
) -> Iterator[Occurrence]:
    listed = embedding.located.documents[0].root
    for index, item in enumerate(listed.items if isinstance(listed, Sequence) else ()):
        reference = looks_like_reference(item.value) if isinstance(item, Scalar) else None
        if isinstance(item, Scalar) and reference is not None and reference.repository in tracked:
            yield Occurrence(
                file,
                0,
                item.line,
                form_name,
                WholeReference(item, (index,)),
                reference.name,
                reference.repository,
                reference.tag,
                reference.digest,
                namespace,
                field_rule=field_rule,
            )
