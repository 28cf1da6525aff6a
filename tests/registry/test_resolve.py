"""HEAD first, and the exact rules for what happens otherwise."""

from __future__ import annotations

import json

import pytest

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.resolution import Cause, Method, Resolved, Unresolvable
from gitops_streams.registry import VerifyDigest

INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
OTHER = "sha256:" + "0" * 64


def test_one_head_and_nothing_else(fault, make_client, image_digest):
    fault.answer = lambda _: fault.manifest()
    client = make_client()
    assert client.resolve(fault.question()) == Resolved(image_digest, MANIFEST, fault.host, Method.HEAD)
    assert [(seen.method, seen.target) for seen in fault.seen] == [("HEAD", "/v2/acme/web/manifests/1.4")]
    assert client.requests == 1
    accept = fault.seen[0].headers["accept"]
    assert accept.startswith(f"{INDEX}, {DOCKER_LIST}, {MANIFEST}, ")
    assert "if-none-match" not in fault.seen[0].headers


def test_parameters_of_the_content_type_are_ignored(fault, make_client, image_digest):
    fault.answer = lambda _: fault.manifest(kind=f"{MANIFEST}; charset=utf-8")
    assert make_client().resolve(fault.question()).digest == image_digest


@pytest.mark.parametrize("status", [400, 404, 405])
def test_a_head_that_is_not_understood_is_asked_again_as_get(fault, make_client, image_digest, status):
    fault.answer = lambda seen: fault.Reply(status) if seen.method == "HEAD" else fault.manifest()
    assert make_client().resolve(fault.question()) == Resolved(image_digest, MANIFEST, fault.host, Method.GET)
    assert [seen.method for seen in fault.seen] == ["HEAD", "GET"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Docker_Content_Digest": ""},
        {"Docker_Content_Digest": "sha256:abc"},
        {"Content_Type": ""},
        {"Content_Type": "text/html"},
        {"Content_Type": "application/json"},
    ],
)
def test_a_head_without_a_usable_digest_and_type_is_asked_again_as_get(fault, make_client, image_digest, headers):
    fault.answer = lambda seen: fault.manifest(**headers) if seen.method == "HEAD" else fault.manifest()
    assert make_client().resolve(fault.question()).digest == image_digest
    assert [seen.method for seen in fault.seen] == ["HEAD", "GET"]


@pytest.mark.parametrize(
    ("status", "cause"),
    [(401, Cause.AUTHENTICATION), (403, Cause.DENIED), (429, Cause.RATE_LIMITED), (500, Cause.UNAVAILABLE)],
)
def test_no_get_where_the_registry_said_no(fault, make_client, status, cause):
    fault.answer = lambda seen: fault.Reply(status) if seen.path != "/v2/" else fault.Reply(200)
    answer = make_client().resolve(fault.question())
    assert isinstance(answer, Unresolvable)
    assert answer.cause is cause
    assert fault.host in answer.reason
    assert str(status) in answer.reason
    assert "anonymous" in answer.reason or status == 401
    assert all(seen.method == "HEAD" or seen.path == "/v2/" for seen in fault.seen)


