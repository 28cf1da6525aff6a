"""Edits of declarations in every dress: what was meant is said, all else stays, and what is undone leaves no trace."""

from __future__ import annotations

from difflib import SequenceMatcher

import pytest
from declaration_text import written
from example_counts import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.streams import author
from gitops_streams.streams.author import TagSpec
from gitops_streams.streams.model import DockerImage, StreamKey, TagAlias, TagKey
from gitops_streams.streams.restraint import Hold
from gitops_streams.yamledit import draft as drafting
from gitops_streams.yamledit.draft import Draft
from gitops_streams.yamledit.failsafe import from_located
from gitops_streams.yamledit.locate import Located, locate
from gitops_streams.yamledit.nodes import NotEditable
from gitops_streams.yamledit.notation import as_written

HOLD = Hold(Digest.of(b"held"), 'it\'s: broken # "now"')
ANNOTATION = "gitops-streams.io/hold"
IMAGE = DockerImage(Reference.parse("quay.io/acme/new:2.0"))
KEY = StreamKey("acme", "s0")
seeds = st.integers(0, 2**32)


def begun(file) -> Draft:
    located = locate(file.text)
    assert isinstance(located, Located), located
    return drafting.begin(file.path, located)


def only(draft, key=KEY):
    (at,) = author.find([(draft.path, draft.located)], key)
    return at


def made(draft) -> Draft:
    assert isinstance(draft, Draft), draft
    drafting.prove(draft)
    return draft


def said(draft):
    """Return the streams that a file declares, scalars as they are written."""
    found = []
    for document in from_located(draft.located):
        members = document if isinstance(document, list) else [document]
        for member in members:
            found += member.get("items") or member.get("objects") or [member]
    return [each for each in found if each.get("kind") == "ImageStream"]


def plain(streams):
    """Return what was written, scalars as strings; null is spelled as it was."""
    return [_plain(stream) for stream in streams]


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return "null" if value is None else as_written(value)


def lines_lost(before, after):
    # A last line without its end gets one where something comes after it.
    old, new = before.splitlines(), after.splitlines()
    opcodes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [line for kind, start, end, _, _ in opcodes if kind in {"delete", "replace"} for line in old[start:end]]


@given(seeds)
@settings(max_examples=examples(50), deadline=None)
def test_the_generator_writes_what_it_says(seed):
    file = written(seed)
    assert said(begun(file)) == plain(file.streams)


@given(seeds, st.randoms(use_true_random=False))
@settings(max_examples=examples(50), deadline=None)
def test_a_hold_says_what_it_should_and_resuming_leaves_no_trace(seed, chosen):
    file = written(seed)
    draft = begun(file)
    stream = chosen.randrange(len(file.streams))
    tag = chosen.randrange(len(file.streams[stream]["spec"]["tags"]))
    name = file.streams[stream]["spec"]["tags"][tag]["name"]
    at = only(draft, StreamKey("acme", f"s{stream}"))
    held = made(author.set_hold(draft, at, name, HOLD))
    wanted = plain(file.streams)
    wanted[stream]["spec"]["tags"][tag].setdefault("annotations", {})
    wanted[stream]["spec"]["tags"][tag]["annotations"] |= {
        ANNOTATION: str(HOLD.digest),
        f"{ANNOTATION}-reason": HOLD.reason,
    }
    assert said(held) == wanted
    again = made(author.set_hold(held, at, name, HOLD))
    assert again.text == held.text
    if file.path.endswith(".yaml") and file.text.count("{") == 0:
        assert lines_lost(file.text, held.text) == []
    # Without a reason, and at another image, it is one hold still.
    other = made(author.set_hold(held, at, name, Hold(Digest.of(b"other"))))
    resumed = made(author.remove_hold(other, at, name))
    assert resumed.text == file.text
    assert author.remove_hold(resumed, at, name) is resumed


@given(seeds)
@settings(max_examples=examples(50), deadline=None)
def test_a_tag_is_added_to_the_end_and_taken_away_without_a_trace(seed):
    file = written(seed)
    draft = begun(file)
    at = only(draft)
    added = made(author.set_tag(draft, at, "new-1.0", TagSpec(IMAGE, scheduled=True, reference_policy="Local")))
    wanted = plain(file.streams)
    wanted[0]["spec"]["tags"].append({
        "name": "new-1.0", "from": {"kind": "DockerImage", "name": "quay.io/acme/new:2.0"},
        "importPolicy": {"scheduled": "true"}, "referencePolicy": {"type": "Local"},
    })  # fmt: skip
    assert said(added) == wanted
    assert made(author.set_tag(added, at, "new-1.0", TagSpec(IMAGE, scheduled=True))).text == added.text
    removed = author.remove_tag(added, at, "new-1.0")
    assert made(removed).text == file.text


@given(seeds, st.randoms(use_true_random=False))
@settings(max_examples=examples(50), deadline=None)
def test_a_source_is_changed_in_place(seed, chosen):
    file = written(seed)
    draft = begun(file)
    at = only(draft)
    tags = file.streams[0]["spec"]["tags"]
    place = chosen.randrange(len(tags))
    name = tags[place]["name"]
    changed = made(author.set_tag(draft, at, name, TagSpec(IMAGE)))
    wanted = plain(file.streams)
    wanted[0]["spec"]["tags"][place]["from"] = {"kind": "DockerImage", "name": "quay.io/acme/new:2.0"}
    assert said(changed) == wanted
    assert changed.text.count("\n") == file.text.count("\n")
    alias = TagSpec(TagAlias(TagKey(StreamKey("else", "where"), "1.10")))
    aliased = made(author.set_tag(changed, at, name, alias))
    wanted[0]["spec"]["tags"][place]["from"] = {"kind": "ImageStreamTag", "namespace": "else", "name": "where:1.10"}
    # An alias cannot be imported, so nothing says that it should be.
    wanted[0]["spec"]["tags"][place].pop("importPolicy", None)
    assert said(aliased) == wanted
    assert made(author.set_tag(aliased, at, name, alias)).text == aliased.text


@given(seeds, st.randoms(use_true_random=False))
@settings(max_examples=examples(50), deadline=None)
@example(7, None)
def test_every_tag_can_be_taken_away_and_another_one_added(seed, chosen):
    file = written(seed)
    draft = begun(file)
    at = only(draft)
    names = [tag["name"] for tag in file.streams[0]["spec"]["tags"]]
    if chosen is not None:
        chosen.shuffle(names)
    wanted = plain(file.streams)
    for name in names:
        draft = author.remove_tag(draft, at, name)
        if isinstance(draft, NotEditable):
            assert "comment" in draft.reason
            return
        made(draft)
        wanted[0]["spec"]["tags"] = [tag for tag in wanted[0]["spec"]["tags"] if tag["name"] != name]
        assert said(draft) == wanted
    added = made(author.set_tag(draft, at, "1.0", TagSpec(IMAGE)))
    wanted[0]["spec"]["tags"] = [{"name": "1.0", "from": {"kind": "DockerImage", "name": "quay.io/acme/new:2.0"}}]
    assert said(added) == wanted


@pytest.mark.parametrize("seed", range(60))
def test_a_stream_can_be_added_as_a_document(seed):
    file = written(seed)
    if file.path.endswith(".json"):
        pytest.skip("a JSON file holds one document")
    document = author.stream_document(StreamKey(None, "added"), "1.0", TagSpec(IMAGE))
    added = made(begun(file).apply([drafting.AddDocument(document)]))
    assert added.text.startswith(file.text)
    assert said(added) == [*plain(file.streams), as_written(document)]
