"""What every test stands on: a hermetic environment, and registries to talk to."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from server_process import distribution_registry

from gitops_streams.demo.registry import Registry
from gitops_streams.git.snapshot import MANIFESTS
from gitops_streams.manifests import scan
from gitops_streams.manifests.screen import Screen
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.resolution import Cause, Method, Question, Resolution, Resolved, Unresolvable
from gitops_streams.plan.asked import settle, what_to_ask
from gitops_streams.plan.bind import Bindings, joined, tracked
from gitops_streams.plan.build import build
from gitops_streams.plan.holding import NONE, Holdings
from gitops_streams.plan.last_known import last_known_good
from gitops_streams.plan.local_references import LocalReferences, fallen_back
from gitops_streams.plan.model import Pin, Plan
from gitops_streams.plan.named import local_names
from gitops_streams.plan.overlays import unpinned
from gitops_streams.plan.overrides import overridden
from gitops_streams.plan.whole_repositories import bind_each, with_aliased
from gitops_streams.streams import load, status
from gitops_streams.streams.choose import Chosen, choose
from gitops_streams.streams.policy import Choosing, Selected

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from gitops_streams.streams.local_registry import LocalRegistry

REQUIRE_REAL_SERVERS = "GITOPS_STREAMS_REQUIRE_REAL_SERVERS"
SHARED = "GITOPS_STREAMS_SHARED"
ROOT = Path(__file__).parent.parent

# Read once, before the environment is emptied for each test.
_REAL_SERVERS_REQUIRED = os.environ.get(REQUIRE_REAL_SERVERS) == "1"
_SHARED = Path(os.environ.get(SHARED) or ROOT.parent / "shared")

_KEPT = {"PATH", "LANG", "LC_ALL", "TMPDIR", "TERM", "USER", "LOGNAME", "SYSTEMROOT", "TZ"}
_KEPT_PREFIXES = ("PYTEST_", "COV_", "COVERAGE_", "HYPOTHESIS_")


def pytest_configure() -> None:
    """Have Ctrl-C mean something: what a shell starts in the background ignores it, and so do its children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


# No test leaves anything in the cache directory of whoever runs it; those of the cache name another.
os.environ["GITOPS_STREAMS_NO_CACHE"] = "1"


