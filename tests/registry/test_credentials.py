"""Where credentials are looked for, in which order, and that they are never shown."""

from __future__ import annotations

import base64
import json
import os

import pytest

from gitops_streams.registry import CredentialReference, HostSettings, RegistrySettings, Timeouts
from gitops_streams.registry.credential_files import AuthFile, normalised, read_auth_file
from gitops_streams.registry.credentials import Anonymous, Credential, CredentialStore, UnusableCredential


def _auth(user, password):
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def _write(path, document):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def _store(home, environment=None, **settings):
    return CredentialStore(RegistrySettings(**settings), environment or {}, home)


def _user(store, domain="registry.test", path="acme/web"):
    found = store.find(domain, path)
    return found.username if isinstance(found, Credential) else found


def test_the_documented_order(tmp_path):
    """Each place is used while it is there, and the next one when it is gone."""
    home = tmp_path / "home"
    environment = {"XDG_RUNTIME_DIR": str(tmp_path / "run"), "CONFIGURED": "secret-0"}
    mounted = tmp_path / "pull-secret"
    places = {
        "mounted": mounted / ".dockerconfigjson",
        "mounted-legacy": mounted / ".dockercfg",
        "runtime": tmp_path / "run/containers/auth.json",
        "config": home / ".config/containers/auth.json",
        "docker": home / ".docker/config.json",
        "legacy": home / ".dockercfg",
    }
    for name, path in places.items():
        auths = {"registry.test": _auth(name, "secret-1")}
        _write(path, auths if path.name == ".dockercfg" else {"auths": auths})
    own = {"registry.test": HostSettings(credential=CredentialReference(username="own", password_env="CONFIGURED"))}
    assert _user(_store(home, environment, hosts=own, mounted_auth_files=(mounted,))) == "own"
    exclusive = environment | {"REGISTRY_AUTH_FILE": str(_write(tmp_path / "only.json", {"auths": {}}))}
    assert _user(_store(home, exclusive, mounted_auth_files=(mounted,))) == Anonymous()
    for name, path in places.items():
        assert _user(_store(home, environment, mounted_auth_files=(mounted,))) == name
        path.unlink()
    assert _user(_store(home, environment, mounted_auth_files=(mounted,))) == Anonymous()


def test_folders_named_by_the_environment(tmp_path):
    _write(tmp_path / "x/containers/auth.json", {"auths": {"registry.test": _auth("xdg", "secret-1")}})
    _write(tmp_path / "d/config.json", {"auths": {"registry.test": _auth("docker", "secret-1")}})
    both = {"XDG_CONFIG_HOME": str(tmp_path / "x"), "DOCKER_CONFIG": str(tmp_path / "d")}
    assert _user(_store(tmp_path, both)) == "xdg"
    del both["XDG_CONFIG_HOME"]
    assert _user(_store(tmp_path, both)) == "docker"


def test_the_source_is_named_and_the_secret_is_not(tmp_path):
    _write(tmp_path / ".docker/config.json", {"auths": {"registry.test": _auth("robot", "a:b:c\0\0")}})
    store = _store(tmp_path)
    found = store.find("registry.test", "acme/web")
    assert (found.source, found.username, found.password) == (
        "credentials from ~/.docker/config.json",
        "robot",
        "a:b:c",
    )
    assert "a:b:c" not in repr(found)
    assert "a:b:c" not in repr(read_auth_file(tmp_path / ".docker/config.json"))


def test_github_token_is_for_exactly_ghcr(tmp_path):
    store = _store(tmp_path, {"GITHUB_TOKEN": "ghs_secret", "GITHUB_ACTOR": "octo"})
    found = store.find("ghcr.io", "acme/web")
    assert (found.source, found.username, found.password) == ("GITHUB_TOKEN", "octo", "ghs_secret")
    for other in ("ghcr.io:443", "evil.ghcr.io", "ghcr.io.evil.test", "docker.io"):
        assert store.find(other, "acme/web") == Anonymous()


def test_the_most_specific_entry_counts(tmp_path):
    auths = {
        "registry.test": _auth("host", "secret-1"),
        "registry.test/acme": _auth("namespace", "secret-1"),
        "registry.test/acme/web": _auth("repository", "secret-1"),
        "https://other.test/v2/": _auth("url", "secret-1"),
        "*.glob.test": _auth("glob", "secret-1"),
        "*.glob.test/acme": _auth("glob-path", "secret-1"),
        "re*y-*.test:5000": _auth("middle", "secret-1"),
        "empty.test": {},
    }
    _write(tmp_path / ".docker/config.json", {"auths": auths})
    store = _store(tmp_path)
    expected = {
        ("registry.test", "acme/web"): "repository",
        ("registry.test", "acme/webber"): "namespace",
        ("registry.test", "acmecorp/web"): "host",
        ("other.test", "a/b"): "url",
        ("x.glob.test", "acme/web"): "glob-path",
        ("x.glob.test", "other/web"): "glob",
        ("x.y.glob.test", "acme/web"): Anonymous(),
        ("glob.test", "acme/web"): Anonymous(),
        ("registry-7.test:5000", "acme/web"): "middle",
        ("registry-7.test", "acme/web"): Anonymous(),
        ("re-x.test:5000", "acme/web"): Anonymous(),
        ("empty.test", "acme/web"): Anonymous(),
    }
    assert {key: _user(store, *key) for key in expected} == expected


