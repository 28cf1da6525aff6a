"""Deliveries of the controllers that apply what is in Git: Flux and Argo CD."""

from __future__ import annotations

from gitops_streams.serve.event import ImagePushed, RepositoryPushed
from webhook_samples.sample import Sample
from webhook_samples.values import COMMIT, DIGEST, branch, image

URL = "https://git.example.com/Platform/fleet.git"
_FLEET = branch("main", "git.example.com/platform/fleet")
_STORED = f"stored artifact with revision '2.0@{DIGEST}' from 'oci://registry.example.com/shop/cart'"


def flux_event(kind: str, message: str = "", *, group: str = "source", **metadata: str) -> dict[str, object]:
    """Return an event as notification-controller hands it on."""
    return {
        "involvedObject": {
            "kind": kind,
            "namespace": "flux-system",
            "name": "fleet",
            "uid": "f0f50f4f-5b47-4e4f-8e3b-1f0c8e6ddf44",
            "apiVersion": f"{group}.toolkit.fluxcd.io/v1",
        },
        "severity": "info",
        "timestamp": "2026-11-23T12:00:00Z",
        "message": message or "stored artifact for commit 'a change'",
        "reason": "NewArtifact",
        "metadata": metadata,
        "reportingController": "source-controller",
        "reportingInstance": "source-controller-7c7b47f5f-8bhrp",
    }


def _flux(
    name: str, body: dict[str, object], *events: ImagePushed | RepositoryPushed, auth: str = "generic-256"
) -> Sample:
    return Sample("flux", body, events, {"Gotk-Component": "source-controller"}, auth=auth, name=name)


def _policy(name: str, message: str, event: ImagePushed) -> Sample:
    return _flux(name, flux_event("ImagePolicy", f"Latest image tag for {message}", group="image"), event)


CONTROLLERS: tuple[Sample, ...] = (
    _flux("Git", flux_event("GitRepository", revision=f"main@sha1:{COMMIT}", gitRepository=URL), _FLEET),
    _flux(
        "SHA-384",
        flux_event("GitRepository", revision=f"refs/heads/main@sha256:{'a' * 64}", gitRepository=URL),
        _FLEET,
        auth="generic-384",
    ),
    _flux(
        "Kustomization, as before Flux 2",
        flux_event(
            "Kustomization",
            group="kustomize",
            gitRepository=URL,
            **{"kustomize.toolkit.fluxcd.io/revision": f"release/1/{COMMIT}"},
        ),
        branch("release/1", "git.example.com/platform/fleet"),
    ),
    _flux(
        "Kustomization of an artifact",
        flux_event(
            "Kustomization",
            group="kustomize",
            gitRepository=URL,
            revision=f"latest@{DIGEST}",
            originRevision=f"main@sha1:{COMMIT}",
        ),
        _FLEET,
    ),
    _flux("with a branch", flux_event("HelmRelease", "Helm upgrade", gitRepository=URL, gitBranch="main"), _FLEET),
    _flux("OCI", flux_event("OCIRepository", _STORED), image("registry.example.com", "shop/cart", "2.0")),
    _flux(
        "OCI with its origin",
        flux_event(
            "OCIRepository", f"{_STORED}, origin source '{URL}', origin revision 'main@sha1:{COMMIT}'", revision="x"
        ),
        image("registry.example.com", "shop/cart", "2.0"),
        _FLEET,
    ),
    _flux(
        "OCI with its origin and an alert",
        flux_event(
            "OCIRepository",
            f"{_STORED}, origin source 'https://elsewhere.example/x', origin revision 'main@sha1:{COMMIT}'",
            revision=f"2.0@{DIGEST}",
            gitRepository=URL,
        ),
        image("registry.example.com", "shop/cart", "2.0"),
        _FLEET,
    ),
    _policy(
        "policy with a digest",
        f"registry.example.com/shop/cart resolved to 2.0 with digest {DIGEST} "
        f"(previously registry.example.com/shop/cart:1.0@{DIGEST})",
        image("registry.example.com", "shop/cart", "2.0"),
    ),
    _policy(
        "policy, older",
        "'registry.example.com/shop/cart' updated from 1.0 to 2.0",
        image("registry.example.com", "shop/cart", "2.0", hinted=False),
    ),
    _policy(
        "policy, oldest, of Docker Hub",
        "'nginx' resolved to: 2.0",
        image("docker.io", "library/nginx", "2.0", hinted=False),
    ),
    Sample(
        "argo-cd",
        {"sources": [{"repoURL": URL, "targetRevision": "main"}]},
        (_FLEET,),
        auth="bearer",
    ),
    Sample(
        "argo-cd",
        {
            "sources": [
                {"repoURL": "https://charts.example.com", "targetRevision": "HEAD"},
                {"repoURL": "git@git.example.com:platform/fleet.git", "targetRevision": "refs/heads/main"},
            ]
        },
        (_FLEET,),
        auth="basic",
        name="sources",
    ),
)
