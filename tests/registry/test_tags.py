"""Tag lists: pages followed as they are told, sorted by ourselves, and never half a list."""

from __future__ import annotations

import json

import pytest

from gitops_streams.oci.resolution import Cause, Unresolvable
from gitops_streams.registry import TagList
from gitops_streams.registry.tags import next_link


def _page(server, tags, link=None, **headers):
    base = {"Content-Type": "application/json", **headers}
    if link is not None:
        base["Link"] = link
    return server.Reply(200, base, json.dumps({"name": "acme/web", "tags": tags}).encode())


def _tags(server, client):
    return client.tags(server.question().repository)


def test_opaque_pages_are_followed_and_sorted(fault, make_client):
    pages = {
        "/v2/acme/web/tags/list?n=1000": _page(
            fault, ["b", "a", "1.10"], '</v2/acme/web/tags/list?t=%3D%3D>; rel="next"'
        ),
        "/v2/acme/web/tags/list?t=%3D%3D": _page(fault, ["1.9", "a"], f"<http://{fault.host}/other?x=1>; rel=next"),
        "/other?x=1": _page(fault, ["Z"]),
    }
    fault.answer = lambda seen: pages[seen.target]
    client = make_client()
    assert _tags(fault, client) == TagList(("1.10", "1.9", "Z", "a", "b"))
    assert client.requests == 3
    assert {seen.headers["accept"] for seen in fault.seen} == {"application/json"}


@pytest.mark.parametrize("status", [400, 405, 413])
def test_a_page_size_that_is_refused_is_left_out(fault, make_client, status):
    fault.answer = lambda seen: fault.Reply(status) if "n=" in seen.target else _page(fault, ["a"])
    assert _tags(fault, make_client()) == TagList(("a",))


def test_null_and_invalid_tags(fault, make_client):
    fault.answer = lambda _: _page(fault, None)
    assert _tags(fault, make_client()) == TagList(())
    fault.answer = lambda _: _page(fault, ["ok", None, "-bad", "a" * 129, 7, "x\n", "é"])
    tags = _tags(fault, make_client())
    assert tags.tags == ("ok",)
    assert tags.warnings == (f"{fault.host}: the tags of acme/web: 6 entries that are no tags were left out",)


def test_ecr_sends_tag_lists_as_text(fault, make_client):
    fault.answer = lambda _: _page(fault, ["a"], **{"Content-Type": "text/plain"})
    assert _tags(fault, make_client()) == TagList(("a",))


@pytest.mark.parametrize(
    ("link", "cause", "words"),
    [
        ("</v2/acme/web/tags/list?n=1000>; rel=next", Cause.BAD_ANSWER, "in a circle"),
        ('<https://127.0.0.1:{port}/x?secret=abc>; rel="next"', Cause.UNSAFE_TARGET, "secret=REDACTED is another host"),
        ('<http://evil.test/x>; rel="next"', Cause.UNSAFE_TARGET, "another host"),
        ('<//evil.test/x>; rel="next"', Cause.UNSAFE_TARGET, "another host"),
        ('<http://u:p@127.0.0.1:{port}/x>; rel="next"', Cause.UNSAFE_TARGET, "user information"),
        ('<javascript:alert(1)>; rel="next"', Cause.UNSAFE_TARGET, "neither http nor https"),
    ],
)
def test_hostile_links(fault, make_client, link, cause, words):
    fault.answer = lambda _: _page(fault, ["a"], link.replace("{port}", str(fault.port)))
    answer = _tags(fault, make_client())
    assert isinstance(answer, Unresolvable)
    assert answer.cause is cause
    assert words in answer.reason
    assert fault.count() == 1


def test_a_list_without_end(fault, make_client, monkeypatch):
    monkeypatch.setattr("gitops_streams.registry.tags._MAX_PAGES", 20)
    pages = iter(range(10_000))
    fault.answer = lambda _: _page(fault, ["a"], f"<?p={next(pages)}>; rel=next")
    answer = _tags(fault, make_client())
    assert answer.cause is Cause.BAD_ANSWER
    assert "does not end" in answer.reason
    assert fault.count() == 20


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"null", b'{"name": 1}', b'{"tags": "x"}', b'{"tags": {}}'])
def test_answers_that_are_no_list(fault, make_client, body):
    fault.answer = lambda _: fault.Reply(200, {"Content-Type": "text/html"}, body)
    answer = _tags(fault, make_client())
    assert answer.cause is Cause.BAD_ANSWER
    assert "no tag list (text/html)" in answer.reason


@pytest.mark.parametrize(("status", "cause"), [(404, Cause.NOT_FOUND), (403, Cause.DENIED), (429, Cause.RATE_LIMITED)])
def test_refusals_are_told_as_for_tags(fault, make_client, status, cause):
    fault.answer = lambda _: fault.Reply(status)
    answer = _tags(fault, make_client(tries=1))
    assert answer.cause is cause
    assert fault.count() == 1


@pytest.mark.parametrize(
    ("headers", "target"),
    [
        ([], None),
        (["</a>; rel=prev"], None),
        (["</a>; rel=prev, </b>; rel=next"], "/b"),
        (["</a>; rel=prev", '</b>; title="x, <c>; rel=next"; rel="next"'], "/b"),
        (['</b,c;d>;rel="last next"'], "/b,c;d"),
        (["</b>; REL=NEXT"], "/b"),
        (["</b>; rel=nextish"], None),
        (["</b>"], None),
        (["<unclosed; rel=next"], None),
        (['</b>; rel="next'], None),
        (["garbage"], None),
    ],
)
def test_link_headers(headers, target):
    assert next_link(headers) == target
