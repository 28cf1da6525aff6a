"""The warnings of what on a cluster goes over Git's head: where each stands, what it names, what to do."""

from __future__ import annotations

import json

import pytest

WEB = "quay.io/acme/web"
PATH = "spec.template.spec.containers[0].image"


def deployment(image: str, name: str = "x", annotations: str = "") -> str:
    return (
        f"kind: Deployment\nmetadata:\n  name: {name}\n  namespace: acme\n{annotations}"
        f"spec:\n  template:\n    spec:\n      containers:\n      - name: web\n        image: {image}\n"
    )


def application(respected: bool = False, **entry) -> str:  # noqa: FBT001, FBT002
    spec = {"ignoreDifferences": [{"kind": "Deployment"} | entry]}
    spec |= {"syncPolicy": {"syncOptions": ["RespectIgnoreDifferences=true"]}} if respected else {}
    return json.dumps(
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "a"}, "spec": spec}
    )


@pytest.fixture
def warned(plan_files, stream):
    """Plan documents beside one stream, and return the warnings."""

    def plan(**documents: str) -> list[str]:
        files = {f"{name}.yaml": text for name, text in documents.items()}
        planned = plan_files({"s.json": stream("web", "acme", prod=f"{WEB}:1.4")} | files)
        return [str(problem) for problem in planned.plan.problems]

    return plan


TRIGGER = {"from": {"kind": "ImageStreamTag", "name": "web:prod"}, "fieldPath": PATH}


class TestTriggers:
    def annotation(self, **fields) -> str:
        return f"  annotations:\n    image.openshift.io/triggers: '{json.dumps([TRIGGER | fields])}'\n"

    def test_a_live_one_is_named_with_its_field_and_what_to_write(self, warned):
        paused = json.dumps([TRIGGER | {"paused": True}], separators=(",", ":"))
        (line,) = warned(app=deployment("' '", annotations=self.annotation()))
        assert line == (
            "app.yaml:6: image.openshift.io/triggers is live: on OpenShift it sets the image of line 12 too, over what "
            f'Git pins there; add # {{"$imagestream": "acme/web:prod"}} behind line 12 and write {paused}'
        )

    def test_following_the_advice_ends_the_warning(self, warned):
        document = deployment('\' \' # {"$imagestream": "acme/web:prod"}', annotations=self.annotation(paused=True))
        assert warned(app=document) == []


class TestDifferences:
    @pytest.mark.parametrize(
        "entry",
        [
            {"jsonPointers": ["/spec/template/spec/containers/0/image"]},
            {"jsonPointers": ["/spec/template/spec/containers"], "name": "x"},
            {
                "jqPathExpressions": ['.spec.template.spec.containers[] | select(.name == "web") | .image'],
                "namespace": "acme",
            },
            {"jsonPointers": ["/spec"], "kind": "*"},
        ],
    )
    def test_of_a_pinned_field(self, warned, entry):
        (line,) = warned(app=deployment(f"{WEB}:1.4"), argo=application(**entry))
        path = next(iter(entry.values()))[0] if "kind" not in entry else "/spec"
        kind = entry.get("kind", "Deployment")
        assert line == (
            f"argo.yaml:1: Argo CD ignores {path} of {kind} for a, which Git pins (app.yaml:10): "
            "a new digest alone does not make it out of sync; take that path out of ignoreDifferences"
        )

    def test_that_a_sync_respects_too(self, warned):
        (line,) = warned(app=deployment(f"{WEB}:1.4"), argo=application(respected=True, jsonPointers=["/spec"]))
        assert "with RespectIgnoreDifferences=true even a sync leaves the old image there" in line

    def test_of_several_fields_is_said_once(self, warned):
        (line,) = warned(
            a=deployment(f"{WEB}:1.4"), b=deployment(f"{WEB}:1.4", "y"), argo=application(jsonPointers=["/spec"])
        )
        assert "(a.yaml:10 and 1 more)" in line

    def test_of_members_of_a_list(self, warned):
        item = {"kind": "Deployment", "spec": {"template": {"spec": {"containers": [{"image": f"{WEB}:1.4"}]}}}}
        argo = application(jsonPointers=["/spec/template/spec/containers/0/image"])
        assert len(warned(app=json.dumps({"kind": "List", "items": [item]}), argo=argo)) == 1

    @pytest.mark.parametrize(
        "entry",
        [
            {"jsonPointers": ["/spec/replicas"]},
            {"jsonPointers": ["/spec"], "kind": "StatefulSet"},
            {"jsonPointers": ["/spec"], "name": "y"},
            {"jsonPointers": ["/spec"], "namespace": "other"},
            {"jqPathExpressions": ['.spec.template.spec.containers[] | select(.name == "side") | .image']},
        ],
    )
    def test_of_anything_else_are_none_of_ours(self, warned, entry):
        assert warned(app=deployment(f"{WEB}:1.4"), argo=application(**entry)) == []
