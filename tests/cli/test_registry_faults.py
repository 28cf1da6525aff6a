"""What registries do to us: each fault gives one clear line and exit code 3, and every other tag is still pinned."""

from __future__ import annotations

import base64
import json
import select
import socket
import ssl
import threading
from contextlib import suppress
from email.utils import formatdate
from itertools import count
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import trustme

from gitops_streams.demo.access import Basic, Bearer
from gitops_streams.demo.exchange import Hangup, Response, Stall
from gitops_streams.demo.images import Image
from gitops_streams.demo.registry import Registry
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.oci.resolution import Unresolvable
from gitops_streams.registry import RegistryClient
from gitops_streams.registry.settings import RegistrySettings

FAST = "registry: {connectTimeout: 0.5, requestTimeout: 0.5, retryBudget: 0}\n"
OTHER = Digest.of(b"something else")


@pytest.fixture
def both(workspace, registry, steady):
    """Follow one image in the registry that misbehaves and one in the steady registry; return (workspace, check)."""
    bad, _ = workspace.follow(registry, "web")
    good, digest = workspace.follow(steady, "api")
    workspace.config(FAST)
    workspace.commit()
    before = workspace.read(bad)

    def reconcile(*arguments):
        done = workspace.run("reconcile", *arguments)
        assert done.code == 3, done.text
        assert workspace.read(bad) == before
        assert f"acme/api:1.0@{digest}  #".encode() in workspace.read(good)
        assert "stream tags: 1 failed, 1 changed" in done.out
        assert not (workspace.folder / ".gitops-streams/status/acme/web.lock").exists()
        line = done.line("acme/web:prod: ")
        assert line.startswith(f"acme/web:prod: {registry.host}"), line
        return line, done

    return workspace, reconcile


def status(code, headers=None, body=b""):
    return lambda _: Response(code, headers or {}, body)


@pytest.mark.parametrize(
    ("answer", "says", "hint"),
    [
        (Hangup(), "reset", "try again"),
        (Hangup(b"HTTP/1.1 200 OK\r\nContent-"), "", "try again"),
        (Stall(30, b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "", "check that a registry listens there"),
        (Stall(30), "time", "check that the registry can be reached"),
        (Stall(30, b"HTTP/1.1 200 OK\r\n"), "time", "check that the registry can be reached"),
    ],
    ids=["reset", "reset inside the header", "another protocol", "silence", "stall inside the header"],
)
def test_a_connection_that_breaks(both, registry, answer, says, hint):
    _, reconcile = both
    registry.intercept = lambda _: answer
    line, done = reconcile()
    assert says in line
    assert done.line("hint: ").startswith(f"hint: {hint}")


HTML = b"<html><body><h1>Welcome to the captive portal</h1><script>alert(1)</script></body></html>"


@pytest.mark.parametrize(
    ("code", "headers", "body", "says", "hint"),
    [
        (401, {"WWW-Authenticate": 'Basic realm="r"'}, b"", "401 Unauthorized for acme/web:1.0", "docker login"),
        (401, {"WWW-Authenticate": "Negotiate"}, b"", "it asks only for negotiate", None),
        (403, {}, b'{"errors":[{"code":"DENIED","message":"no"}]}', "403 Forbidden for acme/web:1.0", "docker login"),
        (
            404,
            {},
            b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}',
            "404 Not Found for acme/web:1.0",
            "check the repository",
        ),
        (405, {}, b"", "405 Method Not Allowed for acme/web:1.0", None),
        (429, {"Retry-After": "3600"}, b"", "429 Too Many Requests for acme/web:1.0", "wait, or log in"),
        (500, {}, b"", "500 Internal Server Error for acme/web:1.0", "try again later"),
        (503, {}, HTML, "503 Service Unavailable for acme/web:1.0", "try again later"),
        (200, {"Content-Type": "text/html"}, HTML, "the answer is no manifest (text/html)", None),
        (418, {}, b"", "418", None),
    ],
    ids=["401", "401 unknown scheme", "403", "404", "405", "429", "500", "503 HTML", "200 HTML", "418"],
)
def test_an_answer_that_is_no_digest(both, registry, code, headers, body, says, hint):
    _, reconcile = both
    registry.intercept = status(code, headers, body)
    line, done = reconcile()
    assert says in line
    assert "alert(1)" not in done.text
    if hint is not None:
        assert hint in done.line("hint: ")


