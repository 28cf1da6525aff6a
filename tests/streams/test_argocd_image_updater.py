"""What Argo CD Image Updater is told, as stream tags: both of its forms, every strategy, what has no equivalent."""

from __future__ import annotations

import json

import pytest

from gitops_streams.streams import argocd_image_updater
from gitops_streams.streams.argocd_image_updater import PREFIX
from gitops_streams.streams.foreign import Untranslated, Wanted
from gitops_streams.yamledit.locate import Located, locate
from gitops_streams.yamledit.objects import objects


def read(document):
    located = locate(json.dumps(document))
    assert isinstance(located, Located), located
    found = [("argo.json", each) for each in objects(located.documents[0].root)]
    return argocd_image_updater.read(found)


def application(**annotations):
    named = {
        PREFIX + key.replace("__", ".").replace("_", "-").replace("SLASH", "_"): text
        for key, text in annotations.items()
    }
    metadata = {"name": "shop", "namespace": "argocd", "annotations": named}
    return read({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata})


def updater(images, common=None, spec=None):
    reference = {"namePattern": "shop-*", "images": images} | ({"commonUpdateSettings": common} if common else {})
    return read(
        {
            "apiVersion": "argocd-image-updater.argoproj.io/v1alpha1",
            "kind": "ImageUpdater",
            "metadata": {"name": "all", "namespace": "argocd"},
            "spec": {"applicationRefs": [reference]} | ({"commonUpdateSettings": spec} if spec else {}),
        }
    )


@pytest.mark.parametrize(
    ("strategy", "constraint", "wanted"),
    [
        (None, "~1.2", {"policy": "semver", "range": "~1.2"}),
        ("semver", ">=1.2", {"policy": "semver", "range": ">=1.2"}),
        ("semver", "1.2.x", {"policy": "semver", "range": "1.2.x"}),
        ("newest-build", "", {"policy": "newest-build"}),
        ("latest", "", {"policy": "newest-build"}),
        ("alphabetical", "", {"policy": "alphabetical"}),
        ("name", "", {"policy": "alphabetical"}),
    ],
)
def test_a_strategy_is_a_policy(strategy, constraint, wanted):
    entry = f"quay.io/acme/web:{constraint}" if constraint else "quay.io/acme/web"
    settings = {"web__update_strategy": strategy} if strategy else {}
    (by_annotation,) = application(image_list=f"web={entry}", **settings)
    common = {"updateStrategy": strategy} if strategy else {}
    (by_object,) = updater([{"alias": "web", "imageName": entry, "commonUpdateSettings": common}])
    for found in (by_annotation, by_object):
        assert isinstance(found, Wanted), found
        assert dict(found.annotations) == wanted
        assert (str(found.repository), found.tag, found.names[0], found.notes) == ("quay.io/acme/web", None, "web", ())


def test_the_strategy_digest_follows_a_tag():
    (found,) = application(image_list="web=quay.io/acme/web:main", web__update_strategy="digest")
    assert (found.tag, found.policy, found.names) == ("main", None, ("main",))
    (lost,) = application(image_list="web=quay.io/acme/web", web__update_strategy="digest")
    assert lost.reason == "the update strategy digest follows one tag, and none is named"


def test_settings_of_an_image_go_before_those_of_all():
    first, second = application(
        image_list="one=a/b:~1, two=a/c:~1",
        update_strategy="newest-build",
        one__update_strategy="semver",
        allow_tags="regexp:^v",
        two__allow_tags="any",
    )
    assert dict(first.annotations) == {"policy": "semver", "range": "~1", "pattern": "^v"}
    assert dict(second.annotations) == {"policy": "newest-build"}
    one, two, three = updater(
        [
            {"alias": "one", "imageName": "a/b", "commonUpdateSettings": {"updateStrategy": "name"}},
            {"alias": "two", "imageName": "a/c", "commonUpdateSettings": {"allowTags": "any"}},
            {"alias": "three", "imageName": "a/d"},
        ],
        common={"updateStrategy": "latest"},
        spec={"updateStrategy": "semver", "allowTags": "regexp:x$"},
    )
    assert [each.annotations["policy"] for each in (one, two, three)] == [
        "alphabetical",
        "newest-build",
        "newest-build",
    ]
    assert [each.annotations.get("pattern") for each in (one, two, three)] == ["x$", None, "x$"]


def test_an_alias_with_a_slash_and_an_image_without_one():
    first, second = application(
        image_list="org/web=quay.io/acme/web, nginx:~1.25",
        orgSLASHweb__pull_secret="quay",
        nginx__update_strategy="semver",
    )
    assert first.origin == "Application argocd/shop, image org/web"
    assert first.pull_secrets == ("quay",)
    assert (str(second.repository), second.annotations["range"]) == ("nginx", "~1.25")


@pytest.mark.parametrize(
    ("settings", "note"),
    [
        ({"web__ignore_tags": "*-rc*, latest"}, "ignore-tags (*-rc*, latest) has no equivalent"),
        ({"web__platforms": "linux/amd64,linux/arm64"}, "the index is pinned"),
        ({"web__platforms": "nonsense"}, "none is chosen"),
        ({"web__update_strategy": "name"}, "the constraint ~1 says nothing"),
    ],
)
def test_what_has_no_equivalent_is_noted(settings, note):
    (found,) = application(image_list="web=quay.io/acme/web:~1", **settings)
    (noted,) = found.notes
    assert note in noted


def test_no_constraint_is_noted():
    (found,) = application(image_list="web=quay.io/acme/web")
    assert found.notes == ("there is no constraint, so new major versions are taken too",)


def test_one_platform_becomes_an_annotation():
    (found,) = application(image_list="web=quay.io/acme/web:~1", web__platforms="linux/arm64/v8")
    assert found.annotations["platform"] == "linux/arm64/v8"
    (found,) = updater(
        [{"alias": "web", "imageName": "a/b:~1", "commonUpdateSettings": {"platforms": ["linux/amd64"]}}]
    )
    assert found.annotations["platform"] == "linux/amd64"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"image_list": "web={{image}}:~1"}, "holds a parameter"),
        ({"image_list": "web=https://quay.io/acme/web"}, "is no version or comparison"),
        ({"image_list": "web=Quay.io/ACME/web"}, "is not [alias=]image[:constraint]"),
        ({"image_list": "web=quay.io/acme/web:nonsense"}, "range: "),
        ({"image_list": "web=a/b:~1", "web__update_strategy": "newest"}, "is not known"),
        ({"image_list": "web=a/b:~1", "web__allow_tags": "^v"}, "neither any nor regexp:"),
        ({"image_list": "web=a/b:~1", "web__allow_tags": "regexp:("}, "pattern: RE2 does not accept it"),
    ],
)
def test_what_cannot_be_carried_over_says_why(settings, reason):
    (found,) = application(**settings)
    assert isinstance(found, Untranslated), found
    assert reason in found.reason


def test_the_template_of_an_application_set():
    annotations = {f"{PREFIX}image-list": "web=quay.io/acme/web:~1"}
    template = {"metadata": {"name": "{{name}}", "annotations": annotations}}
    document = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "shops"},
        "spec": {"template": template},
    }
    (found,) = read(document)
    assert found.origin == "ApplicationSet shops, image web"


@pytest.mark.parametrize("listed", ["", ",", " , "])
def test_an_empty_list(listed):
    assert application(image_list=listed) == []


def test_very_many_images_are_bounded():
    found = application(image_list=",".join(f"a/b{number}:~1" for number in range(1200)))
    assert len(found) == 1001
    assert found[-1].reason == "of its images the first 1000 are read"