@pytest.fixture(scope="session")
def next_home(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Make new, empty directories in one of their own; pytest's factory looks at all there are to number the next."""
    homes, numbers = tmp_path_factory.mktemp("homes"), count()

    def make() -> Path:
        home = homes / str(next(numbers))
        home.mkdir(mode=0o700)
        return home

    return make


@pytest.fixture(autouse=True)
def hermetic(next_home: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty the environment but for what finds programs; return the new, empty home directory."""
    for name in os.environ:
        if name not in _KEPT and not name.startswith(_KEPT_PREFIXES):
            monkeypatch.delenv(name)
    home = next_home()
    runtime = home / "run"
    runtime.mkdir(mode=0o700)
    environment = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_STATE_HOME": str(home / ".local/state"),
        "XDG_RUNTIME_DIR": str(runtime),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "A Test",
        "GIT_AUTHOR_EMAIL": "test@example.com",
        "GIT_COMMITTER_NAME": "A Test",
        "GIT_COMMITTER_EMAIL": "test@example.com",
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return home


@pytest.fixture
def registry() -> Iterator[Registry]:
    """Run an empty embedded registry, open to all; set its ``intercept`` to answer in its place."""
    with Registry() as running:
        yield running


@pytest.fixture(scope="session")
def real_server() -> Callable[[str], str]:
    """Find a program that real-server tests need; without it the test is skipped, or fails where CI requires it."""

    def find(program: str) -> str:
        path = shutil.which(program)
        if path is None and _REAL_SERVERS_REQUIRED:
            pytest.fail(f"{program} is not installed, and {REQUIRE_REAL_SERVERS}=1 requires it")
        if path is None:
            pytest.skip(f"{program} is not installed")
        return path

    return find


@pytest.fixture(scope="session")
def docker_registry(real_server: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run distribution's own registry, open to all and empty at first, on a free port; give ``127.0.0.1:PORT``."""
    program = real_server("docker-registry")
    with distribution_registry(program, tmp_path_factory.mktemp("docker-registry")) as host:
        yield host


@pytest.fixture
def skopeo(real_server: Callable[[str], str], hermetic: Path) -> Callable[..., str]:
    """Run skopeo with the given arguments and return its output; what it says on failure is in the error."""
    program = real_server("skopeo")
    policy = hermetic / "policy.json"
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [program, "--policy", str(policy), *arguments], capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of data that is too large or not ours to ship; the test is skipped without it."""
    if not _SHARED.is_dir():
        pytest.skip(f"no folder {_SHARED}; set {SHARED}")
    return _SHARED


@dataclass(frozen=True)
class Planned:
    """A plan with what it was made from."""

    plan: Plan
    catalog: load.Catalog
    bindings: Bindings
    history: status.History
    files: dict[str, bytes]
    """Every file as it is when the plan is carried out."""


def digest_of(name: str) -> Digest:
    """Return the digest that an image, ``repository:tag`` in full, has in tests: the SHA-256 of its name."""
    return Digest.of(name.encode())


def _choose(choosing: Choosing, tags: Mapping[str, Collection[str]]) -> Selected | Unresolvable:
    """Let a policy choose among the tags that a repository is said to have."""
    choice = choose(choosing.policy, tags.get(str(choosing.repository), ()))
    if not isinstance(choice, Chosen):
        return Unresolvable(Cause.NOT_FOUND, f"{choosing.repository}: {choice}")
    return Selected(Question(choosing.repository, choice.tag, choosing.platform, choosing.insecure))


@pytest.fixture(scope="session")
def plan_files() -> Callable[..., Planned]:
    """Plan a tree of files as ``reconcile`` does, without a repository or a registry."""

    def plan(
        files: Mapping[str, str | bytes],
        *,
        answers: Mapping[str, Resolution] | None = None,
        holdings: Holdings = NONE,
        pin: Pin = Pin.TAG_AND_DIGEST,
        screen: bool = True,
        local_registry: LocalRegistry | None = None,
        tags: Mapping[str, Collection[str]] | None = None,
    ) -> Planned:
        content = {path: data.encode() if isinstance(data, str) else data for path, data in files.items()}
        manifests = {path: data for path, data in content.items() if any(fnmatch(path, spec) for spec in MANIFESTS)}
        declaring = [(path, scan.read(path, data)) for path, data in manifests.items() if load.SCREEN.encode() in data]
        catalog = load.load((path, found) for path, found in declaring if isinstance(found, scan.Located))
        catalog = with_aliased(catalog)
        history = status.read(item for item in content.items() if item[0].startswith(status.DIRECTORY))
        followed = tracked(catalog).union(LocalReferences(catalog, local_registry).by_repository)
        local = local_names(catalog)
        bytes_screen = Screen(followed, scan.needles(()) if screen else [""], local)
        scanned = [
            scan.scan(path, data, followed, local) for path, data in manifests.items() if bytes_screen.admits(data)
        ]
        found = [file for file, _ in scanned if file is not None]
        bound = bind_each(found, catalog, history, local_registry)
        catalog, bindings = bound.catalog, joined(bound.bindings)
        asked, noticed = settle(
            asked := what_to_ask(catalog, bindings, history),
            {
                item.question: _choose(item.question, tags or {})
                for item in asked
                if isinstance(item.question, Choosing)
            },
        )
        questions = [item.question for item in asked if isinstance(item.question, Question)]
        replies = {
            question: (answers or {}).get(str(question))
            or Resolved(digest_of(str(question)), "application/json", question.repository.domain, Method.HEAD)
            for question in questions
        }
        plan = build(
            catalog=catalog,
            bindings=bindings,
            asked=asked,
            answers=replies,
            files=found,
            problems=[
                *(problem for _, problems in scanned for problem in problems),
                *noticed,
                *bound.problems,
                *fallen_back(LocalReferences(catalog, local_registry), bindings.sites),
                *overridden(bindings.sites, (field for file in found for field in file.ignored), catalog),
                *unpinned(found, bindings.sites),
            ],
            holdings={**last_known_good(catalog, asked, replies, history), **holdings},
            pin=pin,
            local_registry=local_registry,
            requests=len(replies),
        )
        return Planned(plan, catalog, bindings, history, content | {file.path: file.after for file in plan.files})

    return plan


@pytest.fixture
def git() -> Callable[..., str]:
    """Run git in a directory and return what it prints, without its final newline."""

    def run(directory: Path, *arguments: str, stdin: str | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=directory, input=stdin, capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.removesuffix("\n")

    return run


@pytest.fixture
def clone(tmp_path: Path, git: Callable[..., str]) -> Path:
    """Return a clone, branch ``main``, of the bare repository ``origin.git`` beside it, with three manifests."""
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    git(tmp_path, "clone", "--quiet", "origin.git", "clone")
    folder = tmp_path / "clone"
    git(folder, "symbolic-ref", "HEAD", "refs/heads/main")
    for path, image in (("deploy/web.yaml", "quay.io/acme/web:1.4"), ("deploy/api.yaml", "quay.io/acme/api:2")):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(f"kind: Deployment\nimage: {image}\n")
    (folder / "other.yaml").write_text("kind: ConfigMap\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=Initial state")
    git(folder, "push", "--quiet", "--set-upstream", "origin", "main")
    return folder
