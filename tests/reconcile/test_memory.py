"""What is remembered changes no report: cold and warm plans are the same after any sequence of edits."""

from __future__ import annotations

import os
import random
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_streams.config import Settings
from gitops_streams.git.inventory import WorkTreeInventory
from gitops_streams.git.repository import Repository
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.resolution import Method, Resolved
from gitops_streams.plan.model import Plan
from gitops_streams.plan.proven import proven
from gitops_streams.reconcile import candidates
from gitops_streams.reconcile.memory import Memory
from gitops_streams.reconcile.one_pass import plan_at
from gitops_streams.reconcile.sites import find_sites
from gitops_streams.render.formats import FORMATS
from gitops_streams.render.report import Report

STREAMS = """apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {name: web}
spec:
  lookupPolicy: {local: true}
  tags:
  - {name: "1", from: {kind: DockerImage, name: "quay.io/acme/web:1"}}
  - {name: "2", from: {kind: DockerImage, name: "quay.io/acme/web:2"}}
"""
MORE = STREAMS.replace("web", "other")
IMAGE = "quay.io/acme/web:1"
CONTENTS = [
    STREAMS,
    MORE,
    f"image: {IMAGE}\n",
    f"image: {IMAGE}\r\nother: quay.io/acme/other:1\r\n",
    'image: quay.io/acme/web:2 # {"$imagestream": "web:1"}\n',
    "images:\n- name: quay.io/acme/web\n  newTag: '2'\n",
    "web: {repository: quay.io/acme/web, tag: 1, digest: }\n",
    f"kind: ConfigMap\ndata:\n  a.txt: |\n    see {IMAGE}\n",
    f"kind: ConfigMap\ndata:\n  a.yaml: |\n    image: {IMAGE}\n",
    f"patches:\n- patch: |\n    kind: Deployment\n    spec: {{image: {IMAGE}}}\n",
    "spec:\n  containers:\n  - {name: a, image: web:1}\n",
    "spec:\n  containers:\n  - name: a\n    image: web:2\n",
    f"x: &a {IMAGE}\nimage: *a\ny: {{image: *a}}\n",
    f"image: {IMAGE}\n  broken: [\n",
    f"image: {{{{ x }}}}{IMAGE}\n",
    "nothing: here\n",
    "",
]
NAMES = ["a.yaml", "b.yaml", "c.json", "templates/t.yaml", "d/kustomization.yaml", "d/values.yaml"]


class Registry:
    """Answers every question at once."""

    requests = token_requests = 0
    warnings = ()

    def __init__(self, salt: int) -> None:
        self._salt = salt

    def resolve_all(self, questions: Any, *, progress: Any = None) -> Any:  # noqa: ARG002
        return {
            question: Resolved(
                Digest.parse(f"sha256:{random.Random(f'{question}{self._salt}').randbytes(32).hex()}"),
                "application/json",
                question.repository.domain,
                Method.HEAD,
            )
            for question in questions
        }


@pytest.fixture(autouse=True)
def _however_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "ENOUGH", 0)


@pytest.fixture
def repository() -> Iterator[Repository]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "init", "-q", f"{folder}/r"], check=True)
        (Path(folder) / "r" / "streams.yaml").write_text(STREAMS)
        with Repository.discover(Path(folder) / "r") as opened:
            yield opened


def _git(repository: Repository, *arguments: str) -> None:
    assert repository.root is not None
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", *identity, *arguments], cwd=repository.root, check=True, capture_output=True)


def _cache(repository: Repository) -> Path:
    assert repository.root is not None
    return repository.root.parent / "cache" / "seen"


def _plan(repository: Repository, salt: int, cache: Path | None, *, commit: bool = False) -> Plan:
    snapshot = repository.at("HEAD") if commit else repository.work_tree()
    return proven(plan_at(snapshot, Settings(cache=cache), Registry(salt)).plan)  # type: ignore[arg-type]


def _shown(plan: Plan) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    written = [(file.path, file.before, file.after) for file in plan.files]
    return FORMATS["json"](Report(plan)), written


