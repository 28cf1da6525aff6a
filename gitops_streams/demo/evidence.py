"""What is kept about an image beside it, as the usual tools leave it in a registry. None of it is truly signed.

Sources: cosign ``specs/SIGNATURE_SPEC.md`` and ``specs/BUNDLE_SPEC.md``; notation's ``signature-specification.md``.
``Registry.push`` takes what is built here: referrers without a tag; cosign 2's signatures and attestations under
``oci.evidence.cosign_tag``; for registries without the referrers API an index of them under
``oci.evidence.referrers_tag``.
"""

from __future__ import annotations

import base64
import json

from gitops_streams.demo.images import EMPTY, EMPTY_TYPE, IN_TOTO, PROVENANCE, STATEMENT_TYPE, Image
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.media_types import OCI_MANIFEST

BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIGN = "https://sigstore.dev/cosign/sign/v1"
_SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
_ENVELOPE = "application/vnd.dsse.envelope.v1+json"
_NOTATION = "application/vnd.cncf.notary.signature"
_NO_SIGNATURE = base64.b64encode(b"not a signature").decode()


def bundle(subject: Image, predicate: str = SIGN) -> Image:
    """Build cosign 3's referrer: a Sigstore bundle that says something of an image, by default that it is signed."""
    payload = base64.b64encode(_statement(subject, predicate)).decode()
    envelope = {"payloadType": STATEMENT_TYPE, "payload": payload, "signatures": [{"sig": _NO_SIGNATURE}]}
    document = json.dumps({"mediaType": BUNDLE_TYPE, "dsseEnvelope": envelope}).encode()
    annotations = {"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": predicate}
    return Image.artifact(BUNDLE_TYPE, document, subject=subject, annotations=annotations)


def notation_signature(subject: Image) -> Image:
    """Build notation's referrer."""
    return Image.artifact(_NOTATION, b'{"payload": "", "signature": ""}', subject=subject)


def sbom(subject: Image) -> Image:
    """Build a referrer that is an SPDX document."""
    return Image.artifact("application/spdx+json", b'{"spdxVersion": "SPDX-2.3"}', subject=subject)


def cosign_signature(subject: Image) -> Image:
    """Build what cosign 2 keeps under the tag ``sha256-….sig``."""
    critical = {
        "identity": {"docker-reference": ""},
        "image": {"docker-manifest-digest": str(subject.digest)},
        "type": "cosign container image signature",
    }
    payload = json.dumps({"critical": critical, "optional": None}).encode()
    return _tagged(_SIMPLE_SIGNING, payload, {"dev.cosignproject.cosign/signature": _NO_SIGNATURE})


def cosign_attestation(subject: Image, predicate: str = PROVENANCE) -> Image:
    """Build what cosign 2 keeps under the tag ``sha256-….att``: one statement."""
    payload = base64.b64encode(_statement(subject, predicate)).decode()
    envelope = {"payloadType": STATEMENT_TYPE, "payload": payload, "signatures": [{"sig": _NO_SIGNATURE}]}
    return _tagged(_ENVELOPE, json.dumps(envelope).encode(), {"predicateType": predicate})


def _tagged(layer_type: str, payload: bytes, annotations: dict[str, str]) -> Image:
    layer = {
        "mediaType": layer_type,
        "digest": str(Digest.of(payload)),
        "size": len(payload),
        "annotations": annotations,
    }
    config = {"mediaType": EMPTY_TYPE, "digest": str(Digest.of(EMPTY)), "size": len(EMPTY)}
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [layer]}
    return Image(OCI_MANIFEST, json.dumps(document, indent=2).encode(), blobs=(EMPTY, payload))


def _statement(subject: Image, predicate: str) -> bytes:
    named = {"name": "image", "digest": {subject.digest.algorithm: subject.digest.encoded}}
    document = {
        "_type": IN_TOTO,
        "subject": [named],
        "predicateType": predicate,
        "predicate": {},
    }
    return json.dumps(document).encode()
