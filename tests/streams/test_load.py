"""Where streams are found: every container form, every spelling of the API, and what is said of others."""

from __future__ import annotations

import json
import random
from textwrap import indent

import pytest

from gitops_streams.yamledit.problem import Severity

STREAM = """\
apiVersion: {version}
kind: ImageStream
metadata:
  name: {name}
spec:
  tags:
    - name: prod
      from:
        kind: DockerImage
        name: quay.io/acme/{name}:1.4
"""


def stream(name: str = "web", version: str = "image.openshift.io/v1") -> str:
    return STREAM.format(name=name, version=version)


def as_object(name: str = "web", version: str = "image.openshift.io/v1") -> dict:
    source = {"kind": "DockerImage", "name": f"quay.io/acme/{name}:1.4"}
    return {
        "apiVersion": version,
        "kind": "ImageStream",
        "metadata": {"name": name},
        "spec": {"tags": [{"name": "prod", "from": source}]},
    }


def item(text: str) -> str:
    return "- " + indent(text, "  ").removeprefix("  ")


BOTH = item(stream()) + item(stream("api"))
CONTAINERS = {
    "plain": (stream(), ["web"]),
    "legacy apiVersion v1": (stream(version="v1"), ["web"]),
    "multi-document": (f"{stream()}---\n---\nkind: Deployment\n---\n{stream('api')}", ["api", "web"]),
    "List": (f"apiVersion: v1\nkind: List\nmetadata: {{}}\nitems:\n{BOTH}", ["api", "web"]),
    "ImageStreamList": (f"apiVersion: image.openshift.io/v1\nkind: ImageStreamList\nitems:\n{BOTH}", ["api", "web"]),
    "ImageStreamList, legacy": (f"apiVersion: v1\nkind: ImageStreamList\nitems:\n{BOTH}", ["api", "web"]),
    "Template": (
        (
            f"apiVersion: template.openshift.io/v1\nkind: Template\nobjects:\n{BOTH}- kind: Route\n"
            "parameters:\n  - name: X\n    value: y\n"
        ),
        ["api", "web"],
    ),
    "Template, legacy": (f"apiVersion: v1\nkind: Template\nobjects:\n{BOTH}", ["api", "web"]),
    "List of a Template": (
        f"apiVersion: v1\nkind: List\nitems:\n  - kind: Template\n    objects:\n{indent(BOTH, '      ')}",
        ["api", "web"],
    ),
    "a sequence of objects": (BOTH, ["api", "web"]),
    "JSON": (json.dumps(as_object(), indent=4), ["web"]),
    "JSON, on one line": (json.dumps(as_object()), ["web"]),
    "JSON with tabs": (json.dumps(as_object(), indent="\t"), ["web"]),
    "JSON List": (json.dumps({"apiVersion": "v1", "kind": "List", "items": [as_object()]}), ["web"]),
    "JSON Template": (json.dumps({"kind": "Template", "objects": [as_object(version="v1")]}), ["web"]),
    "JSON array": (json.dumps([as_object(), as_object("api")]), ["api", "web"]),
    "byte order mark and CRLF": ("\ufeff" + stream().replace("\n", "\r\n"), ["web"]),
    "an anchored item": (
        f"x: &web\n{indent(stream(), '  ')}---\nkind: List\nitems: &all\n{indent(BOTH, '  ')}",
        ["api", "web"],
    ),
    "an item that an alias stands for": (f"kind: List\nitems:\n{item('&web ' + chr(10) + stream())}- *web\n", ["web"]),
    "no stream": ("kind: Deployment\nmetadata: {name: ImageStream}\n", []),
    "an empty List": ("kind: List\nitems: []\n", []),
    "a List without items": ("kind: List\nitems:\n", []),
    "nothing": ("", []),
    "text": ("ImageStream", []),
}


@pytest.mark.parametrize(("text", "names"), CONTAINERS.values(), ids=CONTAINERS.keys())
def test_every_container(read, text: str, names: list[str]):
    catalog = read(text)
    assert [stream.key.name for stream in catalog.streams] == names
    assert [str(tag) for tag in catalog.tags] == [f"{name}:prod" for name in names]
    assert [str(tag.source) for tag in catalog.tags.values()] == [f"quay.io/acme/{name}:1.4" for name in names]
    assert catalog.problems == ()


def test_each_stream_knows_its_file_and_line(read):
    text = f"# comment\n{stream()}---\n{stream('api')}"
    api, web = read(text).streams
    assert (web.file, web.line, web.tags[0].line) == ("streams.yaml", 2, 8)
    assert (api.line, api.tags[0].line) == (13, 19)


SERVERS = """\
  {extra}dockerImageRepository: ''
status:
  dockerImageRepository: registry.local:5000/acme/web
  tags:
    - tag: prod
      items:
        - created: 2020-01-01T00:00:00Z
          generation: 7
          image: sha256:{digest}
          dockerImageReference: quay.io/acme/web@sha256:{digest}
      conditions:
        - type: ImportSuccess
          status: "False"
"""


