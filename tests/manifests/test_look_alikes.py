"""What looks like an image and is none, or is not for us to edit: each trap with a sample, and no byte of it changes.

Where the text equals a tracked reference, the place alone protects it: what servers write, names of image stream
tags, prose, push destinations. For the others the value does.
"""

from __future__ import annotations

import json
from fnmatch import fnmatch

import pytest

from gitops_streams.git.snapshot import MANIFESTS

WEB = "quay.io/acme/web"
TAGGED = f"{WEB}:1.4"
DIGEST = "sha256:" + "0" * 64
SOURCES = (
    TAGGED,
    "docker.io/library/nodejs:latest",
    "docker.io/library/alpine:latest",
    "docker.io/library/jupyterhub-img:latest",
    "docker.io/system/masters:latest",
    "docker.io/gitea/gitea-ssh:22",
    "docker.io/crossplane/provider:1",
    "localhost:5000/a/b:1",
    "docker.io/library/system:masters",
    "docker.io/library/localhost:8080",
)


@pytest.fixture(scope="module")
def streams() -> str:
    items = [
        {
            "apiVersion": "image.openshift.io/v1",
            "kind": "ImageStream",
            "metadata": {"name": f"s{number}"},
            "spec": {"tags": [{"name": "t", "from": {"kind": "DockerImage", "name": source}}]},
        }
        for number, source in enumerate(SOURCES)
    ]
    return json.dumps({"kind": "List", "apiVersion": "v1", "items": items})


@pytest.fixture
def changed(plan_files, streams):
    """Plan one document beside the streams, and return its new text if it has one."""

    def plan(text: str, path: str = "app.yaml") -> str | None:
        planned = plan_files({"streams.json": streams, path: text}, screen=False)
        # What is left alone is left alone for good reasons only if something else in the file is not.
        return next((file.after.decode() for file in planned.plan.files if file.path == path), None)

    return plan


