"""Every field of the contract, one at a time, and the labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_values import BUILT, config, digest, single

from gitops_streams.oci.image import Config
from gitops_streams.review.compare import compare
from gitops_streams.review.delta import Difference, MoveClass
from gitops_streams.review.policy import EnvShown

SECRET = "correct-horse"


def differences(old: Config, new: Config, env: EnvShown = EnvShown.VALUES) -> list[tuple[object, ...]]:
    delta = compare(single("a", old), single("a", new), env=env)
    assert (delta.move is MoveClass.CONTRACT) == bool(delta.contract)
    return [(item.field, item.name, item.old, item.new) for item in delta.contract]


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"user": "root"}, ("User", None, "1001", "root")),
        ({"user": ""}, ("User", None, "1001", None)),
        ({"entrypoint": ("sh", "-c", "/x y")}, ("Entrypoint", None, '["/app/web"]', '["sh","-c","/x y"]')),
        ({"entrypoint": ()}, ("Entrypoint", None, '["/app/web"]', None)),
        ({"cmd": ("--debug",)}, ("Command", None, '["--serve"]', '["--debug"]')),
        ({"workdir": "/srv"}, ("Working directory", None, "/app", "/srv")),
        ({"stop_signal": "SIGINT"}, ("Stop signal", None, "SIGTERM", "SIGINT")),
        ({"healthcheck": ""}, ("Health check", None, '{"Test":["CMD","/app/health"]}', None)),
        ({"ports": frozenset({"8080/tcp", "9090"})}, ("Exposed port", "9090/tcp", None, "9090/tcp")),
        ({"ports": frozenset()}, ("Exposed port", "8080/tcp", "8080/tcp", None)),
        ({"volumes": frozenset({"/data", "/cache"})}, ("Volume", "/cache", None, "/cache")),
        ({"volumes": frozenset()}, ("Volume", "/data", "/data", None)),
        ({"env": {"DEBUG": "1"}}, ("Environment", "DEBUG", None, "1")),
        ({"env": {"LOG_LEVEL": "debug"}}, ("Environment", "LOG_LEVEL", "info", "debug")),
        ({"env": {"LOG_LEVEL": ""}}, ("Environment", "LOG_LEVEL", "info", "")),
        ({"env": {"LOG_LEVEL": None}}, ("Environment", "LOG_LEVEL", "info", None)),
    ],
)
def test_a_field(fields, wanted):
    assert differences(config(), config(**fields)) == [wanted]
    field, name, before, after = wanted
    assert differences(config(**fields), config()) == [(field, name, after, before)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"ports": frozenset({"53"})}, {"ports": frozenset({"53/tcp"})}),
        ({"workdir": ""}, {"workdir": "/"}),
        ({}, {"created": None}),
        ({}, {"labels": {"a": "b"}}),
    ],
)
def test_what_is_no_change(old, new):
    assert differences(config(**old), config(**new)) == []


def test_the_order_is_that_of_the_specification():
    new = Config(BUILT, "u", ("e",), ("c",), {"E": "e"}, frozenset({"1/udp"}), frozenset({"/v"}), "/w", "s", "h")
    assert [(field, name) for field, name, _, _ in differences(Config(BUILT), new)] == [
        ("User", None),
        ("Entrypoint", None),
        ("Command", None),
        ("Working directory", None),
        ("Exposed port", "1/udp"),
        ("Volume", "/v"),
        ("Stop signal", None),
        ("Health check", None),
        ("Environment", "E"),
    ]


class TestSecrets:
    @pytest.mark.parametrize(
        ("old", "new", "texts"),
        [
            ({"env": {"DB_PASSWORD": "a"}}, {"env": {"DB_PASSWORD": SECRET}}, ("", "")),
            ({}, {"env": {"DB_PASSWORD": SECRET}}, (None, "")),
            ({"env": {"API_KEY": SECRET}}, {}, ("", None)),
            ({"env": {"URL": "https://x/"}}, {"env": {"URL": f"https://me:{SECRET}@x/"}}, ("", "")),
            ({}, {"cmd": ("--password", SECRET)}, ("", "")),
            ({}, {"cmd": (f"--token={SECRET}",)}, ("", "")),
            ({}, {"cmd": ("sh", "-c", f"run --db-password {SECRET}")}, ("", "")),
            ({}, {"cmd": ("sh", "-c", f"DB_PASSWORD='{SECRET}' run")}, ("", "")),
            ({}, {"healthcheck": f'{{"Test":["CMD-SHELL","curl -u me:{SECRET} x"]}}'}, ("", "")),
            ({}, {"healthcheck": f'{{"Test":["CMD","x","--token","{SECRET}"]}}'}, ("", "")),
        ],
    )
    def test_are_not_carried(self, old, new, texts):
        delta = compare(single("a", config(**old)), single("a", config(**new)))
        assert [(item.old, item.new, item.hidden) for item in delta.contract] == [(*texts, True)]
        assert SECRET not in repr(delta)

    def test_in_labels(self):
        delta = compare(single("a"), single("a", config(labels={"deploy-token": SECRET, "team": "web"})))
        assert delta.labels == (
            Difference("Label", "deploy-token", None, "", hidden=True),
            Difference("Label", "team", None, "web"),
        )

    def test_in_source_labels(self):
        labels = {"org.opencontainers.image.source": f"https://me:{SECRET}@github.com/acme/web"}
        delta = compare(single("a"), single("a", config(labels=labels)))
        assert delta.source.new_url == "https://github.com/acme/web"
        assert SECRET not in repr(delta)

    def test_names_only(self):
        assert differences(config(), config(env={"LOG_LEVEL": "x", "NEW": "y"}), EnvShown.NAMES_ONLY) == [
            ("Environment", "LOG_LEVEL", "", ""),
            ("Environment", "NEW", None, ""),
        ]


def test_labels_are_bounded():
    delta = compare(single("a"), single("a", config(labels={f"l{number:03}": "x" for number in range(120)})))
    assert len(delta.labels) == 100
    assert "20 more labels differ" in delta.notes


texts = st.sampled_from(["", "a", "root", "/", "8080", "8080/tcp", "SIGTERM"])
words = st.lists(texts, max_size=2).map(tuple)
maps = st.dictionaries(st.sampled_from(["A", "B", "PASSWORD"]), texts, max_size=3)
configs = st.builds(
    Config,
    created=st.none() | st.datetimes().map(lambda at: at.replace(tzinfo=BUILT.tzinfo)),
    user=texts,
    entrypoint=words,
    cmd=words,
    env=maps,
    ports=st.frozensets(texts, max_size=2),
    volumes=st.frozensets(texts, max_size=2),
    workdir=texts,
    stop_signal=texts,
    healthcheck=texts,
    labels=maps,
    diff_ids=st.lists(st.sampled_from("ab").map(digest), max_size=2).map(tuple),
    history=words,
)
images = st.builds(single, st.sampled_from(["", "a", "a b", "b a", None]), st.none() | configs)


@given(images)
def test_an_image_differs_from_itself_in_nothing(image):
    delta = compare(image, image)
    assert delta.also == ()
    assert delta.move in {MoveClass.METADATA, MoveClass.UNKNOWN}
    assert (delta.contract, delta.labels, delta.instructions, delta.attention) == ((), (), (), ())
    assert all(item.old == item.new for item in delta.platforms)


@given(images, images)
def test_there_and_back_again(old, new):
    there, back = compare(old, new), compare(new, old)
    assert sorted((item.field, item.name or "", item.hidden) for item in there.contract) == sorted(
        (item.field, item.name or "", item.hidden) for item in back.contract
    )
    assert {(item.field, item.name, item.old, item.new) for item in there.contract} == {
        (item.field, item.name, item.new, item.old) for item in back.contract
    }
    one_way = {MoveClass.ROLLBACK, MoveClass.UNKNOWN}
    assert {there.move, *there.also} - one_way == {back.move, *back.also} - one_way
    assert not (MoveClass.ROLLBACK in {there.move, *there.also} and MoveClass.ROLLBACK in {back.move, *back.also})
    assert [(item.shared, item.added, item.dropped) for item in there.platforms] == [
        (item.shared, item.dropped, item.added) for item in back.platforms
    ]
    assert (there.source.old_url, there.base.moved) == (back.source.new_url, back.base.moved)
    assert there == compare(old, new)
