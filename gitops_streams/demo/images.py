"""Small images, built in memory from their name and version alone: the same input has the same digest everywhere.

Sources: OCI image-spec ``config.md``, ``manifest.md``, ``image-index.md``; Docker "Image Manifest V 2,
Schema 2". Layers are gzip files of one stored block, since what a compressor writes depends on
its version.
"""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.manifest import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from gitops_streams.oci.platform import Platform

AMD64 = Platform("linux", "amd64")
ARM64 = Platform("linux", "arm64", "v8")
CREATED = "2026-01-01T00:00:00Z"
EMPTY = b"{}"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
"""The config of an artifact that needs none (image-spec ``manifest.md`` § Guidance for an Empty Descriptor)."""


class Flavour(Enum):
    """Whose media types an image has: of its index, manifest, config and layer, in this order."""

    OCI = (
        OCI_INDEX,
        OCI_MANIFEST,
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.oci.image.layer.v1.tar+gzip",
    )
    DOCKER = (
        DOCKER_LIST,
        DOCKER_MANIFEST,
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
    )


@dataclass(frozen=True, slots=True)
class Image:
    """A manifest or an index, with all that it needs in its repository."""

    media_type: str
    content: bytes
    """The manifest or index, as a registry stores and serves it."""
    blobs: tuple[bytes, ...] = ()
    """The config and the layers; an index has none of its own."""
    members: tuple[Image, ...] = ()
    """The manifests that an index lists."""
    platform: Platform | None = None

    @classmethod
    def build(
        cls,
        name: str,
        version: str,
        *,
        platforms: Sequence[Platform] = (AMD64,),
        flavour: Flavour = Flavour.OCI,
        created: str = CREATED,
        labels: Mapping[str, str] | None = None,
    ) -> Image:
        """Build an image whose one layer holds ``/etc/NAME`` with the version in it.

        One platform gives a manifest, several give an index over one manifest each.

        Args:
            name: The image's title, a file name.
            version: Any text; another version has other digests.
            platforms: What it is built for, at least one.
            flavour: OCI's media types or Docker's.
            created: The config's time of creation, RFC 3339.
            labels: Labels of the config, beside the title and the version.
        """
        texts = {
            "org.opencontainers.image.title": name,
            "org.opencontainers.image.version": version,
            **(labels or {}),
        }
        built = [cls._single(platform, flavour, created, texts) for platform in platforms]
        return built[0] if len(built) == 1 else cls.index(built, flavour=flavour)

    @classmethod
    def index(cls, images: Sequence[Image], *, flavour: Flavour = Flavour.OCI, attested: bool = False) -> Image:
        """Build an index over images; where ``attested``, an attestation for each follows, as BuildKit adds them."""
        index_type = flavour.value[0]
        entries = [_entry(image, image.platform) for image in images]
        attestations = [_attestation(image) for image in images] if attested else []
        for image, attestation in zip(images, attestations, strict=False):
            annotations = {
                "vnd.docker.reference.digest": str(image.digest),
                "vnd.docker.reference.type": "attestation-manifest",
            }
            entries.append({**_entry(attestation, Platform("unknown", "unknown")), "annotations": annotations})
        content = _json({"schemaVersion": 2, "mediaType": index_type, "manifests": entries})
        return cls(index_type, content, members=(*images, *attestations))

    @classmethod
    def artifact(cls, artifact_type: str, payload: bytes, *, subject: Image | None = None) -> Image:
        """Build an artifact of one layer, such as a signature, that refers to ``subject`` where one is given."""
        document: dict[str, object] = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": artifact_type,
            "config": _descriptor(EMPTY_TYPE, EMPTY),
            "layers": [_descriptor(artifact_type, payload)],
        }
        if subject is not None:
            document["subject"] = _descriptor(subject.media_type, subject.content)
        return cls(OCI_MANIFEST, _json(document), blobs=(EMPTY, payload))

    @classmethod
    def _single(cls, platform: Platform, flavour: Flavour, created: str, labels: Mapping[str, str]) -> Image:
        _, manifest_type, config_type, layer_type = flavour.value
        title, version = labels["org.opencontainers.image.title"], labels["org.opencontainers.image.version"]
        tar = _tar(f"etc/{title}", f"{version} {platform}\n".encode())
        layer = _gzip(tar)
        config = _json(
            {
                "architecture": platform.architecture,
                "os": platform.os,
                **({"variant": platform.variant} if platform.variant else {}),
                "created": created,
                "config": {"Labels": dict(labels)},
                "rootfs": {"type": "layers", "diff_ids": [str(Digest.of(tar))]},
                "history": [{"created": created, "created_by": "gitops-streams demo"}],
            }
        )
        manifest = _json(
            {
                "schemaVersion": 2,
                "mediaType": manifest_type,
                "config": _descriptor(config_type, config),
                "layers": [_descriptor(layer_type, layer)],
            }
        )
        return cls(manifest_type, manifest, blobs=(config, layer), platform=platform)

    @property
    def digest(self) -> Digest:
        """The digest by which a registry will know it."""
        return Digest.of(self.content)


def _attestation(subject: Image) -> Image:
    statement = _json({"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": str(subject.digest)}]})
    return Image.artifact("application/vnd.in-toto+json", statement)


def _entry(image: Image, platform: Platform | None) -> dict[str, object]:
    entry: dict[str, object] = _descriptor(image.media_type, image.content)
    if platform is not None:
        entry["platform"] = {
            "architecture": platform.architecture,
            "os": platform.os,
            **({"variant": platform.variant} if platform.variant else {}),
        }
    return entry


def _descriptor(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": str(Digest.of(content)), "size": len(content)}


def _json(document: object) -> bytes:
    return json.dumps(document, indent=2).encode()


def _tar(name: str, content: bytes) -> bytes:
    """Return a tar file of one file: no clock, no user, the oldest format."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return target.getvalue()


def _gzip(content: bytes) -> bytes:
    """Return a gzip file (RFC 1952) of one stored block (RFC 1951 § 3.2.4), at most 65,535 bytes."""
    header = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    block = struct.pack("<BHH", 1, len(content), len(content) ^ 0xFFFF)
    return header + block + content + struct.pack("<II", zlib.crc32(content), len(content))
