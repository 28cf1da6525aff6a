"""Saved plans whose edits are within strings: taken back to the same bytes, or refused."""

from __future__ import annotations

import copy
import json

import jsonpatch
import pytest
from jsonschema import Draft202012Validator

from gitops_streams import schemas
from gitops_streams.errors import PlanRefused
from gitops_streams.plan import saved
from gitops_streams.plan.proven import proven
from gitops_streams.render import json_patch, json_report, unified_diff
from gitops_streams.render.report import Report
from gitops_streams.yamledit.failsafe import from_located
from gitops_streams.yamledit.locate import Located, locate

WEB = "quay.io/acme/web:1.4"
FILES = {
    "app/kustomization.yaml": f"""\
patches:
  - target: {{kind: Deployment, name: a}}
    patch: &p |-
      # why
      - op: replace
        path: /spec/template/spec/containers/0/image
        value: {WEB}  # here
  - target: {{kind: Deployment, name: b}}
    patch: *p
  - patch: |
      images: [{{name: w, newName: quay.io/acme/web, newTag: '1.4'}}]
      env: '{{"JOB": "{{\\"image\\": \\"{WEB}\\"}}"}}'
      spec:
        containers:
        - image: web:prod
---
image: {WEB}
""",
    "job.json": json.dumps({"kind": "Job", "args": [json.dumps({"image": WEB}), f"--web={WEB}"]}),
}


@pytest.fixture
def planned(plan_files, stream):
    stream_text = json.loads(stream("web", prod=WEB))
    stream_text["spec"]["lookupPolicy"] = {"local": True}
    return plan_files(FILES | {"streams.json": json.dumps(stream_text)})


@pytest.fixture
def document(planned):
    return json.loads(json_report.render(Report(proven(planned.plan))))


def read(document) -> saved.SavedPlan:
    return saved.read(json.dumps(document).encode(), schemas.load("plan"), "plan.json")


def test_gives_the_same_files(planned, document):
    fitted = [saved.fit(file, FILES[file.path].encode()) for file in read(document).files]
    assert [(file.path, file.after) for file in fitted] == [(file.path, file.after) for file in planned.plan.files]
    assert [file.patches for file in fitted] == [file.patches for file in planned.plan.files]
    assert len(fitted) == 2
    assert b"web:1.4@sha256:" in fitted[0].after
    assert fitted[0].after.count(b'# {"$imagestream": "web:prod"}') == 1


def test_a_site_says_where_it_stands_within(document):
    Draft202012Validator(schemas.load("plan")).validate(document)
    (result,) = document["results"]
    sites = {site["line"]: site for site in result["sites"] if site["file"] == "app/kustomization.yaml"}
    assert sites[7]["pointer"] == "/patches/0/patch"
    assert sites[7]["embedded"] == {"document": 0, "pointer": "/0/value"}
    assert sites[7]["before"] == WEB
    assert sites[12]["pointer"] == "/patches/2/patch"
    deep = [
        {"document": 0, "pointer": "/env"},
        {"document": 0, "pointer": "/JOB"},
        {"document": 0, "pointer": "/image"},
    ]
    assert sites[12]["embedded"] == deep
    assert "embedded" not in sites[17]
    assert sites[17]["document"] == 1


def test_the_operations_alone_say_it_whole(planned, document):
    """Who knows RFC 6902 and nothing else gets the same documents."""
    patches = json.loads(json_patch.render(Report(planned.plan)))
    for path, text in FILES.items():
        before, after = locate(text), locate(planned.files[path].decode())
        assert isinstance(before, Located)
        assert isinstance(after, Located)
        old, new = from_located(before), from_located(after)
        for patch in patches[path]:
            old[patch["document"]] = jsonpatch.apply_patch(old[patch["document"]], patch["ops"])
        assert old == new


def test_the_diff_shows_the_lines(planned):
    diff = unified_diff.render(Report(planned.plan))
    assert diff.count(f"\n-        value: {WEB}  # here\n+        value: {WEB}@sha256:") == 1


class TestRefused:
    def refusal(self, document, change) -> str:
        changed = copy.deepcopy(document)
        (entry,) = [entry for entry in changed["files"] if entry["file"] == "app/kustomization.yaml"]
        change(entry["patch"][0])
        plan = read(changed)
        (file,) = [file for file in plan.files if file.path == entry["file"]]
        with pytest.raises(PlanRefused) as refused:
            saved.fit(file, FILES[entry["file"]].encode())
        return refused.value.message

    def test_where_the_whole_and_its_parts_disagree(self, document):
        def change(patch):
            patch["ops"][1]["value"] += " "

        assert "is not its new value" in self.refusal(document, change)

    def test_where_an_inner_test_fails(self, document):
        def change(patch):
            patch["embedded"][0]["patch"][0]["ops"][0]["value"] = "x"

        assert "test of /0/value failed" in self.refusal(document, change)

    def test_where_the_parts_are_gone(self, document):
        assert "/patches/0/patch" in self.refusal(document, lambda patch: patch.pop("embedded"))

    @pytest.mark.parametrize("path", ["/nowhere", "/patches", "/patches/0/target/kind", "/patches/1/patch"])
    def test_where_the_string_is_none(self, document, path):
        def change(patch):
            patch["embedded"].append({"path": path, "patch": []})

        assert path in self.refusal(document, change) or path == "/patches/0/target/kind"

    @pytest.mark.parametrize(
        "string",
        [
            {"path": "x", "patch": []},
            {"path": "/a"},
            {"path": "/a", "patch": [], "more": 1},
            {"path": "/a", "patch": 1},
        ],
    )
    def test_by_the_schema(self, document, string):
        document["files"][0]["patch"][0]["embedded"] = [string]
        with pytest.raises(PlanRefused, match="is not a plan"):
            read(document)

    def test_that_nests_without_end(self, document):
        inner = []
        for _ in range(200):
            inner = [{"document": 0, "ops": [], "embedded": [{"path": "/a", "patch": inner}]}]
        document["files"][0]["patch"] = inner
        try:
            plan = read(document)
        except PlanRefused as refused:
            assert "too deeply" in refused.message  # noqa: PT017  either is right
            return
        with pytest.raises(PlanRefused):
            saved.fit(plan.files[0], FILES[plan.files[0].path].encode())
