"""Names in two parts: ``hub``, ``repository`` or ``registry``, and ``image``, in any map; what looks like one."""

from __future__ import annotations

import pytest

WEB = "quay.io/acme/web"
TAGGED = f"{WEB}:1.4"
DIGEST = "sha256:" + "0" * 64
LOOP = "it is one of a loop's items, and what its tag is put into nobody can tell"
PUSHED = "it names what is pushed there, not what is pulled"
OTHER = "its tag may be that of"
BEFORE = "a digest would stand before it"


def joined(lines: list[str]) -> list[str]:
    """Leave out what is said of an image without its tag."""
    return [line for line in lines if not line.endswith((f" {WEB}", " acme/hub"))]


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ("hub: quay.io/acme, image: web, tag: 1.4", f"tag {TAGGED}"),
        ("hub: quay.io, image: acme/web, tag: 1.4", f"tag {TAGGED}"),
        (f"hub: quay.io/acme, image: web, tag: '1.4@{DIGEST}', variant: ''", f"tag {TAGGED}@{DIGEST}"),
        ("repository: quay.io/acme, image: web, tag: '1.4'", f"tag {TAGGED}"),
        ("repository: quay.io/acme, image: web, version: '1.4'", f"version {TAGGED}"),
        (f"repository: quay.io/acme, image: web, version: '1.4@{DIGEST}'", f"version {TAGGED}@{DIGEST}"),
        (f"repository: quay.io/acme, image: web, version: '{DIGEST}'", f"version {WEB}@{DIGEST}"),
        ("repository: quay.io/acme, name: web, tag: '1.4'", f"tag {TAGGED}"),
        ("repository: quay.io/acme, name: web, tag: '1.4', digest: ''", f"tag {TAGGED}"),
        (f"repository: quay.io/acme, image: web, tag: '1.4', sha: {'0' * 64}", f"tag {TAGGED}@{DIGEST}"),
        ("registry: quay.io, image: acme/web, tag: '1.4'", f"tag {TAGGED}"),
        ("registry: quay.io/acme, image: web, tag: '1.4'", f"tag {TAGGED}"),
        ("registry: quay.io, name: acme/web, tag: '1.4'", f"tag {TAGGED}"),
        ("registry: quay.io, image: acme/web, version: '1.4'", f"version {TAGGED}"),
        ("registry: quay.io, image: acme/web, tag: '1.4', version: '1.3'", f"tag {TAGGED}"),
        ("registry: quay.io, name: acme/web, version: '1.4'", None),
        ("registry: '', image: acme/hub, tag: '1.4'", "tag acme/hub:1.4"),
        (f"image: {WEB}, tag: '1.4'", f"tag {TAGGED}"),
        (f"image: {WEB}, tag: 1.4, digest: '{DIGEST}'", f"tag {TAGGED}@{DIGEST}"),
        ("image: acme/hub, tag: '1.4'", "tag acme/hub:1.4"),
        (f"imageRepository: {WEB}, tag: '1.4'", f"tag {TAGGED}"),
        (f"imageName: {WEB}, tag: '1.4', digest: ''", f"tag {TAGGED}"),
        (f"baseImage: {WEB}, tag: '1.4', version: '1.3'", f"tag {TAGGED}"),
        (f"image: {WEB}, tag: '1.4', apiImage: x/y, apiImageTag: '2'", f"tag {TAGGED}"),
        (f"image: {WEB}, tag: '1.4', apiImage: x/y, apiTag: '2'", f"tag {TAGGED}"),
        (f"image: {WEB}, tag: '1.4', apiImage: 'x/y:1', imageType: a/b, thirdImage: ''", f"tag {TAGGED}"),
        (f"image: {WEB}, tag: '1.4', baseImage: alpine, imagePullPolicy: Always", f"tag {TAGGED}"),
        (f"baseImage: {WEB}, tag: '1.4', dockerfile: x", None),
        (f"baseImage: {WEB}, version: '1.4'", None),
        (f"repository: {WEB}, imageTag: '1.4'", f"imageTag {TAGGED}"),
        ("registry: quay.io, repository: acme/web, imageTag: '1.4'", f"imageTag {TAGGED}"),
        ("registry: r.io, repository: acme/hub, imageTag: '1.4'", None),
        ("imageRegistry: r.io, image: acme/hub, tag: '1.4'", None),
        ("imageRegistry: r.io, repository: quay.io/acme, image: web, tag: '1.4'", None),
        ("imageRegistry: r.io, imageRepository: acme/hub, tag: '1.4'", None),
        ("imageRegistry: r.io, repository: acme/hub, imageTag: '1.4'", None),
        ("hub: quay.io/acme, image: web, tag: ''", None),
        ("hub: quay.io/acme, image: '', tag: '1.4'", None),
        ("hub: '', image: web, tag: '1.4'", None),
        ("hub: quay.io/other, image: web, tag: '1.4'", None),
        ("hub: https://quay.io/acme, image: web, tag: '1.4'", None),
        ("hub: acme, image: hub, tag: '1.4'", None),
        ("hub: quay.io/acme, image: web, version: '1.4'", None),
        ("repository: quay.io/acme, name: web, version: '1.4'", None),
        ("repository: quay.io/acme, image: 'web:1', tag: '1.4'", None),
        ("repository: quay.io/acme, image: web, tag: '${TAG}'", None),
        (f"name: {WEB}, tag: '1.4'", None),
        ("image: nginx, tag: '1.4'", None),
        ("registry: acme, image: hub, tag: '1.4'", None),
        (f"image: {WEB}, version: '1.4'", None),
        (f"image: {WEB}, tag: latest!", None),
    ],
)
def test_in_any_map(found, fields, wanted):
    lines = [line for line in joined(found(f"x:\n  part: {{{fields}}}\n")) if " joined " in line]
    assert lines == ([] if wanted is None else [f"2 joined /x/part/{wanted}"])


