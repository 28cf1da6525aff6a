"""Find the ImageStreams of a repository's files and read them, with OpenShift's own words for what is wrong.

A stream may stand alone, in a multi-document file, in a ``List`` or among the objects of an
OpenShift ``Template``; YAML or JSON. ``status`` and ``generation`` are the server's and ignored.

Source: openshift/openshift-apiserver ``pkg/image/apis/image/validation/validation.go``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitops_streams.streams.declaration import read_stream
from gitops_streams.streams.fields import quoted
from gitops_streams.streams.model import Catalog, ImageStream, InvalidTag, StreamKey, StreamTag
from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.objects import Object, objects
from gitops_streams.yamledit.problem import Problem, Severity

SCREEN = "ImageStream"
"""A file that declares a stream contains this text."""

API_VERSIONS = frozenset({"image.openshift.io/v1", "v1"})
_PLACES = 5
"""Places named in one message."""


def load(files: Iterable[tuple[str, Located]]) -> Catalog:
    """Read every stream that ``files`` (path, content) declare.

    Two streams of one name are both left out: which of them is meant would be a guess.
    """
    streams: dict[StreamKey, list[ImageStream]] = {}
    problems: list[Problem] = []
    for path, located in files:
        for document in located.documents:
            for found in objects(document.root):
                if not is_image_stream(found):
                    problems += _other(path, found)
                    continue
                read = read_stream(path, found.mapping)
                if isinstance(read, Problem):
                    problems.append(read)
                else:
                    stream, noticed = read
                    streams.setdefault(stream.key, []).append(stream)
                    problems += noticed
    usable: list[ImageStream] = []
    for key, same in streams.items():
        if len(same) == 1:
            usable += same
        else:
            same.sort(key=lambda stream: (stream.file, stream.line))
            problems += _duplicates(key, same)
            usable.append(_unusable(key, same))
    usable.sort(key=lambda stream: (stream.key.namespace or "", stream.key.name))
    problems.sort(key=lambda problem: (problem.file, problem.line or 0, problem.reason))
    return Catalog(tuple(usable), tuple(problems))


def is_image_stream(found: Object) -> bool:
    """Whether an object is an ImageStream of an API version that OpenShift ever served."""
    return found.kind == "ImageStream" and found.api_version in API_VERSIONS


def _other(path: str, found: Object) -> Iterator[Problem]:
    """Notice an ImageStream that says it is of some other API: a slip, more likely than another resource."""
    if found.kind == "ImageStream":
        version = f"apiVersion {quoted(found.api_version)}" if found.api_version else "no apiVersion"
        reason = f"an ImageStream with {version} is not read; write image.openshift.io/v1"
        yield Problem(path, found.mapping.line, reason)


def _duplicates(key: StreamKey, same: list[ImageStream]) -> Iterator[Problem]:
    places = ", ".join(f"{stream.file}:{stream.line}" for stream in same[:_PLACES])
    places += ", …" if len(same) > _PLACES else ""
    for stream in same:
        yield Problem(
            stream.file,
            stream.line,
            f"{len(same)} image streams are named {key} ({places}): none of them is followed;"
            " give them different namespaces, or exclude one in the config",
            Severity.ERROR,
        )


def _unusable(key: StreamKey, same: list[ImageStream]) -> ImageStream:
    """One stream without usable tags stands for all of that name, so that their tags are reported as failed."""
    reason = f"{len(same)} image streams are named {key}"
    names: dict[str, InvalidTag] = {}
    for stream in same:
        declared: list[StreamTag | InvalidTag] = [*stream.tags, *stream.invalid]
        for tag in declared:
            names.setdefault(tag.key.tag, InvalidTag(tag.key, tag.file, tag.line, reason))
    return ImageStream(key, same[0].file, same[0].line, (), tuple(names.values()))
