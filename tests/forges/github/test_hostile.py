"""Whatever a forge answers, what comes out is a value or a ``ForgeError`` that is fit to print."""

from __future__ import annotations

import json

import httpx
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.errors import ForgeError
from gitops_streams.forges.forge import TreeFile
from gitops_streams.forges.github.forge import Github
from gitops_streams.forges.http.authorization import bearer
from gitops_streams.forges.settings import ForgeSettings
from gitops_streams.review.policy import MergeMethod
from gitops_streams.review.pull_request import Decorations, PullPatch, PullRequest, PullSpec, PullState

TOKEN = "ghp_CANARYcanary"
PULL = PullRequest(
    number=1,
    url="",
    state=PullState.OPEN,
    title="t",
    body="",
    head="h",
    head_sha="a" * 40,
    base="main",
    labels=frozenset({"old"}),
)
DECORATIONS = Decorations(("l",), ("old",), True, ("a",), ("r",), ("t",), "m")  # noqa: FBT003 - every field
CALLS = (
    lambda hub: hub.account(),
    lambda hub: hub.find("h"),
    lambda hub: hub.open_with_prefix("h"),
    lambda hub: hub.get(1),
    lambda hub: hub.create(PullSpec("h", "main", "t", "b")),
    lambda hub: hub.update(1, PullPatch("t", "b", draft=True)),
    lambda hub: hub.close(1),
    lambda hub: hub.decorate(PULL, DECORATIONS),
    lambda hub: hub.comment_sticky(1, "k", "text"),
    lambda hub: hub.comment_sticky(1, "k", None),
    lambda hub: hub.enable_auto_merge(PULL, MergeMethod.MERGE, delete_branch=True, fallback_merge=True),
    lambda hub: hub.disable_auto_merge(PULL),
    lambda hub: hub.commit(
        branch="b",
        expected=None,
        parent="p",
        files=(TreeFile("f", "100644", b"\xff"),),
        message="m",
        tree="t",
    ),
)
WORDS = """message errors data type number title body head base repo ref sha id login user labels name state full_name
node_id merged_at html_url tree slug object viewer extensions code mergeable_state draft milestone"""
KEYS = st.sampled_from(WORDS.split())
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(f"\x1b[31m{TOKEN}\n::warning::")
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=12
)
REPOSITORY = {"full_name": "a/b", "node_id": "R_1", "archived": False}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(st.sampled_from(CALLS), st.lists(st.tuples(st.sampled_from([200, 201, 403, 404, 405, 409, 422, 502]), JSON)))
def test_any_answers_are_survived(call, answers):
    waiting = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/repos/a/b":
            return httpx.Response(200, json=REPOSITORY)
        status, body = waiting.pop(0) if waiting else (200, {})
        return httpx.Response(status, content=json.dumps(body).encode())

    hub = Github(
        api_url="https://api.github.com",
        graphql_url="https://api.github.com/graphql",
        repository="a/b",
        authorization=bearer(TOKEN),
        settings=ForgeSettings(),
        clock=Clock(),
        transport=httpx.MockTransport(answer),
    )
    shown: list[str] = []
    try:
        result = call(hub)
        shown += [text for text in result if isinstance(text, str)] if isinstance(result, tuple) else []
    except ForgeError as error:
        shown += [error.message, error.hint or ""]
    hub.close_connections()
    for text in shown:
        assert text.isprintable()
        assert TOKEN not in text
