"""Registries that reset, stall, drip, lie, flood, or are not there: one clear line each, and nobody else is held up."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from gitops_streams.oci.reference import Reference
from gitops_streams.oci.resolution import Cause, Question, Resolved, Unresolvable
from gitops_streams.registry import HostSettings, Timeouts, resolve

SHORT = Timeouts(connect=0.3, request=0.3, helper=5)


@pytest.fixture
def dead_host():
    """Return an address where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{probe.getsockname()[1]}"


def _question(host, tag="1"):
    return Question(Reference.parse(f"{host}/acme/web:{tag}").repository, tag)


def test_a_reset_is_tried_again(fault, make_client, clock, image_digest):
    replies = [fault.Reply(reset=True), fault.Reply(raw=b"HTTP/1.1 20", reset=True), fault.manifest()]
    fault.answer = lambda _: replies.pop(0)
    client = make_client()
    assert client.resolve(fault.question()).digest == image_digest
    assert client.requests == 3
    assert len(clock.slept) == 2
    assert clock.slept[0] >= 1
    assert clock.slept[1] >= 2.5


def test_a_reset_for_ever(fault, make_client):
    fault.answer = lambda _: fault.Reply(reset=True)
    answer = make_client().resolve(fault.question())
    assert answer.cause is Cause.UNAVAILABLE
    assert answer.reason.startswith(f"{fault.host}: the connection ")
    assert fault.count() == 3


@pytest.mark.parametrize(
    "reply",
    [
        {"stall": True},
        {"raw": b"HTTP/1.1 200 OK\r\n", "stall": True},
        {"raw": b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 500, "drip": 0.02},
    ],
    ids=["silence", "half a header", "slow loris"],
)
def test_time_is_bounded_however_the_server_stalls(fault, make_client, reply):
    fault.answer = lambda _: fault.Reply(**reply)
    started = time.monotonic()
    answer = make_client(timeouts=SHORT, tries=2).resolve(fault.question())
    assert answer.cause is Cause.UNAVAILABLE
    assert "no complete answer in time" in answer.reason
    # Two tries of 0.3 s; a drip of 500 bytes would take 10 s.
    assert time.monotonic() - started < 5


def test_a_body_that_drips(fault, make_client):
    big = fault.manifest(b"x" * 5000)
    fault.answer = lambda seen: (
        fault.Reply(405) if seen.method == "HEAD" else fault.Reply(**{**vars(big), "drip": 0.01})
    )
    answer = make_client(timeouts=SHORT, tries=1).resolve(fault.question())
    assert "no complete answer in time" in answer.reason


def test_a_kept_alive_connection_that_the_server_gave_up(fault, make_client, image_digest, clock):
    fault.answer = lambda seen: fault.manifest(Connection="close") if "first" in seen.target else fault.manifest()
    client = make_client()
    for tag in ("a", "b"):
        assert client.resolve(fault.question(tag=tag)).digest == image_digest
    assert fault.connections == 1
    fault.hang_up()
    assert client.resolve(fault.question(tag="c")).digest == image_digest
    assert (fault.connections, client.requests, clock.slept) == (2, 3, [])


def test_connection_close_is_heeded(fault, make_client):
    fault.answer = lambda _: fault.manifest(Connection="close")
    client = make_client()
    for tag in ("a", "b"):
        assert isinstance(client.resolve(fault.question(tag=tag)), Resolved)
    assert fault.connections == 2


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "not HTTP"),
        (b"HTTP/2 200\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 abc\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "malformed header"),
        (b"HTTP/1.1 200 OK\r\n folded: x\r\n\r\n", "malformed header"),
        (b"HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n", "malformed header"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", "more than 128 headers"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 200_000, "header is larger than 64 KiB"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 50, "interim answers"),
    ],
)
def test_answers_that_are_not_http(fault, make_client, raw, words):
    fault.answer = lambda _: fault.Reply(raw=raw)
    answer = make_client().resolve(fault.question())
    assert answer.cause is Cause.BAD_ANSWER
    assert words in answer.reason
    assert fault.count() == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Length: 5, 6\r\n\r\nhello!",
        b"Content-Length: -1\r\n\r\n",
        b"Transfer-Encoding: gzip\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n",
    ],
)
def test_bodies_that_are_not_framed(fault, make_client, raw):
    head = b"HTTP/1.1 200 OK\r\n"
    fault.answer = lambda seen: fault.Reply(405) if seen.method == "HEAD" else fault.Reply(raw=head + raw)
    assert make_client().resolve(fault.question()).cause is Cause.BAD_ANSWER