def test_members_of_a_map_of_images(found):
    text = f"images: {{web: {{name: {WEB}, tag: '1.4'}}, x: {{name: nginx, tag: '1.4'}}}}\n"
    assert found(text) == [f"1 image-map /images/web/tag {TAGGED}"]
    text = f"images: {{web: {{image: {WEB}, tag: '1.4'}}}}\n"
    assert joined(found(text)) == [f"1 image-map /images/web/tag {TAGGED}"]
    assert found(f"things: {{web: {{name: {WEB}, tag: '1.4'}}}}\n") == []


def test_a_digest_that_is_none(found):
    (line,) = found("x: {repository: quay.io/acme, image: web, version: 'sha256:0'}\n")
    assert line.endswith("'sha256:0' stands where a digest belongs")


def test_helm_takes_a_repository_that_is_all_of_the_name(found):
    for beside in ("name: web", "image: web", "image: other"):
        assert joined(found(f"x: {{repository: {WEB}, {beside}, tag: '1.4'}}\n")) == [f"1 helm /x/tag {TAGGED}"]


@pytest.mark.parametrize("key", ["image", "webImage"])
def test_below_an_image_key_each_is_found_once(found, key):
    lines = joined(found(f"{key}: {{image: {WEB}, tag: '1.4'}}\n"))
    assert lines == [f"1 image-map /{key}/tag {TAGGED}"]
    assert joined(found(f"{key}s: [{{image: {WEB}, tag: '1.4'}}]\n")) == [f"1 image-map /{key}s/0/tag {TAGGED}"]
    lines = found(f"{key}: {{repository: quay.io/acme, image: web, tag: '1.4'}}\n")
    assert lines == [f"1 joined /{key}/tag {TAGGED}"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: {hub: quay.io/acme, image: web, tag: 1.4, variant: x}", f"variant is put behind its tag, and {BEFORE}"),
        (
            "v: {pilot: {hub: quay.io/acme, image: web, tag: 1.4}, global: {variant: debug}}",
            f"global.variant is put behind its tag, and {BEFORE}",
        ),
        ("global: {hub: quay.io/acme, image: web, tag: 1.4}", "it stands in a map of what several images share"),
        (
            "driver: {repository: quay.io/acme, image: web, version: 1.4}",
            f"what deploys a driver puts the system of each node behind its version; {BEFORE}",
        ),
        (
            "kind: NVIDIADriver\nspec: {repository: quay.io/acme, image: web, version: 1.4}",
            f"what deploys a driver puts the system of each node behind its version; {BEFORE}",
        ),
        (f"a: {{image: {WEB}, tag: '1.4', tagSuffix: -x}}", f"tagSuffix is put behind its tag, and {BEFORE}"),
        (f"a: {{image: {WEB}, tag: '1.4', build: .}}", PUSHED),
        (f"a: [{{image: {WEB}, tag: '1.4', docker_file: x}}]", PUSHED),
        (f"output: {{image: {WEB}, tag: '1.4'}}", PUSHED),
        (f"withItems: [{{image: {WEB}, tag: '1.4'}}]", LOOP),
        (f"a: {{image: {WEB}, apiImage: quay.io/x/api, tag: '1.4'}}", f"{OTHER} apiImage beside it too"),
        (f"a: {{imageName: {WEB}, api_image_name: x/y, tag: '1.4'}}", f"{OTHER} api_image_name beside it too"),
        (f"a: {{repository: {WEB}, initRepository: x/y, imageTag: '1.4'}}", f"{OTHER} initRepository beside it too"),
        ("a: {hub: quay.io/acme, image: web, proxyImage: api, tag: '1.4'}", f"{OTHER} proxyImage beside it too"),
        (f"loop: [{{image: {WEB}, tag: '1.4'}}]", LOOP),
        (f"with_items: [{{image: {WEB}, tag: '1.4'}}]", LOOP),
        (f"strategy: {{matrix: {{include: [{{image: {WEB}, tag: '1.4'}}]}}}}", LOOP),
        (f"kind: ConfigMap\ndata: {{image: {WEB}, tag: '1.4'}}", "a value of a ConfigMap is a file to us"),
        (f"a: {{status: {{image: {WEB}, tag: '1.4'}}}}", "a status is what a server wrote"),
    ],
)  # fmt: skip
def test_what_is_left_alone(found, text, reason):
    (line,) = joined(found(f"{text}\n"))
    assert line.endswith(f" - {TAGGED}: {reason}")


