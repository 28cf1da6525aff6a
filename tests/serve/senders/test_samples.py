"""Every sender's deliveries come to the events that they should."""

from __future__ import annotations

import pytest
from webhook_samples import NOW, SAMPLES, Sample, receiver_for, sent

from gitops_streams.serve.event import Accepted
from gitops_streams.serve.senders.known import SENDERS
from gitops_streams.serve.senders.receive import receive


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_delivery_is_accepted(sample: Sample) -> None:
    outcome = receive(receiver_for(sample), *sent(sample), now=NOW)
    assert isinstance(outcome, Accepted), outcome
    assert outcome.events == sample.events
    if sample.delivery is not None:
        assert outcome.delivery == sample.delivery


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_the_same_delivery_is_known_again(sample: Sample) -> None:
    headers, body, path = sent(sample)
    receiver = receiver_for(sample)
    assert receive(receiver, headers, body, path, now=NOW) == receive(
        receiver, {name.upper(): value for name, value in headers.items()}, body, path, now=NOW
    )


def test_every_sender_has_a_sample() -> None:
    assert {sample.sender for sample in SAMPLES} == {sender.name for sender in SENDERS}
