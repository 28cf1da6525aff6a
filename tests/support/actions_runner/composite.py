"""Runs a composite action's steps as the runner does, on this machine and without any other action."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from actions_runner.commands import Log, read_log
from actions_runner.expressions import evaluate, interpolate
from actions_runner.files import read_outputs


@dataclass
class Ran:
    """One run of an action."""

    code: int
    outputs: dict[str, str]
    log: Log
    text: str
    """The log as it was printed."""
    summary: str
    used: list[str] = field(default_factory=list)
    """The other actions that would have been used."""


def run_action(
    folder: Path,
    *,
    inputs: Mapping[str, str],
    environment: Mapping[str, str],
    temp: Path,
    workspace: Path,
    token: str = "",
    uses: Mapping[str, Mapping[str, str]] | None = None,
) -> Ran:
    """Run an action.

    Args:
        folder: the action's checkout.
        inputs: what ``with:`` says; defaults of action.yml are added.
        environment: the job's variables.
        temp: ``RUNNER_TEMP``.
        workspace: ``GITHUB_WORKSPACE``.
        token: ``github.token``.
        uses: outputs of other actions, by the id of the step.
    """
    action = yaml.safe_load((folder / "action.yml").read_text())
    unknown = set(inputs) - set(action["inputs"])
    if unknown:
        raise ValueError(f"the action has no input {unknown}")
    contexts: dict[str, Any] = {"github": {"token": token}, "steps": {}}
    contexts["inputs"] = {
        name: inputs.get(name, interpolate(str(about.get("default", "")), contexts))
        for name, about in action["inputs"].items()
    }
    summary = temp / "summary.md"
    summary.write_text("")
    ran = Ran(0, {}, Log(), "", "")
    for number, step in enumerate(action["runs"]["steps"]):
        if "if" in step and not evaluate(step["if"], contexts):
            continue
        name = step.get("id", str(number))
        if "uses" in step:
            ran.used.append(step["uses"])
            contexts["steps"][name] = {"outputs": dict((uses or {})[name])}
            continue
        assert step["shell"] == "bash"
        output = temp / f"output-{number}"
        output.write_text("")
        script = temp / f"step-{number}.sh"
        script.write_text(interpolate(step["run"], contexts))
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=workspace,
            env={
                **environment,
                "GITHUB_ACTION_PATH": str(folder),
                "GITHUB_ACTIONS": "true",
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(summary),
                "GITHUB_WORKSPACE": str(workspace),
                "RUNNER_OS": "Linux",
                "RUNNER_TEMP": str(temp),
                **{key: interpolate(value, contexts) for key, value in step.get("env", {}).items()},
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=240,
            check=False,
        )
        ran.text += done.stdout.decode("utf-8", "replace")
        contexts["steps"][name] = {"outputs": read_outputs(output.read_text())}
        if done.returncode != 0:
            ran.code = done.returncode
            break
    ran.log = read_log(ran.text)
    ran.outputs = {name: interpolate(about["value"], contexts) for name, about in action["outputs"].items()}
    ran.summary = summary.read_text()
    return ran
