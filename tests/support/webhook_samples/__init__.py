"""Deliveries as each kind of sender would make them, signed by code that shares nothing with ours."""

from webhook_samples.google import GOOGLE_KEYS, StaticKeys, google_token
from webhook_samples.sample import NOW, SECRET, Sample, receiver_for, sent, signed
from webhook_samples.samples import SAMPLES

__all__ = [
    "GOOGLE_KEYS",
    "NOW",
    "SAMPLES",
    "SECRET",
    "Sample",
    "StaticKeys",
    "google_token",
    "receiver_for",
    "sent",
    "signed",
]
