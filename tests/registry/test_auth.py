"""Basic and bearer flows: how many requests, what goes where, and that no secret is ever shown."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from gitops_streams.oci.resolution import Cause, Resolved, Unresolvable
from gitops_streams.registry import CredentialReference, HostSettings

USER, PASSWORD = "robot", "pa55-Wörd:x"
PAIR = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
IDENTITY = "identity-secret-1234"
ISSUED = "issued-secret-token"
SECRETS = (PASSWORD, PAIR, IDENTITY, ISSUED)


class TokenRegistry:
    """A registry with its token server, as the distribution specification describes them."""

    def __init__(self, server, realm_host=None):
        self.server = server
        self.realm = f"http://{realm_host or server.host}/token"
        self.require = None
        """``Authorization`` or refresh token without which no token is given."""
        self.valid = True
        self.life = None
        self.extra_scope = None
        self.post = 200
        self.fields = "token"

    def answer(self, seen):
        if seen.path == "/token":
            return self.token(seen)
        held = seen.headers.get("authorization", "")
        repository = seen.path.removeprefix("/v2/").partition("/manifests/")[0]
        scope = f"repository:{repository}:pull"
        wanted = {scope} | ({self.extra_scope} if self.extra_scope else set())
        if not held.startswith(f"Bearer {ISSUED}"):
            return self.challenge(scope)
        granted = json.loads(base64.b64decode(held.removeprefix(f"Bearer {ISSUED}.")))
        if not self.valid:
            self.valid = True
            return self.challenge(scope, "invalid_token")
        if not wanted <= set(granted):
            return self.challenge(" ".join(sorted(wanted)), "insufficient_scope")
        return self.server.manifest()

    def challenge(self, scope, error=None):
        value = f'Bearer realm="{self.realm}",service="registry.test",scope="{scope}"'
        if error:
            value += f',error="{error}"'
        return self.server.Reply(401, {"WWW-Authenticate": value})

    def token(self, seen):
        form = parse_qs(seen.body.decode() if seen.method == "POST" else urlsplit(seen.target).query)
        if seen.method == "POST" and self.post != 200:
            return self.server.Reply(self.post)
        shown = form.get("refresh_token", [seen.headers.get("authorization")])[0]
        if self.require is not None and shown != self.require:
            words = {"errors": [{"code": "UNAUTHORIZED", "message": f"bad: {shown} {PASSWORD}"}]}
            return self.server.Reply(401, {"Content-Type": "application/json"}, json.dumps(words).encode())
        scopes = [part for scope in form["scope"] for part in scope.split()]
        value = f"{ISSUED}.{base64.b64encode(json.dumps(scopes).encode()).decode()}"
        document = {self.fields: value}
        if self.life is not None:
            document["expires_in"] = self.life
        return self.server.Reply(200, {"Content-Type": "application/json"}, json.dumps(document).encode())


@pytest.fixture
def tokens(fault):
    registry = TokenRegistry(fault)
    fault.answer = registry.answer
    return registry


def _login(host, **more):
    return {host: HostSettings(credential=CredentialReference(username=USER, password_env="PW"), **more)}


def _shows_no_secret(client, *answers):
    text = repr((client.warnings, answers)) + " ".join(map(repr, vars(client).values()))
    assert not [secret for secret in SECRETS if secret in text]


def test_bearer_costs_one_token_per_repository_and_one_request_more(fault, tokens, make_client):
    client = make_client()
    questions = [fault.question(f"acme/{name}", tag) for name in "abcde" for tag in ("1", "2", "3", "4")]
    answers = client.resolve_all(questions)
    assert all(isinstance(answer, Resolved) for answer in answers.values())
    assert (client.requests, client.token_requests) == (21, 5)
    assert (fault.count("HEAD"), fault.count(prefix="/token")) == (21, 5)
    query = parse_qs(urlsplit(next(seen.target for seen in fault.seen if seen.path == "/token")).query)
    assert query == {"service": ["registry.test"], "scope": ["repository:acme/a:pull"]}
    assert all("authorization" not in seen.headers for seen in fault.seen if seen.path == "/token")
    _shows_no_secret(client, answers)


def test_user_and_password_go_to_the_token_server_only(fault, tokens, make_client):
    tokens.require = f"Basic {PAIR}"
    tokens.fields = "access_token"
    client = make_client(hosts=_login(fault.host), environment={"PW": PASSWORD})
    answer = client.resolve(fault.question())
    assert isinstance(answer, Resolved)
    asked = next(seen for seen in fault.seen if seen.path == "/token")
    assert parse_qs(urlsplit(asked.target).query)["account"] == [USER]
    assert PASSWORD not in asked.target
    assert [seen for seen in fault.seen if PAIR in seen.headers.get("authorization", "")] == [asked]
    _shows_no_secret(client, answer)


def test_a_token_is_kept_for_at_least_a_minute_and_not_beyond_its_life(fault, tokens, make_client, clock):
    tokens.life = 5
    client = make_client()
    client.resolve(fault.question())
    clock.now += 45
    client.resolve(fault.question())
    assert client.token_requests == 1
    clock.now += 10
    client.resolve(fault.question())
    assert client.token_requests == 2


def test_an_identity_token_is_posted(fault, tokens, make_client):
    tokens.require = IDENTITY
    hosts = {fault.host: HostSettings(credential=CredentialReference(identity_token_env="ID"))}
    client = make_client(hosts=hosts, environment={"ID": IDENTITY})
    answer = client.resolve(fault.question())
    assert isinstance(answer, Resolved)
    asked = next(seen for seen in fault.seen if seen.path == "/token")
    assert (asked.method, asked.target) == ("POST", "/token")
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["refresh_token"],
        "service": ["registry.test"],
        "client_id": ["gitops-streams"],
        "scope": ["repository:acme/web:pull"],
        "refresh_token": [IDENTITY],
    }
    _shows_no_secret(client, answer)


@pytest.mark.parametrize("status", [404, 405])
def test_a_token_server_without_post_is_asked_by_get(fault, tokens, make_client, status):
    tokens.post = status
    tokens.require = "Basic " + base64.b64encode(f"{USER}:{IDENTITY}".encode()).decode()
    reference = CredentialReference(username=USER, identity_token_env="ID")
    client = make_client(hosts={fault.host: HostSettings(credential=reference)}, environment={"ID": IDENTITY})
    assert isinstance(client.resolve(fault.question()), Resolved)
    assert [seen.method for seen in fault.seen if seen.path == "/token"] == ["POST", "GET"]


def test_insufficient_scope_is_added_first_and_kept(fault, tokens, make_client):
    tokens.extra_scope = "registry:catalog:*"
    client = make_client()
    assert isinstance(client.resolve(fault.question(tag="1")), Resolved)
    assert isinstance(client.resolve(fault.question(tag="2")), Resolved)
    scopes = [parse_qs(urlsplit(seen.target).query)["scope"] for seen in fault.seen if seen.path == "/token"]
    own = "repository:acme/web:pull"
    assert scopes == [[own], ["registry:catalog:*", own]]


def test_insufficient_scope_that_we_have_is_a_refusal(fault, tokens, make_client):
    fault.answer = lambda seen: (
        tokens.token(seen)
        if seen.path == "/token"
        else tokens.challenge("repository:acme/web:pull", "insufficient_scope")
    )
    client = make_client()
    answer = client.resolve(fault.question())
    assert answer.cause is Cause.DENIED
    assert "(anonymous)" in answer.reason
    assert "docker login" in answer.hint
    assert (client.requests, client.token_requests) == (2, 1)


def test_an_invalid_token_is_renewed_once(fault, tokens, make_client):
    client = make_client()
    client.resolve(fault.question(tag="1"))
    tokens.valid = False
    assert isinstance(client.resolve(fault.question(tag="2")), Resolved)
    assert client.token_requests == 2
    fault.answer = lambda seen: (
        tokens.token(seen) if seen.path == "/token" else tokens.challenge("repository:acme/web:pull", "invalid_token")
    )
    before = client.requests
    assert isinstance(client.resolve(fault.question(tag="3")), Unresolvable)
    assert client.requests - before == 2


def test_a_wrong_password_is_tried_once_per_run_and_never_anonymously(fault, tokens, make_client):
    tokens.require = "Basic other"
    client = make_client(hosts=_login(fault.host), environment={"PW": PASSWORD})
    answers = client.resolve_all(fault.question(f"acme/{number}") for number in range(20))
    assert {answer.cause for answer in answers.values()} == {Cause.AUTHENTICATION}
    assert (client.requests, client.token_requests) == (1, 1)
    first = next(iter(answers.values()))
    assert "credentials from the configuration (PW)" in first.reason
    assert "401" in first.reason
    assert "repeats a secret" in first.reason
    _shows_no_secret(client, answers)


def test_basic_is_learnt_once_and_then_sent_at_once(fault, make_client):
    def basic(seen):
        if seen.headers.get("authorization") != f"Basic {PAIR}":
            return fault.Reply(401, {"WWW-Authenticate": 'Basic realm="x"'})
        return fault.manifest()

    fault.answer = basic
    client = make_client(hosts=_login(fault.host), environment={"PW": PASSWORD})
    answers = client.resolve_all(fault.question(tag=str(number)) for number in range(20))
    assert all(isinstance(answer, Resolved) for answer in answers.values())
    assert (client.requests, client.token_requests) == (21, 0)
    _shows_no_secret(client, answers)


def test_a_wrong_password_does_not_lock_the_account(fault, make_client):
    fault.answer = lambda _: fault.Reply(401, {"WWW-Authenticate": 'Basic realm="x"'}, PAIR.encode())
    client = make_client(hosts=_login(fault.host, concurrency=1), environment={"PW": PASSWORD})
    answers = client.resolve_all(fault.question(tag=str(number)) for number in range(50))
    assert {answer.cause for answer in answers.values()} == {Cause.AUTHENTICATION}
    assert client.requests == 4
    _shows_no_secret(client, answers)


def test_basic_without_a_credential(fault, make_client):
    fault.answer = lambda _: fault.Reply(401, {"WWW-Authenticate": 'Basic realm="x"'})
    answer = make_client().resolve(fault.question())
    assert answer.cause is Cause.DENIED
    assert answer.reason.startswith(f"{fault.host}: 401 Unauthorized for acme/web:1.4 (anonymous)")
    assert fault.count() == 1


def test_bearer_is_preferred_and_negotiate_passed_over(fault, tokens, make_client):
    def several(seen):
        reply = tokens.answer(seen)
        if reply.status == 401:
            reply.headers = [
                ("WWW-Authenticate", "Negotiate"),
                ("WWW-Authenticate", 'Basic realm="x, Bearer y", ' + reply.headers["WWW-Authenticate"]),
            ]
        return reply

    fault.answer = several
    assert isinstance(make_client().resolve(fault.question()), Resolved)
    fault.answer = lambda _: fault.Reply(401, [("WWW-Authenticate", "Negotiate"), ("WWW-Authenticate", "NTLM")])
    answer = make_client().resolve(fault.question())
    assert answer.cause is Cause.AUTHENTICATION
    assert "asks only for negotiate, ntlm" in answer.reason


def test_a_401_without_a_challenge_asks_the_root(fault, tokens, make_client):
    def silent(seen):
        reply = tokens.answer(seen)
        if reply.status == 401 and seen.path != "/v2/":
            reply.headers = {}
        return reply

    fault.answer = silent
    client = make_client()
    assert isinstance(client.resolve(fault.question()), Resolved)
    assert [(seen.method, seen.path) for seen in fault.seen][1] == ("GET", "/v2/")
    assert isinstance(client.resolve(fault.question(tag="2")), Resolved)
    assert sum(seen.path == "/v2/" for seen in fault.seen) == 1


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ({"body": b"<html>"}, "not JSON"),
        ({"body": b"[]"}, "not a JSON object"),
        ({"body": b'{"token": ""}'}, "holds no token"),
        ({"body": b'{"token": "a\\r\\nX: y"}'}, "no header can carry"),
        ({"body": b"x" * 70_000}, "larger than 64 KiB"),
        ({"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}, "redirects"),
        ({"status": 500}, "500"),
        ({"reset": True}, "token server"),
    ],
)
def test_token_servers_that_misbehave(fault, tokens, make_client, reply, words):
    fault.answer = lambda seen: fault.Reply(**reply) if seen.path == "/token" else tokens.answer(seen)
    client = make_client(hosts=_login(fault.host), environment={"PW": PASSWORD})
    answer = client.resolve(fault.question())
    assert isinstance(answer, Unresolvable)
    assert words in answer.reason
    assert answer.reason.startswith(f"{fault.host}: ")
    _shows_no_secret(client, answer)


def test_a_secret_does_not_go_to_another_host(fault, second, make_client):
    """The public-looking realm gets an anonymous request at most, until it is allowed."""
    elsewhere = TokenRegistry(second)
    registry = TokenRegistry(fault)
    registry.realm = f"http://localhost:{second.port}/token"
    fault.answer, second.answer = registry.answer, elsewhere.answer
    elsewhere.require = f"Basic {PAIR}"
    client = make_client(hosts=_login(fault.host), environment={"PW": PASSWORD})
    answer = client.resolve(fault.question())
    assert answer.cause is Cause.AUTHENTICATION
    assert "were not sent, as localhost is another host" in answer.reason
    assert "authHosts" in answer.hint
    assert [seen.headers.get("authorization") for seen in second.seen] == [None]
    assert not [seen for seen in fault.seen if "authorization" in seen.headers]
    # A token for anonymous, who may not pull: the message says what was withheld.
    elsewhere.require = None
    second.seen.clear()
    fault.answer = lambda _: registry.challenge("repository:acme/web:pull")
    answer = make_client(hosts=_login(fault.host), environment={"PW": PASSWORD}).resolve(fault.question())
    assert answer.cause is Cause.DENIED
    assert "anonymous, as the credentials from the configuration (PW) are not for the token server" in answer.reason
    assert "authHosts" in answer.hint
    assert not [seen for seen in second.seen if "authorization" in seen.headers]
    # Allowed by name and port.
    elsewhere.require = f"Basic {PAIR}"
    fault.answer = registry.answer
    hosts = _login(fault.host, auth_hosts=(f"localhost:{second.port}",))
    assert isinstance(make_client(hosts=hosts, environment={"PW": PASSWORD}).resolve(fault.question()), Resolved)


@pytest.mark.parametrize(
    "realm",
    [
        "ftp://127.0.0.1/token",
        "/token",
        "http://user:pw@127.0.0.1/token",
        "http://127.0.0.1/token#fragment",
        "http://127.0.0.1:99999/",
        "http:///token",
        "http://[::1/token",
    ],
)
def test_realms_that_are_not_asked(fault, make_client, realm):
    fault.answer = lambda _: fault.Reply(401, {"WWW-Authenticate": f'Bearer realm="{realm}"'})
    client = make_client()
    answer = client.resolve(fault.question())
    assert answer.cause is Cause.UNSAFE_TARGET
    assert "token server" in answer.reason
    assert "pw" not in answer.reason
    assert client.token_requests == 0


def test_a_configured_credential_that_is_not_there_is_said(fault, tokens, make_client):
    answer = make_client(hosts=_login(fault.host)).resolve(fault.question())
    assert answer.cause is Cause.AUTHENTICATION
    assert "environment variable PW, which is not set" in answer.reason


def test_a_registry_token_is_sent_as_it_is(fault, tokens, make_client, tmp_path):
    scope = base64.b64encode(json.dumps(["repository:acme/web:pull"]).encode()).decode()
    file = tmp_path / "auth.json"
    file.write_text(json.dumps({"auths": {fault.host: {"registrytoken": f"{ISSUED}.{scope}"}}}))
    client = make_client(environment={"REGISTRY_AUTH_FILE": str(file)})
    answer = client.resolve(fault.question())
    assert isinstance(answer, Resolved)
    assert client.token_requests == 0
    _shows_no_secret(client, answer)


def test_a_helper_is_asked_again_when_its_secret_has_expired(fault, tokens, make_client, tmp_path):
    """ECR's passwords last 12 hours, Google's tokens one."""
    counter = tmp_path / "count"
    helper = tmp_path / "docker-credential-fresh"
    helper.write_text(
        f"#!/bin/sh\ncat >/dev/null\nprintf x >> {counter}\n"
        f'if [ "$(wc -c < {counter})" -gt 1 ]; then s=new; else s=old; fi\n'
        'printf \'{"Username":"AWS","Secret":"%s-secret"}\' $s\n'
    )
    helper.chmod(0o755)
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"credHelpers": {fault.host: "fresh"}}))
    environment = {"REGISTRY_AUTH_FILE": str(file), "PATH": f"{tmp_path}:/usr/bin:/bin"}
    tokens.require = "Basic " + base64.b64encode(b"AWS:new-secret").decode()
    client = make_client(environment=environment)
    answer = client.resolve(fault.question())
    assert isinstance(answer, Resolved)
    assert counter.read_text() == "xx"
    assert "secret" not in repr((client.warnings, answer))
    # The same with Basic.
    counter.unlink()
    fault.answer = lambda seen: (
        fault.manifest()
        if seen.headers.get("authorization") == tokens.require
        else fault.Reply(401, {"WWW-Authenticate": "Basic"})
    )
    assert isinstance(make_client(environment=environment).resolve(fault.question()), Resolved)
    assert counter.read_text() == "xx"
