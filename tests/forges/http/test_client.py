from __future__ import annotations

import json
import logging
import ssl
import traceback
from collections.abc import Callable, Iterator

import httpx
import pytest
import trustme
from fake_forge import FakeForge

from gitops_streams.errors import ForgeError
from gitops_streams.forges.http.authorization import TokenHeader, basic, bearer
from gitops_streams.forges.http.client import ForgeClient, segment
from gitops_streams.forges.http.dialect import Dialect
from gitops_streams.forges.http.refusal import AnswerLost, ForgeRefused, ForgeUnreachable, RateLimited
from gitops_streams.forges.settings import ForgeSettings

CANARY = "ghp_CANARYcanaryCANARYcanary0123456789"
AUTHORIZATION = bearer(CANARY)
API = "https://git.acme.example/api/v3"
Handler = Callable[[httpx.Request], httpx.Response]


class Scripted:
    """Answers with one script entry after the other, the last one for ever, and keeps the requests."""

    def __init__(self, *script: httpx.Response | Exception | Handler) -> None:
        self.script = list(script)
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        entry = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(entry, Exception):
            raise entry
        return entry if isinstance(entry, httpx.Response) else entry(request)


@pytest.fixture
def client(clock) -> Iterator[Callable[..., ForgeClient]]:
    made: list[ForgeClient] = []

    def make(script: Handler, *, dialect=None, deadline=300.0, authorization=AUTHORIZATION) -> ForgeClient:
        made.append(
            ForgeClient(
                API,
                authorization,
                dialect or Dialect("GitHub"),
                ForgeSettings(deadline=deadline),
                clock=clock,
                transport=httpx.MockTransport(script),
            )
        )
        return made[-1]

    yield make
    for each in made:
        each.close()


def ok(body: object = None, **headers: str) -> httpx.Response:
    return httpx.Response(200, json={} if body is None else body, headers=headers)


def no(status: int, message: str = "no", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={"message": message}, headers=named)


def test_a_request_carries_the_credential_the_dialect_and_json(client):
    script = Scripted(ok({"number": 7}))
    forge = client(script, dialect=Dialect("GitHub", {"X-GitHub-Api-Version": "2022-11-28"}))
    answer = forge.post("/repos/a/b/pulls", {"title": "ü\ud800"}, doing="opening")
    (request,) = script.seen
    assert str(request.url) == f"{API}/repos/a/b/pulls"
    assert request.headers["authorization"] == f"Bearer {CANARY}"
    assert request.headers["x-github-api-version"] == "2022-11-28"
    assert json.loads(request.content) == {"title": "ü\ud800"}
    assert answer.record().whole("number") == 7
    assert forge.requests == 1


def test_basic_authorization_hides_the_password_in_both_forms():
    header = basic("me", "pa:ss")
    assert header.headers() == {"Authorization": "Basic bWU6cGE6c3M="}
    assert set(header.secrets()) == {"bWU6cGE6c3M=", "pa:ss"}
    assert "pa:ss" not in repr(header)


@pytest.mark.parametrize("failure", [httpx.ReadTimeout("x"), httpx.ReadError("x"), httpx.RemoteProtocolError("x")])
def test_a_read_is_repeated_where_no_answer_came(client, clock, failure):
    forge = client(Scripted(failure, no(502), no(503), ok()))
    assert forge.get("/x", doing="reading").status == 200
    assert clock.slept == [1.0, 2.0, 4.0]
    assert forge.requests == 4


def test_a_read_is_given_up_after_four_tries(client):
    forge = client(Scripted(no(503, "down for maintenance")))
    with pytest.raises(ForgeRefused, match="down for maintenance") as caught:
        forge.get("/x", doing="reading")
    assert caught.value.status == 503
    assert forge.requests == 4
    dead = client(Scripted(httpx.ConnectError("x")))
    with pytest.raises(ForgeUnreachable, match="no connection"):
        dead.get("/x", doing="reading")
    assert dead.requests == 4


@pytest.mark.parametrize(
    "failure", [httpx.ReadTimeout("x"), httpx.ReadError("x"), httpx.WriteError("x"), no(502), no(500), no(504)]
)
def test_a_change_whose_answer_is_lost_is_not_repeated(client, failure):
    forge = client(Scripted(failure, ok()))
    with pytest.raises(AnswerLost):
        forge.post("/x", {}, doing="opening the pull request")
    assert forge.requests == 1


def test_a_change_that_was_never_sent_is_repeated(client):
    forge = client(Scripted(httpx.ConnectError("x"), httpx.ConnectTimeout("x"), ok()))
    forge.post("/x", {}, doing="opening")
    assert forge.requests == 3


