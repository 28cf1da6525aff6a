"""What the tests of the whole program stand on: a repository, a registry, and the command line in or out of process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from gitops_streams.cli.group import cli as program
from gitops_streams.demo.images import Image
from gitops_streams.demo.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gitops_streams.oci.digest import Digest

UNEXPECTED = ("Traceback", "internal error", "Exception ignored", "ResourceWarning", "Error in sys.")

STREAM = """\
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: {name}
  namespace: acme
spec:
  tags:
"""
TAG = """\
    - name: {tag}
      from:
        kind: DockerImage
        name: {source}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: acme
spec:
  template:
    spec:
      containers:
        - name: main
          image: {image}  # the one line that may change
"""


@dataclass(frozen=True)
class Result:
    """How a command ended. No command may ever end with a traceback, so making one checks that."""

    code: int
    out: str
    err: str

    def __post_init__(self) -> None:
        for sign in UNEXPECTED:
            assert sign not in self.out + self.err, self.text

    @property
    def text(self) -> str:
        """All that was printed."""
        return self.out + self.err

    @property
    def json(self) -> Any:
        """Standard output, read as JSON."""
        return json.loads(self.out)

    def line(self, part: str) -> str:
        """Return the only printed line that contains a text."""
        lines = [line for line in self.text.splitlines() if part in line]
        assert len(lines) == 1, f"{part!r} stands in {len(lines)} lines of:\n{self.text}"
        return lines[0].strip()


def in_process(*arguments: object) -> Result:
    """Run the command line in this process, where a leaked file or socket is an error."""
    runner = CliRunner(catch_exceptions=False)
    done = runner.invoke(program, ["--traceback", *map(str, arguments)], prog_name="gitops-streams")
    return Result(done.exit_code, done.stdout, done.stderr)


def command(*arguments: object) -> list[str]:
    """Return the command line as a process of its own."""
    return [sys.executable, "-m", "gitops_streams", *map(str, arguments)]


def out_of_process(
    *arguments: object, env: Mapping[str, str] | None = None, stdin: bytes = b"", **settings: Any
) -> Result:
    """Run the command line as a process of its own."""
    done = subprocess.run(
        command(*arguments),
        input=stdin,
        capture_output=True,
        env={**os.environ, **(env or {})},
        timeout=240,
        check=False,
        **settings,
    )
    return Result(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


class Workspace:
    """A Git repository with streams and manifests."""

    def __init__(self, folder: Path, git: Callable[..., str]) -> None:
        self.folder = folder
        self._git = git

    def git(self, *arguments: str) -> str:
        """Run git here."""
        return self._git(self.folder, *arguments)

    def write(self, path: str | bytes, content: str | bytes) -> None:
        """Write a file, in folders that are made."""
        target = os.path.join(os.fsencode(self.folder), os.fsencode(path))  # noqa: PTH118  the name may be no text
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120  the same
        with open(target, "wb") as file:  # noqa: PTH123  the same
            file.write(content.encode() if isinstance(content, str) else content)

    def read(self, path: str) -> bytes:
        """Read a file."""
        return (self.folder / path).read_bytes()

    def stream(self, name: str, **tags: str) -> str:
        """Declare a stream ``acme/NAME`` whose tags track these references; return its path."""
        path = f"streams/{name}.yaml"
        text = STREAM.format(name=name)
        self.write(path, text + "".join(TAG.format(tag=tag, source=source) for tag, source in tags.items()))
        return path

    def deploy(self, name: str, image: str) -> str:
        """Write a Deployment of an image; return its path."""
        path = f"deploy/{name}.yaml"
        self.write(path, DEPLOYMENT.format(name=name, image=image))
        return path

    def follow(self, registry: Registry, name: str, tag: str = "1.0") -> tuple[str, Digest]:
        """Push an image, declare ``acme/NAME:prod`` for it and deploy it; return the manifest's path and the digest."""
        digest = registry.push(f"acme/{name}", tag, Image.build(name, tag))
        reference = f"{registry.host}/acme/{name}:{tag}"
        self.stream(name, prod=reference)
        return self.deploy(name, reference), digest

    def config(self, text: str) -> None:
        """Write the configuration file."""
        self.write(".gitops-streams/config.yaml", text)

    def commit(self, message: str = "Initial state") -> str:
        """Commit all there is; return the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def files(self) -> dict[bytes, bytes]:
        """Read every file outside ``.git``; links are not followed."""
        found = {}
        top = os.fsencode(self.folder)
        for folder, folders, names in os.walk(top):
            if b".git" in folders:
                folders.remove(b".git")
            for name in names:
                path = os.path.join(folder, name)  # noqa: PTH118  the name may be no text
                if os.path.isfile(path) and not os.path.islink(path):  # noqa: PTH113, PTH114  the same
                    with open(path, "rb") as file:  # noqa: PTH123  the same
                        found[os.path.relpath(path, top)] = file.read()
        return found

    def run(self, verb: str, *arguments: object) -> Result:
        """Run a verb here, in this process."""
        return in_process(verb, "-C", self.folder, *arguments)

    def process(self, verb: str, *arguments: object, **settings: Any) -> Result:
        """Run a verb here, as a process of its own."""
        return out_of_process(verb, "-C", self.folder, *arguments, **settings)


@pytest.fixture
def cli() -> Callable[..., Result]:
    """Run the command line in this process."""
    return in_process


@pytest.fixture
def process() -> Callable[..., Result]:
    """Run the command line as a process of its own."""
    return out_of_process


@pytest.fixture
def argv() -> Callable[..., list[str]]:
    """Make the command line of a process, for tests that start it themselves."""
    return command


@pytest.fixture
def new_workspace(tmp_path: Path, git: Callable[..., str]) -> Callable[[str], Workspace]:
    """Make repositories, branch ``main``, without a commit."""

    def make(name: str) -> Workspace:
        folder = tmp_path / name
        git(tmp_path, "init", "--quiet", "--initial-branch=main", name)
        return Workspace(folder, git)

    return make


@pytest.fixture
def workspace(new_workspace: Callable[[str], Workspace]) -> Workspace:
    """Return an empty repository, branch ``main``, without a commit."""
    return new_workspace("work")


@pytest.fixture
def steady() -> Iterator[Registry]:
    """Run a second registry, which nothing ever happens to: what it serves must be pinned whatever the first does."""
    with Registry() as running:
        yield running
