"""What images say of themselves: how many requests that takes, what comes of it, and what faults leave of it."""

from __future__ import annotations

import base64
import json
import threading
from datetime import UTC, datetime
from http import HTTPStatus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_streams.demo import evidence
from gitops_streams.demo.access import Bearer
from gitops_streams.demo.exchange import Response, Stall
from gitops_streams.demo.images import AMD64, ARM64, PROVENANCE, SPDX, Flavour, Image
from gitops_streams.demo.registry import Registry
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.evidence import cosign_tag, referrers_tag
from gitops_streams.oci.image import Evidence, ImagePair, Presence, Uninspectable
from gitops_streams.oci.image import Image as Inspected
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.reference import Reference
from gitops_streams.registry import CredentialReference, HostSettings, Timeouts

PRESENT, ABSENT, UNKNOWN = Presence.PRESENT, Presence.ABSENT, Presence.UNKNOWN
BOTH = (AMD64, ARM64)
RUNTIME = {
    "User": "1001",
    "Env": ["PATH=/bin", "LOG_LEVEL=info"],
    "Entrypoint": ["/web"],
    "Cmd": ["--serve"],
    "ExposedPorts": {"8080/tcp": {}},
    "Volumes": {"/data": {}},
    "WorkingDir": "/srv",
    "StopSignal": "SIGTERM",
    "Healthcheck": {"Test": ["CMD", "/web", "ping"], "Interval": 30},
}


@pytest.fixture
def pair(registry):
    """Push two images and make the pair of them; ``None`` for the old makes a first pin."""

    def make(old, new, repository="acme/web", **more):
        old_digest = None if old is None else registry.push(repository, None, old)
        named = Reference.parse(f"{registry.host}/{repository}").repository
        return ImagePair(named, old_digest, registry.push(repository, None, new), **more)

    return make


def _no_referrers(request):
    return Response.error(404, "NOT_FOUND", "no such API") if "/referrers/" in request.path else None


def _one(client, pair, **more):
    return client.inspect_all([pair], **more)[pair]


def test_everything_that_an_image_says(pair, make_client):
    old = Image.build("web", "1.4", platforms=BOTH, base=["debian"], created="2026-01-02T03:04:05.123456789Z")
    new = Image.build(
        "web", "1.5", platforms=BOTH, base=["debian"], config=RUNTIME, labels={"a": "b"}, annotations={"x": "y"}
    )
    changed = pair(old, new)
    client = make_client()
    found = _one(client, changed)
    assert client.requests == 6
    image = found.new
    assert isinstance(image, Inspected)
    assert (image.repository, image.digest, image.is_index) == (changed.repository, new.digest, True)
    assert [each.platform for each in image.platforms] == [AMD64, ARM64]
    assert image.primary is image.platforms[0]
    assert image.annotations == {"x": "y"}
    config = image.primary.config
    assert config.user == "1001"
    assert config.env == {"PATH": "/bin", "LOG_LEVEL": "info"}
    assert (config.entrypoint, config.cmd, config.workdir) == (("/web",), ("--serve",), "/srv")
    assert (config.ports, config.volumes) == ({"8080/tcp"}, {"/data"})
    assert config.healthcheck == '{"Interval":30,"Test":["CMD","/web","ping"]}'
    assert config.labels["a"] == "b"
    assert config.history == ("debian", "gitops-streams demo")
    assert image.primary.size == sum(len(blob) for blob in new.members[0].blobs[1:])
    assert len(config.diff_ids) == len(image.primary.layers) == 2
    assert found.old.primary.layers[0] == image.primary.layers[0]
    assert found.old.primary.layers[1] != image.primary.layers[1]
    assert found.old.primary.config.created == datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)
    # Six requests are spent on the primary platform: the rest is unknown, and that is said.
    assert image.platforms[1].layers is None
    assert image.evidence == Evidence()
    assert "not looked for everywhere (provenance, sbom, signature): the budget of 6 requests" in " ".join(image.notes)
    assert "the sizes of 1 other platforms are not known" in " ".join(found.old.notes)


