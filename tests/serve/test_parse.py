"""The service's configuration file: every fault is told with its place, and nothing unsafe is taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitops_streams import schemas
from gitops_streams.errors import ConfigError
from gitops_streams.serve.parse import address, named_for, parse, seconds
from gitops_streams.serve.secret_places import read_secret, receiver_of
from gitops_streams.serve.settings import GitCredential, ReceiverSettings, SecretPlace, ServedRepository, ServeSettings

ROOT = Path("/etc/streams")


def read(document):
    return parse((document if isinstance(document, str) else json.dumps(document)).encode(), "serve.yaml", ROOT)


def test_the_least():
    assert read("repositories: [{url: https://git.acme.example/team/fleet.git}]") == ServeSettings(
        (ServedRepository("fleet", url="https://git.acme.example/team/fleet.git"),)
    )


def test_everything():
    found = read(
        {
            "listen": "[::1]:80",
            "publicUrl": "https://streams.acme.example/x",
            "interval": "1h",
            "jitter": 0.5,
            "workers": 8,
            "concurrency": 50,
            "stopTimeout": "500ms",
            "stateDirectory": "state",
            "repositories": [
                {
                    "name": "one",
                    "url": "https://git.acme.example/one.git",
                    "branch": "main",
                    "publish": "pull-request",
                    "credential": {"username": "bot", "passwordFile": "password"},
                },
                {"path": "../two", "publish": "commit"},
            ],
            "receivers": [
                {
                    "name": "nexus",
                    "sender": "nexus",
                    "secretEnv": ["NEW"],
                    "secretFile": ["old"],
                    "repositories": {"docker": "nexus.acme.example:5000"},
                }
            ],
            "page": {"tokenEnv": "TOKEN"},
        }
    )
    password = SecretPlace(file=ROOT / "password")
    assert found.repositories == (
        ServedRepository(
            "one", "https://git.acme.example/one.git", None, "main", "pull-request", GitCredential(password, "bot")
        ),
        ServedRepository("two", None, ROOT / "../two", None, "commit"),
    )
    assert (found.host, found.port, found.public_url) == ("::1", 80, "https://streams.acme.example/x")
    assert (found.interval, found.jitter, found.workers, found.stop_timeout) == (3600.0, 0.5, 8, 0.5)
    assert found.concurrency == 50
    assert found.state_directory == ROOT / "state"
    (receiver,) = found.receivers
    assert receiver.secrets == (SecretPlace(env="NEW"), SecretPlace(file=ROOT / "old"))
    assert receiver.options.repositories == {"docker": "nexus.acme.example:5000"}
    assert found.page_token == SecretPlace(env="TOKEN")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "serve.yaml:1: the top level: repositories is missing"),
        ("repositories: []", "serve.yaml:1: repositories: it is empty"),
        ("repositories:\n- {branch: main}", "serve.yaml:2: repositories.0: one of url, path is needed"),
        ("repositories:\n- {url: a, path: b}", "serve.yaml:2: repositories.0: url and path exclude each other"),
        ("repositories:\n- url: https://u:p@git.example/x", "url holds a password"),
        ("repositories:\n- url: --upload-pack=x", "url is no clone URL"),
        ("repositories:\n- url: ext::sh -c x", "url is no clone URL"),
        ("repositories:\n- url: 'https://[x'", "url is no clone URL"),
        ("repositories:\n- {url: 'https://g.example/x', publish: commit}", "commit needs a path"),
        ("repositories:\n- {url: 'g.example:x', credential: {passwordEnv: X}}", "credential is for https URLs"),
        ("repositories:\n- {path: x, credential: {passwordEnv: X}}", "credential is for a url"),
        ("repositories:\n- {path: a/x}\n- {path: b/x}", "2 are named 'x'"),
        ("repositories:\n- {path: x}\ninterval: 5 minutes", "serve.yaml:3: interval: it does not have the form of 15m"),
        ("repositories:\n- {path: x}\ninterval: 0s", "interval: it must be more than nothing"),
        ("repositories:\n- {path: x}\nlisten: localhost", "serve.yaml:3: listen: it does not have the form of"),
        ("repositories:\n- {path: x}\nlisten: 'localhost:70000'", "'localhost:70000' is no address"),
        ("repositories:\n- {path: x}\nworkers: 0", "workers: it must be 1 or more"),
        ("repositories:\n- {path: x}\nreceivers: [{name: a, sender: quay}]", "one of secretEnv, secretFile is needed"),
        (
            "repositories:\n- {path: x}\npages: {}",
            "serve.yaml:3: the top level: unknown key 'pages'; known",
        ),
        ("repositories: [\n", "it is not YAML"),
    ],
)
def test_faults(text, told):
    with pytest.raises(ConfigError) as error:
        read(text)
    assert told in error.value.message
    assert error.value.hint == "docs/serve.md lists every field"


def test_a_password_is_never_printed():
    with pytest.raises(ConfigError) as error:
        read("repositories:\n- url: https://user:hunter22@git.example/x\n")
    assert "hunter22" not in f"{error.value.message} {error.value.hint} {error.value!r}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15m", 900),
        ("1h", 3600),
        ("250ms", 0.25),
        ("2d", 172_800),
        ("0s", None),
        ("1", None),
        ("1.5h", None),
        ("", None),
    ],
)
def test_durations(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("127.0.0.1:0", ("127.0.0.1", 0)), ("[::]:8080", ("::", 8080)), ("a.b:1", ("a.b", 1))]
)
def test_addresses(text, expected):
    assert address(text) == expected


@pytest.mark.parametrize("text", [":1", "a", "a:", "a:b", "a:-1", "a:٣"])
def test_no_addresses(text):
    with pytest.raises(ConfigError):
        address(text)


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("https://git.example/team/fleet.git", "fleet"),
        ("git@git.example:fleet.git", "fleet"),
        ("/srv/git/fleet/.git", "fleet"),
        ("/srv/a b", "a-b"),
        ("/", "repository"),
        ("x" * 100, "x" * 63),
    ],
)
def test_names(place, name):
    assert named_for(place) == name


def test_secrets(tmp_path):
    (tmp_path / "secret").write_text("s3cret \n")
    (tmp_path / "empty").write_text("\n")
    assert read_secret(SecretPlace(file=tmp_path / "secret"), {}) == "s3cret "
    assert read_secret(SecretPlace(env="X"), {"X": "y"}) == "y"
    for place in (SecretPlace(env="X"), SecretPlace(file=tmp_path / "empty"), SecretPlace(file=tmp_path / "missing")):
        with pytest.raises(ConfigError, match=r"holds no secret|cannot be read"):
            read_secret(place, {})


def test_a_receiver_that_cannot_prove_anything_has_to_be_allowed():
    refused = ReceiverSettings("hub", "docker-hub", (SecretPlace(env="X"),))
    with pytest.raises(ConfigError, match="allow that expressly"):
        receiver_of(refused, {"X": "x" * 32})
    allowed = ReceiverSettings("hub", "docker-hub", (SecretPlace(env="X"),), allow_unauthenticated=True)
    assert receiver_of(allowed, {"X": "x" * 32}).name == "hub"


def test_the_schema_says_the_defaults_that_there_are():
    fields, default = schemas.load("serve")["properties"], ServeSettings(())
    assert fields["listen"]["default"] == f"{default.host}:{default.port}"
    assert seconds(fields["interval"]["default"]) == default.interval
    assert seconds(fields["stopTimeout"]["default"]) == default.stop_timeout
    assert fields["jitter"]["default"] == default.jitter
    assert fields["workers"]["default"] == default.workers
    assert fields["concurrency"]["default"] == default.concurrency
    served = fields["repositories"]["items"]["properties"]
    assert served["publish"]["default"] == ServedRepository("x").publish
    assert served["credential"]["properties"]["username"]["default"] == GitCredential(SecretPlace()).username
