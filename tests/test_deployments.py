"""What runs the service: the examples for Kubernetes and systemd, and the Dockerfile's inputs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
import yaml
from webhook_samples import NOW, SAMPLES, receiver_for, signed
from webhook_samples.controllers import flux_event

from gitops_streams.cli.group import cli as program
from gitops_streams.serve.clone_location import clone_location
from gitops_streams.serve.event import Accepted, RepositoryPushed
from gitops_streams.serve.parse import parse
from gitops_streams.serve.senders.receive import receive
from gitops_streams.serve.senders.receiver import paths

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
KUBERNETES = ROOT / "examples" / "kubernetes"
KINDS = ["cronjob", "serve", "sharded"]
# One that is current, and the oldest that this is written for: backoffLimitPerIndex is stable since 1.33.
VERSIONS = ["1.33", "1.36"]


def need(tool: str) -> str:
    found = shutil.which(tool)
    if found is None:
        if os.environ.get("GITOPS_STREAMS_REQUIRE_REAL_SERVERS") == "1":
            pytest.fail(f"{tool} is not installed")
        pytest.skip(f"{tool} is not installed")
    return found


def built(kind: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [need("kubectl"), "kustomize", str(KUBERNETES / kind)], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def pods(documents: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for document in documents:
        if document["kind"] == "Deployment":
            yield document["spec"]["template"]["spec"]
        if document["kind"] == "CronJob":
            yield document["spec"]["jobTemplate"]["spec"]["template"]["spec"]


@pytest.mark.parametrize("kind", KINDS)
def test_kustomize_builds_what_the_published_schemas_admit(kind: str) -> None:
    documents = built(kind)
    assert next(pods(documents))
    for document in documents:
        assert document["kind"] == "Namespace" or document["metadata"]["namespace"] == "gitops-streams"
        for version in VERSIONS:
            kubernetes_validate.validate(document, version, strict=True)


def test_the_schemas_object_to_what_is_wrong() -> None:
    deployment = next(document for document in built("serve") if document["kind"] == "Deployment")
    deployment["spec"]["replicaCount"] = 1
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_configuration_is_mounted_where_it_is_read_and_can_be_used(kind: str) -> None:
    documents = built(kind)
    (config,) = (document for document in documents if document["kind"] == "ConfigMap")
    (pod,) = pods(documents)
    (container,) = pod["containers"]
    places = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert places.keys() == volumes.keys()
    assert volumes["config"]["configMap"]["name"] == config["metadata"]["name"]
    arguments = container["args"]
    assert arguments[arguments.index("--config") + 1] == f"{places['config']}/serve.yaml"
    settings = parse(config["data"]["serve.yaml"].encode(), "serve.yaml", Path("/"))
    assert str(settings.state_directory) == places["state"]
    # Every secret that it names lies in a volume that is a Secret, and is mounted for reading alone.
    wanted = [receiver.secrets for receiver in settings.receivers]
    files = [place.file for places_ in wanted for place in places_]
    files += [repository.credential.password.file for repository in settings.repositories if repository.credential]
    files += [settings.page_token.file] if settings.page_token else []
    secrets = {places[name] for name, volume in volumes.items() if "secret" in volume}
    assert files
    assert {str(file.parent) for file in files if file is not None} <= secrets
    assert all(mount["readOnly"] for mount in container["volumeMounts"] if mount["mountPath"] in secrets)


@pytest.mark.parametrize("kind", KINDS)
def test_pods_have_no_rights_that_they_do_not_need(kind: str) -> None:
    (pod,) = pods(built(kind))
    (container,) = pod["containers"]
    contexts = pod["securityContext"] | container["securityContext"]
    assert pod["automountServiceAccountToken"] is False
    assert (contexts["runAsNonRoot"], contexts["readOnlyRootFilesystem"]) == (True, True)
    assert contexts["allowPrivilegeEscalation"] is False
    assert contexts["capabilities"] == {"drop": ["ALL"]}
    assert contexts["seccompProfile"] == {"type": "RuntimeDefault"}
    # The image's own user, to whom the folder of the state belongs.
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert f"USER {contexts['runAsUser']}:{contexts['runAsGroup']}" in dockerfile
    assert not any("valueFrom" in variable for variable in container["env"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_verb_takes_the_arguments(kind: str) -> None:
    (pod,) = pods(built(kind))
    arguments = [argument.replace("$(JOB_COMPLETION_INDEX)", "7") for argument in pod["containers"][0]["args"]]
    command = program.get_command(None, arguments[0])  # type: ignore[arg-type]
    assert command is not None
    known = {name for parameter in command.params for name in parameter.opts}
    assert {argument for argument in arguments if argument.startswith("--")} <= known


def test_every_index_of_the_job_is_a_shard() -> None:
    (pod,) = pods(built("sharded"))
    job = next(document for document in built("sharded") if document["kind"] == "CronJob")["spec"]["jobTemplate"][
        "spec"
    ]
    assert job["completionMode"] == "Indexed"
    assert job["completions"] == job["parallelism"]
    assert f"$(JOB_COMPLETION_INDEX)/{job['completions']}" in pod["containers"][0]["args"]


def test_the_service_is_reached_at_the_port_that_it_listens_on() -> None:
    documents = built("serve")
    (config,) = (document for document in documents if document["kind"] == "ConfigMap")
    settings = parse(config["data"]["serve.yaml"].encode(), "serve.yaml", Path("/"))
    (pod,) = pods(documents)
    (port,) = pod["containers"][0]["ports"]
    assert (settings.host, settings.port) == ("0.0.0.0", port["containerPort"])
    (service,) = (document for document in documents if document["kind"] == "Service")
    assert [each["targetPort"] for each in service["spec"]["ports"]] == [port["name"]]
    assert pod["terminationGracePeriodSeconds"] > settings.stop_timeout


def notifications(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((KUBERNETES / "notifications" / name).read_text()))


def test_flux_alerts_name_a_provider_that_the_sender_verifies_and_a_repository_that_it_reads() -> None:
    provider, *alerts = notifications("flux.yaml")
    assert (provider["kind"], provider["spec"]["type"]) == ("Provider", "generic-hmac")
    place = provider["metadata"]["namespace"]
    for alert in alerts:
        assert (alert["kind"], alert["apiVersion"]) == ("Alert", provider["apiVersion"])
        assert alert["metadata"]["namespace"] == place
        assert alert["spec"]["providerRef"]["name"] == provider["metadata"]["name"]
        assert alert["spec"]["eventSeverity"] == "info"
    told = [alert["spec"]["eventMetadata"] for alert in alerts if "eventMetadata" in alert["spec"]]
    for metadata in told:
        (event,) = delivered("flux", flux_event("GitRepository", revision=f"main@sha1:{'a' * 40}", **metadata))
        assert event == RepositoryPushed((clone_location(metadata["gitRepository"]) or "",), "main")
    assert told


_SOURCES = [
    ({"source": {"repoURL": "https://git.example.com/a.git", "targetRevision": "v1"}}, ["v1"]),
    ({"source": {"repoURL": "https://git.example.com/a.git", "path": "x"}}, ["main"]),
    (
        {
            "sources": [
                {"repoURL": "https://git.example.com/a.git", "targetRevision": "HEAD"},
                {"repoURL": "git@git.example.com:a.git", "targetRevision": "release/1"},
                {"repoURL": 'https://charts.example.com/"quoted"', "chart": "x", "targetRevision": ">=1.0 <2"},
            ]
        },
        ["main", "release/1", ">=1.0 <2"],
    ),
]


@pytest.mark.parametrize(("spec", "branches"), _SOURCES, ids=["a source", "HEAD", "sources"])
def test_argo_cds_template_makes_what_the_sender_reads(
    spec: dict[str, Any], branches: list[str], tmp_path: Path
) -> None:
    (config,) = notifications("argo-cd.yaml")
    data = {key: yaml.safe_load(value) for key, value in config["data"].items()}
    assert config["metadata"]["name"] == "argocd-notifications-cm"
    assert data["service.webhook.gitops-streams"]["headers"][0]["name"] == "Authorization"
    assert all(condition["send"] == ["gitops-streams"] for condition in data["trigger.on-git-moved"])
    hook = data["template.gitops-streams"]["webhook"]["gitops-streams"]
    assert hook["method"] == "POST"
    # kubectl brings the same engine of templates along, and renders any object without a server.
    template, application = tmp_path / "template", tmp_path / "application.json"
    template.write_text(hook["body"])
    variables = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "app": {"spec": spec}}
    application.write_text(json.dumps(variables))
    done = subprocess.run(
        [need("kubectl"), "annotate", "--local", "-f", str(application), "a=b",
         "-o", f"go-template-file={template}"],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    body = json.loads(done.stdout)
    assert [each["targetRevision"] for each in body["sources"]] == branches
    assert {event.branch for event in delivered("argo-cd", body)} >= set(branches[:2])


def delivered(sender: str, body: object) -> list[RepositoryPushed]:
    sample = next(each for each in SAMPLES if each.sender == sender)
    receiver, raw = receiver_for(sample), json.dumps(body).encode()
    outcome = receive(receiver, signed(sample.auth, raw), raw, paths(receiver)[0], now=NOW)
    assert isinstance(outcome, Accepted), outcome
    return [event for event in outcome.events if isinstance(event, RepositoryPushed)]


def test_the_documentation_shows_the_files() -> None:
    text = re.sub(r"(?m)^ *", "", (ROOT / "docs" / "webhooks.md").read_text())
    (config,) = notifications("argo-cd.yaml")
    assert all(re.sub(r"(?m)^ *", "", value) in text for value in config["data"].values())
    shown = [yaml.safe_load_all(each) for each in re.findall(
        r"(?s)```yaml\n(apiVersion: notification.toolkit.*?)```",
        re.sub(r"(?m)^  ", "", (ROOT / "docs" / "webhooks.md").read_text()),
    )]  # fmt: skip
    assert [list(each) for each in shown] == [notifications("flux.yaml")]


@pytest.mark.parametrize("unit", sorted((ROOT / "examples" / "systemd").iterdir()), ids=lambda path: path.name)
def test_systemd_understands_the_units(unit: Path, tmp_path: Path) -> None:
    text = unit.read_text()
    # The program is not installed there on a machine that tests.
    (tmp_path / unit.name).write_text(text.replace("/usr/local/bin/gitops-streams", "/bin/true"))
    if unit.suffix == ".timer":
        service = unit.with_suffix(".service")
        replaced = service.read_text().replace("/usr/local/bin/gitops-streams", "/bin/true")
        (tmp_path / service.name).write_text(replaced)
    done = subprocess.run(
        [need("systemd-analyze"), "verify", str(tmp_path / unit.name)],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_the_dockerfile_copies_what_the_context_has() -> None:
    admitted = {line[1:].rstrip("/") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
        for name in line.split()
    }
    assert copied == admitted
    assert all((ROOT / name).exists() for name in copied)
