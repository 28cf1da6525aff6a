"""Which documents and objects are never edited: declarations, schemas, what SOPS has encrypted."""

from __future__ import annotations

from gitops_streams.yamledit.nodes import Mapping, Node
from gitops_streams.yamledit.objects import Object

_LEFT_ALONE = {
    "CustomResourceDefinition": "a CustomResourceDefinition's schema is no manifest",
    "ImageStream": "an ImageStream is a declaration",
    "ImageStreamTag": "an ImageStreamTag is a declaration",
    "ImageStreamImage": "an ImageStreamImage is a declaration",
    "ImageStreamImport": "an ImageStreamImport is a declaration",
    "ImageStreamMapping": "an ImageStreamMapping is a declaration",
    "ImageRepository": "an ImageRepository is Flux's declaration",
    "ImagePolicy": "an ImagePolicy is Flux's declaration",
    "ImageUpdater": "an ImageUpdater is Argo CD Image Updater's declaration",
}
_DECLARATIONS = frozenset(_LEFT_ALONE) - {"CustomResourceDefinition"}


def encrypted(root: Node | None) -> str | None:
    """Say why a document or an object is left alone that SOPS encrypted, if it did."""
    sops = root.get("sops") if isinstance(root, Mapping) else None
    if isinstance(sops, Mapping) and (sops.entry("mac") or sops.entry("lastmodified")):
        return "the document is encrypted with SOPS; an edit would break its checksum"
    return None


def why(found: Object) -> str | None:
    """Say why an object is left alone, if it is."""
    return encrypted(found.mapping) or _LEFT_ALONE.get(found.kind)


def is_declaration(found: Object) -> bool:
    """Whether the references of an object are nobody's concern: they declare what the others are pinned to."""
    return found.kind in _DECLARATIONS
