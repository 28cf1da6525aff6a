"""Plans to be shown."""

from __future__ import annotations

import json

import pytest

from gitops_streams.oci.resolution import Cause, Unresolvable

HOSTILE = (
    "a\x1b[31m|`b``\r\n# c\n<script>alert(1)</script><!-- @maintainer #12 !3 acme/web#4 GH-5 &amp; ~~x~~ **y** "
    "![i](https://evil.example/i.png) [l](javascript:x) https://evil.example www.evil.example me@evil.example "
    "\u202e\u2028\x9b2J\\|\\` {{7*7}} ${{ secrets.X }} :tada: | --- |"
)
"""What nobody should be able to make a terminal, a forge or a reader of Markdown act upon."""


@pytest.fixture(scope="session")
def stream():
    """Declare a stream with its tags and their sources."""

    def declare(name: str, **tags: str) -> str:
        entries = [{"name": tag, "from": {"kind": "DockerImage", "name": source}} for tag, source in tags.items()]
        document = {"apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": {"name": name}}
        return json.dumps({**document, "spec": {"tags": entries}}) + "\n"

    return declare


@pytest.fixture(scope="session")
def mixed(plan_files, stream):
    """A plan with something of every outcome that there is so far."""
    old = "sha256:" + "0" * 64
    answer = Unresolvable(Cause.DENIED, "quay.io answers 403", "log in: docker login quay.io")
    files = {
        "streams.json": stream("web", prod="quay.io/acme/web:1.4", dead="quay.io/acme/web:0", x="nginx:1", y="nginx:1"),
        "deploy/web.yaml": (
            f"kind: Pod\nspec:\n- image: quay.io/acme/web:1.4 # first\n- image: quay.io/acme/web:1.4@{old}\n"
            f'- image: nginx:1\n- image: quay.io/acme/web:0\n- image: {{repository: quay.io/acme/web, tag: &t "1.4"}}\n'
            "  version: *t\n"
        ),
        "kustomization.yaml": "images:\n- name: quay.io/acme/web\n  newTag: '1.4'\n",
        "broken.yaml": "image: quay.io/acme/web:1.4: x\n",
    }
    return plan_files(files, answers={"quay.io/acme/web:0": answer}).plan


@pytest.fixture(scope="session")
def hostile(plan_files, stream):
    """A plan into which every foreign text is as hostile as it can be."""
    answer = Unresolvable(Cause.DENIED, f"the registry says {HOSTILE}", HOSTILE)
    files = {
        "streams.json": stream("web", prod="quay.io/acme/web:1.4", dead="quay.io/acme/web:0"),
        f"{HOSTILE}.yaml": (
            "a: {image: 'quay.io/acme/web:1.4'}\nb: {image: 'quay.io/acme/web:0'}\n"
            f"c: {{repository: quay.io/acme/web, tag: '1.4', digest: {json.dumps(HOSTILE)}}}\n"
            f"d: [{{repository: quay.io/acme/web, tag: &t '1.4'}}, *t]\n"
        ),
        f"{HOSTILE}{HOSTILE}.yaml": "a: [quay.io/acme/web:1.4\n",
    }
    return plan_files(files, answers={"quay.io/acme/web:0": answer}).plan