def test_a_change_that_may_be_done_twice_is_repeated(client):
    forge = client(Scripted(no(502), ok()))
    forge.patch("/x", {}, doing="renaming", repeatable=True)
    assert forge.requests == 2


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (no(429, "slow down", retry_after="7"), 7.0),
        (no(403, "secondary rate limit", retry_after="90"), 90.0),
        (no(429, "x", retry_after="Fri, 15 Jan 2027 08:01:00 GMT"), 60.0),
        (no(403, "x", x_ratelimit_remaining="0", x_ratelimit_reset="1800000030"), 31.0),
        (no(429, "x", ratelimit_remaining="0", ratelimit_reset="1800000010"), 11.0),
        (no(403, "You have exceeded a secondary rate limit."), 60.0),
        (no(429, "x", retry_after="0"), 1.0),
        (no(429, "x", retry_after="soon", x_ratelimit_remaining="0", x_ratelimit_reset="1e9"), 60.0),
    ],
)
def test_rate_limits_are_waited_for_even_by_changes(client, clock, answer, seconds):
    forge = client(Scripted(answer, ok()))
    forge.post("/x", {}, doing="opening")
    assert clock.slept == [seconds]


def test_secondary_limits_without_a_time_are_waited_for_longer_each_time(client, clock):
    forge = client(Scripted(no(403, "secondary rate limit"), no(403, "secondary rate limit"), ok()))
    forge.get("/x", doing="reading")
    assert clock.slept == [60.0, 120.0]


def test_waiting_is_bounded_over_the_whole_run(client, clock):
    forge = client(Scripted(no(429, "x", retry_after="60"), ok(), no(429, "slow down", retry_after="60")), deadline=100)
    forge.get("/x", doing="reading")
    with pytest.raises(RateLimited, match="rate limited for 60 s more: slow down") as caught:
        forge.get("/y", doing="reading")
    assert clock.slept == [60.0]
    assert "forge.deadline" in caught.value.hint


def test_a_limit_without_end_ends(client, clock):
    forge = client(Scripted(no(429, "x", retry_after="0")))
    with pytest.raises(RateLimited):
        forge.get("/x", doing="reading")
    assert sum(clock.slept) <= 300


def test_a_403_that_is_no_limit_is_not_waited_for(client, clock):
    forge = client(Scripted(no(403, "Resource not accessible by integration", x_ratelimit_remaining="4999")))
    with pytest.raises(ForgeRefused, match="Resource not accessible"):
        forge.get("/x", doing="reading")
    assert clock.slept == []


def test_changes_keep_their_distance_and_reads_do_not(client, clock):
    forge = client(Scripted(ok()), dialect=Dialect("GitHub", change_pause=1.0))
    forge.post("/x", {}, doing="a")
    forge.get("/x", doing="b")
    assert clock.slept == []
    clock.now += 0.25
    forge.patch("/x", {}, doing="c")
    assert clock.slept == [0.75]


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT"])
def test_a_renamed_repository_is_followed_with_credential_and_body(client, method):
    script = Scripted(httpx.Response(307, headers={"location": f"{API}/repositories/42/pulls"}), ok())
    client(script).send(method, "/repos/old/name/pulls", doing="x", body={"a": 1})
    assert [str(request.url) for request in script.seen] == [
        f"{API}/repos/old/name/pulls",
        f"{API}/repositories/42/pulls",
    ]
    assert script.seen[1].method == method
    assert script.seen[1].headers["authorization"] == f"Bearer {CANARY}"
    assert json.loads(script.seen[1].content) == {"a": 1}


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/x",
        "http://git.acme.example/api/v3/x",
        "https://git.acme.example:8443/x",
        "//evil.example/x",
        "https://git.acme.example@evil.example/x",
        "https://[broken",
        "javascript://alert(1)",
        "ftp://git.acme.example/api/v3/x",
    ],
)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_leads_anywhere_else(client, location, status):
    script = Scripted(httpx.Response(status, headers={"location": location}), ok())
    with pytest.raises(ForgeUnreachable, match=r"redirected to|cannot be read"):
        client(script).get("/x", doing="reading")
    assert len(script.seen) == 1


def test_a_change_is_not_turned_into_a_read(client):
    script = Scripted(httpx.Response(301, headers={"location": f"{API}/y"}), ok())
    with pytest.raises(ForgeUnreachable, match="redirected") as caught:
        client(script).post("/x", {}, doing="opening")
    assert "forge.repository" in caught.value.hint
    assert len(script.seen) == 1


def test_redirects_end(client):
    with pytest.raises(ForgeUnreachable, match="without end"):
        client(Scripted(httpx.Response(302, headers={"location": "/api/v3/x"}))).get("/x", doing="reading")


def test_pages_follow_the_link_header_but_stay_where_they_are(client):
    script = Scripted(
        ok([1], link='<https://evil.example/steal?page=2&per_page=100>; rel="next", <x?page=9>; rel="last"'), ok([2])
    )
    found = [answer.body for answer in client(script).pages("/pulls", doing="listing", params={"state": "open"})]
    assert found == [[1], [2]]
    assert str(script.seen[1].url) == f"{API}/pulls?state=open&page=2&per_page=100"


