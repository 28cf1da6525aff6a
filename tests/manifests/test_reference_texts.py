"""Texts that are nothing but references: block scalars with one, arguments, variables that list images."""

from __future__ import annotations

import pytest

WEB = "quay.io/acme/web"
TAGGED = f"{WEB}:1.4"
DIGEST = "sha256:" + "0" * 64
LISTED = f"""\
env:
- name: NAME
  value: |
    1.3=quay.io/acme/other:1.3
    1.4={TAGGED}
    latest={TAGGED}@{DIGEST}

"""


@pytest.mark.parametrize("quote", ["", "'", '"'])
@pytest.mark.parametrize("before", ["--sidecar=", "-proxy-image=", "--web.image_name=", "SIDECAR=", "docker_image="])
def test_the_value_of_one_argument(found, before, quote):
    text = f"args:\n- run\n- {quote}{before}TEXT{quote}\n"
    assert found(text.replace("TEXT", TAGGED)) == [f"3 value /0 {TAGGED}"]
    assert found(text.replace("TEXT", f"{TAGGED}@{DIGEST}")) == [f"3 value /0 {TAGGED}@{DIGEST}"]


@pytest.mark.parametrize("before", ["-images=web=", "--images=kube-rbac-proxy=", "--component-images=v1.2_x="])
def test_an_argument_for_one_of_several_images(found, before):
    assert found(f"args: ['{before}{TAGGED}']\n") == [f"1 value /0 {TAGGED}"]


def test_an_argument_without_a_registry(found):
    assert found("args: [--engine-image=acme/hub:1]\n") == ["1 value /0 acme/hub:1"]


@pytest.mark.parametrize(
    "argument",
    [
        f"--output-image={TAGGED}",
        f"--cache-repo={TAGGED}",
        f"--to={TAGGED}",
        f"PUSH_TARGET={TAGGED}",
        f"--set=a={TAGGED}",
        "--images=a=acme/hub:1",
        f"--images=a=b={TAGGED}",
        f"--images=push-to={TAGGED}",
        f"--output-images=a={TAGGED}",
        f"--images={TAGGED},{TAGGED}",
        f"--image {TAGGED}",
        f"--url=https://{TAGGED}",
        "--sidecar=acme/hub:1",
        "--sidecar-image=nginx:1",
        "--output-image=acme/hub:1",
        f"--sidecar={WEB}@{DIGEST}",
        f"quay.io/other={TAGGED}",
        f"--sidecar={TAGGED}\\n",
    ],
)
def test_other_arguments(found, argument):
    assert not any(" value " in line for line in found(f'args: ["{argument}"]\n'))


@pytest.mark.parametrize("text", [f"args: [--push, '--x={TAGGED}']\n", f"kind: ConfigMap\ndata: [x={TAGGED}]\n"])
def test_where_nothing_is_pulled(found, text):
    (line,) = found(text)
    assert line.startswith(f"{text.count(chr(10))} - {TAGGED}: ")


def test_an_anchor_is_reported(found):
    lines = found(f"args: [&a '--x={TAGGED}']\ndescription: *a\n")
    assert lines == [f"1 - {TAGGED}: it stands within a longer text"]


def test_a_variable_that_lists_images(found):
    text = LISTED.replace("NAME", "STRIMZI_KAFKA_IMAGES")
    assert found(text) == [f"5 value /1 {TAGGED}", f"6 value /2 {TAGGED}@{DIGEST}"]


@pytest.mark.parametrize("name", ["KAFKA_VERSIONS", "OUTPUT_IMAGES", "IMAGE"])
def test_a_variable_that_may_list_something_else(found, name):
    lines = found(LISTED.replace("NAME", name))
    assert [line.split(": ")[1] for line in lines] == ["text in a block scalar is not scanned"] * 2


@pytest.mark.parametrize("line", ["and more", "a=nginx:1", "# 1.2=quay.io/acme/other:1.2", f"a={WEB}", f"a= {TAGGED}"])
def test_a_variable_with_another_line_is_text(found, line):
    text = LISTED.replace("NAME", "IMAGES").replace("1.3=quay.io/acme/other:1.3", line)
    assert not any(" value " in each for each in found(text))


@pytest.mark.parametrize("header", [">-", "|-", "|2-", ">-2"])
def test_a_block_scalar(found, header):
    text = "image: HEADER\n  TEXT\nother: HEADER\n  TEXT\n".replace("HEADER", header)
    assert found(text.replace("TEXT", TAGGED)) == [f"2 value /0 {TAGGED}", f"4 value /0 {TAGGED}"]
    short, other = found(text.replace("TEXT", "nginx:1"))
    assert short == "2 value /0 nginx:1"
    assert other.startswith("4 - nginx:1: ")


@pytest.mark.parametrize(
    "text",
    [
        f"image: |\n  {TAGGED}\n",
        f"image: >-\n  {TAGGED}\n  {TAGGED}\n",
        f"image: |-\n  # {TAGGED}\n",
        f"description: >-\n  {TAGGED}\n",
        f"kind: ConfigMap\ndata:\n  web: |-\n    {TAGGED}\n",
        f"image: &i >-\n  {TAGGED}\ntitle: *i\n",
        f"tags: |-\n  {TAGGED}\n",
        f"run: |-\n  {TAGGED}\n",
    ],
)
def test_other_block_scalars(found, text):
    lines = found(text)
    assert lines
    assert not any(" value /" in line for line in lines)
