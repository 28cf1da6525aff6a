"""The tag of an image is a parameter of an OpenShift Template: found if everything that uses it is that one image."""

from __future__ import annotations

import pytest

WEB = "quay.io/acme/web"
TAGGED = f"{WEB}:1.4"
DIGEST = "sha256:" + "0" * 64
IMAGE = "${IMAGE}:${TAG}"
ANCHORS = "the Template shares parts by anchors (&), and what uses its parameters is not clear"
PARAMETERS = """\
- {name: IMAGE, value: quay.io/acme/web}
- {name: REGISTRY, value: quay.io}
- {name: NAME, value: acme/web}
- {name: ORG, value: quay.io/acme}
- {name: LAST, value: web}
- {name: EMPTY, value: ''}
- {name: MADE, generate: expression, from: '[a-z]{4}', value: quay.io/acme/web}
- {name: TAG, value: '1.4'}
"""


def pod(image: str, more: str = "") -> str:
    metadata = f"{{name: p, namespace: '${{NS}}'{more}}}"
    return f"- kind: Pod\n  metadata: {metadata}\n  spec: {{containers: [{{image: '{image}'}}]}}\n"


def template(objects: str, parameters: str = PARAMETERS, before: str = "") -> str:
    return f"kind: Template\n{before}objects:\n{objects}parameters:\n{parameters}"


@pytest.mark.parametrize(
    "image",
    [
        "${IMAGE}:${TAG}",
        "quay.io/acme/web:${TAG}",
        "${REGISTRY}/${NAME}:${TAG}",
        "quay.io/${NAME}:${TAG}",
        "${ORG}/${LAST}:${TAG}",
        "${ORG}/web:${TAG}",
        "quay.io/acme/${LAST}:${TAG}",
    ],
)
def test_what_the_values_make(found, image):
    assert found(template(pod(image))) == [f"14 template /parameters/7/value {TAGGED}"]
    assert found(template(pod(image) + pod(IMAGE))) == [f"17 template /parameters/7/value {TAGGED}"]


def test_parameters_before_the_objects(found):
    text = f"kind: Template\nparameters:\n{PARAMETERS}objects:\n{pod(IMAGE)}"
    assert found(text) == [f"10 template /parameters/7/value {TAGGED}"]


def test_a_list_of_templates_and_json(found):
    one = (
        '{"kind": "Template", "objects": [{"kind": "Pod", "spec": {"image": "${A}:${B}"}}], '
        '"parameters": [{"name": "A", "value": "quay.io/acme/web"}, {"name": "B", "value": "1.4"}]}'
    )
    two = one.replace("acme/web", "other/web")
    assert found(f'{{"kind": "List", "items": [{two}, {one}]}}\n', "x.json") == [
        f"1 template /items/1/parameters/1/value {TAGGED}"
    ]


def test_a_variable_with_the_whole_reference(found):
    text = template("- kind: Pod\n  env: [{name: SIDE, value: '${IMAGE}:${TAG}'}]\n")
    assert found(text) == [f"13 template /parameters/7/value {TAGGED}"]


def test_a_tag_that_has_its_digest(found):
    text = template(pod(IMAGE), PARAMETERS.replace("1.4", f"1.4@{DIGEST}"))
    assert found(text) == [f"14 template /parameters/7/value {TAGGED}@{DIGEST}"]


