"""Following aliases: chains, cycles, ends that are none, and a naive fixpoint as the judge of random graphs."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_streams.oci.reference import Reference
from gitops_streams.streams.follow import MAX_ALIASES, Broken, Followed, follow
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


def catalog_of(sources: dict[TagKey, Source]) -> Catalog:
    streams: dict[StreamKey, list[StreamTag]] = {}
    for line, (key, source) in enumerate(sources.items(), 1):
        streams.setdefault(key.stream, []).append(StreamTag(key, source, "a.yaml", line))
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
    st.builds(ImageAlias, streams, st.just("sha256:01")),
)
graphs = st.dictionaries(tag_keys, sources, max_size=18)


def fixpoint(graph: dict[TagKey, Source]) -> dict[TagKey, DockerImage]:
    """Let every tag take what its target has, until nothing changes."""
    known = {key: source for key, source in graph.items() if isinstance(source, DockerImage)}
    while True:
        more = {
            key: known[source.target]
            for key, source in graph.items()
            if isinstance(source, TagAlias) and source.target in known and key not in known
        }
        if not more:
            return known
        known |= more


@settings(max_examples=300, deadline=None)
@given(graph=graphs, seed=st.integers(0, 99))
def test_following_is_the_fixpoint_whatever_the_order(graph: dict[TagKey, Source], seed: int):
    order = list(graph.items())
    random.Random(seed).shuffle(order)
    catalog, shuffled = catalog_of(graph), catalog_of(dict(order))
    wanted = fixpoint(graph)
    for key in graph:
        found = follow(catalog, key)
        if isinstance(found, Followed):
            assert found.source == wanted[key]
            assert found.path[0] == key
            assert len(set(found.path)) == len(found.path)
            again = follow(shuffled, key)
            assert isinstance(again, Followed)
            assert (again.source, again.path) == (found.source, found.path)
        else:
            assert key not in wanted
            assert found.reason
    assert list(catalog.tags) == list(shuffled.tags) == sorted(graph, key=lambda key: key.sort_key)
