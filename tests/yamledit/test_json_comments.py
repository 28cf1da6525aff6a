"""Which texts are JSON with comments, and that nothing in them is read."""

from __future__ import annotations

import pytest

from gitops_streams.manifests.scan import scan
from gitops_streams.oci.reference import Reference
from gitops_streams.yamledit.json_comments import first
from gitops_streams.yamledit.locate import Located, Unparsable, locate

WEB = "quay.io/acme/web:1.4"
REPOSITORY = Reference.parse(WEB).repository

COMMENTED = {
    "an entry": (f'{{\n  // "image": "{WEB}",\n  "b": "{WEB}"\n}}\n', 2),
    "before all": (f'// why\n{{"image": "{WEB}"}}\n', 1),
    "a block before all": (f'\ufeff\n/* why\n */\n{{"image": "{WEB}"}}\n', 2),
    "behind a comma": (f'{{"image": "{WEB}", // why\n"b": 1}}\n', 1),
    "behind a string": (f'{{"image":\n"{WEB}"/* why */}}\n', 2),
    "behind a brace": (f'{{// why\n"image": "{WEB}"}}\n', 1),
    "an item": (f'["a",\n"\\"//",\n//"{WEB}"\n]\n', 3),
    "an apostrophe in it": (f'{{\n// don\'t\n"image": "{WEB}"}}\n', 2),
}

PLAIN = [
    f'{{"url": "https://example.com", "a": "x // y /* z */", "b": "\\" // ", "image": "{WEB}"}}\n',
    f"{{url: https://example.com, a: 'x // y', b: x//y, image: {WEB}}} # see // there\n",
    f"# // no JSON\nimage: {WEB}\nlabels:\n  - //web:all\n  - /* glob\n",
    f'{{"image": "{WEB}", "glob": "/*"}}',
    "{}\n",
    "",
]


@pytest.mark.parametrize("name", COMMENTED)
def test_json_with_comments_is_refused_on_the_line_of_the_first(name):
    text, line = COMMENTED[name]
    assert first(text) == line
    assert locate(text) == Unparsable("JSON with comments", line)


@pytest.mark.parametrize("text", PLAIN)
def test_slashes_elsewhere_are_no_comments(text):
    assert first(text) is None
    assert isinstance(locate(text), Located)


@pytest.mark.parametrize("path", ["settings.json", "a.yaml"])
def test_a_reference_that_a_comment_takes_out_is_not_found(path):
    """YAML reads the comment as an entry, whose value would be edited."""
    text, _ = COMMENTED["an entry"]
    found, problems = scan(path, text.encode(), {REPOSITORY})
    assert found is None
    assert [(problem.line, problem.reason) for problem in problems] == [
        (2, "not scanned: it is not YAML: JSON with comments")
    ]


def test_nor_in_a_string_that_is_json_with_comments():
    text, _ = COMMENTED["an entry"]
    indented = "".join(f"  {line}\n" for line in text.splitlines())
    found, _ = scan("a.yaml", f"kind: HelmRelease\nvalues: |\n{indented}image: {WEB}\n".encode(), {REPOSITORY})
    assert found is not None
    assert [finding.line for finding in found.findings if not hasattr(finding, "reason")] == [7]


def test_a_string_without_an_end_is_gone_through_once():
    """The test's timeout is the bound."""
    for text in ('{"' + '\\"' * 1_000_000 + "//", "{" + "'" * 1_000_001 + "//"):
        assert first(text) is None
        assert isinstance(locate(text), Unparsable)
