"""What OpenShift's Legacy import takes of an index, case by case."""

from __future__ import annotations

import pytest

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.manifest import Descriptor, NoSuchPlatform, choose
from gitops_streams.oci.media_types import OCI_MANIFEST
from gitops_streams.oci.platform import LegacyChoice, Platform

ARM = LegacyChoice(Platform("linux", "arm64"))


def entry(name: str, platform: str | None, *, attestation: bool = False) -> Descriptor:
    built_for = None if platform is None else Platform.parse(platform)
    return Descriptor(OCI_MANIFEST, Digest.of(name.encode()), 1, built_for, attestation)


@pytest.mark.parametrize(
    ("entries", "taken"),
    [
        ([("a", "linux/amd64"), ("b", "linux/arm64")], "b"),
        # The variant is ignored: the first arm64 is taken.
        ([("a", "linux/arm64/v9"), ("b", "linux/arm64/v8")], "a"),
        # A platform that is missed is replaced by linux/amd64, whatever stands before that.
        ([("a", "linux/s390x"), ("b", "linux/amd64")], "b"),
        ([("a", "windows/arm64"), ("b", "linux/amd64/v3")], "b"),
        # And that by the first image.
        ([("a", "linux/s390x"), ("b", "linux/ppc64le")], "a"),
        ([("a", None), ("b", "linux/ppc64le")], "a"),
    ],
)
def test_the_preferred_platform_then_amd64_then_the_first(entries: list[tuple[str, str | None]], taken: str):
    found = choose(tuple(entry(name, platform) for name, platform in entries), ARM)
    assert isinstance(found, Descriptor)
    assert found.digest == Digest.of(taken.encode())


def test_attestations_are_no_images():
    entries = (entry("a", None, attestation=True), entry("b", "linux/s390x"))
    found = choose(entries, ARM)
    assert isinstance(found, Descriptor)
    assert found.digest == Digest.of(b"b")
    assert choose(entries[:1], ARM) == NoSuchPlatform("the index holds no image at all")
