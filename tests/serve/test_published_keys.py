"""Google's keys: known ones from memory, unknown ones looked for seldom, an outage keeps what is there."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gitops_streams.serve.published_keys import PublishedKeys

KEY = {"kty": "RSA", "kid": "one", "n": "AQAB", "e": "AQAB", "use": "sig", "alg": "RS256"}


class Publisher:
    def __init__(self):
        self.answers, self.asked = [], 0
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                publisher.asked += 1
                status, body, headers = publisher.answers[min(publisher.asked, len(publisher.answers)) - 1]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = False
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/certs"

    def publish(self, *ids, status=200, **headers):
        keys = [KEY | {"kid": key_id} for key_id in ids]
        self.answers.append((status, json.dumps({"keys": keys}).encode(), headers))


@pytest.fixture
def publisher():
    made = Publisher()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


@pytest.mark.parametrize(
    ("control", "good"),
    [("public, max-age=19000", 19_000), ("max-age=1", 300), ("max-age=999999999", 86_400), ("", 300)],
)
def test_keys_are_good_for_as_long_as_is_said(publisher, control, good):
    publisher.publish("one", **{"Cache-Control": control})
    keys = PublishedKeys(publisher.url)
    assert keys.find("one") is None
    assert keys.fetch() == good
    assert keys.find("one")["n"] == "AQAB"


def test_an_outage_keeps_what_is_known(publisher):
    publisher.publish("one")
    publisher.publish("two", status=503)
    publisher.publish()
    keys = PublishedKeys(publisher.url)
    keys.fetch()
    for _ in range(2):
        assert keys.fetch() == 60
        assert keys.find("one") is not None
    assert PublishedKeys("http://127.0.0.1:1/").fetch() == 60


def test_unknown_keys_are_looked_for_once_a_minute(publisher):
    publisher.publish("one")
    publisher.publish("one", "two")
    now, fetched = [1000.0], threading.Event()

    class Watched(PublishedKeys):
        def fetch(self):
            good = super().fetch()
            fetched.set()
            return good

    keys = Watched(publisher.url, clock=lambda: now[0])
    keys.start()
    try:
        assert fetched.wait(10)
        fetched.clear()
        for _ in range(100):
            assert keys.find("two") is None
        assert not fetched.wait(0.2)
        now[0] += 61
        keys.find("two")
        assert fetched.wait(10)
        assert keys.find("two") is not None
        assert publisher.asked == 2
    finally:
        keys.stop()
