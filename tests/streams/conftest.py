"""What the tests of streams share: declarations read from text, as a repository would hold them."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import indent

import pytest

from gitops_streams.streams.load import load
from gitops_streams.streams.model import Catalog, StreamKey, TagKey
from gitops_streams.yamledit.locate import Located, locate

HEAD = """\
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: web
  namespace: acme
spec:
  tags:
"""


def _read(files: dict[str, str]) -> Catalog:
    located = []
    for path, text in files.items():
        found = locate(text)
        assert isinstance(found, Located), (path, found)
        located.append((path, found))
    return load(located)


@pytest.fixture
def read() -> Callable[..., Catalog]:
    """Read the streams of a repository: ``read(text)`` for one file, ``read(files)`` for several by path."""
    return lambda files: _read({"streams.yaml": files} if isinstance(files, str) else files)


@pytest.fixture
def declare() -> Callable[[str], Catalog]:
    """Read the stream ``acme/web`` with the given entries of ``spec.tags``; they start on line 8."""
    return lambda tags: _read({"streams.yaml": HEAD + indent(tags, "    ")})


@pytest.fixture
def key() -> Callable[[str], TagKey]:
    """Read ``[namespace/]stream:tag``."""

    def parse(text: str) -> TagKey:
        stream, _, tag = text.rpartition(":")
        namespace, _, name = stream.rpartition("/")
        return TagKey(StreamKey(namespace or None, name), tag)

    return parse
