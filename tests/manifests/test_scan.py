"""What is found in a document by its shape, and what is left alone, with the words for it."""

from __future__ import annotations

from itertools import combinations

import pytest

from gitops_streams.manifests.scan import needles, scan
from gitops_streams.oci.reference import Reference

WEB = "quay.io/acme/web"
DIGEST = "sha256:" + "0" * 64
TAGGED = f"{WEB}:1.4"
NOT_A_KEY = 'it does not stand under an image key; add # {"$imagestream": "…"} at the end of its line to have it pinned'


class TestImageKeys:
    @pytest.mark.parametrize(
        "key",
        [
            "image",
            "Image",
            "imageName",
            "baseImage",
            "IMAGE",
            "TEST_IMAGE_NAME",
            "image-name",
            '"my image"',
            "initImage",
        ],
    )
    def test_hold_references(self, found, key):
        pointer = key.strip('"')
        assert found(f"spec:\n  {key}: {TAGGED}\n") == [f"2 image /spec/{pointer} {TAGGED}"]

    @pytest.mark.parametrize(
        "key", ["imagePullPolicy", "imagePullSecret", "image_pull_policy", "image-pull-policy", "lastTriggeredImage"]
    )
    def test_are_not_those_of_pulling_and_of_triggers(self, found, key):
        assert not any("/spec" in line for line in found(f"spec:\n  {key}: {TAGGED}\n"))

    def test_may_hold_lists(self, found):
        assert found(f"images: [x, {TAGGED}, [{TAGGED}]]\n") == [
            f"1 image /images/1 {TAGGED}",
            f"1 value /images/2/0 {TAGGED}",
        ]

    @pytest.mark.parametrize(
        "value",
        [
            "nginx",
            "nginx:1",
            f"nginx@{DIGEST}",
            f"nginx:1@{DIGEST}",
            "docker.io/library/nginx:1",
            "localhost:5000/a/b:1",
        ],
    )
    def test_take_every_form_of_a_reference(self, found, value):
        assert found(f"image: '{value}'\n") == [f"1 image /image {value}"]

    @pytest.mark.parametrize(
        "value",
        [" ", "''", "null", "quay.io/other/web:1", "${IMAGE}", "{{ image }}", "web:1", "https://quay.io/acme/web"],
    )
    def test_take_nothing_else(self, found, value):
        assert found(f"image: '{value.strip(chr(39))}'\n") == []

    def test_are_found_wherever_they_stand(self, found):
        deep = "".join(f"{' ' * depth}a:\n" for depth in range(100)) + f"{' ' * 100}image: {TAGGED}\n"
        assert found(deep) == [f"101 image {'/a' * 100}/image {TAGGED}"]
        assert found(f"- - image: {TAGGED}\n") == [f"1 image /0/0/image {TAGGED}"]

    def test_escape_their_pointers(self, found):
        assert found(f"a/b~c: {{image: {TAGGED}}}\n") == [f"1 image /a~1b~0c/image {TAGGED}"]