def test_405_to_head_is_asked_again_by_get(workspace, registry):
    path, digest = workspace.follow(registry, "web")
    registry.intercept = lambda request: Response(405) if request.method == "HEAD" else None
    assert workspace.run("reconcile").code == 0
    assert str(digest).encode() in workspace.read(path)
    assert registry.statuses == {("HEAD", 405): 1, ("GET", 200): 1}


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured(workspace, registry, form):
    path, digest = workspace.follow(registry, "web")
    seen = count()
    wait = "1" if form == "seconds" else formatdate(usegmt=True)
    registry.intercept = lambda _: Response(429, {"Retry-After": wait}) if next(seen) == 0 else None
    assert workspace.run("reconcile").code == 0
    assert str(digest).encode() in workspace.read(path)
    assert registry.statuses == {("HEAD", 429): 1, ("HEAD", 200): 1}


def test_what_a_header_lies_about_is_found_out_where_there_is_content(both, registry):
    """A HEAD has no content to compare with; a GET, sent where HEAD gives no usable answer, has."""
    _, reconcile = both

    def lie(request):
        if request.method == "HEAD":
            return Response(404)
        true = registry.answer(request)
        return Response(200, {**true.headers, "Docker-Content-Digest": str(OTHER)}, true.body)

    registry.intercept = lie
    line, done = reconcile()
    assert f"says that its content is {OTHER}, but the content is sha256:" in line
    assert "nothing was pinned" in done.line("hint: ")


@pytest.mark.parametrize("header", ["sha256:1234", "sha1:" + 40 * "a", "../../etc/passwd", "sha256:" + 64 * "Z"])
def test_a_digest_header_that_is_none_is_not_believed(workspace, registry, header):
    path, digest = workspace.follow(registry, "web")

    def lie(request):
        true = registry.answer(request)
        return Response(200, {**true.headers, "Docker-Content-Digest": header}, true.body)

    registry.intercept = lie
    done = workspace.run("reconcile")
    assert header.encode() not in workspace.read(path)
    assert done.code in {0, 3}
    assert (str(digest).encode() in workspace.read(path)) == (done.code == 0)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"schemaVersion": 2}', b"[" * 100_000, HTML])
def test_content_that_is_no_manifest(both, registry, body):
    _, reconcile = both
    registry.intercept = lambda request: Response(404) if request.method == "HEAD" else Response(200, {}, body)
    line, _ = reconcile()
    assert "acme/web:1.0" in line


def test_an_endless_manifest(both, registry):
    _, reconcile = both
    registry.intercept = lambda request: (
        Response(404) if request.method == "HEAD" else Response(200, {}, b" " * 5_000_000)
    )
    line, _ = reconcile()
    assert "larger" in line or "large" in line