def test_single_manifests_leave_two_requests_for_evidence(registry, pair, make_client):
    old, new = Image.build("web", "1.4", flavour=Flavour.DOCKER), Image.build("web", "1.5")
    changed = pair(old, new)
    client = make_client()
    found = _one(client, changed)
    assert client.requests == 6
    kinds = [logged.path.split("/")[4] for logged in registry.log]
    assert kinds[:4] == ["manifests", "manifests", "blobs", "blobs"]
    assert [(logged.method, logged.path.split("/")[4]) for logged in registry.log][4:] == [
        ("GET", "referrers"),
        ("HEAD", "manifests"),
    ]
    assert found.new.evidence == Evidence(ABSENT, UNKNOWN, UNKNOWN)
    assert found.new.primary.platform == AMD64
    assert not found.new.is_index
    assert found.old.media_type.startswith("application/vnd.docker")


def test_a_first_pin_has_requests_to_spare(registry, pair, make_client):
    new = Image.build("web", "1.5", platforms=BOTH)
    changed = pair(None, new)
    registry.push("acme/web", None, evidence.bundle(new))
    registry.push("acme/web", None, evidence.bundle(new, PROVENANCE))
    registry.push("acme/web", None, evidence.sbom(new))
    client = make_client()
    found = _one(client, changed)
    assert found.old is None
    assert found.new.evidence == Evidence(PRESENT, PRESENT, PRESENT)
    assert found.new.platforms[1].size == len(new.members[1].blobs[1])
    assert client.requests == 5  # index, manifest, config, referrers, the other platform
    assert found.new.notes == ()


def test_buildkit_attestations(pair, make_client):
    single = Image.build("web", "1.5")
    free = Image.index([single], attested=True, predicates=[SPDX])
    changed = pair(Image.build("web", "1.4", attested=True), free)
    assert _one(make_client(), changed).new.evidence == Evidence(UNKNOWN, UNKNOWN, PRESENT)
    found = _one(make_client(), changed, requests_per_image=9)
    # Read, they hold no provenance after all, as BuildKit would have it by default.
    assert found.new.evidence.sbom is PRESENT
    assert found.new.evidence.signature is ABSENT
    assert found.old.evidence.provenance is PRESENT
    assert [each.platform for each in found.new.platforms] == [AMD64]
    complete = _one(make_client(), changed, requests_per_image=30)
    assert complete.new.evidence == Evidence(ABSENT, PRESENT, ABSENT)
    assert complete.new.notes == ()


@pytest.mark.parametrize("api", [True, False])
@pytest.mark.parametrize("kind", ["cosign", "bundle", "notation"])
def test_signatures(registry, pair, make_client, kind, api):
    new = Image.build("web", "1.5")
    changed = pair(None, new)
    if kind == "cosign":
        registry.push("acme/web", cosign_tag(new.digest, "sig"), evidence.cosign_signature(new))
    else:
        signature = evidence.bundle(new) if kind == "bundle" else evidence.notation_signature(new)
        registry.push("acme/web", None, signature)
        registry.push("acme/web", referrers_tag(new.digest), Image.index([signature]))
    if not api:
        registry.intercept = _no_referrers
    found = _one(make_client(), changed, requests_per_image=20)
    assert found.new.evidence == Evidence(PRESENT, ABSENT, ABSENT)


def test_a_registry_without_the_api_is_asked_for_it_once(registry, pair, make_client):
    registry.intercept = _no_referrers
    pairs = [pair(None, Image.build("web", str(n)), f"acme/app-{n}") for n in range(8)]
    client = make_client()
    found = client.inspect_all(pairs, requests_per_image=20)
    assert registry.count("GET", "/referrers/") == 1
    assert {each.new.evidence for each in found.values()} == {Evidence(ABSENT, ABSENT, ABSENT)}
    # Manifest, config, .sig, the list under a tag, .att, .sbom.
    assert client.requests == 8 * 6 + 1
    client.inspect_all([pair(None, Image.build("web", "x"))])
    assert registry.count("GET", "/referrers/") == 1


