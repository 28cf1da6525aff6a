"""What is kept about an image beside it: which types of content are signatures, SBOMs, provenance, and where they are.

The one table of types. Presence is all that is told: nothing here verifies anything. Sources:

- cosign ``specs/SIGNATURE_SPEC.md`` (tags ``sha256-….sig``, ``.att``, ``.sbom``; simple signing) and
  ``specs/BUNDLE_SPEC.md`` (bundles as referrers, ``dev.sigstore.bundle.*``, predicate type of a signature).
- notation ``signature-specification.md`` (``application/vnd.cncf.notary.signature``).
- OCI distribution-spec § Referrers Tag Schema; BuildKit "Image attestation storage" (``in-toto.io/predicate-type``).
- SPDX and CycloneDX media types as registered with IANA; syft's own; Harbor's SBOM accessory
  (goharbor/harbor ``src/pkg/scan/sbom``).
- in-toto attestation ``spec/predicates``: SPDX, CycloneDX; slsa.dev: provenance.
"""

from __future__ import annotations

from enum import StrEnum

from gitops_streams.oci.digest import Digest

REFERENCE_TYPE = "vnd.docker.reference.type"
"""BuildKit's annotation of an index entry that holds attestations."""
REFERENCE_DIGEST = "vnd.docker.reference.digest"
"""BuildKit's annotation that names the manifest which an attestation is about."""
PREDICATE_ANNOTATIONS = ("dev.sigstore.bundle.predicateType", "in-toto.io/predicate-type", "predicateType")
"""The annotations that name an attestation's kind: Sigstore bundles', BuildKit's, cosign 2's."""
BUNDLE_CONTENT = "dev.sigstore.bundle.content"

_MAX_TAG = 128


class EvidenceKind(StrEnum):
    """What a piece of evidence is."""

    SIGNATURE = "signature"
    SBOM = "sbom"
    PROVENANCE = "provenance"
    OTHER = "other"
    """Something else: a scan report, a chart, a statement of another kind."""
    UNNAMED = "unnamed"
    """An attestation that does not say which; only its content would tell."""


_ARTIFACTS = {
    "application/vnd.dev.cosign.artifact.sig.v1+json": EvidenceKind.SIGNATURE,
    "application/vnd.dev.cosign.simplesigning.v1+json": EvidenceKind.SIGNATURE,
    "application/vnd.cncf.notary.signature": EvidenceKind.SIGNATURE,
    "application/vnd.dev.cosign.artifact.sbom.v1+json": EvidenceKind.SBOM,
    "application/spdx+json": EvidenceKind.SBOM,
    "text/spdx": EvidenceKind.SBOM,
    "text/spdx+json": EvidenceKind.SBOM,
    "text/spdx+xml": EvidenceKind.SBOM,
    "application/vnd.cyclonedx": EvidenceKind.SBOM,
    "application/vnd.cyclonedx+json": EvidenceKind.SBOM,
    "application/vnd.cyclonedx+xml": EvidenceKind.SBOM,
    "application/vnd.syft+json": EvidenceKind.SBOM,
    "application/vnd.goharbor.harbor.sbom.v1": EvidenceKind.SBOM,
}
_ENVELOPES = ("application/vnd.dev.sigstore.bundle", "application/vnd.in-toto+json", "application/vnd.dsse.envelope")
"""Beginnings of types that carry a statement of any kind: its predicate type decides."""
_PREDICATES = (
    ("https://sigstore.dev/cosign/sign/", EvidenceKind.SIGNATURE),
    ("https://slsa.dev/provenance/", EvidenceKind.PROVENANCE),
    ("https://spdx.dev/Document", EvidenceKind.SBOM),
    ("https://cyclonedx.org/bom", EvidenceKind.SBOM),
    ("https://syft.dev/bom", EvidenceKind.SBOM),
)


def kind_of_artifact(artifact_type: str, predicate_type: str = "", bundle_content: str = "") -> EvidenceKind:
    """Say what a referrer is.

    Args:
        artifact_type: its ``artifactType``.
        predicate_type: the predicate type that an annotation names; empty where none does. Registries without the
            referrers API lose it: cosign drops annotations from the index that it keeps itself.
        bundle_content: ``dev.sigstore.bundle.content``.
    """
    kind = artifact_type.partition(";")[0].strip().lower()
    known = _ARTIFACTS.get(kind)
    if known is not None:
        return known
    if not kind.startswith(_ENVELOPES):
        return EvidenceKind.OTHER
    if predicate_type:
        return kind_of_statement(predicate_type)
    return EvidenceKind.SIGNATURE if bundle_content == "message-signature" else EvidenceKind.UNNAMED


def kind_of_statement(predicate_type: str) -> EvidenceKind:
    """Say what an in-toto statement is; an empty type is ``UNNAMED``."""
    if not predicate_type:
        return EvidenceKind.UNNAMED
    return next((kind for start, kind in _PREDICATES if predicate_type.startswith(start)), EvidenceKind.OTHER)


def cosign_tag(digest: Digest, suffix: str) -> str | None:
    """Return cosign 2's tag for ``sig``, ``att`` or ``sbom``; ``None`` where it would be too long (sha512)."""
    tag = f"{digest.algorithm}-{digest.encoded}.{suffix}"
    return tag if len(tag) <= _MAX_TAG else None


def referrers_tag(digest: Digest) -> str:
    """Return the tag of the index that lists referrers where a registry has no API for it."""
    return f"{digest.algorithm[:32]}-{digest.encoded[:64]}"
