"""A plan that was saved as JSON, and taken back: the same bytes, or a refusal."""

from __future__ import annotations

import copy
import hashlib
import json

import jsonpatch
import pytest

from gitops_streams import schemas
from gitops_streams.errors import PlanRefused
from gitops_streams.plan import saved
from gitops_streams.reconcile.recording import resolved_items
from gitops_streams.render import json_report
from gitops_streams.render.report import Report

FILES = {
    "app/web.yaml": "kind: Pod\r\nimage: quay.io/acme/web:1.4 # {x}\r\n---\r\nimages: ['quay.io/acme/web:1.4']",
    "kustomization.yaml": "images:\n- name: quay.io/acme/web\n  newTag: '1.4'\n",
    "values.json": '{"image": {"repository": "quay.io/acme/web", "tag": "1.4", "digest": null}}',
    "map.yaml": "a: &a {repository: &r quay.io/acme/web, tag: &t '1.4'}\nb: *a\nc: {repository: *r, tag: *t}\n",
}


@pytest.fixture
def planned(plan_files, stream):
    return plan_files(FILES | {"streams.json": stream("web", "acme", prod="quay.io/acme/web:1.4")})


@pytest.fixture
def document(planned):
    return json.loads(json_report.render(Report(planned.plan)))


def read(document) -> saved.SavedPlan:
    return saved.read(json.dumps(document).encode(), schemas.load("plan"), "plan.json")


class TestRoundTrip:
    def test_gives_the_same_files(self, planned, document):
        fitted = [saved.fit(file, FILES[file.path].encode()) for file in read(document).files]
        assert [(file.path, file.after) for file in fitted] == [(file.path, file.after) for file in planned.plan.files]
        assert [file.patches for file in fitted] == [file.patches for file in planned.plan.files]

    def test_gives_what_was_resolved(self, planned, document):
        moves = read(document).resolved
        assert [(move.key, move.item) for move in moves] == resolved_items(planned.plan)
        assert [move.files for move in moves] == [tuple(sorted(FILES))]
        assert [move.old for move in moves] == [()]

    def test_remembers_the_old_digests(self, plan_files, stream):
        old = "sha256:" + "0" * 64
        files = {"a.yaml": f"image: quay.io/acme/web:1.4@{old}\n", "s.json": stream("web", t="quay.io/acme/web:1.4")}
        (move,) = read(json.loads(json_report.render(Report(plan_files(files).plan)))).resolved
        assert [str(digest) for digest in move.old] == [old]


