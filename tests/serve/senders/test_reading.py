"""What each sender's deliveries do not come to, and what an operator can say about them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from webhook_samples import NOW, SAMPLES, Sample, receiver_for, sent, signed
from webhook_samples.samples import DIGEST, image, registry_event

from gitops_streams.serve.event import Accepted, Ignored, Outcome, Ping, Refused
from gitops_streams.serve.senders.consent import consent
from gitops_streams.serve.senders.receive import receive
from gitops_streams.serve.senders.receiver import paths


def _sample(sender: str, name: str = "") -> Sample:
    return next(each for each in SAMPLES if each.sender == sender and each.name == name)


def _receive(sample: Sample, body: object, query: str = "", **options: object) -> Outcome:
    receiver = receiver_for(sample, **options)
    raw = json.dumps(body).encode()
    headers = {**sample.headers, **signed(sample.auth, raw)}
    return receive(receiver, headers, raw, paths(receiver)[0] + query, now=NOW)


def _patched(body: Any, path: str, value: object) -> Any:
    if not path:
        return value
    first, _, rest = path.partition(".")
    if isinstance(body, list):
        return [_patched(each, rest, value) if str(at) == first else each for at, each in enumerate(body)]
    return {**body, first: _patched(body.get(first), rest, value)}


_SLSA = "sha256:" + "0" * 64
_IGNORED = [
    ("docker-hub", "", "push_data.tag", "", "without a tag"),
    ("docker-hub", "", "push_data.tag", "a b", "is not a tag"),
    ("docker-hub", "", "repository.repo_name", "../x", "is not a repository"),
    ("docker-hub", "", "repository.repo_name", "Shop/cart", "is not a repository"),
    ("gitlab-registry", "", "events.0.action", "pull", "“pull”, not push"),
    ("gitlab-registry", "", "events.0.action", "delete", "“delete”, not push"),
    ("gitlab-registry", "", "events.0.action", "mount", "“mount”, not push"),
    ("gitlab-registry", "", "events.0.target.tag", None, "without a tag"),
    ("gitlab-registry", "", "events.0.request.host", "registry", "“registry” is not a registry"),
    ("gitlab-registry", "", "events.0.request.host", "", "is not a registry"),
    ("gitlab-registry", "", "events.0.request.host", "a.example/b", "is not a registry"),
    ("gitlab-registry", "", "events.0.request.host", "user@a.example", "is not a registry"),
    ("gitlab-registry", "", "events", [], "names no image"),
    ("quay", "", "updated_tags", [], "names no image"),
    ("quay", "", "docker_url", "quay/acme/app", "is not a registry"),
    ("ghcr", "", "action", "deleted", "neither published nor updated"),
    ("ghcr", "", "registry_package.package_type", "npm", "not container"),
    ("ghcr", "", "registry_package.package_type", "docker", "not container"),
    ("ghcr", "", "registry_package.package_version.container_metadata.tag.name", "", "without a tag"),
    ("ghcr", "", "registry_package.package_version.container_metadata", None, "without a tag"),
    ("harbor", "", "type", "PULL_ARTIFACT", "“PULL_ARTIFACT”"),
    ("harbor", "", "event_data.resources", [{"digest": DIGEST, "resource_url": "h.example/a/b@x"}], "without a tag"),
    ("harbor", "CloudEvents", "type", "harbor.artifact.pulled", "harbor.artifact.pulled"),
    ("harbor", "CloudEvents", "specversion", "0.3", "not PUSH_ARTIFACT"),
    ("acr", "", "action", "chart_push", "not push"),
    ("acr", "", "action", "quarantine", "not push"),
    ("acr-event-grid", "CloudEvents, with a header", "type", "Microsoft.ContainerRegistry.ChartPushed", "ChartPushed"),
    ("aliyun-acr", "", "repository.region", "x.evil.example/", "is not a region"),
    ("google", "", "message.data", "e30", "not base64"),
    ("google", "", "message.data", "e30=", "not INSERT"),
    ("google", "", "message.data", "/w==", "not UTF-8"),
    ("ecr", "", "detail.action-type", "DELETE", "not a successful push"),
    ("ecr", "", "detail.result", "FAILURE", "not a successful push"),
    ("ecr", "", "detail.image-tag", None, "without a tag"),
    ("ecr", "", "source", "aws.ecr.evil", "not ECR Image Action"),
    ("ecr", "", "account", "1.evil.example/", "is not a registry"),
    ("ecr", "", "region", "evil.example/x", "is not a registry"),
    ("nexus", "", "action", "DELETED", "neither CREATED nor UPDATED"),
    ("nexus", "", "component.format", "maven2", "not docker"),
    ("nexus", "", "component.version", _SLSA, "is not a tag"),
    ("nexus", "", "repositoryName", "another", "says nothing of “another”"),
    ("artifactory", "", "event_type", "deleted", "not pushed of docker"),
    ("artifactory", "", "domain", "artifact", "not pushed of docker"),
    ("artifactory", "", "jpd_origin", "acme", "is not a registry"),
    ("artifactory", "", "jpd_origin", "https://a.example:x/", "is not a registry"),
    ("artifactory", "", "data.repo_key", "a/b", "is not a repository of Artifactory"),
    ("artifactory", "sub-domain", "data.repo_key", "{host}/x", "is not a repository of Artifactory"),
    ("artifactory", "sub-domain", "data.repo_key", "{image}", "is not a registry"),
    ("gitea-packages", "", "action", "deleted", "not created"),
    ("gitea-packages", "", "package.type", "generic", "not container"),
    ("gitea-packages", "", "package.version", _SLSA, "is not a tag"),
    ("cloudevents", "", "type", "com.example", "nothing is known"),
    ("cloudevents", "", "specversion", "2.0", "no CloudEvent"),
    ("generic-hmac", "generic-256", "image", "cart:2.0", "is not a registry"),
    ("generic-hmac", "generic-256", "image", "registry.example.com/cart", "without a tag"),
    ("generic-hmac", "generic-256", "image", "registry.example.com/" + "a" * 2000, "too long"),
    ("github", "", "ref", "refs/tags/v1", "is not a branch"),
    ("github", "", "ref", "refs/heads/\x1b[31m", "not printable"),
    ("github", "", "after", "0" * 40, "was deleted"),
    ("gitlab", "standard", "object_kind", "tag_push", "not push"),
    ("gitlab", "standard", "after", "0" * 64, "was deleted"),
    ("gitlab", "standard", "project", None, "cloned from"),
    ("gitea", "gitea", "after", "0" * 40, "was deleted"),
    ("bitbucket-cloud", "", "push.changes", [{"new": {"type": "tag", "name": "v1"}}], "not a branch"),
    ("bitbucket-cloud", "", "push.changes", [{"new": None}], "deleted"),
    ("bitbucket-data-center", "without links", "changes.0.type", "DELETE", "deleted"),
    ("bitbucket-data-center", "without links", "changes.0.ref.id", "refs/tags/v1", "is not a branch"),
    ("bitbucket-data-center", "without links", "repository.slug", None, "cloned from"),
    ("azure-devops", "", "eventType", "build.complete", "not git.push"),
    ("azure-devops", "", "resource.refUpdates.0.newObjectId", "0" * 40, "was deleted"),
    ("flux", "Git", "severity", "error", "“error”, not info"),
    ("flux", "Git", "severity", None, "not info"),
    ("flux", "Git", "metadata.gitRepository", "", "cloned from: set gitRepository"),
    ("flux", "Git", "metadata.gitRepository", "/srv/git", "cloned from"),
    ("flux", "Git", "metadata", None, "cloned from: set gitRepository"),
    ("flux", "Git", "metadata.revision", "sha1:da1560886d4f094c3e6c9ef40349f7d38b5d27d7", "set gitBranch"),
    ("flux", "Git", "metadata.revision", "refs/tags/v1@sha1:" + "a" * 40, "is not a branch"),
    ("flux", "Git", "metadata.revision", "x" * 2000 + "@sha1:" + "a" * 40, "set gitBranch"),
    ("flux", "Kustomization of an artifact", "metadata.originRevision", "", "set gitBranch"),
    ("flux", "OCI", "message", "artifact up-to-date with remote revision: '2.0'", "cloned from"),
    ("flux", "OCI", "message", f"stored artifact with revision '{DIGEST}' from 'oci://a.example/b'", "without a tag"),
    ("flux", "OCI", "message", f"stored artifact with revision '2@{DIGEST}' from 'oci://A b'", "not a repository"),
    ("flux", "OCI", "message", f"stored artifact with revision '2@{DIGEST}' from '{'a' * 2000}'", "not a repository"),
    ("flux", "policy, older", "message", "no tags in database", "names no image and tag"),
    ("flux", "policy, older", "message", "Latest image tag for 'a.example/b' resolved to x/y", "is not a tag"),
    ("flux", "policy, older", "involvedObject.kind", "ImageRepository", "does not say which tag"),
    ("flux", "policy, older", "involvedObject.kind", "Secret", "cloned from"),
    ("argo-cd", "", "sources", [], "names no branch"),
    ("argo-cd", "", "sources.0.targetRevision", "HEAD", "follows HEAD"),
    ("argo-cd", "", "sources.0.targetRevision", None, "follows HEAD"),
    ("argo-cd", "", "sources.0.targetRevision", "refs/tags/v1", "is not a branch"),
    ("argo-cd", "", "sources.0.repoURL", "", "cloned from"),
]


@pytest.mark.parametrize(("sender", "name", "path", "value", "reason"), _IGNORED)
def test_ignored(sender: str, name: str, path: str, value: object, reason: str) -> None:
    sample = replace(_sample(sender, name), form=False)
    outcome = _receive(sample, _patched(sample.body, path, value))
    assert isinstance(outcome, Ignored), outcome
    assert reason in outcome.reason


@pytest.mark.parametrize(
    ("sender", "header", "value", "reason"),
    [
        ("ghcr", "X-GitHub-Event", "push", "not package or registry_package"),
        ("github", "X-GitHub-Event", "issues", "“issues”"),
        ("gitea-packages", "X-Gitea-Event", "push", "not package"),
        ("gitea", "X-Forgejo-Event", "issues", "not package"),
        ("bitbucket-cloud", "X-Event-Key", "repo:fork", "not repo:push"),
        ("bitbucket-data-center", "X-Event-Key", "pr:opened", "not repo:refs_changed"),
    ],
)
def test_other_events_are_ignored(sender: str, header: str, value: str, reason: str) -> None:
    sample = next(each for each in SAMPLES if each.sender == sender)
    headers, body, path = sent(sample)
    outcome = receive(receiver_for(sample), {**headers, header: value}, body, path, now=NOW)
    assert isinstance(outcome, Ignored)
    assert reason in outcome.reason


def test_a_wrong_digest_is_no_hint_and_no_obstacle() -> None:
    sample = _sample("gitlab-registry")
    for digest in ("sha256:beef", "x", 5, None, DIGEST.upper(), "sha256:" + "a" * 10_000):
        outcome = _receive(sample, _patched(sample.body, "events.0.target.digest", digest))
        assert isinstance(outcome, Accepted)
        assert outcome.events == (image("registry.example.com", "shop/cart", "2.0", hinted=False),)


def test_one_bad_event_spoils_no_other() -> None:
    events = [registry_event("no host"), registry_event(action="pull"), registry_event(), 5, None]
    outcome = _receive(_sample("gitlab-registry"), {"events": events})
    assert isinstance(outcome, Accepted)
    assert outcome.events == _sample("gitlab-registry").events


def test_a_hosts_capitals_do_not_count() -> None:
    outcome = _receive(_sample("gitlab-registry"), {"events": [registry_event("Registry.Example.COM:5000")]})
    assert isinstance(outcome, Accepted)
    assert outcome.events == (image("registry.example.com:5000", "shop/cart", "2.0"),)


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("quay", ""),
        ("acr", ""),
        ("google", ""),
        ("ecr", ""),
        ("generic-hmac", "generic-256"),
        ("cloudevents", "binary"),
        ("harbor", ""),
        ("ghcr", ""),
        ("gitea-packages", ""),
        ("flux", "OCI"),
        ("flux", "policy with a digest"),
    ],
)
def test_the_host_can_be_said(sender: str, name: str) -> None:
    sample = _sample(sender, name)
    outcome = _receive(sample, sample.body, host="mirror.example.com:5000")
    assert isinstance(outcome, Accepted)
    assert [replace(event.repository, domain="mirror.example.com:5000") for event in sample.events] == [  # type: ignore[union-attr]
        event.repository
        for event in outcome.events  # type: ignore[union-attr]
    ]


def test_old_quay_sends_an_object() -> None:
    outcome = _receive(_sample("quay"), {"docker_url": "quay.io/a/b", "updated_tags": {"latest": "b750fe79269d"}})
    assert isinstance(outcome, Accepted)
    assert outcome.events == (image("quay.io", "a/b", "latest", hinted=False),)


def test_alibabas_instances_are_named_in_the_query() -> None:
    sample = _sample("aliyun-acr")
    outcome = _receive(sample, sample.body, "?registry=i.cn-hangzhou.cr.aliyuncs.com&registry=x.example")
    assert isinstance(outcome, Accepted)
    assert outcome.events == (image("i.cn-hangzhou.cr.aliyuncs.com", "s/c", "2.0"),)


@pytest.mark.parametrize(
    ("event", "region", "host"),
    [
        ({"source": "urn:aws:ecr:eu-west-1:123456789012:repository/a", "registryId": ""}, "", "eu-west-1"),
        ({"source": "arn:aws:ecr:eu-west-1:000000000000:repository/a", "registryId": "123456789012"}, "", "eu-west-1"),
    ],
)
def test_ecr_as_cloudevent(event: dict[str, str], region: str, host: str) -> None:
    body = {
        "specversion": "1.0",
        "id": "1",
        "type": "com.amazon.ecr.image.push",
        "source": event["source"],
        "data": {"repositoryName": "a", "imageTag": "1", "imageDigest": DIGEST, "registryId": event["registryId"]},
    }
    outcome = _receive(_sample("cloudevents"), body)
    assert isinstance(outcome, Accepted)
    assert outcome.events == (image(f"123456789012.dkr.ecr.{host}.amazonaws.com", "a", "1"),)


def test_flux_sends_an_event_again_and_it_is_known() -> None:
    sample = _sample("flux", "Git")
    first, again = _receive(sample, sample.body), _receive(sample, sample.body)
    later = _receive(sample, _patched(sample.body, "timestamp", "2026-11-23T12:05:00Z"))
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert isinstance(later, Accepted)
    assert first.delivery is not None
    assert first.delivery == again.delivery != later.delivery


class TestEventGrid:
    """The handshakes."""

    def test_handshake(self) -> None:
        code = "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"
        data = {"validationCode": code, "validationUrl": "https://rp-eastus2.eventgrid.azure.net/validate?id=5"}
        body = [{"eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": data}]
        outcome = _receive(_sample("acr-event-grid"), body)
        assert isinstance(outcome, Accepted)
        assert outcome.events == (Ping(),)
        assert json.loads(outcome.reply) == {"validationResponse": code}

    @pytest.mark.parametrize("code", ["", None, "<script>", "a" * 200, 5])
    def test_a_code_that_is_none(self, code: object) -> None:
        body = [{"eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": {"validationCode": code}}]
        assert isinstance(_receive(_sample("acr-event-grid"), body), Ignored)

    def test_a_handshake_needs_the_header_too(self) -> None:
        sample = _sample("acr-event-grid", "CloudEvents, with a header")
        receiver = receiver_for(sample)
        outcome = receive(receiver, {"X-Webhook-Secret": "x"}, b"[]", paths(receiver)[0], now=NOW)
        assert isinstance(outcome, Refused)

    def test_consent(self) -> None:
        receiver = receiver_for(_sample("acr-event-grid"))
        answer = consent(receiver, {"webhook-request-origin": "eventgrid.azure.net"}, paths(receiver)[0])
        assert not isinstance(answer, Refused)
        assert answer["WebHook-Allowed-Origin"] == "eventgrid.azure.net"

    @pytest.mark.parametrize("origin", ["", "a b", "a\r\nSet-Cookie: x", "*", "ü", "a" * 300])
    def test_no_consent(self, origin: str) -> None:
        receiver = receiver_for(_sample("acr-event-grid"))
        answer = consent(receiver, {"WebHook-Request-Origin": origin}, paths(receiver)[0])
        assert isinstance(answer, Refused)
        answer = consent(receiver, {"WebHook-Request-Origin": "eventgrid.azure.net"}, "/hooks/test/x")
        assert isinstance(answer, Refused)
        assert answer.status == 404
