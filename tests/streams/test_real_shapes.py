"""Declarations in the shapes in which real ones come: own documents, written after OpenShift's library and others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gitops_streams.manifests import scan
from gitops_streams.plan.model import Rule
from gitops_streams.plan.whole_repositories import with_aliased
from gitops_streams.streams.follow import MAX_ALIASES, Broken, Followed, follow
from gitops_streams.streams.load import API_VERSIONS, load
from gitops_streams.streams.model import ANNOTATION_PREFIX, DockerImage, PushOnly, TagAlias
from gitops_streams.streams.own_annotations import EXTRAS
from gitops_streams.streams.status import HISTORY_LIMIT
from gitops_streams.streams.whole_repository import extended
from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.objects import objects
from gitops_streams.yamledit.problem import Severity

# The library's streams: server's fields in the spec, a status, metadata for the console, an alias last.
LIBRARY_JSON = """\
{
\t"kind": "ImageStream",
\t"apiVersion": "image.openshift.io/v1",
\t"metadata": {
\t\t"name": "lang",
\t\t"creationTimestamp": null,
\t\t"annotations": {"openshift.io/display-name": "Lang", "openshift.io/provider-display-name": "Example, Inc."}
\t},
\t"spec": {
\t\t"lookupPolicy": {"local": false},
\t\t"tags": [
\t\t\t{
\t\t\t\t"name": "3.12-ubi8",
\t\t\t\t"annotations": {
\t\t\t\t\t"description": "Build and run Lang 3.12.\\n\\nWARNING: \\u00fcber",
\t\t\t\t\t"sampleRepo": "https://example.com/lang-ex.git",
\t\t\t\t\t"supports": "lang:3.12,lang",
\t\t\t\t\t"tags": "builder,lang",
\t\t\t\t\t"version": "3.12"
\t\t\t\t},
\t\t\t\t"from": {"kind": "DockerImage", "name": "registry.example.com/ubi8/lang-312:latest"},
\t\t\t\t"generation": null,
\t\t\t\t"importPolicy": {},
\t\t\t\t"referencePolicy": {"type": "Local"}
\t\t\t},
\t\t\t{
\t\t\t\t"name": "latest",
\t\t\t\t"from": {"kind": "ImageStreamTag", "name": "3.12-ubi8"},
\t\t\t\t"generation": null,
\t\t\t\t"importPolicy": {},
\t\t\t\t"referencePolicy": {"type": "Local"}
\t\t\t}
\t\t]
\t},
\t"status": {"dockerImageRepository": ""}
}
"""

SAMPLES_LIST = """\
kind: List
apiVersion: v1
metadata: {}
items:
  - kind: ImageStream
    apiVersion: image.openshift.io/v1
    metadata:
      name: db
      annotations: {openshift.io/display-name: DB}
    spec:
      tags:
        - name: "10-el8"
          from: {kind: DockerImage, name: "registry.example.com/el8/db-10"}
          importPolicy: {scheduled: true, importMode: PreserveOriginal}
          referencePolicy: {type: Local}
        - name: latest
          from: {kind: ImageStreamTag, name: 10-el8}
  - kind: ImageStream
    apiVersion: v1
    metadata: {name: cache}
    spec:
      dockerImageRepository: registry.example.com/cache
  - kind: Template
    apiVersion: template.openshift.io/v1
    metadata: {name: cache-persistent}
    objects:
      - kind: ImageStream
        apiVersion: image.openshift.io/v1
        metadata: {name: "${APP}", annotations: {description: Keeps track of changes in the image}}
      - kind: DeploymentConfig
        apiVersion: apps.openshift.io/v1
        metadata: {name: "${APP}"}
    parameters: [{name: APP, value: cache}]
"""

NOTEBOOKS = """\
---
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
    labels:
        example.com/notebook-image: "true"
    annotations:
        example.com/notebook-image-order: "20"
    name: notebook
spec:
    lookupPolicy:
        local: true
    tags:
        # N Version of the image
        - annotations:
              example.com/notebook-software: |
                  [
                    {"name": "Lang", "version": "v3.12"}
                  ]
              openshift.io/imported-from: quay.io/acme/notebook
          from:
              kind: DockerImage
              name: $(notebook-image-n)
          name: "2025.2"
          referencePolicy:
              type: Source
        # N - 1 Version of the image
        - from:
              kind: DockerImage
              name: quay.io/acme/notebook@sha256:{digest}
          name: "2025.1"
          referencePolicy:
              type: Source