class TestRefusesAFile:
    def fit(self, document, content: str, path="kustomization.yaml"):
        (file,) = [file for file in read(document).files if file.path == path]
        return saved.fit(file, content.encode())

    def refusal(self, plan, content: str, **changes) -> str:
        """Fit the kustomization's patch, changed, to ``content``; the hash is made to hold."""
        plan = copy.deepcopy(plan)
        (entry,) = [entry for entry in plan["files"] if entry["file"] == "kustomization.yaml"]
        entry["sha256"] = hashlib.sha256(content.encode()).hexdigest()
        entry["patch"][0].update(changes)
        with pytest.raises(PlanRefused) as refused:
            self.fit(plan, content)
        assert refused.value.hint
        return refused.value.message

    def test_that_has_changed(self, document):
        with pytest.raises(PlanRefused, match="has changed since the plan was made"):
            self.fit(document, FILES["kustomization.yaml"] + "# more\n")

    def test_whose_test_fails(self, document):
        message = self.refusal(document, FILES["kustomization.yaml"].replace("1.4", "1.5"))
        assert message == (
            "kustomization.yaml, document 0: test of /images/0/newTag failed: '1.4' was expected, '1.5' is there"
        )

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            ("a: [", "cannot be read"),
            ("# nothing\n", "no such document"),
            ("images: []\n", "no scalar is there"),
            ("images:\n- newTag: '1.4'\n  digest: there\n", "the key 'digest' is there already"),
        ],
    )
    def test_that_does_not_fit(self, document, content, reason):
        assert reason in self.refusal(document, content)

    @pytest.mark.parametrize(
        ("operations", "reason"),
        [
            ([("replace", "/images/0/newTag", "x")], "does not follow its test"),
            ([("test", "/images/0/name", "quay.io/acme/web"), ("replace", "/images/0/newTag", "x")], "does not follow"),
            ([("add", "/images/0/digest", "x")], "does not follow a test"),
            ([("test", "/images/0/newTag", "1.4"), ("add", "/digest", "x")], "does not follow a test"),
            ([("test", "/images/0/newTag", "1.4"), ("replace", "/images/0/newTag", "x\n  y: z")], "never written"),
            ([("test", "/images/0/newTag", "1.4"), ("replace", "/images/0/newTag", "x # y")], "never written"),
            ([("test", "/images/0/newTag", "1.4"), ("add", "/images/0/a b: c", "x")], "never written"),
            ([("test", "", "1.4")], "no scalar is there"),
            ([("test", "/images/-/newTag", "1.4")], "no scalar is there"),
            ([("test", "/images/00/newTag", "1.4")], "no scalar is there"),
            ([("test", "/images/999999999999999999999999/newTag", "1.4")], "no scalar is there"),
        ],
    )
    def test_for_hostile_operations(self, document, operations, reason):
        ops = [{"op": op, "path": path, "value": value} for op, path, value in operations]
        assert reason in self.refusal(document, FILES["kustomization.yaml"], ops=ops)

    @pytest.mark.parametrize("number", [1, 10**30, 1e300])
    def test_for_a_document_that_is_not_there(self, document, number):
        assert "no such document" in self.refusal(document, FILES["kustomization.yaml"], document=number)

    def test_for_two_operations_on_one_place(self, document):
        tested = {"op": "test", "path": "/images/0/newTag", "value": "1.4"}
        replaced = [{"op": "replace", "path": "/images/0/newTag", "value": value} for value in "xy"]
        ops = [tested, replaced[0], tested, replaced[1]]
        assert "two operations" in self.refusal(document, FILES["kustomization.yaml"], ops=ops)

    def test_but_not_for_a_document_whose_number_json_writes_as_a_fraction(self, document):
        (entry,) = [entry for entry in document["files"] if entry["file"] == "kustomization.yaml"]
        entry["patch"][0]["document"] = 0.0
        assert b"digest: sha256:" in self.fit(document, FILES["kustomization.yaml"]).after


class TestRefusesAPlan:
    @pytest.mark.parametrize("content", [b"", b"[", b"\xff", b"[" * 100_000, b"{}", b"[]", b"null", b'{"a": NaN}'])
    def test_that_is_none(self, content):
        with pytest.raises(PlanRefused, match=r"plan\.json is not"):
            saved.read(content, schemas.load("plan"), "plan.json")

    @pytest.mark.parametrize(
        "change",
        [
            ("replace", "/schemaVersion", 2),
            ("remove", "/files", None),
            ("replace", "/files/0/sha256", "0"),
            ("replace", "/files/0/file", ""),
            ("replace", "/files/1/file", "app/web.yaml"),
            ("replace", "/files/0/patch/0/document", -1),
            ("replace", "/files/0/patch/0/document", True),
            ("replace", "/files/0/patch/0/ops/0/op", "remove"),
            ("replace", "/files/0/patch/0/ops/0/path", "x"),
            ("replace", "/files/0/patch/0/ops/0/path", "/~2"),
            ("replace", "/files/0/patch/0/ops/0/value", 1),
            ("add", "/files/0/patch/0/ops/0/from", "/x"),
            ("replace", "/results/0/newDigest", "sha256:0"),
            ("replace", "/results/0/newDigest", "sha256:" + "0" * 64 + "\n"),
            ("replace", "/results/0/stream", "../../etc/passwd"),
            ("replace", "/results/0/stream", "acme/web\n"),
            ("replace", "/results/0/stream", "a/b/c"),
            ("replace", "/results/0/tag", "../x"),
            ("replace", "/results/0/image", None),
            ("replace", "/results/0/image", "NOT AN IMAGE"),
        ],
    )
    def test_that_is_not_of_the_published_form(self, document, change):
        operation, path, value = change
        document = jsonpatch.apply_patch(document, [{"op": operation, "path": path, "value": value}])
        with pytest.raises(PlanRefused, match=r"plan\.json is not a plan") as refused:
            read(document)
        assert refused.value.hint
