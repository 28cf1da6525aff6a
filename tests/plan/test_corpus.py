"""The real manifests of the shared corpus: byte-exact, proven, and left as they are by a second run."""

from __future__ import annotations

import json

import pytest

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.oci.resolution import Method, Resolved
from gitops_streams.yamledit.prove import prove

CASES = {
    "cloudbuild-name",
    "compose-commented",
    "core-deployment-tag",
    "cronjob-env-image",
    "crossplane-package",
    "flux-instance-artifact",
    "helmrelease-anchor-alias",
    "helmrelease-int-tag",
    "helmrelease-json-env",
    "helmrelease-string-image",
    "imagestream-input",
    "imagestream-list",
    "ko-overrides",
    "kustomize-generator-literal",
    "kustomize-newtag",
    "ocirepository-tag",
    "template-blank-image",
    "template-json-params",
    "trap-tcp-map",
    "unparsable-template",
    "values-kubearchive",
}


def load(shared, name):
    folder = shared / "cases" / "corpus" / name
    case = json.loads((folder / "case.json").read_text())
    return case, (folder / "input.yaml").read_bytes(), (folder / "expected.yaml").read_bytes()


def plan_case(plan_files, case, content):
    """Declare a stream for each tracked image, and plan the case's file."""
    items, answers = [], {}
    for number, (name, digest) in enumerate(sorted(case["tracked"].items())):
        reference = Reference.parse(name)
        # Two spellings of one image are one image; the first one's digest counts.
        question = f"{reference.repository}:{reference.tag}"
        if question in answers:
            continue
        answers[question] = Resolved(Digest.parse(digest), "application/json", "registry.test", Method.HEAD)
        tags = [{"name": "tracked", "from": {"kind": "DockerImage", "name": name}}]
        items.append(
            {
                "apiVersion": "image.openshift.io/v1",
                "kind": "ImageStream",
                "metadata": {"name": f"tracked{number}", "namespace": "tests"},
                "spec": {"tags": tags},
            }
        )
    streams = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    path = f"app/{case['filename']}"
    # What cannot be parsed is reported if it is looked at, which its bytes alone may not be a reason for.
    screen = case.get("parses", True)
    return path, plan_files({"streams-of-the-test.json": streams, path: content}, answers=answers, screen=screen)


def test_no_case_is_left_out(shared):
    assert {folder.name for folder in (shared / "cases" / "corpus").iterdir() if folder.is_dir()} == CASES


@pytest.mark.parametrize("name", sorted(CASES))
def test_writes_the_expected_bytes(name, shared, plan_files):
    case, content, expected = load(shared, name)
    path, planned = plan_case(plan_files, case, content)
    assert planned.files[path] == expected
    for file in planned.plan.files:
        prove(file.path, file.text, file.after.decode(), file.edits, file.patches)
    _, again = plan_case(plan_files, case, planned.files[path])
    assert again.plan.files == ()
    if not case.get("parses", True):
        assert [problem.file for problem in planned.plan.problems] == [path]
