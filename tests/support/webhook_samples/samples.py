"""At least one delivery of every sender, as its documentation describes it; names and digests are made up."""

from __future__ import annotations

import base64
import json

from gitops_streams.oci.digest import Digest
from gitops_streams.serve.event import Ping
from webhook_samples.controllers import CONTROLLERS
from webhook_samples.sample import Sample
from webhook_samples.values import COMMIT as _COMMIT
from webhook_samples.values import DIGEST, branch, image


def registry_event(
    host: str = "registry.example.com", *, identity: str = "e1", action: str = "push"
) -> dict[str, object]:
    target = {"digest": DIGEST, "repository": "shop/cart", "tag": "2.0", "size": 7}
    return {"id": identity, "action": action, "target": target, "request": {"host": host, "method": "PUT"}}


def _github_package(event: str, **package: object) -> dict[str, object]:
    version = {"container_metadata": {"tag": {"name": "2.0", "digest": DIGEST}}, "package_url": "ghcr.io/o/p:2.0"}
    stated = {"name": "Cart", "namespace": "Shop", "package_type": "container", "package_version": version, **package}
    return {"action": "published", event: stated, "repository": {"full_name": "Shop/cart"}}


def _github_push(**changed: object) -> dict[str, object]:
    repository = {
        "full_name": "Shop/Deploy",
        "clone_url": "https://github.com/Shop/Deploy.git",
        "ssh_url": "git@github.com:Shop/Deploy.git",
        "git_url": "git://github.com/Shop/Deploy.git",
    }
    return {"ref": "refs/heads/main", "before": "0" * 40, "after": _COMMIT, "repository": repository, **changed}


def _pubsub(**data: str) -> dict[str, object]:
    encoded = base64.b64encode(json.dumps(data).encode()).decode()
    return {"message": {"data": encoded, "messageId": "136969346945", "attributes": {}}, "subscription": "s"}


_HARBOR_RESOURCES = {
    "resources": [
        {"digest": DIGEST, "tag": tag, "resource_url": f"harbor.example.com:8443/shop/cart:{tag}"} for tag in ("a", "b")
    ],
    "repository": {"name": "cart", "namespace": "shop", "repo_full_name": "shop/cart", "repo_type": "public"},
}
_HARBOR_IMAGES = tuple(image("harbor.example.com:8443", "shop/cart", tag) for tag in ("a", "b"))
_CLOUD_EVENT = {
    "specversion": "1.0",
    "id": "c1",
    "type": "container.image.push",
    "source": "https://registry.example.com",
    "data": {"registryUrl": "registry.example.com", "repository": "shop/cart", "tag": "2.0", "digest": DIGEST},
}
_CART = image("registry.example.com", "shop/cart", "2.0")
_GITEA_PACKAGE = {
    "action": "created",
    "package": {
        "owner": {"login": "Shop"},
        "type": "container",
        "name": "cart",
        "version": "2.0",
        "html_url": "https://git.example.com:3000/Shop/-/packages/container/cart/2.0",
    },
}
_GITEA_PUSH = {
    "ref": "refs/heads/release/1",
    "after": _COMMIT,
    "repository": {
        "clone_url": "https://git.example.com/shop/deploy.git",
        "ssh_url": "ssh://git@git.example.com:2222/shop/deploy.git",
        "html_url": "https://git.example.com/shop/deploy",
    },
}
_GITLAB_PUSH = {
    "object_kind": "push",
    "event_name": "push",
    "ref": "refs/heads/main",
    "after": _COMMIT,
    "project": {
        "git_http_url": "https://gitlab.example.com/shop/sub/deploy.git",
        "git_ssh_url": "git@gitlab.example.com:shop/sub/deploy.git",
        "path_with_namespace": "shop/sub/deploy",
    },
}

