from __future__ import annotations

import base64
import contextlib
import http.client
import json
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest
import trustme

from gitops_streams.demo.access import Basic, Bearer
from gitops_streams.demo.exchange import Hangup, Request, Response, Stall
from gitops_streams.demo.images import AMD64, ARM64, Flavour, Image
from gitops_streams.demo.registry import Registry
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.media_types import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WEB = Image.build("web", "1.4")
PLATFORMS = [AMD64, ARM64]
NAMES = [f"v{number}" for number in range(7)]


@pytest.fixture
def client(registry: Registry) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=registry.url, timeout=10) as client:
        yield client


def code(response: httpx.Response) -> str:
    return str(response.json()["errors"][0]["code"])


# Pull


def test_a_tag_and_its_digest_serve_the_same_manifest(registry: Registry, client: httpx.Client) -> None:
    digest = registry.push("acme/web", "1.4", WEB)
    assert digest == WEB.digest
    for reference in ("1.4", str(digest)):
        head = client.head(f"/v2/acme/web/manifests/{reference}")
        get = client.get(f"/v2/acme/web/manifests/{reference}")
        assert head.status_code == get.status_code == 200
        assert get.content == WEB.content
        assert head.content == b""
        for response in (head, get):
            assert response.headers["Docker-Content-Digest"] == str(digest)
            assert response.headers["Content-Type"] == OCI_MANIFEST
            assert response.headers["Content-Length"] == str(len(WEB.content))


def test_what_is_not_there_is_named(registry: Registry, client: httpx.Client) -> None:
    registry.push("acme/web", "1.4", WEB)
    missing = client.get("/v2/acme/web/manifests/1.5")
    assert (missing.status_code, code(missing)) == (404, "MANIFEST_UNKNOWN")
    assert code(client.get("/v2/acme/nothing/tags/list")) == "NAME_UNKNOWN"
    assert code(client.get(f"/v2/acme/web/blobs/{Digest.of(b'x')}")) == "BLOB_UNKNOWN"
    assert code(client.get("/v2/acme/web/manifests/sha256:123")) == "DIGEST_INVALID"
    assert code(client.get("/v2/acme/web/manifests/-x")) == "TAG_INVALID"
    assert code(client.get("/v2/Acme/web/manifests/1.4")) == "NAME_INVALID"
    assert client.post("/v2/acme/web/manifests/1.4").status_code == 405
    assert client.get("/elsewhere").status_code == 404


@pytest.mark.parametrize(
    ("accept", "status"),
    [(None, 200), ("*/*", 200), (f"{OCI_INDEX}, {OCI_MANIFEST};q=0.5", 200), (DOCKER_MANIFEST, 404), (OCI_INDEX, 404)],
)
def test_the_accept_header_decides(registry: Registry, accept: str | None, status: int) -> None:
    registry.push("acme/web", "1.4", WEB)
    connection = http.client.HTTPConnection(registry.host)
    with contextlib.closing(connection):
        connection.request("HEAD", "/v2/acme/web/manifests/1.4", headers={"Accept": accept} if accept else {})
        assert connection.getresponse().status == status


# Push


def test_blobs_arrive_by_every_way(registry: Registry, client: httpx.Client) -> None:
    location = client.post("/v2/acme/web/blobs/uploads/").headers["Location"]
    whole = client.put(location, params={"digest": str(Digest.of(b"whole"))}, content=b"whole")
    assert whole.status_code == 201
    single = client.post("/v2/acme/web/blobs/uploads/", params={"digest": str(Digest.of(b"one"))}, content=b"one")
    assert single.status_code == 201
    begun = client.post("/v2/acme/web/blobs/uploads/")
    assert begun.status_code == 202
    location = begun.headers["Location"]
    first = client.patch(location, content=iter([b"in ", b"chunks "]))  # Transfer-Encoding: chunked
    assert (first.status_code, first.headers["Range"]) == (202, "0-9")
    assert client.patch(location, content=b"x", headers={"Content-Range": "3-3"}).status_code == 416
    second = client.patch(location, content=b"and ", headers={"Content-Range": "10-13"})
    assert second.headers["Range"] == "0-13"
    assert client.get(location).headers["Range"] == "0-13"
    digest = Digest.of(b"in chunks and an end")
    done = client.put(location, params={"digest": str(digest)}, content=b"an end")
    assert (done.status_code, done.headers["Docker-Content-Digest"]) == (201, str(digest))
    for content in (b"whole", b"one", b"in chunks and an end"):
        assert client.get(f"/v2/acme/web/blobs/{Digest.of(content)}").content == content
    mounted = client.post("/v2/acme/api/blobs/uploads/", params={"mount": str(digest), "from": "acme/web"})
    assert mounted.status_code == 201
    assert registry.store.blob("acme/api", digest) == b"in chunks and an end"
    absent = {"mount": str(Digest.of(b"absent")), "from": "acme/web"}
    assert client.post("/v2/acme/api/blobs/uploads/", params=absent).status_code == 202


