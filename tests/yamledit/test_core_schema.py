"""Plain values of YAML: the core schema, and nothing that a file could multiply itself with."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.yamledit.core_schema import Unsupported, value
from gitops_streams.yamledit.locate import Located, locate


def read(text: str):
    located = locate(text)
    assert isinstance(located, Located), located
    return value(located.documents[0].root if located.documents else None)


SCALARS = {
    "null": None, "~": None, "": None, "Null": None, "true": True, "False": False, "TRUE": True,
    "1": 1, "-7": -7, "+3": 3, "012": 12, "1.5": 1.5, "3.0": 3, "1e2": 100, ".5": 0.5, "1.": 1, "0": 0,
    "yes": "yes", "no": "no", "on": "on", "1:30": "1:30", "2024-01-01": "2024-01-01", "0x1F": "0x1F", "1_000": "1_000",
    ".inf": ".inf", ".nan": ".nan", "'1'": "1", '"true"': "true", "'null'": "null", "!!str 1": "1", "! 1": "1",
    "9" * 5000: "9" * 5000, "1e999": "1e999", "1e99": 1e99,
}  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), SCALARS.items(), ids=[text[:20] for text in SCALARS])
def test_scalars(text: str, wanted: object):
    found = read(f"key: {text}")
    assert found == {"key": wanted}
    assert isinstance(found, dict)
    assert type(found["key"]) is type(wanted)


def test_nothing():
    assert read("") is None
    assert read("# comment\n") is None
    assert value(None) is None


UNSUPPORTED = {
    "an alias": ("a: &a 1\nb: *a", "aliases (*name) are not read here; write it out", 2),
    "a duplicate key": ("a: 1\nb:\n  c: 1\n  c: 2", "the key 'c' stands twice", 4),
    "keys of two spellings": ("a: 1\n'a': 1", "the key 'a' stands twice", 2),
    "a key that is a list": ("? [a]\n: b", "a key must be text", 1),
    "a tag": ("a: !!python/name:os.system x", "the tag tag:yaml.org,2002:python/name:os.system is not read here", 1),
    "a bomb": ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", "aliases (*name) are not read here; write it out", 2),
}


@pytest.mark.parametrize(("text", "reason", "line"), UNSUPPORTED.values(), ids=UNSUPPORTED.keys())
def test_what_has_no_value(text: str, reason: str, line: int):
    assert read(text) == Unsupported(reason, line)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.from_regex(r"[ -~]{0,12}", fullmatch=True)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)),
    max_leaves=10,
)


@given(json_values)
def test_json_says_the_same(wanted: object):
    assert read(json.dumps(wanted)) == wanted
