"""The byte screen is a safe superset: of what a scan finds, and close to a literal search for every name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.manifests.scan import needles, scan
from gitops_streams.manifests.screen import Screen, paths
from gitops_streams.oci.reference import Reference

NAMES = ["quay.io/acme/web", "quay.io/acme/web-2", "nginx", "docker.io/grafana/grafana", "r.example.com:5000/a.b/c_d/e"]
TRACKED = frozenset(Reference.parse(name).repository for name in NAMES)
SCREEN = Screen(TRACKED, needles(()))


def test_it_looks_for_the_same_as_a_literal_search() -> None:
    assert set(needles(TRACKED)) == {*needles(()), *paths(TRACKED)}


@pytest.mark.parametrize(
    "text",
    [
        "image: quay.io/acme/web:1", "image: quay.io/acme/web", "- acme/web", "{image: acme/web}", "see (acme/web@sha)",
        'a: "x\\nquay.io/acme/web:1\\n"', "KEY=quay.io/acme/web:1", "oci://quay.io/acme/web", "acme/web\r\n",
        "image: nginx", "--nginx:1", "Xnginx", '"\\nnginx:1"', "grafana/grafana", "a.b/c_d/e", "$imagestream",
        'image: "acme\\/web"', "vendor/acme/web:1", "acme/webX", "-acme/web-2:1-",
    ],
)  # fmt: skip
def test_what_it_admits(text: str) -> None:
    assert SCREEN.admits(text.encode())


@pytest.mark.parametrize("text", ["", "image: quay.io/acme/webhook:1", "acme/web-22", "acme/ web", "acme web", "/web"])
def test_what_it_drops(text: str) -> None:
    assert not SCREEN.admits(text.encode())


_JOINED = [
    "image: {registry: quay.io/acme, repository: web, tag: 1}\n",
    "image: {registry: 'r.example.com:5000/a.b', name: c_d/e, tag: 1}\n",
    "image: {registry: r.example.com:5000/a.b/c_d, repository: e, tag: 1}\n",
    "image: {registry: docker.io/library, repository: nginx, tag: 1}\n",
    "x: {imageRegistry: quay.io/acme, imageRepository: web, imageTag: 1}\n",
    "patch: |\n  image: {registry: quay.io/acme, repository: web, tag: 1}\n",
    "pilot: {hub: quay.io/acme, image: web, tag: 1}\n",
    "x: {repository: quay.io/acme, image: web, version: 1}\n",
    "x: {repository: r.example.com:5000/a.b/c_d, name: e, tag: 1}\n",
    "values: |\n  {repository: quay.io/acme, image: web, version: 1}\n",
    (
        "kind: Template\nobjects: [{image: '${A}/${B}:${C}'}]\n"
        "parameters: [{name: A, value: quay.io/acme}, {name: B, value: web}, {name: C, value: 1}]\n"
    ),
    (
        "kind: Template\nobjects: [{image: 'quay.io/acme/${B}:${C}'}]\n"
        "parameters: [{name: B, value: web}, {name: C, value: 1}]\n"
    ),
]


@pytest.mark.parametrize("text", _JOINED)
def test_a_registry_with_a_path(text: str) -> None:
    found, _ = scan("x.yaml", text.encode(), TRACKED)
    assert found is not None
    assert SCREEN.admits(text.encode())


def test_a_registry_with_the_path_of_another() -> None:
    assert not SCREEN.admits(b"image: {registry: quay.io/acme, repository: hub, tag: 1}\n")
    assert not SCREEN.admits(b"image: {registry: quay.io/other, repository: web, tag: 1}\n")
    assert not SCREEN.admits(b"image: {registry: quay.io/acme/x, repository: web, tag: 1}\n")
    assert not SCREEN.admits(b"image: {registry: quay.io/acme2, repository: web, tag: 1}\n")


def test_a_bare_name() -> None:
    assert Screen((), (), {"web"}).admits(b"image: web\n")
    assert not Screen((), (), {"web"}).admits(b"image: webs\n")


_WORDS = ["acme/", "web", "web-2", "nginx", ":1", "@", "/", "-", ".", "_", " ", "\n", '"', "\\n", "\\", "'", "grafana/"]
_VALUES = st.lists(
    st.sampled_from(
        [*NAMES, *NAMES, *_WORDS, "quay.io/acme", "r.example.com:5000/a.b", "oci://", "docker://", "X", "9"]
    ),
    max_size=6,
).map("".join)
_SHAPES = st.sampled_from(
    ["image: %s\n", "image: '%s'\n", 'image: "%s"\n', "repository: %s\ntag: 1\n", "images:\n- name: %s\n  newTag: 1\n",
     "args: [a, '%s']\n", "text: |\n  see %s here\n", "image: {repository: %s, tag: 1}\n", "value: %s\n",
     "image: {registry: %s, repository: web, tag: 1}\n", "{registry: %s, repository: c_d/e, tag: 1}\n",
     "{hub: %s, image: web, tag: 1}\n", "{repository: %s, image: e, version: 1}\n", "{image: %s, tag: 1}\n",
     "kind: Template\nobjects: [{image: '${A}/web:${C}'}]\nparameters: [{name: A, value: '%s'}, {name: C, value: 1}]\n"]
)  # fmt: skip


@given(st.lists(st.tuples(_SHAPES, _VALUES), min_size=1, max_size=3))
def test_whatever_a_scan_finds_it_admits(parts: list[tuple[str, str]]) -> None:
    data = "---\n".join(shape % value for shape, value in parts).encode()
    found, _ = scan("x.yaml", data, TRACKED)
    if found is not None:
        assert SCREEN.admits(data), data
