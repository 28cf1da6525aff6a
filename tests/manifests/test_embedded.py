"""Strings that are manifests: which are tried, whose they are, and on which line of the file they stand."""

from __future__ import annotations

import json

import pytest

from gitops_streams.manifests import embedded
from gitops_streams.manifests.occurrence import Mention, Occurrence, Owner, TriggeredField
from gitops_streams.manifests.scan import read, scan
from gitops_streams.manifests.survey import survey
from gitops_streams.oci.reference import Reference
from gitops_streams.yamledit.embedded import Embedding
from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.nodes import Mapping, Scalar
from gitops_streams.yamledit.objects import objects
from gitops_streams.yamledit.pointer import render

TRACKED = frozenset(Reference.parse(name).repository for name in ("quay.io/acme/web", "nginx"))
WEB = "quay.io/acme/web:1.4"
POD = f"kind: Pod\nmetadata: {{name: inner, namespace: shop}}\nspec: {{containers: [{{name: c, image: '{WEB}'}}]}}\n"


def block(key: str, text: str, indent: str = "  ") -> str:
    return f"{key}: |\n" + "".join(f"{indent}{line}\n" for line in text.splitlines())


def scanned(text: str, path: str = "app.yaml", local: tuple[str, ...] = ()) -> list[Occurrence | Mention]:
    file, problems = scan(path, text.encode(), TRACKED, local)
    assert problems == []
    return [] if file is None else list(file.findings)


def found(text: str, path: str = "app.yaml") -> list[str]:
    """Return ``line form host > pointer text`` for occurrences within strings, ``line - reason`` for mentions."""
    lines = []
    for each in scanned(text, path):
        if isinstance(each, Mention):
            lines.append(f"{each.line} - {each.reason}")
        else:
            where = " > ".join(f"{document}{render(pointer)}" for document, pointer in each.address)
            lines.append(f"{each.line} {each.form_name} {where} {each.text}")
    return lines