@pytest.mark.parametrize(
    ("objects", "before", "reason"),
    [
        (pod(IMAGE, ", labels: {version: '${TAG}'}"), "", "the parameter TAG is used otherwise too, on line 4"),
        (pod(IMAGE, ", labels: {'${TAG}': x}"), "", "the parameter TAG is used otherwise too, on line 4"),
        (pod(IMAGE, ", name2: 'a-${TAG}'"), "", "the parameter TAG is used otherwise too, on line 4"),
        (pod(IMAGE, ", tag: '${{TAG}}'"), "", "the parameter TAG is used otherwise too, on line 4"),
        (pod(IMAGE, f", labels: {{v: '{IMAGE}'}}"), "", "an annotation or a label is text"),
        (pod(IMAGE), "message: it is ${TAG}\n", "the parameter TAG is used otherwise too, on line 2"),
        (pod(IMAGE), f"labels: {{image: '{IMAGE}'}}\n", "it stands beside the Template's objects"),
        (pod(IMAGE) + pod("quay.io/other/web:${TAG}"), "", "the parameter TAG is the tag of other images too"),
        (pod(IMAGE) + pod("${UNKNOWN}/web:${TAG}"), "", "the parts of its name do not all have values in the Template"),
        (pod(IMAGE) + pod("${EMPTY}/web:${TAG}"), "", "the parts of its name do not all have values in the Template"),
        (pod(IMAGE) + pod("${MADE}:${TAG}"), "", "the parts of its name do not all have values in the Template"),
        (pod(IMAGE) + pod("${IMAGE}:${TAG}-x"), "", "the parameter TAG is used otherwise too, on line 8"),
        (
            f"- kind: ImageStream\n  spec: {{tags: [{{from: {{kind: DockerImage, name: '{IMAGE}'}}}}]}}\n",
            "",
            "an ImageStream is a declaration",
        ),
        (f"- kind: ConfigMap\n  data: {{x: '{IMAGE}'}}\n", "", "a value of a ConfigMap is a file to us"),
        (
            f"- kind: BuildConfig\n  spec: {{output: {{to: {{kind: DockerImage, name: '{IMAGE}'}}}}}}\n",
            "",
            "it names what is pushed there, not what is pulled",
        ),
        (f"- &p {{image: '{IMAGE}'}}\n- *p\n", "", ANCHORS),
    ],
)  # fmt: skip
def test_what_is_left_alone(found, objects, before, reason):
    (line,) = found(template(objects, before=before))
    assert line.endswith(f" - {TAGGED}: {reason}")


@pytest.mark.parametrize(
    "text",
    [
        template(pod("${IMAGE}:${{TAG}}")),
        template(pod("${IMAGE}@${TAG}")),
        template(pod("${IMAGE}:${OTHER}")),
        template(pod("${EMPTY}:${TAG}")),
        template(pod("${MADE}:${TAG}")),
        template(pod("${LAST}:${TAG}")),
        template(pod(IMAGE), PARAMETERS + "- {name: TAG, value: '2'}\n"),
        template(pod(IMAGE), PARAMETERS.replace("value: '1.4'", "value: ''")),
        template(pod(IMAGE), PARAMETERS.replace("value: '1.4'", "required: true")),
        template(pod(IMAGE), PARAMETERS.replace("value: '1.4'", "generate: expression, value: '1.4'")),
        template(pod(IMAGE)).replace("kind: Template", "kind: Other"),
        template(pod(IMAGE)) + "sops: {mac: x}\n",
    ],
)
def test_what_is_none(found, text):
    assert not any(" template " in line or TAGGED in line for line in found(text))


def test_what_its_user_spares(found):
    comment = " # gitops-streams: ignore"
    parameter = PARAMETERS.replace("value: '1.4'}", f"value: '1.4'}}{comment}")
    assert f"14 - {TAGGED}: # gitops-streams: ignore stands behind it" in found(template(pod(IMAGE), parameter))
    use = f"- kind: Pod\n  image: {IMAGE}{comment}\n"
    assert f"13 - {TAGGED}: # gitops-streams: ignore stands behind it" in found(template(use))


def test_a_marker_goes_before_it(found):
    text = template(
        pod(IMAGE),
        '- {name: IMAGE, value: quay.io/acme/web}\n- name: TAG\n  value: 1.4 # {"$imagestream": "web:prod:tag"}\n',
    )
    assert [line for line in found(text) if " template " in line] == []
    assert any(" marker /parameters/1/value " in line for line in found(text))
