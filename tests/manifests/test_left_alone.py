"""What has the shape of a reference and is left alone: loops, builds, suffixes, two names; and what is not."""

from __future__ import annotations

import pytest

from gitops_streams.manifests.joining import UNKNOWN
from gitops_streams.manifests.push_destinations import PUSHED

WEB = "quay.io/acme/web"
TAGGED = f"{WEB}:1.4"


class TestKeysThatBeginAlike:
    @pytest.mark.parametrize(
        ("text", "why"),
        [
            (f"with_items: [{{webRepository: {WEB}, webTag: '1.4'}}]\n", UNKNOWN),
            (f"matrix: {{include: [{{webRepository: {WEB}, webTag: '1.4'}}]}}\n", UNKNOWN),
            (f"web: {{dockerfile: Dockerfile, webRepository: {WEB}, webTag: '1.4'}}\n", PUSHED),
            (f"web: {{targetRepository: {WEB}, targetTag: '1.4'}}\n", PUSHED),
            (f"web: {{CACHE_REPOSITORY: {WEB}, CACHE_TAG: '1.4'}}\n", PUSHED),
            (f"{{webRepository: {WEB}, webTag: '1.4', webTagSuffix: -x}}\n", "webTagSuffix is put behind its tag"),
            (
                f"{{webRepository: {WEB}, webTag: '1.4', rootless: on}}\n",
                "rootless is put behind its tag or its name, and a digest would stand before it",
            ),
        ],
    )
    def test_are_reported(self, found, text, why):
        assert found(text) == [f"1 - {TAGGED}: {why}"]

    @pytest.mark.parametrize("word", ["charts", "gitops", "module", "code"])
    def test_of_another_kind_of_repository(self, found, word):
        assert found(f"{{{word}Repository: {WEB}, {word}Tag: '1.4'}}\n") == []

    def test_the_registry_beside_belongs_to_the_name(self, found):
        assert found(f"{{webRegistry: mirror.example, webRepository: {WEB}, webTag: '1.4', webDigest: ''}}\n") == []
        split = "{webRegistry: quay.io, webRepository: acme/web, webTag: '1.4'}\n"
        assert found(split) == [f"1 alike /webTag {TAGGED}"]


@pytest.mark.parametrize(
    "names",
    ["name: nginx, repo: acme/other", "name: nginx, image: acme/other", "name: acme/hub, repo: acme/other"],
)
@pytest.mark.parametrize("tag", ["tag", "version"])
def test_two_names_of_one_image_are_not_taken_for_the_first(found, names, tag):
    lines = found(f"image: {{{names}, {tag}: '1'}}\n")
    assert not any(" nginx:1" in line or " acme/hub:1" in line for line in lines)


def test_the_name_with_a_slash_is_the_images(found):
    assert found(f"image: {{name: nginx, image: {WEB}, tag: '1.4'}}\n") == [f"1 image-map /image/tag {TAGGED}"]


@pytest.mark.parametrize("value", ["true", "on", "yes", "'Yes'"])
def test_switches_as_helm_reads_them(found, value):
    (line,) = found(f"image: {{repository: {WEB}, tag: '1.4', rootless: {value}}}\n")
    assert line.startswith(f"1 - {TAGGED}: rootless is put behind its tag or its name")


def test_a_suffix_of_an_image_that_keys_of_its_own_spell(found):
    lines = found(f"{{workerImageRepository: {WEB}, workerImageTag: '1.4', workerImageTagSuffix: -x}}\n")
    assert f"1 - {TAGGED}: workerImageTagSuffix is put behind its tag" in lines
    assert not any("/workerImageTag" in line for line in lines)
    lines = found(f"{{image.repository: {WEB}, image.tag: '1.4', image.variant: fips}}\n")
    assert f"1 - {TAGGED}: image.variant is put behind its tag" in lines


class TestParameters:
    def test_one_that_is_set_twice_says_nothing(self, found):
        image = f"{{name: image.repository, value: {WEB}}}, {{name: image.tag, value: '1.4'}}"
        assert found(f"set: [{image}, {{name: image.repository, value: other}}]\n") == []

    def test_suffixes(self, found):
        image = f"{{name: image.repository, value: {WEB}}}, {{name: image.tag, value: '1.4'}}"
        (line,) = found(f"set: [{image}, {{name: image.tagSuffix, value: -x}}]\n")
        assert line == f"1 - {TAGGED}: tagSuffix is put behind its tag"


def test_image_streams_are_no_images(found):
    assert not any(" value " in line for line in found("streamImages: {web: 'nginx:1'}\n"))
    assert not any(" value " in line for line in found("image_stream_images: {web: 'nginx:1'}\n"))


@pytest.mark.parametrize("key", ["id", "alias", "filename", "key"])
def test_what_an_item_of_a_list_of_images_is_called_is_no_image(found, key):
    (line,) = found(f"images: [{{{key}: 'acme/hub:1'}}]\n")
    assert line.startswith("1 - acme/hub:1: it does not stand under an image key")


@pytest.mark.parametrize(
    "default",
    [f"repository: {WEB}, tag: '1.4'", f"name: {WEB}, version: '1.4'", f"webRepository: {WEB}, webTag: '1.4'"],
)
def test_defaults_of_schemas(found, default):
    text = f"properties: {{image: {{type: object, default: {{{default}}}}}}}\n"
    assert f"1 - {TAGGED}: it stands in a schema" in found(text)
    assert not any("/default/" in line for line in found(text))


class TestPoliciesAndTests:
    @pytest.mark.parametrize("key", ["blockchainImage", "blockNodeImage", "forbiddenPageImage"])
    def test_words_that_begin_alike_are_no_policies(self, found, key):
        assert found(f"{key}: {TAGGED}\n") == [f"1 image /{key} {TAGGED}"]

    @pytest.mark.parametrize("key", ["blockedImages", "deny_list_images", "denylistImages", "exemptedImages"])
    def test_lists_of_policies(self, found, key):
        (line,) = found(f"{key}: ['{TAGGED}']\n")
        assert line.endswith("a policy compares it with images; it is not pulled")

    @pytest.mark.parametrize("key", ["excludedImages", "asserts"])
    def test_what_their_user_marks_is_edited(self, found, key):
        (line,) = found(f'{key}:\n- {TAGGED} # {{"$imagestream": "acme/web:prod"}}\n')
        assert line.startswith("2 ")
        assert " - " not in line
