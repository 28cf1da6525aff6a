"""Where a registry may lead us: redirects, realms, addresses checked when connecting, and what is carried along."""

from __future__ import annotations

import base64

import pytest

from gitops_streams.oci.reference import Reference
from gitops_streams.oci.resolution import Cause, Question, Resolved, Unresolvable
from gitops_streams.registry import CredentialReference, HostSettings, hosts, transport
from gitops_streams.registry.addresses import Reach, is_loopback_name, literal_reach, reach_of

PAIR = base64.b64encode(b"robot:hunter22").decode()


def _login(host):
    return {host: HostSettings(credential=CredentialReference(username="robot", password_env="PW"))}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_loses_the_secret(fault, second, make_client, image_digest, status):
    def answer(seen):
        if seen.headers.get("authorization") != f"Basic {PAIR}":
            return fault.Reply(401, {"WWW-Authenticate": "Basic"})
        return fault.Reply(status, {"Location": f"http://{second.host}/elsewhere?X-Amz-Signature=abc"})

    fault.answer = answer
    second.answer = lambda _: second.manifest()
    client = make_client(hosts=_login(fault.host), environment={"PW": "hunter22"})
    assert client.resolve(fault.question()).digest == image_digest
    assert [(seen.method, seen.target) for seen in second.seen] == [("HEAD", "/elsewhere?X-Amz-Signature=abc")]
    assert set(second.seen[0].headers) == {"host", "accept", "accept-encoding", "user-agent"}
    assert client.requests == 3


def test_a_redirect_on_the_same_host_keeps_it(fault, make_client):
    def answer(seen):
        if seen.headers.get("authorization") != f"Basic {PAIR}":
            return fault.Reply(401, {"WWW-Authenticate": "Basic"})
        return fault.manifest() if "moved" in seen.target else fault.Reply(307, {"Location": "/v2/moved"})

    fault.answer = answer
    client = make_client(hosts=_login(fault.host), environment={"PW": "hunter22"})
    assert isinstance(client.resolve(fault.question()), Resolved)


def test_redirects_in_a_circle(fault, make_client):
    fault.answer = lambda seen: fault.Reply(307, {"Location": seen.target})
    answer = make_client().resolve(fault.question())
    assert answer.cause is Cause.UNSAFE_TARGET
    assert "redirects more than 5 times" in answer.reason
    assert fault.count() == 6


@pytest.mark.parametrize("location", ["", "file:///etc/passwd", "http://u:p@127.0.0.1/", "gopher://x/", "http://a b/"])
def test_redirects_that_are_not_followed(fault, make_client, location):
    fault.answer = lambda _: fault.Reply(307, {"Location": location} if location else {})
    answer = make_client().resolve(fault.question())
    assert answer.cause is Cause.UNSAFE_TARGET
    assert "its redirect is not followed" in answer.reason


def test_a_redirect_from_https_to_http(tls_fault, second, make_client, ca_file):
    tls_fault.answer = lambda _: tls_fault.Reply(307, {"Location": f"http://{second.host}/?sig=topsecret"})
    answer = make_client(hosts={tls_fault.host: HostSettings(ca_file=ca_file)}).resolve(tls_fault.question())
    assert answer.cause is Cause.UNSAFE_TARGET
    assert "from https to http" in answer.reason
    assert "topsecret" not in repr(answer)
    assert not second.seen


def test_a_blob_store_that_asks_for_a_credential(fault, second, make_client):
    fault.answer = lambda _: fault.Reply(307, {"Location": f"http://{second.host}/"})
    second.answer = lambda _: second.Reply(401, {"WWW-Authenticate": "Basic"})
    client = make_client(hosts=_login(fault.host), environment={"PW": "hunter22"})
    answer = client.resolve(fault.question())
    assert answer.cause is Cause.UNSAFE_TARGET
    assert second.count(prefix="/") == 1
    assert "authorization" not in second.seen[0].headers


class Names:
    """A name server that answers each name as told; connections to public addresses end at ``server``.

    No test may leave the machine, so a public address is 127.0.0.1 for the socket, and public for the rule.
    """

    def __init__(self, monkeypatch, server):
        self.table = {}
        self.asked = []
        self._port = server.port
        self._public_peer = None
        self._dial = transport.socket.create_connection
        monkeypatch.setattr(transport.socket, "create_connection", self.dial)
        for module in (transport, hosts):
            monkeypatch.setattr(module, "reach_of", self.reach_of)

    def __call__(self, host, _port):
        self.asked.append(host)
        return self.table[host]

    def dial(self, address, **more):
        host, _ = address
        public = reach_of(host) is Reach.PUBLIC
        self._public_peer = host if public else None
        return self._dial(("127.0.0.1", self._port) if public else address, **more)

    def reach_of(self, address):
        return reach_of(self._public_peer if address == "127.0.0.1" and self._public_peer else address)


PUBLIC = "93.184.216.34"


@pytest.fixture
def names(monkeypatch, fault):
    return Names(monkeypatch, fault)


def _question(name):
    # The declaration's "insecure" brings plain HTTP; it gives the registry no leave to lead us anywhere.
    return Question(Reference.parse(f"{name}/acme/web:1").repository, "1", insecure=True)