class TestKustomize:
    @pytest.mark.parametrize(
        ("entry", "wanted"),
        [
            (f"{{name: {WEB}, newTag: '1.4'}}", f"kustomize /images/0/newTag {TAGGED}"),
            (f"{{name: x, newName: {WEB}, newTag: '1.4'}}", f"kustomize /images/0/newTag {TAGGED}"),
            (f"{{name: {WEB}, newName: '', newTag: '1.4'}}", f"kustomize /images/0/newTag {TAGGED}"),
            (f"{{name: {WEB}, newName: null, newTag: '1.4'}}", f"kustomize /images/0/newTag {TAGGED}"),
            (f"{{name: {WEB}, digest: '{DIGEST}'}}", f"kustomize /images/0/digest {WEB}@{DIGEST}"),
            (f"{{name: {WEB}, newTag: '1.4', digest: '{DIGEST}'}}", f"kustomize /images/0/newTag {TAGGED}@{DIGEST}"),
            (f"{{name: {WEB}, newTag: '1.4@{DIGEST}'}}", f"kustomize /images/0/newTag {TAGGED}@{DIGEST}"),
            (f"{{name: {WEB}}}", None),
            (f"{{name: {WEB}, newTag: ''}}", None),
            (f"{{name: {WEB}, newName: other/web, newTag: '1.4'}}", None),
            (f"{{name: {TAGGED}, newTag: '1.4'}}", f"- {TAGGED}: it is the name that a kustomization looks for"),
            (
                f"{{name: {WEB}, newTag: '1.4', digest: nonsense}}",
                f"- {TAGGED}: 'nonsense' stands where a digest belongs",
            ),
        ],
    )
    def test_entries(self, found, entry, wanted):
        assert found(f"kind: Kustomization\nimages:\n- {entry}\n") == ([] if wanted is None else [f"3 {wanted}"])

    @pytest.mark.parametrize(
        ("path", "kind", "is_one"),
        [
            ("kustomization.yaml", "", True),
            ("a/kustomization.yml", "", True),
            ("Kustomization", "", True),
            ("x.yaml", "Kustomization", True),
            ("x.yaml", "Component", True),
            ("x.yaml", "", False),
            ("x.yaml", "Deployment", False),
        ],
    )
    def test_documents(self, found, path, kind, is_one):
        head = f"kind: {kind}\n" if kind else "a: b\n"
        assert bool(found(f"{head}images:\n- {{name: {WEB}, newTag: '1.4'}}\n", path)) is is_one

    def test_only_their_own_images(self, found):
        assert found(f"kind: Kustomization\na: {{images: [{{name: {WEB}, newTag: '1.4'}}]}}\n") == []


class TestHelm:
    @pytest.mark.parametrize(
        ("values", "wanted"),
        [
            (f"repository: {WEB}, tag: '1.4'", f"/v/tag {TAGGED}"),
            ("registry: quay.io, repository: acme/web, tag: '1.4'", f"/v/tag {TAGGED}"),
            ("registry: 'localhost:5000', repository: a/b, tag: '1.4'", "/v/tag localhost:5000/a/b:1.4"),
            ("registry: '', repository: nginx, tag: 1", "/v/tag nginx:1"),
            ("registry: null, repository: nginx, tag: 1", "/v/tag nginx:1"),
            ("registry: docker.io, repository: nginx, tag: 1", "/v/tag docker.io/nginx:1"),
            (f"repository: {WEB}, tag: 1.10", f"/v/tag {WEB}:1.10"),
            (f"repository: {WEB}, digest: '{DIGEST}'", f"/v/digest {WEB}@{DIGEST}"),
            (f"repository: {WEB}, tag: '', sha: {'0' * 64}", f"/v/sha {WEB}@{DIGEST}"),
            (f"repository: {WEB}, tag: 1.4, digest: '', sha: {'0' * 64}", f"/v/tag {TAGGED}@{DIGEST}"),
            (f"repository: {WEB}, tag: ''", None),
            (f"repository: {WEB}", None),
            (f"repository: {WEB}, digest: ''", None),
            ("registry: acme, repository: hub, tag: '1.4'", None),
            ("registry: quay.io/, repository: acme/web, tag: '1.4'", "/v/tag quay.io/acme/web:1.4"),
            ("registry: quay.io//, repository: acme/web, tag: '1.4'", None),
            ("registry: /, repository: acme/hub, tag: '1.4'", None),
            ("repository: acme/hub, tag: '1.4'", "/v/tag acme/hub:1.4"),
            ("registry: quay.io/acme, repository: web, tag: '1.4'", "/v/tag quay.io/acme/web:1.4"),
            (f"repository: https://{WEB}, tag: '1.4'", None),
            (f"repository: {WEB}, tag: '{{{{ x }}}}'", None),
        ],
    )
    def test_maps(self, found, values, wanted):
        assert found(f"v: {{{values}}}\n") == ([] if wanted is None else [f"1 helm {wanted}"])

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("v: {repository: quay.io/acme/web, tag: '1.4', variant: scratch}\n", "variant is put behind its tag"),
            ("v: {repository: quay.io/acme/web, tag: '1.4', tagSuffix: -x}\n", "tagSuffix is put behind its tag"),
            (
                "v: {repository: quay.io/acme/web, tag: '1.4', variant: x, digest: ''}\n",
                "variant is put behind its tag",
            ),
            ("v: {repository: quay.io/acme/web, tag: '1.4', rootless: true}\n", "rootless is put behind its tag"),
            ("v: {repository: quay.io/acme/web, tag: '1.4', rootless: true, digest: ''}\n", "rootless is put behind"),
            (
                "image: {registry: quay.io, image: acme/web, tag: '1.4', chroot: 'true'}\n",
                "chroot is put behind its tag",
            ),
            (
                "x: {type: registry-image, source: {repository: quay.io/acme/web, tag: '1.4'}}\n",
                "a registry-image takes its digest as version.digest",
            ),
        ],
    )
    def test_what_joins_a_tag_otherwise_is_reported(self, found, text, reason):
        (line,) = found(text)
        assert line.startswith(f"1 - quay.io/acme/web:1.4: {reason}")

    @pytest.mark.parametrize("more", ["variant: ''", "rootless: false, digest: ''", "rootless: ''", "type: source"])
    def test_what_joins_a_tag_and_nothing_else(self, found, more):
        (line,) = found(f"v: {{repository: quay.io/acme/web, tag: '1.4', {more}}}\n")
        assert line == "1 helm /v/tag quay.io/acme/web:1.4"

    def test_a_digest_alone_has_no_tag_that_more_is_put_behind(self, found):
        text = f"v: {{repository: quay.io/acme/web, rootless: true, digest: '{DIGEST}'}}\n"
        assert found(text) == [f"1 helm /v/digest {WEB}@{DIGEST}"]

    def test_inputs_of_an_action_are_none(self, found):
        assert found("steps: [{uses: a/release@v1, with: {repository: quay.io/acme/web, tag: '1.4'}}]\n") == []

    def test_line_is_that_of_the_tag(self, found):
        document = f"v:\n  tag: '1.4'\n  repository: {WEB}\n  digest: {DIGEST}\n"
        assert found(document) == [f"2 helm /v/tag {TAGGED}@{DIGEST}"]