def test_cosign_attestations_and_unnamed_bundles(registry, pair, make_client):
    new = Image.build("web", "1.5")
    changed = pair(None, new)
    registry.push("acme/web", cosign_tag(new.digest, "att"), evidence.cosign_attestation(new))
    registry.push("acme/web", cosign_tag(new.digest, "sbom"), evidence.sbom(new))
    assert _one(make_client(), changed, requests_per_image=20).new.evidence == Evidence(ABSENT, PRESENT, PRESENT)
    registry.intercept = _no_referrers
    # cosign drops the annotations from the list that it keeps itself (sigstore/cosign#4641).
    unnamed = Image.artifact(evidence.BUNDLE_TYPE, b"{}", subject=new)
    registry.push("acme/web", referrers_tag(new.digest), Image.index([unnamed]))
    found = _one(make_client(), changed, requests_per_image=20).new
    assert found.evidence == Evidence(UNKNOWN, PRESENT, PRESENT)
    assert "does not say of what kind" in " ".join(found.notes)


def test_an_old_image_is_asked_for_its_signature_where_the_new_one_has_none(registry, pair, make_client):
    old, new = Image.build("web", "1.4"), Image.build("web", "1.5")
    changed = pair(old, new)
    registry.push("acme/web", cosign_tag(old.digest, "sig"), evidence.cosign_signature(old))
    found = _one(make_client(), changed, requests_per_image=20)
    assert found.new.evidence.signature is ABSENT
    assert found.old.evidence == Evidence(PRESENT, UNKNOWN, UNKNOWN)
    registry.push("acme/web", cosign_tag(new.digest, "sig"), evidence.cosign_signature(new))
    registry.forget()
    again = _one(make_client(), changed, requests_per_image=20)
    assert again.new.evidence.signature is PRESENT
    assert again.old.evidence.signature is UNKNOWN
    assert again.old.notes == ()
    assert not registry.count(path=old.digest.encoded + ".sig")


def test_other_platforms_last_and_new_before_old(registry, pair, make_client):
    third = Platform("linux", "s390x")
    changed = pair(
        Image.build("web", "1.4", platforms=(*BOTH, third)), Image.build("web", "1.5", platforms=(*BOTH, third))
    )
    found = _one(make_client(), changed, requests_per_image=13)
    sizes = [[each.layers is not None for each in image.platforms] for image in (found.new, found.old)]
    # 6 + 4 for the new evidence + 2 for the old signature leave one.
    assert sizes == [[True, True, False], [True, False, False]]
    whole = _one(make_client(), changed, requests_per_image=16)
    assert all(each.layers for image in (whole.new, whole.old) for each in image.platforms)


@pytest.mark.parametrize(
    ("wanted", "platforms", "primary"),
    [
        (None, (ARM64, AMD64), AMD64),
        (None, (ARM64, Platform("windows", "amd64")), ARM64),
        (ARM64, BOTH, ARM64),
        (Platform("linux", "arm64"), BOTH, ARM64),
    ],
)
def test_the_primary_platform(pair, make_client, wanted, platforms, primary):
    built = [Image.build("web", version, platforms=platforms) for version in ("1.4", "1.5")]
    found = _one(make_client(), pair(*built, platform=wanted))
    assert found.new.primary.platform == found.old.primary.platform == primary


def test_an_old_index_follows_a_new_single_manifest(pair, make_client):
    changed = pair(Image.build("web", "1.4", platforms=BOTH), Image.build("web", "1.5", platforms=[ARM64]))
    client = make_client()
    found = _one(client, changed)
    assert found.old.primary.platform == found.new.primary.platform == ARM64


def test_a_platform_that_is_gone(pair, make_client):
    changed = pair(Image.build("web", "1.4", platforms=[AMD64, ARM64]), Image.build("web", "1.5", platforms=[ARM64]))
    amd, arm = (Image.build("web", name, platforms=[platform]) for name, platform in (("1", AMD64), ("2", ARM64)))
    missing = pair(Image.index([amd]), arm)
    odd = ImagePair(changed.repository, None, changed.old, Platform("linux", "s390x"))
    found = make_client().inspect_all([changed, missing, odd])
    assert found[missing].old.primary is None
    assert "the index has no linux/arm64/v8; it offers linux/amd64" in found[missing].old.notes
    instead = found[odd].new
    assert instead.primary.platform == AMD64
    assert "has no linux/s390x" in " ".join(instead.notes)