@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "docker.io", "registry-1.docker.io", "index.docker.io"])
def test_docker_hub_has_many_names(tmp_path, key):
    _write(tmp_path / ".docker/config.json", {"auths": {key: _auth("hub", "secret-1")}})
    assert _user(_store(tmp_path), "docker.io", "library/nginx") == "hub"
    assert normalised(key) == "docker.io"


def test_settings_by_prefix():
    hosts = {"quay.io": HostSettings(concurrency=1), "quay.io/acme": HostSettings(concurrency=2)}
    settings = RegistrySettings(hosts=hosts)
    assert [settings.entry("quay.io", path)[1].concurrency for path in ("acme/web", "acme", "acmes/web", "")] == [
        2,
        2,
        1,
        1,
    ]
    assert settings.entry("ghcr.io", "acme/web") == ("ghcr.io", HostSettings())
    hub = RegistrySettings(hosts={"index.docker.io": HostSettings(concurrency=3)})
    assert hub.entry("docker.io", "library/nginx")[1].concurrency == 3


@pytest.mark.parametrize("content", ["{", "[]", "x" * (1 << 20) + "x", '"x"'])
def test_files_that_cannot_be_read_are_warned_of(tmp_path, content):
    path = tmp_path / ".docker/config.json"
    path.parent.mkdir()
    path.write_text(content)
    store = _store(tmp_path)
    assert store.find("registry.test", "a") == Anonymous()
    assert len(store.warnings) == 1
    assert store.warnings[0].startswith("~/.docker/config.json: it is ")


@pytest.mark.parametrize(
    "document",
    [
        {"auths": []},
        {"auths": {"registry.test": 7}},
        {"auths": {"registry.test": {"auth": "%%%"}}},
        {"auths": {"registry.test": {"auth": base64.b64encode(b"nocolon").decode()}}},
        {"auths": {"registry.test": {"auth": 7, "username": 8}}},
        {"credHelpers": [], "credsStore": 7},
    ],
)
def test_strange_entries_are_no_credentials(tmp_path, document):
    _write(tmp_path / ".docker/config.json", document)
    assert _store(tmp_path).find("registry.test", "a") == Anonymous()


def test_a_named_file_that_is_missing_is_warned_of(tmp_path):
    store = _store(tmp_path, {"REGISTRY_AUTH_FILE": str(tmp_path / "absent.json")})
    store.find("registry.test", "a")
    assert store.warnings == [f"~/{'absent.json'}: there is no such file"]
    quiet = _store(tmp_path / "home")
    quiet.find("registry.test", "a")
    assert quiet.warnings == []


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        (CredentialReference(username="u", password_env="GONE"), "GONE, which is not set"),
        (CredentialReference(username_env="GONE", password_env="SET"), "GONE, which is not set"),
        (CredentialReference(username="u"), "neither a password nor a token"),
        (CredentialReference(username="u", password_file="{tmp}/gone"), "No such file"),
        (CredentialReference(auth_file="{tmp}/gone"), "no such file"),
        (CredentialReference(auth_file="{tmp}/empty.json"), "no credential for registry.test"),
    ],
)
def test_configured_credentials_that_are_not_there(tmp_path, reference, words):
    _write(tmp_path / "empty.json", {"auths": {}})
    fixed = {
        name: tmp_path / str(value).removeprefix("{tmp}/")
        for name in ("password_file", "auth_file")
        if (value := getattr(reference, name)) is not None
    }
    kept = {name: getattr(reference, name) for name in ("username", "username_env", "password_env")}
    settings = HostSettings(credential=CredentialReference(**kept, **fixed))
    found = _store(tmp_path / "home", {"SET": "secret-1"}, hosts={"registry.test": settings}).find("registry.test", "a")
    assert isinstance(found, UnusableCredential)
    assert words in found.reason


