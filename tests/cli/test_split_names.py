"""Names in parts and tags that are parameters, from the command line: shown, written, and at rest afterwards."""

from __future__ import annotations

import pytest

from gitops_streams.demo.images import Image
from gitops_streams.demo.registry import Registry

TEMPLATE = """\
apiVersion: template.openshift.io/v1
kind: Template
metadata: {{name: web}}
objects:
- kind: Deployment
  metadata: {{name: web, labels: {{app: web}}}}
  spec: {{template: {{spec: {{containers: [{{name: web, image: "${{IMAGE}}:${{IMAGE_TAG}}"}}]}}}}}}
parameters:
- name: IMAGE
  value: {host}/acme/web
- name: IMAGE_TAG # of the image
  value: "1.0"
"""
LABELLED = TEMPLATE.replace("app: web", "app: web, version: '${{IMAGE_TAG}}'")
POLICY = """\
kind: ClusterPolicy
spec:
  validator: {{repository: {host}/acme, image: web, version: "1.0"}}
  driver:
    repository: {host}/acme
    image: web
    version: "1.0"
"""
ISTIO = """\
pilot:
  hub: {host}/acme
  tag: 1.0
  image: web
sidecar: {{registry: "{host}", image: acme/web, tag: "1.0", digest: ""}}
"""


@pytest.fixture
def registry():
    with Registry() as running:
        yield running


def test_each_is_written_where_it_stands(workspace, registry):
    digest = registry.push("acme/web", "1.0", Image.build("web", "1.0"))
    host = registry.host
    workspace.stream("web", prod=f"{host}/acme/web:1.0")
    files = {"template.yaml": TEMPLATE, "labelled.yaml": LABELLED, "policy.yaml": POLICY, "values.yaml": ISTIO}
    for name, text in files.items():
        workspace.write(f"app/{name}", text.format(host=host))
    workspace.commit()
    before = {name: workspace.read(f"app/{name}").decode() for name in files}

    report = workspace.run("diff", "-o", "json").json
    sites = {
        (site["file"], site["pointer"]): (site["form"], site["after"])
        for result in report["results"]
        for site in result["sites"]
    }
    pinned = f"1.0@{digest}"
    assert sites == {
        ("app/template.yaml", "/parameters/1/value"): ("template", pinned),
        ("app/policy.yaml", "/spec/validator/version"): ("joined", pinned),
        ("app/values.yaml", "/pilot/tag"): ("joined", pinned),
        ("app/values.yaml", "/sidecar/digest"): ("joined", str(digest)),
    }
    skipped = {(item["file"], item["line"]): item["reason"] for item in report["skipped"]}
    assert skipped.keys() == {("app/labelled.yaml", 12), ("app/policy.yaml", 7)}
    assert skipped["app/labelled.yaml", 12] == "the parameter IMAGE_TAG is used otherwise too, on line 6"

    assert workspace.run("reconcile", "--publish", "commit").code == 0
    assert {name: workspace.read(f"app/{name}").decode() for name in files} == {
        "template.yaml": before["template.yaml"].replace('value: "1.0"', f'value: "{pinned}"'),
        "labelled.yaml": before["labelled.yaml"],
        "policy.yaml": before["policy.yaml"].replace('web, version: "1.0"', f'web, version: "{pinned}"'),
        "values.yaml": before["values.yaml"]
        .replace("tag: 1.0\n", f"tag: {pinned}\n")
        .replace('digest: ""', f'digest: "{digest}"'),
    }
    assert workspace.run("diff", "--exit-code").code == 0
    assert workspace.run("check").code == 0
