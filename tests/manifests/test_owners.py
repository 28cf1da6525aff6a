"""What an occurrence belongs to: the object around it, the container or the keys that lead to it."""

from __future__ import annotations

import pytest

from gitops_streams.manifests.occurrence import Occurrence, Owner
from gitops_streams.manifests.scan import scan
from gitops_streams.oci.reference import Reference

WEB = "quay.io/acme/web"
TRACKED = frozenset({Reference.parse(WEB).repository})
POD = f"containers: [{{name: app, image: '{WEB}:1'}}]"


def owners(text: str, path: str = "app.yaml") -> list[Owner]:
    file, problems = scan(path, text.encode(), TRACKED)
    assert not problems
    return [item.owner for item in (file.findings if file else ()) if isinstance(item, Occurrence)]


class TestContainers:
    @pytest.mark.parametrize(
        ("kind", "spec"),
        [
            ("Pod", f"spec: {{{POD}}}"),
            ("Deployment", f"spec: {{template: {{spec: {{{POD}}}}}}}"),
            ("CronJob", f"spec: {{jobTemplate: {{spec: {{template: {{spec: {{{POD}}}}}}}}}}}"),
            ("Rollout", f"spec: {{strategy: [], template: {{spec: {{{POD}}}}}}}"),
            ("Deployment", f"spec: {{template: {{spec: {{initContainers: [{{image: '{WEB}:1', name: app}}]}}}}}}"),
            ("Task", f"spec: {{steps: [{{name: app, image: '{WEB}:1', script: x}}]}}"),
        ],
    )
    def test_of_any_kind_go_by_their_names(self, kind, spec):
        assert owners(f"kind: {kind}\nmetadata: {{name: web}}\n{spec}\n") == [Owner(kind, "web", "app")]

    def test_each_has_its_own(self):
        containers = f"[{{name: a, image: '{WEB}:1'}}, {{name: b, image: '{WEB}:2'}}]"
        text = f"kind: Pod\nmetadata: {{name: p}}\nspec: {{containers: {containers}}}\n"
        assert [owner.container for owner in owners(text)] == ["a", "b"]

    def test_without_a_name_go_by_their_place(self):
        assert owners(f"kind: Pod\nspec: {{containers: [{{image: '{WEB}:1'}}]}}\n") == [
            Owner("Pod", None, "spec.containers[0].image")
        ]

    def test_of_the_members_of_a_list(self):
        member = f"{{kind: Pod, metadata: {{name: p}}, spec: {{{POD}}}}}"
        assert owners(f"kind: List\nitems: [{member}]\n") == [Owner("Pod", "p", "app")]

    def test_behind_a_marker(self):
        mark = '# {"$imagestream": "web:prod"}'
        text = f"kind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n    - name: app\n      image: x {mark}\n"
        assert owners(text) == [Owner("Pod", "p", "app")]


class TestOtherPlaces:
    def test_in_a_kustomization(self):
        text = f"kind: Kustomization\nnamespace: shop\nimages:\n  - {{name: web, newName: {WEB}, newTag: '1'}}\n"
        assert owners(text, "kustomization.yaml") == [Owner("Kustomization", None, "images[web]", "shop")]

    @pytest.mark.parametrize("digest", ["", ", digest: ''"])
    def test_in_values(self, digest):
        text = f"web: {{image: {{repository: {WEB}, tag: '1'{digest}}}}}\n"
        assert owners(text) == [Owner(None, None, "web.image")]

    def test_in_values_at_the_top(self):
        assert owners(f"repository: {WEB}\ntag: '1'\n") == [Owner(None, None, "")]

    def test_in_a_custom_resource(self):
        text = (
            f"kind: HelmRelease\nmetadata: {{name: h}}\nspec: {{values: {{image: {{repository: {WEB}, tag: '1'}}}}}}\n"
        )
        assert owners(text) == [Owner("HelmRelease", "h", "spec.values.image")]

    def test_under_another_key_of_a_named_item(self):
        assert owners(f"builds: [{{name: b, baseImage: '{WEB}:1'}}]\n") == [Owner(None, None, "builds[b].baseImage")]

    def test_in_a_list_of_references(self):
        assert owners(f"images: ['{WEB}:1']\n") == [Owner(None, None, "images[0]")]

    def test_behind_a_marker(self):
        assert owners('a:\n  tag: v1 # {"$imagestream": "web:prod:tag"}\n') == [Owner(None, None, "a.tag")]


@pytest.mark.parametrize("metadata", ["", "metadata: x\n", "metadata: {name: null}\n", "metadata: {name: [a]}\n"])
def test_an_object_without_a_name(metadata):
    assert owners(f"kind: Pod\n{metadata}spec: {{{POD}}}\n") == [Owner("Pod", None, "app")]
