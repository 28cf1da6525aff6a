"""``history`` and ``status``: the record with who and when, offline; conditions; tags that are not scheduled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from gitops_streams import schemas
from gitops_streams.demo.exchange import Response
from gitops_streams.demo.images import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_streams.demo.registry import Registry
    from gitops_streams.oci.digest import Digest

STATUS = ".gitops-streams/status/acme/web.lock"


def push(registry: Registry, name: str, tag: str = "1.0") -> Digest:
    return registry.push("acme/web", tag, Image.build("web", name))


def valid(schema: str, document):
    Draft202012Validator(schemas.load(schema)).validate(document)
    return document


@pytest.fixture
def moved(workspace, registry, monkeypatch) -> tuple[Digest, Digest, Digest]:
    """Let ``acme/web:prod`` move from ``a`` to ``b``, each by somebody, then to ``c``, not committed."""
    reference = f"{registry.host}/acme/web:1.0"
    workspace.stream("web", prod=reference)
    workspace.deploy("web", reference)
    workspace.deploy("old", reference)
    workspace.commit()
    digests = []
    for name, author, date in (("a", "Ann", "2026-01-02T03:04:05+01:00"), ("b", "Bob `x`", "2026-02-03T00:00:00Z")):
        digests.append(push(registry, name))
        monkeypatch.setenv("GIT_AUTHOR_NAME", author)
        monkeypatch.setenv("GIT_AUTHOR_DATE", date)
        assert workspace.run("reconcile", "--publish", "commit").code == 0
    digests.append(push(registry, "c"))
    assert workspace.run("reconcile").code == 0
    text = workspace.read("deploy/old.yaml")
    workspace.write("deploy/old.yaml", text.replace(str(digests[2]).encode(), str(digests[0]).encode()))
    return tuple(digests)


def test_as_a_table(workspace, moved):
    a, b, c = (digest.short for digest in moved)
    ids = workspace.git("log", "--format=%H", "-2", "main").split()
    rows = [line.split() for line in workspace.run("history", "acme/web:prod").out.splitlines()]
    assert rows[0] == ["STREAM", "TAG", "IMAGE", "SOURCE", "TAG", "SITES", "RECORDED", "BY", "COMMIT"]
    assert rows[1:] == [
        ["acme/web:prod", c, "1.0", "1", "not", "committed", "-", "-"],
        ["acme/web:prod", b, "1.0", "-", "2026-02-03", "00:00", "Bob", "`x`", ids[0][:12]],
        ["acme/web:prod", a, "1.0", "1", "2026-01-02", "02:04", "Ann", ids[1][:12]],
    ]


def test_as_json(workspace, moved):
    document = valid("history", workspace.run("history", "web", "-o", "json").json)
    (tag,) = document["tags"]
    assert document["complete"]
    assert (tag["stream"], tag["tag"], tag["condition"]) == ("acme/web", "prod", None)
    assert [item["image"] for item in tag["items"]] == [str(digest) for digest in reversed(moved)]
    assert [item["sites"] for item in tag["items"]] == [1, 0, 1]
    assert [item["committed"] for item in tag["items"]] == [False, True, True]
    newest, _, oldest = tag["items"]
    assert newest["recorded"] is None
    assert oldest["recorded"]["author"] == "Ann"
    assert oldest["recorded"]["date"] == "2026-01-02T02:04:05+00:00"
    assert oldest["recorded"]["subject"].startswith("chore(images): ")


def test_a_shallow_clone_says_what_it_does_not_know(workspace, moved, tmp_path, git: Callable[..., str], cli):
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{workspace.folder}", "ci")
    done = cli("history", "-C", tmp_path / "ci", "acme/web:prod")
    assert "note: the log ends before the oldest of these: a shallow clone" in done.out
    assert [line.split()[-3:] for line in done.out.splitlines()[1:3]] == [["earlier", "-", "-"]] * 2
    document = valid("history", cli("history", "-C", tmp_path / "ci", "acme/web:prod", "-o", "json").json)
    assert not document["complete"]
    assert [item["recorded"] for item in document["tags"][0]["items"]] == [None, None]
    assert git(tmp_path / "ci", "rev-parse", "--is-shallow-repository") == "true"


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("web:none", 1, "acme/web:none is neither declared nor recorded"),
        ("nope", 1, "nope is neither declared nor recorded"),
        ("other/web", 1, "other/web is neither declared nor recorded"),
        ("Web", 2, 'invalid image stream "Web"'),
        ("web:a:b", 2, 'invalid image stream "web:a"'),
    ],
)
def test_a_name_that_means_nothing(workspace, moved, name, code, message):
    done = workspace.run("history", name)
    assert (done.code, message in done.err) == (code, True), done.text


def test_a_stream_that_is_no_longer_declared_has_its_record(workspace, moved):
    workspace.write("streams/web.yaml", workspace.read("streams/web.yaml").replace(b"name: web", b"name: site"))
    document = workspace.run("history", "web:prod", "-o", "json").json
    assert len(document["tags"][0]["items"]) == 3
    assert "nothing recorded" in workspace.run("history", "site").out


def test_status_is_what_its_schema_says(workspace, moved):
    document = valid("status", workspace.run("status", "-o", "json").json)
    (tag,) = document["tags"]
    assert tag["sites"] == {"total": 2, "current": 1, "unpinned": 0}
    assert tag["items"][0]["spec"] == tag["fingerprint"]


def fail(registry: Registry, part: str, code: int) -> None:
    def intercept(request):
        return Response(code) if part in request.path and "/manifests/" in request.path else None

    registry.intercept = intercept


@pytest.fixture
def two(workspace, registry) -> str:
    """Declare ``web:prod`` and ``web:test``, both in use and resolved."""
    one, other = (f"{registry.host}/acme/web:{tag}" for tag in ("1.0", "2.0"))
    push(registry, "a")
    push(registry, "x", "2.0")
    workspace.stream("web", prod=one, test=other)
    workspace.deploy("web", one)
    workspace.deploy("test", other)
    workspace.commit()
    assert workspace.run("reconcile", "--publish", "commit").code == 0
    return other


def test_a_condition_is_recorded_with_a_digest_alone_and_goes_with_one(workspace, registry, two):
    tip = workspace.git("rev-parse", "HEAD")
    fail(registry, "2.0", 404)
    assert workspace.run("reconcile", "--publish", "commit").code == 3
    assert workspace.git("rev-parse", "HEAD") == tip

    push(registry, "b")
    assert workspace.run("reconcile", "--publish", "commit").code == 3
    assert b'reason: "NotFound"' in workspace.read(STATUS)
    assert f'message: "dockerimage \\"{two}\\" not found"'.encode() in workspace.read(STATUS)
    (_, test) = valid("status", workspace.run("status", "-o", "json").json)["tags"]
    assert test["condition"] == {
        "type": "ImportSuccess",
        "status": "False",
        "reason": "NotFound",
        "message": f'dockerimage "{two}" not found',
    }
    assert f'acme/web:test: ImportSuccess was False when this was recorded: NotFound: dockerimage "{two}"' in (
        workspace.run("status").out
    )
    assert "ImportSuccess" in workspace.run("history", "web:test").out
    assert valid("history", workspace.run("history", "web", "-o", "json").json)["tags"][1]["condition"]

    registry.intercept = None
    tip = workspace.git("rev-parse", "HEAD")
    assert workspace.run("reconcile", "--publish", "commit").code == 0
    assert workspace.git("rev-parse", "HEAD") == tip
    push(registry, "c")
    assert workspace.run("reconcile", "--publish", "commit").code == 0
    assert b"ImportSuccess" not in workspace.read(STATUS)


def test_an_outage_is_not_recorded_and_takes_no_condition_away(workspace, registry, two):
    fail(registry, "2.0", 404)
    push(registry, "b")
    workspace.config("registry: {tries: 1}")
    workspace.commit()
    assert workspace.run("reconcile", "--publish", "commit").code == 3
    fail(registry, "2.0", 503)
    push(registry, "c")
    assert workspace.run("reconcile", "--publish", "commit").code == 3
    assert b'reason: "NotFound"' in workspace.read(STATUS)


def test_a_place_without_a_digest_gets_the_last_known_good_one(workspace, registry, two):
    known = workspace.read("deploy/test.yaml").decode().partition("@")[2].partition(" ")[0]
    workspace.deploy("more", two)
    workspace.deploy("behind", f"{two}@sha256:{'0' * 64}")
    fail(registry, "2.0", 404)
    done = workspace.run("reconcile")
    assert done.code == 3
    assert f"{two}@{known}".encode() in workspace.read("deploy/more.yaml")
    assert b"0" * 64 in workspace.read("deploy/behind.yaml")
    assert "its last known good image is " + known[:19] in done.line("acme/web:test: ")
    assert "deploy/more.yaml" in done.line("changed  ")
    assert workspace.git("status", "--porcelain", STATUS) == ""


def test_the_last_known_good_of_another_declaration_is_none(workspace, registry, two):
    workspace.stream("web", prod=f"{registry.host}/acme/web:1.0", test=f"{registry.host}/acme/web:3.0")
    workspace.deploy("more", f"{registry.host}/acme/web:3.0")
    assert workspace.run("reconcile").code == 3
    assert b"@" not in workspace.read("deploy/more.yaml")


SCHEDULED = """\
      importPolicy:
        scheduled: {}
