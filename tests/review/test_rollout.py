"""Where a digest rolls out: the workload of each changed site, and the environment that its path names."""

from __future__ import annotations

import json

import pytest

from gitops_streams.review.rollout import environment, rollouts

WEB = "quay.io/acme/web:1.4"
STREAM = json.dumps(
    {
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": {"name": "web"},
        "spec": {"tags": [{"name": "prod", "from": {"kind": "DockerImage", "name": WEB}}]},
    }
)
DEPLOYMENT = f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop}}
spec:
  template:
    spec:
      initContainers:
        - name: migrate
          image: {WEB}
      containers:
        - name: app
          image: {WEB}
        - name: other
          image: quay.io/acme/other:1
"""


class TestEnvironments:
    @pytest.mark.parametrize(
        ("path", "wanted"),
        [
            ("overlays/prod/kustomization.yaml", "prod"),
            ("apps/web/overlays/prod/patches/web.yaml", "prod"),
            ("environments/staging/values.yaml", "staging"),
            ("clusters/prod-eu/web.yaml", "prod-eu"),
            ("envs/qa/web.yaml", "qa"),
            ("clusters/eu/environments/prod/web.yaml", "prod"),
            ("environments/prod/clusters/eu/web.yaml", "prod"),
            ("overlays/prod/overlays/canary/web.yaml", "canary"),
            ("Overlays/Prod/web.yaml", "Prod"),
            ("environments/prod.yaml", "prod"),
            ("charts/web/values-prod.yaml", "prod"),
            ("charts/web/values.prod-eu.yml", "prod-eu"),
            ("values-staging.yaml", "staging"),
            ("overlays/base/web.yaml", None),
            ("overlays/kustomization.yaml", None),
            ("apps/prod/web.yaml", None),
            ("prod/web.yaml", None),
            ("prod.yaml", None),
            ("charts/web/values.yaml", None),
            ("charts/web/values-schema.json", None),
            ("charts/web/values-images.yaml", None),
            ("environments/readme.yaml", None),
            ("deploy/production-notes.yaml", None),
        ],
    )
    def test_by_convention(self, path, wanted):
        assert environment(path) == wanted

    def test_the_configuration_goes_first(self):
        configured = (("apps/*/live/**", "production"), ("overlays/**", "other"), ("**", "rest"))
        assert environment("apps/web/live/web.yaml", configured) == "production"
        assert environment("overlays/prod/web.yaml", configured) == "other"
        assert environment("web.yaml", configured) == "rest"


class TestRollouts:
    def places(self, planned) -> list[tuple[object, ...]]:
        (tag,) = planned.plan.tags
        return [
            (item.file, item.line, item.kind, item.namespace, item.name, item.container, item.environment)
            for item in rollouts(tag, (("shop/**", "live"),))
        ]

    def test_of_workloads(self, plan_files):
        planned = plan_files({"shop/web.yaml": DEPLOYMENT, "streams.json": STREAM})
        assert self.places(planned) == [
            ("shop/web.yaml", 9, "Deployment", "shop", "web", "migrate", "live"),
            ("shop/web.yaml", 12, "Deployment", "shop", "web", "app", "live"),
        ]

    def test_of_all_forms(self, plan_files):
        image = "- {name: web, newName: quay.io/acme/web, newTag: '1.4'}\n"
        files = {
            "overlays/prod/kustomization.yaml": f"namespace: shop\nimages:\n{image}",
            "values-prod.yaml": "web:\n  image:\n    repository: quay.io/acme/web\n    tag: '1.4'\n",
            "marked.yaml": 'a: x # {"$imagestream": "web:prod"}\n',
            "streams.json": STREAM,
        }
        assert self.places(plan_files(files)) == [
            ("marked.yaml", 1, None, None, None, "a", None),
            ("overlays/prod/kustomization.yaml", 3, None, "shop", None, "images[web]", "prod"),
            ("values-prod.yaml", 4, None, None, None, "web.image", "prod"),
        ]

    def test_only_of_what_changes(self, plan_files):
        planned = plan_files({"web.yaml": DEPLOYMENT, "streams.json": STREAM})
        again = plan_files(planned.files)
        assert self.places(again) == []
