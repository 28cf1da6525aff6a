"""Reading configurations: what a builder writes, and what somebody writes who means harm."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.oci.config import NotAConfig, ReadConfig, read_config
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.foreign import MAX_ENTRIES, MAX_NAME, MAX_TEXT
from gitops_streams.oci.image import Config
from gitops_streams.oci.platform import Platform

LAYER = Digest.of(b"layer")
ROOTFS = {"type": "layers", "diff_ids": [str(LAYER)]}


def read(config: object = None, **more: Any) -> ReadConfig:
    found = read_config(json.dumps({"config": config, **more}).encode())
    assert isinstance(found, ReadConfig)
    return found


def test_what_builders_write() -> None:
    found = read(
        {
            "User": "1001:0",
            "ExposedPorts": {"8080/tcp": {}, "53/udp": {}},
            "Env": ["PATH=/bin", "EMPTY=", "BARE", "EQ=a=b"],
            "Entrypoint": ["/bin/sh", "-c"],
            "Cmd": ["web"],
            "Volumes": {"/data": {}},
            "WorkingDir": "/srv",
            "Labels": {"org.opencontainers.image.revision": "a1b2c3d"},
            "StopSignal": "SIGQUIT",
            "Healthcheck": {"Test": ["NONE"]},
        },
        os="linux",
        architecture="arm64",
        variant="v8",
        created="2026-11-23T09:02:03.123456789+01:00",
        rootfs=ROOTFS,
        history=[{"created_by": "FROM x"}, {"empty_layer": True}, {"created_by": "RUN y", "empty_layer": True}],
    )
    assert found.platform == Platform("linux", "arm64", "v8")
    assert found.notes == ()
    assert found.config == Config(
        created=datetime(2026, 11, 23, 8, 2, 3, 123456, tzinfo=UTC),
        user="1001:0",
        entrypoint=("/bin/sh", "-c"),
        cmd=("web",),
        env={"PATH": "/bin", "EMPTY": "", "BARE": "", "EQ": "a=b"},
        ports=frozenset({"8080/tcp", "53/udp"}),
        volumes=frozenset({"/data"}),
        workdir="/srv",
        stop_signal="SIGQUIT",
        healthcheck='{"Test":["NONE"]}',
        labels={"org.opencontainers.image.revision": "a1b2c3d"},
        diff_ids=(LAYER,),
        history=("FROM x", "RUN y"),
    )


@pytest.mark.parametrize("config", [None, {}, [], "text", 7, {"User": None, "Env": None, "Cmd": None, "Labels": None}])
def test_what_is_absent(config: object) -> None:
    assert read(config) == ReadConfig(Config(created=None), None)


def test_an_entrypoint_that_is_one_text() -> None:
    assert read({"Entrypoint": "/web", "Cmd": ""}).config.entrypoint == ("/web",)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        ("2026-01-02T03:04:05-02:30", datetime(2026, 1, 2, 5, 34, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.5Z", datetime(2026, 1, 2, 3, 4, 5, 500000, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+23:00", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("2026-01-02T03:04:05", None),
        ("2026-01-02", None),
        ("2026-13-02T03:04:05Z", None),
        ("2026-01-02T03:04:60Z", None),
        ("٢٠٢٦-01-02T03:04:05Z", None),
        ("2026-01-02T03:04:05Z\n", None),
        ("2026-01-02T03:04:05." + "1" * 5000 + "Z", None),
        (1767323045, None),
        ([], None),
    ],
    ids=range(16),
)
def test_created(text: object, moment: datetime | None) -> None:
    found = read(created=text).config.created
    assert found == moment
    assert found is None or found.tzinfo is UTC


def test_the_last_of_equal_variables_counts() -> None:
    found = read({"Env": ["A=1", "B=2", "A=3"]})
    assert found.config.env == {"A": "3", "B": "2"}
    assert found.notes == ("environment variables: 1 are set more than once; the last value is shown",)


def test_names_are_found_as_go_finds_them() -> None:
    """Docker runs this as root: its JSON reader takes ``user`` for ``User``."""
    found = read({"user": "0"})
    assert found.config.user == "0"
    assert found.notes == ("User is written in an unusual way, or more than once; what counts depends on the runtime",)
    assert len(read({"User": "1001", "USER": "0"}).notes) == 1
    assert read({"U\u017fer": "0"}).config.user == "0"


def test_no_change_hides_behind_a_bound() -> None:
    def many(last: str) -> Config:
        return read(
            {
                "Env": [f"V{number:05}=x" for number in range(1000)] + [f"Z={last}"],
                "Labels": {f"l{number:05}": "x" for number in range(1000)} | {"z": last},
                "Cmd": ["x"] * 1000 + [last],
                "ExposedPorts": {f"{number}/tcp": {} for number in range(1000)} | {f"z{last}/tcp": {}},
                "User": "u" * 5000 + last,
                "Healthcheck": {"Test": ["x" * 5000 + last]},
            }
        ).config

    one, other = many("1"), many("2")
    for name in ("env", "labels", "cmd", "ports", "user", "healthcheck"):
        assert getattr(one, name) != getattr(other, name), name
    assert one == many("1")
    assert len(one.env) == len(one.labels) == len(one.cmd) == len(one.ports) == MAX_ENTRIES + 1
    assert len(one.user) < MAX_TEXT + 100


def test_what_reviews_read_is_kept_before_other_labels() -> None:
    labels = {f"a{number:05}": "x" for number in range(5000)} | {"org.opencontainers.image.revision": "a1b2c3d"}
    found = read({"Labels": labels})
    assert found.config.labels["org.opencontainers.image.revision"] == "a1b2c3d"
    assert found.notes == (f"labels: {5001 - MAX_ENTRIES} more than the {MAX_ENTRIES} that are read",)


def test_megabytes_of_history_and_layers() -> None:
    found = read(
        rootfs={"diff_ids": [str(LAYER)] * 20_000},
        history=[{"created_by": "RUN " + "x" * 100} for _ in range(20_000)] + [{"created_by": "y" * 100_000}],
    )
    assert found.config.diff_ids == ()
    assert len(found.config.history) == MAX_ENTRIES
    assert len(found.config.history[-1]) < 1200
    assert "its configuration lists 20000 layers, which were not read" in found.notes
    assert f"history: {20_001 - MAX_ENTRIES} instructions before the last {MAX_ENTRIES}" in found.notes


@pytest.mark.parametrize("diff_ids", [["sha256:short"], [None], [7], [{}]])
def test_diff_ids_that_are_none(diff_ids: object) -> None:
    found = read(rootfs={"diff_ids": diff_ids})
    assert found.config.diff_ids == ()
    assert "by something that is no digest" in " ".join(found.notes)


def test_malformed_fields_are_left_out_and_said() -> None:
    found = read(
        {"User": 0, "Env": [1, "A=b"], "Cmd": [None], "Labels": {"a": 1, "b": "c"}, "Volumes": [], "Healthcheck": "x"}
    )
    assert found.config == Config(created=None, env={"A": "b"}, labels={"b": "c"})
    assert set(found.notes) == {
        f"{what}: 1 malformed entries were left out"
        for what in ("user", "environment variables", "command", "labels", "volumes", "health check")
    }


def test_lone_surrogates_can_be_written_anywhere() -> None:
    found = read_config(b'{"config": {"User": "\\ud800x", "Labels": {"\\udfff": "\\ud83d\\ude00"}}}')
    assert isinstance(found, ReadConfig)
    assert found.config.user == "\ufffdx"
    assert found.config.labels == {"\ufffd": "\U0001f600"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"7",
        b"\xff\xfe",
        b"<html>",
        b"[" * 100_000,
        b'{"config":' * 100_000,
        b'{"a":' + b"1" * 5000,
    ],
    ids=range(9),
)
def test_what_is_no_configuration(content: bytes) -> None:
    assert isinstance(read_config(content), NotAConfig)


def test_nested_as_deeply_as_json_allows() -> None:
    for depth in (100, 900, 990, 2000, 50_000):
        nested = '{"config": {"Healthcheck": {"a":' + "[" * depth + "]" * depth + "}}}"
        found = read_config(nested.encode())
        assert isinstance(found, NotAConfig) or len(found.config.healthcheck) < MAX_TEXT + 100


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)
_names = st.sampled_from(
    [
        "config",
        "User",
        "Env",
        "Labels",
        "Cmd",
        "Healthcheck",
        "Volumes",
        "rootfs",
        "diff_ids",
        "history",
        "created",
        "os",
    ]
)


@given(st.dictionaries(_names, st.dictionaries(_names, _json, max_size=6) | _json, max_size=6) | st.binary())
def test_arbitrary_configurations(document: object) -> None:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    found = read_config(content)
    if isinstance(found, NotAConfig):
        return
    config = found.config
    assert all(len(name) < MAX_NAME + 100 for name in (*config.env, *config.labels, *config.ports))
    str(config).encode()
    assert read_config(content) == found
    assert not any("\n" in note for note in found.notes)
