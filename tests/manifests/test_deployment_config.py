"""The triggers of a DeploymentConfig, all or nothing, and those of a BuildConfig, which are ignored."""

from __future__ import annotations

import json

import pytest

from gitops_streams.manifests.occurrence import Occurrence, TriggeredField
from gitops_streams.manifests.scan import scan
from gitops_streams.yamledit.pointer import render


def change(name: str, *containers: str, automatic=True, kind: str = "ImageStreamTag", **fields):
    origin = {"kind": kind, "name": name} | fields.pop("origin", {})
    parameters = {"automatic": automatic, "containerNames": list(containers), "from": origin} | fields
    return {"type": "ImageChange", "imageChangeParams": parameters}


@pytest.fixture
def triggered():
    """Scan a DeploymentConfig with containers ``web`` and ``side`` and an init container ``setup``."""

    def find(*triggers, namespace: str | None = "acme", kind: str = "DeploymentConfig") -> list[str]:
        pod = {
            "initContainers": [{"name": "setup", "image": " "}],
            "containers": [{"name": "web", "image": "web:1"}, {"name": "side", "image": ""}, {"name": "bare"}],
        }
        document = {
            "kind": kind,
            "metadata": {"namespace": namespace} if namespace else {},
            "spec": {"triggers": list(triggers), "template": {"spec": pod}},
        }
        file, problems = scan("a.yaml", json.dumps(document).encode(), frozenset())
        lines = []
        for item in () if file is None else file.findings:
            assert isinstance(item, Occurrence)
            assert isinstance(item.form, TriggeredField)
            named = item.form.trigger
            beside = [f"{namespace}/{stream}:{tag}" for namespace, stream, tag in named.together]
            place = render(item.pointer).removeprefix("/spec/template/spec/")
            name = f"{named.namespace}/{named.stream}:{named.tag}"
            lines.append(f"{place} {name} of {' '.join(beside)}" + (f": {named.hands_off}" if named.hands_off else ""))
        return lines + [problem.reason for problem in problems]

    return find


class TestDeploymentConfigReactor:
    """What OpenShift's test of this name is about, with data of our own."""

    def test_names_containers_of_both_lists_and_unknown_ones_are_ignored(self, triggered):
        assert triggered(change("web:prod", "web", "setup", "nobody")) == [
            "initContainers/0/image acme/web:prod of acme/web:prod",
            "containers/0/image acme/web:prod of acme/web:prod",
        ]

    def test_will_not_fire_unless_automatic(self, triggered):
        (line,) = triggered(change("web:prod", "web", automatic=False))
        assert line == "containers/0/image acme/web:prod of : it is not automatic: true"
        parameters = change("web:prod", "web")
        del parameters["imageChangeParams"]["automatic"]
        assert triggered(parameters) == [line]

    def test_needs_both_to_resolve(self, triggered):
        both = "acme/web:prod acme/side:1"
        assert triggered(change("web:prod", "web"), change("side:1", "side")) == [
            f"containers/0/image acme/web:prod of {both}",
            f"containers/1/image acme/side:1 of {both}",
        ]

    def test_needs_one_without_a_container_too(self, triggered):
        assert triggered(change("web:prod", "web"), change("side:1", "nobody")) == [
            "containers/0/image acme/web:prod of acme/web:prod acme/side:1"
        ]

    def test_does_not_need_one_that_has_been_resolved_before(self, triggered):
        before = change("side:1", "side", lastTriggeredImage="quay.io/acme/side:1")
        assert triggered(change("web:prod", "web"), before)[0] == ("containers/0/image acme/web:prod of acme/web:prod")

    def test_does_not_need_one_that_is_not_automatic(self, triggered):
        assert triggered(change("web:prod", "web"), change("side:1", "side", automatic=False))[0] == (
            "containers/0/image acme/web:prod of acme/web:prod"
        )

    @pytest.mark.parametrize(
        ("wrong", "reason"),
        [
            (
                change("side", "side"),
                'from.name "side" has no colon, so OpenShift never resolves it; write name: side:latest',
            ),
            (
                change("side:1", "side", kind="DockerImage"),
                'from.kind is "DockerImage": only an ImageStreamTag is followed; write kind: ImageStreamTag',
            ),
            (change("", "side"), "from.name is empty"),
        ],
    )
    def test_one_that_never_resolves_stops_the_others(self, triggered, wrong, reason):
        line, problem = triggered(change("web:prod", "web"), wrong)
        assert line.endswith(": all or nothing: spec.triggers[1] cannot be resolved")
        assert problem == f"spec.triggers[1]: {reason}"

    def test_another_namespace(self, triggered):
        assert triggered(change("web:prod", "web", origin={"namespace": "shared"})) == [
            "containers/0/image shared/web:prod of shared/web:prod"
        ]


def test_a_configuration_change_is_none_of_ours(triggered):
    assert triggered({"type": "ConfigChange"}, {"type": "ImageChange"}, 1) == []


def test_automatic_as_text_is_corrected(triggered):
    (problem,) = triggered(change("web:prod", "web", automatic="true"))
    assert problem == "spec.triggers[0]: automatic is text, which OpenShift refuses; write automatic: true"


def test_a_container_that_two_triggers_name_belongs_to_neither(triggered):
    assert triggered(change("web:prod", "web"), change("side:1", "web")) == [
        'spec.triggers: 2 triggers name the container "web"; leave one of them'
    ]
    assert triggered(change("web:prod", "web"), change("web:prod", "web")) == [
        "containers/0/image acme/web:prod of acme/web:prod"
    ]


def test_a_container_without_an_image(triggered):
    assert triggered(change("web:prod", "bare")) == [
        'spec.triggers: the container "bare" has no image that could be set; write image: " " into it'
    ]


def test_a_parameter_of_a_template(triggered):
    (problem,) = triggered(change("${NAME}:prod", "web"))
    assert problem.startswith("spec.triggers[0]: not followed: it holds an unexpanded parameter")


def test_other_kinds_have_no_such_triggers(triggered):
    assert triggered(change("web:prod", "web"), kind="Deployment") == []


@pytest.mark.parametrize(
    "trigger", [{"imageChange": {}}, {"imageChange": {"from": {"kind": "ImageStreamTag", "name": "a:b"}}}]
)
def test_a_build_config_is_reported_as_ignored(trigger):
    document = {"kind": "BuildConfig", "spec": {"triggers": [{"type": "ImageChange"} | trigger] * 2}}
    file, (problem,) = scan("a.yaml", json.dumps(document).encode(), frozenset())
    assert file is None
    assert problem.reason == (
        "spec.triggers: a BuildConfig's image change triggers start builds on OpenShift; they are ignored here"
    )
