from __future__ import annotations

import builtins
import traceback
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from gitops_streams.errors import ForgeError
from gitops_streams.forges.github.app import AppAuthorization
from gitops_streams.forges.http.patience import SystemClock
from gitops_streams.forges.http.refusal import ForgeRefused
from gitops_streams.forges.open import open_forge
from gitops_streams.forges.settings import AppSettings, ForgeKind, ForgeSettings
from gitops_streams.review.pull_request import PullSpec

SPEC = PullSpec(head="gitops-streams/main/all", base="main", title="t", body="")


class Now(SystemClock):
    """Time as the fake forge has it; sleeping takes none."""

    def sleep(self, seconds: float) -> None:
        pass


@pytest.fixture
def app(forge):
    return forge.app("pinner", ["acme/gitops"])


@pytest.fixture
def sign_in(forge, repository, tmp_path: Path):
    opened = []

    def connect(app, *, key: bytes | None = None, installation=None, by_variable=False, app_id=None):
        path = tmp_path / "key.pem"
        text = app.private_key if key is None else key
        path.write_bytes(text)
        place = {"private_key_env": "KEY"} if by_variable else {"private_key_file": path}
        settings = ForgeSettings(
            kind=ForgeKind.GITHUB,
            url=forge.url,
            api_url=forge.api_url(),
            graphql_url=forge.graphql_url,
            app=AppSettings(str(app_id or app.id), installation_id=installation, **place),
        )
        environment = {"KEY": text.decode().replace("\n", "\\n")}
        opened.append(open_forge(settings, repository.clone_url, environment, clock=Now()))
        return opened[-1]

    yield connect
    for each in opened:
        each.close_connections()


def test_an_app_signs_in_and_is_known(forge, app, sign_in):
    hub = sign_in(app)
    assert hub.account() == "pinner[bot]"
    assert hub.identity().name == "pinner[bot]"
    assert hub.identity().email == f"{app.bot.id}+pinner[bot]@users.noreply.github.com"
    pull = hub.create(SPEC)
    assert pull.author == "pinner[bot]"
    assert len(forge.log("POST", "/access_tokens")) == 1
    assert forge.log("POST", "/access_tokens")[0].body == {"repositories": ["gitops"]}
    assert hub.requests == len(forge.requests)


def test_the_key_may_stand_in_a_variable_on_one_line(app, sign_in):
    assert sign_in(app, by_variable=True).account() == "pinner[bot]"


def test_an_installation_that_is_configured_is_not_looked_for(forge, app, sign_in):
    hub = sign_in(app, installation=app.installation_id)
    hub.find("x")
    assert forge.log("GET", "/installation") == []


def test_a_token_is_used_until_it_nears_its_end(app, clock):
    made: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        made.append(request.url.path)
        end = datetime.fromtimestamp(clock.now + 3600, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return httpx.Response(201, json={"token": f"token-{len(made)}", "expires_at": end})

    authorization = AppAuthorization(
        AppSettings("7", installation_id=1),
        app.private_key.decode(),
        api_url="https://api.github.com",
        repository="acme/gitops",
        settings=ForgeSettings(),
        clock=clock,
        transport=httpx.MockTransport(answer),
    )
    seen = []
    for later in (0, 3000, 3301, 3301 + 3000):
        clock.now = 1_800_000_000.0 + later
        seen.append(authorization.headers()["Authorization"])
    authorization.close()
    assert seen == ["Bearer token-1", "Bearer token-1", "Bearer token-2", "Bearer token-2"]


def test_a_token_that_was_taken_back_is_replaced(forge, app, sign_in):
    hub = sign_in(app)
    hub.find("x")
    forge.store.tokens[hub.git_credential().password].revoked = True
    hub.find("y")
    assert len(forge.log("POST", "/access_tokens")) == 2


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        (lambda app: app.repositories.clear(), "looking for the installation", "install the App on this repository"),
        (lambda app: setattr(app, "suspended", True), "has been suspended", "suspended"),
    ],
)
def test_what_keeps_an_app_out_is_told(app, sign_in, change, message, hint):
    change(app)
    with pytest.raises(ForgeRefused, match=message) as caught:
        sign_in(app).find("x")
    assert hint in caught.value.hint


def test_another_apps_key_is_told(forge, app, sign_in):
    other = forge.app("other", ["acme/gitops"])
    with pytest.raises(ForgeRefused) as caught:
        sign_in(app, key=other.private_key).find("x")
    assert "private key" in caught.value.hint


@pytest.mark.parametrize(
    "key", [b"not a key", b"-----BEGIN RSA PRIVATE KEY-----\nCANARY\n-----END RSA PRIVATE KEY-----\n"]
)
def test_a_key_that_is_none_is_told_and_not_shown(app, sign_in, key):
    with pytest.raises(ForgeError, match="cannot be used") as caught:
        sign_in(app, key=key)
    assert "CANARY" not in "".join(traceback.format_exception(caught.value))


def test_a_key_file_that_is_not_there_is_told():
    settings = ForgeSettings(app=AppSettings("7", private_key_file=Path("/nonexistent/key.pem")))
    with pytest.raises(ForgeError, match="No such file"):
        open_forge(settings, "https://github.com/a/b", {})


def test_without_pyjwt_the_extra_is_named(monkeypatch, app, sign_in):
    original = builtins.__import__

    def absent(name, *rest, **more):
        if name == "jwt":
            raise ImportError(name)
        return original(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ForgeError, match="PyJWT") as caught:
        sign_in(app)
    assert caught.value.hint == "install gitops-streams[github-app]"


def test_no_failure_shows_key_or_token(forge, app, sign_in):
    hub = sign_in(app)
    token = hub.git_credential().password
    forge.store.tokens[token].revoked = True
    app.suspended = True
    with pytest.raises(ForgeError) as caught:
        hub.find("x")
    shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value)) + repr(hub)
    assert token not in shown
    assert "PRIVATE" not in shown
