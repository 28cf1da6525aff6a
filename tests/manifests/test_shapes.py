"""Forms of reference beside image keys, kustomizations and Helm maps: what is found, and what looks like one."""

from __future__ import annotations

import pytest

WEB = "quay.io/acme/web"
NOT_A_KEY = 'it does not stand under an image key; add # {"$imagestream": "…"} at the end of its line to have it pinned'
STREAMS = "it is the name of an image stream's tag or image"
PUSHED = "it names what is pushed there, not what is pulled"
TAGGED = f"{WEB}:1.4"
DIGEST = "sha256:" + "0" * 64


class TestOciRepository:
    @pytest.mark.parametrize(
        ("ref", "wanted"),
        [
            ("tag: '1.4'", f"oci /spec/ref/tag {TAGGED}"),
            ("tag: 1.4", f"oci /spec/ref/tag {TAGGED}"),
            (f"tag: '1.4', digest: '{DIGEST}'", f"oci /spec/ref/tag {TAGGED}@{DIGEST}"),
            (f"digest: '{DIGEST}'", f"oci /spec/ref/digest {WEB}@{DIGEST}"),
            ("tag: '1.4', digest: ''", f"oci /spec/ref/tag {TAGGED}"),
            (f"tag: '1.4', semver: '*', digest: '{DIGEST}'", f"oci /spec/ref/tag {TAGGED}@{DIGEST}"),
            ("semver: '*'", f"- {WEB}: ref.semver has Flux choose the tag;"),
            ("semver: '*', tag: '1.4'", f"- {WEB}: ref.semver has Flux choose the tag;"),
            (f"tag: '1.4@{DIGEST}'", f"- {TAGGED}@{DIGEST}: Flux takes no digest behind ref.tag;"),
            ("tag: ''", None),
            ("branch: main", None),
        ],
    )
    def test_refs(self, found, ref, wanted):
        lines = found(f"kind: OCIRepository\nspec:\n  url: oci://{WEB}\n  ref: {{{ref}}}\n")
        assert len(lines) == (wanted is not None)
        assert wanted is None or lines[0].startswith(f"4 {wanted}")

    @pytest.mark.parametrize("url", [f"https://{WEB}", WEB, "oci://quay.io/other/web", f"oci://{WEB}:1.4", "oci://"])
    def test_other_urls(self, found, url):
        assert not any(" oci " in line for line in found(f"spec: {{url: '{url}', ref: {{tag: '1.4'}}}}\n"))

    @pytest.mark.parametrize("other", ["{url: oci://quay.io/x/y, ref: *r}", "{url: oci://quay.io/acme/web, ref: *r}"])
    def test_a_ref_that_another_url_uses_is_left_alone(self, found, other):
        (line,) = found(f"spec: {{url: oci://{WEB}, ref: &r {{tag: '1.4'}}}}\nother: {other}\n")
        assert line.startswith(f"1 - {TAGGED}: its map is an anchor")


class TestGeneratorLiterals:
    @pytest.mark.parametrize("generator", ["configMapGenerator", "secretGenerator"])
    def test_are_found_behind_their_keys(self, found, generator):
        text = f"kind: Kustomization\n{generator}:\n- literals: [x=1, bundle={TAGGED}, 'IMAGE=nginx:1', a=b={TAGGED}]\n"
        assert found(text)[:2] == [
            f"3 literal /{generator}/0/literals/1 {TAGGED}",
            f"3 literal /{generator}/0/literals/2 nginx:1",
        ]

    @pytest.mark.parametrize(
        "literal", ["version=nginx:1", f"url=https://{TAGGED}", f"bundle='{TAGGED}'", f"bundle={WEB}", f"={TAGGED}"]
    )
    def test_other_literals(self, found, literal):
        text = f'configMapGenerator: [{{literals: ["{literal}"]}}]\n'
        assert not any(" literal " in line for line in found(text))

    def test_other_lists_of_literals(self, found):
        assert not any(" literal " in line for line in found(f"spec: [{{literals: ['a={TAGGED}']}}]\n"))


