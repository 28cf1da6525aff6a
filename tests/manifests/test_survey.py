"""Every reference of a file: which there are, what is said of each, and that the byte screen finds every such file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.manifests.image_key import find
from gitops_streams.manifests.occurrence import Place
from gitops_streams.manifests.survey import NEEDLES, survey
from gitops_streams.yamledit.locate import locate
from gitops_streams.yamledit.objects import objects


def surveyed(text):
    found, problems = survey("a.yaml", text.encode())
    return found, [problem.reason for problem in problems]


def test_text_that_merely_contains_a_reference_is_no_use():
    found, _ = surveyed("image: a/b:1\ntext: c/d:2\nmetadata: {annotations: {image: 'e/f:3'}}\n")
    assert [use.occurrence.text for use in found.uses] == ["a/b:1"]
    assert len(found.file.findings) == 1


@pytest.mark.parametrize(
    ("comment", "key"),
    [
        ('# {"$imagepolicy": "ns:web"}', ("ns", "web")),
        ('## {"$imagepolicy": "ns:web:tag"}', ("ns", "web")),
        ('# {"$imagepolicy": "ns:web:other"}', None),
        ('# {"$imagepolicy": "ns:web:tag:x"}', None),
        ('# {"$imagepolicy": "web"}', None),
        ('# {"$imagepolicy": ":web"}', None),
        ('# {"$imagepolicy": 1}', None),
        ('# see {"$imagepolicy": "ns:web"}', None),
        ('# "$imagepolicy"', None),
        ("# " + "[" * 2000 + '"$imagepolicy"', None),
    ],
)
def test_a_marker_is_what_flux_takes_for_one(comment, key):
    found, _ = surveyed(f"image: a/b:1 {comment}\n")
    (use,) = found.uses
    assert (use.marker.key if use.marker is not None else None) == key


def test_a_marker_behind_what_is_no_reference_is_found():
    found, _ = surveyed('version: 1.4 # {"$imagepolicy": "ns:web:tag"}\n')
    assert found.uses == ()
    assert [(marker.line, marker.part) for marker in found.markers] == [(1, "tag")]


def test_pull_secrets_of_the_pod():
    found, _ = surveyed(
        "kind: Deployment\nspec: {template: {spec: {imagePullSecrets: [{name: a}, {name: ''}, x],"
        " containers: [{image: 'a/b:1'}], initContainers: [{image: 'a/c:1'}]}}}\nother: {image: 'a/d:1'}\n"
    )
    assert [use.pull_secrets for use in found.uses] == [("a",), ("a",), ()]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("image: [\n", "not scanned: it is not YAML"), ("image: {{ .x }}: y\n", "not scanned: it is a template")],
)
def test_what_cannot_be_read_is_said(text, reason):
    found, (told,) = surveyed(text)
    assert found is None
    assert told.startswith(reason)


def test_a_helm_template_is_left_alone():
    found, (problem,) = survey("charts/a/templates/b.yaml", b"a: '{{ x }}'\nimage: a/b:1\n")
    assert found is None
    assert problem.reason == "not scanned: it is a Helm template"


@given(st.text("iImMaAgGeExX-_", min_size=1, max_size=12))
def test_a_file_with_an_image_key_passes_the_screen(key):
    text = f"'{key}': a/b:1\n"
    document = locate(text).documents[0]
    (found,) = objects(document.root)
    if list(find(Place("a.yaml", text, 0, found, (), document.root))):
        assert any(needle in text for needle in NEEDLES)
