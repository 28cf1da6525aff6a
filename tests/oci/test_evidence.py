"""Which types of content are evidence, and under which tags it is kept."""

from __future__ import annotations

import pytest

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.evidence import (
    EvidenceKind,
    cosign_tag,
    kind_of_artifact,
    kind_of_statement,
    referrers_tag,
)
from gitops_streams.oci.reference import TAG

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIGNATURE, SBOM, PROVENANCE = EvidenceKind.SIGNATURE, EvidenceKind.SBOM, EvidenceKind.PROVENANCE


@pytest.mark.parametrize(
    ("artifact", "predicate", "content", "kind"),
    [
        ("application/vnd.cncf.notary.signature", "", "", SIGNATURE),
        ("application/vnd.dev.cosign.artifact.sig.v1+json", "", "", SIGNATURE),
        ("application/spdx+json", "", "", SBOM),
        ("Application/SPDX+JSON; charset=utf-8", "", "", SBOM),
        ("application/vnd.cyclonedx+json", "", "", SBOM),
        ("application/vnd.goharbor.harbor.sbom.v1", "", "", SBOM),
        (BUNDLE, "https://sigstore.dev/cosign/sign/v1", "dsse-envelope", SIGNATURE),
        (BUNDLE, "https://slsa.dev/provenance/v1", "dsse-envelope", PROVENANCE),
        (BUNDLE, "https://spdx.dev/Document/v2.3", "", SBOM),
        (BUNDLE, "https://cyclonedx.org/bom", "", SBOM),
        (BUNDLE, "https://cosign.sigstore.dev/attestation/vuln/v1", "", EvidenceKind.OTHER),
        (BUNDLE, "", "message-signature", SIGNATURE),
        (BUNDLE, "", "dsse-envelope", EvidenceKind.UNNAMED),
        ("application/vnd.dev.sigstore.bundle+json;version=0.2", "", "", EvidenceKind.UNNAMED),
        ("application/vnd.in-toto+json", "https://slsa.dev/provenance/v0.2", "", PROVENANCE),
        ("application/vnd.oci.image.config.v1+json", "", "", EvidenceKind.OTHER),
        ("application/vnd.cncf.helm.config.v1+json", "https://slsa.dev/provenance/v1", "", EvidenceKind.OTHER),
        ("", "", "", EvidenceKind.OTHER),
    ],
)
def test_kinds(artifact: str, predicate: str, content: str, kind: EvidenceKind) -> None:
    assert kind_of_artifact(artifact, predicate, content) is kind


def test_statements() -> None:
    assert kind_of_statement("") is EvidenceKind.UNNAMED
    assert kind_of_statement("https://slsa.dev/provenance/v1") is PROVENANCE
    assert kind_of_statement("https://slsa.dev/verification_summary/v1") is EvidenceKind.OTHER


def test_tags() -> None:
    digest = Digest.of(b"x")
    assert cosign_tag(digest, "sig") == f"sha256-{digest.encoded}.sig"
    assert referrers_tag(digest) == f"sha256-{digest.encoded}"
    long = Digest.of(b"x", "sha512")
    assert cosign_tag(long, "sig") is None
    assert referrers_tag(long) == f"sha512-{long.encoded[:64]}"
    assert all(TAG.fullmatch(referrers_tag(each)) for each in (digest, long))
