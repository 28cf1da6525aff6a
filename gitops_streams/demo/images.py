"""Small images, built in memory from their name and version alone: the same input has the same digest everywhere.

Sources: OCI image-spec ``config.md``, ``manifest.md``, ``image-index.md``; Docker "Image Manifest V 2,
Schema 2"; BuildKit, "Image attestation storage". Layers are gzip files of one stored block, since what
a compressor writes depends on its version.
"""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.media_types import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from gitops_streams.oci.platform import Platform

AMD64 = Platform("linux", "amd64")
ARM64 = Platform("linux", "arm64", "v8")
CREATED = "2026-01-01T00:00:00Z"
EMPTY = b"{}"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
"""The config of an artifact that needs none (image-spec ``manifest.md`` § Guidance for an Empty Descriptor)."""
IN_TOTO = "https://in-toto.io/Statement/v1"
STATEMENT_TYPE = "application/vnd.in-toto+json"
PROVENANCE = "https://slsa.dev/provenance/v1"
SPDX = "https://spdx.dev/Document"


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
    artifact_type: str = ""
    """What an artifact is; empty for an image."""
    annotations: Mapping[str, str] = field(default_factory=dict, compare=False)
    """The manifest's own, which ``content`` has too."""

    @classmethod
    def build(  # noqa: PLR0913 - each names one part of an image, and all but two are optional
        cls,
        name: str,
        version: str,
        *,
        platforms: Sequence[Platform] = (AMD64,),
        flavour: Flavour = Flavour.OCI,
        created: str = CREATED,
        labels: Mapping[str, str] | None = None,
        config: Mapping[str, object] | None = None,
        annotations: Mapping[str, str] | None = None,
        base: Sequence[str] = (),
        attested: bool = False,
    ) -> Image:
        """Build an image whose last layer holds ``/etc/NAME`` with the version in it.

        One platform gives a manifest, several or an attestation give an index over one manifest each.

        Args:
            name: The image's title, a file name.
            version: Any text; another version has other digests.
            platforms: What it is built for, at least one.
            flavour: OCI's media types or Docker's.
            created: The config's time of creation, RFC 3339.
            labels: Labels of the config, beside the title and the version.
            config: Fields of the config's ``config`` beside the labels, as image-spec ``config.md`` names them:
                ``{"User": "1001", "Env": ["A=b"], "Entrypoint": ["/web"], "ExposedPorts": {"8080/tcp": {}}}``.
            annotations: Of each platform's manifest.
            base: Layers below its own, bottom first, each by any text: equal texts are equal layers of a platform.
            attested: Whether an index follows each image with an attestation, as BuildKit does.
        """
        texts = {
            "org.opencontainers.image.title": name,
            "org.opencontainers.image.version": version,
            **(labels or {}),
        }
        runtime: dict[str, object] = {"Labels": texts, **(config or {})}
        built = []
        for platform in platforms:
            own = (f"etc/{name}", f"{version} {platform}\n")
            files = [*((f"base/{number}", f"{text} {platform}\n") for number, text in enumerate(base)), own]
            tars = [_tar(path, text.encode()) for path, text in files]
            made_by = [*base, "gitops-streams demo"]
            document = {
                "architecture": platform.architecture,
                "os": platform.os,
                **({"variant": platform.variant} if platform.variant else {}),
                "created": created,
                "config": runtime,
                "rootfs": {"type": "layers", "diff_ids": [str(Digest.of(tar)) for tar in tars]},
                "history": [{"created": created, "created_by": text} for text in made_by],
            }
            layers = [_gzip(tar) for tar in tars]
            built.append(
                cls.manifest(_json(document), layers, platform=platform, flavour=flavour, annotations=annotations)
            )
        return built[0] if len(built) == 1 and not attested else cls.index(built, flavour=flavour, attested=attested)

    @classmethod
    def manifest(
        cls,
        config: bytes,
        layers: Sequence[bytes] = (),
        *,
        platform: Platform | None = None,
        flavour: Flavour = Flavour.OCI,
        annotations: Mapping[str, str] | None = None,
    ) -> Image:
        """Build a manifest over a config and layers, whatever they hold.

        Args:
            config: The config's content; nothing checks it.
            layers: Their contents, bottom first.
            platform: What an index says that it is for.
            flavour: OCI's media types or Docker's.
            annotations: The manifest's.
        """
        _, manifest_type, config_type, layer_type = flavour.value
        document: dict[str, object] = {
            "schemaVersion": 2,
            "mediaType": manifest_type,
            "config": _descriptor(config_type, config),
            "layers": [_descriptor(layer_type, layer) for layer in layers],
        }
        if annotations:
            document["annotations"] = dict(annotations)
        return cls(
            manifest_type,
            _json(document),
            blobs=(config, *layers),
            platform=platform,
            annotations=dict(annotations or {}),
        )

    @classmethod
    def index(
        cls,
        images: Sequence[Image],
        *,
        flavour: Flavour = Flavour.OCI,
        attested: bool = False,
        predicates: Sequence[str] = (PROVENANCE,),
        annotations: Mapping[str, str] | None = None,
    ) -> Image:
        """Build an index over images.

        Args:
            images: Manifests, of images or artifacts.
            flavour: OCI's media types or Docker's.
            attested: Whether an attestation for each follows, as BuildKit adds them.
            predicates: What the attestations state: their predicate types.
            annotations: The index's.
        """
        index_type = flavour.value[0]
        entries = [_entry(image, image.platform) for image in images]
        attestations = [_attestation(image, predicates) for image in images] if attested else []
        for image, attestation in zip(images, attestations, strict=False):
            annotations = {
                "vnd.docker.reference.digest": str(image.digest),
                "vnd.docker.reference.type": "attestation-manifest",
            }
            entries.append({**_entry(attestation, Platform("unknown", "unknown")), "annotations": annotations})
        document: dict[str, object] = {"schemaVersion": 2, "mediaType": index_type, "manifests": entries}
        if annotations:
            document["annotations"] = dict(annotations)
        return cls(index_type, _json(document), members=(*images, *attestations), annotations=dict(annotations or {}))

    @classmethod
    def artifact(
        cls,
        artifact_type: str,
        payload: bytes,
        *,
        subject: Image | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> Image:
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
        if annotations:
            document["annotations"] = dict(annotations)
        return cls(
            OCI_MANIFEST,
            _json(document),
            blobs=(EMPTY, payload),
            artifact_type=artifact_type,
            annotations=dict(annotations or {}),
        )

    @property
    def digest(self) -> Digest:
        """The digest by which a registry will know it."""
        return Digest.of(self.content)


def _attestation(subject: Image, predicates: Sequence[str]) -> Image:
    """Return an attestation manifest as BuildKit makes them: a layer for each statement, its kind in an annotation."""
    config = _json({"architecture": "unknown", "os": "unknown", "config": {}, "rootfs": {"type": "layers"}})
    layers, statements = [], []
    for predicate in predicates:
        named = {"name": "image", "digest": {subject.digest.algorithm: subject.digest.encoded}}
        statement = _json({"_type": IN_TOTO, "subject": [named], "predicateType": predicate, "predicate": {}})
        statements.append(statement)
        layers.append(
            {**_descriptor(STATEMENT_TYPE, statement), "annotations": {"in-toto.io/predicate-type": predicate}}
        )
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": _descriptor(Flavour.OCI.value[2], config),
        "layers": layers,
    }
    return Image(OCI_MANIFEST, _json(document), blobs=(config, *statements))


def _entry(image: Image, platform: Platform | None) -> dict[str, object]:
    entry: dict[str, object] = _descriptor(image.media_type, image.content)
    if platform is not None:
        entry["platform"] = {
            "architecture": platform.architecture,
            "os": platform.os,
            **({"variant": platform.variant} if platform.variant else {}),
        }
    if image.artifact_type:  # as registries list artifacts: distribution-spec § Listing Referrers
        entry["artifactType"] = image.artifact_type
        if image.annotations:
            entry["annotations"] = dict(image.annotations)
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