def test_equal_content_is_asked_for_once(registry, pair, make_client):
    old = Image.build("web", "1.4")
    client = make_client()
    pairs = [pair(old, Image.build("web", version)) for version in ("1.5", "1.6")]
    client.inspect_all([*pairs, pairs[0]], requests_per_image=4)
    assert registry.count(path=str(old.digest)) == 1
    paths = [logged.path for logged in registry.log]
    assert len(paths) == len(set(paths)) == 8  # 6 contents, and 2 looks for evidence from what was saved
    registry.forget()
    client.inspect_all(pairs, requests_per_image=0)
    assert registry.log == ()


def test_a_budget_that_does_not_suffice(pair, make_client):
    changed = pair(Image.build("web", "1.4", platforms=BOTH), Image.build("web", "1.5", platforms=BOTH))
    client = make_client()
    nothing = _one(client, changed, requests_per_image=0)
    assert client.requests == 0
    assert nothing.new == Uninspectable(
        changed.repository, changed.new, "images are not to be inspected (requestsPerImage is 0)"
    )
    for budget in range(1, 7):
        client = make_client()
        found = _one(client, changed, requests_per_image=budget)
        assert client.requests == budget
        assert isinstance(found.old, Uninspectable) is (budget == 1)
        assert (found.new.primary is not None) is (budget >= 5)
        if budget in {2, 3, 4}:
            assert "the budget of" in " ".join(found.new.notes)


def test_a_hundred_changed_images(registry, pair, make_client):
    pairs = [
        pair(Image.build("a", f"{n}", platforms=BOTH), Image.build("b", f"{n}", platforms=BOTH), f"acme/app-{n % 7}")
        for n in range(100)
    ]
    told = []
    client = make_client()
    abreast = threading.Event()

    def together(_):
        # The first request to a host goes alone; the others are held back until several are under way.
        if registry.log and not abreast.is_set():
            if registry.peak >= 3:
                abreast.set()
            abreast.wait(60)

    registry.intercept = together
    found = client.inspect_all(pairs, progress=lambda done, of: told.append((done, of)))
    assert client.requests == len(registry.log) == 600
    assert registry.peak >= 3
    assert all(each.new.primary and each.old.primary for each in found.values())
    assert list(found) == pairs
    assert told[-1] == (600, 600)
    assert all(done <= of for done, of in told)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(6)), st.integers(1, 9))
def test_the_facts_do_not_depend_on_the_order(registry, pair, make_client, order, budget):
    registry.intercept = None
    built = [
        pair(
            Image.build("a", f"{n}", platforms=BOTH if n % 2 else [AMD64]),
            Image.build("b", f"{n}", platforms=BOTH, attested=n % 3 == 0),
            f"acme/app-{n}",
        )
        for n in range(6)
    ]
    straight = make_client().inspect_all(built, requests_per_image=budget)
    registry.intercept = lambda request: None if len(request.path) % 3 else _no_answer_yet()
    permuted = make_client().inspect_all([built[n] for n in order], requests_per_image=budget)
    assert permuted == straight


def _no_answer_yet():
    threading.Event().wait(0.002)


# What goes wrong


def test_an_old_digest_that_is_gone(registry, pair, make_client):
    new = Image.build("web", "1.5")
    changed = pair(None, new)
    gone = ImagePair(changed.repository, Digest.of(b"gone"), changed.new)
    found = _one(make_client(), gone)
    assert isinstance(found.old, Uninspectable)
    assert "404 Not Found for acme/web@" in found.old.reason
    assert "MANIFEST_UNKNOWN" in found.old.reason
    assert found.new.primary is not None


