"""Platforms, and reading an index: a registry's bytes are hostile."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.errors import InvalidReference
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.image import Layer
from gitops_streams.oci.manifest import (
    Descriptor,
    ImageManifest,
    Index,
    NoSuchPlatform,
    NotAManifest,
    NotAnIndex,
    choose,
    read_index,
    read_manifest,
    read_whole_index,
)
from gitops_streams.oci.media_types import OCI_INDEX, OCI_MANIFEST
from gitops_streams.oci.platform import Platform


def digest(number: int) -> Digest:
    return Digest.of(str(number).encode())


def entry(number: int, platform: object = None, **more: Any) -> dict[str, Any]:
    found = {"mediaType": OCI_MANIFEST, "digest": str(digest(number)), "size": number, **more}
    return found if platform is None else {**found, "platform": platform}


def index(*entries: object) -> bytes:
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(entries)}).encode()


def built_for(text: str) -> dict[str, str]:
    return dict(zip(("os", "architecture", "variant"), text.split("/"), strict=False))


@pytest.mark.parametrize("text", ["linux/amd64", "linux/arm64/v8", "windows/amd64", "linux/arm/v7"])
def test_platform_round_trip(text: str) -> None:
    assert str(Platform.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "linux", "linux/", "/amd64", "linux/arm/v7/x", "Linux/amd64", "linux/amd64\n", "linux/am d64", "a/" * 9],
)
def test_platform_refused(text: str) -> None:
    with pytest.raises(InvalidReference, match="platform"):
        Platform.parse(text)


@pytest.mark.parametrize(
    ("wanted", "offered", "admitted"),
    [
        ("linux/amd64", "linux/amd64", True),
        ("linux/amd64", "linux/amd64/v3", True),
        ("linux/amd64/v3", "linux/amd64", False),
        ("linux/amd64", "windows/amd64", False),
        ("linux/arm64/v8", "linux/arm64", True),
        ("linux/arm64", "linux/arm64/v8", True),
        ("linux/arm64/v8", "linux/arm64/v9", False),
        ("linux/arm/v7", "linux/arm/v6", False),
    ],
)
def test_admits(wanted: str, offered: str, *, admitted: bool) -> None:
    assert Platform.parse(wanted).admits(Platform.parse(offered)) is admitted


def test_read_index() -> None:
    content = index(
        entry(1, built_for("linux/amd64")),
        entry(2, built_for("linux/arm64/v8")),
        entry(3, {"os": "unknown", "architecture": "unknown"}, annotations={"vnd.docker.reference.type": "x"}),
        entry(4),
    )
    assert read_index(content) == (
        Descriptor(OCI_MANIFEST, digest(1), 1, Platform("linux", "amd64")),
        Descriptor(OCI_MANIFEST, digest(2), 2, Platform("linux", "arm64", "v8")),
        Descriptor(OCI_MANIFEST, digest(3), 3, None, attestation=True),
        Descriptor(OCI_MANIFEST, digest(4), 4, None),
    )


@pytest.mark.parametrize(
    ("offered", "wanted", "chosen"),
    [
        (["linux/arm64", "linux/amd64"], "linux/amd64", 1),
        (["linux/amd64/v3", "linux/amd64"], "linux/amd64", 1),
        (["linux/arm/v5", "linux/arm/v7"], "linux/arm", 0),
        (["linux/arm64/v8"], "linux/arm64", 0),
        (["linux/arm64"], "linux/arm64/v8", 0),
        (["linux/amd64", "linux/amd64"], "linux/amd64", 0),
    ],
)
def test_choose(offered: list[str], wanted: str, chosen: int) -> None:
    entries = read_index(index(*(entry(number, built_for(text)) for number, text in enumerate(offered))))
    assert isinstance(entries, tuple)
    assert choose(entries, Platform.parse(wanted)) == entries[chosen]


def test_attestations_serve_no_platform() -> None:
    entries = read_index(index(entry(1, built_for("linux/amd64"), annotations={"vnd.docker.reference.type": "a"})))
    assert isinstance(entries, tuple)
    assert choose(entries, Platform("linux", "amd64")) == NoSuchPlatform(
        "the index has no linux/amd64; it offers no platform at all"
    )


def test_what_is_offered_is_named_in_bounds() -> None:
    entries = read_index(index(*(entry(number, built_for(f"linux/cpu{number:04}")) for number in range(500))))
    assert isinstance(entries, tuple)
    found = choose(entries, Platform("linux", "amd64"))
    assert isinstance(found, NoSuchPlatform)
    assert "linux/cpu0000" in found.reason
    assert "492 more" in found.reason
    assert len(found.reason) < 300


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"\x00",
        b"<html>",
        b"null",
        b"[]",
        b"{}",
        b'{"manifests": null}',
        b'{"manifests": {}}',
        b"[" * 100_000,
        b'{"manifests":' * 20_000,
        b'{"manifests": [' + b"1" * 5_000 + b"]}",
        index(None),
        index(entry(1), "text"),
        index({**entry(1), "digest": "sha256:short"}),
        index({**entry(1), "digest": None}),
        index({**entry(1), "size": "1"}),
        index({**entry(1), "size": True}),
        index({**entry(1), "size": -1}),
        index({**entry(1), "size": 1.5}),
        index({**entry(1), "mediaType": 7}),
    ],
    ids=range(21),
)
def test_hostile_index(content: bytes) -> None:
    found = read_index(content)
    assert isinstance(found, NotAnIndex)
    assert "index" in found.reason


@pytest.mark.parametrize(
    "platform",
    [
        "linux/amd64",
        [],
        {"os": 1, "architecture": "amd64"},
        {"os": "linux"},
        {"os": "linux\x1b[31m", "architecture": "amd64"},
        {"os": "linux", "architecture": "amd64\n"},
        {"os": "l" * 10_000, "architecture": "amd64"},
    ],
    ids=range(7),
)
def test_hostile_platform_is_none(platform: object) -> None:
    entries = read_index(index(entry(1, platform)))
    assert isinstance(entries, tuple)
    assert entries[0].platform is None


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["os", "digest", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    st.binary() | st.lists(_json | _json.map(lambda value: entry(1, value)), max_size=3).map(lambda all_: index(*all_))
)
def test_arbitrary_index(content: bytes) -> None:
    found = read_index(content)
    if isinstance(found, tuple):
        chosen = choose(found, Platform("linux", "amd64"))
        assert isinstance(chosen, Descriptor | NoSuchPlatform)


def _described(number: int, **more: Any) -> dict[str, Any]:
    return {"mediaType": "application/x", "digest": str(digest(number)), "size": number, **more}


def manifest(**more: Any) -> bytes:
    return json.dumps({"schemaVersion": 2, "config": _described(0), "layers": [], **more}).encode()


def test_read_manifest() -> None:
    statement = {"annotations": {"in-toto.io/predicate-type": "https://spdx.dev/Document"}}
    found = read_manifest(
        manifest(
            layers=[_described(1), _described(2, **statement)],
            annotations={"a": "b", "c": 7},
            subject=_described(3),
            artifactType="application/spdx+json",
        )
    )
    assert found == ImageManifest(
        Descriptor("application/x", digest(0), 0, None),
        (Layer(digest(1), 1), Layer(digest(2), 2)),
        {"a": "b"},
        digest(3),
        "application/spdx+json",
        ("https://spdx.dev/Document",),
        unnamed=True,
        notes=("annotations: 1 malformed entries were left out",),
    )


def test_more_layers_than_any_image_has() -> None:
    found = read_manifest(manifest(layers=[_described(1)] * 20_000))
    assert isinstance(found, ImageManifest)
    assert found.layers is None
    assert found.notes == ("its manifest lists 20000 layers, which were not read",)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"layers":' * 50_000,
        manifest(config=None),
        manifest(config={"digest": "x"}),
        manifest(layers=None),
        manifest(layers={}),
        manifest(layers=[None]),
        manifest(layers=[_described(1, size=-1)]),
        manifest(layers=[_described(1, size=True)]),
        manifest(layers=[_described(1, digest="sha256:short")]),
    ],
    ids=range(12),
)
def test_hostile_manifest(content: bytes) -> None:
    assert isinstance(read_manifest(content), NotAManifest)


def test_an_index_with_annotations_and_referrers() -> None:
    attested = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": str(digest(1))}
    bundle = {"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": "https://p"}
    hostile = {"dev.sigstore.bundle.predicateType": "p" * 1000, "in-toto.io/predicate-type": "a\nb"}
    document = json.loads(
        index(
            entry(1, annotations=attested),
            entry(2, annotations=bundle, artifactType="application/x"),
            entry(3, annotations=hostile, artifactType=7),
        )
    )
    found = read_whole_index(json.dumps(document | {"annotations": {"k": "v"}}).encode())
    assert found == Index(
        (
            Descriptor(OCI_MANIFEST, digest(1), 1, None, attestation=True, attests=digest(1)),
            Descriptor(
                OCI_MANIFEST,
                digest(2),
                2,
                None,
                artifact_type="application/x",
                predicate_type="https://p",
                bundle_content="dsse-envelope",
            ),
            Descriptor(OCI_MANIFEST, digest(3), 3, None),
        ),
        {"k": "v"},
    )


@given(
    st.binary()
    | st.dictionaries(st.sampled_from(["config", "layers", "subject", "annotations"]), _json).map(
        lambda more: manifest(**more)
    )
)
def test_arbitrary_manifest(content: bytes) -> None:
    assert isinstance(read_manifest(content), ImageManifest | NotAManifest)
