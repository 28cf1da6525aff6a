"""Small declarations and documents to bind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.streams import status
from gitops_streams.streams.model import StreamKey

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def stream() -> Callable[..., str]:
    """Declare a stream; ``tags`` are names with their sources, ``alias:x`` for another tag of the stream."""

    def declare(name: str, namespace: str | None = None, paths: str = "", **tags: str) -> str:
        entries = []
        for tag, source in tags.items():
            alias = source.removeprefix("alias:")
            kind = "DockerImage" if alias == source else "ImageStreamTag"
            entries.append({"name": tag, "from": {"kind": kind, "name": alias}})
        metadata = {"name": name, "annotations": {"gitops-streams.io/paths": paths} if paths else {}}
        if namespace is not None:
            metadata["namespace"] = namespace
        document = {"apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": metadata}
        return json.dumps({**document, "spec": {"tags": entries}}) + "\n"

    return declare


@pytest.fixture(scope="session")
def pod() -> Callable[..., str]:
    """Write a document with one image, and whatever stands behind it on its line."""

    def write(image: str, behind: str = "", namespace: str | None = None) -> str:
        metadata = f"metadata: {{namespace: {namespace}}}\n" if namespace else ""
        return f"kind: Pod\n{metadata}image: {image}{behind}\n"

    return write


@pytest.fixture(scope="session")
def lock() -> Callable[..., dict[str, str]]:
    """Write a status file: a stream's tags with the digests that they resolved to, newest first."""

    def write(
        name: str, namespace: str | None = None, repository: str = "quay.io/acme/web", **tags: list[str]
    ) -> dict[str, str]:
        key = StreamKey(namespace, name)
        items = {
            tag: tuple(
                status.Item(Reference.parse(f"{repository}@{digest}"), Digest.parse(digest), tag, "0" * 16)
                for digest in digests
            )
            for tag, digests in tags.items()
        }
        return {status.path_of(key): status.render(status.StreamStatus(key, items))}

    return write
