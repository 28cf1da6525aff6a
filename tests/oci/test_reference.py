"""References: own cases, and properties over generated and arbitrary text."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitops_streams.errors import InvalidDigest, InvalidReference
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference, Repository, looks_like_reference

HEX = "0123456789abcdef" * 4
OTHER = "f" * 64

components = st.from_regex(r"[a-z0-9]{1,5}(?:(?:\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}", fullmatch=True)
domains = st.sampled_from(
    [
        "quay.io",
        "localhost",
        "localhost:5000",
        "docker.io",
        "index.docker.io",
        "REG",
        "[::1]:5000",
        "a:1",
        "x.Y",
    ]
)
tags = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
digests = st.one_of(
    st.text("0123456789abcdef", min_size=64, max_size=64).map(lambda text: f"sha256:{text}"),
    st.text("0123456789abcdef", min_size=128, max_size=128).map(lambda text: f"sha512:{text}"),
)


@st.composite
def references(draw: st.DrawFn) -> str:
    path = "/".join(draw(st.lists(components, min_size=1, max_size=4)))
    domain = draw(st.none() | domains)
    if domain is None and "/" in path and "." in path.split("/")[0]:
        domain = "docker.io"  # the first segment would be taken for a domain
    name = path if domain is None else f"{domain}/{path}"
    tag, digest = draw(st.none() | tags), draw(st.none() | digests)
    return f"{name}{'' if tag is None else f':{tag}'}{'' if digest is None else f'@{digest}'}"


@pytest.mark.parametrize(
    ("text", "name", "domain", "path", "tag"),
    [
        ("nginx", "nginx", "docker.io", "library/nginx", None),
        ("nginx:1.25", "nginx", "docker.io", "library/nginx", "1.25"),
        ("acme/web:1", "acme/web", "docker.io", "acme/web", "1"),
        ("library/nginx", "library/nginx", "docker.io", "library/nginx", None),
        ("docker.io/nginx:1", "docker.io/nginx", "docker.io", "library/nginx", "1"),
        ("index.docker.io/acme/web", "index.docker.io/acme/web", "docker.io", "acme/web", None),
        ("registry-1.docker.io/acme/web", "registry-1.docker.io/acme/web", "registry-1.docker.io", "acme/web", None),
        ("localhost:5000", "localhost", "docker.io", "library/localhost", "5000"),
        ("localhost:5000/web", "localhost:5000/web", "localhost:5000", "web", None),
        ("Foo/bar", "Foo/bar", "Foo", "bar", None),
        ("[::1]:5000/a/b:c", "[::1]:5000/a/b", "[::1]:5000", "a/b", "c"),
        ("quay.io/acme/web:V1_x.y-Z", "quay.io/acme/web", "quay.io", "acme/web", "V1_x.y-Z"),
    ],
)
def test_parse(text: str, name: str, domain: str, path: str, tag: str | None) -> None:
    assert Reference.parse(text) == Reference(name, Repository(domain, path), tag)
    pinned = f"{text}@sha256:{HEX}"
    assert Reference.parse(pinned) == Reference(name, Repository(domain, path), tag, Digest("sha256", HEX))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("https://quay.io/acme/web", "scheme"),
        ("docker://nginx", "scheme"),
        ("quay.io/Acme/web", "lower case"),
        ("nginx:", "format"),
        ("nginx:a b", "format"),
        ("nginx\n", "format"),
        ("nginx:1\n", "format"),
        (" nginx", "format"),
        ("nginx:ä", "format"),
        ("nginx:\u0661", "format"),
        ("quay.io/acme//web", "format"),
        ("quay.io/", "format"),
        ("/web", "format"),
        ("{{ .Values.image }}", "lower case"),
        ("$(IMAGE):1", "lower case"),
        ("${image}:1", "format"),
        ("nginx:" + "a" * 129, "format"),
        ("quay.io/" + "a" * 256, "longer than 255"),
        (HEX, "64 hexadecimal"),
        ("nginx@sha256:" + "a" * 63, "64 lower-case"),
        ("nginx@sha256:" + "A" * 64, "64 lower-case"),
        ("nginx@md5:" + "a" * 32, "unsupported"),
        ("[fe80::1%eth0]:5000/web", "format"),
        ("nginx@sha256:" + HEX + ":1", "format"),
    ],
)
def test_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidReference, match=why) as caught:
        Reference.parse(text)
    assert caught.value.exit_code == 1
    assert looks_like_reference(text) is None


@pytest.mark.parametrize(
    ("text", "familiar"),
    [
        ("docker.io/library/nginx", "nginx"),
        ("docker.io/library/nginx/x", "library/nginx/x"),
        ("docker.io/acme/web", "acme/web"),
        ("quay.io/library/nginx", "quay.io/library/nginx"),
        ("docker.io/localhost/web", "docker.io/localhost/web"),
        ("docker.io/acme.example/web", "docker.io/acme.example/web"),
        (f"docker.io/library/{HEX}", f"docker.io/library/{HEX}"),
    ],
)
def test_familiar(text: str, familiar: str) -> None:
    assert Reference.parse(text).repository.familiar == familiar
    assert Reference.parse(familiar).repository == Reference.parse(text).repository


def test_two_spellings_are_one_repository() -> None:
    spellings = ["nginx", "library/nginx", "docker.io/nginx", "index.docker.io/nginx", "docker.io/library/nginx"]
    assert len({Reference.parse(spelling).repository for spelling in spellings}) == 1
    assert len({Reference.parse(spelling) for spelling in spellings}) == len(spellings)


def test_pinned_keeps_the_spelling() -> None:
    digest = Digest.parse(f"sha256:{OTHER}")
    reference = Reference.parse(f"index.docker.io/nginx:1@sha256:{HEX}")
    assert str(reference.pinned(digest)) == f"index.docker.io/nginx:1@sha256:{OTHER}"
    assert str(reference.pinned(digest, keep_tag=False)) == f"index.docker.io/nginx@sha256:{OTHER}"
    assert str(reference) == f"index.docker.io/nginx:1@sha256:{HEX}"


def test_path_length_counts_no_domain_and_no_tag() -> None:
    path = "a" * 255
    assert Reference.parse(f"quay.io/{path}:{'t' * 128}").repository.path == path


def test_endless_scalars_are_not_looked_at() -> None:
    assert looks_like_reference("a" * 2000 + ".io/web:1") is None
    assert looks_like_reference("quay.io/acme/web:1") == Reference.parse("quay.io/acme/web:1")


@given(references())
@example("nginx")
@example("index.docker.io/nginx:1")
def test_round_trip(text: str) -> None:
    reference = Reference.parse(text)
    assert str(reference) == text
    full = Reference.parse(reference.canonical)
    assert full.canonical == reference.canonical == str(full)
    assert (full.repository, full.tag, full.digest) == (reference.repository, reference.tag, reference.digest)
    assert Reference.parse(full.repository.familiar).repository == reference.repository
    assert looks_like_reference(text) == reference


@given(references(), digests)
def test_pinned_round_trip(text: str, digest: str) -> None:
    reference = Reference.parse(text)
    for keep_tag in (True, False):
        pinned = reference.pinned(Digest.parse(digest), keep_tag=keep_tag)
        assert Reference.parse(str(pinned)) == pinned
        assert pinned.name == reference.name
        assert str(pinned).startswith(reference.name)


@given(st.text() | st.text("aA0.:/@-_[]é\n sh256", max_size=60))
def test_arbitrary_text(text: str) -> None:
    try:
        reference = Reference.parse(text)
    except InvalidReference:
        assert looks_like_reference(text) is None
        return
    assert str(reference) == text
    assert text.isascii()


@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "a-" * 50_000,
        "a." * 50_000 + "/X",
        "a/" * 50_000,
        "a_" * 50_000 + "!",
        "-" * 100_000,
        "a@" + "a+" * 50_000 + ":",
        ("a" * 63 + ".") * 1_500 + "/X",
        "a" + "_" * 100_000 + "a",
        "[" + ":" * 100_000,
    ],
    ids=range(10),
)
@pytest.mark.timeout(20)
def test_no_catastrophic_text(text: str) -> None:
    """Each takes some milliseconds; backtracking would not end before the test's time does."""
    with pytest.raises(InvalidReference):
        Reference.parse(text)
    with pytest.raises(InvalidDigest):
        Digest.parse(text)
