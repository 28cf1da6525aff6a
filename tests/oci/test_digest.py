from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.errors import InvalidDigest, InvalidReference
from gitops_streams.oci.digest import Digest


@pytest.mark.parametrize(("algorithm", "length"), [("sha256", 64), ("sha512", 128)])
def test_registered_algorithms(algorithm: str, length: int) -> None:
    digest = Digest.parse(f"{algorithm}:{'0a' * (length // 2)}")
    assert (digest.algorithm, digest.encoded) == (algorithm, "0a" * (length // 2))
    assert digest.short == f"{algorithm}:0a0a0a0a0a0a"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256",
        "sha256:",
        "a" * 64,
        "sha256:" + "a" * 63,
        "sha256:" + "a" * 65,
        "sha512:" + "a" * 64,
        "sha256:" + "A" * 64,
        "sha256:" + "g" * 64,
        "SHA256:" + "a" * 64,
        "md5:" + "a" * 32,
        "sha384:" + "a" * 96,
        "sha256:" + "a" * 64 + "\n",
        " sha256:" + "a" * 64,
        "sha256:" + "\u0661" * 64,
        "sha256+b64u:" + "a" * 64,
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(InvalidDigest) as caught:
        Digest.parse(text)
    assert isinstance(caught.value, InvalidReference)


@given(st.binary(), st.sampled_from(["sha256", "sha512"]))
def test_of_content(content: bytes, algorithm: str) -> None:
    digest = Digest.of(content, algorithm)
    assert digest.encoded == hashlib.new(algorithm, content).hexdigest()
    assert Digest.parse(str(digest)) == digest


def test_of_nothing_is_the_published_constant() -> None:
    assert str(Digest.of(b"")) == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.text())
def test_arbitrary_text(text: str) -> None:
    with pytest.raises(InvalidDigest):
        Digest.parse(text)
