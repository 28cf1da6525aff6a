"""`make corpus` on a small tree: what it counts, and that it would find what may never happen."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from repository_corpus import detector, judge
from repository_corpus.comparison import Collateral, differences
from repository_corpus.detector import Candidate, Unparsable, detect, digest_of

from gitops_streams.plan.model import FilePlan

RUN = Path(__file__).with_name("run.py")
FILES = {
    "app/web.yaml": b"kind: Deployment\ncontainers:\n- image: quay.io/acme/web:1.4 # why\n- image: nginx:1\n",
    "app/kustomization.yaml": b"images:\n- name: quay.io/acme/api\n  newTag: '2'\n",
    "app/values.yaml": b"\xef\xbb\xbfimage:\r\n  registry: quay.io\r\n  repository: acme/db\r\n  tag: 41",
    "app/config.yaml": b"kind: ConfigMap\ndata:\n  app.yaml: |\n    image: quay.io/acme/job:3\n",
    "app/same.yaml": b"a: &x quay.io/acme/web:1\nimage: *x\nother: {image: *x}\n",
    "chart/templates/pod.yaml": b"image: {{ .Values.image }}\n",
    "broken.yaml": b"image: {user}/x\n",
    "utf16.yaml": "image: quay.io/acme/web:1.4\n".encode("utf-16"),
    "settings.json": b'{\n  // why\n  "image": "quay.io/acme/web:1.4",\n}\n',
    "tabs.json": b'{\n\t"image": "quay.io/acme/web:1.4"\n}\n',
    "none.yaml": b"kind: Service\n",
}


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "checkout"
    for path, data in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    (root / "link.yaml").symlink_to("app/web.yaml")
    (root / "gone.yaml").symlink_to("nowhere")
    return root


@pytest.fixture
def copied(tree, tmp_path):
    judge.copy(tree, tmp_path / "copy")
    return tmp_path / "copy"


def test_a_small_tree_from_outside(tree, tmp_path):
    out = tmp_path / "out.json"
    command = [sys.executable, str(RUN), "--json", str(out), str(tree)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(out.read_text())[0]
    assert report["files"] == len(FILES)
    assert report["parsed"] == 6
    assert report["skimmed"] == 2
    assert report["unparsable"] == {"template": 1, "not YAML": 1, "comments in JSON": 1}
    assert report["candidates"] == {
        "image key": 5, "kustomize": 1, "Helm": 1, "in a text: image key": 1, "by value": 1,
    }  # fmt: skip
    assert report["pinned"]["image key"] == 5
    assert report["pinned"]["kustomize"] == report["pinned"]["Helm"] == 1
    assert "in a text: image key" not in report["pinned"]
    assert report["reported"]
    assert report["missed"] == []
    assert not report["wrong"]
    assert "collateral       0" in done.stdout
    # What was looked at stays as it is, and gets no repository.
    assert {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()} == FILES.keys() | {"link.yaml"}
    assert all((tree / path).read_bytes() == data for path, data in FILES.items())


def test_a_folder_that_is_not_there(tmp_path):
    command = [sys.executable, str(RUN), str(tmp_path / "nowhere")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 2
    assert "make corpus DIR=" in done.stderr


def test_a_collateral_change_is_found(copied, monkeypatch):
    def careless(plan):
        path = "app/web.yaml"
        files = [_with(file, file.after.replace(b"# why", b"")) if file.path == path else file for file in plan.files]
        return _replaced(plan, files)

    monkeypatch.setattr(judge, "proven", careless)
    report = judge.judge(copied)
    # A comment is nothing that two readings tell apart, so it is the lines that do.
    assert [line.partition(":")[0] for line in report.collateral] == ["app/web.yaml"]
    assert report.wrong


def test_a_change_of_another_value_is_found(copied, monkeypatch):
    def careless(plan):
        files = [_with(file, file.after.replace(b"Deployment", b"DaemonSet")) for file in plan.files]
        return _replaced(plan, files)

    monkeypatch.setattr(judge, "proven", careless)
    report = judge.judge(copied)
    assert report.collateral[:1] == ["app/web.yaml: (0, 'kind'): 'Deployment' became 'DaemonSet'"]


def test_an_unstable_second_run_is_found(copied, monkeypatch):
    monkeypatch.setattr(judge, "_write", lambda *_: None)
    report = judge.judge(copied)
    assert "app/web.yaml" in report.unstable
    assert report.pinned.total() == 0
    assert report.wrong


def test_what_nobody_speaks_of_is_missed(copied, monkeypatch):
    monkeypatch.setattr(judge, "_said", lambda _: {})
    report = judge.judge(copied)
    assert any("quay.io/acme/job:3" in line for line in report.missed)
    assert report.coverage < 100


def test_what_the_checkout_declares_itself_is_not_ambiguous(tmp_path):
    root = tmp_path / "checkout"
    root.mkdir()
    own = {"kind": "ImageStream", "apiVersion": "image.openshift.io/v1", "metadata": {"name": "web"}}
    tag = {"name": "prod", "from": {"kind": "DockerImage", "name": "quay.io/acme/web:1.4"}}
    (root / "stream.json").write_text(json.dumps({**own, "spec": {"tags": [tag]}}))
    (root / "web.yaml").write_bytes(FILES["app/web.yaml"])
    judge.copy(root, tmp_path / "copy")
    report = judge.judge(tmp_path / "copy")
    assert report.pinned.total() == report.candidates.total() == 2
    assert not report.wrong


def test_an_empty_digest_that_is_filled_is_no_collateral_change(tmp_path):
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "values.yaml").write_text('image: {registry: quay.io, repository: acme/web, tag: "2.0", digest: ""}\n')
    text = f"a:\n  repository: acme/web\n  tag: 2-r9\n  digest: ''\nb: {{image: 'acme/web:3@sha256:{'0' * 64}'}}\n"
    (root / "other.yaml").write_text(text)
    judge.copy(root, tmp_path / "copy")
    report = judge.judge(tmp_path / "copy")
    assert report.pinned.total() == 3
    assert not report.collateral


def _with(file: FilePlan, after: bytes) -> FilePlan:
    return replace(file, after=after)


def _replaced(plan, files):
    return replace(plan, files=tuple(files))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("image: nginx:1", [("image key", "docker.io/library/nginx:1")]),
        ("image: acme/web:1", [("image key", "docker.io/acme/web:1")]),
        ("image: quay.io/acme/web", []),
        ("value: quay.io/acme/web:1", [("by value", "quay.io/acme/web:1")]),
        ("value: nginx:1", []),
        ("- A=quay.io/acme/web:1", [("literal", "quay.io/acme/web:1")]),
        ("imagePullPolicy: a/b:c", []),
        ("kind: ImageStream\nimage: quay.io/acme/web:1", []),
        ("kind: Pod\nstatus: {image: 'quay.io/acme/web:1'}", []),
        ("i: {repository: a/b, tag: 1}", [("Helm", "docker.io/a/b:1")]),
        ("i: {registry: q.io, repository: a/b, tag: ''}", []),
        ("images: [{name: a/b, newTag: v1}]", [("kustomize", "docker.io/a/b:v1")]),
        ("url: oci://quay.io/a/b\nref: {tag: '1'}", [("OCIRepository", "quay.io/a/b:1")]),
        ("a: |\n  image: b:1", [("in a text: image key", "docker.io/library/b:1")]),
        ("image: $(TAG)/x:1", []),
        ("- --side=quay.io/acme/web:1", [("literal", "quay.io/acme/web:1")]),
        ("e: {name: WEB_IMAGE, value: 'acme/web:1'}", [("image key", "docker.io/acme/web:1")]),
        ("e: {name: WEB, value: 'acme/web:1'}", []),
        ("image: {options: [a/b:1]}", [("image key", "docker.io/a/b:1")]),
        ("from: {kind: DockerImage, name: 'a:1'}", [("image key", "docker.io/library/a:1")]),
        ("image: {name: 'a/b:1'}\nitem: {name: 'a/b:1'}", [("image key", "docker.io/a/b:1")]),
        ("images: [{name: 'a/b:1'}]", []),
        ("- {op: add, path: /a/0/image, value: 'a/b:1'}", [("image key", "docker.io/a/b:1")]),
        ("- {op: add, path: /a/0/tag, value: 'a/b:1'}", []),
        ("value: |\n  1.0=q.io/a:1\n  1.1=q.io/a:2\n", [("literal", "q.io/a:1"), ("literal", "q.io/a:2")]),
        ("value: |\n  echo 1.0=q.io/a:1\n  1.1=q.io/a:2\n", []),
        ("p: {hub: q.io/a, image: b, tag: 1}", [("joined", "q.io/a/b:1")]),
        ("p: {repository: q.io/a, image: b, version: 1}", [("joined", "q.io/a/b:1")]),
        ("image: {repo: redis, tag: '7'}", [("name and tag", "docker.io/library/redis:7")]),
        ("chart: {repo: redis, tag: '7'}", []),
        ("image: {repository: null, tag: v1}", []),
        ("p: {repository: q.io/a/b, image: b, tag: 1}", [("Helm", "q.io/a/b:1")]),
        ("p: {registry: q.io, image: a/b, tag: 1}", [("joined", "q.io/a/b:1")]),
        ("p: {image: a/b, tag: 1}", [("joined", "docker.io/a/b:1")]),
        ("p: {image: b, tag: 1}", []),
        (
            (
                "kind: Template\nobjects: [{image: '${A}:${B}'}, {image: '${B}'}]\n"
                "parameters: [{name: A, value: q.io/a}, {name: B, value: '1'}]"
            ),
            [("template", "q.io/a:1")],
        ),
    ],
)
def test_what_the_detector_counts(text, expected):
    found = detect("x.yaml", detector.read(text.encode()))
    assert [(each.form, each.question) for each in found] == expected


def test_the_detector_sees_digests():
    digest = digest_of("x")
    for text in (f"image: a:1@{digest}", f"i: {{repository: a, tag: 1, sha: {digest[7:]}}}"):
        (found,) = detect("x.yaml", detector.read(text.encode()))
        assert isinstance(found, Candidate)
        assert found.digest == digest


def test_what_differs():
    def compared(before: str, after: str):
        return list(differences(detector.read(before.encode()), detector.read(after.encode())))

    assert compared("a: 1\nb: [x, y]", "a: 2\nb: [x, z]") == [((0, "a"), "1", "2"), ((0, "b", 1), "y", "z")]
    assert compared("a: {b: 1}", "a: {b: 1, c: 2}") == [((0, "a", "c"), None, "2")]
    assert compared("a: |\n  b: 1\n", "a: |\n  b: 2\n") == [((0, "a", "<text>", 0, "b"), "1", "2")]
    for before, after in (("a: 1", "a: &x 1"), ("a: [1]", "a: [1, 2]"), ("a: 1\nb: 2", "a: 1"), ("a: 1", "a: []")):
        with pytest.raises(Collateral):
            compared(before, after)


@pytest.mark.parametrize(
    ("data", "cause"), [(b"\xff\xfea\0", "UTF-16"), (b"a: \xe9", "not UTF-8"), (b"a: [", "not YAML")]
)
def test_why_a_file_cannot_be_read(data, cause):
    with pytest.raises(Unparsable, match=cause):
        detector.read(data)
