"""A job that runs the Action, against a bare repository or the fake forge."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from actions_runner.composite import Ran, run_action

from gitops_streams.demo.registry import Registry

ROOT = Path(__file__).parents[3]
# Read once, before the environment is emptied for each test: where packages come from.
PIP = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
REQUIRED = os.environ.get("GITOPS_STREAMS_REQUIRE_REAL_SERVERS") == "1"
TOKEN = "ghs_theWorkflowsOwnToken"


@dataclass
class Job:
    """A job with a checkout of a repository, ready to run the Action."""

    folder: Path
    workspace: Any
    registry: Registry
    origin: Path
    event: dict[str, Any] = field(default_factory=dict)
    event_name: str = "schedule"
    variables: dict[str, str] = field(default_factory=dict)
    keep_temp: bool = False
    """Whether the next step finds what the last one left in ``RUNNER_TEMP``."""
    token: str = TOKEN
    """``github.token``."""

    @property
    def temp(self) -> Path:
        return self.folder / "temp"

    def run(self, **inputs: str) -> Ran:
        if not self.keep_temp:
            shutil.rmtree(self.temp, ignore_errors=True)
        self.temp.mkdir(exist_ok=True)
        event = self.temp / "event.json"
        event.write_text(json.dumps(self.event))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GITHUB_EVENT_NAME": self.event_name,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": "acme/gitops",
            # The packages are here already; test_the_private_environment makes one.
            "GITOPS_STREAMS_PYTHON": sys.executable,
            **{name: value for name, value in os.environ.items() if name.startswith("COV")},
            **self.variables,
        }
        ran = run_action(
            ROOT,
            inputs={name.replace("_", "-"): value for name, value in inputs.items()},
            environment=environment,
            temp=self.temp,
            workspace=self.workspace.folder,
            token=self.token,
        )
        assert not ran.log.stopped
        assert not ran.used
        assert self.token not in "\n".join(ran.log.shown) + ran.summary + json.dumps(ran.outputs)
        assert not any(
            TOKEN in path.read_text(errors="replace") for path in self.temp.rglob("report*") if path.is_file()
        )
        return ran

    def tip(self, branch: str = "main") -> str:
        return self.workspace.git("--git-dir", str(self.origin), "rev-parse", branch)


@pytest.fixture
def job(tmp_path, new_workspace, registry, git):
    """Return a clone with one followed image, pushed to a bare repository; its work tree is as checkout leaves it."""
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    workspace = new_workspace("workspace")
    for name in ("web", "api"):
        workspace.follow(registry, name)
    workspace.commit()
    workspace.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    workspace.git("push", "--quiet", "--set-upstream", "origin", "main")
    (tmp_path / "home").mkdir()
    return Job(tmp_path, workspace, registry, tmp_path / "origin.git")


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fetch the locked wheels once; without a package index the test is skipped, or fails where CI requires it."""
    folder = tmp_path_factory.mktemp("wheels")
    fetched = subprocess.run(
        [
            sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--retries=1",
            "--timeout=15", "--require-hashes", "--no-deps", "--only-binary=:all:", f"--dest={folder}",
            f"--requirement={ROOT / 'requirements/action.txt'}",
        ],
        env={**os.environ, **PIP}, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    if fetched.returncode != 0:
        what = f"the locked wheels cannot be fetched: {fetched.stderr[-500:]}"
        (pytest.fail if REQUIRED else pytest.skip)(what)
    return folder
