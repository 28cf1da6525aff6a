"""Declarations that are written: what is read back is what was meant, by our loader and by YAML's own rules."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.oci.reference import TAG
from gitops_streams.streams import load
from gitops_streams.streams.declare import DeclaredTag, declare, scalar
from gitops_streams.streams.model import StreamKey, TagKey
from gitops_streams.yamledit.locate import Located, locate


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_a_scalar_is_that_text_to_any_reader(text):
    assert yaml.safe_load(f"a: {scalar(text)}\nb: 1\n") == {"a": text, "b": 1}


@given(
    st.sampled_from(["1.10", "1e3", "null", "yes", "on", "0x1f", "2024-01-01", "12:30", "~", "-", "y", "1_0", "a: b"])
)
def test_what_yaml_takes_for_something_else_is_quoted(text):
    assert yaml.safe_load(scalar(text)) == text


@given(st.from_regex(TAG, fullmatch=True))
def test_a_tag_of_any_name_is_loaded(name):
    tag = DeclaredTag(name, f"quay.io/acme/web:{name}", {}, insecure=True, comments=("why",))
    located = locate(declare(StreamKey("acme", "web"), [tag], ["hint"]))
    assert isinstance(located, Located)
    catalog = load.load([("a.yaml", located)])
    assert catalog.problems == ()
    found = catalog.tags[TagKey(StreamKey("acme", "web"), name)]
    assert (str(found.source), found.insecure, found.scheduled) == (f"quay.io/acme/web:{name}", True, True)


def test_a_declaration_to_the_letter():
    tag = DeclaredTag("stable", "quay.io/acme/web", {"policy": "semver", "range": ">=1.4 <2", "pattern": r"^v\d"})
    assert declare(StreamKey(None, "web"), [tag]) == (
        "apiVersion: image.openshift.io/v1\n"
        "kind: ImageStream\n"
        "metadata:\n"
        "  name: web\n"
        "spec:\n"
        "  tags:\n"
        "    - name: stable\n"
        "      annotations:\n"
        "        gitops-streams.io/policy: semver\n"
        '        gitops-streams.io/range: ">=1.4 <2"\n'
        "        gitops-streams.io/pattern: '^v\\d'\n"
        "      from:\n"
        "        kind: DockerImage\n"
        "        name: quay.io/acme/web\n"
        "      importPolicy:\n"
        "        scheduled: true\n"
    )
