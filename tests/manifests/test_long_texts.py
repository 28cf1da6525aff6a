"""Texts with very many references, markers or escapes: their lines are right, and found without starting over."""

from __future__ import annotations

import re

from gitops_streams.manifests.comments import elsewhere
from gitops_streams.manifests.occurrence import Mention, Occurrence
from gitops_streams.manifests.scan import scan
from gitops_streams.oci.reference import Reference
from gitops_streams.yamledit.embedded import Embedding
from gitops_streams.yamledit.locate import Located, locate
from gitops_streams.yamledit.nodes import Mapping, Scalar, Sequence
from gitops_streams.yamledit.words import embed_words

WEB = "quay.io/acme/web:1.4"
REPOSITORY = Reference.parse(WEB).repository
MANY = 20_000
"""In a text of a MiB or two: to count its lines from its start for each takes minutes."""


def mentioned(text: str) -> list[int]:
    found, problems = scan("x.yaml", text.encode(), {REPOSITORY})
    assert problems == []
    assert found is not None
    assert all(isinstance(finding, Mention) for finding in found.findings)
    return [finding.line for finding in found.findings if isinstance(finding, Mention)]


def test_references_in_a_long_text_have_their_own_lines():
    assert mentioned("text: |\n" + f"  see {WEB} and\n\n  {WEB}.\n" * 3) == [2, 4, 5, 7, 8, 10]
    assert mentioned(f"a: 1\ntext: 'x {WEB}\n\n\n  {WEB} {WEB}'\n") == [2, 5, 5]


def test_very_many_references_in_one_text():
    assert mentioned("text: |\n" + f"  see {WEB} and so on and on\n" * MANY) == list(range(2, MANY + 2))


def test_very_many_references_in_escapes():
    """None is found where it stands; each says the line on which the text starts, or the last that was found."""
    words = " ".join(f"quay.io\\/acme\\/web:{number}" for number in range(MANY))
    assert mentioned(f'a: 1\ntext: "see {WEB}\n  {words}"\n') == [2] * (MANY + 1)


def test_very_many_words_to_edit():
    text = "text: |\n" + f"  see {WEB} and so on and on\n" * MANY
    located = locate(text)
    assert isinstance(located, Located)
    root = located.documents[0].root
    assert isinstance(root, Mapping)
    scalar = root.get("text")
    assert isinstance(scalar, Scalar)
    embedding = embed_words(located.documents[0], ("text",), scalar, text)
    assert isinstance(embedding, Embedding)
    words = embedding.located.documents[0].root
    assert isinstance(words, Sequence)
    assert [word.line for word in words.items] == list(range(1, MANY + 1))


def test_very_many_markers_where_none_is_read():
    marker = '{"$imagestream": "a/b:c"}'
    text = f"a: '{marker}'\n" + f"b: 1 # {marker}\n  # {marker}\n" * MANY + f"# {f'{marker} ' * MANY}\nc: {marker}\n"
    located = locate(text)
    assert isinstance(located, Located)
    found = list(elsewhere(located, re.compile(r"\$imagestream"), ()))
    assert [text[each.position :][:12] for each in found] == ["$imagestream"] * 3 * MANY
    assert [(each.line, each.whole_line) for each in found] == [
        *((number + 2, number % 2 == 1) for number in range(2 * MANY)),
        *[(2 * MANY + 2, True)] * MANY,
    ]


def test_very_many_documents():
    """To look through the whole text for each of them takes minutes."""
    many = 20_000
    found, problems = scan("x.yaml", (f"image: {WEB}\n---\n" * many).encode(), frozenset({REPOSITORY}))
    assert problems == []
    assert found is not None
    assert [finding.line for finding in found.findings] == list(range(1, 2 * many, 2))


TEMPLATE = "kind: Template\nobjects:\n"
PARAMETERS = "parameters:\n- {name: IMAGE, value: quay.io/acme/web}\n- {name: TAG, value: '1.4'}\n"


def in_templates(text: str) -> list[str | None]:
    found, _ = scan("x.yaml", text.encode(), frozenset({REPOSITORY}))
    findings = [] if found is None else found.findings
    return [finding.tag for finding in findings if isinstance(finding, Occurrence)]


def test_very_many_places_of_a_templates_tag():
    """A remark has each object looked through for what it spares: once, not for each place."""
    places = "  {image: '${IMAGE}:${TAG}'},\n" * 5000
    text = f"{TEMPLATE}- {{kind: A, places: [\n{places}]}} # gitops-streams: spare\n{PARAMETERS}"
    assert in_templates(text) == ["1.4"]


def test_very_many_templates_and_tags():
    tags = range(3000)
    places = "".join(f"- {{kind: A, image: '${{IMAGE}}:${{T{tag}}}'}}\n" for tag in tags)
    values = "".join(f"- {{name: T{tag}, value: '{tag}'}}\n" for tag in tags)
    assert in_templates(f"{TEMPLATE}{places}{PARAMETERS}{values}") == [str(tag) for tag in tags]
    one = "".join(f"  {line}\n" for line in f"{TEMPLATE}- {{image: '${{IMAGE}}:${{TAG}}'}}\n{PARAMETERS}".splitlines())
    assert in_templates("kind: List\nitems:\n" + f"-{one[1:]}" * 2000) == ["1.4"] * 2000


def test_a_long_part_of_a_templates_image_is_not_multiplied():
    image = "${LONG}" * 20_000
    text = f"{TEMPLATE}- {{image: '${{IMAGE}}:${{TAG}}'}}\n- {{image: '{image}:${{TAG}}'}}\n{PARAMETERS}"
    assert in_templates(f"{text}- {{name: LONG, value: {'x' * 100_000}}}\n") == []