def test_chunks_and_bodies_up_to_the_end(fault, make_client, image_digest):
    body = fault.manifest().body
    chunked = b"".join(b"%x;x=y\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:])) + b"0\r\nT: x\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    for raw in (head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked, head + b"\r\n" + body):
        fault.answer = lambda seen, raw=raw: fault.Reply(405) if seen.method == "HEAD" else fault.Reply(raw=raw)
        assert make_client().resolve(fault.question()).digest == image_digest


@pytest.mark.parametrize("declared", [True, False])
def test_an_oversized_manifest(fault, make_client, declared):
    body = b"x" * (4 << 20) + b"x"
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n" if declared else "HTTP/1.1 200 OK\r\n\r\n"
    fault.answer = lambda seen: fault.Reply(405) if seen.method == "HEAD" else fault.Reply(raw=head.encode() + body)
    answer = make_client().resolve(fault.question())
    assert answer.cause is Cause.BAD_ANSWER
    assert "larger than 4096 KiB" in answer.reason


def test_nobody_listens(make_client, dead_host):
    client = make_client()
    answers = client.resolve_all(_question(dead_host, str(number)) for number in range(50))
    assert {answer.cause for answer in answers.values()} == {Cause.UNAVAILABLE}
    assert all(answer.reason.startswith(f"{dead_host}: no connection: ") for answer in answers.values())
    # The host is found to be down once, not fifty times.
    assert client.requests == 3


def test_a_name_that_does_not_exist(make_client):
    def resolver(_host, _port):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    client = make_client(resolver=resolver)
    answer = client.resolve(_question("registry.test"))
    assert answer.cause is Cause.UNAVAILABLE
    assert "the name registry.test does not resolve" in answer.reason
    assert client.requests == 1


def test_one_failing_host_delays_nobody(fault, second, make_client, image_digest):
    """The stalled host answers only when all other answers are there."""
    others_done = threading.Event()

    def stall(_):
        assert others_done.wait(60)
        return second.Reply(reset=True)

    second.answer = stall
    fault.answer = lambda _: fault.manifest()
    done = []

    def progress(answered, total):
        done.append((answered, total))
        if answered >= 30:
            others_done.set()

    client = make_client(timeouts=Timeouts(connect=5, request=30, helper=5), tries=1)
    answers = client.resolve_all(
        [second.question(tag=str(number)) for number in range(8)]
        + [fault.question(tag=str(number)) for number in range(30)],
        progress=progress,
    )
    assert [isinstance(answer, Resolved) for answer in answers.values()] == [False] * 8 + [True] * 30
    assert done[-1] == (38, 38)


def test_distinct_questions_are_asked_once(fault, make_client):
    fault.answer = lambda _: fault.manifest()
    client = make_client()
    questions = [fault.question(tag=str(number % 10)) for number in range(50)]
    answers = client.resolve_all(questions)
    assert list(answers) == questions[:10]
    assert client.requests == fault.count("HEAD") == 10
    assert fault.connections <= 4


def test_the_same_question_in_flight_is_shared(fault, make_client):
    arrived, go = threading.Event(), threading.Event()

    def slow(_):
        arrived.set()
        assert go.wait(60)
        return fault.manifest()

    fault.answer = slow
    client = make_client()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(client.resolve(fault.question()))) for _ in range(5)]
    threads[0].start()
    assert arrived.wait(60)
    for thread in threads[1:]:
        thread.start()
    while sum(thread.is_alive() for thread in threads) < 5:
        time.sleep(0.01)
    time.sleep(0.05)
    go.set()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 5
    assert fault.count() == 1


def test_concurrency_is_bounded_per_host(fault, make_client):
    lock, now, most = threading.Lock(), [0], [0]

    def measured(_):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.01)
        with lock:
            now[0] -= 1
        return fault.manifest()

    fault.answer = measured
    client = make_client(hosts={fault.host: HostSettings(concurrency=2)})
    client.resolve_all(fault.question(tag=str(number)) for number in range(12))
    assert most[0] == 2


def test_an_interrupt_ends_what_is_under_way(fault, make_client):
    fault.answer = lambda _: fault.Reply(stall=True)

    def interrupt(_answered, _total):
        raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        make_client().resolve_all([fault.question(tag=str(number)) for number in range(9)], progress=interrupt)
    assert time.monotonic() - started < 4
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("registry ")]


def test_a_closed_client_answers_at_once(fault, make_client):
    client = make_client()
    client.close()
    answer = client.resolve(fault.question())
    assert isinstance(answer, Unresolvable)
    assert "closed" in answer.reason


def test_a_bug_of_ours_loses_one_answer_only(fault, make_client, monkeypatch):
    fault.answer = lambda _: fault.manifest()
    client = make_client()
    sound = resolve.Resolver.resolve

    def broken(self, host, repository, tag, platforms):
        if tag == "3":
            raise ZeroDivisionError("secret-in-message")
        return sound(self, host, repository, tag, platforms)

    monkeypatch.setattr(resolve.Resolver, "resolve", broken)
    answers = client.resolve_all(fault.question(tag=str(number)) for number in range(6))
    bad = [answer for answer in answers.values() if isinstance(answer, Unresolvable)]
    assert len(bad) == 1
    assert "internal error (ZeroDivisionError)" in bad[0].reason
    assert "secret" not in repr(bad)
