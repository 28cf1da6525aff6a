"""The paths that Argo CD is told to ignore, and which fields they cover."""

from __future__ import annotations

import json

import pytest

from gitops_streams.manifests.scan import scan

IMAGE = ("spec", "template", "spec", "containers", 0, "image")
OTHER = ("spec", "template", "spec", "containers", 1, "image")


def ignored(
    kind: str = "Application", options: list[str] | None = None, version: str = "argoproj.io/v1alpha1", **entry
):
    spec = {"ignoreDifferences": [{"kind": "Deployment"} | entry], "syncPolicy": {"syncOptions": options or []}}
    spec = spec if kind == "Application" else {"template": {"spec": spec}}
    document = {"apiVersion": version, "kind": kind, "metadata": {"name": "acme"}, "spec": spec}
    file, problems = scan("a.yaml", json.dumps(document).encode(), frozenset())
    assert not problems
    return () if file is None else file.ignored


@pytest.mark.parametrize(
    ("pointer", "covers"),
    [
        ("/spec/template/spec/containers/0/image", True),
        ("/spec/template/spec/containers/0", True),
        ("/spec/template/spec/containers", True),
        ("/spec", True),
        ("", True),
        ("/spec/template/spec/containers/1/image", False),
        ("/spec/template/spec/initContainers/0/image", False),
        ("/spec/template/spec/containers/0/image/x", False),
        ("/spec/replicas", False),
    ],
)
def test_json_pointers(pointer, covers):
    (field,) = ignored(jsonPointers=[pointer])
    assert field.covers(IMAGE, "web") is covers


@pytest.mark.parametrize(
    ("expression", "covers"),
    [
        (".spec.template.spec.containers[0].image", True),
        (".spec.template.spec.containers[].image", True),
        (".spec.template.spec.containers[]?.image", True),
        (".spec.template.spec.containers[] | .image", True),
        ('.spec.template.spec.containers[] | select(.name == "web") | .image', True),
        ('.spec.template.spec.containers[] | select(.name=="web").image', True),
        ('.spec.template.spec.containers[] | select(.name == "side") | .image', False),
        ('.spec.template.spec.containers[] | select(.image | contains("x")) | .image', None),
        (".spec.template.spec.containers[] | select(.image) | .image", True),
        ('.spec["template"].spec.containers[0]["image"]', True),
        (".spec.template.spec.containers", True),
        (".spec.template.spec.containers[1].image", False),
        (".spec.template.spec.initContainers[].image", False),
        (".spec.replicas", False),
        (".spec | keys", None),
        ("if . then", None),
    ],
)
def test_jq_paths(expression, covers):
    fields = ignored(jqPathExpressions=[expression])
    assert [field.covers(IMAGE, "web") for field in fields] == ([] if covers is None else [covers])


def test_a_list_is_no_named_item():
    (field,) = ignored(jqPathExpressions=['.spec.template.spec.containers[] | select(.name == "web") | .image'])
    assert not field.covers(OTHER, "side")
    assert not field.covers(("spec", "template", "spec", "containers", "x", "image"), "web")


def test_what_is_told_of_it():
    (field,) = ignored(
        jsonPointers=["/spec"], name="web", namespace="acme", options=["Prune=true", "RespectIgnoreDifferences=true"]
    )
    assert (field.application, field.kind, field.name, field.namespace, field.respected) == (
        "acme",
        "Deployment",
        "web",
        "acme",
        True,
    )
    assert not ignored(jsonPointers=["/spec"])[0].respected


def test_an_application_sets_template():
    assert ignored("ApplicationSet", jsonPointers=["/spec"])


@pytest.mark.parametrize(
    "entry", [{}, {"jsonPointers": "x"}, {"jsonPointers": [1, {}, "no-slash", "/~x"]}, {"jqPathExpressions": [[]]}]
)
def test_what_cannot_be_read_is_passed_over(entry):
    assert len(ignored(**entry)) == 0 or entry == {"jsonPointers": [1, {}, "no-slash", "/~x"]}


def test_other_kinds_ignore_nothing():
    assert not ignored(jsonPointers=["/spec"], version="app.k8s.io/v1beta1")


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["." * 100_000, ".a" * 50_000, "[" * 100_000, "| select(" * 20_000, ".a | " * 50_000])
def test_no_expression_takes_long(text):
    ignored(jqPathExpressions=[text])
