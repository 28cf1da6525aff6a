from __future__ import annotations

import gzip
import io
import json
import tarfile

import pytest

from gitops_streams.demo.evidence import bundle, cosign_attestation, cosign_signature, notation_signature, sbom
from gitops_streams.demo.images import AMD64, ARM64, PROVENANCE, SPDX, Flavour, Image
from gitops_streams.demo.registry import Registry
from gitops_streams.oci.config import ReadConfig, read_config
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.manifest import ImageManifest, choose, read_index, read_manifest
from gitops_streams.oci.media_types import DOCKER_LIST, OCI_INDEX
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


def test_a_configuration_with_everything() -> None:
    config = {"User": "1001", "Env": ["A=b"], "ExposedPorts": {"8080/tcp": {}}}
    image = Image.build(
        "web", "1.4", config=config, labels={"team": "shop"}, annotations={"k": "v"}, base=["debian", "python"]
    )
    manifest, read = read_manifest(image.content), read_config(image.blobs[0])
    assert isinstance(manifest, ImageManifest)
    assert isinstance(read, ReadConfig)
    assert manifest.annotations == {"k": "v"}
    assert read.platform == AMD64
    assert (read.config.user, read.config.env, read.config.ports) == ("1001", {"A": "b"}, {"8080/tcp"})
    assert read.config.labels["team"] == "shop"
    assert read.config.history == ("debian", "python", "gitops-streams demo")
    assert [Digest.of(gzip.decompress(layer)) for layer in image.blobs[1:]] == list(read.config.diff_ids)


def test_equal_bases_are_equal_layers_of_one_platform() -> None:
    one, other, arm = (
        Image.build("web", version, base=["debian"], platforms=[platform])
        for version, platform in (("1.4", AMD64), ("1.5", AMD64), ("1.4", ARM64))
    )
    assert one.blobs[1] == other.blobs[1] != arm.blobs[1]
    assert one.blobs[2] != other.blobs[2]


def test_attestations_name_what_they_state() -> None:
    index = Image.index([Image.build("web", "1.4")], attested=True, predicates=[PROVENANCE, SPDX])
    manifest = read_manifest(index.members[1].content)
    assert isinstance(manifest, ImageManifest)
    assert manifest.predicate_types == (PROVENANCE, SPDX)
    entries = read_index(index.content)
    assert isinstance(entries, tuple)
    assert entries[1].attests == entries[0].digest


def test_evidence_is_listed_by_the_referrers_api(registry: Registry) -> None:
    image = Image.build("web", "1.4")
    registry.push("acme/web", "1.4", image)
    evidence = [bundle(image), bundle(image, PROVENANCE), notation_signature(image), sbom(image)]
    for each in evidence:
        registry.push("acme/web", None, each)
    found = registry.store.referrers("acme/web", image.digest)
    assert {manifest.digest for manifest in found} == {each.digest for each in evidence}
    for tagged in (cosign_signature(image), cosign_attestation(image)):
        assert isinstance(read_manifest(tagged.content), ImageManifest)
