"""References as words of a text: their bounds, and edits of them that are lifted, proven and saved."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.errors import InternalError
from gitops_streams.yamledit.edit import Replace, replace, splice
from gitops_streams.yamledit.embedded import Embedding
from gitops_streams.yamledit.lift import lift
from gitops_streams.yamledit.locate import Located, locate
from gitops_streams.yamledit.nodes import Mapping, Scalar, Sequence
from gitops_streams.yamledit.patch import to_edits, to_patch
from gitops_streams.yamledit.prove import prove
from gitops_streams.yamledit.words import embed_words, prove_words, words

WEB = "quay.io/acme/web:1.4"
PINNED = f"{WEB}@sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{WEB}", [WEB]),
        (f"--a={WEB} {PINNED}", [WEB, PINNED]),
        (f"see {WEB}.", [WEB]),
        (f"see {WEB}: it is", [WEB]),
        (f"('{WEB}', \"{WEB}\")", [WEB, WEB]),
        (f"{{{WEB}}}", [WEB]),
        (f"oci://{WEB} docker://{WEB}", [WEB, WEB]),
        (f"https://{WEB} git+ssh://{WEB}", []),
        (f"$X{WEB} ${{X}}{WEB} $X/{WEB} }}{WEB} {{{{x}}}}/{WEB}", []),
        (f"{WEB}+1 {WEB}$X {WEB}{{{{x}}}} {WEB}%s {WEB}~", []),
        (f"/{WEB} -{WEB} .{WEB} {WEB}/ {WEB}/x", []),
        ("quay.io/acme/web 12:30 a:", ["12:30"]),
        ("", []),
    ],
)
def test_what_is_a_word(text, found):
    assert [text[word.start : word.end] for word in words(text)] == found


pieces = st.lists(
    st.sampled_from([WEB, PINNED, " ", "\n", "'", '"', "é", "x", "=", "\\", "\t", ": ", "# "]), max_size=12
)
styles = st.sampled_from(["|-", "'", '"'])


def written(value: str, style: str) -> str:
    """Write a document with one text in it."""
    if style == "'":
        return "a:\r\n  b: '" + value.replace("'", "''").replace("\n", "\n\n    ") + "' # c\r\n"
    if style == '"':
        quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        return f'a: {{b: "{quoted}", c: d}} # e'
    return "a:\n  b: |-\n" + "".join(f"    {line}\n" if line else "\n" for line in value.split("\n")) + "  c: d\n"


@given(pieces, styles)
def test_every_word_can_be_replaced_proven_and_saved(parts, style):
    text = written("".join(parts), style)
    located = locate(text)
    if not isinstance(located, Located):
        return
    root = located.documents[0].root
    host = root.get("a") if isinstance(root, Mapping) else None
    scalar = host.get("b") if isinstance(host, Mapping) else None
    if not isinstance(scalar, Scalar):
        return
    embedding = embed_words(located.documents[0], ("a", "b"), scalar, text)
    if not isinstance(embedding, Embedding):
        return
    listed = embedding.located.documents[0].root
    assert isinstance(listed, Sequence)
    edits = []
    for index, item in enumerate(listed.items):
        assert isinstance(item, Scalar)
        made = replace(0, (index,), item, "localhost:5000/x@sha256:" + "1" * 64, embedding.text)
        assert isinstance(made, Replace)
        lifted = lift(made, embedding)
        assert text[lifted.span.start : lifted.span.end] == item.value
        edits.append(lifted)
    after = splice(text, edits)
    assert isinstance(after, str)
    if edits:
        patches = to_patch(edits)
        prove("a.yaml", text, after, edits, patches)
        again = to_edits(located, patches)
        assert isinstance(again, list)
        assert splice(text, again) == after


def test_a_text_that_does_not_hold_what_was_written_is_not_proven():
    edit = replace(0, (0,), Scalar(WEB, "", 0, len(WEB), 1, None), PINNED, WEB)
    assert isinstance(edit, Replace)
    prove_words("a", WEB, PINNED, [edit])
    for after in (WEB, f"{PINNED} {WEB}", f"x{PINNED}", ""):
        with pytest.raises(InternalError):
            prove_words("a", WEB, after, [edit])
