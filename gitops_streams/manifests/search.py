"""What is looked for in one document, and what can be edited there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from gitops_streams.manifests import merges, policies
from gitops_streams.manifests.field_rules import NO_RULES, UserRules
from gitops_streams.manifests.ignored_differences import IgnoredField
from gitops_streams.manifests.occurrence import NO_LOOKUP, Finding, LocalLookup, Occurrence, SplitReference
from gitops_streams.manifests.prospects import Prospects
from gitops_streams.manifests.spared import NOTHING, Spared
from gitops_streams.oci.reference import Repository
from gitops_streams.yamledit.embedded import Embedding
from gitops_streams.yamledit.nodes import Document, Mapping, NotEditable, content, resolve
from gitops_streams.yamledit.problem import Problem


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for in one document, and what has to be known of all of it."""

    path: str
    text: str
    document: Document
    tracked: Collection[Repository]
    lent: merges.Overrides
    again: Callable[[Embedding], Iterator[Finding | IgnoredField | Problem]]
    """Looks for the same in the documents of a string."""
    local: LocalLookup = NO_LOOKUP
    triggered: bool = False
    """Whether the text holds what a trigger cannot do without."""
    within: Embedding | None = None
    """The string that the text is the value of, where it is one."""
    rules: UserRules = NO_RULES
    policed: bool = False
    """Whether the text holds one of Flux's markers."""
    prospects: Prospects | None = None
    """Where in the text scanners by shape may find anything; ``None``: everywhere."""
    spared: Spared = NOTHING
    """What the user keeps from being edited in the object that is looked at."""

    def uneditable(self, occurrence: Occurrence, mapping: Mapping | None = None) -> str | None:
        """Say why an occurrence cannot be edited, if that is clear before anybody is asked for its digest."""
        for field in occurrence.fields:
            # A key that stands twice, here or on the way, is no address: JSON Pointers cannot tell the two apart.
            if resolve(self.document.root, field.pointer) is not field.scalar:
                return "a key that leads to it stands twice in its map"
            place = content(field.scalar, self.text)
            if isinstance(place, NotEditable):
                return place.reason
        form, borrowers = occurrence.form, self.lent.get(id(mapping))
        if (
            borrowers
            and isinstance(form, SplitReference)
            and merges.would_mislead(occurrence.form_name, form, borrowers)
        ):
            return "its map is merged (<<) into one with another repository or tag, which would get its digest"
        return None

    def left_alone(self, occurrence: Occurrence, mapping: Mapping | None = None) -> str | None:
        """Say why what is found by its shape or value is not edited; a marker may well stand in a policy or a test."""
        why = self.uneditable(occurrence, mapping)
        compared = (policies.why(self.document.root, field.pointer) for field in occurrence.fields)
        return why if why is not None else next(filter(None, compared), None)
