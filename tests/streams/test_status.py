"""The status files: what is written is read back, whatever else stands there does no harm."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from textwrap import dedent

import pytest
from example_counts import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.oci.resolution import Cause
from gitops_streams.streams import status
from gitops_streams.streams.condition import Condition, condition_of
from gitops_streams.streams.history import NoImage, conditioned
from gitops_streams.streams.model import StreamKey, TagKey
from gitops_streams.streams.own_status import read_own
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
reasons = st.sampled_from(["NotFound", "Unauthorized", "InternalError"])
messages = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=20)
conditions = st.builds(Condition, reasons, messages | st.just('dockerimage "quay.io/acme/web:1" not found'))
statuses = st.builds(
    StreamStatus,
    stream_keys,
    st.dictionaries(tags, st.lists(items, max_size=5).map(tuple), max_size=4),
    st.dictionaries(tags, conditions, max_size=2),
)


@settings(max_examples=150, deadline=None)
@given(found=statuses, seed=st.integers(0, 9))
def test_what_is_written_is_read_back(found: StreamStatus, seed: int):
    # A condition's tag has an entry, with or without items.
    found = replace(found, tags={**dict.fromkeys(found.conditions, ()), **found.tags})
    text = status.render(found)
    order = list(found.tags.items())
    random.Random(seed).shuffle(order)
    assert status.render(replace(found, tags=dict(order))) == text
    history = status.read([(status.path_of(found.key), text.encode())])
    assert history.problems == ()
    assert dict(history.streams) == {found.key: found}
    assert status.render(history.streams[found.key]) == text


def parsed(content: bytes, monkeypatch: pytest.MonkeyPatch) -> status.History:
    """Read a file by the parser alone."""
    with monkeypatch.context() as patched:
        patched.setattr(status, "read_own", lambda _: None)
        return status.read([(PATH, content)])


plain = st.builds(
    lambda tags, conditions: StreamStatus(WEB.stream, {**dict.fromkeys(conditions, ()), **tags}, conditions),
    st.dictionaries(tags, st.lists(items, max_size=4).map(tuple), min_size=1, max_size=3),
    st.dictionaries(tags, conditions, max_size=1),
)
LINES = [
    "\n", " ", '"', "\\", "#", "- ", '    - tag: "x"\n      items:\n', "&a ", "\t", "0", "\u00e9", "'", ": ", "@",
    "---\n",
]  # fmt: skip


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=plain, cut=st.floats(0, 1), drop=st.integers(0, 3), insert=st.sampled_from(["", *LINES]))
def test_the_short_way_reads_what_the_parser_reads(found, cut, drop, insert, monkeypatch):
    """A file of ours, whole or damaged anywhere, is read by the short way as by the parser, or not at all."""
    text = status.render(found)
    place = int(cut * len(text))
    for content in (text, text[:place] + insert + text[place + drop :]):
        own = read_own(content.encode())
        if own is None:
            assert (
                content is not text
                or not all(is_plain(item) for kept in found.tags.values() for item in kept)
                or (
                    any(
                        not condition.message.isascii() or json.dumps(condition.message)[1:-1] != condition.message
                        for condition in found.conditions.values()
                    )
                )
            )
            continue
        known = parsed(content.encode(), monkeypatch).streams.get(own.key)
        if own.key == WEB.stream:
            assert known is not None
            assert dict(own.tags) == dict(known.tags)
            assert {tag: own.newest(tag) for tag in own.tags} == {tag: known.newest(tag) for tag in known.tags}
            assert own.conditions == known.conditions
            assert status.render(own) == status.render(known)


def is_plain(item: Item) -> bool:
    return item.image.algorithm == "sha256" and not item.reference.name.startswith("[")


def test_the_short_way_is_taken(monkeypatch):
    monkeypatch.setattr(status, "_parse", None)
    history = read_one(GOOD)
    assert history.items(WEB) == (item(A),)
    assert history.newest(WEB) == item(A)
    assert len(history.streams[WEB.stream].tags) == 1
    assert history.newest(TagKey(WEB.stream, "none")) is None


def test_a_condition_in_full():
    found = StreamStatus(WEB.stream, {"prod": (item(A),)}, {"dev": Condition("NotFound", 'dockerimage "x" not found')})
    text = status.render(found)
    assert text.partition("  tags:\n")[2].partition('    - tag: "prod"')[0] == dedent(
        """\
            - tag: "dev"
              conditions:
                - type: ImportSuccess
                  status: "False"
                  reason: "NotFound"
                  message: "dockerimage \\"x\\" not found"
              items:
        """
    ).replace("\n", "\n    ").removesuffix("    ").replace("- tag", "    - tag", 1)
    history = read_one(text)
    assert history.condition(TagKey(WEB.stream, "dev")) == found.conditions["dev"]
    assert history.condition(WEB) is None
    assert history.items(TagKey(WEB.stream, "dev")) == ()


def test_recording_takes_the_condition_of_its_tag_away():
    wrong = Condition("NotFound", "not found")
    before = StreamStatus(WEB.stream, {"prod": (item(A),)}, {"prod": wrong, "dev": wrong})
    assert status.record(before, WEB, item(B)).conditions == {"dev": wrong}
    other = Condition("Unauthorized", "no")
    assert conditioned(before, {"prod": None, "test": other}).conditions == {"dev": wrong, "test": other}


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_a_reason_or_is_an_outage(cause):
    found = condition_of(cause, Reference.parse("quay.io/acme/web:1.4"))
    outages = {Cause.UNAVAILABLE, Cause.RATE_LIMITED}
    known = {"NotFound", "Unauthorized", "Forbidden", "Invalid", "NotV2Registry", "InternalError"}
    assert (found is None) == (cause in outages)
    if found is not None:
        assert found.reason in known
        assert '"quay.io/acme/web:1.4"' in found.message


@settings(max_examples=examples(60), deadline=None)
@given(
    found=plain,
    prefix=st.text("0123456789abcdef", max_size=3),
    algorithm=st.sampled_from(["", "sha256:", "sha512:", "sh"]),
)
def test_an_image_is_found_by_its_prefix_as_openshift_finds_it(found, prefix, algorithm):
    """``DigestOrImageMatch``, tried on every item."""
    wanted = algorithm + prefix
    images = {
        one.image
        for kept in found.tags.values()
        for one in kept
        if str(one.image).startswith(wanted) or one.image.encoded.startswith(wanted)
    }
    answer = status.History({found.key: found}).image(found.key, wanted)
    if len(images) == 1:
        assert isinstance(answer, Item)
        assert answer.image in images
        assert answer == next(one for _, kept in sorted(found.tags.items()) for one in kept if one.image in images)
    else:
        assert isinstance(answer, NoImage)
        assert ("multiple images match the prefix" if images else "not found") in answer.reason
        assert len(answer.reason) < 800


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
    "a condition that is none": GOOD.replace("      items:", "      conditions: [{type: x}]\n      items:"),
    "a condition with a reason that is none": GOOD.replace(
        "      items:", "      conditions: [{type: ImportSuccess, status: 'False', reason: 'a b'}]\n      items:"
    ),
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
