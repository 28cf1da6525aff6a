"""What is logged: one line each, as JSON or for people, and never a credential."""

from __future__ import annotations

import io
import json
import logging

import pytest
import serve_values as values

from gitops_streams.serve.logs import LogFormat, Secrets, say, start, stop

LOG = logging.getLogger("gitops_streams.serve.test")


@pytest.fixture
def written(request):
    stream = io.StringIO()
    handler = start(request.param, stream, Secrets(["hunter2-hunter2", "hunter2"]))
    yield stream
    stop(handler)


as_json = pytest.mark.parametrize("written", [LogFormat.JSON], indirect=True)
both = pytest.mark.parametrize("written", list(LogFormat), indirect=True)


@as_json
def test_a_line_is_an_object_with_the_fields(written):
    say(LOG, logging.INFO, "pass-ended", "the pass ended", repository="deploy", seconds=1.25, changes=3, stream=None)
    record = json.loads(written.getvalue())
    assert record.pop("time").endswith("+00:00")
    assert record == {
        "level": "info",
        "logger": "gitops_streams.serve.test",
        "event": "pass-ended",
        "message": "the pass ended",
        "repository": "deploy",
        "seconds": 1.25,
        "changes": 3,
    }


@both
@pytest.mark.parametrize(
    "text",
    [
        "https://ada:hunter3-secret@forge.acme.example/deploy.git",
        "https://forge.acme.example/deploy.git?private_token=hunter3-secret",
        "Authorization: Bearer hunter3-secret",
        "{'authorization': 'Basic hunter3-secret'}",
        "POST /hooks/harbor-main/hunter3-secret HTTP/1.1",
        "the token hunter2-hunter2 and hunter2",
    ],
)
def test_credentials_are_not_logged(written, text):
    say(LOG, logging.WARNING, "refused", text, reason=text)
    logging.getLogger("a.library").error("failed: %s", text)
    LOG.error("it failed", exc_info=ValueError(text))
    assert len(written.getvalue().splitlines()) == 3
    assert "hunter" not in written.getvalue()


@pytest.mark.parametrize("chosen", list(LogFormat))
def test_foreign_text_stays_on_its_line(chosen):
    # Given to the handler alone: pytest would capture it from the logger, and cannot send half a surrogate pair on.
    message = f"a\n{{}}\r\u2028{values.HOSTILE}"
    extra = {"event": "received", "fields": {"sender": values.HOSTILE, "level": "reserved"}}
    stream = io.StringIO()
    handler = start(chosen, stream, Secrets())
    try:
        handler.handle(LOG.makeRecord(LOG.name, logging.INFO, "", 1, "%s", (message,), None, extra=extra))
    finally:
        stop(handler)
    [line] = stream.getvalue().splitlines()
    assert "evil.example" in line
    assert "\x1b" not in line
    assert "\u202e" not in line
    line.encode()


@both
def test_a_text_without_end_is_cut(written):
    say(LOG, logging.INFO, "received", "x" * 1_000_000 + " hunter2", body="y " * 500_000)
    assert len(written.getvalue()) < 10_000


def test_for_people():
    stream = io.StringIO()
    handler = start(LogFormat.TEXT, stream, Secrets())
    try:
        say(LOG, logging.INFO, "pass-ended", "the pass ended", repository="deploy", reason="two words")
    finally:
        stop(handler)
    assert (
        stream.getvalue().partition(" ")[2]
        == 'INFO    pass-ended the pass ended repository=deploy reason="two words"\n'
    )