SAMPLES: tuple[Sample, ...] = (
    Sample(
        "docker-hub",
        {"push_data": {"tag": "2.0"}, "repository": {"repo_name": "shop/cart"}, "callback_url": "https://a.example/x"},
        (image("docker.io", "shop/cart", "2.0", hinted=False),),
        auth="none",
    ),
    Sample(
        "docker-hub",
        {"push_data": {"tag": "1"}, "repository": {"repo_name": "library/nginx", "namespace": "library"}},
        (image("docker.io", "library/nginx", "1", hinted=False),),
        auth="none",
        name="official image",
    ),
    Sample(
        "distribution",
        {"events": [registry_event(), registry_event(identity="e2", action="pull"), registry_event(identity="e3")]},
        (_CART,),
        {"Content-Type": "application/vnd.docker.distribution.events.v2+json"},
        auth="bearer",
    ),
    Sample(
        "distribution",
        {"events": [registry_event("10.0.0.1:5000")]},
        (_CART,),
        auth="basic",
        options={"host": "registry.example.com", "username": "hook"},
        name="behind a proxy, Basic",
    ),
    Sample("gitlab-registry", {"events": [registry_event()]}, (_CART,), auth="verbatim"),
    Sample(
        "quay",
        {"docker_url": "quay.example.com:8443/shop/cart", "repository": "shop/cart", "updated_tags": ["a", "b", "a"]},
        tuple(image("quay.example.com:8443", "shop/cart", tag, hinted=False) for tag in ("a", "b")),
        auth="none",
    ),
    Sample(
        "ghcr",
        _github_package("registry_package"),
        (image("ghcr.io", "shop/cart", "2.0"),),
        {"X-GitHub-Event": "registry_package", "X-GitHub-Delivery": "0b989ba4-242f-11e5-81e1-c7b6966d2516"},
        auth="hub",
        delivery="0b989ba4-242f-11e5-81e1-c7b6966d2516",
    ),
    Sample(
        "ghcr",
        _github_package("package", namespace="", owner={"login": "Shop"}, name="Group/Cart"),
        (image("ghcr.io", "shop/group/cart", "2.0"),),
        {"X-GitHub-Event": "package"},
        auth="hub",
        name="package",
    ),
    Sample(
        "ghcr", {"zen": "Keep it logically awesome."}, (Ping(),), {"X-GitHub-Event": "ping"}, auth="hub", name="ping"
    ),
    Sample("harbor", {"type": "PUSH_ARTIFACT", "event_data": _HARBOR_RESOURCES}, _HARBOR_IMAGES, auth="verbatim"),
    Sample(
        "harbor",
        {
            "specversion": "1.0",
            "id": "h1",
            "source": "/p/2",
            "type": "harbor.artifact.pushed",
            "data": _HARBOR_RESOURCES,
        },
        _HARBOR_IMAGES,
        {"Content-Type": "application/cloudevents+json"},
        auth="verbatim",
        delivery=str(Digest.of(b"/p/2#h1")),
        name="CloudEvents",
    ),
    Sample(
        "harbor",
        _HARBOR_RESOURCES,
        _HARBOR_IMAGES,
        {"ce-specversion": "1.0", "ce-type": "harbor.artifact.pushed", "ce-id": "h2", "ce-source": "/p"},
        auth="verbatim",
        delivery=str(Digest.of(b"/p#h2")),
        name="CloudEvents, binary",
    ),
    Sample(
        "acr",
        registry_event("shop.azurecr.io"),
        (image("shop.azurecr.io", "shop/cart", "2.0"),),
        auth="verbatim",
        delivery="e1",
    ),
    Sample("acr", {"id": "p1", "action": "ping"}, (Ping(),), auth="verbatim", delivery="p1", name="ping"),
    Sample(
        "acr-event-grid",
        [
            {
                "id": "g1",
                "eventType": "Microsoft.ContainerRegistry.ImagePushed",
                "data": registry_event("s.azurecr.io"),
            },
            {"id": "g2", "eventType": "Microsoft.ContainerRegistry.ImageDeleted", "data": {}},
        ],
        (image("s.azurecr.io", "shop/cart", "2.0"),),
        auth="none",
    ),
    Sample(
        "acr-event-grid",
        {
            "id": "g1",
            "type": "Microsoft.ContainerRegistry.ImagePushed",
            "data": registry_event("s.azurecr.io"),
            "specversion": "1.0",
        },
        (image("s.azurecr.io", "shop/cart", "2.0"),),
        options={"header": "X-Webhook-Secret"},
        auth="x-webhook-secret",
        name="CloudEvents, with a header",
    ),
    Sample(
        "aliyun-acr",
        {
            "push_data": {"digest": DIGEST, "tag": "2.0"},
            "repository": {"region": "cn-hangzhou", "repo_full_name": "s/c"},
        },
        (image("registry.cn-hangzhou.aliyuncs.com", "s/c", "2.0"),),
        auth="none",
    ),
    Sample(
        "google",
        _pubsub(action="INSERT", digest=f"eu-docker.pkg.dev/p/r/cart@{DIGEST}", tag="eu-docker.pkg.dev/p/r/cart:2.0"),
        (image("eu-docker.pkg.dev", "p/r/cart", "2.0"),),
        auth="google",
        delivery="136969346945",
    ),
    Sample(
        "ecr",
        {
            "version": "0",
            "id": "13cde686",
            "detail-type": "ECR Image Action",
            "source": "aws.ecr",
            "account": "123456789012",
            "region": "cn-north-1",
            "detail": {
                "result": "SUCCESS",
                "repository-name": "shop/cart",
                "image-digest": DIGEST,
                "action-type": "PUSH",
                "image-tag": "2.0",
            },
        },
        (image("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "shop/cart", "2.0"),),
        auth="x-api-key",
        delivery="13cde686",
    ),
    Sample(
        "nexus",
        {
            "action": "CREATED",
            "repositoryName": "hosted",
            "component": {"format": "docker", "name": "shop/cart", "version": "2.0"},
        },
        (image("nexus.example.com:5000", "mirror/shop/cart", "2.0", hinted=False),),
        {"X-Nexus-Webhook-Delivery": "n1"},
        {"repositories": {"hosted": "nexus.example.com:5000/mirror"}},
        auth="nexus",
        delivery="n1",
    ),
    *(
        Sample(
            "artifactory",
            {
                "domain": "docker",
                "event_type": "pushed",
                "data": {"repo_key": "local", "image_name": "shop/cart", "tag": "2.0", "sha256": DIGEST[7:]},
                "jpd_origin": "https://Shop.jfrog.io/artifactory",
            },
            (image(host, path, "2.0"),),
            options=options,
            auth=auth,
            name=name,
        )
        for name, auth, options, host, path in (
            ("", "jfrog", {}, "shop.jfrog.io", "local/shop/cart"),
            ("unsigned", "jfrog-plain", {}, "shop.jfrog.io", "local/shop/cart"),
            ("sub-domain", "jfrog", {"template": "{repository}.{host}/{image}"}, "local.shop.jfrog.io", "shop/cart"),
            ("virtual", "jfrog", {"repositories": {"local": "a.example.com/v"}}, "a.example.com", "v/shop/cart"),
        )
    ),
    Sample(
        "gitea-packages",
        _GITEA_PACKAGE,
        (image("git.example.com:3000", "shop/cart", "2.0", hinted=False),),
        {"X-Gitea-Event": "package", "X-GitHub-Event": "package", "X-Gitea-Delivery": "d1"},
        auth="gitea",
        delivery="d1",
    ),
    Sample(
        "cloudevents",
        _CLOUD_EVENT,
        (_CART,),
        {"Content-Type": "application/cloudevents+json"},
        auth="x-webhook-secret",
        delivery=str(Digest.of(b"https://registry.example.com#c1")),
    ),
    Sample(
        "cloudevents",
        _CLOUD_EVENT["data"],
        (_CART,),
        {"ce-specversion": "1.0", "ce-type": "container.image.push", "ce-source": "registry.example.com", "ce-id": "1"},
        auth="x-webhook-secret",
        name="binary",
    ),
    Sample(
        "cloudevents",
        [
            _CLOUD_EVENT,
            {
                **_CLOUD_EVENT,
                "id": "c2",
                "data": None,
                "data_base64": base64.b64encode(json.dumps(_CLOUD_EVENT["data"]).encode()).decode(),
            },
            {**_CLOUD_EVENT, "id": "c3", "type": "something.else"},
        ],
        (_CART,),
        {"Content-Type": "application/cloudevents-batch+json"},
        auth="x-webhook-secret",
        name="batch",
    ),
    *(
        Sample("generic-hmac", body, (_CART,), {"X-Delivery": "job-7"}, auth=auth, delivery="job-7", name=auth)
        for auth, body in (
            ("generic-256", {"image": "registry.example.com/shop/cart:2.0", "digest": DIGEST}),
            ("generic-512", {"images": [{"image": f"registry.example.com/shop/cart:2.0@{DIGEST}"}]}),
        )
    ),
    *(
        Sample(
            "github",
            _github_push(),
            (branch("main", "github.com/shop/deploy"),),
            {"X-GitHub-Event": "push", "X-GitHub-Delivery": "d1"},
            auth="hub",
            delivery="d1",
            form=form,
            name="form" if form else "",
        )
        for form in (False, True)
    ),
    Sample(
        "github",
        _github_package("package"),
        (image("ghcr.io", "shop/cart", "2.0"),),
        {"X-GitHub-Event": "package"},
        auth="hub",
        name="package",
    ),
    *(
        Sample(
            "gitlab",
            _GITLAB_PUSH,
            (branch("main", "gitlab.example.com/shop/sub/deploy"),),
            headers,
            auth=auth,
            delivery=delivery,
            name=auth,
        )
        for auth, headers, delivery in (
            ("x-gitlab-token", {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Event-UUID": "u1"}, "u1"),
            ("standard", {"X-Gitlab-Event": "System Hook"}, "msg_1"),
        )
    ),
    *(
        Sample(
            "gitea",
            _GITEA_PUSH,
            (branch("release/1", "git.example.com/shop/deploy"),),
            {"X-Forgejo-Event": "push", "X-Gitea-Event": "push", "X-GitHub-Event": "push"},
            auth=auth,
            name=auth,
        )
        for auth in ("gitea", "forgejo", "hub")
    ),
    Sample(
        "gitea",
        _GITEA_PACKAGE,
        (image("git.example.com:3000", "shop/cart", "2.0", hinted=False),),
        {"X-Gitea-Event": "package"},
        auth="gitea",
        name="package",
    ),
    Sample(
        "bitbucket-cloud",
        {
            "push": {
                "changes": [
                    {"new": {"type": "branch", "name": "main", "target": {"hash": _COMMIT}}, "old": None},
                    {"new": {"type": "tag", "name": "v1"}},
                    {"new": None, "old": {"type": "branch", "name": "old"}, "closed": True},
                ]
            },
            "repository": {
                "full_name": "Shop/deploy",
                "links": {"html": {"href": "https://bitbucket.org/Shop/deploy"}},
            },
        },
        (branch("main", "bitbucket.org/shop/deploy"),),
        {"X-Event-Key": "repo:push", "X-Request-UUID": "r1", "X-Hook-UUID": "h"},
        auth="bitbucket",
        delivery="r1",
    ),
    *(
        Sample(
            "bitbucket-data-center",
            {
                "eventKey": "repo:refs_changed",
                "repository": {"slug": "deploy", "project": {"key": "SHOP"}, **links},
                "changes": [
                    {"ref": {"id": "refs/heads/main", "type": "BRANCH"}, "toHash": _COMMIT, "type": "UPDATE"},
                    {"ref": {"id": "refs/heads/old", "type": "BRANCH"}, "toHash": "0" * 40, "type": "DELETE"},
                ],
            },
            (branch("main", "git.example.com/shop/deploy"),),
            {"X-Event-Key": "repo:refs_changed", "X-Request-Id": "r2"},
            options,
            auth="bitbucket",
            delivery="r2",
            name=name,
        )
        for name, links, options in (
            (
                "",
                {
                    "links": {
                        "clone": [
                            {"href": "https://git.example.com/scm/shop/deploy.git", "name": "http"},
                            {"href": "ssh://git@git.example.com:7999/shop/deploy.git", "name": "ssh"},
                        ]
                    }
                },
                {},
            ),
            ("without links", {}, {"host": "git.example.com"}),
        )
    ),
    Sample(
        "bitbucket-data-center",
        {"test": True},
        (Ping(),),
        {"X-Event-Key": "diagnostics:ping"},
        auth="bitbucket",
        name="ping",
    ),
    Sample(
        "azure-devops",
        {
            "id": "03c164c2-8912-4d5e-8009-3707d5f83734",
            "eventType": "git.push",
            "publisherId": "tfs",
            "resource": {
                "refUpdates": [{"name": "refs/heads/main", "oldObjectId": "0" * 40, "newObjectId": _COMMIT}],
                "repository": {
                    "name": "deploy",
                    "remoteUrl": "https://shop@dev.azure.com/shop/Cart/_git/deploy",
                    "sshUrl": "git@ssh.dev.azure.com:v3/shop/Cart/deploy",
                },
            },
        },
        (branch("main", "dev.azure.com/shop/cart/deploy"),),
        auth="basic",
        delivery="03c164c2-8912-4d5e-8009-3707d5f83734",
    ),
    *CONTROLLERS,
)
