"""A repository on the fake forge, images in the embedded registry, and the command line between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fake_forge import FakeForge, Pull, Repository, Token

from gitops_streams.demo.images import Image
from gitops_streams.demo.registry import Registry
from gitops_streams.forges.github import forge as github
from gitops_streams.forges.http.patience import SystemClock
from gitops_streams.reconcile import pull_requests
from gitops_streams.reconcile.pull_requests import reconcile_pull_requests
from gitops_streams.render.report import PullResult, Report

if TYPE_CHECKING:
    from gitops_streams.oci.digest import Digest

BRANCH = "gitops-streams/main/all"
WRITES = ("POST", "PATCH", "PUT", "DELETE")
CONFIG = """\
forge:
  kind: github
  url: {url}
  apiUrl: {api}
  graphqlUrl: {graphql}
{more}"""


@dataclass
class World:
    """All of it."""

    forge: FakeForge
    repository: Repository
    registry: Registry
    workspace: Any
    token: Token
    git: Callable[..., str]
    reports: list[Report]
    versions: dict[str, int] = field(default_factory=dict)

    def configure(self, more: str = "") -> None:
        """Write the configuration and push it to the base."""
        self.workspace.config(
            CONFIG.format(url=self.forge.url, api=self.forge.api_url(), graphql=self.forge.graphql_url, more=more)
        )
        self.push("Configure")

    def push(self, message: str = "Change the base") -> str:
        """Commit all there is in the work tree and push it to the base."""
        self.workspace.git("add", "--all")
        self.workspace.git("commit", "--quiet", "--allow-empty", "--message", message)
        sha: str = self.workspace.git("rev-parse", "HEAD")
        self.git(self.workspace.folder, "push", "--quiet", "--force", str(self.repository.git.path), "HEAD:main")
        with self.forge.store.lock:
            self.repository.sync()
        return sha

    def follow(self, *names: str) -> None:
        """Have streams for images whose manifests name a tag and no digest."""
        for name in names:
            self.workspace.follow(self.registry, name)
            self.versions[name] = 1
        self.push("Follow " + ", ".join(names))

    def release(self, name: str, **content: Any) -> Digest:
        """Move a tag to a new image."""
        self.versions[name] += 1
        return self.registry.push(f"acme/{name}", "1.0", Image.build(name, str(self.versions[name]), **content))

    def run(self, *arguments: object, code: int = 0) -> tuple[PullResult, ...]:
        """Reconcile by pull requests, and return what became of each group."""
        self.reports.clear()
        done = self.reconcile(*arguments)
        assert done.code == code, done.text
        published = self.reports[-1].published
        assert published is not None
        return published.pulls

    def one(self, *arguments: object, code: int = 0) -> PullResult:
        """Reconcile by pull requests, and return what became of the only group."""
        (pull,) = self.run(*arguments, code=code)
        return pull

    def reconcile(self, *arguments: object) -> Any:
        """Reconcile by pull requests."""
        return self.workspace.run("reconcile", "--publish", "pull-request", *arguments)

    @property
    def pull(self) -> Pull:
        """The only pull request that was ever opened."""
        (pull,) = self.repository.pulls
        return self.repository.pull(pull.number)

    @property
    def branches(self) -> dict[str, str]:
        """Where branches other than the base are."""
        listed = self.git(
            self.repository.git.path, "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads"
        )
        pairs = [line.split(" ") for line in listed.splitlines()]
        return {name: sha for name, sha in pairs if name != "main"}

    def file(self, branch: str, path: str) -> str:
        """Read a file of a branch."""
        return self.git(self.repository.git.path, "show", f"{branch}:{path}")

    def pinned(self, name: str, branch: str = BRANCH) -> str:
        """Return the digest to which a manifest is pinned on a branch; empty for none."""
        line = next(line for line in self.file(branch, f"deploy/{name}.yaml").splitlines() if "image:" in line)
        return line.split("#")[0].strip().partition("@")[2]

    def take_over(self, branch: str = BRANCH) -> None:
        """Have the base get all that a branch brings by somebody else's commit."""
        path = self.repository.git.path
        tree = self.git(path, "rev-parse", f"{branch}^{{tree}}")
        self.repository.set_branch("main", self.git(path, "commit-tree", tree, "-p", "main", "-m", "By hand"))

    def writes(self) -> list[str]:
        """List the requests that changed something, pushes too."""
        return [
            f"{one.method} {one.path}"
            for one in self.forge.log()
            if (one.method in WRITES and "git-upload-pack" not in one.path and not one.path.endswith("graphql"))
        ]


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[FakeForge]:
    with FakeForge(tmp_path) as running:
        yield running
    assert running.violations == []
    assert running.faults.pending == 0


class Hasty(SystemClock):
    """Time that passes fast."""

    def sleep(self, seconds: float) -> None:
        super().sleep(min(seconds, 0.01))


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no time pass between two changes; GitHub asks for a second, which the tests of ``forges`` look at."""
    monkeypatch.setattr(github, "DIALECT", replace(github.DIALECT, change_pause=0.0))
    monkeypatch.setattr("gitops_streams.publish.group_pull._PAUSES", (0.01, 0.05, 0.1, 0.2))


@pytest.fixture
def new_world(
    forge: FakeForge,
    registry: Registry,
    new_workspace: Callable[[str], Any],
    git: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    hasty: None,
) -> Callable[..., World]:
    """Make a world; ``login`` and ``kind`` say whose token it has."""

    reports: list[Report] = []

    def reconcile(*arguments: Any) -> Report:
        reports.append(reconcile_pull_requests(*arguments))
        return reports[-1]

    monkeypatch.setattr(pull_requests, "reconcile_pull_requests", reconcile)

    def make(login: str = "machine", kind: str = "pat", **rights: Any) -> World:
        repository = forge.create_repository("acme/gitops", private=True)
        token = forge.token(login, kind=kind, **rights)
        workspace = new_workspace("clone")
        workspace.git("remote", "add", "origin", repository.clone_url)
        monkeypatch.setenv("GITOPS_STREAMS_TOKEN", token.value)
        world = World(forge, repository, registry, workspace, token, git, reports)
        world.configure()
        return world

    return make


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    """Return a world with one image to pin, ``web``, and a person's token."""
    made = new_world()
    made.follow("web")
    return made