@pytest.mark.parametrize(
    "more",
    [
        "      generation: null\n",
        "      generation: 0\n",
        "      generation: 12\n",
        "      importPolicy: {}\n      referencePolicy:\n        type: Source\n",
        "      importPolicy:\n      referencePolicy: null\n      annotations: ~\n",
        "status: {}\n",
        "status:\n  dockerImageRepository: ''\n",
        "status: not even a mapping\n",
        SERVERS.format(extra="", digest="a" * 64),
    ],
)
def test_what_is_the_servers_is_ignored(read, more: str):
    plain, served = read(stream()), read(stream() + more)
    assert served.tags == plain.tags
    assert served.problems == ()


@pytest.mark.parametrize("version", ["image.openshift.io/v1beta1", "image.openshift.io", "apps/v1", "''"])
def test_another_api_version_is_noticed(read, version: str):
    catalog = read("# \n" + stream(version=version))
    assert catalog.streams == ()
    (problem,) = catalog.problems
    assert (problem.line, problem.severity) == (2, Severity.WARNING)
    assert problem.reason.endswith("is not read; write image.openshift.io/v1")


def test_two_streams_of_one_name_are_both_left_out(read):
    files = {"b.yaml": stream(), "a/c.yaml": f"---\n{stream(version='v1')}", "api.yaml": stream("api")}
    catalog = read(files)
    assert [str(tag) for tag in catalog.tags] == ["api:prod"]
    assert [(problem.file, problem.line, problem.severity) for problem in catalog.problems] == [
        ("a/c.yaml", 2, Severity.ERROR),
        ("b.yaml", 1, Severity.ERROR),
    ]
    assert catalog.problems[0].reason == (
        "2 image streams are named web (a/c.yaml:2, b.yaml:1): none of them is followed;"
        " give them different namespaces, or exclude one in the config"
    )
    assert [(str(tag.key), tag.reason) for tag in catalog.invalid] == [("web:prod", "2 image streams are named web")]


def test_many_streams_of_one_name_make_short_messages(read):
    catalog = read("---\n".join([stream()] * 40))
    assert len(catalog.problems) == 40
    assert max(len(problem.reason) for problem in catalog.problems) < 300


def test_one_name_in_two_namespaces_is_two_streams(read):
    other = stream().replace("name: web\n", "name: web\n  namespace: acme\n", 1)
    catalog = read({"a.yaml": stream(), "b.yaml": other, "c.yaml": other.replace("acme\n", "prod\n")})
    assert [str(key) for key in catalog.tags] == ["web:prod", "acme/web:prod", "prod/web:prod"]
    assert catalog.problems == ()


@pytest.mark.parametrize("namespace", ["", "''", "null", "~", '""'])
def test_no_namespace_in_any_spelling(read, namespace: str):
    catalog = read(stream().replace("name: web\n", f"name: web\n  namespace: {namespace}\n", 1))
    assert [stream.key.namespace for stream in catalog.streams] == [None]


def test_a_namespace_called_null_is_one(read):
    catalog = read(stream().replace("name: web\n", "name: web\n  namespace: 'null'\n", 1))
    assert [stream.key.namespace for stream in catalog.streams] == ["null"]


def test_one_bad_stream_does_not_stop_the_others(read):
    catalog = read({"a.yaml": stream("UPPER"), "b.yaml": stream()})
    assert [str(key) for key in catalog.tags] == ["web:prod"]
    assert [problem.file for problem in catalog.problems] == ["a.yaml"]


def test_the_order_of_files_makes_no_difference(read):
    files = {
        "a.yaml": stream("api"),
        "b.yaml": stream("BAD"),
        "c.yaml": stream() + "---\n" + stream("db"),
        "d.yaml": stream("db"),
        "e.yaml": stream(version="v2"),
    }
    wanted = read(files)
    shuffled = random.Random(7)
    for _ in range(10):
        order = list(files.items())
        shuffled.shuffle(order)
        found = read(dict(order))
        assert found == wanted
        assert list(found.tags) == list(wanted.tags)


def test_lists_of_aliases_of_lists_end_at_once(read):
    lines = ["x:", f"  - &s0\n{indent(stream(), '    ')}"]
    for level in range(1, 8):
        items = ", ".join([f"*s{level - 1}"] * 40)
        lines.append(f"  - &s{level} {{kind: List, items: [{items}]}}")
    catalog = read("\n".join(lines) + "\n---\nkind: List\nitems: []\n")
    assert catalog.streams == ()
    text = "\n".join(lines).replace("x:", "kind: List\nitems:")
    assert [str(key) for key in read(text).tags] == ["web:prod"]


def test_a_thousand_nested_lists_end(read):
    chain = ["kind: List", "items:", f"  - &s0\n{indent(stream(), '    ')}"]
    chain += [f"  - &s{level} {{kind: List, items: [*s{level - 1}]}}" for level in range(1, 1000)]
    assert [str(key) for key in read("\n".join(chain)).tags] == ["web:prod"]