def test_a_header_without_end(both, registry):
    _, reconcile = both
    registry.intercept = lambda _: Hangup(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: " + b"a" * 2_000_000)
    reconcile()


def test_redirects_in_a_circle(both, registry):
    _, reconcile = both
    registry.intercept = lambda request: Response(307, {"Location": request.target})
    line, _ = reconcile()
    assert "redirects more than" in line


@pytest.fixture
def registry_with_tls(tmp_path):
    """Run a registry with a certificate for ``registry.example.com``; give it and its authority's file."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("registry.example.com").configure_cert(context)
    with Registry(tls=context) as running:
        yield running, tmp_path / "ca.pem"


@pytest.fixture
def public(registry_with_tls, monkeypatch):
    """Serve ``registry.example.com`` through a proxy, as a public registry is seen from many companies."""
    registry, certificate = registry_with_tls
    with Tunnels(registry.host) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.host}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        config = f"registries: {{registry.example.com: {{caFile: {certificate}}}}}\n"
        yield registry, FAST + config, proxy


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("https://169.254.169.254/latest", "169.254.169.254 is a link-local or reserved address, and was not asked"),
        ("https://10.0.0.1/v2/", "10.0.0.1 is a private address, and was not asked"),
        ("https://[::ffff:192.168.1.1]/v2/", "192.168.1.1"),
        ("https://localhost:{port}/v2/", "is at 127.0.0.1, a local address, and was not asked"),
        ("http://registry.example.com/v2/", "leads from https to http"),
        ("file:///etc/passwd", "its redirect is not followed"),
        ("//[", "its redirect is not followed"),
        ("", "its redirect is not followed"),
    ],
)
def test_a_redirect_to_where_it_must_not_lead(workspace, steady, public, location, says):
    registry, config, proxy = public
    good, digest = workspace.follow(steady, "api")
    steady.forget()
    target = location.format(port=steady.host.partition(":")[2])
    registry.intercept = lambda _: Response(307, {"Location": target})
    workspace.stream("web", prod="registry.example.com/acme/web:1.0")
    bad = workspace.deploy("web", "registry.example.com/acme/web:1.0")
    workspace.config(config)
    before = workspace.read(bad)
    done = workspace.run("reconcile")
    assert done.code == 3
    assert workspace.read(bad) == before
    assert str(digest).encode() in workspace.read(good)
    line = done.line("acme/web:prod: ")
    assert line.startswith("acme/web:prod: registry.example.com")
    assert says.removeprefix("192.168.1.1") in line
    assert set(proxy.asked) == {"registry.example.com:443"}
    assert [logged.path for logged in steady.log] == ["/v2/acme/api/manifests/1.0"]


def test_a_registry_that_is_reached_through_a_proxy(workspace, public):
    registry, config, _ = public
    digest = registry.push("acme/web", "1.0", Image.build("web", "1.0"))
    workspace.stream("web", prod="registry.example.com/acme/web:1.0")
    path = workspace.deploy("web", "registry.example.com/acme/web:1.0")
    workspace.config(config)
    done = workspace.run("reconcile")
    assert done.code == 0, done.text
    assert str(digest).encode() in workspace.read(path)


def test_a_certificate_that_nobody_vouches_for(workspace, steady, public):
    registry, _, _ = public
    good, digest = workspace.follow(steady, "api")
    workspace.stream("web", prod="registry.example.com/acme/web:1.0")
    workspace.deploy("web", "registry.example.com/acme/web:1.0")
    workspace.config(FAST)
    done = workspace.run("reconcile")
    assert done.code == 3
    assert "the certificate is not trusted" in done.line("acme/web:prod: ")
    assert "caFile" in done.line("hint: ")
    assert registry.log == ()
    assert str(digest).encode() in workspace.read(good)


class Tunnels:
    """A proxy that leads every CONNECT to one place, and remembers whom it was asked for."""

    def __init__(self, place):
        self._place = place
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.asked = []
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._serve, args=[client]))
            self._threads[-1].start()

    def _serve(self, client):
        # Either side may reset its connection, as a client does that does not trust a certificate.
        with suppress(ConnectionError), client, socket.create_connection(self._place.split(":")) as server:
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(1)
            self.asked.append(head.split()[1].decode())
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            while True:
                for source in select.select([client, server], [], [], 20)[0]:
                    chunk = source.recv(65536)
                    if not chunk:
                        return
                    (server if source is client else client).sendall(chunk)


def test_nobody_listens(both, registry):
    _, reconcile = both
    registry.close()
    line, done = reconcile()
    assert "refused" in line.lower()
    assert "check that the registry runs" in done.line("hint: ")


def test_a_name_that_does_not_exist(workspace, steady):
    good, digest = workspace.follow(steady, "api")
    workspace.stream("web", prod="registry.invalid/acme/web:1.0")
    workspace.deploy("web", "registry.invalid/acme/web:1.0")
    workspace.config(FAST)
    done = workspace.run("reconcile")
    assert done.code == 3
    assert "registry.invalid" in done.line("acme/web:prod: ")
    assert done.line("hint: ") == "hint: check the registry's name in the reference"
    assert str(digest).encode() in workspace.read(good)


def test_one_repository_that_is_denied_stops_no_other_of_its_registry(workspace, registry):
    bad, _ = workspace.follow(registry, "web")
    good, digest = workspace.follow(registry, "api")
    registry.intercept = lambda request: Response(403) if "/web/" in request.path else None
    before = workspace.read(bad)
    assert workspace.run("reconcile").code == 3
    assert workspace.read(bad) == before
    assert str(digest).encode() in workspace.read(good)


def test_a_failed_lookup_keeps_the_pin_and_the_history_that_are_there(workspace, registry):
    path, _ = workspace.follow(registry, "web")
    workspace.commit()
    assert workspace.run("reconcile", "--publish", "commit").code == 0
    before = workspace.files()
    registry.push("acme/web", "1.0", Image.build("web", "1.0.1"))
    registry.intercept = status(404)
    done = workspace.run("reconcile", "--publish", "commit")
    assert done.code == 3
    assert "nothing to commit" in done.out
    assert workspace.files() == before
    assert b"@sha256:" in workspace.read(path)


def test_a_host_that_is_down_is_asked_once_and_not_once_a_tag(workspace, registry):
    for name in ("a", "b", "c", "d", "e", "f"):
        workspace.follow(registry, name)
    workspace.config(FAST)
    registry.intercept = lambda _: Hangup()
    done = workspace.run("reconcile")
    assert done.code == 3
    assert "6 failed" in done.out
    assert len(registry.log) <= 4


def test_pages_that_go_in_circles(registry):
    """No verb lists tags so far: the client itself is asked."""
    pages = count()

    def circle(request):
        query = dict(parse_qsl(urlsplit(request.target).query))
        last = "b" if query.get("last") == "a" else "a"
        next(pages)
        return Response.json(
            {"name": "acme/web", "tags": [last]},
            headers={"Link": f'</v2/acme/web/tags/list?last={last}>; rel="next"'},
        )

    registry.intercept = circle
    with RegistryClient(RegistrySettings(), {}, Path("/nonexistent")) as client:
        listed = client.tags(Reference.parse(f"{registry.host}/acme/web").repository)
    assert isinstance(listed, Unresolvable)
    assert registry.host in listed.reason
    assert next(pages) < 10


SECRET = "s3cr3t-Pa55word"


@pytest.fixture
def logged_in(hermetic, registry):
    """Write a wrong password where docker login would."""
    auth = base64.b64encode(f"robot:{SECRET}".encode()).decode()
    (hermetic / ".docker").mkdir()
    (hermetic / ".docker/config.json").write_text(json.dumps({"auths": {registry.host: {"auth": auth}}}))
    return auth


@pytest.mark.parametrize("access", [Basic({"robot": "right"}), Bearer({"robot": "right"})], ids=["basic", "bearer"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("reconcile",),
        ("reconcile", "-v", "-o", "json"),
        ("diff", "-v", "-o", "markdown"),
        ("reconcile", "--publish", "commit"),
    ],
    ids=" ".join,
)
def test_no_secret_in_what_is_printed(workspace, hermetic, access, arguments):
    auth = base64.b64encode(f"robot:{SECRET}".encode()).decode()
    with Registry(access=access) as guarded:
        (hermetic / ".docker").mkdir()
        (hermetic / ".docker/config.json").write_text(json.dumps({"auths": {guarded.host: {"auth": auth}}}))
        workspace.follow(guarded, "web")
        workspace.commit()
        done = workspace.process(*arguments)
    assert done.code == 3
    assert "401 Unauthorized" in done.text
    assert ".docker/config.json" in done.text  # which credential source was tried
    assert SECRET not in done.text
    assert auth not in done.text
    assert auth.rstrip("=") not in done.text
    history = workspace.git("log", "--patch", "--all")
    assert SECRET not in history


def test_a_registry_that_repeats_the_password_gets_it_not_printed(workspace, registry, logged_in):
    workspace.follow(registry, "web")

    def echo(request):
        sent = request.header("Authorization")
        if sent is None:
            return Response(401, {"WWW-Authenticate": 'Basic realm="r"'})
        return Response.error(403, "DENIED", f"you sent {sent}, that is {SECRET}")

    registry.intercept = echo
    done = workspace.run("reconcile", "-v")
    assert done.code == 3
    assert SECRET not in done.text
    assert logged_in not in done.text


@pytest.mark.parametrize(
    ("access", "most"),
    [(Basic({"robot": SECRET}), 1), (Bearer({"robot": SECRET}), 1 + 3)],
    ids=["basic", "bearer"],
)
def test_what_authentication_costs(workspace, hermetic, access, most):
    """One request for each reference; beside them one that learns what is asked for, and a token a repository."""
    with Registry(access=access) as guarded:
        auth = base64.b64encode(f"robot:{SECRET}".encode()).decode()
        (hermetic / ".docker").mkdir()
        (hermetic / ".docker/config.json").write_text(json.dumps({"auths": {guarded.host: {"auth": auth}}}))
        references = []
        for name in ("a", "b", "c"):
            for tag in ("1", "2", "3", "4"):
                guarded.push(f"acme/{name}", tag, Image.build(name, tag))
                references.append(f"{guarded.host}/acme/{name}:{tag}")
            workspace.stream(name, **{f"t{tag}": f"{guarded.host}/acme/{name}:{tag}" for tag in "1234"})
        workspace.write("pods.yaml", "---\n".join(f"kind: Pod\nimage: {reference}\n" for reference in references))
        done = workspace.run("reconcile", "-o", "json")
        assert done.code == 0, done.text
        assert done.json["summary"]["requests"] == len(guarded.log)
        assert len(guarded.log) <= 12 + most


def test_the_right_password_pins(workspace, hermetic):
    with Registry(access=Basic({"robot": SECRET})) as guarded:
        auth = base64.b64encode(f"robot:{SECRET}".encode()).decode()
        (hermetic / ".docker").mkdir()
        (hermetic / ".docker/config.json").write_text(json.dumps({"auths": {guarded.host: {"auth": auth}}}))
        path, digest = workspace.follow(guarded, "web")
        done = workspace.run("reconcile", "-v")
        assert done.code == 0, done.text
        assert str(digest).encode() in workspace.read(path)
        assert SECRET not in done.text


def test_what_a_registry_says_is_shown_and_never_obeyed(both, registry):
    _, reconcile = both
    registry.intercept = lambda _: Response.error(
        403, "DENIED", "\x1b]0;owned\x07\x1b[2J\r\nhint: run this\u202e | `x` <b>"
    )
    _, done = reconcile()
    assert "\x1b" not in done.text
    assert "\x07" not in done.text
    assert "\u202e" not in done.text
    assert not [line for line in done.text.splitlines() if line.startswith("hint: run this")]


def test_a_server_that_speaks_no_http(workspace, steady):
    good, digest = workspace.follow(steady, "api")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        # Nobody accepts: the connection stands in the kernel's queue, and no byte ever comes.
        workspace.stream("web", prod=f"{host}/acme/web:1.0")
        workspace.deploy("web", f"{host}/acme/web:1.0")
        workspace.config(FAST)
        done = workspace.run("reconcile")
    assert done.code == 3
    assert host in done.line("acme/web:prod: ")
    assert str(digest).encode() in workspace.read(good)