class TestImageFields:
    @pytest.mark.parametrize(
        ("fields", "wanted"),
        [
            (f"imageName: {WEB}, imageTag: '1.4'", f"imageTag {TAGGED}"),
            (f"imageRepository: {WEB}, imageTag: 1.4", f"imageTag {TAGGED}"),
            (f"image_repo: {WEB}, image_tag: '1.4'", f"image_tag {TAGGED}"),
            (f"IMAGE_NAME: {WEB}, IMAGE_TAG: '1.4@{DIGEST}'", f"IMAGE_TAG {TAGGED}@{DIGEST}"),
            (
                "webImageRegistry: quay.io, webImageRepository: acme/web, webImageTag: '1.4', imageTag: '7'",
                f"webImageTag {TAGGED}",
            ),
            (f"imageRepository: {WEB}, imageTag: '1.4', imageDigest: '{DIGEST}'", f"imageTag {TAGGED}@{DIGEST}"),
            (f"webImageRepository: {WEB}, imageTag: '1.4'", None),
            (f"image.repository: {WEB}, image.tag: '1.4', service.type: x", f"image.tag {TAGGED}"),
            (f"api.image.name: {WEB}, api.image.tag: '1.4', image.tag: '2'", f"api.image.tag {TAGGED}"),
            (f"image: {WEB}, image_version: 1.4, image_pull_policy: Always", f"image_version {TAGGED}"),
            ("redis_image: acme/hub, redis_image_version: latest", "redis_image_version acme/hub:latest"),
            (f"image_name: {WEB}, image_version: '1.4@{DIGEST}'", f"image_version {TAGGED}@{DIGEST}"),
            (f"image_name: {WEB}, image_version: '1.4', image_digest: ''", None),
            (f"imageName: {WEB}, imageTag: '1.4', imageVersion: '1.4'", f"imageTag {TAGGED}"),
            ("image: nginx, imageVersion: '1.4'", None),
            (f"image: {WEB}, defaultImageVersion: '1.4'", None),
            (f"image: {WEB}, web_image_version: '1.4'", None),
            (f"imageName: {WEB}, imageRepository: {WEB}, imageTag: '1.4'", None),
            (f"imageName: {WEB}, imageTag: ''", None),
            (f"imageName: {WEB}, image_tag: '1.4', imageTag: '1.4'", None),
            (f"imageName: '{TAGGED}', imageTag: '1.4'", None),
            (f"outputImageName: {WEB}, outputImageTag: '1.4'", None),
            (f"defaultImageRepository: {WEB}, defaultImageTag: '1.4'", None),
            (f"global_image_repository: {WEB}, global_image_tag: '1.4'", None),
            ("imageRegistry: quay.io/acme, imageName: web, imageTag: '1.4'", f"imageTag {TAGGED}"),
            ("IMAGE_REGISTRY: quay.io/acme, IMAGE_NAME: web, IMAGE_TAG: '1.4'", None),
            ("imageRegistry: quay.io/x, imageName: acme/web, imageTag: '1.4'", None),
            (f"imageTag: '1.4', name: {WEB}", None),
        ],
    )
    def test_keys_that_say_image_and_tag(self, found, fields, wanted):
        lines = [line for line in found(f"web: {{{fields}}}\n") if " image-map " in line]
        assert lines == ([] if wanted is None else [f"1 image-map /web/{wanted}"])

    def test_an_image_beside_its_tag(self, found):
        """Its name is not listed again, as one without a tag; that of a tag that nobody writes down is."""
        text = f"a: b\nweb: {{image: {WEB}, imageTag: 1.4}}\n"
        assert found(text) == [f"2 image-map /web/imageTag {TAGGED}"]
        assert found(text.replace("1.4", "''")) == [f"2 image /web/image {WEB}"]
        assert found(text.replace("1.4", "1.4, otherImage: nginx")) == [
            f"2 image-map /web/imageTag {TAGGED}",
            "2 image /web/otherImage nginx",
        ]