def test_an_upload_can_be_given_up(client: httpx.Client) -> None:
    location = client.post("/v2/acme/web/blobs/uploads/").headers["Location"]
    assert client.delete(location).status_code == 204
    assert code(client.patch(location, content=b"x")) == "BLOB_UPLOAD_UNKNOWN"


def test_digests_are_checked(registry: Registry, client: httpx.Client) -> None:
    location = client.post("/v2/acme/web/blobs/uploads/").headers["Location"]
    assert code(client.put(location, params={"digest": str(Digest.of(b"a"))}, content=b"b")) == "DIGEST_INVALID"
    registry.push("acme/web", "1.4", WEB)
    other = f"/v2/acme/web/manifests/{Digest.of(b'other')}"
    answer = client.put(other, content=WEB.content, headers={"Content-Type": OCI_MANIFEST})
    assert code(answer) == "DIGEST_INVALID"


def test_a_manifest_needs_its_blobs_and_its_type(registry: Registry, client: httpx.Client) -> None:
    address = "/v2/acme/web/manifests/1.4"
    typed = {"Content-Type": OCI_MANIFEST}
    assert code(client.put(address, content=WEB.content, headers=typed)) == "MANIFEST_BLOB_UNKNOWN"
    for blob in WEB.blobs:
        registry.store.put_blob("acme/web", blob)
    for wrong in ("text/plain", DOCKER_MANIFEST):
        answer = client.put(address, content=WEB.content, headers={"Content-Type": wrong})
        assert code(answer) == "MANIFEST_INVALID"
    assert code(client.put(address, content=b'{"config": 3}', headers=typed)) == "MANIFEST_INVALID"
    stored = client.put(address, content=WEB.content, headers=typed)
    assert (stored.status_code, stored.headers["Docker-Content-Digest"]) == (201, str(WEB.digest))
    index = Image.index([WEB, Image.build("web", "other")])
    answer = client.put("/v2/acme/web/manifests/multi", content=index.content, headers={"Content-Type": OCI_INDEX})
    assert code(answer) == "MANIFEST_BLOB_UNKNOWN"


def test_deleting_a_tag_keeps_the_manifest_and_deleting_the_manifest_takes_its_tags(
    registry: Registry, client: httpx.Client
) -> None:
    for tag in ("a", "b"):
        registry.push("acme/web", tag, WEB)
    assert client.delete("/v2/acme/web/manifests/a").status_code == 202
    assert client.head(f"/v2/acme/web/manifests/{WEB.digest}").status_code == 200
    assert client.delete(f"/v2/acme/web/manifests/{WEB.digest}").status_code == 202
    assert client.delete(f"/v2/acme/web/manifests/{WEB.digest}").status_code == 404
    assert client.head("/v2/acme/web/manifests/b").status_code == 404
    blob = f"/v2/acme/web/blobs/{Digest.of(WEB.blobs[0])}"
    assert [client.delete(blob).status_code for _ in range(2)] == [202, 404]


# Discovery


def test_tags_are_listed_in_lexical_order_page_by_page(registry: Registry, client: httpx.Client) -> None:
    for tag in (*reversed(NAMES), "V10"):
        registry.push("acme/web", tag, WEB)
    expected = sorted([*NAMES, "V10"], key=str.lower)
    assert client.get("/v2/acme/web/tags/list").json() == {"name": "acme/web", "tags": expected}
    pages, address = [], "/v2/acme/web/tags/list?n=3"
    while address:
        answer = client.get(address)
        pages.append(answer.json()["tags"])
        address = answer.links.get("next", {}).get("url", "")
    assert [len(page) for page in pages] == [3, 3, 2]
    assert [tag for page in pages for tag in page] == expected
    empty = client.get("/v2/acme/web/tags/list?n=0")
    assert (empty.json()["tags"], "Link" in empty.headers) == ([], False)
    assert client.get("/v2/acme/web/tags/list?n=x").status_code == 400