class TestMentions:
    @pytest.mark.parametrize(
        ("document", "wanted"),
        [
            ("a: acme/hub:1\n", f"1 - acme/hub:1: {NOT_A_KEY}"),
            (f"a: see {TAGGED}.\n", f"1 - {TAGGED}: it stands within a longer text"),
            (f"a: X={TAGGED}\n", f"1 - {TAGGED}: it stands within a longer text"),
            (f"a: docker://{TAGGED}\n", f"1 - {TAGGED}: it stands within a longer text"),
            (f"a: '[{TAGGED}]({TAGGED}@{DIGEST})'\n", f"1 - {TAGGED}: it stands within a longer text"),
            (f"a: |\n  one\n\n  {TAGGED}\n", f"4 - {TAGGED}: text in a block scalar is not scanned"),
            (f"a: >-\n  one\n  two {TAGGED}\n", f"3 - {TAGGED}: text in a block scalar is not scanned"),
            (f'a: "one\n  two\n  {TAGGED}"\n', f"3 - {TAGGED}: it stands within a longer text"),
            (f"image: |\n  {TAGGED}\n", f"2 - {TAGGED}: text in a block scalar is not scanned"),
            (f"metadata: {{annotations: {{image: '{TAGGED}'}}}}\n", f"1 - {TAGGED}: an annotation or a label is text"),
            (f"commonAnnotations: {{image: '{TAGGED}'}}\n", f"1 - {TAGGED}: an annotation or a label is text"),
            (
                'image: "quay.io/acme/web:1\\x2e4"\n',
                f"1 - {TAGGED}: it is written with escapes or over several lines;",
            ),
            (f"image: !x {TAGGED}\n", f"1 - {TAGGED}: it carries the tag !x"),
        ],
    )
    def test_are_reported_with_their_reason(self, found, document, wanted):
        assert found(document)[0].startswith(wanted)

    @pytest.mark.parametrize(
        ("text", "path", "advised"),
        [
            ("a: acme/hub:1 # why\n", "a.yaml", True),
            ("a: [x, acme/hub:1]", "a.yaml", True),
            ("a: [acme/hub:1, x]\n", "a.yaml", False),
            ('{"a": "acme/hub:1"\n}\n', "a.json", False),
        ],
    )
    def test_a_marker_is_advised_where_one_would_be_read(self, found, text, path, advised):
        (line,) = found(text, path)
        assert line == f"1 - acme/hub:1: {NOT_A_KEY if advised else NOT_A_KEY.partition(';')[0]}"

    def test_have_lines_of_their_own(self, found):
        lines = found(f"a: |\n  {TAGGED} {TAGGED}\n  {TAGGED}\n")
        assert [line.split()[0] for line in lines] == ["2", "2", "3"]

    @pytest.mark.parametrize("text", [f"see {WEB}", f"{WEB}-admin:1.4", f"{WEB}/x:1.4", f"{WEB}@{DIGEST}", "web:1.4"])
    def test_are_of_tracked_and_tagged_images(self, found, text):
        assert found(f"a: {text}\n") == []

    @pytest.mark.parametrize(
        ("text", "mentioned"),
        [
            (f"{TAGGED}-${{arch}}", False),
            (f"{TAGGED}{{{{ suffix }}}}", False),
            (f"${{host}}/{TAGGED}", False),
            (f"$(host)/{TAGGED}", False),
            (f"{{{{ .Values.registry }}}}/{TAGGED}", False),
            (f"${{IMAGE:-{TAGGED}}}", True),
            (f"$(docker pull {TAGGED})", True),
            (f"(see){TAGGED}", True),
        ],
    )
    def test_are_no_parts_of_templates(self, found, text, mentioned):
        lines = found(f"a: '{text}'\n")
        assert lines == ([f"1 - {TAGGED}: it stands within a longer text"] if mentioned else [])

    @pytest.mark.timeout(20)
    @pytest.mark.parametrize("run", ["[", "a.", "a:", ".", "-", "a/", "@", "a:b@"])
    def test_of_a_long_text_take_no_longer_than_reading_it(self, found, run):
        assert found(f"a: '{run * 300_000} {TAGGED}'\n") == [f"1 - {TAGGED}: it stands within a longer text"]