"""

S2I_DANGLING = """\
{"kind": "ImageStream", "apiVersion": "image.openshift.io/v1", "metadata": {"name": "s2i"}, "spec": {"tags": [
  {"name": "latest", "from": {"kind": "ImageStreamTag", "name": "3.12-ubi8"}},
  {"name": "3.11-ubi8", "from": {"kind": "DockerImage", "name": "registry.example.com/ubi8/s2i-311:1"}}]}}
"""


# An export of a live stream: what a server fills in, a tag that was pushed, an import that failed.
EXPORTED = """\
apiVersion: v1
kind: ImageStream
metadata:
  annotations:
    openshift.io/image.dockerRepositoryCheck: "2019-03-01T12:00:00Z"
    kubectl.kubernetes.io/last-applied-configuration: |
      {"apiVersion":"v1","kind":"ImageStream","metadata":{"name":"jenkins-agent"}}
  creationTimestamp: 2019-03-01T12:00:00Z
  generation: 3
  name: jenkins-agent
  namespace: ci
  resourceVersion: "123"
  uid: 0a0a0a0a-0000-11e9-8000-000000000000
spec:
  dockerImageRepository: quay.io/acme/jenkins-agent
  lookupPolicy:
    local: true
  tags:
  - annotations: null
    from:
      kind: DockerImage
      name: quay.io/acme/jenkins-agent:v4
    generation: 2
    importPolicy: {}
    name: v4
    referencePolicy:
      type: Source
  - annotations: null
    from: null
    generation: null
    importPolicy: {}
    name: pushed
    referencePolicy:
      type: Local
status:
  dockerImageRepository: image-registry.openshift-image-registry.svc:5000/ci/jenkins-agent
  publicDockerImageRepository: registry.apps.example.com/ci/jenkins-agent
  tags:
  - items:
    - created: 2019-03-01T12:00:05Z
      dockerImageReference: quay.io/acme/jenkins-agent@sha256:0000
      generation: 2
      image: sha256:0000
    tag: v4
  - conditions:
    - generation: 3
      lastTransitionTime: 2019-03-01T12:00:05Z
      message: 'dockerimage.image.openshift.io "quay.io/acme/jenkins-agent:gone" not found'
      reason: NotFound
      status: "False"
      type: ImportSuccess
    items: null
    tag: gone
"""

# Quickstarts: legacy Templates, in JSON, whose streams are empty, parametrised, or name a repository.
QUICKSTART = """\
{"kind": "Template", "apiVersion": "v1", "metadata": {"name": "app"},
 "labels": {"template": "app"},
 "objects": [
  {"kind": "ImageStream", "apiVersion": "v1", "metadata": {"name": "app"}},
  {"kind": "ImageStream", "apiVersion": "v1", "metadata": {"name": "nothing"}, "spec": null},
  {"kind": "ImageStream", "apiVersion": "v1", "metadata": {"name": "base"},
   "spec": {"dockerImageRepository": "${BASE}", "tags": [{"name": "latest"}]}},
  {"kind": "ImageStream", "apiVersion": "v1", "metadata": {"name": "sonar", "namespace": "ci"},
   "spec": {"dockerImageRepository": "docker.io/acme/sonar"}},
  {"kind": "ImageStream", "apiVersion": "v1", "metadata": {"name": "chain"},
   "spec": {"tags": [
    {"name": "latest", "from": {"kind": "ImageStreamTag", "name": "2"}},
    {"name": "2", "from": {"kind": "ImageStreamTag", "name": "sonar:lts", "namespace": "ci"}}]}}],
 "parameters": [{"name": "BASE", "value": "quay.io/acme/base"}]}