def test_referrers_are_found_by_subject_and_type(registry: Registry, client: httpx.Client) -> None:
    registry.push("acme/web", "1.4", WEB)
    signature = Image.artifact("application/vnd.example.signature", b"signed", subject=WEB)
    report = Image.artifact("application/vnd.example.report", b"{}", subject=WEB)
    for artifact in (signature, report):
        registry.store.put_image("acme/web", None, artifact)
    address = f"/v2/acme/web/referrers/{WEB.digest}"
    everything = client.get(address)
    assert everything.headers["Content-Type"] == OCI_INDEX
    assert {entry["digest"] for entry in everything.json()["manifests"]} == {str(signature.digest), str(report.digest)}
    some = client.get(address, params={"artifactType": "application/vnd.example.report"})
    assert some.headers["OCI-Filters-Applied"] == "artifactType"
    assert [entry["digest"] for entry in some.json()["manifests"]] == [str(report.digest)]
    assert client.get(f"/v2/acme/web/referrers/{Digest.of(b'nobody')}").json()["manifests"] == []


# Access


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_basic_access_asks_every_request() -> None:
    with Registry(access=Basic({"ann": "s3cret"})) as registry, httpx.Client(base_url=registry.url) as client:
        registry.push("acme/web", "1.4", WEB)
        refused = client.head("/v2/acme/web/manifests/1.4")
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"] == 'Basic realm="gitops-streams"'
        for wrong in (basic("ann", "guess"), basic("bob", "s3cret"), {"Authorization": "Basic !"}):
            assert client.head("/v2/acme/web/manifests/1.4", headers=wrong).status_code == 401
        assert client.head("/v2/acme/web/manifests/1.4", headers=basic("ann", "s3cret")).status_code == 200
    assert "s3cret" not in repr(Basic({"ann": "s3cret"})) + repr(registry.log)


def test_a_bearer_token_is_good_for_its_scope_and_its_time() -> None:
    access = Bearer({"ann": "s3cret"})
    with Registry(access=access) as registry, httpx.Client(base_url=registry.url) as client:
        registry.push("acme/web", "1.4", WEB)
        ping = client.get("/v2/")
        assert ping.headers["WWW-Authenticate"] == f'Bearer realm="{registry.url}/token",service="gitops-streams"'
        refused = client.head("/v2/acme/web/manifests/1.4")
        assert 'scope="repository:acme/web:pull"' in refused.headers["WWW-Authenticate"]

        def ask(scope: str, headers: dict[str, str] | None = None) -> httpx.Response:
            return client.get("/token", params={"service": "gitops-streams", "scope": scope}, headers=headers)

        def use(token: str, repository: str = "acme/web") -> httpx.Response:
            return client.head(f"/v2/{repository}/manifests/1.4", headers={"Authorization": f"Bearer {token}"})

        assert ask("repository:acme/web:pull", basic("ann", "guess")).status_code == 401
        anonymous = ask("repository:acme/web:pull").json()["token"]
        assert 'error="insufficient_scope"' in use(anonymous).headers["WWW-Authenticate"]
        token = ask("repository:acme/web:pull", basic("ann", "s3cret")).json()["token"]
        assert use(token).status_code == 200
        assert use(token, "acme/api").status_code == 401
        access.revoke()
        assert 'error="invalid_token"' in use(token).headers["WWW-Authenticate"]
        access.lifetime = 0
        assert use(ask("repository:acme/web:pull", basic("ann", "s3cret")).json()["token"]).status_code == 401
        access.lifetime, access.public = 300, True
        assert use(ask("repository:acme/web:pull,push").json()["token"]).status_code == 200