class TestImageMaps:
    @pytest.mark.parametrize(
        ("values", "wanted"),
        [
            (f"name: {WEB}, tag: '1.4'", f"image-map /image/tag {TAGGED}"),
            ("registry: quay.io, name: acme/web, tag: 1.4", f"image-map /image/tag {TAGGED}"),
            ("registry: quay.io, image: acme/web, tag: '1.4'", f"image-map /image/tag {TAGGED}"),
            (f"name: {WEB}, tag: '1.4', digest: '{DIGEST}'", f"image-map /image/tag {TAGGED}@{DIGEST}"),
            (f"repo: {WEB}, tag: '1.4'", f"image-map /image/tag {TAGGED}"),
            (f"name: {WEB}, tag: '1.4', sha: ''", f"image-map /image/tag {TAGGED}"),
            (f"name: '{TAGGED}', entrypoint: ['']", f"image /image/name {TAGGED}"),
            ("name: 'nginx:1'", "image /image/name nginx:1"),
            (f"reference: '{TAGGED}', pullPolicy: Always", f"image /image/reference {TAGGED}"),
            ("value: acme/hub:1", "image /image/value acme/hub:1"),
            ("value: IfNotPresent, options: [a, b]", None),
            (f"kind: DockerImage, name: '{TAGGED}'", f"image /image/name {TAGGED}"),
            (
                f"kind: ImageStreamTag, name: '{TAGGED}'",
                f"- {TAGGED}: {STREAMS}",
            ),
            ("registry: quay.io/acme, name: web, tag: '1.4'", f"image-map /image/tag {TAGGED}"),
            ("registry: quay.io/acme, repository: web, tag: '1.4'", f"helm /image/tag {TAGGED}"),
            ("registry: quay.io/other, repository: web, tag: '1.4'", None),
            ("registry: 'quay.io/acme:1', repository: web, tag: '1.4'", None),
            ("registry: 'https://quay.io/acme', repository: web, tag: '1.4'", None),
            ("registry: 'quay.io/acme/', repository: web, tag: '1.4'", None),
            ("registry: acme/x, repository: hub, tag: '1.4'", None),
            ("name: nginx", None),
            ("registry: acme, name: hub, tag: '1'", None),
        ],
    )
    def test_under_an_image_key(self, found, values, wanted):
        assert found(f"image: {{{values}}}\n") == ([] if wanted is None else [f"1 {wanted}"])

    def test_a_choice_of_images(self, found):
        text = f"imageGroup:\n  value: nginx:1\n  options:\n  - nginx:1\n  - x\n  - {TAGGED}\n"
        assert found(text) == [
            "2 image /imageGroup/value nginx:1",
            "4 image /imageGroup/options/0 nginx:1",
            f"6 image /imageGroup/options/2 {TAGGED}",
        ]
        assert not any(" image /" in line for line in found("size: {value: 'nginx:1', options: ['nginx:1']}\n"))

    def test_items_of_a_list_under_an_image_key(self, found):
        text = (
            f"images: [{{name: {WEB}, tag: '1.4'}}, {{name: nginx, tag: '1'}}]\nthings: [{{name: {WEB}, tag: '1.4'}}]\n"
        )
        assert found(text) == [f"1 image-map /images/0/tag {TAGGED}"]

    def test_under_other_keys_are_none(self, found):
        assert found(f"web: {{name: {WEB}, tag: '1.4'}}\nitem: {{name: 'nginx:1'}}\n") == [f"2 - nginx:1: {NOT_A_KEY}"]

    def test_the_sources_of_builds(self, found):
        text = "kind: BuildConfig\nspec: {strategy: {dockerStrategy: {from: {kind: DockerImage, name: 'nginx:1'}}}}\n"
        assert found(text) == ["2 image /spec/strategy/dockerStrategy/from/name nginx:1"]

    def test_what_an_object_of_a_kind_is_built_from(self, found):
        """``build`` beside ``image`` says what Compose builds; Strimzi builds upon the image, and pushes another."""
        text = f"kind: KafkaConnect\nspec: {{image: {TAGGED}, build: {{output: {{type: docker, image: 'nginx:1'}}}}}}\n"
        assert found(text) == [f"2 image /spec/image {TAGGED}", f"2 - nginx:1: {PUSHED}"]

    def test_volumes_and_extensions(self, found):
        volumes = f"volumes: [{{name: v, image: {{reference: '{TAGGED}'}}}}]"
        text = f"spec: {{{volumes},\n extensions: [{{image: {{reference: 'nginx:1'}}}}]}}\n"
        assert found(text) == [
            f"1 image /spec/volumes/0/image/reference {TAGGED}",
            "2 image /spec/extensions/0/image/reference nginx:1",
        ]

    def test_ko(self, found):
        text = f"defaultBaseImage: {TAGGED}\nbaseImageOverrides: {{x/a: 'nginx:1', b: x, c: 2}}\n"
        assert found(text) == [
            f"1 image /defaultBaseImage {TAGGED}",
            "2 image /baseImageOverrides/x~1a nginx:1",
        ]


