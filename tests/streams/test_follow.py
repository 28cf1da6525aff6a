"""Following aliases: chains, cycles, ends that are none, and a naive fixpoint as the judge of random graphs."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import replace

import pytest
from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.oci.resolution import Method, Resolved
from gitops_streams.streams.follow import MAX_ALIASES, Broken, Followed, follow
from gitops_streams.streams.history import History, Item, StreamStatus
from gitops_streams.streams.model import (
    Catalog,
    DockerImage,
    ImageAlias,
    ImageStream,
    PushOnly,
    Source,
    StreamKey,
    StreamTag,
    TagAlias,
    TagKey,
)
from gitops_streams.streams.policy import ask

CHAINS = """\
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {name: web, namespace: acme}
spec:
  tags:
    - {name: "1.4", from: {kind: DockerImage, name: "quay.io/acme/web:1.4"}}
    - {name: stable, from: {kind: ImageStreamTag, name: "1.4"}}
    - {name: prod, from: {kind: ImageStreamTag, name: "web:stable"}}
    - {name: base, from: {kind: ImageStreamTag, name: "ubi:9", namespace: base}}
    - {name: gone, from: {kind: ImageStreamTag, name: "2.0"}}
    - {name: nostream, from: {kind: ImageStreamTag, name: "api:1"}}
    - {name: bad, from: {kind: Nonsense, name: x}}
    - {name: tobad, from: {kind: ImageStreamTag, name: bad}}
    - {name: a, from: {kind: ImageStreamTag, name: b}}
    - {name: b, from: {kind: ImageStreamTag, name: c}}
    - {name: c, from: {kind: ImageStreamTag, name: b}}
    - {name: self, from: {kind: ImageStreamTag, name: self}}
    - {name: pushed}
    - {name: topushed, from: {kind: ImageStreamTag, name: pushed}}
    - {name: image, from: {kind: ImageStreamImage, name: "web@sha256:01"}}
    - {name: toimage, from: {kind: ImageStreamTag, name: image}}
    - {name: ref, reference: true, from: {kind: DockerImage, name: "quay.io/acme/web:1"}}
    - {name: toref, from: {kind: ImageStreamTag, name: ref}}
    - {name: refalias, reference: true, from: {kind: ImageStreamTag, name: "1.4"}}
---
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {name: ubi, namespace: base}
spec:
  tags:
    - {name: "9", from: {kind: ImageStreamTag, name: "9.4"}}
    - {name: "9.4", from: {kind: DockerImage, name: "registry.example.com/ubi9:9.4"}}
