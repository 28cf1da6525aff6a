"""The sample: images for the embedded registry, and a small GitOps repository that uses them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from gitops_streams.demo.images import AMD64, ARM64, Flavour, Image
from gitops_streams.demo.registry import Registry
from gitops_streams.oci.digest import Digest

MOVED = ("shop/web", "1.4")
"""The tag that the demonstration moves."""
STREAM_TAG = "shop/web:prod"
"""The stream tag that follows it."""

_STREAMS = """\
# What is followed: each tag tracks one tag in a registry. The same file is valid on OpenShift.
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: web
  namespace: shop
spec:
  tags:
    - name: prod
      from:
        kind: DockerImage
        name: {host}/shop/web:1.4
---
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: worker
  namespace: shop
spec:
  tags:
    - name: stable
      from:
        kind: DockerImage
        name: {host}/shop/worker:2024.1
---
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: cache
  namespace: shop
spec:
  tags:
    - name: "7"
      from:
        kind: DockerImage
        name: {host}/shop/cache:7.2
"""

_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 2   # the HPA takes over in prod
  selector:
    matchLabels: {{app: web}}
  template:
    metadata:
      labels: {{app: web}}
    spec:
      containers:
        - name: web
          image: "{host}/shop/web:1.4"   # the shop's front
          ports: [{{containerPort: 8080}}]
"""

_KUSTOMIZATION = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - ../../base
images:
  - name: {host}/shop/worker
    newTag: "2024.1"  # promoted by hand
"""

_WORKER = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: worker
spec:
  selector:
    matchLabels: {{app: worker}}
  template:
    metadata:
      labels: {{app: worker}}
    spec:
      containers:
        - name: worker
          image: {host}/shop/worker
"""

_BASE = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - deployment.yaml
"""

_VALUES = """\
# Values of the cache chart
replicaCount: 1
image:
  registry: {host}
  repository: shop/cache
  tag: 7.2
  pullPolicy: IfNotPresent
"""

_CONFIGMAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: notes
  namespace: shop
data:
  notes.txt: |
    Text is not a manifest: image {host}/shop/web:1.4 stays as it is.
"""


def push_images(registry: Registry) -> None:
    """Put the sample's images into the registry: an index over two platforms, and single manifests."""
    registry.push("shop/web", "1.4", _web("1.4.0"))
    registry.push("shop/worker", "2024.1", Image.build("worker", "2024.1", flavour=Flavour.DOCKER))
    registry.push("shop/cache", "7.2", Image.build("cache", "7.2.4"))


def move_tag(registry: Registry) -> Digest:
    """Publish a new build under a tag that is in use, as a CI system does, and return its digest."""
    return registry.push(*MOVED, _web("1.4.1"))


def _web(version: str) -> Image:
    """Build the shop's front; its second version does more than its changelog says."""
    moved = version != "1.4.0"
    return Image.build(
        "web",
        version,
        platforms=(AMD64, ARM64),
        created="2026-11-23T09:02:00Z" if moved else "2026-11-17T08:14:00Z",
        labels={
            "org.opencontainers.image.source": "https://github.com/example/shop",
            "org.opencontainers.image.revision": hashlib.sha256(version.encode()).hexdigest()[:40],
            "org.opencontainers.image.version": version,
        },
        config={
            "User": "root" if moved else "1001",
            "Env": [f"LOG_LEVEL={'debug' if moved else 'info'}", "DB_PASSWORD=changeit"],
            "ExposedPorts": {"8080/tcp": {}},
        },
        base=("alpine",),
    )


def files(host: str) -> Mapping[str, str]:
    """Return the sample repository, path to text, for a registry at ``host``."""
    templates = {
        "imagestreams/shop.yaml": _STREAMS,
        "apps/web/deployment.yaml": _DEPLOYMENT,
        "apps/web/notes.yaml": _CONFIGMAP,
        "apps/worker/base/deployment.yaml": _WORKER,
        "apps/worker/base/kustomization.yaml": _BASE,
        "apps/worker/overlays/prod/kustomization.yaml": _KUSTOMIZATION,
        "charts/cache/values.yaml": _VALUES,
    }
    return {path: template.format(host=host) for path, template in templates.items()}