class TestWhichStringsAreTried:
    @pytest.mark.parametrize("key", ["patch", "values", "config", "manifest", "extraManifest", "x"])
    def test_any_key(self, key):
        assert found(block(key, f"a: 1\nimage: {WEB}")) == [f"3 image 0/{key} > 0/image {WEB}"]

    @pytest.mark.parametrize(
        "text",
        [
            f'x: \'{{"image": "{WEB}"}}\'\n',
            f'x: \'[{{"image": "{WEB}"}}]\'\n',
            f'x: "image: {WEB}\\n"\n',
            f"x: >-\n  {{image: {WEB}}}\n",
            f"x: |\n  ---\n  image: {WEB}\n  ---\n",
            json.dumps({"x": json.dumps({"image": WEB})}).replace("/", "\\/"),
            f"x:\n- |\n  image: {WEB}\n",
            "x: |\n  image: {repository: quay.io/acme/web, tag: 1.4}\n",
            "x: |\n  image: docker.io/library/nginx:1\n",
            "x: |\n  image: nginx:1\n",
        ],
    )
    def test_that_is_wholly_a_mapping_or_a_list_of_mappings(self, text):
        (one,) = scanned(text)
        assert isinstance(one, Occurrence)
        assert one.embedding is not None

    @pytest.mark.parametrize(
        "text",
        [
            f"x: 'image: {WEB}'\n",  # neither a line end nor a brace
            f"x: |\n  see {WEB}\n  or\n",
            f"x: |\n  - image: {WEB}\n  - other\n",
            f"x: |\n  image: {WEB}\n  ---\n  text\n",
            f"x: |\n  image: [{WEB}\n",
            f"x: |\n  image: {WEB}\n  name: '{{{{ .Values.name }}}}'\n",
            f"x: !binary |\n  image: {WEB}\n",
            f"description: |\n  image: {WEB}\n",
            f"script: |\n  image: {WEB}\n",
            f"kind: ConfigMap\ndata:\n  x: |\n    image: {WEB}\n",
            f"kind: Secret\nstringData:\n  x: |\n    image: {WEB}\n",
            f'values: {{configMaps: {{a: {{data: {{x: \'{{"image": "{WEB}"}}\'}}}}}}}}\n',
            f"metadata:\n  annotations:\n    x: |\n      image: {WEB}\n",
            f"annotations:\n  artifacthub.io/images: |\n    - image: {WEB}\n",
            f"kind: CustomResourceDefinition\nspec:\n  x: |\n    image: {WEB}\n",
        ],
    )
    def test_what_is_no_manifest_is_mentioned(self, text):
        assert [type(each) for each in scanned(text)] == [Mention]

    @pytest.mark.parametrize(
        "text",
        [
            "x: |\n  image: quay.io/other/thing:1\n",
            "x: |\n  kind: ImageStream\n  spec: {image: '" + WEB + "'}\n",
            "x: |\n  kind: Pod\n  status: {image: '" + WEB + "'}\n",
            "kind: Pod\nstatus:\n  x: |\n    image: " + WEB + "\n",
        ],
    )
    def test_what_is_of_no_interest_is_passed_over(self, text):
        assert scanned(text) == []

    def test_a_template_says_so(self):
        text = f"x: |\n  image: {WEB}\n  name: '{{{{ .a }}}}'\n"
        assert found(text) == [f"2 - {embedded.TEMPLATE}"]

    def test_an_anchored_string_is_found_once(self):
        assert found(f"a: &a |\n  image: {WEB}\nb: *a\n") == [f"2 image 0/a > 0/image {WEB}"]

    def test_three_levels(self):
        deep = json.dumps({"image": WEB})
        text = block("a", block("b", f"c: '{deep}'"))
        assert found(text) == [f"3 image 0/a > 0/b > 0/c > 0/image {WEB}"]

    def test_a_fourth_level_is_mentioned(self):
        level = json.dumps({"image": WEB})
        for _ in range(4):
            level = json.dumps({"a": level})
        assert [type(each) for each in scanned(level, "x.json")] == [Mention]

    def test_a_key_that_stands_twice_is_no_address(self):
        text = f"a: |\n  image: {WEB}\na: |\n  image: {WEB}\n"
        assert [type(each) for each in scanned(text)] == [Mention, Mention]

    def test_what_is_folded_within_the_string_is_mentioned(self):
        text = "a: \"{image: quay.io/acme/web:1.4, b: {repository: 'quay.io/acme/web',\n  tag: '1\\x2e4'}}\"\n"
        assert [type(each) for each in scanned(text)] == [Occurrence, Occurrence]

    def test_a_bare_name_that_is_looked_up_locally(self):
        text = block("patch", "kind: Pod\nspec:\n  containers:\n  - image: web:prod")
        (one,) = scanned(text, local=("web",))
        assert isinstance(one, Occurrence)
        assert (one.form_name, one.line) == ("local", 5)


class TestInclude:
    def opened(self, text: str, *, include: bool):
        located = read("app.yaml", text.encode())
        assert isinstance(located, Located)
        document = located.documents[0]
        (object_,) = objects(document.root)
        data = object_.mapping.get("data")
        assert isinstance(data, Mapping)
        host = data.get("x")
        assert isinstance(host, Scalar)
        outside = embedded.Outside(text, document, object_, None)
        return embedded.open_string(outside, ("data", "x"), host, TRACKED, include=include)

    @pytest.mark.parametrize("value", [f"|\n    image: {WEB}", f"'image: {WEB}'", "|\n    image: quay.io/other/x:1"])
    def test_a_rule_opens_what_is_otherwise_a_file(self, value):
        text = f"kind: ConfigMap\ndata:\n  x: {value}\n"
        assert self.opened(text, include=False) is None
        assert isinstance(self.opened(text, include=True), Embedding)

    def test_nobody_opens_a_template_or_plain_text(self):
        assert self.opened("kind: ConfigMap\ndata:\n  x: |\n    a: '{{ b }}'\n", include=True) == embedded.TEMPLATE
        assert self.opened("kind: ConfigMap\ndata:\n  x: text\n", include=True) is None
        assert self.opened("kind: ConfigMap\ndata:\n  x: 'text'\n", include=True) is None