class TestPipelines:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("jobs: {a: {runs-on: x, container: 'nginx:1'}}\n", "ci /jobs/a/container nginx:1"),
            ("jobs: {a: {container: {image: 'nginx:1'}}}\n", "image /jobs/a/container/image nginx:1"),
            ("jobs: {a: {services: {db: {image: 'nginx:1'}}}}\n", "image /jobs/a/services/db/image nginx:1"),
            ("jobs: {a: {steps: [{uses: 'docker://nginx:1'}]}}\n", "ci /jobs/a/steps/0/uses nginx:1"),
            (f"runs: {{using: docker, image: 'docker://{TAGGED}'}}\n", f"ci /runs/image {TAGGED}"),
            ("jobs: [{job: a, pool: x, container: 'nginx:1'}]\n", "ci /jobs/0/container nginx:1"),
            ("a: {script: [x], services: ['nginx:1']}\n", "ci /a/services/0 nginx:1"),
            ("a: {script: [x], services: [{name: 'nginx:1', alias: db}]}\n", "ci /a/services/0/name nginx:1"),
            ("a: {script: [x], image: {name: 'nginx:1'}}\n", "image /a/image/name nginx:1"),
            ("steps: [{name: 'nginx:1', args: [a]}]\n", "ci /steps/0/name nginx:1"),
            (f"steps: [{{name: '{TAGGED}'}}]\n", f"value /steps/0/name {TAGGED}"),
            ("kind: Task\nspec: {steps: [{name: a, image: 'nginx:1'}]}\n", "image /spec/steps/0/image nginx:1"),
            ("spec: {stepTemplate: {image: 'nginx:1'}}\n", "image /spec/stepTemplate/image nginx:1"),
            ("spec: {sidecars: [{image: 'nginx:1'}]}\n", "image /spec/sidecars/0/image nginx:1"),
            ("templates: [{script: {image: 'nginx:1'}}]\n", "image /templates/0/script/image nginx:1"),
            ("services: {db: {image: 'nginx:1'}}\n", "image /services/db/image nginx:1"),
        ],
    )
    def test_places(self, found, text, wanted):
        assert [line.split(" ", 1)[1] for line in found(text)] == [wanted]

    def test_a_gitlab_file_may_list_services_for_all_jobs(self, found):
        assert found("services: ['nginx:1']\n", ".gitlab-ci.yml") == ["1 ci /services/0 nginx:1"]

    @pytest.mark.parametrize(
        "text",
        [
            "container: 'nginx:1'\n",
            "services: ['nginx:1']\n",
            "steps: [{name: 'nginx:1'}]\n",
            "kind: Custom\nsteps: [{name: 'nginx:1', args: [a]}]\n",
            "a: {steps: [{uses: nginx}]}\n",
            "a: {steps: [{uses: 'docker://localhost:5000/a/b:1'}]}\n",
        ],
    )
    def test_that_are_none(self, found, text):
        assert not any(" ci " in line for line in found(text))


class TestJsonPatchValues:
    @pytest.mark.parametrize("op", ["add", "replace", "test"])
    def test_of_image_paths(self, found, op):
        text = f"- {{op: {op}, path: /spec/template/spec/containers/0/image, value: 'nginx:1'}}\n"
        assert found(text) == ["1 json-patch /0/value nginx:1"]

    @pytest.mark.parametrize(
        "operation",
        [
            "op: replace, path: /spec/name, value: 'nginx:1'",
            "op: remove, path: /spec/image, value: 'nginx:1'",
            "op: replace, path: /spec/image, value: 1",
            "op: replace, path: /spec/imagePullPolicy, value: 'nginx:1'",
            "path: /spec/image, value: 'nginx:1'",
        ],
    )
    def test_of_others(self, found, operation):
        assert not any("json-patch" in line for line in found(f"- {{{operation}}}\n"))

    def test_of_other_paths_are_found_by_value(self, found):
        text = f"- {{op: add, path: /spec/template/spec/containers/0/env/-, value: {{name: A, value: '{TAGGED}'}}}}\n"
        assert found(text) == [f"1 value /0/value/value {TAGGED}"]


class TestArgoCD:
    def test_parameters(self, found):
        pairs = [("image.repository", WEB), ("image.tag", "1.4"), ("web.image", "nginx:1"), ("x.tag", "2")]
        items = ", ".join(f"{{name: {name}, value: '{value}'}}" for name, value in pairs)
        assert found(f"kind: Application\nspec: {{source: {{helm: {{parameters: [{items}]}}}}}}\n") == [
            "2 argocd /spec/source/helm/parameters/2/value nginx:1",
            f"2 argocd /spec/source/helm/parameters/1/value {TAGGED}",
        ]

    @pytest.mark.parametrize(
        ("parameters", "tag"),
        [
            ("image.registry=quay.io image.repository=acme/web image.tag=1.4", 2),
            (f"a.image.name={WEB} a.image.tag=1.4", 1),
            (f"a.name={WEB} a.tag=1.4", None),
            (f"image.repository={WEB} other.tag=1.4", None),
            ("image.registry=acme image.repository=hub image.tag=1.4", None),
        ],
    )
    def test_groups_of_parameters(self, found, parameters, tag):
        items = ", ".join(
            f"{{name: {name}, value: '{value}'}}" for name, value in (each.split("=") for each in parameters.split())
        )
        wanted = [] if tag is None else [f"1 argocd /helm/parameters/{tag}/value {TAGGED}"]
        assert found(f"helm: {{parameters: [{items}]}}\n", ".argocd-source-web.yaml") == wanted

    def test_images_of_a_kustomization(self, found):
        text = f"kustomize: {{images: ['{TAGGED}', 'web={TAGGED}', 'web={WEB}', 'nginx:1=nginx:1']}}\n"
        assert found(text) == [
            f"1 image /kustomize/images/0 {TAGGED}",
            f"1 argocd /kustomize/images/1 {TAGGED}",
            "1 argocd /kustomize/images/3 nginx:1",
        ]

    def test_values_as_a_map(self, found):
        text = f"helm: {{valuesObject: {{image: {{repository: {WEB}, tag: '1.4'}}}}}}\n"
        assert found(text) == [f"1 helm /helm/valuesObject/image/tag {TAGGED}"]


