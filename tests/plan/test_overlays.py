"""Overlays whose ``newTag`` takes off the digest of their base: pinned where somebody decides them, reported else."""

from __future__ import annotations

import pytest

WEB = "quay.io/acme/web"
POD = f"kind: Pod\nimage: {WEB}:1.4\n"


def kustomization(*, resources: str = "", images: str = "") -> str:
    return f"kind: Kustomization\nresources: [{resources}]\n" + (f"images:\n- {images}\n" if images else "")


@pytest.fixture
def planned(plan_files, stream):
    def plan(**files: str):
        named = {name.replace("__", "/") + ".yaml": text for name, text in files.items()}
        return plan_files({"s.json": stream("web", prod=f"{WEB}:1.4", test=f"{WEB}:1.5")} | named)

    return plan


def said(plan) -> list[str]:
    return [str(problem) for problem in plan.plan.problems]


def test_an_entry_that_a_stream_tag_decides_gets_the_digest(planned):
    plan = planned(
        base__web=POD, prod__kustomization=kustomization(resources="../base", images=f"{{name: {WEB}, newTag: '1.5'}}")
    )
    assert said(plan) == []
    assert b"newTag: '1.5', digest: sha256:" in plan.files["prod/kustomization.yaml"]


@pytest.mark.parametrize("resources", ["../base", "../base/web.yaml", "../base/, x.yaml", "https://x/y, ../base"])
def test_another_one_is_reported_with_the_base(planned, resources):
    overlay = kustomization(resources=resources, images=f"{{name: {WEB}, newTag: '2'}}")
    (line,) = said(planned(base__web=POD, prod__kustomization=overlay))
    assert line == (
        "prod/kustomization.yaml:4: newTag 2 takes off the digest that base/web.yaml:2 is pinned to; "
        f"write a digest beside it, or declare a stream tag that follows {WEB}:2"
    )


def test_a_base_of_a_base_counts(planned):
    files = {
        "base__web": POD,
        "middle__kustomization": kustomization(resources="../base", images=f"{{name: {WEB}, newTag: '1.4'}}"),
        "prod__kustomization": kustomization(resources="../middle", images=f"{{name: {WEB}, newTag: '2'}}"),
    }
    assert ["takes off" in line for line in said(planned(**files))] == [True]


def test_a_base_whose_digest_somebody_wrote_by_hand_counts(planned):
    pod = f"kind: Pod\nimage: {WEB}:3@sha256:{'0' * 64}\n"
    overlay = kustomization(resources="../base", images=f"{{name: {WEB}, newTag: '2'}}")
    assert ["takes off" in line for line in said(planned(base__web=pod, prod__kustomization=overlay))] == [True]


@pytest.mark.parametrize(
    "images",
    [
        f"{{name: {WEB}, newTag: '2', digest: 'sha256:{'0' * 64}'}}",
        f"{{name: {WEB}, newTag: '2@sha256:{'0' * 64}'}}",
        f"{{name: {WEB}, newName: quay.io/other/web, newTag: '2'}}",
        "{name: quay.io/other/web, newTag: '2'}",
    ],
)
def test_what_has_a_digest_or_is_another_image_is_fine(planned, images):
    assert said(planned(base__web=POD, prod__kustomization=kustomization(resources="../base", images=images))) == []


def test_a_folder_beside_it_is_no_base(planned):
    overlay = kustomization(resources="../bas, ../../base", images=f"{{name: {WEB}, newTag: '2'}}")
    assert said(planned(base__web=POD, prod__kustomization=overlay)) == []


@pytest.mark.timeout(20)
def test_kustomizations_in_a_circle_end(planned):
    circle = {
        f"{name}__kustomization": kustomization(resources=f"../{other}, .", images=f"{{name: {WEB}, newTag: '2'}}")
        for name, other in (("a", "b"), ("b", "a"))
    }
    assert len(said(planned(**circle, a__web=POD))) == 2
