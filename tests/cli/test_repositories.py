"""``dockerImageRepository`` and ``referencePolicy: Local`` through the whole command line."""

from __future__ import annotations

from typing import Any

from gitops_streams.demo.images import Image
from gitops_streams.demo.registry import Registry
from gitops_streams.streams.whole_repository import MAX_TAGS

WHOLE = """\
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {{name: web, namespace: acme}}
spec:
  dockerImageRepository: {host}/acme/web
  tags:
    - {{name: prod, from: {{kind: ImageStreamTag, name: "1.0"}}}}
"""
LOCAL = "\n      referencePolicy: {type: Local}\n"
MARKED = 'image: {}  # {{"$imagestream": "{}"}}\n'
SVC = "registry.svc:5000"


def test_tags_of_a_whole_repository_are_pinned_as_they_are_used(registry: Registry, workspace: Any):
    digests = {tag: registry.push("acme/web", tag, Image.build("web", tag)) for tag in ("1.0", "1.1", "2.0")}
    workspace.write("streams/web.yaml", WHOLE.format(host=registry.host))
    path = workspace.deploy("web", f"{registry.host}/acme/web:1.1")
    workspace.write("deploy/marked.yaml", MARKED.format("x", "acme/web:prod"))

    (unpinned, _) = [line for line in workspace.run("check").out.splitlines() if "has no digest" in line]
    assert "acme/web:1" in unpinned or "deploy/" in unpinned
    done = workspace.run("reconcile", "-o", "json")
    assert done.code == 0
    outcomes = {f"{each['stream']}:{each['tag']}": each["outcome"] for each in done.json["results"]}
    assert outcomes == {"acme/web:1.0": "unchanged", "acme/web:1.1": "changed", "acme/web:prod": "changed"}
    assert f"/acme/web:1.1@{digests['1.1']}" in workspace.read(path).decode()
    assert f"/acme/web:1.0@{digests['1.0']}" in workspace.read("deploy/marked.yaml").decode()
    # Nothing lists tags, and a tag that nothing uses is not asked for.
    assert done.json["summary"]["requests"] == 2

    before = workspace.files()
    assert workspace.run("reconcile").code == 0
    assert workspace.files() == before
    assert workspace.run("check").code == 0
    assert "1.1" in workspace.run("status").out

    # A tag that OpenShift would never find after its first import.
    workspace.deploy("new", f"{registry.host}/acme/web:2.0")
    assert workspace.run("reconcile").code == 0
    assert f"@{digests['2.0']}" in workspace.read("deploy/new.yaml").decode()


def test_pin_digest_leaves_the_tag_to_the_history(registry: Registry, workspace: Any):
    registry.push("acme/web", "1.1", Image.build("web", "1"))
    workspace.write("streams/web.yaml", WHOLE.format(host=registry.host).partition("  tags:")[0])
    workspace.config("pin: digest\n")
    path = workspace.deploy("web", f"{registry.host}/acme/web:1.1")
    workspace.write(path, workspace.read(path).decode().replace(":1.1 ", f":1.1@sha256:{'0' * 64} "))
    assert workspace.run("reconcile").code == 0
    workspace.write(path, workspace.read(path).decode().replace(":1.1@", "@"))
    moved = registry.push("acme/web", "1.1", Image.build("web", "2"))
    assert workspace.run("reconcile").code == 0
    assert f"/acme/web@{moved}" in workspace.read(path).decode()


def test_more_tags_than_the_limit(registry: Registry, workspace: Any):
    image = Image.build("web", "1")
    workspace.write("streams/web.yaml", WHOLE.format(host=registry.host).partition("  tags:")[0])
    for number in range(MAX_TAGS + 1):
        registry.push("acme/web", f"1.{number}", image)
        workspace.deploy(f"web-{number}", f"{registry.host}/acme/web:1.{number}")
    done = workspace.run("reconcile")
    assert done.code == 0
    assert "declare it in spec.tags" in done.text
    unpinned = [
        path for path, data in workspace.files().items() if path.startswith(b"deploy/") and b"@sha256" not in data
    ]
    assert unpinned == [b"deploy/web-0.yaml"]


def test_init_proposes_nothing_for_a_whole_repository(registry: Registry, workspace: Any):
    workspace.write("streams/web.yaml", WHOLE.format(host=registry.host))
    workspace.deploy("web", f"{registry.host}/acme/web:1.1")
    before = workspace.files()
    assert workspace.run("init", "--write").code == 0
    assert workspace.files() == before


def test_local_references(registry: Registry, workspace: Any):
    path, digest = workspace.follow(registry, "web")
    source = workspace.read(path)
    declared = workspace.read("streams/web.yaml").decode()
    workspace.write("streams/web.yaml", declared.rstrip("\n") + LOCAL)
    workspace.write("deploy/marked.yaml", MARKED.format("x", "acme/web:prod"))
    workspace.write("deploy/local.yaml", f"image: {SVC}/acme/web:prod\n")

    without = workspace.run("reconcile", "--dry-run")
    assert without.code == 0
    assert "acme/web:prod says referencePolicy Local, but localRegistry is not configured" in without.line("Local")

    workspace.config(f"localRegistry: {SVC}\n")
    done = workspace.run("reconcile")
    assert done.code == 0
    assert "referencePolicy" not in done.text
    assert workspace.read("deploy/marked.yaml").decode() == MARKED.format(
        f"{SVC}/acme/web:prod@{digest}", "acme/web:prod"
    )
    assert workspace.read("deploy/local.yaml").decode() == f"image: {SVC}/acme/web:prod@{digest}\n"
    assert workspace.read(path) == source.replace(b"/web:1.0 ", f"/web:1.0@{digest} ".encode())
    before = workspace.files()
    assert workspace.run("reconcile").code == 0
    assert workspace.files() == before
    assert workspace.run("check").code == 0
