"""Proxies: which requests go through one, and how."""

from __future__ import annotations

import base64
import socket
import ssl
import threading

import httpx
import pytest

from gitops_streams.oci.reference import Reference
from gitops_streams.oci.resolution import Cause, Question, Resolved
from gitops_streams.registry import HostSettings
from gitops_streams.registry.messages import Url, parse_url
from gitops_streams.registry.proxies import Proxy, UnusableProxy, rules_from

PAIR = "Basic " + base64.b64encode(b"me:p w").decode()


def _question(host):
    return Question(Reference.parse(f"{host}/acme/web:1").repository, "1")


@pytest.mark.parametrize(
    ("no_proxy", "direct"),
    [
        ("", False),
        ("*", True),
        ("registry.test", True),
        (".registry.test", True),
        ("test", True),
        ("*.test", True),
        ("istry.test", False),
        ("other.test, REGISTRY.test", True),
        ("registry.test:443", True),
        ("registry.test:5000", False),
        ("10.0.0.0/8", False),
    ],
)
def test_no_proxy(no_proxy, direct):
    rules = rules_from({"HTTPS_PROXY": "http://proxy.test:3128", "NO_PROXY": no_proxy})
    found = rules.proxy_for(Url("https", "registry.test", 443, "/"))
    assert found == (None if direct else Proxy("http", "proxy.test", 3128))


def test_addresses_and_the_loopback():
    rules = rules_from({"ALL_PROXY": "proxy.test", "no_proxy": "10.0.0.0/8,192.0.2.7"})
    hosts = ["10.1.2.3", "192.0.2.7", "192.0.2.8", "127.0.0.1", "localhost", "::1"]
    assert [rules.proxy_for(Url("http", host, 80, "/")) is None for host in hosts] == [
        True,
        True,
        False,
        True,
        True,
        True,
    ]


def test_variables():
    rules = rules_from({"http_proxy": "u:p%20w@low.test:1", "HTTP_PROXY": "up.test", "HTTPS_PROXY": "https://tls.test"})
    plain = rules.proxy_for(Url("http", "a.test", 80, "/"))
    assert plain == Proxy("http", "low.test", 1, "u", "p w")
    assert "p w" not in repr(plain)
    assert rules.proxy_for(Url("https", "a.test", 443, "/")) == Proxy("https", "tls.test", 443)
    for bad in ("socks5://x", "http://", "http://x:notaport"):
        found = rules_from({"HTTPS_PROXY": bad}).proxy_for(Url("https", "a.test", 443, "/"))
        assert isinstance(found, UnusableProxy)
        assert "HTTPS_PROXY" in found.reason


def test_plain_requests_go_through_in_absolute_form(fault, make_client):
    fault.answer = lambda _: fault.manifest()
    client = make_client(
        hosts={"registry.test": HostSettings(plain_http=True)},
        environment={"HTTP_PROXY": f"http://me:p%20w@{fault.host}"},
    )
    assert isinstance(client.resolve(_question("registry.test")), Resolved)
    seen = fault.seen[0]
    assert seen.target == "http://registry.test/v2/acme/web/manifests/1"
    assert seen.headers["proxy-authorization"] == PAIR


class ConnectProxy:
    """Tunnels every CONNECT to one server."""

    def __init__(self, target, reply=b"HTTP/1.1 200 OK\r\n\r\n", tls=None):
        self.heads = []
        self._tls = tls
        self._target = target
        self._reply = reply
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def _serve(self):
        near, _ = self._listener.accept()
        if self._tls is not None:
            near = self._tls.wrap_socket(near, server_side=True)
        with near:
            head = b""
            while b"\r\n\r\n" not in head:
                data = near.recv(4096)
                if not data:
                    return
                head += data
            self.heads.append(head.decode())
            near.sendall(self._reply)
            if b"200" not in self._reply:
                return
            with socket.create_connection(("127.0.0.1", self._target)) as far:
                back = threading.Thread(target=_pump, args=(far, near))
                back.start()
                _pump(near, far)
                back.join(60)

    def close(self):
        self._listener.close()
        for thread in self._threads:
            thread.join(60)


def _pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_tls_goes_through_a_tunnel(tls_fault, make_client, ca_file):
    tls_fault.answer = lambda _: tls_fault.manifest()
    proxy = ConnectProxy(tls_fault.port)
    client = make_client(
        hosts={"registry.test": HostSettings(ca_file=ca_file)}, environment={"https_proxy": f"me:p%20w@{proxy.host}"}
    )
    try:
        assert isinstance(client.resolve(_question("registry.test")), Resolved)
        assert isinstance(client.resolve(_question("registry.test")), Resolved)
    finally:
        client.close()
        proxy.close()
    assert proxy.heads == [
        f"CONNECT registry.test:443 HTTP/1.1\r\nHost: registry.test:443\r\nProxy-Authorization: {PAIR}\r\n\r\n"
    ]
    assert "proxy-authorization" not in tls_fault.seen[0].headers


