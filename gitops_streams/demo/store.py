"""What the embedded registry holds: blobs, manifests, tags and uploads of each repository, in memory.

Every method may be called from any thread. Content is filed under its digest, computed here.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_streams.demo.images import Image
from gitops_streams.oci.digest import Digest


@dataclass(frozen=True, slots=True)
class Manifest:
    """A stored manifest or index."""

    digest: Digest
    media_type: str
    content: bytes

    @property
    def document(self) -> Mapping[str, object]:
        """The manifest as JSON; empty where it is not a JSON object."""
        try:
            document = json.loads(self.content)
        except (ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}


@dataclass(slots=True)
class _Repository:
    blobs: dict[Digest, bytes] = field(default_factory=dict)
    manifests: dict[Digest, Manifest] = field(default_factory=dict)
    tags: dict[str, Digest] = field(default_factory=dict)
    uploads: dict[str, bytes] = field(default_factory=dict)


class Store:
    """The content of a registry."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._repositories: dict[str, _Repository] = {}

    def put_image(self, repository: str, tag: str | None, image: Image) -> Digest:
        """Store an image with its members and blobs, and point a tag at it."""
        with self._lock:
            for member in image.members:
                self.put_image(repository, None, member)
            for blob in image.blobs:
                self.put_blob(repository, blob)
            return self.put_manifest(repository, Manifest(image.digest, image.media_type, image.content), tag)

    def put_manifest(self, repository: str, manifest: Manifest, tag: str | None) -> Digest:
        """Store a manifest, and point a tag at it."""
        with self._lock:
            entry = self._repositories.setdefault(repository, _Repository())
            entry.manifests[manifest.digest] = manifest
            if tag is not None:
                entry.tags[tag] = manifest.digest
            return manifest.digest

    def put_blob(self, repository: str, content: bytes, algorithm: str = "sha256") -> Digest:
        """Store a blob."""
        digest = Digest.of(content, algorithm)
        with self._lock:
            self._repositories.setdefault(repository, _Repository()).blobs[digest] = content
        return digest

    def manifest(self, repository: str, reference: str | Digest) -> Manifest | None:
        """Return the manifest that a tag or a digest names."""
        with self._lock:
            entry = self._repositories.get(repository, _Repository())
            digest = reference if isinstance(reference, Digest) else entry.tags.get(reference)
            return None if digest is None else entry.manifests.get(digest)

    def blob(self, repository: str, digest: Digest) -> bytes | None:
        """Return a blob."""
        with self._lock:
            return self._repositories.get(repository, _Repository()).blobs.get(digest)

    def tags(self, repository: str) -> list[str] | None:
        """Return a repository's tags, case-insensitively sorted; ``None`` for a repository that never held content."""
        with self._lock:
            entry = self._repositories.get(repository)
            return None if entry is None else sorted(entry.tags, key=tag_order)

    def referrers(self, repository: str, subject: Digest) -> list[Manifest]:
        """Return the manifests whose ``subject`` is a digest, in the order of their own digests."""
        with self._lock:
            manifests = list(self._repositories.get(repository, _Repository()).manifests.values())
        found = [manifest for manifest in manifests if _subject(manifest) == str(subject)]
        return sorted(found, key=lambda manifest: str(manifest.digest))

    def remove_manifest(self, repository: str, reference: str | Digest) -> bool:
        """Remove a tag, or a manifest with every tag that points at it; return whether it was there."""
        with self._lock:
            entry = self._repositories.get(repository, _Repository())
            if isinstance(reference, str):
                return entry.tags.pop(reference, None) is not None
            if entry.manifests.pop(reference, None) is None:
                return False
            entry.tags = {tag: digest for tag, digest in entry.tags.items() if digest != reference}
            return True

    def remove_blob(self, repository: str, digest: Digest) -> bool:
        """Remove a blob; return whether it was there."""
        with self._lock:
            return self._repositories.get(repository, _Repository()).blobs.pop(digest, None) is not None

    def begin_upload(self, repository: str) -> str:
        """Begin an upload and return its name."""
        name = secrets.token_urlsafe(12)
        with self._lock:
            self._repositories.setdefault(repository, _Repository()).uploads[name] = b""
        return name

    def uploaded(self, repository: str, upload: str) -> int | None:
        """Return how many bytes an upload has received; ``None`` for an upload that was not begun or has ended."""
        with self._lock:
            content = self._repositories.get(repository, _Repository()).uploads.get(upload)
            return None if content is None else len(content)

    def extend_upload(self, repository: str, upload: str, chunk: bytes) -> int:
        """Add a chunk to an upload and return the bytes received so far.

        Raises:
            KeyError: the upload was not begun, or has ended.
        """
        with self._lock:
            uploads = self._repositories[repository].uploads
            uploads[upload] += chunk
            return len(uploads[upload])

    def end_upload(self, repository: str, upload: str) -> bytes | None:
        """End an upload and return what it received; ``None`` as for ``uploaded``."""
        with self._lock:
            return self._repositories.get(repository, _Repository()).uploads.pop(upload, None)


def tag_order(tag: str) -> tuple[str, str]:
    """Order tags as the specification asks: alphanumerically, upper and lower case alike."""
    return tag.lower(), tag


def _subject(manifest: Manifest) -> object:
    subject = manifest.document.get("subject")
    return subject.get("digest") if isinstance(subject, dict) else None