class TestLeftAlone:
    def test_status_and_what_servers_write(self, found):
        assert found(f"kind: Pod\nstatus: {{image: '{TAGGED}'}}\n") == []
        last = f'kubectl.kubernetes.io/last-applied-configuration: \'{{"image": "{TAGGED}"}}\''
        assert found(f"kind: Pod\nmetadata: {{annotations: {{{last}}}}}\n") == []
        assert found(f"status: {{image: '{TAGGED}'}}\n") == [f"1 image /status/image {TAGGED}"]

    @pytest.mark.parametrize("kind", ["ImageStream", "ImageStreamTag", "ImageStreamImport", "ImageStreamMapping"])
    def test_declarations_are_not_even_mentioned(self, found, kind):
        assert found(f"kind: {kind}\nimage: {TAGGED}\nother: {TAGGED}\n") == []

    def test_schemas(self, found):
        reason = "a CustomResourceDefinition's schema is no manifest"
        assert found(f"kind: CustomResourceDefinition\nimage: {TAGGED}\n") == [f"2 - {TAGGED}: {reason}"]

    @pytest.mark.parametrize(
        ("sops", "is_encrypted"),
        [("{mac: x}", True), ("{lastmodified: x}", True), ("{age: x}", False), ("mac", False)],
    )
    def test_encrypted_documents(self, found, sops, is_encrypted):
        (line,) = found(f"image: {TAGGED}\nsops: {sops}\n")
        assert ("encrypted with SOPS" in line) is is_encrypted
        assert ("encrypted with SOPS" in found(f"kind: List\nitems: [{{image: '{TAGGED}'}}]\nsops: {sops}\n")[0]) is (
            is_encrypted
        )

    @pytest.mark.parametrize(
        ("path", "is_template"),
        [("c/templates/a.yaml", True), ("templates/x/a.yaml", True), ("templates.yaml", False), ("a/b.yaml", False)],
    )
    def test_templates_of_charts(self, found, path, is_template):
        problem = [f"{path}: not scanned: it is a Helm template"]
        scanned = [f"1 image /image {TAGGED}"]
        assert found(f"image: {TAGGED}\nname: '{{{{ x }}}}'\n", path) == (problem if is_template else scanned)
        assert found(f"image: {TAGGED}\n", path) == scanned

    def test_keys_that_stand_twice(self, found):
        reason = "a key that leads to it stands twice in its map"
        document = f"a: {{image: {TAGGED}}}\na: {{b: c}}\nb: {{image: {TAGGED}, x: 1, x: 2}}\n"
        assert found(document) == [f"1 - {TAGGED}: {reason}", f"3 image /b/image {TAGGED}"]

    @pytest.mark.parametrize(
        ("data", "problem"),
        [
            (b"\xff\xfea\0", "app.yaml: not scanned: it is UTF-16; save it as UTF-8"),
            (b"a: 1\nb: \xe9\n", "app.yaml:2: not scanned: it is not valid UTF-8"),
            (b"a: {{ x }}\nb: [\n", "app.yaml:3: not scanned: it is a template, not YAML"),
            (b"a:\n\tb: 1\n", "app.yaml:2: not scanned: it is not YAML: while scanning for the next token: found"),
            (b"a: *b\n", "app.yaml:1: not scanned: it is not YAML: undefined alias *b"),
            (b"a: \x1b[0m\n", "app.yaml:1: not scanned: it is not YAML: control characters are not allowed"),
        ],
    )
    def test_what_cannot_be_read(self, found, data, problem):
        (line,) = found(data)
        assert line.startswith(problem)

    @pytest.mark.parametrize(
        "text", ["", "# only a comment\n", "---\n", "---\n---\n", "text\n", "- 1\n- 2\n", "a: &a [*a]\n"]
    )
    def test_what_holds_nothing(self, found, text):
        assert found(text) == []