"""


@pytest.mark.parametrize("by", ["the declaration", "the configuration"])
def test_a_tag_that_is_not_scheduled_is_asked_once(workspace, registry, by):
    workspace.follow(registry, "web")
    declaration = workspace.read("streams/web.yaml").decode()
    if by == "the declaration":
        workspace.write("streams/web.yaml", declaration + SCHEDULED.format("false"))
    else:
        workspace.config("scheduled: false")
    workspace.commit()
    first = workspace.run("reconcile", "--publish", "commit", "-o", "json").json
    assert first["summary"]["requests"] > 0
    tip = workspace.git("rev-parse", "HEAD")

    push(registry, "newer")
    registry.forget()
    again = workspace.run("reconcile", "--publish", "commit", "-o", "json").json
    assert (again["summary"]["requests"], again["summary"]["tags"]["unchanged"]) == (0, 1)
    assert registry.log == ()
    assert workspace.git("rev-parse", "HEAD") == tip

    # Another place gets the recorded digest, without a request.
    reference = f"{registry.host}/acme/web:1.0"
    workspace.deploy("more", reference)
    workspace.commit()
    more = workspace.run("reconcile", "--publish", "commit", "-o", "json").json
    assert (more["summary"]["requests"], more["summary"]["tags"]["changed"]) == (0, 1)

    # Its spec changes, so it is asked.
    newest = push(registry, "other", "2.0")
    text = workspace.read("streams/web.yaml").replace(b"web:1.0", b"web:2.0")
    workspace.write("streams/web.yaml", text)
    workspace.deploy("web", f"{registry.host}/acme/web:2.0")
    workspace.commit()
    done = workspace.run("reconcile", "--publish", "commit", "-o", "json").json
    (tag,) = done["results"]
    assert tag["newDigest"] == str(newest)


def test_scheduled_written_out_goes_before_the_configuration(workspace, registry):
    path, _ = workspace.follow(registry, "web")
    workspace.write("streams/web.yaml", workspace.read("streams/web.yaml") + SCHEDULED.format("true").encode())
    workspace.config("scheduled: false")
    assert workspace.run("reconcile").code == 0
    newer = push(registry, "newer")
    assert workspace.run("reconcile").code == 0
    assert str(newer).encode() in workspace.read(path)


def test_a_tag_that_is_not_scheduled_and_fails_is_tried_again(workspace, registry):
    workspace.follow(registry, "web")
    workspace.write("streams/web.yaml", workspace.read("streams/web.yaml") + SCHEDULED.format("false").encode())
    fail(registry, "1.0", 404)
    assert workspace.run("reconcile").code == 3
    registry.intercept = None
    assert workspace.run("reconcile").code == 0


ALIASES = """\
    - name: live
      from: {kind: ImageStreamTag, name: prod}
    - name: frozen
      annotations: {gitops-streams.io/snapshot: "true"}
      from: {kind: ImageStreamTag, name: prod}
    - name: image
      from: {kind: ImageStreamImage, name: "web@PREFIX"}
"""


def test_a_snapshot_stays_and_an_image_is_found_in_the_record(workspace, registry):
    path, first = workspace.follow(registry, "web")
    assert path
    aliases = ALIASES.replace("PREFIX", first.encoded[:9])
    workspace.write("streams/web.yaml", workspace.read("streams/web.yaml") + aliases.encode())
    for name in ("live", "frozen", "image"):
        marker = f'x # {{"$imagestream": "acme/web:{name}"}}'
        workspace.deploy(name, marker)
    done = workspace.run("reconcile")
    assert done.code == 3
    assert "imagestreamimage" in done.line("acme/web:image: ")
    assert workspace.run("reconcile").code == 0

    second = push(registry, "newer")
    assert workspace.run("reconcile").code == 0
    assert str(second).encode() in workspace.read("deploy/live.yaml")
    assert f"acme/web:1.0@{first}".encode() in workspace.read("deploy/frozen.yaml")
    assert f"acme/web:1.0@{first}".encode() in workspace.read("deploy/image.yaml")
    assert workspace.run("check").code == 0
