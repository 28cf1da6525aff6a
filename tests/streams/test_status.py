"""The status files: what is written is read back, whatever else stands there does no harm."""

from __future__ import annotations

import random
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.streams import status
from gitops_streams.streams.model import StreamKey, TagKey
from gitops_streams.streams.status import HISTORY_LIMIT, Item, StreamStatus

WEB = TagKey(StreamKey("acme", "web"), "prod")
PATH = ".gitops-streams/status/acme/web.lock"
A, B, C = (Digest.of(letter.encode()) for letter in "abc")


def item(digest: Digest, *, source_tag: str = "1.4", fingerprint: str = "0123456789abcdef") -> Item:
    return Item(Reference.parse(f"quay.io/acme/web@{digest}"), digest, source_tag, fingerprint)


def recorded(*digests: Digest) -> StreamStatus:
    found = None
    for digest in digests:
        found = status.record(found, WEB, item(digest))
    assert found is not None
    return found


def test_the_file_in_full():
    assert status.render(recorded(A, B)) == dedent(
        f"""\
        # What gitops-streams resolved, newest first. Written by the tool: changes made by hand are lost.
        apiVersion: gitops-streams.io/v1
        kind: ImageStreamStatus
        metadata:
          name: "web"
          namespace: "acme"
        status:
          tags:
            - tag: "prod"
              items:
                - dockerImageReference: "quay.io/acme/web@{B}"
                  image: "{B}"
                  sourceTag: "1.4"
                  spec: "0123456789abcdef"
                - dockerImageReference: "quay.io/acme/web@{A}"
                  image: "{A}"
                  sourceTag: "1.4"
                  spec: "0123456789abcdef"
        """
    )


HISTORIES = {
    "one": ((A,), (A,)),
    "the head again": ((A, A), (A,)),
    "another": ((A, B), (B, A)),
    "A, B and A again": ((A, B, A), (A, B, A)),
    "A, B, B": ((A, B, B), (B, A)),
    "three": ((A, B, C, C, A), (A, C, B, A)),
}


@pytest.mark.parametrize(("resolved", "kept"), HISTORIES.values(), ids=HISTORIES.keys())
def test_only_the_head_is_compared(resolved, kept):
    assert tuple(found.image for found in recorded(*resolved).tags["prod"]) == kept


def test_the_same_image_for_another_spec_rewrites_the_head():
    again = item(B, source_tag="1.5", fingerprint="f" * 16)
    found = status.record(recorded(A, B), WEB, again)
    assert found.tags["prod"] == (again, item(A))


def test_recording_leaves_other_tags_and_the_old_value_alone():
    before = recorded(A)
    after = status.record(before, TagKey(WEB.stream, "dev"), item(B))
    assert before.tags == {"prod": (item(A),)}
    assert after.tags == {"prod": (item(A),), "dev": (item(B),)}


def test_the_history_has_an_end():
    digests = [Digest.of(str(n).encode()) for n in range(HISTORY_LIMIT + 20)]
    kept = [found.image for found in recorded(*digests).tags["prod"]]
    assert kept == digests[: -HISTORY_LIMIT - 1 : -1]


def test_a_longer_file_is_read_up_to_the_end():
    items = tuple(item(Digest.of(str(n).encode())) for n in range(HISTORY_LIMIT + 20))
    text = status.render(StreamStatus(WEB.stream, {"prod": items}))
    assert status.read([(PATH, text.encode())]).items(WEB) == items[:HISTORY_LIMIT]


@pytest.mark.parametrize(
    ("key", "path"),
    [
        (StreamKey("acme", "web"), PATH),
        (StreamKey(None, "web"), ".gitops-streams/status/_/web.lock"),
        (StreamKey("a", "b.c_d-e"), ".gitops-streams/status/a/b.c_d-e.lock"),
        (StreamKey(None, "a" * 250), f".gitops-streams/status/_/{'a' * 250}.lock"),
    ],
)
def test_paths(key: StreamKey, path: str):
    assert status.path_of(key) == path