class TestFluxKustomize:
    @pytest.mark.parametrize(
        ("text", "pointer"),
        [
            ("kind: Kustomization\nspec: {IMAGES}\n", "/spec/images/0"),
            (
                "kind: HelmRelease\nspec: {postRenderers: [{kustomize: {IMAGES}}]}\n",
                "/spec/postRenderers/0/kustomize/images/0",
            ),
        ],
    )
    def test_images(self, found, text, pointer):
        text = text.replace("IMAGES", f"images: [{{name: {WEB}, newTag: '1.4'}}]")
        assert found(text) == [f"2 kustomize {pointer}/newTag {TAGGED}"]


class TestByValue:
    @pytest.mark.parametrize(
        ("text", "pointer"),
        [
            (f"spec: {{containers: [{{env: [{{name: A, value: '{TAGGED}'}}]}}]}}\n", "/spec/containers/0/env/0/value"),
            (f"spec: {{args: [run, '{TAGGED}']}}\n", "/spec/args/1"),
            (f"spec: {{package: '{TAGGED}'}}\n", "/spec/package"),
            (
                f"kind: Workflow\nspec: {{arguments: {{parameters: [{{name: image, value: '{TAGGED}'}}]}}}}\n",
                "/spec/arguments/parameters/0/value",
            ),
            (
                f"kind: Task\nspec: {{params: [{{name: BUILDER, default: '{TAGGED}'}}]}}\n",
                "/spec/params/0/default",
            ),
            (f"kind: Template\nobjects: []\nparameters: [{{name: A, value: '{TAGGED}'}}]\n", "/parameters/0/value"),
            (f"kind: Cluster\nspec: {{nested: [[{{x: '{TAGGED}'}}]]}}\n", "/spec/nested/0/0/x"),
        ],
    )
    def test_any_key(self, found, text, pointer):
        line = text.count("\n")
        assert found(text) == [f"{line} value {pointer} {TAGGED}"]

    def test_oci_urls_with_a_tag(self, found):
        text = f"distribution: {{artifact: 'oci://{TAGGED}', other: 'oci://{WEB}'}}\n"
        assert found(text) == [f"1 value /distribution/artifact {TAGGED}"]

    @pytest.mark.parametrize(
        ("before", "edited"),
        [
            ("--engine-image", True),
            ("-image", True),
            ("engine-image", False),
            ("--output-image", False),
            ("--engine", False),
            ("--image-pull-policy", False),
        ],
    )
    def test_without_a_registry_behind_a_flag_that_says_image(self, found, before, edited):
        assert (found(f"args: [run, {before}, 'acme/hub:1']\n") == ["1 value /args/2 acme/hub:1"]) is edited
        assert not any(" value /" in line for line in found(f"args: [{before}, x, 'acme/hub:1']\n"))
        assert not any(" value /" in line for line in found(f"args: [{before}, 'nginx:1']\n"))

    @pytest.mark.parametrize(
        ("field", "edited"),
        [
            ("name: WEB_IMAGE, value: 'acme/hub:1'", True),
            ("name: builder-image, default: 'acme/hub:1'", True),
            ("name: BASE, value: 'acme/hub:1'", False),
            ("name: WEB_IMAGE, other: 'acme/hub:1'", False),
            ("name: WEB_IMAGE, value: 'nginx:1'", False),
            ("name: IMAGE, value: 'acme/hub:1'", False),
            ("name: output-image, value: 'acme/hub:1'", False),
            ("name: target_image, value: 'acme/hub:1'", False),
            ("name: WEB_IMAGE_STREAM, value: 'acme/hub:1'", False),
            ("name: IMAGESTREAM, value: 'acme/hub:1'", False),
        ],
    )
    def test_a_variable_whose_name_says_image_needs_no_domain(self, found, field, edited):
        assert any(" value " in line for line in found(f"spec: {{things: [{{{field}}}]}}\n")) is edited

    def test_the_url_of_a_container_disk(self, found):
        """KubeVirt's importer fails with a tag and a digest, unless the node pulls the image: then both stand there."""
        (line,) = found(f"source: {{registry: {{url: 'docker://{TAGGED}'}}}}\n")
        assert line.startswith(f"1 - {TAGGED}: what imports it takes a tag or a digest behind docker://, never both")
        both = f"{TAGGED}@{DIGEST}"
        assert found(f"source: {{registry: {{url: 'docker://{both}'}}}}\n") == [f"1 value /source/registry/url {both}"]
        assert found(f"source: {{destination: {{url: 'docker://{both}'}}}}\n") == [f"1 - {both}: {PUSHED}"]

    def test_a_digest_that_is_there(self, found):
        assert found(f"a: {TAGGED}@{DIGEST}\n") == [f"1 value /a {TAGGED}@{DIGEST}"]

    def test_related_images_stand_under_an_image_key(self, found):
        assert found(f"spec: {{relatedImages: [{{name: a, image: '{TAGGED}'}}]}}\n") == [
            f"1 image /spec/relatedImages/0/image {TAGGED}"
        ]

    @pytest.mark.parametrize(
        "text",
        [
            "a: nginx:1\n",
            "a: acme/hub:1\n",
            f"a: {WEB}@{DIGEST}\n",
            f"a: {WEB}\n",
            f"a: --image={TAGGED}\n",
            f"a: A={TAGGED}\n",
            f"a: |\n  {TAGGED}\n",
            f"a: '{TAGGED} '\n",
            f"a: docker://{TAGGED}\n",
        ],
    )
    def test_what_is_no_exact_reference_with_a_domain_and_a_tag(self, found, text):
        assert not any(" value " in line for line in found(text))

    def test_what_is_left_alone_is_reported_with_the_reason(self, found):
        text = f"tags: ['{TAGGED}']\nnotes: {TAGGED}\nimages: ['{TAGGED}']\nsteps: [x]\n"
        assert found(text) == [
            f"1 - {TAGGED}: it names what is pushed there, not what is pulled",
            f"2 - {TAGGED}: it is prose",
            f"3 - {TAGGED}: it names what is pushed there, not what is pulled",
        ]


