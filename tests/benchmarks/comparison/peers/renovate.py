"""Renovate, as a local dry run: it looks everything up and says in its log what it would change."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from comparison.judging import Proposal, Verdict, judge_proposals
from comparison.measure import Command

from .peer import EVERY_STAGE, Scene, Stage, first_line, fresh_clone

FOLDER_VARIABLE = "GITOPS_STREAMS_BENCH_RENOVATE"
"""Names the folder that Renovate was installed into by npm, where it is not on PATH."""


_DIGEST_UPDATES = frozenset({"pin", "pinDigest", "digest"})


def configuration(host: str) -> dict[str, object]:
    """Return a configuration that lets Renovate pin all that it can, and look for nothing but digests.

    ``pinDigests`` at the top level does not reach the managers for kustomize and Helm, which switch it off
    themselves; a package rule does. Updates to other versions are switched off, because they are another job.
    """
    return {
        "onboarding": False,
        "requireConfig": "ignored",
        "enabledManagers": ["kubernetes", "kustomize", "helm-values"],
        "kubernetes": {"managerFilePatterns": ["/\\.ya?ml$/"]},
        "packageRules": [
            {"matchDatasources": ["docker"], "pinDigests": True},
            {"matchUpdateTypes": ["major", "minor", "patch"], "enabled": False},
        ],
        "hostRules": [{"matchHost": host, "insecureRegistry": True, "abortOnError": False}],
        "repositoryCache": "disabled",
    }


def proposals(log: Iterable[str]) -> Iterator[Proposal]:
    """Read what Renovate would change from its log, one JSON object a line.

    The log also lists updates to other versions, which the configuration switches off: these are no proposals.
    """
    for line in log:
        entry = json.loads(line)
        if entry.get("msg") != "packageFiles with updates":
            continue
        for files in entry["config"].values():
            for file in files:
                for dependency in file["deps"]:
                    name = dependency.get("packageName") or dependency["depName"]
                    for update in dependency.get("updates", []):
                        if update.get("updateType") not in _DIGEST_UPDATES:
                            continue
                        value = update.get("newValue") or dependency.get("currentValue")
                        yield Proposal(file["packageFile"], f"{name}:{value}", update.get("newDigest") or "")


@dataclass(frozen=True)
class Renovate:
    """Renovate with an empty package cache, or with the one that the run before left."""

    name: str
    cold: bool
    stages: frozenset[Stage] = EVERY_STAGE
    slow: bool = True
    note: str = (
        "writes nothing: its proposals are judged. Besides one HEAD a reference it lists tags and reads a manifest and "
        "a configuration for each repository, for versions and notes."
    )

    def missing(self) -> str:
        """Look for its script and for Node."""
        if _script() is None:
            return f"not on PATH, and {FOLDER_VARIABLE} (or --renovate) names no folder that npm installed it into"
        return "" if _node() is not None else "it is installed, but Node is not"

    def version(self) -> str:
        """Read the installed package's version."""
        script = _script()
        package = script.parent.parent / "package.json" if script is not None else Path()
        return (
            f"renovate {json.loads(package.read_text())['version']}, Node {first_line(_node() or 'node', '--version')}"
        )

    def prepare(self, scene: Scene) -> Command:
        """Write its configuration, clone the tree, and empty the cache if it must be cold."""
        if self.cold:
            shutil.rmtree(scene.work / "base", ignore_errors=True)
        config, log = scene.work / "config.json", scene.work / "log"
        config.write_text(json.dumps(configuration(scene.host)))
        log.unlink(missing_ok=True)
        environment = {
            "RENOVATE_CONFIG_FILE": str(config),
            "RENOVATE_BASE_DIR": str(scene.work / "base"),
            "RENOVATE_CACHE_DIR": str(scene.work / "base" / "cache"),
            "LOG_LEVEL": "warn",
            "LOG_FILE": str(log),
            "LOG_FILE_LEVEL": "debug",
            "LOG_FILE_FORMAT": "json",
        }
        arguments = (_node() or "node", str(_script()), "--platform=local")
        return Command(arguments, fresh_clone(scene), environment)

    def judge(self, scene: Scene, _output: bytes) -> Verdict:
        """Judge what it proposes in its log."""
        with (scene.work / "log").open() as log:
            return judge_proposals(proposals(log), scene.expected)


def _script() -> Path | None:
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        script = Path(folder, "node_modules", "renovate", "dist", "renovate.js")
        return script.resolve() if script.is_file() else None
    found = shutil.which("renovate")
    return Path(found).resolve() if found else None


def _node() -> str | None:
    folder = os.environ.get(FOLDER_VARIABLE)
    installed = Path(folder, "node_modules", ".bin", "node") if folder else None
    if installed is not None and installed.exists():
        return str(installed.resolve())
    return shutil.which("node")
