"""The event that started a workflow: little of it counts, and nothing of it is obeyed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.cli.github.event import ImagesPushed, OtherEvent, PullRequestEvent, _dispatch, read
from gitops_streams.errors import UsageError
from gitops_streams.oci.reference import Reference
from gitops_streams.streams.model import Catalog, DockerImage, ImageStream, StreamKey, StreamTag, TagAlias, TagKey

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def event(tmp_path):
    def make(name, content):
        path = tmp_path / "event.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return read({"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path)})

    return make


def pull_request(head="acme/gitops"):
    repository = None if head is None else {"full_name": head}
    return {
        "pull_request": {
            "number": 7,
            "base": {"sha": SHA, "repo": {"full_name": "acme/gitops"}},
            "head": {"repo": repository},
        }
    }


@pytest.mark.parametrize(("head", "fork"), [("acme/gitops", False), ("evil/gitops", True), (None, True)])
@pytest.mark.parametrize("name", ["pull_request", "pull_request_target"])
def test_pull_requests(event, name, head, fork):
    assert event(name, pull_request(head)) == PullRequestEvent(7, SHA, fork)


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{", "{}", {"pull_request": None}, {"pull_request": {"number": 1}},
        {"pull_request": {"number": 1, "base": {"sha": "--upload-pack=evil", "repo": {"full_name": "a/b"}},
                          "head": {"repo": None}}},
    ],
)  # fmt: skip
def test_a_pull_request_that_cannot_be_understood_is_no_reason_to_guess(event, content):
    with pytest.raises(UsageError, match="pull request"):
        event("pull_request", content)


@pytest.mark.parametrize("name", ["schedule", "push", "workflow_dispatch", ""])
def test_other_events(event, name):
    assert event(name, pull_request()) == OtherEvent()


def test_a_dispatch_names_images(event):
    found = event("repository_dispatch", {"client_payload": {"images": ["ghcr.io/acme/web:1.4", "$(id)", 3]}})
    assert found == ImagesPushed((Reference.parse("ghcr.io/acme/web:1.4"),), 2)
    assert event("repository_dispatch", {"client_payload": {"image": "web"}}) == ImagesPushed(
        (Reference.parse("web"),), 0
    )


@pytest.mark.parametrize("payload", [None, 3, [], {}, {"images": []}, {"image": "::x::"}, {"images": ["a"] * 101}])
def test_a_payload_that_names_none_leads_to_a_whole_run(event, payload):
    assert event("repository_dispatch", {"client_payload": payload}) == OtherEvent()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["image", "images", "x"]), inner),
    max_leaves=12,
)


@given(payload=json_values)
def test_any_payload_is_read(payload):
    assert isinstance(_dispatch(payload), ImagesPushed | OtherEvent)


def tag(name, source):
    return StreamTag(TagKey(StreamKey("acme", "web"), name), source, "s.yaml", 1)


def test_which_stream_tags_follow_an_image():
    docker = {name: DockerImage(Reference.parse(text)) for name, text in (
        ("prod", "quay.io/acme/web:1.4"), ("dev", "quay.io/acme/web"), ("hub", "nginx:1"),
    )}  # fmt: skip
    alias = tag("alias", TagAlias(TagKey(StreamKey("acme", "web"), "prod")))
    stream = ImageStream(
        StreamKey("acme", "web"), "s.yaml", 1, (*(tag(name, source) for name, source in docker.items()), alias)
    )
    catalog = Catalog((stream,))

    def followed(*images):
        return [key.tag for key in ImagesPushed(tuple(map(Reference.parse, images)), 0).followed(catalog)]

    assert followed("quay.io/acme/web:1.4") == ["prod"]
    assert followed("quay.io/acme/web:latest") == ["dev"]
    assert followed("quay.io/acme/web") == ["dev", "prod"]
    assert followed("docker.io/library/nginx:1", "quay.io/acme/other") == ["hub"]
    assert followed("quay.io/acme/web:1.5") == []
    # A policy may choose whichever tag was pushed.
    by_policy = tag("policy", DockerImage(Reference.parse("quay.io/acme/web"), by_policy=True))
    catalog = Catalog((replace(stream, tags=(*stream.tags, by_policy)),))
    assert followed("quay.io/acme/web:1.5") == ["policy"]
    # A stream for a whole repository has every tag; one that is declared follows what it says.
    catalog = Catalog((replace(stream, whole=tag("", DockerImage(Reference.parse("quay.io/acme/web")))),))
    assert followed("quay.io/acme/web:1.5") == ["1.5"]
    assert followed("quay.io/acme/web:prod", "quay.io/acme/other:1") == []
