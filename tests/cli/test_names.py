"""Triggers and local names through the whole command line: found by Git's search, written, then left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gitops_streams.demo.images import Image
from gitops_streams.demo.registry import Registry

TRIGGERED = """\
kind: StatefulSet
metadata:
  name: web
  namespace: acme
  annotations:
    image.openshift.io/triggers: >-
      [{"from":{"kind":"ImageStreamTag","name":"web:prod"},
        "fieldPath":"spec.template.spec.containers[0].image"}]
spec:
  template:
    spec:
      containers:
        - name: web
          image: " "
"""
BARE = """\
kind: Pod
metadata: {namespace: acme}
spec:
  containers:
    - name: web
      image: web:prod
"""
ARGO = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: acme}
spec:
  ignoreDifferences:
    - kind: StatefulSet
      jsonPointers: [/spec/template]
"""


@pytest.fixture
def named(registry: Registry, workspace: Any) -> tuple[Any, str]:
    """Return a repository in which two places name ``acme/web:prod``, and what they are to say."""
    digest = registry.push("acme/web", "1.0", Image.build("web", "1"))
    workspace.stream("web", prod=f"{registry.host}/acme/web:1.0")
    declared = workspace.read("streams/web.yaml").decode()
    workspace.write("streams/web.yaml", declared.replace("spec:\n", "spec:\n  lookupPolicy: {local: true}\n"))
    workspace.write("triggered.yaml", TRIGGERED)
    workspace.write("bare.yaml", BARE)
    workspace.write("argo.yaml", ARGO)
    workspace.write("prose.yaml", "text: web, and nothing but web\n")
    workspace.commit()
    return workspace, f"{registry.host}/acme/web:1.0@{digest}"


def test_both_are_pinned_once_and_stay_bound(named: tuple[Any, str]) -> None:
    workspace, pinned = named
    done = workspace.run("reconcile", "-o", "json").json
    sites = {site["file"]: site for result in done["results"] for site in result["sites"]}
    assert {path: (site["form"], site["boundBy"]) for path, site in sites.items()} == {
        "triggered.yaml": ("trigger", "trigger"),
        "bare.yaml": ("local", "local"),
    }
    assert workspace.read("triggered.yaml").decode() == TRIGGERED.replace('" "', f'"{pinned}"')
    marked = f'{pinned} # {{"$imagestream": "acme/web:prod"}}'
    assert workspace.read("bare.yaml").decode() == BARE.replace("web:prod", marked)
    before = workspace.files()
    assert workspace.run("reconcile", "-o", "json").json["summary"]["sites"]["unchanged"] == 2
    assert workspace.files() == before


def test_a_saved_plan_writes_the_marker_too(named: tuple[Any, str], tmp_path: Path) -> None:
    workspace, pinned = named
    plan = tmp_path / "plan.json"
    plan.write_text(workspace.run("diff", "-o", "json").out)
    assert workspace.run("apply", plan).code == 0
    assert f'{pinned} # {{"$imagestream": "acme/web:prod"}}\n' in workspace.read("bare.yaml").decode()


@pytest.mark.parametrize("text", ["# anything else", '# {"$imagestream": "a:b"}\n# x', '# {"$imagestream": "a:b"} x'])
def test_a_saved_plan_writes_no_other_comment(named: tuple[Any, str], tmp_path: Path, text: str) -> None:
    workspace, _ = named
    saved = workspace.run("diff", "-o", "json").json
    (file,) = [file for file in saved["files"] if file["file"] == "bare.yaml"]
    file["patch"][0]["comments"][0]["text"] = text
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(saved))
    before = workspace.files()
    assert workspace.run("apply", plan).code == 1
    assert workspace.files() == before


def test_what_goes_over_gits_head_is_said_by_report_and_check(named: tuple[Any, str]) -> None:
    workspace, _ = named
    for verb in ("diff", "check"):
        problems = workspace.run(verb, "-o", "json").json["problems"]
        assert [(item["file"], item["line"], item["severity"]) for item in problems] == [
            ("argo.yaml", 7, "warning"),
            ("triggered.yaml", 6, "warning"),
        ]