def test_not_found(fault, make_client):
    words = json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest\x1b[31m unknown\n" + "x" * 999}]})
    fault.answer = lambda _: fault.Reply(404, {"Content-Type": "application/json"}, words.encode())
    answer = make_client().resolve(fault.question())
    assert answer.cause is Cause.NOT_FOUND
    assert answer.reason.startswith(f"{fault.host}: 404 Not Found for acme/web:1.4, MANIFEST_UNKNOWN: manifest [31m")
    assert answer.reason.isprintable()
    assert len(answer.reason) < 300


def test_html_with_200(fault, make_client):
    fault.answer = lambda _: fault.Reply(200, {"Content-Type": "text/html"}, b"<html>log in</html>")
    answer = make_client().resolve(fault.question())
    assert answer.cause is Cause.BAD_ANSWER
    assert "no manifest (text/html)" in answer.reason


def test_a_get_whose_digest_is_a_lie(fault, make_client, image_digest):
    def lie(seen):
        return fault.Reply(405) if seen.method == "HEAD" else fault.manifest(Docker_Content_Digest=OTHER)

    fault.answer = lie
    answer = make_client().resolve(fault.question())
    assert answer.cause is Cause.DIGEST_MISMATCH
    assert OTHER in answer.reason
    assert str(image_digest) in answer.reason
    assert make_client(verify_digest=VerifyDigest.LENIENT).resolve(fault.question()).digest == image_digest


def test_sha512_is_checked_with_sha512(fault, make_client, image_digest):
    body = fault.manifest().body
    right = str(Digest.of(body, "sha512"))
    fault.answer = lambda seen: (
        fault.Reply(405) if seen.method == "HEAD" else fault.manifest(Docker_Content_Digest=right)
    )
    assert str(make_client().resolve(fault.question()).digest) == right


def test_media_types_must_agree(fault, make_client):
    fault.answer = lambda seen: fault.Reply(405) if seen.method == "HEAD" else fault.manifest(Content_Type=DOCKER_LIST)
    answer = make_client().resolve(fault.question())
    assert answer.cause is Cause.BAD_ANSWER
    assert MANIFEST in answer.reason


@pytest.mark.parametrize("kind", ["", "application/json", "text/plain", "binary/octet-stream"])
def test_a_static_registry_without_types(fault, make_client, image_digest, kind):
    fault.answer = lambda _: fault.manifest(Content_Type=kind, Docker_Content_Digest="")
    assert make_client().resolve(fault.question()) == Resolved(image_digest, MANIFEST, fault.host, Method.GET)


def test_an_untyped_index_is_known_by_its_shape(fault, make_client):
    body = json.dumps({"schemaVersion": 2, "manifests": []}).encode()
    fault.answer = lambda _: fault.manifest(body, kind="application/json", Docker_Content_Digest="")
    assert make_client().resolve(fault.question()).media_type == INDEX


def test_schema_1_is_refused_without_a_get(fault, make_client):
    fault.answer = lambda _: fault.manifest(kind=SCHEMA1)
    answer = make_client().resolve(fault.question())
    assert answer.cause is Cause.UNSUPPORTED
    assert "schema 1" in answer.reason
    assert fault.count() == 1


def test_an_unknown_type_is_unsupported(fault, make_client):
    fault.answer = lambda _: fault.manifest(kind="application/vnd.acme+json")
    assert make_client().resolve(fault.question()).cause is Cause.UNSUPPORTED


def test_a_compressed_manifest_is_refused(fault, make_client):
    fault.answer = lambda seen: fault.Reply(405) if seen.method == "HEAD" else fault.manifest(Content_Encoding="gzip")
    answer = make_client().resolve(fault.question())
    assert answer.cause is Cause.BAD_ANSWER
    assert "compressed" in answer.reason


def _index(*platforms: tuple[str, str], kind: str = MANIFEST) -> bytes:
    entries = [
        {
            "mediaType": kind,
            "size": 2,
            "digest": f"sha256:{number:064x}",
            "platform": {"os": os, "architecture": architecture},
        }
        for number, (os, architecture) in enumerate(platforms)
    ]
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()


ARM, AMD, S390 = (Platform("linux", name) for name in ("arm64", "amd64", "s390x"))


def test_platforms_of_an_index_share_one_head_and_one_get(fault, make_client):
    body = _index(("unknown", "unknown"), ("linux", "amd64"), ("linux", "arm64"))
    fault.answer = lambda _: fault.manifest(body, kind=INDEX)
    client = make_client()
    questions = [fault.question(platform=platform) for platform in (None, AMD, ARM, S390)]
    whole, amd, arm, s390 = client.resolve_all(questions).values()
    assert str(whole.digest) == str(Digest.of(body))
    assert (whole.method, arm.method) == (Method.HEAD, Method.GET)
    assert amd.digest.encoded.endswith("1")
    assert arm.digest.encoded.endswith("2")
    assert s390.cause is Cause.NOT_FOUND
    assert "linux/amd64, linux/arm64" in s390.reason
    assert [(seen.method, seen.path.rpartition("/")[2]) for seen in fault.seen] == [
        ("HEAD", "1.4"),
        ("GET", str(Digest.of(body))),
    ]
    # What a digest names never changes: only the tag is asked again.
    client.resolve(questions[1])
    assert [seen.method for seen in fault.seen] == ["HEAD", "GET", "HEAD"]


def test_an_index_by_digest_must_have_it_even_when_lenient(fault, make_client):
    body = _index(("linux", "amd64"))
    fault.answer = lambda _: fault.manifest(body, kind=INDEX, Docker_Content_Digest=OTHER)
    client = make_client(verify_digest=VerifyDigest.LENIENT)
    assert client.resolve(fault.question(platform=AMD)).cause is Cause.DIGEST_MISMATCH


def test_a_platform_of_a_single_manifest_is_that_manifest(fault, make_client, image_digest):
    fault.answer = lambda _: fault.manifest()
    assert make_client().resolve(fault.question(platform=ARM)).digest == image_digest
    assert fault.count() == 1


@pytest.mark.parametrize(
    "body", [b"{", b'{"manifests": [1]}', b'{"manifests": 1, "mediaType": "' + INDEX.encode() + b'"}']
)
def test_a_broken_index(fault, make_client, body):
    fault.answer = lambda _: fault.manifest(body, kind=INDEX)
    assert make_client().resolve(fault.question(platform=AMD)).cause is Cause.BAD_ANSWER


def test_an_index_within_an_index(fault, make_client):
    fault.answer = lambda _: fault.manifest(_index(("linux", "amd64"), kind=INDEX), kind=INDEX)
    assert make_client().resolve(fault.question(platform=AMD)).cause is Cause.UNSUPPORTED


def test_no_get_when_the_quota_is_nearly_spent(fault, make_client):
    body = _index(("linux", "amd64"))
    fault.answer = lambda _: fault.manifest(
        body,
        kind=INDEX,
        RateLimit_Limit="100;w=21600",
        RateLimit_Remaining="4;w=21600",
        Docker_RateLimit_Source="192.0.2.1",
    )
    client = make_client()
    answer = client.resolve(fault.question(platform=AMD))
    assert answer.cause is Cause.RATE_LIMITED
    assert "only 4 are left" in answer.reason
    limit = client.rate_limit(fault.host)
    assert (limit.limit, limit.remaining, limit.window, limit.source) == (100, 4, 21600, "192.0.2.1")
    assert [seen.method for seen in fault.seen] == ["HEAD"]
    assert isinstance(make_client(rate_limit_reserve=4).resolve(fault.question(platform=AMD)), Resolved)