SAMPLES = {
    "CRD schema": f"""
        kind: CustomResourceDefinition
        spec:
          versions:
          - schema:
              openAPIV3Schema:
                properties:
                  image: {{type: string, default: "{TAGGED}", description: "{TAGGED}"}}
                  repository: {{type: string, default: "{WEB}"}}
                  tag: {{type: string, default: "1.4"}}
                  spec: {{repository: "{WEB}", tag: "1.4"}}
        """,
    "JSON schema of values": f"""
        type: object
        properties:
          operator: {{type: string, default: "{TAGGED}", enum: ["{TAGGED}"], examples: ["{TAGGED}"]}}
        """,
    "pull policies and secrets": f"""
        spec:
          imagePullPolicy: {TAGGED}
          imagePullSecrets: [{{name: "{TAGGED}"}}]
          image_pull_secret: {TAGGED}
        """,
    "names of image stream tags": """
        kind: BuildConfig
        spec:
          strategy: {sourceStrategy: {from: {kind: ImageStreamTag, name: "nodejs:latest"}}}
          output: {to: {kind: ImageStreamTag, name: "jupyterhub-img:latest"}}
          triggers: [{imageChange: {from: {kind: ImageStreamTag, name: "nodejs:latest"}}}]
        """,
    "names of image stream tags that look like more": f"""
        kind: Custom
        spec: {{from: {{kind: ImageStreamTag, name: "{TAGGED}"}}, to: {{kind: ImageStreamImage, name: "{TAGGED}"}}}}
        """,
    "names of image stream tags under keys of ci-operator": f"""
        build_root: {{image_stream_tag: {{name: nodejs, namespace: openshift, tag: latest}}}}
        imageStreamRef: {{name: "nodejs:latest", repository: "{WEB}x", tag: "1.4"}}
        base_images: {{nodejs: {{name: nodejs, namespace: openshift, tag: latest}}}}
        """,
    "an image of a container that a trigger with a broken list of containers names": """
        kind: DeploymentConfig
        spec:
          triggers:
          - imageChangeParams: {containerNames: "-a -b", from: {kind: ImageStreamTag, name: "nodejs:latest"}}
          template:
            metadata: {annotations: {alpha.image.policy.openshift.io/resolve-names: "*"}}
            spec: {containers: [{name: a, image: "nodejs:latest"}], initContainers: [{name: b, image: "nodejs:latest"}]}
        """,
    "an image stream, as a strategic merge patch would have it": f"""
        kind: Other
        spec: {{tags: [{{name: a, from: {{name: "{TAGGED}"}}}}]}}
        """,
    "words with a colon": """
        subjects: [{name: "system:masters"}, {name: "role:readonly"}]
        base: alpine:latest
        runsIn: nodejs:latest
        """,
    "hosts with a port": """
        endpoint: localhost:8080
        upstream: quay.io:443
        registry: localhost:5000
        address: localhost:5000/a/b
        """,
    "images that triggers fill": """
        kind: DeploymentConfig
        spec: {template: {spec: {containers: [{image: " "}, {image: "{username}/x:1"}, {image: "ko://quay.io/acme/web"}]}}}
        """,
    "repositories of charts, Git and others": f"""
        dependencies: [{{name: web, repository: "oci://{WEB}", version: "1.4"}}]
        repository: {TAGGED}
        repo: {TAGGED}
        repoURL: oci://{TAGGED}
        chart: {TAGGED}
        restic: {{repository: "s3:{WEB}"}}
        git: {{repository: "https://{WEB}", tag: "1.4"}}
        """,
    "image keys with a bare word": """
        BUILD_IMAGE: false
        image: ubuntu-latest
        imageSize: 400x400
        vmImage: ubuntu-22.04
        """,
    "tags of other things": """
        custom_tags: {environment: {literal: {value: prod}}}
        filter: {tag: "1.4", name: quay.io/acme/web}
        mesh: {tag: latest}
        """,
    "org/name:tag under another key": """
        tcp: {22: "gitea/gitea-ssh:22"}
        spec: {package: "crossplane/provider:1"}
        """,
    "what servers write": f"""
        kind: Pod
        metadata:
          annotations:
            kubectl.kubernetes.io/last-applied-configuration: '{{"image": "{TAGGED}"}}'
        spec: {{triggers: [{{imageChangeParams: {{lastTriggeredImage: "{TAGGED}"}}}}]}}
        status: {{containerStatuses: [{{image: "{TAGGED}", imageID: "{WEB}@{DIGEST}"}}], used: "{TAGGED}"}}
        """,
    "a status within": f"""
        kind: Custom
        children: [{{status: {{used: "{TAGGED}"}}}}]
        """,
    "labels and annotations": f"""
        kind: Deployment
        metadata: {{annotations: {{image: "{TAGGED}", x: "{TAGGED}"}}, labels: {{image: "{TAGGED}"}}}}
        spec: {{template: {{metadata: {{annotations: {{nested: {{x: "{TAGGED}"}}}}}}}}}}
        commonAnnotations: {{x: "{TAGGED}"}}
        """,
    "prose": f"""
        description: {TAGGED}
        displayName: {TAGGED}
        message: {TAGGED}
        notes: [{TAGGED}]
        body: [{{attributes: {{description: "{TAGGED}"}}}}]
        text: use {TAGGED} instead
        """,
    "what a test expects": f"""
        suite: web
        tests: [{{asserts: [{{equal: {{path: "spec.image", value: "{TAGGED}"}}}}]}}]
        """,
    "what a BuildConfig pushes": f"""
        kind: BuildConfig
        spec: {{output: {{to: {{kind: DockerImage, name: "{TAGGED}"}}}}}}
        """,
    "what a Shipwright build pushes": f"""
        kind: Build
        spec: {{output: {{image: "{TAGGED}"}}}}
        """,
    "what a kpack image is tagged with": f"""
        kind: Image
        spec: {{tag: "{TAGGED}", additionalTags: {{tags: ["{TAGGED}"]}}}}
        """,
    "what a CI workflow pushes": f"""
        jobs:
          build:
            steps:
            - uses: docker/build-push-action@v6
              with: {{tags: "{TAGGED}", image: "{TAGGED}", push: true}}
            - uses: docker://localhost:5000/a/b:1
        """,
    "what Cloud Build pushes": f"""
        steps: [{{name: gcr.io/cloud-builders/docker, args: [build, -t, "{TAGGED}", .]}}]
        images: ["{TAGGED}"]
        artifacts: {{images: ["{TAGGED}"]}}
        """,
    "what Tekton tasks push": f"""
        kind: PipelineRun
        spec:
          params: [{{name: IMAGE, value: "{TAGGED}"}}, {{name: output-image, value: "{TAGGED}"}}]
          tasks: [{{params: [{{name: image, default: "{TAGGED}"}}]}}]
        """,
    "what command lines push": f"""
        kind: Pod
        spec:
          containers:
          - command: [skopeo, copy, "docker://{TAGGED}", "docker://{TAGGED}"]
          - command: [crane, cp, "{TAGGED}", "{TAGGED}"]
          - args: [--destination, "{TAGGED}"]
          - args: ["--destination={TAGGED}"]
          - args: ["--output-image={TAGGED}", "PUSH_TO={TAGGED}"]
          - args: [push, "{TAGGED}"]
          - args: [-B, "jib:build", "-Dimage={TAGGED}"]
          - args: [bud, "--image={TAGGED}", .]
        """,
    "what Ansible's modules build, push or pull by tag": f"""
        - tasks:
          - {{docker_image: {{name: {WEB}, tag: "1.4", source: build, push: true}}}}
          - {{community.docker.docker_image: {{name: "{TAGGED}", source: pull}}}}
        """,
    "what Compose builds": f"""
        services: {{web: {{build: ., image: "{TAGGED}"}}, api: {{build: {{context: ., tags: ["{TAGGED}"]}}}}}}
        """,
    "what Skaffold builds": f"""
        kind: Config
        build: {{artifacts: [{{image: "{TAGGED}"}}]}}
        """,
    "other keys for what is pushed": f"""
        outputImage: {TAGGED}
        destImageURL: {TAGGED}
        IMAGE_DESTINATION: {TAGGED}
        """,
    "Prow's and other lists of tags": f"""
        tags: ["{TAGGED}"]
        postsubmits: [{{spec: {{tags: ["{TAGGED}"]}}}}]
        """,
    "scripts": f"""
        script: ["{TAGGED}", "docker run {TAGGED}"]
        jobs: {{x: {{steps: [{{run: "{TAGGED}"}}]}}}}
        """,
    "files of a ConfigMap and of a Secret": f"""
        kind: ConfigMap
        data: {{list: "{TAGGED},{TAGGED}", a.txt: "{TAGGED} and more"}}
        ---
        kind: Secret
        stringData: {{list: "{TAGGED},{TAGGED}"}}
        """,
    "suffixes of tags": f"""
        kind: Kustomization
        images: [{{name: "{WEB}", tagSuffix: "-1.4"}}]
        """,
    "tags that Flux chooses": f"""
        kind: OCIRepository
        spec: {{url: "oci://{WEB}", ref: {{semver: ">= 1.4"}}}}
        ---
        kind: OCIRepository
        spec: {{url: "oci://{WEB}", ref: {{semver: "1.x", tag: "1.4"}}}}
        """,
    "a chart of Argo CD": f"""
        kind: Application
        spec: {{source: {{repoURL: "oci://{WEB}", targetRevision: "1.4", chart: web}}}}
        """,
    "items that a template puts together": f"""
        kind: Workflow
        spec: {{withItems: [{{image: "{WEB}", tag: "1.4"}}], image: "{{{{item.image}}}}:{{{{item.tag}}}}"}}
        """,
    "URLs and model URIs": f"""
        homepage: https://{TAGGED}
        storageUri: s3://{TAGGED}
        icon: //{TAGGED}
        """,
    "keys": f"""
        features: {{"{TAGGED}": {{}}}}
        """,
    "documents of other tools": f"""
        kind: ImageRepository
        spec: {{image: "{TAGGED}"}}
        ---
        kind: ImageStreamImport
        spec: {{images: [{{from: {{kind: DockerImage, name: "{TAGGED}"}}}}]}}
        """,
    "comments": f"""
        # image: {TAGGED}
        a: b  # {TAGGED}
        """,
    "variables": f"""
        image: "${{REGISTRY}}/web:1.4"
        other: "{WEB}:${{TAG}}"
        third: "{{{{ .Values.image }}}}"
        """,
    "items of loops, inputs, and images that are built": f"""
        strategy: {{matrix: {{include: [{{image: {WEB}, tag: "1.4"}}]}}}}
        withItems: [{{image: {WEB}, tag: "1.4"}}, {{image: alpine, tag: latest}}]
        generators: [{{list: {{elements: [{{image: {WEB}, tag: "1.4"}}]}}}}]
        with: {{image: {WEB}, tag: "1.4"}}
        builds: [{{image: {WEB}, tag: "1.4", dockerfile: Dockerfile}}]
        """,
    "hubs, repositories and versions of several images, and of drivers": """
        global: {hub: quay.io/acme, image: web, tag: "1.4"}
        pilot: {hub: quay.io/acme, image: web, tag: "1.4", variant: distroless}
        driver: {repository: quay.io/acme, image: web, version: "1.4"}
        chart: {repository: quay.io/acme, name: web, version: "1.4"}
        other: {image: alpine, tag: latest}
        package: {registry: "https://quay.io", name: acme/web, tag: "1.4"}
        """,
    "a Template's parameter that is more than a tag": """
        kind: Template
        message: "${B}"
        objects:
        - kind: Pod
          metadata: {labels: {version: "${TAG}"}}
          spec: {containers: [{image: "quay.io/acme/web:${TAG}"}, {image: "quay.io/acme/web:${B}"}]}
        parameters: [{name: TAG, value: "1.4"}, {name: B, value: "1.4"}]
        """,
    "variables of workflows": f"""
        on: push
        env: {{IMAGE: "{TAGGED}", OTHER: "{TAGGED}"}}
        jobs:
          build:
            runs-on: ubuntu-latest
            env: {{IMAGE: "{TAGGED}"}}
            steps:
            - run: docker build --tag "$IMAGE" . && docker push "$IMAGE"
              env: {{IMAGE: "{TAGGED}"}}
        """,
    "variables of workflows in two parts": f"""
        on: push
        env: {{IMAGE_NAME: {WEB}, IMAGE_TAG: "1.4"}}
        jobs:
          build:
            env: {{image: {WEB}, imageTag: "1.4"}}
            steps: [{{run: docker push "$IMAGE_NAME:$IMAGE_TAG"}}]
        """,
    "variables of pipelines in two parts": f"""
        variables: {{IMAGE_NAME: {WEB}, IMAGE_TAG: "1.4"}}
        build: {{script: [docker push "$IMAGE_NAME:$IMAGE_TAG"]}}
        """,
    "maps below what says that it is pushed": f"""
        parameters:
          outputImage: {{value: "{TAGGED}", description: where it goes}}
          pushImage: {{options: ["{TAGGED}"], value: "{TAGGED}"}}
        """,
    "images of DevSpace, which are built": f"""
        version: v1beta9
        images:
          web: {{image: {WEB}, tag: "1.4", dockerfile: ./Dockerfile}}
          other: {{image: {WEB}, tag: "1.4", build: {{disabled: false}}}}
          list: [{{name: {WEB}, tag: "1.4", context: .}}]
        """,
    "variables of pipelines": f"""
        variables: {{IMAGE: "{TAGGED}", OTHER: {{value: "{TAGGED}", expand: "false"}}}}
        build:
          variables: {{IMAGE_NAME: "{TAGGED}"}}
          script: [docker push "$IMAGE"]
        """,
}


def text_of(sample: str) -> str:
    lines = SAMPLES[sample].split("\n")[1:]
    return "".join(f"{line[8:]}\n" for line in lines if line.strip())


@pytest.mark.parametrize("sample", SAMPLES)
def test_nothing_is_edited(sample, changed):
    assert changed(text_of(sample)) is None


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_sample_hides_nothing_else(sample, changed):
    """A reference of the same file that is one is edited, so nothing else has kept the sample from it."""
    text = text_of(sample)
    after = changed(f"{text}---\nimage: {TAGGED}\n")
    assert after is not None
    assert after.startswith(f"{text}---\nimage: {TAGGED}@")


def test_templates_of_charts_are_no_manifests(changed):
    assert changed(f"image: {TAGGED}\nname: '{{{{ .Release.Name }}}}'\n", "charts/web/templates/a.yaml") is None


@pytest.mark.parametrize("path", ["README.md", "Dockerfile", "deploy.sh", "main.libsonnet"])
def test_files_that_are_no_manifests_are_not_read(path):
    assert not any(fnmatch(path, pathspec) for pathspec in MANIFESTS)
