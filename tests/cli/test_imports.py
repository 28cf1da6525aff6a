"""What a plain dry run imports: of this program's rooms, and of its dependencies, only what it works with."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

SCRIPT = """
import atexit, json, sys
target = sys.argv.pop(1)
atexit.register(lambda: json.dump(sorted(sys.modules), open(target, "w")))
from gitops_streams.cli import main
main()
"""
UNUSED = {
    "gitops_streams.config.parse": "there is no configuration file",
    "gitops_streams.config.publishing": "nothing is published",
    "gitops_streams.forges.forge": "nothing is published",
    "gitops_streams.forges.http": "nothing is published",
    "gitops_streams.forges.settings": "nothing is published",
    "gitops_streams.git.commit": "nothing is written",
    "gitops_streams.git.commit_tree": "the work tree is read",
    "gitops_streams.git.deepen": "nothing moves that was recorded before",
    "gitops_streams.git.identity": "nothing is written",
    "gitops_streams.git.log": "nothing moves that was recorded before",
    "gitops_streams.git.push": "nothing is published",
    "gitops_streams.oci.image": "no image is looked at",
    "gitops_streams.oci.manifest": "the answer to a HEAD says what is there",
    "gitops_streams.plan.saved": "no plan is read",
    "gitops_streams.publish": "nothing is published",
    "gitops_streams.registry.choosing": "no policy chooses a tag",
    "gitops_streams.registry.httpx_transport": "no proxy is spoken to in TLS",
    "gitops_streams.registry.inspect": "no image is looked at",
    "gitops_streams.registry.tags": "no policy chooses a tag",
    "gitops_streams.render.json_report": "a table is wanted",
    "gitops_streams.render.review_phrases": "no image is looked at",
    "gitops_streams.review.delta": "no image is looked at",
    "gitops_streams.review.lifecycle": "there is no pull request",
    "gitops_streams.review.policy": "nothing is published",
    "gitops_streams.review.pull_request": "there is no pull request",
    "gitops_streams.streams.choose": "no policy chooses a tag",
    "gitops_streams.streams.gate_annotations": "no annotation asks for a gate",
    "gitops_streams.streams.semver": "no policy chooses a tag",
    "gitops_streams.streams.tag_policy": "no policy chooses a tag",
    "gitops_streams.yamledit.patch": "a table is wanted",
    "gitops_streams.yamledit.prove": "nothing is written",
    "asyncio": "there are threads",
    "cronsim": "nothing is frozen",
    "git": "git is run as it is",
    "httpx": "no proxy is spoken to in TLS",
    "jsonpatch": "nothing is written",
    "jsonschema": "there is no configuration file",
    "re2": "no policy has a pattern",
    "ruamel.yaml": "nothing is written",
    "ssl": "the registry is spoken to in the clear",
    "zoneinfo": "nothing is frozen",
}
"""Modules that a plain dry run does without, and why: each costs every run its time."""


def modules_of_a_dry_run(workspace) -> set[str]:
    target = workspace.folder.parent / "modules.json"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, target, "diff", "-C", workspace.folder],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert "1 changed" in done.stdout, done.stderr
    loaded = set(json.loads(target.read_text()))
    assert "gitops_streams.plan.build" in loaded
    return loaded


def test_a_plain_dry_run_imports_nothing_that_it_does_not_use(workspace, registry):
    workspace.follow(registry, "web")
    loaded = modules_of_a_dry_run(workspace)
    assert {name: why for name, why in UNUSED.items() if name in loaded} == {}


@pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="a helper needs Linux and a second processor"
)
def test_a_run_that_leaves_all_asking_to_a_helper_imports_no_client(workspace, registry):
    workspace.follow(registry, "web")
    workspace.stream("many", **{f"v{number}": f"{registry.host}/acme/web:{number}" for number in range(200)})
    loaded = modules_of_a_dry_run(workspace)
    assert loaded.isdisjoint({"gitops_streams.registry.client", "gitops_streams.registry.transport"})
    assert "tabulate" in loaded