@pytest.mark.parametrize("what", ["manifests", "blobs"])
def test_content_that_is_not_what_its_digest_says(registry, pair, make_client, what):
    changed = pair(Image.build("web", "1.4"), Image.build("web", "1.5"))
    other = Image.build("web", "evil")

    def altered(request):
        if f"/{what}/" not in request.path or request.method == "HEAD":
            return None
        body = other.content if what == "manifests" else other.blobs[0]
        return Response(200, {"Content-Type": other.media_type}, body)

    registry.intercept = altered
    found = _one(make_client(), changed)
    for each in (found.old, found.new):
        assert isinstance(each, Uninspectable)
        assert "but the content is sha256:" in each.reason


def test_what_is_too_large(registry, pair, make_client):
    big = Image.manifest(b"{" + b" " * (5 << 20) + b"}", platform=AMD64)
    changed = pair(big, Image.build("web", "1.5"))
    found = _one(make_client(), changed)
    assert "larger than 4 MiB and was not read" in " ".join(found.old.notes)
    assert found.old.platforms[0].layers == ()
    registry.intercept = lambda request: (
        Response(200, {"Content-Type": "application/json"}, b" " * (5 << 20)) if "/blobs/" in request.path else None
    )
    assert "larger than 4096 KiB" in " ".join(_one(make_client(), changed).new.notes)


@pytest.mark.parametrize("content", [b"", b"[]", b"<html>", b"\xff", b'{"config":' * 50_000])
def test_configurations_that_are_none(pair, make_client, content):
    found = _one(make_client(), pair(None, Image.manifest(content, platform=AMD64)))
    assert found.new.primary is None
    assert "the configuration is not a JSON object" in " ".join(found.new.notes)


def test_a_chart_is_no_image(pair, make_client):
    found = _one(make_client(), pair(None, Image.artifact("application/vnd.cncf.helm.config.v1+json", b"chart")))
    assert "another kind of artifact" in " ".join(found.new.notes)
    assert found.new.primary is None


def test_a_failed_registry_does_not_stop_the_others(registry, pair, make_client, free_port):
    good = pair(Image.build("web", "1.4"), Image.build("web", "1.5"))
    dead = ImagePair(Reference.parse(f"127.0.0.1:{free_port()}/acme/web").repository, good.old, good.new)
    found = make_client().inspect_all([dead, good])
    assert isinstance(found[dead].new, Uninspectable)
    assert "refused" in found[dead].new.reason
    assert found[good].new.primary is not None


@pytest.mark.parametrize(("status", "word"), [(401, "Unauthorized"), (403, "Forbidden"), (429, "Too Many Requests")])
def test_refusals(registry, pair, make_client, status, word):
    changed = pair(Image.build("web", "1.4"), Image.build("web", "1.5"))
    registry.intercept = lambda _: Response.error(status, "DENIED", "no", {"Retry-After": "9999"})
    client = make_client()
    found = _one(client, changed)
    assert all(isinstance(each, Uninspectable) and word in each.reason for each in (found.old, found.new))
    assert client.requests <= 6


def test_retries_are_counted(registry, pair, make_client):
    changed = pair(Image.build("web", "1.4"), Image.build("web", "1.5"))
    seen = set()

    def once(request):
        if request.path in seen:
            return None
        seen.add(request.path)
        return Response(503)

    registry.intercept = once
    client = make_client()
    found = _one(client, changed)
    assert client.requests == 6
    # Two manifests and one configuration, each twice.
    assert [found.new.primary is None, found.old.primary is None].count(True) == 1
    seen.clear()
    enough = make_client()
    assert _one(enough, changed, requests_per_image=8).new.primary is not None
    assert enough.requests == 8


def test_a_silent_registry_is_waited_for_in_bounds(registry, pair, make_client):
    pairs = [pair(None, Image.build("web", str(n))) for n in range(20)]
    registry.intercept = lambda _: Stall(10)
    client = make_client(timeouts=Timeouts(connect=1, request=0.2, helper=1))
    found = client.inspect_all(pairs)
    assert all("no complete answer in time" in each.new.reason for each in found.values())
    assert client.requests <= 12