"""


def test_an_export(read, key):
    catalog = read(EXPORTED)
    assert (catalog.problems, catalog.invalid) == ((), ())
    (stream,) = catalog.streams
    assert (str(stream.key), stream.local_lookup) == ("ci/jenkins-agent", True)
    assert {tag.key.tag: (type(tag.source), tag.local) for tag in stream.tags} == {
        "v4": (DockerImage, False),
        "pushed": (PushOnly, True),
    }
    any_tag = with_aliased(extended(catalog, [key("ci/jenkins-agent:v3"), key("ci/jenkins-agent:pushed")]))
    assert sorted(tag.key.tag for tag in any_tag.tags.values() if tag.implied) == ["v3"]


def test_a_quickstart(read, key):
    catalog = with_aliased(read(QUICKSTART))
    assert catalog.invalid == ()
    assert [(problem.severity, problem.reason.partition(":")[0]) for problem in catalog.problems] == [
        (Severity.WARNING, 'ImageStream "base" is not followed')
    ]
    reached = follow(catalog, key("chain:latest"))
    assert isinstance(reached, Followed)
    assert str(reached.source) == "docker.io/acme/sonar:lts"
    assert [str(step) for step in reached.path] == ["chain:latest", "chain:2", "ci/sonar:lts"]


def test_the_library(read):
    catalog = read(LIBRARY_JSON)
    assert {key.tag: type(tag.source) for key, tag in catalog.tags.items()} == {
        "3.12-ubi8": DockerImage,
        "latest": TagAlias,
    }
    assert all(tag.local for tag in catalog.tags.values())
    assert (catalog.problems, catalog.invalid) == ((), ())


def test_the_samples(read):
    catalog = read(SAMPLES_LIST)
    assert [str(key) for key in catalog.tags] == ["db:10-el8", "db:latest"]
    assert [stream.key.name for stream in catalog.streams] == ["cache", "db"]
    assert [stream.whole.source.reference.name for stream in catalog.streams if stream.whole] == [
        "registry.example.com/cache"
    ]
    assert [problem.reason.partition(":")[0] for problem in catalog.problems] == [
        'ImageStream "${APP}" is not followed',
    ]


def test_notebooks(read):
    catalog = read(NOTEBOOKS.replace("{digest}", "0" * 64))
    assert [str(key) for key in catalog.tags] == ["notebook:2025.1"]
    assert catalog.streams[0].local_lookup
    assert len(catalog.problems) == 1


def test_a_real_dangling_alias_is_a_declaration_all_the_same(read):
    catalog = read(S2I_DANGLING)
    assert [str(key) for key in catalog.tags] == ["s2i:3.11-ubi8", "s2i:latest"]
    assert (catalog.problems, catalog.invalid) == ((), ())
    latest = next(tag for tag in catalog.tags if tag.tag == "latest")
    assert isinstance(follow(catalog, latest), Broken)


def test_the_page_about_streams_says_what_the_code_does(read):
    page = (Path(__file__).parent.parent.parent / "docs" / "imagestreams.md").read_text()
    example, *others = re.findall(r"^```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    catalog = read(example)
    assert [str(key) for key in catalog.tags] == ["acme/web:1.4", "acme/web:prod"]
    assert all(isinstance(follow(catalog, key), Followed) for key in catalog.tags)
    assert (catalog.problems, catalog.invalid) == ((), ())
    chosen = read(next(other for other in others if "gitops-streams.io/policy" in other))
    assert (chosen.problems, chosen.invalid) == ((), ())
    assert [str(tag.policy) for tag in chosen.tags.values()] == [
        "numerical asc of ^main-[0-9a-f]+-(?P<at>[0-9]+)$ as $at",
        "semver >=1.4 <2",
    ]
    annotations = re.findall(rf"^\| `{re.escape(ANNOTATION_PREFIX)}([^`]+)` \|", page, re.MULTILINE)
    assert annotations == sorted(EXTRAS)
    assert f"at most {MAX_ALIASES} steps" in page
    assert f"newest {HISTORY_LIMIT} of a tag" in page
    assert [rule.value for rule in Rule] == re.findall(r"^\d\. \*\*`([a-z]+)`\*\*", page, re.MULTILINE)
    assert all(f"`{version.rpartition('/')[2]}`" in page or f"`{version}`" in page for version in API_VERSIONS)


def test_every_stream_of_the_shared_corpus_is_read_or_explained(shared):
    inputs = sorted((shared / "cases" / "corpus").glob("*/input.yaml"))
    if not inputs:
        pytest.skip("the corpus is not there")
    declared = 0
    for path in inputs:
        located = scan.read(path.parent.name, path.read_bytes())
        if not isinstance(located, Located):
            continue
        found = [
            one
            for document in located.documents
            for one in objects(document.root)
            if one.kind == "ImageStream" and one.api_version in API_VERSIONS
        ]
        catalog = load([(path.parent.name, located)])
        explained = {problem.line for problem in catalog.problems}
        read = {stream.line for stream in catalog.streams}
        for one in found:
            lines = range(one.mapping.line, one.mapping.line + 8)
            assert one.mapping.line in read or explained.intersection(lines), (path, one.mapping.line)
        declared += len(found)
    assert declared