def test_pages_without_end_end(client):
    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", "1"))
        return ok([page], link=f'<{API}/pulls?page={page + 1}>; rel="next"')

    with pytest.raises(ForgeError, match="more than 100 pages"):
        list(client(answer).pages("/pulls", doing="listing"))
    assert (
        len(list(client(Scripted(ok([], link='<x?page=1>; rel="next"'))).pages("/p", doing="x", params={"page": "1"})))
        == 1
    )


def test_what_has_not_changed_is_not_sent_again(client):
    script = Scripted(ok({"n": 1}, etag='"a"'), httpx.Response(304), ok({"n": 2}, etag='"b"'))
    forge = client(script)
    assert [forge.get("/x", doing="x").record().whole("n") for _ in range(3)] == [1, 1, 2]
    assert [request.headers.get("if-none-match") for request in script.seen] == [None, '"a"', '"a"']


class Renewable(TokenHeader):
    """A credential that gets better when it is refused."""

    __slots__ = ()
    renewals = 0

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {CANARY}-{type(self).renewals}"}

    def renew(self) -> bool:
        type(self).renewals += 1
        return True


def test_a_refused_credential_is_renewed_once(client):
    script = Scripted(no(401), ok())
    client(script, authorization=Renewable("", "", CANARY)).post("/x", {}, doing="x")
    assert [request.headers["authorization"][-2:] for request in script.seen] == ["-0", "-1"]
    with pytest.raises(ForgeRefused) as caught:
        client(Scripted(no(401, "Bad credentials")), authorization=Renewable("", "", CANARY)).get("/x", doing="x")
    assert caught.value.status == 401


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (
            {
                "message": "Validation Failed",
                "errors": [{"resource": "PullRequest", "field": "base", "code": "invalid"}],
            },
            "Validation Failed; base invalid",
        ),
        ({"message": {"source_branch": ["is taken"]}}, "source_branch is taken"),
        ({"error": {"message": "nope"}}, "nope"),
        ({"errors": [{"context": None, "message": "Dull", "exceptionName": "x"}]}, "Dull"),
        ({"message": "two\nlines \x1b[31m\u202e and::warning"}, "two lines \\x1b[31m\\u202e and::warning"),
        ({"message": ["x"] * 500}, None),
        ([], None),
        ({"message": {"a": {"b": {"c": {"d": "deep"}}}}}, None),
    ],
)
def test_what_a_forge_says_becomes_one_printable_line(client, body, shown):
    with pytest.raises(ForgeRefused) as caught:
        client(Scripted(httpx.Response(400, json=body))).get("/x", doing="reading")
    message = caught.value.message
    assert message.isprintable()
    assert len(message) < 400
    if shown is not None:
        assert message == f"GitHub: reading failed (HTTP 400): {shown}"


@pytest.mark.parametrize("content", [b"<html>", b"[" * 200_000, b"\xff", b"9" * 5000])
def test_what_is_not_json_is_no_answer(client, content):
    with pytest.raises(ForgeUnreachable, match="not JSON") as caught:
        client(Scripted(httpx.Response(200, content=content))).get("/x", doing="reading")
    assert "forge.apiUrl" in caught.value.hint


def test_an_answer_is_bounded(client):
    big = httpx.Response(200, content=(b"[" + b" " * 1024 * 1024 for _ in range(64)))
    with pytest.raises(ForgeUnreachable, match="too large"):
        client(Scripted(big)).get("/x", doing="reading")


def test_an_answer_that_drips_is_given_up(client, clock):
    def drip(request: httpx.Request) -> httpx.Response:
        def chunks() -> Iterator[bytes]:
            while True:
                clock.now += 10
                yield b" "

        return httpx.Response(200, content=chunks())

    with pytest.raises(ForgeUnreachable, match="in time"):
        client(drip).get("/x", doing="reading")


def test_a_session_of_the_forge_is_not_taken_up(client):
    script = Scripted(ok({}, **{"set-cookie": "session=1; Path=/"}), ok())
    forge = client(script)
    forge.get("/x", doing="x")
    forge.get("/x", doing="x")
    assert "cookie" not in script.seen[1].headers


