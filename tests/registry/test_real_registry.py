"""Against distribution's own registry: open, with htpasswd, with token auth; skopeo agrees on every digest."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import subprocess
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from server_process import distribution_registry

from gitops_streams.demo.evidence import cosign_signature
from gitops_streams.demo.images import AMD64, ARM64, Image
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.evidence import cosign_tag
from gitops_streams.oci.image import Evidence, ImagePair, Presence
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.reference import Reference
from gitops_streams.oci.resolution import Cause, Method, Question, Resolved
from gitops_streams.registry import CredentialReference, HostSettings

USER, PASSWORD = "robot", "pass-1234-word"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"


def _digest(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Pusher:
    """Pushes images with plain HTTP requests."""

    def __init__(self, host, authorize):
        self._connection = http.client.HTTPConnection(host, timeout=20)
        self._authorize = authorize

    def blob(self, repository, content):
        location = self._request("POST", f"/v2/{repository}/blobs/uploads/", b"", repository).getheader("Location")
        url = urlsplit(location)
        target = f"{url.path}?{url.query}&digest={_digest(content)}"
        self._request("PUT", target, content, repository, "application/octet-stream")
        return {"digest": _digest(content), "size": len(content)}

    def manifest(self, repository, reference, document):
        body = json.dumps(document).encode()
        self._request("PUT", f"/v2/{repository}/manifests/{reference}", body, repository, document["mediaType"])
        return _digest(body), len(body)

    def image(self, repository, reference, name, *, docker=False):
        config = json.dumps(
            {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}, "x": name}
        )
        kind, config_kind = (DOCKER_MANIFEST, DOCKER_CONFIG) if docker else (OCI_MANIFEST, OCI_CONFIG)
        described = {"mediaType": config_kind, **self.blob(repository, config.encode())}
        document = {"schemaVersion": 2, "mediaType": kind, "config": described, "layers": []}
        body = json.dumps(document).encode()
        return (*self.manifest(repository, reference or _digest(body), document), kind)

    def index(self, repository, tag, *, docker=False):
        entries = []
        for architecture in ("amd64", "arm64"):
            digest, size, kind = self.image(repository, None, f"{tag} {architecture}", docker=docker)
            platform = {"os": "linux", "architecture": architecture}
            entries.append({"mediaType": kind, "digest": digest, "size": size, "platform": platform})
        kind = DOCKER_LIST if docker else OCI_INDEX
        return self.manifest(repository, tag, {"schemaVersion": 2, "mediaType": kind, "manifests": entries})[0], entries

    def close(self):
        self._connection.close()

    def _request(self, method, target, body, repository, kind=None):
        headers = self._authorize(repository) | ({"Content-Type": kind} if kind else {})
        self._connection.request(method, target, body, headers)
        reply = self._connection.getresponse()
        said = reply.read()
        assert reply.status in {201, 202}, (reply.status, said)
        return reply


@pytest.fixture
def start(real_server, tmp_path):
    """Start docker-registry with some ``auth`` section; all are ended afterwards."""
    with ExitStack() as started:
        yield lambda auth: started.enter_context(
            distribution_registry(real_server("docker-registry"), tmp_path, auth=auth)
        )


def _questions(host, count=3, platform=None):
    return [
        Question(Reference.parse(f"{host}/acme/app-{number}:{tag}").repository, tag, platform)
        for number in range(count)
        for tag in ("oci", "docker", "index", "list")
    ]


def _push_all(host, authorize=lambda _: {}, count=3):
    """Push one tag of each kind into every repository; return the digests by ``repository:tag``."""
    pusher, digests = Pusher(host, authorize), {}
    try:
        for number in range(count):
            name = f"acme/app-{number}"
            digests[f"{host}/{name}:oci"] = pusher.image(name, "oci", name)[0]
            digests[f"{host}/{name}:docker"] = pusher.image(name, "docker", name, docker=True)[0]
            digests[f"{host}/{name}:index"], _ = pusher.index(name, "index")
            digests[f"{host}/{name}:list"], _ = pusher.index(name, "list", docker=True)
    finally:
        pusher.close()
    return digests


def _digests(answers):
    assert all(isinstance(answer, Resolved) for answer in answers.values()), answers
    return {str(question): str(answer.digest) for question, answer in answers.items()}


def test_open(docker_registry, make_client, skopeo):
    pushed = _push_all(docker_registry)
    client = make_client()
    answers = client.resolve_all(_questions(docker_registry))
    assert _digests(answers) == pushed
    assert {answer.method for answer in answers.values()} == {Method.HEAD}
    assert (client.requests, client.token_requests) == (12, 0)
    for name, digest in pushed.items():
        raw = skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{name}")
        assert _digest(raw.encode()) == digest
    # A platform's own manifest is the one that the index names, and skopeo's too.
    arm = client.resolve_all(_questions(docker_registry, 1, Platform("linux", "arm64")))
    for tag in ("index", "list"):
        raw = json.loads(
            skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{docker_registry}/acme/app-0:{tag}")
        )
        child = next(entry["digest"] for entry in raw["manifests"] if entry["platform"]["architecture"] == "arm64")
        assert _digests(arm)[f"{docker_registry}/acme/app-0:{tag} (linux/arm64)"] == child
    tags = client.tags(Reference.parse(f"{docker_registry}/acme/app-0").repository)
    listed = json.loads(skopeo("list-tags", "--tls-verify=false", f"docker://{docker_registry}/acme/app-0"))
    assert list(tags.tags) == sorted(listed["Tags"]) == ["docker", "index", "list", "oci"]
    # What is not there.
    absent = client.resolve(Question(Reference.parse(f"{docker_registry}/acme/app-0").repository, "absent"))
    assert absent.cause is Cause.NOT_FOUND
    assert "MANIFEST_UNKNOWN" in absent.reason or "404" in absent.reason
    nowhere = client.tags(Reference.parse(f"{docker_registry}/acme/nowhere").repository)
    assert nowhere.cause is Cause.NOT_FOUND


def test_htpasswd(start, make_client, skopeo, real_server, tmp_path):
    real_server("htpasswd")
    line = subprocess.run(["htpasswd", "-niB", USER], input=PASSWORD, capture_output=True, text=True, check=True).stdout
    (tmp_path / "htpasswd").write_text(line)
    host = start({"htpasswd": {"realm": "test", "path": str(tmp_path / "htpasswd")}})
    pushed = _push_all(host, lambda _: {"Authorization": BASIC})
    (tmp_path / "auth.json").write_text(json.dumps({"auths": {host: {"auth": BASIC.removeprefix("Basic ")}}}))
    client = make_client(environment={"REGISTRY_AUTH_FILE": str(tmp_path / "auth.json")})
    assert _digests(client.resolve_all(_questions(host))) == pushed
    assert (client.requests, client.token_requests) == (13, 0)
    for name, digest in pushed.items():
        auth = str(tmp_path / "auth.json")
        raw = skopeo("inspect", "--raw", "--tls-verify=false", "--authfile", auth, f"docker://{name}")
        assert _digest(raw.encode()) == digest
    assert make_client().resolve(_questions(host)[0]).cause is Cause.DENIED
    wrong = {host: HostSettings(credential=CredentialReference(username=USER, password_env="PW"))}
    refused = make_client(hosts=wrong, environment={"PW": "wrong-1234"}).resolve(_questions(host)[0])
    assert refused.cause is Cause.AUTHENTICATION
    assert "credentials from the configuration (PW)" in refused.reason
    assert "wrong-1234" not in repr(refused)


class Issuer:
    """A token server for docker-registry: signs what it is asked for with ES256, if user and password are right."""

    def __init__(self, folder):
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "issuer")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        self._certificate = builder.sign(self.key, hashes.SHA256())
        self.bundle = folder / "issuer.pem"
        self.bundle.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        self.asked = []
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                query = parse_qs(urlsplit(self.path).query)
                issuer.asked.append(query)
                ok = self.headers.get("Authorization") == BASIC
                body = json.dumps({"token": issuer.token(query.get("scope", []))} if ok else {}).encode()
                self.send_response(200 if ok else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.realm = f"http://127.0.0.1:{self._server.server_port}/token"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def token(self, scopes, actions=None):
        access = []
        for scope in scopes:
            kind, name, wanted = scope.split(":")
            access.append({"type": kind, "name": name, "actions": actions or wanted.split(",")})
        chain = base64.b64encode(self._certificate.public_bytes(serialization.Encoding.DER)).decode()
        now = int(time.time())
        claims = {
            "iss": "issuer",
            "sub": USER,
            "aud": "registry",
            "exp": now + 300,
            "nbf": now - 60,
            "iat": now,
            "jti": "1",
        }
        signed = _b64({"alg": "ES256", "typ": "JWT", "x5c": [chain]}) + "." + _b64(claims | {"access": access})
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return signed + "." + base64.urlsafe_b64encode(signature).rstrip(b"=").decode()

    def close(self):
        self._server.shutdown()
        self._thread.join(60)
        self._server.server_close()


def _b64(document):
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


@pytest.fixture
def issuer(tmp_path):
    running = Issuer(tmp_path)
    yield running
    running.close()


def test_token_auth(start, issuer, make_client, skopeo, tmp_path):
    bundle = str(issuer.bundle)
    auth = {"realm": issuer.realm, "service": "registry", "issuer": "issuer", "rootcertbundle": bundle}
    host = start({"token": auth})

    def authorize(repository):
        return {"Authorization": f"Bearer {issuer.token([f'repository:{repository}:pull,push'])}"}

    pushed = _push_all(host, authorize)
    hosts = {host: HostSettings(credential=CredentialReference(username=USER, password_env="PW"))}
    client = make_client(hosts=hosts, environment={"PW": PASSWORD})
    assert _digests(client.resolve_all(_questions(host))) == pushed
    # Twelve tags, three tokens, and the first request that learns the challenge.
    assert (client.requests, client.token_requests, len(issuer.asked)) == (13, 3, 3)
    assert sorted(query["scope"] for query in issuer.asked) == [[f"repository:acme/app-{n}:pull"] for n in range(3)]
    assert client.tags(Reference.parse(f"{host}/acme/app-0").repository).tags == ("docker", "index", "list", "oci")
    (tmp_path / "auth.json").write_text(json.dumps({"auths": {host: {"auth": BASIC.removeprefix("Basic ")}}}))
    for name, digest in pushed.items():
        raw = skopeo(
            "inspect", "--raw", "--tls-verify=false", "--authfile", str(tmp_path / "auth.json"), f"docker://{name}"
        )
        assert _digest(raw.encode()) == digest
    refused = make_client().resolve(_questions(host)[0])
    assert refused.cause is Cause.DENIED
    assert "its token server" in refused.reason


def test_inspecting(docker_registry, make_client, registry, skopeo):
    """What skopeo copied from the embedded registry is the same there, and skopeo reads the same of it."""
    config = {"User": "1001", "Env": ["PATH=/bin", "A=b"], "Entrypoint": ["/web"], "ExposedPorts": {"8080/tcp": {}}}
    old = Image.build("web", "1.4", platforms=(AMD64, ARM64), base=["debian"])
    new = Image.build("web", "1.5", platforms=(AMD64, ARM64), base=["debian"], config=config, attested=True)
    for tag, image in (("old", old), ("new", new), (cosign_tag(new.digest, "sig"), cosign_signature(new))):
        registry.push("acme/web", tag, image)
        source, target = (f"docker://{host}/acme/web:{tag}" for host in (registry.host, docker_registry))
        skopeo("copy", "--all", "--src-tls-verify=false", "--dest-tls-verify=false", source, target)
    found = {}
    for host in (docker_registry, registry.host):
        client = make_client()
        pair = ImagePair(Reference.parse(f"{host}/acme/web").repository, old.digest, new.digest)
        found[host] = client.inspect_all([pair], requests_per_image=20)[pair]
    theirs, ours = found[docker_registry], found[registry.host]
    assert theirs.new.platforms == ours.new.platforms
    assert theirs.old.platforms == ours.old.platforms
    assert theirs.new.evidence == ours.new.evidence == Evidence(Presence.PRESENT, Presence.ABSENT, Presence.PRESENT)
    raw = skopeo("inspect", "--config", "--tls-verify=false", f"docker://{docker_registry}/acme/web:new")
    read = json.loads(raw)
    assert theirs.new.primary.config.user == read["config"]["User"]
    assert theirs.new.primary.config.labels == read["config"]["Labels"]
    assert [str(digest) for digest in theirs.new.primary.config.diff_ids] == read["rootfs"]["diff_ids"]
    gone = ImagePair(pair.repository, Digest.of(b"gone"), new.digest)
    gone = replace(gone, repository=Reference.parse(f"{docker_registry}/acme/web").repository)
    assert "404" in make_client().inspect_all([gone])[gone].old.reason