class TestAnchors:
    def test_a_map_is_found_once(self, found):
        assert found(f"a: &a {{image: '{TAGGED}'}}\nb: *a\nc: {{<<: *a}}\n") == [f"1 image /a/image {TAGGED}"]

    def test_a_scalar_is_found_wherever_it_is_used(self, found):
        document = f"image: &i {TAGGED}\nother: {{image: *i}}\n"
        assert found(document) == [f"1 image /image {TAGGED}", f"1 image /other/image {TAGGED}"]

    @pytest.mark.parametrize(
        ("lender", "borrower", "lends_a_wrong_digest"),
        [
            ("", "pullPolicy: x", False),
            ("", "tag: x", False),
            ("", "repository: x", True),
            ("", "registry: x", True),
            ("", "repository: x, tag: y", False),
            (", digest: ''", "tag: x", True),
            (", digest: ''", "repository: x", True),
            (", digest: ''", "repository: x, tag: y, digest: z", False),
            (", sha: ''", "tag: x", True),
            (", sha: ''", "tag: x, sha: y", False),
        ],
    )
    def test_merge_keys(self, found, lender, borrower, lends_a_wrong_digest):
        base = f"a: &a {{repository: {WEB}, tag: '1.4'{lender}}}\n"
        wanted = (
            f"1 - {TAGGED}: its map is merged (<<) into one with" if lends_a_wrong_digest else f"1 helm /a/tag {TAGGED}"
        )
        for merge in (
            f"b: {{<<: *a, {borrower}}}\n",
            f"b: {{<<: [{{c: d}}, *a], {borrower}}}\n",
            f"b: &b {{<<: *a}}\nc: {{<<: *b, {borrower}}}\n",
            f"b: &b {{<<: *a, {borrower}}}\nc: {{<<: *b}}\n",
            f"o: &o {{{borrower}}}\nb: {{<<: [*o, *a]}}\n",
        ):
            (line,) = found(base + merge)
            assert line.startswith(wanted), merge

    @pytest.mark.parametrize(
        ("lender", "borrower", "lends_a_wrong_digest"),
        [
            (f"baseImage: {WEB}, tag: '1.4'", "baseImage: quay.io/acme/other", True),
            (f"imageName: {WEB}, tag: '1.4'", "imageName: quay.io/acme/other", True),
            (f"imageName: {WEB}, tag: '1.4'", "imageName: quay.io/acme/other, tag: x", False),
            (f"repository: {WEB}, imageTag: '1.4'", "repository: quay.io/acme/other", True),
            (f"repository: {WEB}, imageTag: '1.4'", "repository: quay.io/acme/other, imageTag: x", False),
            (f"image: {WEB}, imageTag: '1.4'", "image: quay.io/acme/other, imageTag: x", False),
            (f"webImageRepository: {WEB}, webImageTag: '1.4'", "webImageRepository: quay.io/acme/other", True),
            (f"webImageRepository: {WEB}, webImageTag: '1.4'", "webImageRepository: quay.io/o, apiImageTag: x", True),
            (f"webImage: {WEB}, webImageTag: '1.4'", "webImageTag: x", False),
            (f"webImage: {WEB}, webImageTag: '1.4', webImageDigest: ''", "webImageTag: x", True),
            (f"webImage: {WEB}, webImageTag: '1.4'", "webImagePullPolicy: Always", False),
        ],
    )
    def test_merge_keys_of_other_forms(self, found, lender, borrower, lends_a_wrong_digest):
        lines = found(f"a: &a {{{lender}}}\nb: {{<<: *a, {borrower}}}\n")
        misled = [line for line in lines if "its map is merged (<<) into one with" in line]
        assert bool(misled) == lends_a_wrong_digest, lines
        assert any("Tag " in line or "/tag " in line for line in lines) != lends_a_wrong_digest, lines

    def test_a_map_below_image_that_another_borrows_from(self, found):
        text = f"image: &a {{repo: {WEB}, tag: '1.4'}}\notherImage: {{<<: *a, repo: quay.io/acme/other}}\n"
        (line,) = found(text)
        assert "its map is merged (<<) into one with" in line

    @pytest.mark.timeout(20)
    def test_of_very_many_ways_to_borrow_one_may_mislead(self, found):
        """Past some number they are not told apart, however many steps are between."""
        keys = ["tag", "digest", "sha", "name", "image", "newName", "newTag", "version", "repo", "hub", "imageTag"]
        ways = [*[way for length in range(8) for way in combinations(keys, length)][:1500], ("repository",)]
        text = f"m0: &m0 {{repository: {WEB}, tag: '1.4'}}\n"
        text += "".join(f"m{step}: &m{step} {{<<: *m{step - 1}}}\n" for step in range(1, 1500))
        for number, way in enumerate(ways):
            text += f"b{number}: {{<<: *m1499, {''.join(f'{key}: x, ' for key in way)}}}\n"
        (line,) = found(text)
        assert "its map is merged (<<) into one with" in line

    def test_a_merge_of_itself_ends(self, found):
        assert found(f"a: &a {{<<: *a, repository: {WEB}, tag: '1.4'}}\n")
        assert found(f"a: &a {{<<: [*a, *a], repository: {WEB}, tag: '1.4', b: &b {{<<: *a}}}}\n")

    @pytest.mark.timeout(20)
    def test_a_thousand_merges_are_no_burden(self, found):
        chain = "".join(f"m{number}: &m{number} {{<<: *m{number - 1}, tag: '{number}'}}\n" for number in range(1, 2000))
        assert found(f"m0: &m0 {{repository: {WEB}, tag: '1.4'}}\n{chain}") == [f"1 helm /m0/tag {TAGGED}"]


ALWAYS = {
    "$imagestream",
    "\\/",
    "image.openshift.io/triggers",
    "imageChange",
    "alpha.image.policy.openshift.io/resolve-names",
    "ignoreDifferences",
}


class TestNeedles:
    @pytest.mark.parametrize(
        ("name", "wanted"),
        [
            ("quay.io/acme/web", "acme/web"),
            ("nginx", "nginx"),
            ("docker.io/library/nginx", "nginx"),
            ("acme/web", "acme/web"),
            ("quay.io/library/nginx", "library/nginx"),
        ],
    )
    def test_are_what_every_spelling_contains(self, name, wanted):
        assert set(needles([Reference.parse(name).repository])) == {wanted, *ALWAYS}

    def test_of_nothing_are_markers_triggers_and_slashes_that_json_escapes(self):
        assert set(needles([])) == ALWAYS


def test_text_is_forgotten_where_nothing_is_found():
    assert scan("a.yaml", b"image: other:1\n", [Reference.parse(WEB).repository]) == (None, [])
