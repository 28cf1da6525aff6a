"""Google's keys: known ones from memory, unknown ones looked for seldom, an outage keeps what is there for a while."""

from __future__ import annotations

import json
import logging
import socket
import ssl
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme
from webhook_samples import GOOGLE_KEYS, NOW, SAMPLES, google_token, receiver_for, sent
from webhook_samples.google import KEY_ID

from gitops_streams.registry.addresses import Reach
from gitops_streams.registry.tls import TlsChoice
from gitops_streams.serve import published_keys
from gitops_streams.serve.event import Accepted, Refused
from gitops_streams.serve.published_keys import PublishedKeys
from gitops_streams.serve.senders.receive import receive

KEY = {"kty": "RSA", "kid": "one", "n": "AQAB", "e": "AQAB", "use": "sig", "alg": "RS256"}


class Publisher:
    """An HTTPS server that gives its answers one after the other, the last one again and again."""

    def __init__(self, authority: trustme.CA) -> None:
        self.answers, self.asked = [], []
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                publisher.asked.append((self.path, dict(self.headers)))
                status, body, headers = publisher.answers[min(len(publisher.asked), len(publisher.answers)) - 1]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = False

            def handle_error(self, *_):  # a handshake that the other side gave up
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}/certs"

    def publish(self, *ids, status=200, **headers):
        keys = [KEY | {"kid": key_id} for key_id in ids]
        self.answers.append((status, json.dumps({"keys": keys}).encode(), headers))


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def publisher(authority):
    made = Publisher(authority)
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


