"""What the routes answer: headers, caching, JSON in its schema, health, metrics, and who may ask for a check."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
import serve_values as values
from jsonschema import Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families

from gitops_streams import schemas
from gitops_streams.serve.access import Access
from gitops_streams.serve.metrics import Metrics
from gitops_streams.serve.overview import CheckOutcome

WORKER = {"repository": "deploy", "name": "payments/worker:2"}
OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def service():
    return values.FakeService()


@pytest.fixture
def client(service):
    with values.served(service, Access(values.TOKEN)) as base, httpx.Client(base_url=base, trust_env=False) as found:
        yield found


@pytest.mark.parametrize("path", ["/", "/tag", "/login", "/api/overview", "/healthz", "/readyz", "/metrics"])
def test_every_answer_has_its_headers_and_takes_head(client, path):
    got = client.get(path, params=WORKER)
    assert got.status_code == 200
    assert "default-src 'none'" in got.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in got.headers["content-security-policy"]
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["referrer-policy"] == "same-origin"
    head = client.head(path, params=WORKER)
    assert (head.status_code, head.content, head.headers["content-type"]) == (200, b"", got.headers["content-type"])


@pytest.mark.parametrize("path", ["/", "/tag", "/api/overview"])
def test_what_has_not_changed_is_not_sent_again(client, service, path):
    first = client.get(path, params=WORKER)
    again = client.get(path, params=WORKER, headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    service.known = replace(service.known, now=service.known.now + timedelta(hours=1))
    assert client.get(path, params=WORKER, headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_ten_thousand_stream_tags_stay_bounded(client, service):
    service.known = values.many(10_000)
    whole = client.get("/")
    assert len(whole.content) < 300_000
    assert whole.text.count('<th scope="row"') == 100 + 10 + 3 + 3 + 20
    assert "Page 1 of 100" in whole.text
    last = client.get("/", params={"page": "99999"})
    assert "Page 100 of 100" in last.text
    one = client.get("/", params={"q": "team-7/service-00420"})
    assert "1 stream tag<" in one.text
    assert len(client.get("/api/overview", params={"limit": "999999999"}).json()["tags"]["items"]) == 200
    assert len(client.get("/api/overview", params={"limit": "5000"}).json()["tags"]["items"]) == 1000


@pytest.mark.parametrize(
    "known", [values.sample(), values.hostile(), values.many(100)], ids=["sample", "hostile", "many"]
)
def test_json_is_in_its_schema(client, service, known):
    service.known = known
    Draft202012Validator(schemas.load("overview")).validate(client.get("/api/overview").json())


def test_json_of_one_stream_tag(client):
    document = client.get("/api/overview", params=WORKER).json()
    assert (document["now"], document["queued"]) == ("2026-11-23T03:12:22+00:00", 2)
    [tag] = document["tags"]["items"]
    assert tag["sites"].pop() == {
        "file": "apps/payments/worker/overlays/production/kustomization.yaml",
        "line": 21,
        "digest": str(values.digest("payments/worker:2 0")),
        "state": "current",
        "reason": None,
    }
    assert {
        name: tag[name] for name in ("stream", "tag", "state", "since", "checked", "failingSince", "siteCount")
    } == {
        "stream": "payments/worker",
        "tag": "2",
        "state": "failing",
        "since": "2026-11-22T22:12:22+00:00",
        "checked": "2026-11-23T03:09:22+00:00",
        "failingSince": "2026-11-23T00:52:22+00:00",
        "siteCount": 3,
    }
    assert [entry["author"] for entry in tag["history"]] == [
        "Ada Lovelace",
        "gitops-streams",
        "Grace Hopper",
        "Ada Lovelace",
    ]
    assert client.get("/api/overview", params={**WORKER, "name": "no:thing"}).json()["tags"]["items"] == []


def test_a_stream_tag_that_is_not_there(client):
    assert client.get("/tag", params={"repository": "deploy", "name": "<b>:1"}).status_code == 404


class TestHealth:
    def test_it_is_ready_though_a_repository_fails(self, client):
        assert client.get("/readyz").status_code == 200

    def test_it_is_not_before_every_first_pass(self, client, service):
        first, second = service.known.repositories
        service.known = replace(service.known, repositories=(first, replace(second, last=None)))
        assert client.get("/healthz").status_code == 200
        got = client.get("/readyz")
        assert (got.status_code, got.text) == (503, "no pass has ended yet: edge-clusters\n")

    def test_it_is_not_when_the_loop_stands_still(self, client, service):
        service.known = replace(service.known, heartbeat=values.ago(minutes=11))
        got = client.get("/readyz")
        assert (got.status_code, got.text) == (503, "the loop has not come round for 660 s\n")


def samples(text):
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class TestMetrics:
    def test_they_say_what_the_overview_says_and_what_was_counted(self, service):
        metrics = Metrics(process=False)
        metrics.kept(["deploy", "edge-clusters"])
        metrics.passed("edge-clusters", service.known.repositories[1].last, changes=0)
        metrics.passed("deploy", service.known.repositories[0].last, changes=7)
        metrics.published_after(1.5)
        found = samples(metrics.expose(service.known).decode())
        prefix = "gitops_streams_"
        expected = {
            ("passes_total", (("outcome", "failed"), ("repository", "edge-clusters"))): 1,
            ("passes_total", (("outcome", "succeeded"), ("repository", "edge-clusters"))): 0,
            ("changes_total", (("repository", "deploy"),)): 7,
            ("pass_duration_seconds_count", ()): 2,
            ("event_to_publish_seconds_bucket", (("le", "2.0"),)): 1,
            ("stream_tags", (("repository", "deploy"), ("state", "failing"))): 1,
            ("stream_tags", (("repository", "edge-clusters"), ("state", "held"))): 0,
            ("sites_behind", (("repository", "deploy"),)): 1,
            ("registry_requests_total", (("registry", "docker.io"),)): 412,
            ("registry_rate_limit_remaining", (("registry", "docker.io"),)): 173,
            ("registry_failing", (("registry", "registry.acme.example"),)): 1,
            ("webhook_deliveries_total", (("outcome", "refused"), ("receiver", "github"), ("sender", "github"))): 2,
            ("queue_depth", ()): 2,
            ("build_info", (("version", "0.1.0"),)): 1,
        }
        assert {key: found[prefix + key[0], key[1]] for key in expected} == expected
        success = found[prefix + "last_success_timestamp_seconds", (("repository", "edge-clusters"),)]
        assert success == values.ago(hours=5).timestamp()
        assert not any(name.endswith("_created") for name, _ in found)

    def test_labels_are_bounded(self, service):
        some = service.known.registries[2]
        registries = tuple(replace(some, host=f"r{each}.example", requests=each) for each in range(5000))
        known = replace(values.many(10_000), registries=registries)
        found = samples(Metrics(process=False).expose(known).decode())
        assert len(found) < 700
        others = found["gitops_streams_registry_requests_total", (("registry", "other"),)]
        assert others == sum(range(4900))

    def test_hostile_labels_are_parsed(self):
        assert samples(Metrics(process=False).expose(values.hostile()).decode())

    def test_a_repository_is_forgotten(self, service):
        metrics = Metrics(process=False)
        metrics.kept(["gone"])
        metrics.dropped("gone")
        assert b"gone" not in metrics.expose(service.known)


class TestCheck:
    def signed_in(self, client):
        got = client.post("/login", data={"token": values.TOKEN}, headers=OWN)
        assert got.status_code == 303
        cookie = got.headers["set-cookie"]
        assert "HttpOnly; SameSite=Strict" in cookie
        assert values.TOKEN not in cookie
        page = client.get("/tag", params=WORKER).text
        return page.partition('name="key" value="')[2].partition('"')[0]

    def test_the_form_works(self, client, service):
        key = self.signed_in(client)
        fields = {**WORKER, "key": key}
        got = client.post("/check", data=fields, headers=OWN)
        assert got.status_code == 303
        assert got.headers["location"] == "tag?repository=deploy&name=payments%2Fworker%3A2&asked=queued"
        assert service.checked == [("deploy", values.key("payments/worker:2"))]

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
        ],
    )
    def test_no_other_site_can(self, client, service, headers):
        key = self.signed_in(client)
        assert client.post("/check", data={**WORKER, "key": key}, headers=headers).status_code == 403
        assert client.post("/logout", data={"key": key}, headers=headers).status_code == 403
        assert client.post("/login", data={"token": values.TOKEN}, headers=headers).status_code == 403
        assert service.checked == []

    def test_the_origin_is_enough_where_nothing_better_is_sent(self, client):
        key = self.signed_in(client)
        origin = str(client.base_url).rstrip("/")
        assert client.post("/check", data={**WORKER, "key": key}, headers={"Origin": origin}).status_code == 303

    def test_a_cookie_of_https_stays_there(self, client):
        fields = {"token": values.TOKEN}
        behind_proxy = {**OWN, "Origin": "https://streams.acme.example"}
        assert client.post("/login", data=fields, headers=behind_proxy).headers["set-cookie"].endswith("; Secure")
        assert not client.post("/login", data=fields, headers=OWN).headers["set-cookie"].endswith("; Secure")

    def test_a_form_needs_its_key(self, client, service):
        self.signed_in(client)
        for key in ("", "0" * 64, "é"):
            assert client.post("/check", data={**WORKER, "key": key}, headers=OWN).status_code == 403
        assert service.checked == []

    def test_a_session_ends(self, client, service):
        key = self.signed_in(client)
        service.known = replace(service.known, now=service.known.now + timedelta(hours=13))
        assert client.post("/check", data={**WORKER, "key": key}, headers=OWN).status_code == 403

    def test_a_forged_session_is_none(self, client):
        client.cookies.set("gitops-streams-session", "99999999999." + "0" * 64)
        assert "Check now" not in client.get("/tag", params=WORKER).text

    def test_a_bearer_token_works_without_a_browser(self, client, service):
        headers = {"Authorization": f"Bearer {values.TOKEN}"}
        got = client.post("/check", data=WORKER, headers=headers)
        assert (got.status_code, got.json()) == (202, {"outcome": "queued"})
        service.becomes = CheckOutcome.STOPPING
        assert client.post("/check", data=WORKER, headers=headers).status_code == 503
        assert client.post("/check", data={**WORKER, "name": "no:thing"}, headers=headers).status_code == 404
        assert len(service.checked) == 2

    def test_a_wrong_one_does_not(self, client, service):
        got = client.post("/check", data=WORKER, headers={"Authorization": "Bearer guessed"})
        assert (got.status_code, service.checked) == (401, [])
        assert client.post("/check", content=b"x" * 100_000, headers={**OWN}).status_code == 403

    def test_nothing_can_be_asked_where_no_token_is_set(self, service):
        with values.served(service) as base, httpx.Client(base_url=base, trust_env=False) as client:
            assert "read-only" in client.get("/").text
            for path in ("/check", "/login", "/logout"):
                assert client.post(path, data={**WORKER, "token": ""}, headers=OWN).status_code == 404