def test_identity_tokens_are_exchanged() -> None:
    access = Bearer({"ann": "s3cret"})
    with Registry(access=access) as registry, httpx.Client(base_url=registry.url) as client:
        registry.push("acme/web", "1.4", WEB)
        form = {
            "grant_type": "refresh_token",
            "refresh_token": access.identity("ann"),
            "scope": "repository:acme/web:pull",
        }
        answer = client.post("/token", data=form).json()
        token = {"Authorization": f"Bearer {answer['access_token']}"}
        assert client.head("/v2/acme/web/manifests/1.4", headers=token).status_code == 200
        assert client.post("/token", data={**form, "refresh_token": "guess"}).status_code == 401
        assert client.post("/token", data={"grant_type": "magic"}).status_code == 400
        login = {"grant_type": "password", "username": "ann", "password": "s3cret", "access_type": "offline"}
        identity = client.post("/token", data=login).json()["refresh_token"]
        assert client.post("/token", data={**form, "refresh_token": identity}).status_code == 200


# The server


def test_connections_are_kept_and_requests_are_logged(registry: Registry, client: httpx.Client) -> None:
    registry.push("acme/web", "1.4", WEB)
    for _ in range(5):
        client.head("/v2/acme/web/manifests/1.4")
    client.get("/v2/acme/web/tags/list?n=2")
    assert registry.connections == 1
    assert registry.count("HEAD", "/manifests/") == 5
    assert registry.statuses == {("HEAD", 200): 5, ("GET", 200): 1}
    assert registry.log[-1].request.query == {"n": "2"}
    registry.forget()
    assert registry.log == ()