def test_the_longest_names_have_files_of_their_own():
    paths = {status.path_of(StreamKey(None, "a" * 253 + last)) for last in "bcd"}
    assert len(paths) == 3
    assert all(len(path.rpartition("/")[2]) <= 255 for path in paths)


digests = st.one_of(
    st.binary(max_size=4).map(Digest.of), st.binary(max_size=4).map(lambda content: Digest.of(content, "sha512"))
)
names = st.from_regex(r"[a-z0-9]{1,5}(?:[._-][a-z0-9]{1,4}){0,2}", fullmatch=True)
namespaces = st.one_of(st.none(), st.from_regex(r"[a-z0-9](?:[-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True))
stream_keys = st.builds(
    StreamKey,
    st.one_of(namespaces, st.sampled_from(["null", "true", "0", "1e3"])),
    st.one_of(names, st.sampled_from(["null", "no", "1.10", "0x1f", "a" * 254])),
)
tags = st.one_of(
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}", fullmatch=True),
    st.sampled_from(["1.10", "on", "null", "2024-01-01", "_", "true"]),
)
repositories = st.sampled_from(
    ["nginx", "quay.io/acme/web", "localhost:5000/a", "[::1]:5000/a/b", "docker.io/library/x"]
)
items = st.builds(
    lambda repository, digest, tag, fingerprint: Item(
        Reference.parse(f"{repository}@{digest}"), digest, tag, fingerprint
    ),
    repositories,
    digests,
    st.one_of(st.just(""), tags),
    st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
)
statuses = st.builds(
    StreamStatus, stream_keys, st.dictionaries(tags, st.lists(items, max_size=5).map(tuple), max_size=4)
)


@settings(max_examples=150, deadline=None)
@given(found=statuses, seed=st.integers(0, 9))
def test_what_is_written_is_read_back(found: StreamStatus, seed: int):
    text = status.render(found)
    order = list(found.tags.items())
    random.Random(seed).shuffle(order)
    assert status.render(StreamStatus(found.key, dict(order))) == text
    history = status.read([(status.path_of(found.key), text.encode())])
    assert history.problems == ()
    assert dict(history.streams) == {found.key: found}
    assert status.render(history.streams[found.key]) == text


def read_one(content: str | bytes, path: str = PATH) -> status.History:
    return status.read([(path, content.encode() if isinstance(content, str) else content)])


@pytest.mark.parametrize(
    "path",
    [
        ".gitops-streams/status/_/web.lock",
        ".gitops-streams/status/acme/api.lock",
        ".gitops-streams/status/web.lock",
        ".gitops-streams/status/acme/web.yaml",
        "web.lock",
    ],
)
def test_a_file_in_the_wrong_place_is_ignored(path: str):
    history = read_one(status.render(recorded(A)), path)
    assert history.streams == {}
    (problem,) = history.problems
    assert str(problem) == f"{path}: it is the status of acme/web, which belongs in {PATH}; it is ignored"


GOOD = status.render(recorded(A))
BAD_STREAM = "it is not a status file that gitops-streams wrote, and will be rebuilt: "
LEVELS = "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]\n" for n in range(1, 12))
BOMB = f"x0: &x0 boom\n{LEVELS}"
HOSTILE = {
    "empty": "",
    "a comment": "# nothing\n",
    "text": "boom",
    "a list": "[]",
    "no YAML": "a: [",
    "two documents": f"{GOOD}---\n{GOOD}",
    "no UTF-8": b"\xff\xfe\x00",
    "NUL": GOOD.replace("web", "w\0b"),
    "no metadata": GOOD.replace("metadata:", "metadaten:"),
    "metadata is text": "metadata: web\nstatus: {}\n",
    "no name": GOOD.replace('name: "web"', "name:"),
    "a name that climbs": GOOD.replace('"web"', '"../../../etc/passwd"'),
    "a namespace that climbs": GOOD.replace('"acme"', '".."'),
    "namespace _": GOOD.replace('"acme"', "_"),
    "a name that is a list": GOOD.replace('"web"', "[web]"),
    "another version": GOOD.replace("streams.io/v1", "streams.io/v2"),
    "status is a list": GOOD.replace("status:\n  tags:", "status: []\nother:\n  tags:"),
    "tags is text": GOOD.partition("status:")[0] + "status: {tags: prod}\n",
    "a tag is text": GOOD.partition("status:")[0] + "status: {tags: [prod]}\n",
    "items is text": GOOD.partition("status:")[0] + "status: {tags: [{tag: prod, items: boom}]}\n",
    "an item is text": GOOD.partition("status:")[0] + "status: {tags: [{tag: prod, items: [boom]}]}\n",
    "a tag without a name": GOOD.replace('tag: "prod"', "tag:"),
    "a tag that is none": GOOD.replace('"prod"', '"a/b"'),
    "a tag twice": GOOD + GOOD.partition("tags:\n")[2],
    "no digest": GOOD.replace(f"web@{A}", "web:1"),
    "two digests that differ": GOOD.replace(f'image: "{A}"', f'image: "{B}"'),
    "a short digest": GOOD.replace(str(A), "sha256:0123"),
    "an unknown algorithm": GOOD.replace("sha256", "md5"),
    "a reference that is none": GOOD.replace("quay.io/acme/web@", "quay.io//web@"),
    "a source tag that is none": GOOD.replace('"1.4"', '"1\\n4"'),
    "a source tag that is a mapping": GOOD.replace('"1.4"', "{a: b}"),
    "a fingerprint that is none": GOOD.replace('"0123456789abcdef"', '"<script>"'),
    "a key twice": GOOD.replace("kind: ", "kind: x\nkind: "),
    "a bomb for a name": BOMB + GOOD.replace('name: "web"', "name: *x11"),
    "a bomb for tags": BOMB + GOOD.partition("status:")[0] + "status: {tags: *x11}\n",
    "a bomb for a source tag": BOMB + GOOD.replace('"1.4"', "*x11"),
    "one list for many tags": GOOD.partition("status:")[0]
    + "status:\n  tags:\n    - &t {tag: prod, items: []}\n"
    + "    - *t\n" * 20_000,
    "deep lists": "[" * 100_000,
    "deep mappings": "{a: " * 100_000,
    "a cycle": "&a [*a]",
    "an undefined alias": "metadata: *b",
    "a Python object": "!!python/object/apply:os.system ['true']",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_whatever_else_stands_there_is_reported_and_rebuilt(content: str | bytes):
    assert content != GOOD
    history = status.read([(PATH, content if isinstance(content, bytes) else content.encode()), ("x/y.lock", b"")])
    assert history.streams == {}
    problem = history.problems[0]
    assert problem.file == PATH
    assert problem.reason.startswith(BAD_STREAM)
    assert "\n" not in problem.reason
    assert len(problem.reason) < 500
    assert history.items(WEB) == ()


def test_one_bad_file_does_not_spoil_the_others():
    api = StreamStatus(StreamKey("acme", "api"), {"1": (item(B),)})
    files = [(PATH, b"boom"), (status.path_of(api.key), status.render(api).encode())]
    history = status.read(files)
    assert dict(history.streams) == {api.key: api}
    assert [problem.file for problem in history.problems] == [PATH]


def test_what_one_does_not_know_is_no_harm():
    text = GOOD + "conditions: []\n"
    assert read_one(text).items(WEB) == (item(A),)


def test_nothing_recorded():
    assert status.EMPTY.items(WEB) == ()
    assert read_one(GOOD).items(TagKey(WEB.stream, "other")) == ()


@settings(max_examples=200, deadline=None)
@given(
    cut=st.integers(0, len(GOOD)),
    insert=st.sampled_from(["", "x", "\n", "&a ", "*a", "[", "{", '"', "\t", "null", "- "]),
)
def test_a_damaged_file_is_read_or_reported(cut: int, insert: str):
    history = read_one(GOOD[:cut] + insert + GOOD[cut + len(insert) :])
    assert len(history.streams) + len(history.problems) == 1
    for found in history.streams.values():
        assert status.path_of(found.key) == PATH
        assert all(one.reference.digest == one.image for kept in found.tags.values() for one in kept)