"""

FOLLOWED = {
    "1.4": ["1.4"],
    "stable": ["stable", "1.4"],
    "prod": ["prod", "stable", "1.4"],
    "base": ["base", "base/ubi:9", "base/ubi:9.4"],
    "refalias": ["refalias", "1.4"],
}


@pytest.mark.parametrize(("tag", "path"), FOLLOWED.items())
def test_a_chain_is_followed_to_its_end(read, key, tag: str, path: list[str]):
    found = follow(read(CHAINS), key(f"acme/web:{tag}"))
    assert isinstance(found, Followed)
    assert [str(step) for step in found.path] == [step if "/" in step else f"acme/web:{step}" for step in path]
    assert found.tag.key == found.path[-1]
    assert found.source is found.tag.source


BROKEN = {
    "gone": "there is no stream tag acme/web:2.0: streams.yaml:1 does not declare it (acme/web:gone → acme/web:2.0)",
    "nostream": "there is no stream tag acme/api:1: no usable image stream acme/api is declared"
    " (acme/web:nostream → acme/api:1)",
    "never": "there is no stream tag acme/web:never: streams.yaml:1 does not declare it",
    "tobad": "the stream tag acme/web:bad cannot be used: streams.yaml:12: spec.tags[bad].from.kind: Required value:"
    " valid values are 'DockerImage', 'ImageStreamImage', 'ImageStreamTag' (acme/web:tobad → acme/web:bad)",
    "a": "reference tag is circular: acme/web:a → acme/web:b → acme/web:c → acme/web:b",
    "b": "reference tag is circular: acme/web:b → acme/web:c → acme/web:b",
    "self": "reference tag is circular: acme/web:self → acme/web:self",
    "pushed": "acme/web:pushed has no from: on OpenShift it is pushed to, so there is nothing to follow",
    "topushed": "acme/web:pushed has no from: on OpenShift it is pushed to, so there is nothing to follow"
    " (acme/web:topushed → acme/web:pushed)",
    "toimage": 'acme/web:image points to acme/web@sha256:01: imagestreamimage "sha256:01" not found:'
    " nothing is recorded of acme/web yet (acme/web:toimage → acme/web:image)",
    "toref": "acme/web:ref says reference: true, which is never imported, so it has no digest"
    " (acme/web:toref → acme/web:ref)",
}


@pytest.mark.parametrize(("tag", "reason"), BROKEN.items())
def test_a_way_that_ends_nowhere_says_where_it_went(read, key, tag: str, reason: str):
    assert follow(read(CHAINS), key(f"acme/web:{tag}")) == Broken(reason)


def test_a_stream_that_is_declared_twice_is_no_target(read, key):
    catalog = read({"a.yaml": CHAINS, "b.yaml": CHAINS.partition("---\n")[2]})
    found = follow(catalog, key("acme/web:base"))
    assert isinstance(found, Broken)
    assert found.reason.startswith("the stream tag base/ubi:9 cannot be used: a.yaml:")
    assert "2 image streams are named base/ubi" in found.reason


def chain(length: int) -> Catalog:
    stream = StreamKey("acme", "web")
    sources: list[Source] = [TagAlias(TagKey(stream, f"t{n + 1}")) for n in range(length)]
    sources.append(DockerImage(Reference.parse("quay.io/acme/web:1")))
    return catalog_of({TagKey(stream, f"t{n}"): source for n, source in enumerate(sources)})


def catalog_of(sources: dict[TagKey, Source], snapshots: Collection[TagKey] = ()) -> Catalog:
    streams: dict[StreamKey, list[StreamTag]] = {}
    for line, (key, source) in enumerate(sources.items(), 1):
        streams.setdefault(key.stream, []).append(StreamTag(key, source, "a.yaml", line, snapshot=key in snapshots))
    return Catalog(tuple(ImageStream(key, "a.yaml", 1, tuple(tags)) for key, tags in streams.items()))


@pytest.mark.parametrize("length", [0, 1, MAX_ALIASES - 1, MAX_ALIASES])
def test_the_longest_chain(key, length: int):
    found = follow(chain(length), key("acme/web:t0"))
    assert isinstance(found, Followed)
    assert len(found.path) == length + 1


@pytest.mark.parametrize("length", [MAX_ALIASES + 1, 5000])
def test_a_longer_chain_is_refused(key, length: int):
    assert follow(chain(length), key("acme/web:t0")) == Broken(
        f"more than {MAX_ALIASES} aliases lead on from acme/web:t0"
    )


streams = st.builds(StreamKey, st.sampled_from([None, "a", "b"]), st.sampled_from(["x", "y"]))
tag_keys = st.builds(TagKey, streams, st.sampled_from(["1", "2", "3"]))
images = st.sampled_from(["m:1", "m:2", "quay.io/n:1"]).map(lambda text: DockerImage(Reference.parse(text)))
sources = st.one_of(
    st.builds(TagAlias, tag_keys),
    st.builds(TagAlias, tag_keys),
    images,
    st.just(PushOnly()),
    st.builds(ImageAlias, streams, st.sampled_from(["sha256:01", "sha256:0", "sha256:", "02", "9"])),
)
graphs = st.dictionaries(tag_keys, sources, max_size=18)


IMAGES = {n: Digest.parse("sha256:" + f"{n:02}" * 32) for n in (1, 2, 11)}


def recorded_item(number: int, fingerprint: str = "") -> Item:
    image = IMAGES[number]
    return Item(Reference.parse(f"quay.io/r@{image}"), image, "1", fingerprint)


@st.composite
def histories(draw: st.DrawFn) -> dict[TagKey, list[tuple[int, bool]]]:
    """Draw, by stream tag, recorded images, newest first, and whether each was recorded for the declaration of now."""
    numbers = st.lists(st.tuples(st.sampled_from(sorted(IMAGES)), st.booleans()), max_size=2)
    return draw(st.dictionaries(tag_keys, numbers, max_size=6))


def history_of(catalog: Catalog, drawn: dict[TagKey, list[tuple[int, bool]]]) -> History:
    statuses: dict[StreamKey, StreamStatus] = {}
    for key, numbers in drawn.items():
        own = catalog.tags[key].fingerprint if key in catalog.tags else "0"
        items = tuple(recorded_item(number, own if current else "0") for number, current in numbers)
        known = statuses.get(key.stream, StreamStatus(key.stream, {}))
        statuses[key.stream] = replace(known, tags={**known.tags, key.tag: items})
    return History(statuses)


def fixpoint(catalog: Catalog, history: History) -> dict[TagKey, str]:
    """Give every tag what it follows, until nothing changes: a source, or a recorded digest."""
    known: dict[TagKey, str] = {}
    while True:
        more: dict[TagKey, str] = {}
        for key, tag in catalog.tags.items():
            own = [item for item in history.items(key)[:1] if item.fingerprint == tag.fingerprint]
            match tag.source:
                case DockerImage():
                    more[key] = str(tag.source)
                case TagAlias(target=target) if tag.snapshot and own:
                    more[key] = str(own[0].image)
                case TagAlias(target=target) if target in known:
                    more[key] = known[target]
                case ImageAlias(stream=stream, image=prefix):
                    status = history.streams.get(stream)
                    every = {item.image for items in status.tags.values() for item in items} if status else set()
                    match = {each for each in every if str(each).startswith(prefix) or each.encoded.startswith(prefix)}
                    if own:
                        more[key] = str(own[0].image)
                    elif stream in catalog.by_key and len(match) == 1:
                        more[key] = str(match.pop())
                case _:
                    pass
        if more.keys() <= known.keys():
            return known
        known |= more


@settings(max_examples=examples(150), deadline=None)
@given(graph=graphs, drawn=histories(), snapshots=st.sets(tag_keys), seed=st.integers(0, 99))
def test_following_is_the_fixpoint_whatever_the_order(
    graph: dict[TagKey, Source], drawn: dict[TagKey, list[tuple[int, bool]]], snapshots: set[TagKey], seed: int
):
    order = list(graph.items())
    random.Random(seed).shuffle(order)
    catalog, shuffled = catalog_of(graph, snapshots), catalog_of(dict(order), snapshots)
    history = history_of(catalog, drawn)
    wanted = fixpoint(catalog, history)
    for key in graph:
        found = follow(catalog, key, history)
        again = follow(shuffled, key, history)
        if isinstance(found, Followed):
            got = str(found.source) if found.recorded is None else str(found.recorded.image)
            assert got == wanted[key]
            assert found.path[0] == key
            assert len(set(found.path)) == len(found.path)
            assert isinstance(again, Followed)
            assert (again.source, again.path, again.recorded) == (found.source, found.path, found.recorded)
        else:
            assert key not in wanted
            assert found.reason
            assert again == found
    assert list(catalog.tags) == list(shuffled.tags) == sorted(graph, key=lambda key: key.sort_key)


HISTORY = History(
    {
        StreamKey("acme", "web"): StreamStatus(
            StreamKey("acme", "web"), {"1.4": (recorded_item(2), recorded_item(1)), "old": (recorded_item(11),)}
        )
    }
)


@pytest.mark.parametrize(
    ("image", "number"),
    [("sha256:02", 2), ("02", 2), ("sha256:0101", 1), (str(IMAGES[11]), 11), (IMAGES[11].encoded, 11), ("1", 11)],
)
def test_an_image_stream_image_is_looked_up_in_the_history_of_all_tags(read, key, image: str, number: int):
    found = follow(read(CHAINS.replace("web@sha256:01", f"web@{image}")), key("acme/web:toimage"), HISTORY)
    assert isinstance(found, Followed)
    assert found.recorded == recorded_item(number)
    assert [step.tag for step in found.path] == ["toimage", "image"]
    assert ask(found) == Resolved(IMAGES[number], "", "quay.io", Method.RECORDED)
    assert str(found.source) == f"quay.io/r:1@{IMAGES[number]}"


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("sha256:03", 'imagestreamimage "sha256:03" not found'),
        ("sha256:", f'multiple images match the prefix "sha256:": {IMAGES[1]}, {IMAGES[2]}, {IMAGES[11]}'),
        ("0", f'multiple images match the prefix "0": {IMAGES[1]}, {IMAGES[2]}'),
    ],
)
def test_an_image_stream_image_that_is_none_or_several(read, key, image: str, reason: str):
    found = follow(read(CHAINS.replace("web@sha256:01", f"web@{image}")), key("acme/web:image"), HISTORY)
    assert found == Broken(f"acme/web:image points to acme/web@{image}: {reason}")


def test_an_image_stream_image_of_a_stream_that_is_not_declared(read, key):
    found = follow(read(CHAINS.replace("web@sha256:01", "gone@sha256:01")), key("acme/web:image"), HISTORY)
    reason = "no usable image stream acme/gone is declared"
    assert found == Broken(f"acme/web:image points to acme/gone@sha256:01: {reason}")


def test_what_was_resolved_once_stays_when_more_images_match(read, key):
    catalog = read(CHAINS.replace("web@sha256:01", "web@0"))
    own = recorded_item(2, catalog.tags[key("acme/web:image")].fingerprint)
    web = HISTORY.streams[StreamKey("acme", "web")]
    history = History({web.key: replace(web, tags={**web.tags, "image": (own,)})})
    found = follow(catalog, key("acme/web:image"), history)
    assert isinstance(found, Followed)
    assert found.recorded == own
    # Another declaration is looked up anew.
    assert isinstance(
        follow(read(CHAINS.replace("web@sha256:01", "web@sha256:0")), key("acme/web:image"), history), Broken
    )