_MOVES = ["write", "write", "write", "stage", "commit", "delete", "restore", "assume", "convert", "pin", "more"]
_EDITS = st.lists(
    st.tuples(
        st.sampled_from(_MOVES),
        st.sampled_from(NAMES),
        st.sampled_from(CONTENTS),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=6,
)


def _edit(repository: Repository, what: str, name: str, content: str, salt: int) -> None:
    root = repository.root
    assert root is not None
    path = root / name
    match what:
        case "write":
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content.encode())
        case "delete":
            path.unlink(missing_ok=True)
        case "restore":
            _git(repository, "checkout", "-q", "--", ".")
        case "assume":
            _git(repository, "update-index", "--assume-unchanged", "streams.yaml")
        case "convert":
            (root / ".gitattributes").write_text(f"{name} ident\n")
        case "more":
            (root / "more.yaml").write_text(MORE)
        case "pin":
            for file in _plan(repository, salt, _cache(repository)).files:
                (root / file.path).write_bytes(file.after)
        case _:
            _git(repository, "add", "-A")
    if what == "commit":
        _git(repository, "commit", "-q", "--allow-empty", "-m", "x")


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(_EDITS)
def test_cold_and_warm_are_the_same(edits: list[tuple[str, str, str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "r"
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        (root / "streams.yaml").write_text(STREAMS)
        with Repository.discover(root) as repository:
            cache = _cache(repository)
            _git(repository, "add", "-A")
            _git(repository, "commit", "-q", "-m", "x")
            for what, name, content, salt in edits:
                _edit(repository, what, name, content, salt)
                for commit in (False, True):
                    cold = _shown(_plan(repository, salt, None, commit=commit))
                    assert _shown(_plan(repository, salt, cache, commit=commit)) == cold
                    assert _shown(_plan(repository, salt, cache, commit=commit)) == cold


def _committed(repository: Repository, **files: str) -> None:
    assert repository.root is not None
    for name, content in files.items():
        (repository.root / f"{name}.yaml").write_text(content)
    _git(repository, "add", "-A")
    _git(repository, "commit", "-q", "-m", "x")


def test_what_is_remembered_is_not_read(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    _committed(repository, a=f"image: {IMAGE}\n", b="nothing: here\n")
    kept = Settings(cache=_cache(repository))
    find_sites(repository.work_tree(), kept)
    tree = repository.work_tree()
    read: list[str] = []
    original = type(tree).read
    monkeypatch.setattr(
        type(tree), "read", lambda self, paths, limit: original(self, (read.append(p) or p for p in paths), limit)
    )
    warm = find_sites(tree, kept)
    assert set(read) == {"streams.yaml"}
    assert [site.occurrence.file for site in warm.bindings.sites] == ["a.yaml"]
    assert repository.root is not None
    (repository.root / "a.yaml").write_text("image: x\n")
    assert not find_sites(repository.work_tree(), kept).bindings.sites


def test_a_listing_that_is_remembered_is_not_taken_apart(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    _committed(repository, a=f"image: {IMAGE}\n", b="nothing: here\n", c="nothing: there\n")
    kept = Settings(cache=_cache(repository))
    root = repository.root
    assert root is not None
    (root / "c.yaml").write_text(f"image: {IMAGE} # touched\n")
    (root / "d.yaml").write_text(f"image: {IMAGE} # untracked\n")
    find_sites(repository.work_tree(), kept)
    monkeypatch.setattr(WorkTreeInventory, "listed", None)

    def found() -> list[str]:
        return [site.occurrence.file for site in find_sites(repository.work_tree(), kept).bindings.sites]

    assert found() == ["a.yaml", "c.yaml", "d.yaml"]
    _git(repository, "checkout", "-q", "--", "c.yaml")
    (root / "d.yaml").unlink()
    (root / "b.yaml").write_text(f"image: {IMAGE}\n")
    assert found() == ["a.yaml", "b.yaml"]
    (root / "a.yaml").unlink()
    assert found() == ["b.yaml"]


def test_what_is_remembered_wrongly_is_never_written(repository: Repository) -> None:
    """A memory that says another place than the file's: the file is read and located again, and edited rightly."""
    _committed(repository, a=f"# c\nimage: {IMAGE}\n")
    cache = _cache(repository)
    find_sites(repository.work_tree(), Settings(cache=cache))
    memory = Memory.of(cache)
    (key, outcome), *others = memory.outcomes.items()
    assert not others
    assert IMAGE in str(outcome)
    moved = eval(repr(outcome).replace(", 11, ", ", 2, ").replace(", 29, ", ", 5, "))
    assert moved != outcome
    replace(memory, outcomes={key: moved}).keep()
    plan = _plan(repository, 0, cache)
    assert _shown(plan) == _shown(_plan(repository, 0, None))
    assert plan.files[0].after.startswith(f"# c\nimage: {IMAGE}@sha256:".encode())


@pytest.mark.parametrize("harm", ["cut", "flipped", "link", "writable", "folder", "garbage", "empty"])
def test_a_cache_that_cannot_be_believed_is_none(repository: Repository, harm: str, tmp_path: Path) -> None:
    _committed(repository, a=f"image: {IMAGE}\n")
    cache = _cache(repository)
    find_sites(repository.work_tree(), Settings(cache=cache))
    assert Memory.of(cache).outcomes
    content = cache.read_bytes()
    match harm:
        case "cut":
            cache.write_bytes(content[:-1])
        case "flipped":
            cache.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
        case "link":
            cache.rename(tmp_path / "elsewhere")
            cache.symlink_to(tmp_path / "elsewhere")
        case "writable":
            cache.chmod(0o666)
        case "folder":
            cache.parent.chmod(0o777)
        case "garbage":
            cache.write_bytes(os.urandom(100))
        case "empty":
            cache.write_bytes(b"")
    assert Memory.of(cache) == Memory(cache)
    found = find_sites(repository.work_tree(), Settings(cache=cache))
    assert [site.occurrence.file for site in found.bindings.sites] == ["a.yaml"]


def test_other_streams_believe_nothing(repository: Repository) -> None:
    _committed(repository, a="image: quay.io/acme/other:1\n")
    kept = Settings(cache=_cache(repository))
    assert not find_sites(repository.work_tree(), kept).bindings.sites
    _committed(repository, more=MORE)
    assert [site.occurrence.file for site in find_sites(repository.work_tree(), kept).bindings.sites] == ["a.yaml"]


def test_a_cache_that_cannot_be_written(repository: Repository) -> None:
    _committed(repository, a=f"image: {IMAGE}\n")
    blocked = _cache(repository)
    blocked.parent.write_text("a file where the folder should be")
    found = find_sites(repository.work_tree(), replace(Settings(), cache=blocked))
    assert len(found.bindings.sites) == 1