@pytest.mark.parametrize(
    "text",
    [
        f"with: {{image: {WEB}, tag: '1.4'}}",
        "imageStreamRef: {repository: quay.io/acme, name: web, tag: '1.4'}",
        "image_stream_tag: {registry: quay.io, name: acme/web, tag: '1.4'}",
        f"labels: {{image: {WEB}, tag: '1.4'}}",
        f"kind: X\nstatus: {{image: {WEB}, tag: '1.4'}}",
    ],
)
def test_what_is_none(found, text):
    assert not any(" joined " in line for line in found(f"{text}\n"))


def test_the_manager_of_a_driver_is_an_image_like_any_other(found):
    text = "driver: {manager: {repository: quay.io/acme, image: web, version: '1.4'}}\n"
    assert found(text) == [f"1 joined /driver/manager/version {TAGGED}"]
    pinned = f"driver: {{repository: quay.io/acme, image: web, version: '{DIGEST}'}}\n"
    assert found(pinned) == [f"1 joined /driver/version {WEB}@{DIGEST}"]


def test_a_map_that_another_image_borrows_from(found):
    text = (
        "a: &a {repository: quay.io/acme, image: web, version: '1.4'}\n"
        "b: {<<: *a, image: other}\nc: {<<: *a, image: third, version: '2'}\n"
    )
    lines = found(text)
    assert len(lines) == 1
    assert "its map is merged (<<) into one with another repository or tag" in lines[0]
    alone = "a: &a {repository: quay.io/acme, image: web, version: '1.4'}\nb: {<<: *a, image: other, version: '2'}\n"
    assert found(alone) == [f"1 joined /a/version {TAGGED}"]


def test_a_tag_that_goes_with_two_names_that_are_followed(plan_files):
    streams = {
        f"{name}.yaml": "kind: ImageStream\napiVersion: image.openshift.io/v1\n"
        f"metadata: {{name: {name}}}\n"
        f"spec: {{tags: [{{name: t, from: {{kind: DockerImage, name: '{source}:1.4'}}}}]}}\n"
        for name, source in {"org": "quay.io/acme", "web": WEB}.items()
    }
    text = "a: {repository: quay.io/acme, image: web, tag: '1.4'}\nb: {image: 'quay.io/acme/web:1.4'}\n"
    plan = plan_files({**streams, "app.yaml": text}).plan
    reasons = {(skipped.line, skipped.reason.partition(":")[0]) for skipped in plan.skipped}
    assert reasons == {(1, "ambiguous")}
    (file,) = plan.files
    assert file.after.decode().startswith(text.partition("\n")[0] + "\nb: {image: 'quay.io/acme/web:1.4@sha256:")