def test_a_proxy_that_is_spoken_to_in_tls(tls_fault, make_client, ca_file, authority):
    tls_fault.answer = lambda seen: tls_fault.Reply(405) if seen.method == "HEAD" else tls_fault.manifest()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    proxies = []

    def through(proxy):
        proxies.append(proxy)
        port = proxy.host.rpartition(":")[2]
        environment = {"HTTPS_PROXY": f"https://me:p%20w@localhost:{port}", "SSL_CERT_FILE": str(ca_file)}
        client = make_client(environment=environment, tries=1)
        return client.resolve(_question("registry.test"))

    try:
        # Each request is a tunnel of its own here: the first carries the HEAD, for which there is no second.
        first = through(ConnectProxy(tls_fault.port, tls=context))
        assert first.cause is Cause.UNAVAILABLE
        assert [seen.method for seen in tls_fault.seen] == ["HEAD"]
        tls_fault.answer = lambda _: tls_fault.manifest()
        assert isinstance(through(ConnectProxy(tls_fault.port, tls=context)), Resolved)
    finally:
        for proxy in proxies:
            proxy.close()
    assert PAIR in proxies[1].heads[0]


def test_a_proxy_that_refuses(make_client):
    proxy = ConnectProxy(0, b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
    try:
        client = make_client(environment={"HTTPS_PROXY": f"http://me:topsecret@{proxy.host}"}, tries=1)
        answer = client.resolve(_question("registry.test"))
    finally:
        proxy.close()
    assert answer.cause is Cause.UNAVAILABLE
    assert f"the proxy {proxy.host} answered 407" in answer.reason
    assert "topsecret" not in repr(answer)


def test_a_proxy_that_cannot_be_used_is_not_gone_past(make_client):
    client = make_client(environment={"HTTPS_PROXY": "socks5://127.0.0.1:1"}, resolver=lambda *_: pytest.fail("asked"))
    answer = client.resolve(_question("registry.test"))
    assert "HTTPS_PROXY names a proxy that is neither http nor https" in answer.reason


def test_a_private_realm_is_refused_before_the_proxy_is_asked(fault, make_client):
    reply = {"WWW-Authenticate": 'Bearer realm="http://10.0.0.8/token"'}
    fault.answer = lambda _: fault.Reply(401, reply)
    environment = {"HTTP_PROXY": fault.host, "HTTPS_PROXY": fault.host}
    question = Question(_question("registry.test").repository, "1", insecure=True)
    answer = make_client(environment=environment, tries=1).resolve(question)
    assert answer.cause is Cause.UNSAFE_TARGET
    assert not [seen for seen in fault.seen if "10.0.0.8" in seen.target]


def test_any_httpx_transport_can_carry_the_requests(make_client, image_digest):
    seen = []

    def handle(request):
        seen.append((request.method, str(request.url), request.headers.get("authorization")))
        if "slow" in request.url.path:
            raise httpx.ReadTimeout("never shown: secret")
        kind = "application/vnd.oci.image.manifest.v1+json"
        headers = {"Content-Type": kind, "Docker-Content-Digest": str(image_digest)}
        return httpx.Response(200, headers=headers)

    client = make_client(transport=httpx.MockTransport(handle), tries=1)
    answer = client.resolve(_question("quay.io"))
    assert (answer.digest, answer.host) == (image_digest, "quay.io")
    assert client.resolve(_question("docker.io")).host == "docker.io"
    assert seen == [
        ("HEAD", "https://quay.io/v2/acme/web/manifests/1", None),
        ("HEAD", "https://registry-1.docker.io/v2/acme/web/manifests/1", None),
    ]
    slow = client.resolve(Question(_question("quay.io").repository, "slow"))
    assert slow.reason == "quay.io: no complete answer in time"


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (httpx.ConnectError("secret"), "no connection"),
        (httpx.ProxyError("secret"), "the proxy would not connect"),
        (httpx.RemoteProtocolError("secret"), "not HTTP"),
        (httpx.ReadError("secret"), "the connection broke"),
        (httpx.ConnectTimeout("secret"), "no complete answer in time"),
    ],
)
def test_failures_of_such_a_transport(make_client, failure, words):
    def handle(_):
        raise failure

    answer = make_client(transport=httpx.MockTransport(handle), tries=1).resolve(_question("quay.io"))
    assert words in answer.reason
    assert "secret" not in repr(answer)


def test_bodies_from_such_a_transport_are_bounded(make_client):
    def handle(request):
        return httpx.Response(405) if request.method == "HEAD" else httpx.Response(200, content=b"x" * ((4 << 20) + 1))

    answer = make_client(transport=httpx.MockTransport(handle)).resolve(_question("quay.io"))
    assert "larger than 4096 KiB" in answer.reason


@pytest.mark.parametrize(
    ("text", "base", "expected"),
    [
        ("https://A.test:443/x?y=z", None, "https://a.test/x?y=z"),
        ("../up?q=%2F", "https://a.test/v2/x/list", "https://a.test/v2/up?q=%2F"),
        ("http://[::1]:5000/", None, "http://[::1]:5000/"),
        ("?next=1", "http://a.test:80/v2/x", "http://a.test/v2/x?next=1"),
    ],
)
def test_urls(text, base, expected):
    start = parse_url(base) if base else None
    assert str(parse_url(text, start)) == expected
