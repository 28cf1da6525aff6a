"""Edits of one text at random places, and everything that is promised of them."""

from __future__ import annotations

import random
from collections.abc import Iterator

from gitops_streams.yamledit.edit import Comment, Conflict, Edit, Insert, Replace, comment, insert, replace, splice
from gitops_streams.yamledit.locate import Located, locate
from gitops_streams.yamledit.nodes import Mapping, Node, NotEditable, Scalar, resolve, target, walk
from gitops_streams.yamledit.patch import DoesNotFit, to_edits, to_patch
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.prove import prove

HEX = "0123456789abcdef" * 4
NEW = ["quay.io/acme/web:2", f"web:1@sha256:{HEX}", f"sha256:{HEX}", "1.11", HEX, "V2", "[::1]:5000/a:b", "null"]
REMARK = '# {"$imagestream": "acme/web:prod"}'


def places(located: Located) -> Iterator[tuple[int, Pointer, Node]]:
    """Yield what a pointer leads to without doubt."""
    for document in located.documents:
        for pointer, node in walk(document.root):
            if resolve(document.root, pointer) is target(node):
                yield document.index, pointer, node


def draw_edits(located: Located, chooser: random.Random) -> list[Edit]:
    """Draw edits as a plan does: an anchored scalar is replaced under all its pointers, or not at all."""
    reachable = list(places(located))
    edits: list[Edit] = []
    taken: set[int] = set()
    for document, pointer, node in chooser.sample(reachable, min(len(reachable), 4)):
        if isinstance(node, Mapping) and node.entries:
            entry = chooser.choice(node.entries)
            key, after = chooser.choice(["digest", "newTag"]), chooser.choice(NEW)
            made: Edit | NotEditable = insert(document, pointer, node, entry, key, after, located.text)
            if isinstance(made, Insert) and id(node) not in taken:
                taken.add(id(node))
                edits.append(made)
        if pointer and chooser.random() < 0.5:
            parent = resolve(located.documents[document].root, pointer[:-1])
            remarked = comment(document, pointer, parent, REMARK, located.text)
            edits += [] if isinstance(remarked, NotEditable) else [remarked]
        scalar = target(node)
        if isinstance(scalar, Scalar) and id(scalar) not in taken:
            taken.add(id(scalar))
            reached = [at for number, at, other in reachable if number == document and target(other) is scalar]
            if len(reached) == scalar.aliases + 1:
                after = chooser.choice(NEW)
                replaced = [replace(document, at, scalar, after, located.text) for at in reached]
                edits += [edit for edit in replaced if not isinstance(edit, NotEditable)]
    return edits


def _outside(text: str, spans: list[tuple[int, int]]) -> list[str]:
    position, pieces = 0, []
    for start, end in spans:
        pieces.append(text[position:start])
        position = end
    return [*pieces, text[position:]]


def check_edits(path: str, located: Located, edits: list[Edit]) -> str:
    """Carry out edits and check all that is promised of them; return the new text."""
    after = splice(located.text, edits)
    assert not isinstance(after, Conflict), after
    patches = to_patch(edits)
    prove(path, located.text, after, edits, patches)
    # Byte by byte: the new text is the old one with nothing but the spans exchanged.
    ranks = [Replace, Comment, Insert]
    spliced = sorted({(edit.span.start, edit.span.end, ranks.index(type(edit)), edit.written) for edit in edits})
    kept = _outside(located.text, [(start, end) for start, end, _, _ in spliced])
    woven = kept[0] + "".join(written + piece for (*_, written), piece in zip(spliced, kept[1:], strict=True))
    assert woven.encode() == after.encode()
    # Each pointer leads to its new value now.
    edited = locate(after)
    assert isinstance(edited, Located)
    for edit in edits:
        node = resolve(edited.documents[edit.document].root, edit.pointer)
        assert isinstance(node, Scalar)
        if isinstance(edit, Comment):
            # It stands behind the very value, on its line, and is not there for a second time.
            assert after[node.end :].startswith(edit.written)
            parent = resolve(edited.documents[edit.document].root, edit.pointer[:-1])
            assert isinstance(comment(edit.document, edit.pointer, parent, REMARK, after), NotEditable)
        else:
            assert node.value == edit.after
    # The saved patch does the same to the same file, and is refused by the edited one.
    again = to_edits(located, patches)
    assert not isinstance(again, DoesNotFit), again
    assert splice(located.text, again) == after
    if any(not isinstance(edit, Replace) or edit.before != edit.after for edit in edits):
        assert isinstance(to_edits(edited, patches), DoesNotFit)
    return after
