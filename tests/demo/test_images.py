from __future__ import annotations

import gzip
import io
import json
import tarfile

import pytest

from gitops_streams.demo.images import AMD64, ARM64, Flavour, Image
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.manifest import DOCKER_LIST, OCI_INDEX, choose, read_index
from gitops_streams.oci.platform import Platform


def test_the_digests_are_the_same_on_every_machine() -> None:
    assert (
        str(Image.build("web", "1.4").digest)
        == "sha256:e328ea3e3399e3503f6bd6d84774a7d11af09878615fd1c17f5da2a2cad37b87"
    )
    assert (
        str(Image.build("web", "1.4", platforms=[AMD64, ARM64]).digest)
        == "sha256:814d67af410e9d83e3e6477707892b84dd492ca04fffa739503d637f8faec86c"
    )
    assert (
        str(Image.build("web", "1.4", flavour=Flavour.DOCKER).digest)
        == "sha256:1be7c1b9fcd22d50cd07217657dc5f7c4b28a130fb24cb6bb7d0e9ac1e32e970"
    )


def test_name_version_platform_labels_and_flavour_all_count() -> None:
    images = [
        Image.build("web", "1.4"),
        Image.build("api", "1.4"),
        Image.build("web", "1.5"),
        Image.build("web", "1.4", platforms=[ARM64]),
        Image.build("web", "1.4", labels={"team": "shop"}),
        Image.build("web", "1.4", created="2026-02-01T00:00:00Z"),
        Image.build("web", "1.4", flavour=Flavour.DOCKER),
    ]
    assert len({image.digest for image in images}) == len(images)


@pytest.mark.parametrize("flavour", Flavour)
def test_a_manifest_describes_its_blobs(flavour: Flavour) -> None:
    image = Image.build("web", "1.4", flavour=flavour)
    manifest = json.loads(image.content)
    descriptors = [manifest["config"], *manifest["layers"]]
    assert [entry["digest"] for entry in descriptors] == [str(Digest.of(blob)) for blob in image.blobs]
    assert [entry["size"] for entry in descriptors] == [len(blob) for blob in image.blobs]
    config, layer = json.loads(image.blobs[0]), gzip.decompress(image.blobs[1])
    assert config["rootfs"]["diff_ids"] == [str(Digest.of(layer))]
    assert config["config"]["Labels"]["org.opencontainers.image.version"] == "1.4"
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        file = archive.extractfile("etc/web")
        assert file is not None
        assert file.read() == b"1.4 linux/amd64\n"


@pytest.mark.parametrize(("flavour", "media_type"), [(Flavour.OCI, OCI_INDEX), (Flavour.DOCKER, DOCKER_LIST)])
def test_several_platforms_make_an_index(flavour: Flavour, media_type: str) -> None:
    image = Image.build("web", "1.4", platforms=[AMD64, ARM64], flavour=flavour)
    assert image.media_type == media_type
    entries = read_index(image.content)
    assert isinstance(entries, tuple)
    assert [entry.digest for entry in entries] == [member.digest for member in image.members]
    assert choose(entries, Platform.parse("linux/arm64")) == entries[1]


def test_attestations_stand_beside_the_images() -> None:
    web = [Image.build("web", "1.4", platforms=[platform]) for platform in (AMD64, ARM64)]
    entries = read_index(Image.index(web, attested=True).content)
    assert isinstance(entries, tuple)
    assert [entry.attestation for entry in entries] == [False, False, True, True]
    assert [entry.platform for entry in entries] == [AMD64, ARM64, None, None]
