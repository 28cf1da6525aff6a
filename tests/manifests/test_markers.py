"""Marker comments: what they say, where they may stand, and what is said of those that cannot be followed."""

from __future__ import annotations

import pytest

from gitops_streams.manifests.scan import scan

UNREADABLE = (
    'the marker cannot be read; write # {"$imagestream": "[namespace/]stream:tag[:name|:tag|:tag-only|:digest]"}'
)
STRAY = "the marker has no effect: it must stand behind a value, on its line, not behind a key, an alias or a |"
DIGEST = "sha256:" + "0" * 64


@pytest.fixture
def marks():
    """Return ``stream tag part: value`` for each marked scalar, and problems as they are shown."""

    def find(text: str) -> list[str]:
        file, problems = scan("app.yaml", text.encode(), [])
        found = () if file is None else file.findings
        lines = [f"{m.form.stream} {m.form.tag} {m.form.part}: {m.text}" for m in found]
        return lines + [f"{problem.line}: {problem.reason}" for problem in problems]

    return find


def mark(value: str) -> str:
    return f'# {{"$imagestream": "{value}"}}'


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("web:prod", "web prod reference"),
        ("acme/web:prod", "acme/web prod reference"),
        ("acme/web:prod:name", "acme/web prod name"),
        ("acme/web:prod:tag", "acme/web prod tag"),
        ("acme/web:prod:digest", "acme/web prod digest"),
        ("acme/web:1.4_x-y", "acme/web 1.4_x-y reference"),
        ("web:tag", "web tag reference"),
        ("web:tag:tag", "web tag tag"),
    ],
)
def test_what_they_say(marks, value, wanted):
    assert marks(f"a: x {mark(value)}\n") == [f"{wanted}: x"]


@pytest.mark.parametrize(
    "value", ["", "web", "web:", ":prod", "web:prod:what", "a b:prod", "web:-", "web:prod:tag:tag"]
)
def test_what_they_cannot_say(marks, value):
    assert marks(f"a: x {mark(value)}\n") == [f"1: {UNREADABLE}"]


@pytest.mark.parametrize(
    "comment",
    [
        "# $imagestream web:prod",
        '# {"$imagestream": web:prod}',
        '# {"$imagestream": "web:prod"',
        '# {"$imagestream": 1}',
        '# {"$imagestream": ["web:prod"]}',
        '# ["$imagestream", "web:prod"]',
        "# {'$imagestream': 'web:prod'}",
        '# {"a": {"$imagestreams": "web:prod"}}',
        "#" + '{"a":' * 5000 + '"$imagestream"',
    ],
)
def test_how_they_are_not_written(marks, comment):
    assert marks(f"image: quay.io/a/b:1 {comment}\n") == [f"1: {UNREADABLE}"]


@pytest.mark.parametrize(
    "line",
    [
        'a: x # {"$imagestream": "web:prod"}',
        'a: "x"   #{"$imagestream":"web:prod"}',
        'a: \'x\'\t# {"$imagestream": "web:prod"}',
        'a: x # note {"$imagestream": "web:prod"}',
        'a: x # {"$imagestream": "web:prod"} note {1}',
        'a: x # {"b": 1, "$imagestream": "web:prod"}',
        'a: {b: c, d: x} # {"$imagestream": "web:prod"}',
        'a: [b, "x"] # {"$imagestream": "web:prod"}',
        '- [{a: x}, ] # {"$imagestream": "web:prod"}',
        'a:\n- x # {"$imagestream": "web:prod"}',
        'a: x # {"$imagestream": "web:prod"}\r',
    ],
)
def test_where_they_stand(marks, line):
    assert marks(f"{line}\n") == ["web prod reference: x"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"a: {mark('web:prod')}\n  b: x\n", 1),
        (f"a: | {mark('web:prod')}\n  x\n", 1),
        (f"a: &a x\nb: *a {mark('web:prod')}\n", 2),
        (f"a: [ {mark('web:prod')}\n  x]\n", 1),
        (f"--- {mark('web:prod')}\na: x\n", 1),
        (f"- x {mark('web:prod')}\n", 1),
    ],
)
def test_where_they_have_no_effect(marks, text, line):
    assert marks(text) == [f"{line}: {STRAY}"]


@pytest.mark.parametrize(
    "text",
    [
        f"{mark('web:prod')}\na: x\n",
        f"a: x\n  {mark('web:prod')}\n",
        f"# a: x {mark('web:prod')}\n",
        'kind: ConfigMap\ndata:\n  a: |\n    b: x # {"$imagestream": "web:prod"}\n',
        'a: \'# {"$imagestream": "web:prod"}\'\n',
        '"# {$imagestream}": x\n',
    ],
)
def test_what_is_no_marker(marks, text):
    assert marks(text) == []


@pytest.mark.parametrize(
    ("digest", "is_refused"),
    [
        ("", False),
        ("  digest:\n", False),
        ("  digest: ''\n", False),
        (f"  digest: {DIGEST}\n", True),
        (f"  sha: {'0' * 64}\n", True),
        (f"  digest: {DIGEST} {mark('web:prod:digest')}\n", False),
    ],
)
def test_a_tag_is_not_moved_away_from_the_digest_beside_it(marks, digest, is_refused):
    reason = 'beside the marked tag stands a digest that would not follow it; mark the digest too, with ":digest"'
    found = marks(f"v:\n  tag: x {mark('web:prod:tag')}\n{digest}")
    assert (f"2: {reason}" in found) is is_refused
    assert ("web prod tag: x" in found) is not is_refused


@pytest.mark.parametrize(
    ("part", "value", "tag", "digest"),
    [
        ("", f"quay.io/a/b:1@{DIGEST}", "1", DIGEST),
        ("", "' '", None, None),
        ("", "SET_BY_GITOPS", None, None),
        (":name", "quay.io/a/b", None, None),
        (":tag", "'1.4'", "1.4", None),
        (":tag", f"1.4@{DIGEST}", "1.4", DIGEST),
        (":tag", "'not a tag'", None, None),
        (":digest", DIGEST, None, DIGEST),
        (":digest", "0" * 64, None, DIGEST),
        (":digest", "tbd", None, None),
    ],
)
def test_what_the_marked_scalar_holds_now(part, value, tag, digest):
    file, problems = scan("app.yaml", f"a: {value} {mark(f'web:prod{part}')}\n".encode(), [])
    assert problems == []
    (found,) = file.findings
    assert (found.tag, None if found.digest is None else str(found.digest)) == (tag, digest)