class TestWhere:
    def test_the_line_is_that_of_the_file(self):
        text = (
            f'kind: X\nquoted: "a: 1\\nimage: {WEB}"\nlong: "a: 1\n\n\n  image: {WEB}"\n'
            f"folded: >\n  a: 1\n\n  image: {WEB}\nblock: |  # why\n\n\n  a: 1\n  image: {WEB}\n"
        )
        assert [each.line for each in scanned(text)] == [2, 6, 10, 15]

    def test_problems_are_those_of_the_file(self):
        file, problems = scan("a.yaml", b'a: |\n  b: 1\n  c: # {"$imagestream": "web:prod"}\n    d: 1\n', TRACKED)
        assert file is None
        assert [problem.line for problem in problems] == [3]

    def test_triggers_are_followed_within(self):
        trigger = (
            '[{"from":{"kind":"ImageStreamTag","name":"web:prod"},'
            '"fieldPath":"spec.template.spec.containers[?(@.name==\\"c\\")].image"}]'
        )
        inner = (
            f"kind: Deployment\nmetadata:\n  name: web\n  annotations:\n    image.openshift.io/triggers: '{trigger}'\n"
            f"spec:\n  template:\n    spec:\n      containers:\n      - name: c\n        image: x\n"
        )
        (one,) = scanned("# first\n" + block("patch", inner))
        assert isinstance(one, Occurrence)
        assert isinstance(one.form, TriggeredField)
        assert (one.line, one.form.trigger.line) == (13, 7)


class TestWhose:
    def owner(self, text: str) -> tuple[Owner, str | None]:
        (one,) = scanned(text)
        assert isinstance(one, Occurrence)
        return one.owner, one.namespace

    def test_the_object_within_if_it_names_itself(self):
        text = "kind: HelmRelease\nmetadata: {name: outer, namespace: ns}\n" + block("values", POD)
        assert self.owner(text) == (Owner("Pod", "inner", "c"), "shop")

    def test_else_the_object_around(self):
        text = "kind: HelmRelease\nmetadata: {name: outer, namespace: ns}\n" + block(
            "values", f"web: {{image: '{WEB}'}}"
        )
        assert self.owner(text) == (Owner("HelmRelease", "outer", "web.image"), "ns")

    def test_the_target_of_a_patch(self):
        text = (
            "kind: Kustomization\nnamespace: prod\npatches:\n- target: {kind: Deployment, name: web, namespace: shop}\n"
            f"  patch: |\n    - op: replace\n      path: /spec/template/spec/containers/0/image\n      value: {WEB}\n"
        )
        owner, namespace = self.owner(text)
        assert (owner.kind, owner.name, owner.namespace, namespace) == ("Deployment", "web", "prod", "shop")
        assert owner.container == "spec.template.spec.containers[0].image"

    def test_a_patch_is_not_for_the_object_that_it_is_written_in(self):
        text = (
            "kind: Kustomization\nmetadata: {name: apps, namespace: flux-system}\nspec:\n  patches:\n"
            f"  - patch: |\n      spec:\n        image: {WEB}\n"
        )
        owner, namespace = self.owner(text)
        assert (owner.kind, owner.name, namespace) == ("Kustomization", "apps", None)


def test_a_survey_finds_what_stands_within_strings():
    pod = f"spec: {{imagePullSecrets: [{{name: s}}], containers: [{{name: c, image: '{WEB}'}}]}}\n"
    surveyed, problems = survey("a.yaml", block("patch", pod).encode())
    assert problems == []
    assert surveyed is not None
    (use,) = surveyed.uses
    assert use.pull_secrets == ("s",)
    assert use.occurrence.embedding is not None


def test_the_screen_of_a_string_loses_nothing():
    """Whatever is found without the screen is found with it."""
    spellings = [
        WEB,
        "nginx:1",
        "docker.io/nginx:1",
        "index.docker.io/library/nginx:1",
        "library/nginx:1",
        "quay.io/acme/web",
        "{repository: acme/web, registry: quay.io, tag: 1}",
        "{repository: nginx, tag: 1}",
        "oci://quay.io/acme/web:1",
        "{repository: library/nginx, registry: docker.io, tag: '1'}",
        "'prefix=quay.io/acme/web:1'",
    ]
    for spelling in spellings:
        text = block("x", f"image: {spelling}\nurl: {spelling}")
        screened = scan("a.yaml", text.encode(), TRACKED)
        everything = scan("a.yaml", text.encode(), list(TRACKED))
        within = [
            [str(each.line) + each.text for each in file.findings] if file else [] for file, _ in (screened, everything)
        ]
        assert within[0] == within[1], spelling
