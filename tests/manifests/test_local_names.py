"""Which names of images OpenShift would look up locally, and that the byte screen loses none of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_streams.manifests.local_names import may_hold
from gitops_streams.manifests.occurrence import LocalName, Occurrence
from gitops_streams.manifests.scan import scan

NAMES = frozenset({"web", "my-app", "a", "a.b"})
DIGEST = "sha256:" + "0" * 64
FORCED = 'alpha.image.policy.openshift.io/resolve-names: "*"'


def local(text: str, path: str = "a.yaml", names: frozenset[str] = NAMES) -> list[str]:
    """Return ``stream:tag`` for each local name of a file, with what is in the way of a marker."""
    file, problems = scan(path, text.encode(), frozenset(), names)
    assert not problems
    found = []
    for item in () if file is None else file.findings:
        assert isinstance(item, Occurrence)
        assert isinstance(item.form, LocalName)
        assert item.form.forced or may_hold(text.encode(), names)
        found.append(f"{item.form.stream}:{item.form.tag}" + (f" ({item.form.obstacle})" if item.form.obstacle else ""))
    return found


def pod(image: str, metadata: str = "{}", kind: str = "Pod") -> str:
    return f"kind: {kind}\nmetadata: {metadata}\nspec:\n  containers:\n  - image: {image}\n"


class TestAdmissionResolveImages:
    """The rows of OpenShift's test of this name, as the specification describes them, with data of our own."""

    @pytest.mark.parametrize(
        ("image", "wanted"),
        [
            ("web", ["web:latest"]),
            ("web:1.4", ["web:1.4"]),
            ("'web:1.4'", ["web:1.4"]),
            ('"my-app"', ["my-app:latest"]),
            ("&anchor web:1", ["web:1"]),
            (f"web@{DIGEST}", []),
            (f"web:1@{DIGEST}", []),
            ("acme/web:1", []),
            ("quay.io/web:1", []),
            ("quay.io/acme/web:1", []),
            ("other:1", []),
            ("a.b:1", []),  # a lone name with a dot is a registry to OpenShift
            ("localhost:5000", []),
            ("''", []),
            ("|\n      web", []),
            ("web:1:2", []),
            ("WEB", []),
            ("*x", []),
        ],
    )
    def test_names(self, image, wanted):
        text = pod(image)
        assert local(text.replace("metadata: {}", "metadata: {x: &x web}") if image == "*x" else text) == wanted

    @pytest.mark.parametrize("key", ["containers", "initContainers", "ephemeralContainers"])
    def test_of_every_list_of_containers(self, key):
        assert local(f"spec:\n  template:\n    spec:\n      {key}:\n      - image: web\n") == ["web:latest"]

    @pytest.mark.parametrize(
        "text",
        [
            "image: web\n",
            "spec: {image: web}\n",
            "spec:\n  containers:\n    image: web\n",
            "spec:\n  images:\n  - image: web\n",
        ],
    )
    def test_of_nothing_else(self, text):
        assert local(text) == []

    def test_a_controllers_object_is_skipped(self):
        assert local(pod("web", "{ownerReferences: [{controller: true}]}")) == []
        assert local(pod("web", "{ownerReferences: [{controller: false}]}")) == ["web:latest"]

    @pytest.mark.parametrize(
        ("image", "wanted"),
        [
            ("web:1", ["web:1"]),
            ("anybody/thing:1", ["thing:1"]),
            ("quay.io/anybody/thing:1", ["thing:1"]),
            ("quay.io/thing:1", ["thing:1"]),
            ("localhost:5000/a/thing", ["thing:latest"]),
            ("quay.io/a/b/thing:1", []),
            ("a/b/thing:1", []),
            (f"quay.io/anybody/thing@{DIGEST}", []),
        ],
    )
    def test_resolve_names_takes_every_image(self, image, wanted):
        assert local(pod(image, f"{{annotations: {{{FORCED}}}}}"), names=frozenset()) == wanted

    @pytest.mark.parametrize("value", ['""', "'**'", '"true"', "web", "' * '"])
    def test_resolve_names_is_exactly_a_star(self, value):
        annotation = FORCED.replace('"*"', value)
        assert local(pod("anybody/thing:1", f"{{annotations: {{{annotation}}}}}")) == []

    @pytest.mark.parametrize(("template", "wanted"), [("*", ["thing:1"]), ("no", []), (None, [])])
    def test_the_template_goes_before_the_object(self, template, wanted):
        annotation = "" if template is None else FORCED.replace('"*"', f'"{template}"')
        above = "" if template == "*" else FORCED if template == "no" else ""
        text = (
            f"kind: Deployment\nmetadata: {{annotations: {{{above}}}}}\n"
            f"spec:\n  template:\n    metadata: {{annotations: {{{annotation}}}}}\n"
            "    spec:\n      containers:\n      - image: anybody/thing:1\n"
        )
        assert local(text) == wanted

    def test_the_object_decides_where_the_template_says_nothing(self):
        text = (
            f"metadata: {{annotations: {{{FORCED}}}}}\n"
            "spec: {jobTemplate: {spec: {template: {spec: {\n  containers: [{image: anybody/thing:1}]}}}}}\n"
        )
        assert local(text) == ["thing:1 (it stands in braces or brackets)"]


class TestObstacles:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            (pod("web # mine"), "something follows it on its line"),
            ("spec:\n  containers: [{image: web}]\n", "it stands in braces or brackets"),
            ("spec:\n  containers:\n  - {image: web}\n", "it stands in braces or brackets"),
        ],
    )
    def test_to_a_marker(self, text, wanted):
        assert local(text) == [f"web:latest ({wanted})"]

    def test_json_has_no_comments(self):
        assert local('{"spec": {"containers": [{"image": "web"}]}}', "a.json") == ["web:latest (JSON has no comments)"]


BLANK = st.sampled_from(["", " ", "  ", "\t"])
VALUES = st.sampled_from(["web", "web:1", "'web'", '"web:1"', "&x web", "!!str web", "web # c", "webs", "a/web", "a"])
KEYS = st.sampled_from(["image", '"image"', "'image'", "&k image", "Image"])


@settings(deadline=None, max_examples=300)
@given(KEYS, BLANK, BLANK, VALUES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_the_screen_loses_no_name(key: str, before: str, after: str, value: str, end: str, flow: bool):  # noqa: FBT001
    """What is found in a file, its bytes have shown before."""
    entry = f"{key}{before}:{after or ' '}{value}"
    container = f"  - {{{entry}{end}    }}" if flow else f"  - {entry}"
    text = f"spec:{end}  containers:{end}{container}{end}"
    file, _ = scan("a.yaml", text.encode(), frozenset(), NAMES)
    assert file is None or may_hold(text.encode(), NAMES)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("data", [b"image: " + b"a-" * 500_000, b"image:" * 200_000, b"image: " + b"&a " * 300_000])
def test_no_file_takes_the_screen_long(data):
    assert not may_hold(data, NAMES)
