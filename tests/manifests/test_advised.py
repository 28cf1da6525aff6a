"""Advice on what is mentioned: worked out when it is asked for, and the same as if it had been at once."""

from __future__ import annotations

import pickle
from dataclasses import fields, replace

import pytest

from gitops_streams.manifests import advice, strings
from gitops_streams.manifests.advised import NO_ADVICE, Advice
from gitops_streams.manifests.key_memory import remembered
from gitops_streams.manifests.occurrence import Mention, Occurrence, Owner
from gitops_streams.manifests.scan import scan
from gitops_streams.oci.reference import Reference

WEB = "quay.io/acme/web"
TRACKED = frozenset({Reference.parse(WEB).repository})

CONFIG_MAP = f"""\
kind: ConfigMap
metadata:
  annotations: {{about: 'runs {WEB}:0 and {WEB}:9'}}
data:
  app.yaml: |
    server: {{image: {WEB}:1}}
    # not {WEB}:2
  app.json: '{{"image": "{WEB}:3"}}'
  words: it runs {WEB}:4
"""
TEXTS = [
    CONFIG_MAP,
    f"kind: Pod\n---\n{CONFIG_MAP}",
    "kind: List\nitems:\n- kind: Pod\n- " + CONFIG_MAP.replace("\n", "\n  ").rstrip(" "),
    f"spec:\n  args: ['--image={WEB}:1,x', '{WEB}:2 {WEB}:3']\n",
    "patches:\n- patch: |-\n" + "".join(f"    {line}\n" for line in CONFIG_MAP.splitlines()),
    f"kind: ConfigMap\ndata:\n  a: |\n    image: {WEB}:1\n  a: |\n    image: {WEB}:2\n",
    f"kind: ConfigMap\ndata:\n  a: &a |\n    image: {WEB}:1\n  b: *a\n",
]


def mentions(text: str) -> list[Mention]:
    file, _ = scan("app.yaml", text.encode(), TRACKED)
    return [each for each in (file.findings if file is not None else ()) if isinstance(each, Mention)]


@pytest.mark.parametrize("text", TEXTS)
def test_is_the_same_as_at_once(text, monkeypatch):
    later = mentions(text)
    monkeypatch.setattr(strings, "_LONGEST", 0)
    assert later
    assert later == mentions(text)
    assert any(each.advice.line for each in later) or "&a" in text or text.count("  a: |") > 1


def test_is_worked_out_once_for_a_string_and_not_before(monkeypatch):
    asked = []
    work_out = advice.lines
    monkeypatch.setattr(advice, "lines", lambda *given: asked.append(given[2]) or work_out(*given))
    found = mentions(f"kind: ConfigMap\ndata:\n  a: |\n    image: {WEB}:1\n    sidecar: {{image: {WEB}:2}}\n")
    assert not asked
    wanted = "fields: [{kind: ConfigMap, path: /data/*, form: yaml}]"
    assert [each.advice.line for each in found] == [wanted, wanted]
    assert asked == [("data", "a")]


def test_of_a_long_text_is_worked_out_at_once(monkeypatch):
    asked = []
    work_out = advice.lines
    monkeypatch.setattr(advice, "lines", lambda *given: asked.append(given[2]) or work_out(*given))
    assert len(mentions(CONFIG_MAP + "# long\n" * 2000)) == len(mentions(CONFIG_MAP)) == len(asked) + 2


def test_says_the_same_whenever_it_is_asked():
    answers = iter(["fields: [x]"])
    later = Advice(lambda: next(answers))
    assert [later.line, later.line] == ["fields: [x]", "fields: [x]"]
    assert later == Advice("fields: [x]") != NO_ADVICE
    assert hash(later) == hash(Advice("fields: [x]"))
    assert later != "fields: [x]"


def test_goes_to_another_process_as_its_line():
    (mention, *_) = mentions(CONFIG_MAP)
    assert pickle.loads(pickle.dumps(mention)) == mention
    assert b"Search" not in pickle.dumps(mention)


def test_an_occurrence_with_its_owner_is_otherwise_the_same():
    occurrence = Occurrence(*(field.name for field in fields(Occurrence)))
    owner = Owner("Pod", "web")
    assert occurrence.belonging_to(owner) == replace(occurrence, owner=owner)


def test_what_is_said_of_a_key_is_remembered_but_for_a_long_one():
    asked = []
    length = remembered(lambda key: asked.append(key) or len(key))
    assert [length("image"), length("image"), length("i" * 101), length("i" * 101)] == [5, 5, 101, 101]
    assert asked == ["image", "i" * 101, "i" * 101]
