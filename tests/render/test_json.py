"""JSON for machines: the published schema, the design's own example, and JSON Patch that others can apply."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import jsonpatch
import pytest
from jsonschema import Draft202012Validator

from gitops_streams import schemas
from gitops_streams.render import json_patch, json_report
from gitops_streams.render.report import Published, Report

# The keys of the design's example, which readers rely on.
DESIGN = {
    "": {"schemaVersion", "summary", "results", "skipped", "files", "problems"},
    "summary": {"requests", "tags", "sites"},
    "results": {
        *("stream", "tag", "outcome", "from", "image", "sourceTag", "newDigest", "reason", "sites"),
    },
    "sites": {
        *(
            "outcome",
            "reason",
            "file",
            "line",
            "document",
            "pointer",
            "form",
            "boundBy",
            "oldDigest",
            "before",
            "after",
        ),
    },
    "skipped": {"file", "line", "reference", "reason"},
    "files": {"file", "sha256", "patch"},
    "patch": {"document", "ops"},
    "problems": {"file", "line", "reason"},
}


@pytest.fixture
def document(mixed):
    return json.loads(json_report.render(Report(mixed)))


class TestReport:
    @pytest.mark.parametrize("plan", ["mixed", "hostile"])
    @pytest.mark.parametrize("published", [None, Published("push", ("a",), "0" * 40, "main", "origin")])
    def test_is_what_its_schema_says(self, plan, published, request):
        schema = schemas.load("plan")
        Draft202012Validator.check_schema(schema)
        text = json_report.render(Report(request.getfixturevalue(plan), published))
        Draft202012Validator(schema).validate(json.loads(text))
        assert text.isascii()

    def test_has_the_keys_of_the_design(self, document):
        assert document.keys() >= DESIGN[""]
        for name in ("results", "skipped", "files", "problems"):
            assert document[name]
            assert all(item.keys() >= DESIGN[name] for item in document[name])
        assert document["summary"].keys() == DESIGN["summary"]
        sites = [site for result in document["results"] for site in result["sites"]]
        assert all(site.keys() >= DESIGN["sites"] for site in sites)
        assert all(patch.keys() == DESIGN["patch"] for file in document["files"] for patch in file["patch"])

    def test_counts(self, document):
        nothing = {"unchanged": 0, "held": 0}
        assert document["summary"] == {
            "requests": 2,
            "tags": {"changed": 1, "skipped": 0, "failed": 1, **nothing},
            "sites": {"changed": 3, "skipped": 2, "failed": 1, **nothing},
        }

    def test_tells_of_a_tag_that_changed(self, document):
        result = document["results"][1]
        digest = "sha256:" + hashlib.sha256(b"quay.io/acme/web:1.4").hexdigest()
        sites = result.pop("sites")
        assert len(result.pop("spec")) == 16
        assert result == {
            "stream": "web",
            "tag": "prod",
            "outcome": "changed",
            "from": {"kind": "DockerImage", "name": "quay.io/acme/web:1.4"},
            "image": "quay.io/acme/web",
            "sourceTag": "1.4",
            "newDigest": digest,
            "reason": None,
            "held": None,
            "hint": None,
        }
        assert sites[0] == {
            "outcome": "changed",
            "reason": None,
            "file": "deploy/web.yaml",
            "line": 3,
            "document": 0,
            "pointer": "/spec/0/image",
            "form": "image",
            "boundBy": "source",
            "oldDigest": None,
            "before": "quay.io/acme/web:1.4",
            "after": f"quay.io/acme/web:1.4@{digest}",
        }
        assert sites[1]["oldDigest"] == "sha256:" + "0" * 64
        assert (sites[3]["line"], sites[3]["pointer"], sites[3]["before"]) == (3, "/images/0/digest", None)
        assert sites[3]["after"] == digest

    def test_tells_of_a_tag_that_failed(self, document):
        result = document["results"][0]
        assert (result["tag"], result["outcome"], result["newDigest"]) == ("dead", "failed", None)
        assert (result["reason"], result["hint"]) == ("quay.io answers 403", "log in: docker login quay.io")
        assert [site["outcome"] for site in result["sites"]] == ["failed"]

    def test_names_files_that_are_no_utf8(self, plan_files, stream):
        files = {"\udcff.yaml": "image: nginx:1\n", "s.json": stream("n", one="nginx:1")}
        report = Report(plan_files(files).plan)
        assert json.loads(json_report.render(report))["files"][0]["file"] == "\udcff.yaml"
        assert list(json.loads(json_patch.render(report))) == ["\udcff.yaml"]


class TestJsonPatch:
    def test_is_applied_by_others_to_the_document(self, mixed):
        patches = json.loads(json_patch.render(Report(mixed)))
        assert list(patches) == ["deploy/web.yaml", "kustomization.yaml"]
        (patch,) = patches["kustomization.yaml"]
        before = {"images": [{"name": "quay.io/acme/web", "newTag": "1.4"}]}
        after = jsonpatch.apply_patch(before, patch["ops"])
        digest = "sha256:" + hashlib.sha256(b"quay.io/acme/web:1.4").hexdigest()
        assert after == {"images": [{"name": "quay.io/acme/web", "newTag": "1.4", "digest": digest}]}
        with pytest.raises(jsonpatch.JsonPatchTestFailed):
            jsonpatch.apply_patch({"images": [{"newTag": "1.5"}]}, patch["ops"])

    def test_of_nothing_is_empty(self, mixed):
        assert json.loads(json_patch.render(Report(replace(mixed, files=())))) == {}
