"""Which values are hidden: what looks like a secret, and none of what real images say."""

from __future__ import annotations

import json
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.review.secrecy import LONGEST, is_secret, looks_secret, redacted

HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "name",
    [
        "PASSWORD",
        "DB_PASS",
        "PGPASSFILE",
        "db-password",
        "dbPassword",
        "SECRET",
        "client_secret",
        "TOKEN",
        "GITHUB_TOKEN",
        "API_KEY",
        "apiKey",
        "SSHKEY",
        "CREDENTIALS",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "KEYCLOAK_PASSWORD",
        "MONKEY_TOKEN",
        "BASIC_AUTH",
        "SENTRY_DSN",
    ],
)
def test_a_name_alone_hides(name):
    assert is_secret(name, "x")
    assert not is_secret(name, "")


@pytest.mark.parametrize(
    "value",
    [
        "https://me:hunter2@db.example/",
        "postgres://app:hunter2@db/app",
        "https://0123abcd@sentry.example/1",
        "Server=db;Password=hunter2;",
        "-----BEGIN RSA PRIVATE KEY-----\nMII",
        "-----BEGIN PRIVATE KEY-----",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "Bearer abcdefghijklmnopqrst",
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "ghp_0123456789abcdefghijABCDEFGHIJ012345",
        "glpat-abcdefghijklmnopqrst",
        "xoxb-123456789012-abcdefghijkl",
        "d41d8cd98f00b204e9800998ecf8427e",
        "550e8400-e29b-41d4-a716-446655440000",
        "q7Zp2LxV9tKm4RbW8sNd",
        "x" * (LONGEST + 1),
    ],
)
def test_a_value_alone_hides(value):
    assert is_secret("SETTING", value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("LANG", "C.UTF-8"),
        ("KEYCLOAK_URL", "https://sso.acme.example/realms/main"),
        ("MONKEY", "george"),
        ("TOKENIZERS_PARALLELISM", "false"),
        ("COMPASS_PORT", "80"),
        ("AUTHOR", "Jane Doe <jane@acme.example>"),
        ("JAVA_OPTS", "-XX:+UseG1GC -XX:MaxRAMPercentage=75.0"),
        ("JAVA_VERSION", "jdk-21.0.5+11"),
        ("PG_VERSION", "17.2-1.pgdg120+1"),
        ("REDIS_DOWNLOAD_URL", "http://download.redis.io/releases/redis-7.4.1.tar.gz"),
        ("REDIS_DOWNLOAD_SHA", HEX),
        ("PYTHON_SHA256", HEX),
        ("PYTHON_GET_PIP_URL", f"https://github.com/pypa/get-pip/raw/{HEX[:40]}/public/get-pip.py"),
        ("SPRING_CLASS", "org.springframework.boot.loader.launch.JarLauncher"),
        ("CLASS", "MyVeryLongJavaClassNameWithManyWordsInIt"),
        ("IMAGE", "registry.acme.example/payments/api:v2.1.0-rc.1"),
        ("REPOSITORY", "ssh://git@github.com/acme/api"),
        ("org.opencontainers.image.revision", HEX[:40]),
        ("vcs-ref", HEX[:40]),
        ("org.opencontainers.image.base.digest", f"sha256:{HEX}"),
        ("build-date", "2026-11-12T08:39:33Z"),
        ("url", "https://access.example.com/containers/#/registry/ubi9-minimal/images/9.5-1731518200"),
        ("description", "A minimal image that uses a package manager and has no basic tools."),
    ],
)
def test_what_images_say_is_shown(name, value):
    assert not is_secret(name, value)


class TestInstructions:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("COPY /out/api /app/api", None),
            (f"COPY file:{HEX} in /", None),
            ("ENV A=1 B=2", None),
            ("ARG BUILD_TOKEN", None),
            ('CMD ["nginx" "-g" "daemon off;"]', None),
            ("RUN curl -u me:hunter2 https://x", "RUN curl -u (hidden) https://x"),
            ("RUN wget https://me:hunter2@x/y", "RUN wget (hidden)"),
            ("RUN login --password hunter2 --name x", "RUN login --password (hidden) --name x"),
            ('RUN X_SECRET="a\\"b hunter2" make', "RUN X_SECRET=(hidden) make"),
            ("ENV PASSWORD hunter2", "ENV PASSWORD (hidden)"),
            ("ENV A=1 PASSWORD=correct hunter2", "ENV A=1 PASSWORD=(hidden)"),
            ("LABEL deploy.token=a hunter2", "LABEL deploy.token=(hidden)"),
            ("|2 A=b TOKEN=x hunter2 /bin/sh -c make", "|2 A=b TOKEN=(hidden) /bin/sh -c make"),
        ],
    )
    def test_lose_their_secrets_alone(self, text, wanted):
        assert redacted(text) == (wanted or text)

    def test_very_long_ones_are_cut_between_words(self):
        text = "RUN " + "word " * 2000
        assert redacted(text) == text[:LONGEST].rpartition(" ")[0]
        assert redacted("x" * (LONGEST + 1)) == ""


@given(st.binary(min_size=24, max_size=48))
def test_random_bytes_are_hidden(data):
    # Zeros and other repetitions are no secret.
    if len(set(data)) > 16:
        assert looks_secret(data.hex())


@given(st.text(st.sampled_from(string.ascii_letters + string.digits), min_size=8, max_size=20))
def test_an_assigned_password_never_survives(secret):
    value = json.dumps(secret)
    for text in (f"RUN DB_PASSWORD={value} make", f"ENV DB_PASSWORD={secret}", f"RUN x --api-token {secret}"):
        assert secret not in redacted(text).replace("RUN", "").replace("(hidden)", "")


@given(st.text(max_size=200))
def test_any_text_can_be_asked_about(text):
    is_secret(text, text)
    assert isinstance(redacted(text), str)


def test_most_random_words_are_hidden():
    chance = random.Random(1)
    words = ["".join(chance.choices(string.ascii_letters + string.digits, k=24)) for _ in range(1000)]
    assert sum(map(looks_secret, words)) > 980
