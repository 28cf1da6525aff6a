"""Passing over what holds no prospect, and asking only the scanners whose keys are there, changes no finding."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.manifests import by_shape, prospects
from gitops_streams.manifests.scan import scan
from gitops_streams.oci.reference import Reference, Repository, looks_like_reference

NAMES = ["quay.io/acme/web", "nginx", "docker.io/grafana/grafana", "r.example.com:5000/a.b/c_d/e"]
TRACKED = frozenset(Reference.parse(name).repository for name in NAMES)
LOCAL = ("web", "front-end")
HERE = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("GITOPS_STREAMS_SHARED", HERE.parents[1] / "shared"))
TREES = [*(HERE / "golden").rglob("*"), *(SHARED / "cases").rglob("*")]
FILES = [path for path in TREES if path.suffix in {".yaml", ".yml", ".json"} and path.is_file()]


def found(
    text: str, *, everywhere: bool, path: str = "x/kustomization.yaml", tracked: frozenset[Repository] = TRACKED
) -> Any:
    """Scan a text; ``everywhere``: show every map to every scanner."""
    with pytest.MonkeyPatch.context() as patch:
        if everywhere:
            patch.setattr(prospects, "find", lambda *_: None)
            patch.setattr(by_shape, "_concerned", lambda *_: tuple(scanner for scanner, _ in by_shape.SCANNERS))
        file, problems = scan(path, text.encode(), tracked, LOCAL)
    # Nodes are compared by identity, and here every scan has its own.
    return repr(file and file.findings), [str(problem) for problem in problems]


_WORDS = [
    "quay.io/acme/web:1", "quay.io/acme/web", "nginx:1", "nginx", "web:1", "web", "front-end", "grafana/grafana:2",
    "oci://quay.io/acme/web", "docker://quay.io/acme/web:1", "A=quay.io/acme/web:1", "quay.io/acme", "1.2", "'1'",
    '"quay.io\\/acme\\/web:1"', "quay.io/other/web:1", "see quay.io/acme/web:1 there", "{image: quay.io/acme/web:1}",
    "'{\"image\": \"quay.io/acme/web:1\"}'", "'image: ''web'''", "DockerImage", "replace", "/spec/image", "&a nginx:1",
    "*a", "# quay.io/acme/web:1", "a.b/c_d/e:3", "", "Template", "${A}:${B}",
]  # fmt: skip
_KEYS = [
    "image", "images", "name", "newName", "newTag", "tag", "digest", "sha", "repository", "registry", "url", "ref",
    "kind", "containers", "spec", "data", "helm", "kustomize", "parameters", "value", "op", "path", "uses", "services",
    "container", "steps", "runs-on", "literals", "configMapGenerator", "baseImageOverrides", "my/pkg", "imageTag",
    "imageRegistry", "annotations", "script", "status", "args", "env", "semver", "source", "type", "reference", "hub",
    "version", "objects", "global",
]  # fmt: skip


def _maps(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(children, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), children, max_size=5)


def _written(value: Any, indent: int = 0) -> str:
    blank = " " * indent
    if isinstance(value, dict) and value:
        return "".join(f"\n{blank}{key}: {_written(item, indent + 2)}" for key, item in value.items())
    if isinstance(value, list) and value:
        return "".join(f"\n{blank}- {_written(item, indent + 2)}" for item in value)
    if isinstance(value, tuple):
        return "|\n" + "\n".join(blank + line for line in _written(value[0]).strip("\n").split("\n"))
    return value if isinstance(value, str) else "{}" if isinstance(value, dict) else "[]"


_TREES = st.recursive(st.sampled_from(_WORDS), _maps, max_leaves=14)
_TEXTS = st.recursive(
    st.sampled_from(_WORDS), lambda inner: _maps(inner | _TREES.map(lambda tree: (tree,))), max_leaves=20
)


@given(st.lists(_TEXTS, min_size=1, max_size=3))
def test_any_document(documents: list[Any]) -> None:
    text = "\n---\n".join(_written(document).lstrip("\n") for document in documents) + "\n"
    assert found(text, everywhere=False) == found(text, everywhere=True)


@pytest.mark.parametrize(
    "text",
    [
        "image:\n- - []\n  - quay.io/acme/web:1\n",
        "image:\n- {}\n- quay.io/acme/web:1\n- []\n",
        "a: [[[]], {? [] : quay.io/acme/web:1, image: quay.io/acme/web:1}]\n",
        "{image: {image: quay.io/acme/web:1}, x: {}}\n",
    ],
)
def test_empty_collections_stand_nowhere(text: str) -> None:
    assert found(text, everywhere=False) == found(text, everywhere=True)
    assert found(text, everywhere=False)[0] != "None"


@pytest.mark.parametrize("path", FILES, ids=str)
def test_real_files(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", "replace")
    words = {word.strip("\"',[]{}()") for word in text.replace("=", " ").replace("://", " ").split()}
    found_there = (looks_like_reference(word) for word in words)
    # Each second one is tracked, so that others stand beside them.
    repositories = sorted({reference.repository for reference in found_there if reference is not None})
    tracked = TRACKED.union(repositories[::2])
    sparing, everything = (
        found(text, everywhere=everywhere, path=path.name, tracked=tracked) for everywhere in (False, True)
    )
    assert sparing == everything
