"""References within strings, from the command line: planned, piped into apply, committed, and at rest afterwards."""

from __future__ import annotations

import json

import pytest

from gitops_streams.demo.images import Image
from gitops_streams.demo.registry import Registry

PATCHES = """\
kind: Kustomization
patches:
  - target: {{kind: Deployment, name: web}}
    patch: |-
      # keep this
      - op: replace
        path: /spec/template/spec/containers/0/image
        value: {web}
configMapGenerator:
  - name: x
"""
RELEASE = """\
kind: HelmRelease
metadata: {{name: hr}}
spec:
  values:
    PROFILES: '{{"a": {{"image": "{web}", "why": "it''s new"}}}}'
    files: |
      see {web}
"""


@pytest.fixture
def registry():
    with Registry() as running:
        yield running


@pytest.fixture
def shop(workspace, registry):
    digest = registry.push("acme/web", "1.0", Image.build("web", "1.0"))
    web = f"{registry.host}/acme/web:1.0"
    workspace.stream("web", prod=web)
    workspace.write("app/kustomization.yaml", PATCHES.format(web=web))
    workspace.write("app/release.yaml", RELEASE.format(web=web))
    workspace.commit()
    return workspace, web, f"{web}@{digest}"


def test_a_plan_is_carried_out_as_it_was_made(shop, tmp_path):
    workspace, web, pinned = shop
    expected = {
        path: workspace.read(path).replace(web.encode() + ending, pinned.encode() + ending)
        for path, ending in (("app/kustomization.yaml", b"\n"), ("app/release.yaml", b'"'))
    }
    plan = tmp_path / "plan.json"
    plan.write_text(workspace.run("diff", "-o", "json").out)
    document = json.loads(plan.read_text())
    sites = [site for result in document["results"] for site in result["sites"]]
    assert {site["file"]: site["embedded"] for site in sites} == {
        "app/kustomization.yaml": {"document": 0, "pointer": "/0/value"},
        "app/release.yaml": {"document": 0, "pointer": "/a/image"},
    }
    assert [(item["file"], item["line"]) for item in document["skipped"]] == [("app/release.yaml", 7)]
    done = workspace.run("apply", plan)
    assert done.code == 0, done.text
    assert {path: workspace.read(path) for path in expected} == expected
    assert workspace.run("check").code == 0
    assert workspace.run("diff", "--exit-code").code == 0
    listed = [
        (site["file"], site["line"], site.get("embedded"))
        for site in workspace.run("sites", "-o", "json").json["sites"]
    ]
    assert listed == [
        ("app/kustomization.yaml", 8, {"document": 0, "pointer": "/0/value"}),
        ("app/release.yaml", 5, {"document": 0, "pointer": "/a/image"}),
        ("app/release.yaml", 7, None),
    ]


def test_reconcile_writes_the_same(shop, tmp_path):
    workspace, web, pinned = shop
    diff = workspace.run("diff", "-o", "diff").out
    assert f"-        value: {web}\n+        value: {pinned}\n" in diff
    for form in ("table", "markdown", "html", "json-patch"):
        assert workspace.run("diff", "-o", form).code == 0
    assert workspace.run("reconcile", "--publish", "commit").code == 0
    assert workspace.git("show", "--stat", "--format=", "HEAD").count("app/") == 2
    assert pinned.encode() in workspace.read("app/kustomization.yaml")
    assert workspace.run("diff", "--exit-code").code == 0
    # A change that takes the pin out again is told by the line of the file.
    base = workspace.git("rev-parse", "HEAD").strip()
    workspace.write("app/release.yaml", workspace.read("app/release.yaml").replace(pinned.encode(), web.encode()))
    workspace.commit("unpin")
    checked = json.loads(workspace.run("check", "--base", base, "-o", "json").out)
    (pin,) = checked["pins"]
    assert (pin["file"], pin["line"], pin["pointer"]) == ("app/release.yaml", 5, "/spec/values/PROFILES")
    assert pin["embedded"] == {"document": 0, "pointer": "/a/image"}


def test_a_plan_is_refused_where_the_string_has_changed(shop, tmp_path):
    workspace, _, _ = shop
    plan = tmp_path / "plan.json"
    document = json.loads(workspace.run("diff", "-o", "json").out)
    (entry,) = [entry for entry in document["files"] if entry["file"] == "app/release.yaml"]
    entry["patch"][0]["embedded"][0]["patch"][0]["ops"][1]["value"] += "0"
    plan.write_text(json.dumps(document))
    before = workspace.files()
    done = workspace.run("apply", plan)
    assert done.code == 1
    assert "is not its new value" in done.err
    assert workspace.files() == before