FAILURES = [
    httpx.ConnectError(f"header {CANARY}"),
    httpx.ReadTimeout(f"header {CANARY}"),
    httpx.LocalProtocolError(f"Illegal header value b'Bearer {CANARY}'"),
    httpx.ProxyError(f"header {CANARY}"),
    httpx.DecodingError(f"header {CANARY}"),
    httpx.InvalidURL(f"header {CANARY}"),
    OSError(f"header {CANARY}"),
    UnicodeEncodeError("ascii", CANARY, 0, 1, CANARY),
    httpx.Response(401, json={"message": f"bad token {CANARY}"}),
    httpx.Response(403, json={"message": f"bad token {CANARY}"}),
    httpx.Response(422, json={"message": "x", "errors": [{"message": CANARY}]}),
    httpx.Response(429, json={"message": CANARY}, headers={"retry-after": "9999"}),
    httpx.Response(502, json={"message": CANARY}),
    httpx.Response(500, text=CANARY),
    httpx.Response(200, text=CANARY),
    httpx.Response(307, headers={"location": f"https://{CANARY}@evil.example/{CANARY}"}),
    httpx.Response(301, headers={"location": f"{API}/y"}),
]


@pytest.mark.parametrize(
    "failure", FAILURES, ids=lambda value: f"{type(value).__name__}-{getattr(value, 'status_code', '')}"
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_failure_shows_the_credential(client, failure, method, caplog):
    caplog.set_level(logging.DEBUG)
    forge = client(Scripted(failure))
    with pytest.raises(ForgeError) as caught:
        forge.send(method, "/x", doing="asking", repeatable=method == "GET")
    error = caught.value
    shown = [
        *traceback.format_exception(error),
        repr(error),
        str(error),
        error.hint or "",
        repr(vars(error)),
        repr(forge),
    ]
    assert not [text for text in shown if CANARY in text]
    assert CANARY not in caplog.text
    assert error.__cause__ is None
    assert error.__context__ is None


def test_a_token_that_is_no_header_value_is_not_shown(clock, unused_port):
    for token in (f"{CANARY}\n", f"{CANARY}\u2014", f"{CANARY}\r\nX: y"):
        forge = ForgeClient(f"http://127.0.0.1:{unused_port}", bearer(token), Dialect("GitHub"), clock=clock)
        with pytest.raises(ForgeUnreachable) as caught:
            forge.get("/x", doing="asking")
        forge.close()
        assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "proxy", ["ftp://me:hunter2@127.0.0.1:1", "http://me:hunter2@[::1", "socks5://me:hunter2@127.0.0.1:1"]
)
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(monkeypatch, proxy):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(ForgeError, match="proxy") as caught:
        ForgeClient(API, bearer(CANARY), Dialect("GitHub"))
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_netrc_is_not_read(hermetic, monkeypatch, client):
    (hermetic / ".netrc").write_text("machine git.acme.example login me password hunter2\n")
    script = Scripted(ok())
    client(script, authorization=None).get("/x", doing="x")
    assert "authorization" not in script.seen[0].headers


def test_a_ca_file_is_checked(tmp_path):
    with pytest.raises(ForgeError, match="cannot be used") as caught:
        ForgeClient(API, None, Dialect("GitHub"), ForgeSettings(ca_file=tmp_path / "none.pem"))
    assert caught.value.hint == "check forge.caFile"
    (tmp_path / "bad.pem").write_text("not PEM")
    with pytest.raises(ForgeError, match="cannot be used"):
        ForgeClient(API, None, Dialect("GitHub"), ForgeSettings(ca_file=tmp_path / "bad.pem"))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    ForgeClient(API, None, Dialect("GitHub"), ForgeSettings(ca_file=tmp_path / "ca.pem")).close()


def test_a_segment_stays_one():
    assert segment("a/b?c#d %2F..") == "a%2Fb%3Fc%23d%20%252F.."


def test_certificates_are_checked_against_the_file_or_the_system(tmp_path, clock):
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with FakeForge(tmp_path, tls=server) as running:
        running.create_repository("acme/gitops")

        def ask(settings: ForgeSettings) -> None:
            client = ForgeClient(running.api_url(), None, Dialect("GitHub"), settings, clock=clock)
            try:
                client.get("/repos/acme/gitops", doing="reading")
            finally:
                client.close()

        ask(ForgeSettings(ca_file=tmp_path / "ca.pem"))
        with pytest.raises(ForgeUnreachable, match="not trusted") as caught:
            ask(ForgeSettings())
    assert "forge.caFile" in caught.value.hint
    assert clock.slept == []


def test_the_environments_proxy_is_used(forge, monkeypatch, unused_port, clock):
    forge.create_repository("acme/gitops")

    def ask() -> int:
        client = ForgeClient(forge.api_url(), None, Dialect("GitHub"), ForgeSettings(), clock=clock)
        try:
            return client.get("/repos/acme/gitops", doing="reading").status
        finally:
            client.close()

    monkeypatch.setenv("HTTP_PROXY", f"http://me:hunter2@127.0.0.1:{unused_port}")
    with pytest.raises(ForgeUnreachable) as caught:
        ask()
    assert "HTTPS_PROXY" in caught.value.hint
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert ask() == 200
