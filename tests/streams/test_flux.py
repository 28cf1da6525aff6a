"""Flux's objects as stream tags: every form of a policy, and what is said of what has no equivalent."""

from __future__ import annotations

import pytest

from gitops_streams.streams import flux
from gitops_streams.streams.foreign import Untranslated, Wanted
from gitops_streams.yamledit.locate import Located, locate
from gitops_streams.yamledit.objects import objects

REPOSITORY = """\
apiVersion: image.toolkit.fluxcd.io/{version}
kind: ImageRepository
metadata: {{name: web, namespace: flux-system}}
spec: {{image: ghcr.io/acme/web, interval: 5m{more}}}
---
"""
POLICY = """\
apiVersion: image.toolkit.fluxcd.io/{version}
kind: ImagePolicy
metadata: {{name: web, namespace: {namespace}}}
spec: {{imageRepositoryRef: {{name: web{reference}}}, {spec}}}
"""


def read(text):
    located = locate(text)
    assert isinstance(located, Located), located
    return flux.read(("flux.yaml", each) for document in located.documents for each in objects(document.root))


def policy(spec, more="", version="v1", namespace="flux-system", reference=""):
    text = REPOSITORY.format(version=version, more=more)
    return read(text + POLICY.format(version=version, spec=spec, namespace=namespace, reference=reference))


@pytest.mark.parametrize("version", ["v1beta1", "v1beta2", "v1"])
@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("policy: {semver: {range: '>=1.0.0 <2'}}", {"policy": "semver", "range": ">=1.0.0 <2"}),
        ("policy: {semver: {range: 5.1.x}}", {"policy": "semver", "range": "5.1.x"}),
        ("policy: {alphabetical: {order: asc}}", {"policy": "alphabetical", "order": "asc"}),
        ("policy: {alphabetical: {}}", {"policy": "alphabetical"}),
        ("policy: {numerical: {order: desc}}", {"policy": "numerical", "order": "desc"}),
        (
            "filterTags: {pattern: '^main-[a-f0-9]+-(?P<ts>[0-9]+)', extract: $ts}, policy: {numerical: {order: asc}}",
            {"policy": "numerical", "order": "asc", "pattern": "^main-[a-f0-9]+-(?P<ts>[0-9]+)", "extract": "$ts"},
        ),
        (
            "filterTags: {pattern: '^v(.*)$', extract: '${1}'}, policy: {semver: {range: '*'}}",
            {"policy": "semver", "range": "*", "pattern": "^v(.*)$", "extract": "${1}"},
        ),
    ],
)
def test_a_policy_keeps_its_words(spec, wanted, version):
    (found,) = policy(spec, version=version)
    assert isinstance(found, Wanted), found
    assert dict(found.annotations) == wanted
    assert found.tag is None
    assert str(found.repository) == "ghcr.io/acme/web"
    assert found.marker == ("flux-system", "web")
    assert (found.origin, found.line, found.notes) == ("ImagePolicy flux-system/web", 6, ())


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("policy: {semver: {range: nonsense}}", "range: "),
        ("policy: {semver: {range: '${RANGE}'}}", "holds a parameter"),
        ("policy: {alphabetical: {order: upwards}}", "order: "),
        ("policy: {}", "names no policy"),
        ("filterTags: {pattern: '(?=x)'}, policy: {numerical: {}}", "pattern: RE2 does not accept it"),
        ("filterTags: {extract: $1}, policy: {numerical: {}}", "extract: it takes groups from a pattern"),
    ],
)
def test_a_policy_without_an_equivalent_says_why(spec, reason):
    (found,) = policy(spec)
    assert isinstance(found, Untranslated), found
    assert reason in found.reason


@pytest.mark.parametrize(
    ("spec", "more", "note"),
    [
        ("digestReflectionPolicy: Never", "", "here every pin has one"),
        ("digestReflectionPolicy: IfNotPresent", "", "pushed again is followed"),
        ("suspend: true", "", "suspended in Flux; gitops-streams hold"),
        ("interval: 1m", ", exclusionList: ['^.*-rc$']", "spec.exclusionList has no equivalent"),
        ("interval: 1m", ", suspend: true", "its ImageRepository is suspended"),
    ],
)
def test_what_has_another_equivalent_than_expected_is_noted(spec, more, note):
    (found,) = policy(f"{spec}, policy: {{semver: {{range: 1.x}}}}", more)
    (noted,) = found.notes
    assert note in noted


@pytest.mark.parametrize(
    "more", ["", ", exclusionList: ['^.*\\.sig$']", ", accessFrom: {namespaceSelectors: []}", ", timeout: 1m"]
)
def test_what_needs_no_equivalent_is_not_noted(more):
    (found,) = policy("digestReflectionPolicy: Always, interval: 10m, policy: {semver: {range: 1.x}}", more)
    assert found.notes == ()


def test_logins_and_plain_http_are_carried_over():
    (found,) = policy("policy: {numerical: {}}", ", insecure: true, provider: aws, secretRef: {name: ghcr}")
    assert found.insecure
    assert found.pull_secrets == ("ghcr", "provider aws")


def test_a_repository_in_another_namespace():
    (found,) = policy("policy: {numerical: {}}", namespace="apps", reference=", namespace: flux-system")
    assert found.marker == ("apps", "web")
    (lost,) = policy("policy: {numerical: {}}", namespace="apps")
    assert lost.reason == "its ImageRepository apps/web is not declared in this repository"


@pytest.mark.parametrize("image", ["ghcr.io/acme/web:1.0", "https://ghcr.io/acme/web", "${REGISTRY}/web", ""])
def test_an_image_that_is_no_repository(image):
    text = REPOSITORY.format(version="v1", more="").replace(
        "ghcr.io/acme/web", f"'{image}'" if image != "''" else image
    )
    spec = "policy: {numerical: {}}"
    (found,) = read(text + POLICY.format(version="v1", spec=spec, namespace="flux-system", reference=""))
    assert isinstance(found, Untranslated), found
    assert "is not a repository's name" in found.reason


def test_objects_of_other_groups_are_none_of_ours():
    assert (
        read("apiVersion: kuik.enix.io/v1\nkind: ImagePolicy\nmetadata: {name: a}\nspec: {policy: {semver: {}}}\n")
        == []
    )