def test_the_reserve_of_the_quota_is_kept(registry, pair, make_client):
    first, second = (pair(None, Image.build("web", version)) for version in ("1", "2"))
    left = {"RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": "4;w=21600"}

    def counted(request):
        answer = registry.answer(request)
        return Response(answer.status, {**answer.headers, **left}, answer.body)

    registry.intercept = counted
    found = make_client().inspect_all([first, second])
    read = [each.new for each in found.values() if not isinstance(each.new, Uninspectable)]
    refused = [each.new for each in found.values() if isinstance(each.new, Uninspectable)]
    assert len(read) == len(refused) == 1
    assert "counts as a pull, and only 4 are left" in refused[0].reason


def test_a_redirect_of_a_blob_carries_no_credential(registry, second, make_client, pair):
    new = Image.build("web", "1.5")
    second.answer = lambda _: second.Reply(200, {}, new.blobs[0])
    changed = pair(None, new)
    authorization = "Basic " + base64.b64encode(b"robot:hunter22").decode()

    def guarded(request):
        if request.header("Authorization") != authorization:
            return Response.error(401, "UNAUTHORIZED", "", {"WWW-Authenticate": 'Basic realm="x"'})
        if "/blobs/" in request.path:
            return Response(307, {"Location": f"http://{second.host}/blob?X-Amz-Signature=topsecret"})
        return None

    registry.intercept = guarded
    hosts = {registry.host: HostSettings(credential=CredentialReference(username="robot", password_env="PW"))}
    client = make_client(hosts=hosts, environment={"PW": "hunter22"})
    found = _one(client, changed)
    assert found.new.primary is not None
    assert [set(seen.headers) for seen in second.seen] == [{"host", "accept-encoding", "user-agent"}]
    # Neither the question that learns how to ask, nor the hop, is taken from the budget of six.
    assert client.requests == 2 + 6
    second.answer = lambda _: second.Reply(500)
    other = pair(None, Image.build("web", "1.6"))
    assert "topsecret" not in repr(client.inspect_all([other]))


def test_token_auth(make_client, pair, registry, free_port):
    """One token for each repository; tokens are not counted."""

    with Registry(access=Bearer({"robot": "hunter22"})) as guarded:
        new = Image.build("web", "1.5")
        digest = guarded.push("acme/web", None, new)
        hosts = {guarded.host: HostSettings(credential=CredentialReference(username="robot", password_env="PW"))}
        client = make_client(hosts=hosts, environment={"PW": "hunter22"})
        asked = ImagePair(Reference.parse(f"{guarded.host}/acme/web").repository, None, digest)
        assert _one(client, asked).new.primary is not None
        assert client.token_requests == 1
        assert guarded.statuses["GET", HTTPStatus.UNAUTHORIZED] == 1


def test_hostile_answers_to_questions_for_evidence(registry, pair, make_client):
    changed = pair(None, Image.build("web", "1.5"))
    for body in (b"<html>", b"[]", b'{"manifests": {}}', json.dumps({"manifests": [{"digest": "x"}]}).encode()):
        registry.intercept = lambda request, body=body: (
            Response(200, {"Content-Type": "text/html"}, body) if "/referrers/" in request.path else None
        )
        found = _one(make_client(), changed, requests_per_image=20).new
        assert found.evidence == Evidence(ABSENT, ABSENT, ABSENT)
    registry.intercept = lambda request: Response(403) if "/referrers/" in request.path else None
    found = _one(make_client(), changed, requests_per_image=20).new
    assert found.evidence == Evidence(UNKNOWN, UNKNOWN, UNKNOWN)
    assert "403 Forbidden for the referrers of acme/web@sha256:" in " ".join(found.notes)


def test_pages_of_referrers_that_are_not_read(registry, pair, make_client):
    changed = pair(None, Image.build("web", "1.5"))

    def paged(request):
        if "/referrers/" not in request.path:
            return None
        answer = registry.answer(request)
        return Response(200, {**answer.headers, "Link": '<?page=2>; rel="next"'}, answer.body)

    registry.intercept = paged
    found = _one(make_client(), changed, requests_per_image=20).new
    assert found.evidence == Evidence(UNKNOWN, UNKNOWN, UNKNOWN)
    assert "further pages" in " ".join(found.notes)
