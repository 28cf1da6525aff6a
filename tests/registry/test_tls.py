"""TLS: whom we trust, what ``insecure`` means, and hints that help."""

from __future__ import annotations

import socket
import ssl
import threading

import pytest
import trustme

from gitops_streams.oci.reference import Reference, Repository
from gitops_streams.oci.resolution import Cause, Question, Resolved
from gitops_streams.registry import HostSettings


@pytest.fixture
def tls(tls_fault):
    tls_fault.answer = lambda _: tls_fault.manifest()
    return tls_fault


def test_a_configured_ca_is_trusted(tls, make_client, ca_file):
    assert isinstance(make_client(hosts={tls.host: HostSettings(ca_file=ca_file)}).resolve(tls.question()), Resolved)


def test_ssl_cert_file_is_trusted(tls, make_client, ca_file):
    hosts = {tls.host: HostSettings(plain_http=False)}
    client = make_client(hosts=hosts, environment={"SSL_CERT_FILE": str(ca_file)})
    assert isinstance(client.resolve(tls.question()), Resolved)


def test_certs_d_is_trusted(tls, make_client, ca_file, tmp_path):
    folder = tmp_path / "certs.d" / tls.host
    folder.mkdir(parents=True)
    ca_file.rename(folder / "corp.crt")
    (folder / "README").write_text("not a certificate")
    hosts = {tls.host: HostSettings(plain_http=False)}
    client = make_client(hosts=hosts, certificate_folders=(tmp_path / "none", tmp_path / "certs.d"))
    assert isinstance(client.resolve(tls.question()), Resolved)


def test_another_ca_is_not(tls, make_client, tmp_path):
    path = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    client = make_client(hosts={tls.host: HostSettings(ca_file=path)})
    answer = client.resolve(tls.question())
    assert answer.cause is Cause.UNAVAILABLE
    assert answer.reason.startswith(f"{tls.host}: the certificate is not trusted: ")
    assert "caFile" in answer.hint
    assert (client.requests, tls.seen) == (1, [])


def test_the_system_does_not_trust_it(tls, make_client):
    answer = make_client(hosts={tls.host: HostSettings(plain_http=False)}).resolve(tls.question())
    assert "the certificate is not trusted" in answer.reason


def test_the_name_is_checked(tls, make_client, ca_file):
    host = f"other.test:{tls.port}"
    client = make_client(hosts={host: HostSettings(ca_file=ca_file)}, resolver=lambda *_: ["127.0.0.1"])
    answer = client.resolve(Question(Repository(host, "acme/web"), "1"))
    assert "the certificate is not trusted" in answer.reason
    right = f"registry.test:{tls.port}"
    client = make_client(hosts={right: HostSettings(ca_file=ca_file)}, resolver=lambda *_: ["127.0.0.1"])
    assert isinstance(client.resolve(Question(Repository(right, "acme/web"), "1")), Resolved)


def test_verification_can_be_skipped(tls, make_client):
    assert isinstance(
        make_client(hosts={tls.host: HostSettings(skip_tls_verify=True)}).resolve(tls.question()), Resolved
    )


def test_insecure_takes_any_certificate(tls, make_client):
    assert isinstance(make_client().resolve(tls.question(insecure=True)), Resolved)


def test_insecure_turns_to_plain_http(fault, make_client):
    fault.answer = lambda _: fault.manifest()
    client = make_client()
    answers = client.resolve_all(fault.question(tag=str(number), insecure=True) for number in range(9))
    assert all(isinstance(answer, Resolved) for answer in answers.values())
    # The turn is made once: the first connection spoke TLS in vain.
    assert fault.connections <= 5
    assert fault.count("HEAD") == 9


def test_plain_http_on_a_tls_port_and_the_other_way_round(fault, make_client):
    answer = make_client(hosts={fault.host: HostSettings(plain_http=False)}).resolve(fault.question())
    assert answer.cause is Cause.UNAVAILABLE
    assert "no TLS handshake" in answer.reason


def test_hints_where_the_registry_speaks_http(make_client):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_in_http():
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTPS request to an HTTP server.\n")

        thread = threading.Thread(target=answer_in_http)
        thread.start()
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        client = make_client(hosts={host: HostSettings(plain_http=False)})
        answer = client.resolve(Question(Reference.parse(f"{host}/a/b:1").repository, "1"))
        thread.join(60)
    assert "plainHttp" in answer.hint


def test_client_certificates(authority, make_client, tmp_path, request):
    server_type = type(request.getfixturevalue("fault"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    server = server_type(context)
    try:
        server.answer = lambda _: server.manifest()
        ca, pair = tmp_path / "ca.pem", tmp_path / "client.pem"
        authority.cert_pem.write_to_path(str(ca))
        authority.issue_cert("client@example.com").private_key_and_cert_chain_pem.write_to_path(str(pair))
        without = make_client(hosts={server.host: HostSettings(ca_file=ca)}, tries=1)
        assert not isinstance(without.resolve(server.question()), Resolved)
        shown = make_client(hosts={server.host: HostSettings(ca_file=ca, client_cert=pair)})
        assert isinstance(shown.resolve(server.question()), Resolved)
    finally:
        server.close()


@pytest.mark.parametrize("name", ["gone.pem", "garbage.pem"])
def test_files_that_cannot_be_used_are_named(tls, make_client, tmp_path, name):
    (tmp_path / "garbage.pem").write_text("no certificate")
    path = tmp_path / name
    for settings in (HostSettings(ca_file=path), HostSettings(client_cert=path)):
        answer = make_client(hosts={tls.host: settings}).resolve(tls.question())
        assert answer.cause is Cause.UNAVAILABLE
        assert str(path) in answer.reason
        assert "cannot be used" in answer.reason