class TestValuesOfConfigMaps:
    @pytest.mark.parametrize(("kind", "key"), [("ConfigMap", "data"), ("Secret", "stringData")])
    def test_that_are_one_reference_are_no_files(self, found, kind, key):
        assert found(f"kind: {kind}\n{key}: {{router: '{TAGGED}'}}\n") == [f"2 value /{key}/router {TAGGED}"]

    @pytest.mark.parametrize("value", [f"'{TAGGED} '", f"'{TAGGED},{TAGGED}'", f"|\n    {TAGGED}", "acme/hub:1"])
    def test_with_more_or_less_than_that_are(self, found, value):
        assert not any(" value " in line for line in found(f"kind: ConfigMap\ndata:\n  router: {value}\n"))


class TestImagesOfAMap:
    @pytest.mark.parametrize("key", ["images", "componentImages", "system_images"])
    @pytest.mark.parametrize(
        ("members", "wanted"),
        [
            ("web: 'nginx:1'", "value /{}/web nginx:1"),
            ("web: 'acme/hub:1'", "value /{}/web acme/hub:1"),
            (f"web: '{TAGGED}'", f"value /{{}}/web {TAGGED}"),
            ("group: {web: 'acme/hub:1'}", "value /{}/group/web acme/hub:1"),
        ],
    )
    def test_are_references(self, found, key, members, wanted):
        assert found(f"{key}: {{{members}}}\n") == [f"1 {wanted.format(key)}"]

    @pytest.mark.parametrize(
        "text",
        [
            "images: {group: {web: 'nginx:1'}}\n",
            "images: {a: {b: {web: 'acme/hub:1'}}}\n",
            "images: {description: 'acme/hub:1'}\n",
            "images: {repository: 'acme/hub:1'}\n",
            "imagesOf: {web: 'acme/hub:1'}\n",
            "images: {destination: 'acme/hub:1'}\n",
            "images: {web: ['acme/hub:1']}\n",
        ],
    )
    def test_other_members(self, found, text):
        assert not any(" value " in line for line in found(text))