def test_answers_run_side_by_side(registry: Registry) -> None:
    together = threading.Barrier(4, timeout=10)

    def meet(_request: Request) -> None:
        together.wait()

    registry.intercept = meet
    threads = [threading.Thread(target=httpx.get, args=(f"{registry.url}/v2/",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert registry.peak == 4


def test_an_intercept_answers_in_the_registrys_place(registry: Registry, client: httpx.Client) -> None:
    registry.push("acme/web", "1.4", WEB)

    def lie(request: Request) -> Response | None:
        if request.path == "/v2/":
            return Response(429, {"Retry-After": "7", "Content-Type": "text/html"}, b"<h1>slow down</h1>")
        true = registry.answer(request)
        return Response(true.status, {**true.headers, "Docker-Content-Digest": str(Digest.of(b"lie"))}, true.body)

    registry.intercept = lie
    assert client.get("/v2/").headers["Retry-After"] == "7"
    assert client.get("/v2/acme/web/manifests/1.4").headers["Docker-Content-Digest"] == str(Digest.of(b"lie"))
    assert [logged.status for logged in registry.log] == [429, 200]


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"])
def test_a_hangup_resets_the_connection(registry: Registry, sent: bytes) -> None:
    registry.intercept = lambda _request: Hangup(sent)
    with socket.create_connection(registry.host.rsplit(":", 1), timeout=10) as connection:
        connection.sendall(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            list(iter(lambda: connection.recv(4096), b""))
    assert registry.log[0].status == 0


def test_a_stall_ends_with_the_registry() -> None:
    with Registry(intercept=lambda _request: Stall(600)) as registry:
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{registry.url}/v2/", timeout=0.2)
        before = time.monotonic()
    assert time.monotonic() - before < 60


def test_what_an_intercept_raises_reaches_the_test() -> None:
    def fail(_request: Request) -> None:
        raise ValueError("from the intercept")

    def run() -> None:
        with Registry(intercept=fail) as registry:
            assert httpx.get(f"{registry.url}/v2/").status_code == 500

    with pytest.raises(ValueError, match="from the intercept"):
        run()


def test_closing_leaves_nothing_behind() -> None:
    before = threading.active_count()
    registry = Registry()
    with httpx.Client() as client, socket.create_connection(registry.host.rsplit(":", 1), timeout=10) as idle:
        assert client.get(f"{registry.url}/v2/").status_code == 200  # accepted after idle
        registry.close()
        registry.close()
        assert threading.active_count() == before
        assert idle.recv(1) == b""
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{registry.url}/v2/")


def test_https(tmp_path: Path) -> None:
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with Registry(tls=server) as registry:
        registry.push("acme/web", "1.4", WEB)
        assert registry.url.startswith("https://")
        assert httpx.head(f"{registry.url}/v2/acme/web/manifests/1.4", verify=trusting).status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{registry.url}/v2/")
        with Registry(tls=server, access=Bearer({})) as guarded:
            challenge = httpx.get(f"{guarded.url}/v2/", verify=trusting).headers["WWW-Authenticate"]
            assert f'realm="{guarded.url}/token"' in challenge


@pytest.mark.parametrize(
    "request_text",
    [
        b"PATCH /v2/a/blobs/uploads/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"PUT /v2/a/manifests/x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
        b"PUT /v2/a/manifests/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_malformed_requests_are_refused(registry: Registry, request_text: bytes) -> None:
    with socket.create_connection(registry.host.rsplit(":", 1), timeout=10) as connection:
        connection.sendall(request_text)
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")


# What others say


def test_skopeo_reads_writes_and_agrees(registry: Registry, skopeo: Callable[..., str], tmp_path: Path) -> None:
    multi = Image.build("web", "1.4", platforms=PLATFORMS)
    registry.push("acme/web", "1.4", multi)
    source = f"docker://{registry.host}/acme/web:1.4"
    assert skopeo("inspect", "--raw", "--tls-verify=false", source).encode() == multi.content
    assert skopeo("inspect", "--tls-verify=false", "--format={{.Digest}}", source).strip() == str(multi.digest)
    skopeo("copy", "--all", "--src-tls-verify=false", source, f"dir:{tmp_path}/out")
    copy = f"docker://{registry.host}/acme/copy:latest"
    skopeo("copy", "--all", "--preserve-digests", "--dest-tls-verify=false", f"dir:{tmp_path}/out", copy)
    assert registry.store.manifest("acme/copy", "latest") == registry.store.manifest("acme/web", "1.4")
    listed = json.loads(skopeo("list-tags", "--tls-verify=false", f"docker://{registry.host}/acme/copy"))
    assert listed["Tags"] == ["latest"]
    skopeo("delete", "--tls-verify=false", copy)
    assert registry.store.tags("acme/copy") == []


@pytest.mark.parametrize("access", [Basic({"ann": "s3cret"}), Bearer({"ann": "s3cret"})], ids=["basic", "bearer"])
def test_skopeo_logs_in(access: Basic | Bearer, skopeo: Callable[..., str], tmp_path: Path) -> None:
    docker = Image.build("web", "1.4", flavour=Flavour.DOCKER)
    with Registry(access=access) as registry:
        registry.push("acme/web", "1.4", docker)
        source, target = (f"docker://{registry.host}/acme/{name}:1.4" for name in ("web", "copy"))
        flags = ["--src-tls-verify=false", "--dest-tls-verify=false", "--preserve-digests"]
        users = ["--src-creds=ann:s3cret", "--dest-creds=ann:s3cret"]
        skopeo("copy", *flags, *users, source, f"dir:{tmp_path}/out")
        skopeo("copy", *flags, *users, f"dir:{tmp_path}/out", target)
        copied = registry.store.manifest("acme/copy", "1.4")
    assert copied is not None
    assert copied.digest == docker.digest


def test_it_answers_as_docker_registry_does(
    registry: Registry, docker_registry: str, skopeo: Callable[..., str]
) -> None:
    multi = Image.build("web", "1.4", platforms=PLATFORMS, flavour=Flavour.DOCKER)
    registry.push("acme/web", "1.4", multi)
    source, target = (f"docker://{host}/acme/web:1.4" for host in (registry.host, docker_registry))
    skopeo("copy", "--all", "--src-tls-verify=false", "--dest-tls-verify=false", source, target)
    for path in ("manifests/1.4", "manifests/1.5", f"manifests/{multi.digest}", f"blobs/{Digest.of(b'absent')}"):
        ours, theirs = (
            httpx.get(f"http://{host}/v2/acme/web/{path}", headers={"Accept": multi.media_type})
            for host in (registry.host, docker_registry)
        )
        assert ours.status_code == theirs.status_code
        for header in ("Content-Type", "Docker-Content-Digest", "ETag"):
            if ours.is_success:
                assert ours.headers.get(header) == theirs.headers.get(header)
        if ours.is_success:
            assert ours.content == theirs.content
        else:
            assert code(ours) == code(theirs)
