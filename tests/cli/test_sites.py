"""The verb sites, and the advice that it gives: pasted into the configuration, it does what it says."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from gitops_streams import schemas
from gitops_streams.demo.images import Image


@pytest.fixture
def image(workspace, registry):
    """Declare ``acme/web:prod``; return its repository."""
    registry.push("acme/web", "1.4", Image.build("web", "1.4"))
    workspace.stream("web", prod=f"{registry.host}/acme/web:1.4")
    return f"{registry.host}/acme/web"


MANIFEST = """\
kind: ConfigMap
metadata:
  annotations: {acme.io/image: WEB:1.4}
data:
  app.yaml: |
    image: WEB:1.4
    note: WEB:1.5
  run.sh: |
    podman run WEB:1.4
---
kind: Deployment
image: WEB:1.4
a: {image: "WEB:1.4"} # gitops-streams: ignore
b: {image: WEB:1.5}
c: {image: OTHER:1.4}
d: {repository: WEB, tag: 1.4}
args: [--reloader WEB:1.4]
package: WEB:1.4
"""


@pytest.fixture
def listed(workspace, image, registry):
    """Write a manifest in which each form stands, and list it as JSON, checked against the schema."""

    def run(*arguments: str, manifest: str = MANIFEST, config: str = "{}"):
        workspace.config(config.replace("WEB", image))
        other = f"{registry.host}/acme/other"
        workspace.write("deploy/app.yaml", manifest.replace("WEB", image).replace("OTHER", other))
        done = workspace.run("sites", "-o", "json", *(each.replace("WEB", image) for each in arguments))
        assert done.code == 0, done.text
        Draft202012Validator(schemas.load("sites")).validate(done.json)
        return done.json

    return run


def told(document) -> list[tuple]:
    return [
        (site["line"], site["state"], site["form"], site["boundBy"] or site["advice"]) for site in document["sites"]
    ]


BOUND = [
    (12, "bound", "image", "source"),
    (16, "bound", "helm", "source"),
    (18, "bound", "value", "source"),
]
TEXTS = [
    (3, "skipped", "text", "fields: [{kind: ConfigMap, path: /metadata/annotations/acme.io~1image}]"),
    (6, "skipped", "text", "fields: [{kind: ConfigMap, path: /data/*, form: yaml}]"),
    (9, "skipped", "text", "fields: [{kind: ConfigMap, path: /data/*, form: substring}]"),
    (17, "skipped", "text", "fields: [{kind: Deployment, path: /args/*, form: substring}]"),
]


def test_what_is_listed(listed):
    document = listed()
    missed = [(7, "not-followed", "text", "fields: [{kind: ConfigMap, path: /data/*, form: substring}]")]
    others = [(13, "ignored", "image", None), (14, "not-followed", "image", None)]
    by_line = {each[0]: each for each in told(document)}
    assert [by_line[line] for line in (12, 16, 18)] == BOUND
    assert [by_line[line] for line in (3, 6, 9, 17)] == TEXTS
    assert by_line[7][:2] == missed[0][:2]
    assert by_line[14] == others[1]
    assert by_line[13][1] == "ignored"
    assert 15 not in by_line
    assert document["summary"] == {"bound": 3, "skipped": 4, "ignored": 1, "not-followed": 2}


@pytest.mark.parametrize(
    ("argument", "lines"),
    [
        ("acme/web:prod", [3, 6, 9, 12, 13, 16, 17, 18]),
        ("web:prod", [3, 6, 9, 12, 13, 16, 17, 18]),
        ("acme/web", [3, 6, 9, 12, 13, 16, 17, 18]),
        ("WEB", [3, 6, 7, 9, 12, 13, 14, 16, 17, 18]),
        ("WEB:1.5", [7, 14]),
    ],
)
def test_what_is_listed_of_a_name(listed, argument, lines):
    assert [site["line"] for site in listed(argument)["sites"]] == lines


def test_a_repository_that_no_stream_follows_is_listed_too(listed, registry):
    (site,) = listed(f"{registry.host}/acme/other")["sites"]
    assert (site["line"], site["state"]) == (15, "not-followed")
    assert "init proposes one" in site["reason"]


def test_what_no_stream_follows(listed):
    assert [site["line"] for site in listed("--untracked")["sites"]] == [15]


def test_what_a_marker_binds_is_followed(listed):
    marked = 'image: mirror.example/web:1 # {"$imagestream": "MARK"}\nversion: 0.9 # {"$imagestream": "MARK:tag"}\n'
    assert listed("--untracked", manifest=marked.replace("MARK", "web:prod"))["sites"] == []
    missing = listed("--untracked", manifest=marked.replace("MARK", "web:none"))["sites"]
    assert [site["line"] for site in missing] == [1, 2]


def test_a_name_that_is_none(workspace, image):
    done = workspace.run("sites", "Not A Name")
    assert done.code == 2
    assert "neither a declared stream nor a reference" in done.err


@pytest.mark.parametrize(("line", "advice"), [(each[0], each[3]) for each in TEXTS])
def test_advice_is_to_be_taken_literally(workspace, listed, line, advice):
    """Every piece of it, pasted, has the very reference edited that it was given for."""
    before = listed()
    assert advice in [site["advice"] for site in before["sites"] if site["line"] == line]
    (bound,) = [site for site in listed(config=f"{advice}\n")["sites"] if site["line"] == line]
    assert bound["state"] == "bound"
    assert bound["fieldRule"] == "fields[0]"
    rows = workspace.read("deploy/app.yaml").decode().splitlines()
    assert workspace.run("reconcile").code == 0
    after = workspace.read("deploy/app.yaml").decode().splitlines()
    assert "@sha256:" in after[line - 1]
    assert after[line - 1].replace(after[line - 1][after[line - 1].index("@sha256:") :][:72], "") == rows[line - 1]


def test_all_advice_together(workspace, listed):
    """The lines of one document, put into one list, go together."""
    rules = ", ".join(each[3].removeprefix("fields: [").removesuffix("]") for each in TEXTS)
    document = listed(config=f"fields: [{rules}]\n")
    assert {
        site["line"]: site["state"] for site in document["sites"] if site["line"] in {3, 6, 9, 17}
    } == dict.fromkeys((3, 6, 9, 17), "bound")


def test_diff_gives_the_advice_too(workspace, listed):
    listed()
    done = workspace.run("diff", "-v")
    assert "fields: [{kind: ConfigMap, path: /data/*, form: yaml}]" in done.line("app.yaml:6")


def test_no_advice_where_images_are_pushed(listed):
    manifest = "on: push\njobs: {a: {steps: [{uses: docker/build-push-action@v6, with: {tags: WEB:1.4}}]}}\n"
    assert [site["advice"] for site in listed(manifest=manifest)["sites"] if site["file"] == "deploy/app.yaml"] == [
        None
    ]


def test_a_plan_with_references_in_a_text_is_applied(workspace, listed, tmp_path):
    listed(config="fields: [{kind: ConfigMap, path: /data/*, form: substring}]\n")
    plan = tmp_path / "plan.json"
    plan.write_text(workspace.run("diff", "-o", "json").out)
    Draft202012Validator(schemas.load("plan")).validate(workspace.run("diff", "-o", "json").json)
    before = workspace.read("deploy/app.yaml")
    assert workspace.run("reconcile", "--dry-run").code == 0
    assert workspace.run("apply", plan).code == 0
    applied = workspace.read("deploy/app.yaml")
    assert b"podman run" in applied
    workspace.write("deploy/app.yaml", before)
    assert workspace.run("reconcile").code == 0
    assert workspace.read("deploy/app.yaml") == applied != before