class TestVersionsOfImages:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            (f"image: {{name: {WEB}, version: '1.4'}}\n", f"/image/version {TAGGED}"),
            ("webImage: {image: acme/hub, version: 1.4}\n", "/webImage/version acme/hub:1.4"),
            ("image: {registry: quay.io, image: acme/web, version: '1.4'}\n", f"/image/version {TAGGED}"),
            (f"images: {{web: {{image: {WEB}, version: '1.4'}}}}\n", f"/images/web/version {TAGGED}"),
            (f"images: {{net: {{web: {{image: {WEB}, version: 1.4}}}}}}\n", f"/images/net/web/version {TAGGED}"),
            (f"image: {{repository: {WEB}, version: '1.4'}}\n", f"/image/version {TAGGED}"),
            (f"image: {{name: {WEB}, version: '1.4@{DIGEST}'}}\n", f"/image/version {TAGGED}@{DIGEST}"),
            (f"image: {{name: {WEB}, tag: '1.4', version: '1.3'}}\n", f"/image/tag {TAGGED}"),
        ],
    )
    def test_are_tags(self, found, text, wanted):
        assert found(text) == [f"1 image-map {wanted}"]

    @pytest.mark.parametrize(
        "text",
        [
            "osImage: {name: nginx, version: '1.4'}\n",
            f"spec: {{image: {WEB}, version: '1.4'}}\n",
            f"services: {{web: {{image: {WEB}, version: '1.4'}}}}\n",
            f"images: [{{name: {WEB}, version: '1.4'}}]\n",
            f"image: {{name: {WEB}, version: ''}}\n",
            f"image: {{kind: X, name: {WEB}, version: '1.4'}}\n",
            "images: {web: {image: nginx, version: '1.4'}}\n",
        ],
    )
    def test_versions_of_other_things(self, found, text):
        assert not any("version" in line for line in found(text))

    def test_what_is_built_is_reported(self, found):
        (line,) = found(f"image: {{name: {WEB}, version: '1.4', dockerfile: x}}\n")
        assert line == f"1 - {TAGGED}: {PUSHED}"


class TestVariablesOfContainers:
    @pytest.mark.parametrize("key", ["env", "extraEnv"])
    def test_a_bare_name_where_the_variable_says_image(self, found, key):
        text = f"containers: [{{{key}: [{{name: RELATED_IMAGE_WEB, value: 'nginx:1'}}]}}]\n"
        assert found(text) == [f"1 value /containers/0/{key}/0/value nginx:1"]

    @pytest.mark.parametrize(
        "text",
        [
            "env: [{name: WEB, value: 'nginx:1'}]\n",
            "env: [{name: OUTPUT_IMAGE, value: 'nginx:1'}]\n",
            "env: [{name: IMAGE_STREAM, value: 'nginx:1'}]\n",
            "parameters: [{name: WEB_IMAGE, value: 'nginx:1'}]\n",
            "params: [{name: web-image, default: 'nginx:1'}]\n",
        ],
    )
    def test_other_bare_names(self, found, text):
        assert not any(" value " in line for line in found(text))


class TestWhatAPolicyCompares:
    @pytest.mark.parametrize(
        "text",
        [
            f"kind: ClusterPolicy\nspec: {{rules: [{{validate: {{pattern: {{image: '{TAGGED}'}}}}}}]}}\n",
            f"spec: {{validate: {{anyPattern: [{{image: '{TAGGED}'}}]}}}}\n",
            f"parameters: {{exemptImages: ['{TAGGED}']}}\n",
            f"excluded_images: [{{name: '{TAGGED}'}}]\n",
            f"ignoreImages: ['{TAGGED}']\n",
            f"images: [{{glob: '{TAGGED}'}}]\n",
        ],
    )
    def test_is_reported(self, found, text):
        (line,) = found(text)
        assert line.endswith(f" - {TAGGED}: a policy compares it with images; it is not pulled")

    @pytest.mark.parametrize("text", [f"mutate: {{image: '{TAGGED}'}}\n", f"pattern: {{image: '{TAGGED}'}}\n"])
    def test_other_places(self, found, text):
        assert found(text)[0].endswith(f"/image {TAGGED}")


class TestWhatATestSetsAndExpects:
    @pytest.mark.parametrize(
        "text",
        [
            f"tests: [{{set: {{image: {{repository: {WEB}, tag: '1.4'}}}}, asserts: []}}]\n",
            f"tests: [{{set: {{image.repository: {WEB}, image.tag: '1.4'}}, asserts: []}}]\n",
            f"suite: web\nset: {{image: '{TAGGED}'}}\n",
            f"tests: [{{asserts: [{{contains: {{content: {{image: '{TAGGED}'}}}}}}]}}]\n",
        ],
    )
    def test_is_reported(self, found, text):
        (line,) = found(text)
        assert line.endswith(f" - {TAGGED}: it is what a test sets or expects")

    def test_what_a_chart_is_given_is_none_of_it(self, found):
        assert found(f"spec: {{set: {{image: '{TAGGED}'}}}}\n") == [f"1 image /spec/set/image {TAGGED}"]


