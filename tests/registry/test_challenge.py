"""Challenges in all the forms that servers send them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.registry.challenge import Basic, Bearer, NoUsableChallenge, choose_challenge, read_challenges
from gitops_streams.registry.failures import without
from gitops_streams.registry.redact import one_line, redacted_url


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            ['Bearer realm="https://a.test/t",service="s",scope="repository:a/b:pull,push x:y:z"'],
            Bearer("https://a.test/t", "s", ("repository:a/b:pull,push", "x:y:z")),
        ),
        (["bEaReR ReAlM=https://a.test/t , SERVICE=s"], Bearer("https://a.test/t", "s")),
        (
            ['Bearer realm="https://a.test/\\"q\\"",error="invalid_token"'],
            Bearer('https://a.test/"q"', error="invalid_token"),
        ),
        (['Basic realm="x", Bearer realm="https://a.test"'], Bearer("https://a.test")),
        (['Basic realm="Bearer realm=evil"'], Basic()),
        (["Negotiate", 'Basic realm="x"'], Basic()),
        (["Negotiate dG9rZW4=, Basic"], Basic()),
        (["Bearer"], NoUsableChallenge(("bearer",))),
        (["NTLM, Negotiate abc=="], NoUsableChallenge(("ntlm", "negotiate"))),
        ([], NoUsableChallenge()),
        ([""], NoUsableChallenge()),
        ([",,, ,"], NoUsableChallenge()),
        (['Digest realm="x", nonce="y", qop="auth,auth-int", Basic realm="z"'], Basic()),
    ],
)
def test_choice(headers, expected):
    assert choose_challenge(headers) == expected


@given(st.lists(st.text(max_size=200), max_size=4))
def test_any_header_is_read_without_an_error(headers):
    assert len(read_challenges(headers)) <= 16


_WORDS = st.from_regex(r"[A-Za-z0-9:/._-]{1,30}", fullmatch=True)


@given(_WORDS, st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=30), _WORDS)
def test_quoted_parameters_come_back_as_they_were(realm, service, scope):
    quoted = service.replace("\\", "\\\\").replace('"', '\\"')
    header = f'Negotiate, Bearer realm={realm}, service="{quoted}",  scope="{scope}"'
    assert choose_challenge([header]) == Bearer(realm, service, (scope,))


def test_a_hostile_header_takes_no_time():
    # Quadratic matching of these would take minutes.
    for text in ('Bearer realm="' + "\\" * 100_000, "a=" * 50_000, "Bearer " + " " * 100_000 + "x", "," * 100_000):
        read_challenges([text])


@given(st.text(max_size=2000))
def test_one_line_is_one_printable_line(text):
    line = one_line(text)
    assert line.isprintable()
    assert len(line) <= 200


def test_urls_are_printed_without_secrets():
    url = "https://user:pw@a.test/t?scope=repository:a/b:pull&service=s&sig=topsecret&n=1000&token=x#frag"
    shown = redacted_url(url)
    assert shown == "https://a.test/t?scope=repository:a/b:pull&service=s&sig=REDACTED&n=1000&token=REDACTED"
    assert redacted_url("http://[bad") == "(a URL that cannot be read)"


def test_a_repeated_secret_is_not_shown():
    assert "hunter22" not in without("your password hunter22 is bad", ["hunter22"])
    assert without("fine", ["hunter22", ""]) == "fine"
