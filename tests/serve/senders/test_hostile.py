"""Whatever arrives, nothing is raised, and what is not proven comes to nothing."""

from __future__ import annotations

import copy
import json
from itertools import product
from typing import Any

import pytest
from example_counts import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webhook_samples import NOW, SAMPLES, SECRET, Sample, receiver_for, sent, signed

from gitops_streams.oci.reference import Reference
from gitops_streams.render import inert
from gitops_streams.serve.event import Accepted, Ignored, ImagePushed, Outcome, Refused, RepositoryPushed
from gitops_streams.serve.senders.receive import MAX_BODY, receive
from gitops_streams.serve.senders.receiver import paths

NAMES = sorted({name for sample in SAMPLES for name in sent(sample)[0]})
WORDS = sorted(
    {
        text
        for sample in SAMPLES
        for text in json.dumps(sample.body).replace('"', " ").split()
        if len(text) < 100 and text.isascii()
    }
)
PROVEN = [sample for sample in SAMPLES if sample.auth != "none"]
ONE_EACH = tuple({sample.auth: sample for sample in SAMPLES}.values())
"""One for each way of proving it: what cannot be read is the same to all readers."""
TEXTS = st.one_of(
    st.sampled_from(WORDS),
    st.text(max_size=20),
    st.sampled_from(["", "\ud800", "\x1b[31m", "\u202e", "../..", "a" * 3000]),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)
HEADERS = st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=12)), TEXTS, max_size=8)


def _check(outcome: Outcome) -> None:
    """What comes out is well-formed, whatever went in."""
    match outcome:
        case Accepted():
            assert outcome.events
            assert len(set(outcome.events)) == len(outcome.events)
            assert outcome.delivery is None or (outcome.delivery.isascii() and 0 < len(outcome.delivery) <= 128)
            for event in outcome.events:
                if isinstance(event, ImagePushed):
                    assert Reference.parse(f"{event.repository}:{event.tag}").repository == event.repository
                if isinstance(event, RepositoryPushed):
                    assert event.locations
                    assert all(each.isprintable() and each == each.lower() for each in event.locations)
                    assert event.branch.isprintable()
        case Ignored() | Refused():
            assert inert.line(outcome.reason) == outcome.reason
            assert len(outcome.reason) < 400
            assert SECRET not in outcome.reason


@settings(max_examples=examples(300), deadline=None)
@given(
    sample=st.sampled_from(PROVEN),
    headers=HEADERS,
    body=st.one_of(st.binary(max_size=200), JSON.map(lambda value: json.dumps(value).encode())),
)
def test_what_is_not_proven_comes_to_nothing(sample: Sample, headers: dict[str, str], body: bytes) -> None:
    receiver = receiver_for(sample)
    outcome = receive(receiver, {**sample.headers, **headers}, body, paths(receiver)[0], now=NOW)
    assert isinstance(outcome, Refused)
    _check(outcome)


@settings(max_examples=examples(300), deadline=None)
@given(
    sample=st.sampled_from(SAMPLES),
    headers=HEADERS,
    path=st.text(max_size=30),
    body=st.one_of(st.binary(max_size=200), st.just(b"{}")),
)
def test_whoever_does_not_know_the_path(sample: Sample, headers: dict[str, str], path: str, body: bytes) -> None:
    outcome = receive(receiver_for(sample), headers, body, path, now=NOW)
    assert isinstance(outcome, Refused)
    _check(outcome)


@settings(max_examples=examples(300), deadline=None)
@given(sample=st.sampled_from(SAMPLES), body=JSON, headers=HEADERS, query=st.text(max_size=30))
def test_a_proven_delivery_of_anything(sample: Sample, body: Any, headers: dict[str, str], query: str) -> None:
    raw = json.dumps(body).encode()
    receiver = receiver_for(sample)
    told = {**headers, **sample.headers, **signed(sample.auth, raw)}
    _check(receive(receiver, told, raw, f"{paths(receiver)[0]}?{query}", now=NOW))


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in _places(each, (*path, key)))]


def _replaced(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copied = copy.deepcopy(body)
    place = copied
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copied


@settings(max_examples=examples(500), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sample=st.sampled_from(SAMPLES), data=st.data())
def test_a_delivery_with_something_else_in_one_place(sample: Sample, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(_places(sample.body)))
    raw = json.dumps(_replaced(sample.body, path, data.draw(JSON))).encode()
    receiver = receiver_for(sample)
    _check(receive(receiver, {**sample.headers, **signed(sample.auth, raw)}, raw, paths(receiver)[0], now=NOW))


_BODIES = {
    "empty": b"",
    "not UTF-8": b'{"a": "\xff"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "double key": b'{"action": "pull", "action": "push"}',
    "nested double key": b'{"a": [{"b": 1, "b": 1}]}',
    "NaN": b'{"a": NaN}',
    "Infinity": b"[-Infinity]",
    "lists in lists": b"[" * (MAX_BODY // 2) + b"]" * (MAX_BODY // 2),
    "open lists": b"[" * MAX_BODY,
    "objects in objects": b'{"a":' * 100_000,
    "number of a million digits": b"1" * 1_000_000,
    "trailing": b"{} {}",
    "form": b"payload=%7B%7D",
    "multipart": b"--x\r\n",
}


@pytest.mark.parametrize("body", _BODIES.values(), ids=_BODIES)
def test_bodies_that_cannot_be_read(body: bytes) -> None:
    for sample in ONE_EACH:
        receiver = receiver_for(sample)
        headers = {**sample.headers, "Content-Type": "application/json", **signed(sample.auth, body)}
        outcome = receive(receiver, headers, body, paths(receiver)[0], now=NOW)
        assert isinstance(outcome, Refused), sample
        assert outcome.status == 400, sample
        _check(outcome)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_wrong_types_everywhere(sample: Sample) -> None:
    receiver = receiver_for(sample)
    values = [None, True, 1, 1.5, "x", [], {}, [[]], [None], "[]"]
    for path, value in product(_places(sample.body), values):
        raw = json.dumps(_replaced(sample.body, path, value)).encode()
        headers = {**sample.headers, **signed(sample.auth, raw)}
        _check(receive(receiver, headers, raw, paths(receiver)[0], now=NOW))


@pytest.mark.parametrize("form", [b"", b"payload", b"payload=%7B", b"a=b&" * 30, b"payload=%ff", b"x" * 1000])
def test_forms_that_hold_nothing(form: bytes) -> None:
    sample = next(each for each in SAMPLES if each.form)
    receiver = receiver_for(sample)
    headers = {**sent(sample)[0], **signed(sample.auth, form)}
    outcome = receive(receiver, headers, form, paths(receiver)[0], now=NOW)
    assert isinstance(outcome, Refused)
    assert outcome.status == 400


def test_more_images_than_anybody_pushes() -> None:
    sample = next(each for each in SAMPLES if each.sender == "quay")
    raw = json.dumps({**sample.body, "updated_tags": [str(n) for n in range(1001)]}).encode()  # type: ignore[dict-item]
    receiver = receiver_for(sample)
    outcome = receive(receiver, {}, raw, paths(receiver)[0], now=NOW)
    assert isinstance(outcome, Refused)
    assert outcome.status == 413