@pytest.fixture
def make(authority, tmp_path):
    """Make keys that trust ``authority`` and are stopped at the end."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    made = []

    def make(url, environment=None, cls=PublishedKeys, **options):
        options = {"tls": TlsChoice(ca_files=(tmp_path / "ca.pem",)), "reach": Reach.LOCAL} | options
        made.append(cls(environment or {}, url, **options))
        return made[-1]

    yield make
    for keys in made:
        keys.stop()


@pytest.mark.parametrize(
    ("control", "good"),
    [
        ("public, max-age=19000, must-revalidate", 19_000),
        ("max-age=1", 300),
        ("max-age=0", 300),
        ("max-age=999999999", 86_400),
        ("max-age=" + "9" * 5000, 86_400),
        ("max-age=-5", 300),
        ("no-store", 300),
        ("", 300),
    ],
)
def test_keys_are_good_for_as_long_as_is_said_within_bounds(publisher, make, control, good):
    publisher.publish("one", **{"Cache-Control": control})
    keys = make(publisher.url)
    assert keys.find("one") is None
    assert keys.fetch() == good
    assert keys.find("one")["n"] == "AQAB"
    ((path, headers),) = publisher.asked
    assert path == "/certs"
    assert not {"Authorization", "Cookie"} & headers.keys()


def test_an_outage_keeps_what_is_known_for_a_day(publisher, make):
    publisher.publish("one")
    publisher.publish("two", status=503)
    publisher.publish()
    now = [1000.0]
    keys = make(publisher.url, clock=lambda: now[0])
    keys.fetch()
    for _ in range(3):
        assert keys.fetch() == 60
        assert keys.find("one") is not None
        assert keys.find("two") is None
    now[0] += 300 + 86_399
    assert keys.find("one") is not None
    now[0] += 2
    assert keys.find("one") is None  # by now nobody can say whether it was revoked


def test_keys_that_are_published_no_more_are_forgotten(publisher, make):
    publisher.publish("one")
    publisher.publish("two")
    keys = make(publisher.url)
    keys.fetch()
    keys.fetch()
    assert keys.find("one") is None
    assert keys.find("two") is not None


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"", {}),
        (200, b"<html>", {}),
        (200, b"[" * 100_000, {}),
        (200, json.dumps({"keys": [KEY], "filler": "x" * 300_000}).encode(), {}),
        (200, json.dumps({"keys": [KEY]}).encode("utf-16"), {}),
        (204, b"", {}),
        (302, json.dumps({"keys": [KEY]}).encode(), {"Location": "/certs"}),
        (404, json.dumps({"keys": [KEY]}).encode(), {}),
    ],
    ids=["empty", "HTML", "nested", "too large", "UTF-16", "204", "redirect", "404"],
)
def test_answers_that_bring_no_keys(publisher, make, answer):
    publisher.answers.append(answer)
    keys = make(publisher.url)
    assert keys.fetch() == 60
    assert keys.find("one") is None
    assert len(publisher.asked) == 1


def test_who_cannot_show_a_certificate_is_not_believed(publisher, make, caplog):
    publisher.publish("one")
    with caplog.at_level(logging.WARNING):
        assert make(publisher.url, tls=TlsChoice()).fetch() == 60
    assert "certificate is not trusted" in caplog.text
    keys = make(publisher.url.replace("127.0.0.1", "localhost"))
    assert keys.fetch() == 60
    assert keys.find("one") is None
    assert publisher.asked == []


def test_plain_http_is_out_of_the_question(make):
    for url in ("http://127.0.0.1:1/", "file:///etc/passwd", "https://user@127.0.0.1/", ""):
        with pytest.raises(ValueError, match="https"):
            make(url)


def test_a_private_address_is_fine_and_loopback_is_not(publisher, make):
    publisher.publish("one")
    assert make(publisher.url, reach=Reach.PRIVATE).fetch() == 60
    assert publisher.asked == []


@pytest.mark.parametrize("proxy", ["nonsense://x", "http://", "http://127.0.0.1:1"])
def test_proxies_are_those_of_registries(publisher, make, proxy):
    publisher.publish("one")
    # Loopback is never proxied; other hosts are never reached past a proxy that cannot be used.
    assert make(publisher.url, {"HTTPS_PROXY": proxy}).fetch() == 300
    assert make("https://keys.test/certs", {"HTTPS_PROXY": proxy}).fetch() == 60


def test_nobody_is_there(make, unused_port):
    assert make(f"https://127.0.0.1:{unused_port}/").fetch() == 60


def test_certificates_that_cannot_be_read_are_no_reason_to_end(publisher, make, tmp_path):
    assert make(publisher.url, tls=TlsChoice(ca_files=(tmp_path / "missing",))).fetch() == 60


@pytest.fixture
def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_unknown_keys_are_looked_for_once_a_minute(publisher, make):
    publisher.publish("one")
    publisher.publish("one", "two")
    now, fetched = [1000.0], threading.Event()

    class Watched(PublishedKeys):
        def fetch(self):
            good = super().fetch()
            fetched.set()
            return good

    keys = make(publisher.url, cls=Watched, clock=lambda: now[0])
    keys.start()
    assert fetched.wait(10)
    fetched.clear()
    for _ in range(100):
        assert keys.find("two") is None
    assert not fetched.wait(0.2)
    now[0] += 61
    keys.find("two")
    assert fetched.wait(10)
    assert keys.find("two") is not None
    assert len(publisher.asked) == 2


def test_a_delivery_of_google_is_accepted_with_keys_that_were_fetched(publisher, make):
    sample = next(each for each in SAMPLES if each.sender == "google")
    headers, body, path = sent(sample)
    published = {**GOOGLE_KEYS.find(KEY_ID), "use": "sig"}
    publisher.answers.append((200, json.dumps({"keys": [KEY, published]}).encode(), {}))
    keys = make(publisher.url)
    receiver = replace(receiver_for(sample), jwt_keys=keys)
    refused = receive(receiver, headers, body, path, now=NOW)
    assert isinstance(refused, Refused)
    assert refused.status == 401
    keys.fetch()
    accepted = receive(receiver, headers, body, path, now=NOW)
    assert isinstance(accepted, Accepted)
    assert accepted.events == sample.events
    for forged in (google_token(NOW.timestamp(), which=1), google_token(NOW.timestamp(), headers={"kid": "one"})):
        assert isinstance(receive(receiver, {"Authorization": f"Bearer {forged}"}, body, path, now=NOW), Refused)


@pytest.mark.timeout(30)
def test_stopping_breaks_off_a_fetch(make, authority, monkeypatch, caplog):
    monkeypatch.setattr(published_keys, "_TIMEOUT", 600)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        keys = make(f"https://127.0.0.1:{listener.getsockname()[1]}/certs")
        keys.start()
        connection, _ = listener.accept()
        with context.wrap_socket(connection, server_side=True) as stream:
            assert stream.recv(4096).startswith(b"GET /certs ")
            with caplog.at_level(logging.WARNING):
                keys.stop()  # the answer never comes
    assert not any(thread.name == "google keys" for thread in threading.enumerate())
    assert caplog.text == ""
