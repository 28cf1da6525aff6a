"""What the tests of edits share: find a scalar, carry out edits, and prove them as the product does."""

from __future__ import annotations

from collections.abc import Sequence as List

import pytest
from hypothesis import settings

from gitops_streams.yamledit.edit import Comment, Conflict, Edit, Insert, Replace, comment, insert, replace, splice
from gitops_streams.yamledit.locate import Located, Unparsable, locate
from gitops_streams.yamledit.nodes import Mapping, Node, NotEditable, Scalar, resolve
from gitops_streams.yamledit.patch import DoesNotFit, to_edits, to_patch
from gitops_streams.yamledit.pointer import Pointer, parse
from gitops_streams.yamledit.prove import prove

# A deadline would be an assertion about a busy machine.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

DIGEST = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
NEW = f"quay.io/acme/web:2@{DIGEST}"
COMMENT = '# {"$imagestream": "acme/web:prod"}'


class Editor:
    """One text, as a test edits it."""

    digest = DIGEST
    new = NEW
    remark = COMMENT

    def located(self, text: str) -> Located:
        found = locate(text)
        assert not isinstance(found, Unparsable), found
        return found

    def node(self, text: str, path: str, document: int = 0) -> Node | None:
        return resolve(self.located(text).documents[document].root, parse(path))

    def scalar(self, text: str, path: str, document: int = 0) -> Scalar:
        node = self.node(text, path, document)
        assert isinstance(node, Scalar), node
        return node

    def replace(self, text: str, path: str, after: str = NEW, document: int = 0) -> Replace | NotEditable:
        return replace(document, _pointer(path), self.scalar(text, path, document), after, text)

    def insert(
        self, text: str, sibling: str, key: str = "digest", after: str = DIGEST, document: int = 0
    ) -> Insert | NotEditable:
        *parent, name = parse(sibling)
        mapping = resolve(self.located(text).documents[document].root, tuple(parent))
        assert isinstance(mapping, Mapping), mapping
        entry = mapping.entry(name) or next(
            entry for entry in mapping.entries if isinstance(entry.key, Scalar) and entry.key.value == name
        )
        return insert(document, tuple(parent), mapping, entry, key, after, text)

    def comment(self, text: str, path: str, after: str = COMMENT, document: int = 0) -> Comment | NotEditable:
        parts = parse(path)
        parent = resolve(self.located(text).documents[document].root, parts[:-1])
        return comment(document, parts, parent, after, text)

    def apply(self, text: str, edits: List[Edit | NotEditable], path: str = "x.yaml") -> str:
        """Splice, prove, and hold the patch to its promises; return the new text."""
        made: list[Edit] = []
        for edit in edits:
            assert not isinstance(edit, NotEditable), edit
            made.append(edit)
        after = splice(text, made)
        assert not isinstance(after, Conflict), after
        patches = to_patch(made)
        prove(path, text, after, made, patches)
        # The saved patch finds the same edits in the same file, and none in the edited one.
        again = to_edits(self.located(text), patches)
        assert not isinstance(again, DoesNotFit), again
        assert splice(text, again) == after
        if after != text:
            assert isinstance(to_edits(self.located(after), patches), DoesNotFit)
        return after


def _pointer(path: str) -> Pointer:
    return parse(path)


@pytest.fixture(scope="session")
def editor() -> Editor:
    return Editor()