def test_configured_files(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("from-file\n")
    reference = CredentialReference(username_env="NAME", password_file=secret)
    store = _store(tmp_path, {"NAME": "robot"}, hosts={"registry.test": HostSettings(credential=reference)})
    found = store.find("registry.test", "a")
    assert (found.username, found.password) == ("robot", "from-file")
    assert found.source == "credentials from the configuration (NAME, ~/secret)"
    file = _write(tmp_path / "pull.json", {"auths": {"registry.test": _auth("pull", "secret-1")}})
    pulled = _store(tmp_path, hosts={"registry.test": HostSettings(credential=CredentialReference(auth_file=file))})
    assert _user(pulled) == "pull"


def _helper(folder, name, script):
    path = folder / f"docker-credential-{name}"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def helpers(tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    _helper(
        folder,
        "good",
        f'[ "$1" = get ] || exit 9; [ $# = 1 ] || exit 8; echo "$(cat)" >> {folder}/asked\n'
        'echo \'{"ServerURL":"x","Username":"helped","Secret":"helper-secret"}\'',
    )
    _helper(folder, "token", 'echo \'{"Username":"<token>","Secret":"helper-secret"}\'')
    _helper(folder, "none", "echo credentials not found in native keychain; exit 1")
    _helper(folder, "broken", "echo helper-secret; echo helper-secret >&2; exit 3")
    _helper(folder, "noise", "echo helper-secret")
    _helper(folder, "half", 'echo \'{"Username":"helper-secret"}\'')
    _helper(folder, "slow", "exec sleep 20")
    return {"PATH": f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"}, folder


def test_helpers_come_before_the_store_and_the_store_before_what_is_written(tmp_path, helpers):
    environment, folder = helpers
    auths = {"registry.test": _auth("inline", "secret-1"), "docker.io": {}}
    document = {"credHelpers": {"registry.test": "good"}, "credsStore": "token", "auths": auths}
    _write(tmp_path / ".docker/config.json", document)
    store = _store(tmp_path, environment)
    found = store.find("registry.test", "acme/web")
    assert (found.username, found.password) == ("helped", "helper-secret")
    assert found.source == "credentials from docker-credential-good (~/.docker/config.json)"
    assert found.renewable
    store.find("registry.test", "acme/other")
    # One run for the host, whatever the repository.
    assert (folder / "asked").read_text() == "registry.test\n"
    identity = store.find("other.test", "a")
    assert (identity.username, identity.identity_token) == ("", "helper-secret")
    assert "helper-secret" not in repr((found, identity, store.warnings))
    store.forget("registry.test")
    store.find("registry.test", "acme/web")
    assert (folder / "asked").read_text() == "registry.test\n" * 2


def test_docker_hub_is_asked_for_by_its_url(tmp_path, helpers):
    environment, folder = helpers
    _write(tmp_path / ".docker/config.json", {"credsStore": "good"})
    _store(tmp_path, environment).find("docker.io", "library/nginx")
    assert (folder / "asked").read_text() == "https://index.docker.io/v1/\n"


def test_a_helper_that_has_nothing_is_no_failure(tmp_path, helpers):
    auths = {"registry.test": _auth("inline", "secret-1")}
    _write(tmp_path / ".docker/config.json", {"credsStore": "none", "auths": auths})
    store = _store(tmp_path, helpers[0])
    assert _user(store) == "inline"
    assert store.find("other.test", "a") == Anonymous()
    assert store.warnings == []


@pytest.mark.parametrize(
    ("suffix", "words"),
    [
        ("broken", "docker-credential-broken failed with exit status 3"),
        ("noise", "printed no JSON object"),
        ("half", "neither a user nor a secret"),
        ("absent", "docker-credential-absent is not on PATH"),
        ("../evil", "characters that are not allowed"),
        ("x;id", "characters that are not allowed"),
    ],
)
def test_helpers_that_fail_are_named_and_nothing_they_print_is_shown(tmp_path, helpers, suffix, words):
    _write(tmp_path / ".docker/config.json", {"credHelpers": {"registry.test": suffix}})
    store = _store(tmp_path, helpers[0])
    found = store.find("registry.test", "a")
    assert isinstance(found, Anonymous)
    assert words in found.source
    assert found.source.startswith("anonymous; ")
    assert [words in warning for warning in store.warnings] == [True]
    assert "helper-secret" not in repr((found, store.warnings))


def test_a_helper_that_hangs_is_ended(tmp_path, helpers):
    _write(tmp_path / ".docker/config.json", {"credsStore": "slow"})
    store = _store(tmp_path, helpers[0], timeouts=Timeouts(helper=0.2))
    assert "did not answer within 0.2 s" in store.find("registry.test", "a").source


def test_an_auth_file_shows_no_secret(tmp_path):
    file = _write(tmp_path / "auth.json", {"auths": {"h": {"identitytoken": "secret-1", "registrytoken": "secret-2"}}})
    read = read_auth_file(file)
    assert isinstance(read, AuthFile)
    assert read.auths["h"].identity_token == "secret-1"
    assert "secret-" not in repr((read, read.auths))