class TestWhatIsBuilt:
    @pytest.mark.parametrize(
        "text",
        [
            f"images: {{app: {{image: '{TAGGED}', dockerfile: ./Dockerfile}}}}\n",
            f"app: {{image: '{TAGGED}', buildArgs: {{a: b}}}}\n",
            f"build: {{api: {{context: ., image: '{TAGGED}'}}}}\n",
            f"dockers: [{{image_templates: ['{TAGGED}']}}]\n",
            f"docker_manifests: [{{name_template: '{TAGGED}'}}]\n",
        ],
    )
    def test_is_reported(self, found, text):
        assert found(text) == [f"1 - {TAGGED}: {PUSHED}"]

    @pytest.mark.parametrize(
        "text",
        [
            f"build: {{context: org, image: '{TAGGED}'}}\n",
            f"jobs: [{{x: {{context: org, image: '{TAGGED}'}}}}]\n",
            f"kind: X\nspec: {{dockerfile: x, image: '{TAGGED}'}}\n",
        ],
    )
    def test_what_runs(self, found, text):
        assert found(text)[0].endswith(f"/image {TAGGED}")


class TestReleasesOfHelmfile:
    def test_values_that_are_set(self, found):
        text = f"releases: [{{set: [{{name: image.repository, value: {WEB}}}, {{name: image.tag, value: '1.4'}}]}}]\n"
        assert found(text) == [f"1 argocd /releases/0/set/1/value {TAGGED}"]
        assert found(f"spec: {{set: {{image.repository: {WEB}, image.tag: '1.4'}}}}\n") == [
            f"1 image-map /spec/set/image.tag {TAGGED}"
        ]


class TestKeysThatBeginAlike:
    @pytest.mark.parametrize(
        ("fields", "wanted"),
        [
            (f"webRepository: {WEB}, webTag: '1.4'", f"webTag {TAGGED}"),
            (f"web_repository: {WEB}, web_tag: 1.4, version: '1.4'", f"web_tag {TAGGED}"),
            (f"WEB_REPOSITORY: {WEB}, WEB_TAG: '1.4@{DIGEST}'", f"WEB_TAG {TAGGED}@{DIGEST}"),
            ("defaultWebRepository: acme/hub, defaultWebTag: '1', defaultWebDigest: ~", "defaultWebTag acme/hub:1"),
            (f"webRepository: {WEB}, webTag: '1.4', webDigest: '{DIGEST}'", f"webTag {TAGGED}@{DIGEST}"),
            ("webRepository: acme/hub, webTag: '1'", None),
            ("webRepository: nginx, webTag: '1', webDigest: ''", None),
            (f"webRepository: {WEB}, apiTag: '1.4'", None),
            (f"webRepository: {WEB}, webTag: ''", None),
            (f"webRepository: {WEB}, webTag: '1.4', web_tag: '2'", None),
            (f"webRepository: https://{WEB}, webTag: '1.4'", None),
            (f"gitRepository: {WEB}, gitTag: '1.4'", None),
            (f"webChartRepository: {WEB}, webChartTag: '1.4'", None),
            (f"defaultRepository: {WEB}, defaultTag: '1.4'", None),
        ],
    )
    def test_of_a_repository_and_a_tag(self, found, fields, wanted):
        lines = found(f"web: {{{fields}}}\n")
        assert lines == ([] if wanted is None else [f"1 alike /web/{wanted}"])

    def test_what_is_pushed_or_borrowed_is_reported(self, found):
        fields = f"outRepository: {WEB}, outTag: '1.4'"
        assert found(f"output: {{{fields}}}\n") == [f"1 - {TAGGED}: {PUSHED}"]
        (line,) = found(f"a: &a {{{fields}}}\nb: {{<<: *a, outRepository: other}}\n")
        assert line.startswith(f"1 - {TAGGED}: ")


def test_a_key_called_like_a_module_of_ansible_is_none(found):
    assert found(f"kind: ConfigMap\ndata: {{docker_image: '{TAGGED}'}}\n") == [f"2 image /data/docker_image {TAGGED}"]
    (line,) = found(f"tasks: [{{docker_image: {{name: '{TAGGED}'}}}}]\n")
    assert line == f"1 - {TAGGED}: {PUSHED}"


def test_a_key_that_says_repository_and_tag(found):
    assert found("image: {sidecarRepositoryAndTag: 'nginx:1'}\n") == ["1 value /image/sidecarRepositoryAndTag nginx:1"]
    assert found("web_repository_and_tag: acme/hub:1\n") == ["1 value /web_repository_and_tag acme/hub:1"]
    assert not any(" value " in line for line in found("repositoryAndTags: acme/hub:1\n"))


def test_pull_specs_are_references_and_pull_policies_are_none(found):
    assert found(f"workImagePullSpec: {TAGGED}\n") == [f"1 value /workImagePullSpec {TAGGED}"]
    (line,) = found(f"workImagePullPolicy: {TAGGED}\n")
    assert line == f"1 - {TAGGED}: it says how images are pulled"