@pytest.mark.parametrize(
    "target",
    [
        "10.1.2.3",
        "192.168.0.9",
        "172.20.0.1",
        "100.64.1.1",
        "127.0.0.1",
        "169.254.169.254",
        "[::ffff:10.0.0.1]",
        "[fd00::1]",
    ],
)
def test_a_public_registry_does_not_lead_into_a_private_network(fault, names, make_client, target):
    names.table = {"registry.test": [PUBLIC], target.strip("[]"): [target.strip("[]")]}
    fault.answer = lambda _: fault.Reply(307, {"Location": f"http://{target}:{fault.port}/latest/meta-data"})
    answer = make_client(resolver=names).resolve(_question("registry.test"))
    assert isinstance(answer, Unresolvable)
    assert answer.cause is Cause.UNSAFE_TARGET
    assert "was not asked" in answer.reason
    assert fault.count() == 1


def test_a_name_that_turns_private_is_found_out_when_connecting(fault, second, names, make_client):
    """DNS rebinding: the realm's name looks public, and is 127.0.0.1 when it counts."""
    names.table = {"registry.test": [PUBLIC], "auth.test": ["127.0.0.1"]}
    realm = f"http://auth.test:{second.port}/token"
    fault.answer = lambda _: fault.Reply(401, {"WWW-Authenticate": f'Bearer realm="{realm}"'})
    question = _question("registry.test")
    answer = make_client(resolver=names).resolve(question)
    assert answer.cause is Cause.UNSAFE_TARGET
    assert "auth.test is at 127.0.0.1, a local address" in answer.reason
    assert "allowPrivate" in answer.hint
    assert not second.seen
    # The user may allow it.
    second.answer = lambda _: second.Reply(200, {}, b'{"token": "x"}')
    fault.answer = lambda seen: (
        fault.manifest()
        if "authorization" in seen.headers
        else fault.Reply(401, {"WWW-Authenticate": f'Bearer realm="{realm}"'})
    )
    allowed = {"registry.test": HostSettings(allow_private=True)}
    assert isinstance(make_client(resolver=names, hosts=allowed).resolve(question), Resolved)


def test_a_realm_written_as_a_private_address(fault, names, make_client):
    names.table = {"registry.test": [PUBLIC]}
    fault.answer = lambda _: fault.Reply(401, {"WWW-Authenticate": 'Bearer realm="http://169.254.169.254/token"'})
    question = _question("registry.test")
    client = make_client(resolver=names)
    answer = client.resolve(question)
    assert answer.cause is Cause.UNSAFE_TARGET
    assert client.token_requests == 0
    assert names.asked == ["registry.test", "registry.test"]


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("93.184.216.34", Reach.PUBLIC),
        ("2606:2800:220:1::1", Reach.PUBLIC),
        ("10.0.0.1", Reach.PRIVATE),
        ("172.31.255.255", Reach.PRIVATE),
        ("100.127.0.1", Reach.PRIVATE),
        ("fd12::1", Reach.PRIVATE),
        ("::ffff:192.168.1.1", Reach.PRIVATE),
        ("64:ff9b::a00:1", Reach.PRIVATE),
        ("2002:a00:1::", Reach.PRIVATE),
        ("127.8.8.8", Reach.LOCAL),
        ("::1", Reach.LOCAL),
        ("::ffff:127.0.0.1", Reach.LOCAL),
        ("169.254.169.254", Reach.SPECIAL),
        ("fe80::1%eth0", Reach.SPECIAL),
        ("0.0.0.0", Reach.SPECIAL),
        ("::", Reach.SPECIAL),
        ("224.0.0.1", Reach.SPECIAL),
        ("ff02::1", Reach.SPECIAL),
        ("255.255.255.255", Reach.SPECIAL),
        ("not an address", Reach.SPECIAL),
    ],
)
def test_reach(address, reach):
    assert reach_of(address) is reach


def test_names_of_the_loopback():
    assert [is_loopback_name(name) for name in ("localhost", "127.0.0.1", "127.9.9.9", "::1")] == [True] * 4
    assert not any(
        is_loopback_name(name) for name in ("127.evil.test", "localhost.test", "128.0.0.1", "::2", "10.0.0.1")
    )
    assert literal_reach("localhost") is Reach.LOCAL
    assert literal_reach("registry.test") is None


@pytest.mark.parametrize("allowed", [False, True])
def test_a_registry_on_the_loopback_leads_nobody_to_a_link_local_address(fault, make_client, monkeypatch, allowed):
    """Clouds serve credentials there; no registry has business with them, whatever the configuration allows."""
    dialled = []
    dial = transport.socket.create_connection
    monkeypatch.setattr(
        transport.socket,
        "create_connection",
        lambda address, **more: dialled.append(address[0]) or dial(address, **more),
    )
    fault.answer = lambda _: fault.Reply(307, {"Location": "http://169.254.169.254/latest/meta-data"})
    answer = make_client(hosts={fault.host: HostSettings(allow_private=allowed)}).resolve(fault.question())
    assert answer.cause is Cause.UNSAFE_TARGET
    assert "169.254.169.254" in answer.reason
    assert dialled == ["127.0.0.1"]
