"""What people type for stream tags and sources, as ``oc tag`` reads it."""

from __future__ import annotations

import pytest

from gitops_streams.errors import DeclarationRefused, UsageError
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.streams.history import EMPTY, History, Item, StreamStatus
from gitops_streams.streams.model import DockerImage, ImageAlias, StreamKey, TagAlias, TagKey
from gitops_streams.streams.names import TypedName, TypedStream, existing, meant, parse_name, parse_stream
from gitops_streams.streams.tag_source import SourceKind, TypedImage, kind_of, read_source, source_of

DIGEST = Digest.of(b"new")
OLD = Digest.of(b"old")
STREAM = """\
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{tags: [{{name: "1.4", from: {{kind: DockerImage, name: "quay.io/acme/web:1.4"}}}}, {{name: bad, from: {{}}}}]}}
"""


@pytest.fixture
def catalog(read):
    return read({
        "a.yaml": STREAM.format(name="web", namespace="acme"),
        "b.yaml": STREAM.format(name="api", namespace="acme"),
        "c.yaml": STREAM.format(name="api", namespace="other"),
        "d.yaml": STREAM.format(name="bare", namespace=""),
    })  # fmt: skip


@pytest.fixture
def history():
    def item(digest):
        return Item(Reference.parse(f"quay.io/acme/web@{digest}"), digest, "1.4", "0" * 16)

    key = StreamKey("acme", "web")
    return History({key: StreamStatus(key, {"1.4": (item(DIGEST), item(OLD))})})


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("quay.io/acme/web:1.4", SourceKind.DOCKER),
        ("localhost/web", SourceKind.DOCKER),
        ("localhost:5000/web:1@sha256:00", SourceKind.DOCKER),
        ("docker.io/library/nginx", SourceKind.DOCKER),
        ("acme/web:1.4", SourceKind.TAG),
        ("web:1.4", SourceKind.TAG),
        ("acme/web@sha256:00", SourceKind.IMAGE),
        ("web@00ff", SourceKind.IMAGE),
        ("openshift/ruby", SourceKind.DOCKER),
        ("nginx", SourceKind.DOCKER),
    ],
)
def test_the_kind_of_a_source_is_inferred_as_oc_does(text, kind):
    assert kind_of(text) is kind


def test_sources_are_read():
    assert read_source("docker://quay.io/acme/web:1.4") == DockerImage(Reference.parse("quay.io/acme/web:1.4"))
    assert read_source("nginx:1.25", "docker") == DockerImage(Reference.parse("nginx:1.25"))
    assert read_source("acme/web:1.4") == TypedName("acme", "web", "1.4")
    assert read_source("web:1.4", "IsTag") == TypedName(None, "web", "1.4")
    assert read_source("acme/web@00ff", "isimage") == TypedImage(TypedStream("acme", "web"), "00ff")


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("web:1.4", "image", 'invalid source "image"; valid values are docker, dockerimage, imagestreamimage,'),
        ("quay.io/acme/web:1.4", "istag", "server in SOURCE is only allowed when providing a container image"),
        ("quay.io/acme/web@sha256:00", "isimage", "server in SOURCE is only allowed when providing a container image"),
        ("web", "istag", "--source=ImageStreamTag requires a valid <name>:<tag> in SOURCE"),
        ("web:1.4", "isimage", "--source=ImageStreamImage requires a valid <name>@<id> in SOURCE"),
        ("QUAY.io/Acme/web:1", None, "invalid SOURCE: "),
        ("a/b/c:1", None, 'invalid image stream "a/b/c"'),
        ("web:", "istag", "must be of the form <stream_name>:<tag>"),
        ("", None, "invalid SOURCE: "),
    ],
)
def test_what_is_no_source(text, kind, reason):
    with pytest.raises(UsageError, match=reason.replace("[", r"\[")):
        read_source(text, kind)


def test_a_stream_tag_is_frozen_to_its_image_unless_it_is_an_alias(catalog, history):
    typed = read_source("web:1.4")
    key = TagKey(StreamKey("acme", "web"), "1.4")
    assert source_of(typed, catalog, history, alias=True) == TagAlias(key)
    assert source_of(typed, catalog, history, alias=False) == ImageAlias(key.stream, str(DIGEST))
    image = read_source(f"web@{OLD.encoded[:12]}")
    assert source_of(image, catalog, history, alias=False) == ImageAlias(key.stream, str(OLD))
    docker = read_source("quay.io/x/y")
    assert source_of(docker, catalog, EMPTY, alias=False) == docker


@pytest.mark.parametrize(
    ("text", "reason", "hint"),
    [
        ("nginx:1.25", 'imagestreams "nginx" not found', "--source docker if an image of Docker Hub is meant"),
        ("nginx@00", 'imagestreams "nginx" not found', "--source docker"),
        ("web:2", 'imagestreamtags "acme/web:2" not found', "a.yaml:1 declares 1.4, bad"),
        ("api:1.4", "api may mean acme/api, other/api", "name the namespace"),
        ("acme/api:1.4", "is not currently pointing to an image", "reconcile --all"),
        ("web@sha256:", 'multiple images match the prefix "sha256:"', "status -o json"),
        ("web@0000000000", 'imagestreamimage "0000000000" not found', "status -o json"),
    ],
)
def test_what_a_source_cannot_mean(catalog, history, text, reason, hint):
    with pytest.raises((DeclarationRefused, UsageError)) as raised:
        source_of(read_source(text) if "sha256:" not in text else TypedImage(TypedStream(None, "web"), "sha256:"),
                  catalog, history, alias=False)  # fmt: skip
    assert reason in raised.value.message
    assert hint in (raised.value.hint or "")


def test_a_name_means_the_one_stream_that_has_it(catalog):
    assert meant(catalog, parse_stream("web")) == StreamKey("acme", "web")
    assert meant(catalog, parse_stream("other/api")) == StreamKey("other", "api")
    assert meant(catalog, parse_stream("bare")) == StreamKey(None, "bare")
    assert meant(catalog, parse_stream("acme/bare")) is None
    assert existing(catalog, parse_name("web:bad")) == TagKey(StreamKey("acme", "web"), "bad")
    assert str(parse_name("acme/web:1")) == "acme/web:1"
    with pytest.raises(DeclarationRefused) as raised:
        existing(catalog, parse_name("third/api:1"))
    assert raised.value.hint == "declared: acme/api, other/api"


@pytest.mark.parametrize(
    "text", ["web", "web:", ":1", "a/b/c:1", "/web:1", "Web:1", "web:1/2", "a b:1", "acme/:1", "web@1:"]
)
def test_what_is_no_name(text):
    with pytest.raises(UsageError):
        parse_name(text)
