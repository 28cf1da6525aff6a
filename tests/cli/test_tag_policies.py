"""Tag policies through the command line: what is chosen and written, what it costs, what stays when it fails."""

from __future__ import annotations

import json
import sys

import jsonschema
import pytest

from gitops_streams import schemas
from gitops_streams.demo.exchange import Response
from gitops_streams.demo.images import ARM64, Image

STREAM = """\
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {{name: {name}, namespace: acme}}
spec:
  tags:
    - name: prod
      annotations: {annotations}
      from: {{kind: DockerImage, name: "{source}"}}
"""


@pytest.fixture
def follow(workspace, registry):
    """Push images under tags, declare ``acme/NAME:prod`` with a policy, and deploy a reference."""

    def make(name, tags, reference="0", **policy):
        digests = {tag: registry.push(f"acme/{name}", tag, build(name, tag)) for tag in tags}
        source = f"{registry.host}/acme/{name}"
        annotations = json.dumps({f"gitops-streams.io/{key}": value for key, value in policy.items()})
        workspace.write(f"streams/{name}.yaml", STREAM.format(name=name, annotations=annotations, source=source))
        return workspace.deploy(name, f"{source}:{reference}"), digests

    def build(name, tag):
        return tag if isinstance(tag, Image) else Image.build(name, tag)

    return make


def image_in(workspace, path):
    (line,) = [line for line in workspace.read(path).decode().splitlines() if "image:" in line]
    return line.split()[1].partition("/")[2]


def result(done):
    (found,) = done.json["results"]
    return found


@pytest.mark.parametrize(
    ("tags", "policy", "chosen"),
    [
        (["1.0.0", "1.2.0", "1.10.0", "2.0.0"], {"policy": "semver", "range": "1.x"}, "1.10.0"),
        (["1.0.0", "1.1.0-rc.1"], {"policy": "semver"}, "1.0.0"),
        (["1.0.0", "1.1.0-rc.1"], {"policy": "semver", "prereleases": "true"}, "1.1.0-rc.1"),
        (["9", "10"], {"policy": "numerical"}, "10"),
        (["9", "10"], {"policy": "alphabetical"}, "9"),
        (
            ["main-a-1", "main-b-2", "dev-c-3"],
            {"policy": "numerical", "pattern": "^main-.*-([0-9]+)$", "extract": "$1"},
            "main-b-2",
        ),
    ],
)
def test_a_policy_writes_the_tag_it_chose_and_its_digest(workspace, registry, follow, tags, policy, chosen):
    path, digests = follow("web", tags, **policy)
    workspace.commit()
    registry.forget()
    done = workspace.run("reconcile", "-o", "json")
    assert done.code == 0, done.text
    jsonschema.validate(done.json, schemas.load("plan"))
    assert image_in(workspace, path) == f"acme/web:{chosen}@{digests[chosen]}"
    assert result(done)["sourceTag"] == chosen
    assert result(done)["sites"][0]["boundBy"] == "source"
    assert f'sourceTag: "{chosen}"' in workspace.read(".gitops-streams/status/acme/web.lock").decode()
    # One list and one HEAD.
    assert registry.count() == done.json["summary"]["requests"] == 2
    assert (registry.count("GET", "/tags/list"), registry.count("HEAD")) == (1, 1)


def test_the_second_run_changes_nothing(workspace, registry, follow):
    follow("web", ["1.0", "1.1"], policy="semver")
    assert workspace.run("reconcile").code == 0
    before = workspace.files()
    assert workspace.run("reconcile", "--exit-code").code == 0
    assert workspace.files() == before
    assert workspace.run("check").code == 0


def test_a_new_tag_moves_tag_and_digest_together(workspace, registry, follow):
    path, _ = follow("web", ["1.0"], policy="semver")
    workspace.run("reconcile")
    digest = registry.push("acme/web", "1.1", Image.build("web", "1.1"))
    assert workspace.run("diff", "--exit-code").code == 4
    workspace.run("reconcile")
    assert image_in(workspace, path) == f"acme/web:1.1@{digest}"


def test_a_lower_tag_is_written_too(workspace, registry, follow):
    path, digests = follow("web", ["1.0", "2.0"], reference="2.0", policy="semver", range="1.x")
    workspace.run("reconcile")
    assert image_in(workspace, path) == f"acme/web:1.0@{digests['1.0']}"


def test_the_same_image_under_a_new_tag_is_a_change(workspace, registry, follow):
    path, digests = follow("web", ["1.0"], policy="semver")
    workspace.run("reconcile")
    registry.push("acme/web", "1.1", Image.build("web", "1.0"))
    assert workspace.run("reconcile", "--exit-code").code == 4
    assert image_in(workspace, path) == f"acme/web:1.1@{digests['1.0']}"
    assert workspace.run("reconcile", "--exit-code").code == 0


def test_pin_digest_is_bound_by_history_from_then_on(workspace, registry, follow):
    path, _ = follow("web", ["1.0"], policy="semver")
    workspace.config("pin: digest\n")
    workspace.run("reconcile")
    digest = registry.push("acme/web", "1.1", Image.build("web", "1.1"))
    done = workspace.run("reconcile", "-o", "json")
    assert result(done)["sites"][0]["boundBy"] == "history"
    assert image_in(workspace, path) == f"acme/web@{digest}"
    assert workspace.run("reconcile", "--exit-code").code == 0


def test_a_saved_plan_carries_the_tag(workspace, registry, follow, tmp_path):
    path, digests = follow("web", ["1.0", "1.1"], policy="semver")
    (tmp_path / "plan.json").write_text(workspace.run("diff", "-o", "json").out)
    assert workspace.run("apply", tmp_path / "plan.json").code == 0
    assert image_in(workspace, path) == f"acme/web:1.1@{digests['1.1']}"
    assert workspace.run("reconcile", "--exit-code").code == 0


def test_a_list_and_a_head_are_shared_and_nobody_else_pays(workspace, registry, follow):
    follow("web", ["1.0", "1.1"], policy="semver")
    source = f"{registry.host}/acme/web"
    other = STREAM.format(
        name="other",
        annotations='{"gitops-streams.io/policy": "semver", "gitops-streams.io/range": "1.1.x"}',
        source=source,
    )
    workspace.write("streams/other.yaml", other)
    workspace.write("marked.yaml", 'image: x  # {"$imagestream": "acme/other:prod"}\n')
    exact = workspace.stream("exact", prod=f"{source}:1.1")
    workspace.write("exact.yaml", 'image: x  # {"$imagestream": "acme/exact:prod"}\n')
    workspace.follow(registry, "api")
    registry.forget()
    done = workspace.run("diff", "-o", "json")
    assert done.code == 0, done.text
    # Two policies and an exact tag lead to one tag of one repository; api is not listed.
    assert (registry.count("GET", "/tags/list"), registry.count("HEAD")) == (1, 2)
    assert registry.count() == done.json["summary"]["requests"] == 3
    assert exact


def test_a_policy_that_nothing_uses_asks_for_nothing(workspace, registry, follow):
    path, _ = follow("web", ["1.0"], policy="semver")
    (workspace.folder / path).unlink()
    registry.forget()
    assert workspace.run("diff").code == 0
    assert registry.count() == 0
    assert workspace.run("diff", "--all").code == 0
    assert registry.count("GET", "/tags/list") == 1


def test_an_unscheduled_policy_keeps_tag_and_digest_without_a_request(workspace, registry, follow):
    path, digests = follow("web", ["1.0"], policy="semver")
    text = workspace.read("streams/web.yaml").decode()
    workspace.write("streams/web.yaml", text + "      importPolicy: {scheduled: false}\n")
    assert workspace.run("reconcile").code == 0
    registry.push("acme/web", "1.1", Image.build("web", "1.1"))
    workspace.deploy("web", f"{registry.host}/acme/web:0")
    registry.forget()
    assert workspace.run("reconcile").code == 0
    assert registry.count() == 0
    assert image_in(workspace, path) == f"acme/web:1.0@{digests['1.0']}"


# Failures: the pins stay, and it is said why.


@pytest.mark.parametrize(
    ("tags", "policy", "reason"),
    [
        (["1.0"], {"policy": "semver", "range": "^2"}, "none of its 1 versions is in the range ^2"),
        (["latest", "1"], {"policy": "numerical"}, "'latest' is no number"),
        (["1.0"], {"policy": "semver", "pattern": "^v"}, "none of its 1 tag matches the pattern ^v"),
    ],
)
def test_nothing_chosen_fails_the_tag_and_leaves_the_pin(workspace, registry, follow, tags, policy, reason):
    path, _ = follow("web", tags, **policy)
    _, digest = workspace.follow(registry, "api")
    before = workspace.read(path)
    done = workspace.run("reconcile", "-o", "json")
    assert done.code == 3
    failed = next(tag for tag in done.json["results"] if tag["stream"] == "acme/web")
    assert reason in failed["reason"]
    assert (failed["sourceTag"], failed["newDigest"]) == (None, None)
    assert workspace.read(path) == before
    assert str(digest) in workspace.read("deploy/api.yaml").decode()


@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_a_list_that_cannot_be_had_fails_that_tag_alone(workspace, registry, steady, follow, status):
    path, _ = follow("web", ["1.0"], policy="semver")
    workspace.config("registry: {tries: 1, retryBudget: 0}\n")
    workspace.follow(steady, "api")
    before = workspace.read(path)
    registry.intercept = lambda request: Response(status) if "/tags/list" in request.path else None
    assert workspace.run("reconcile").code == 3
    assert workspace.read(path) == before
    assert b"@sha256:" in workspace.read("deploy/api.yaml")


def test_a_tag_that_vanishes_behind_the_list_fails(workspace, registry, follow):
    path, _ = follow("web", ["1.0"], policy="semver")
    before = workspace.read(path)
    registry.intercept = lambda request: Response(404) if "/manifests/" in request.path else None
    assert workspace.run("reconcile").code == 3
    assert workspace.read(path) == before


def test_without_the_extra_only_tags_with_a_pattern_fail(workspace, registry, follow, monkeypatch):
    monkeypatch.setitem(sys.modules, "re2", None)
    follow("web", ["1.0"], policy="semver", pattern="^1")
    path, digests = follow("api", ["1.0"], policy="semver")
    done = workspace.run("reconcile")
    assert done.code == 3
    assert "pip install 'gitops-streams[patterns]'" in done.text
    assert image_in(workspace, path) == f"acme/api:1.0@{digests['1.0']}"


# Newest build.


@pytest.fixture
def builds(workspace, registry, follow):
    """Push images with dates under tags, and follow the newest."""

    def make(*, reference="0", index=False, pattern=None, **dates):
        path, _ = follow("web", [], reference, policy="newest-build", **({"pattern": pattern} if pattern else {}))
        digests = {}
        for tag, date in dates.items():
            image = Image.build("web", tag, created=date)
            if index:
                other = Image.build("web", f"{tag}-arm", platforms=[ARM64], created="2029-01-01T00:00:00Z")
                image = Image.index([other, image])
            digests[tag] = registry.push("acme/web", tag, image)
        registry.forget()
        return path, digests

    return make


@pytest.mark.parametrize("index", [False, True])
def test_the_newest_build(workspace, registry, builds, index):
    path, digests = builds(
        index=index, a="2026-01-03T00:00:00Z", b="2026-01-05T00:00:00Z", c="2026-01-04T00:00:00+00:00"
    )
    done = workspace.run("reconcile", "-o", "json")
    assert done.code == 0, done.text
    assert image_in(workspace, path) == f"acme/web:b@{digests['b']}"
    # A list, a HEAD for each, of which the chosen one's is not sent again, and a manifest and a configuration for each.
    assert registry.count("GET", "/tags/list") == 1
    assert registry.count("HEAD") == 3
    assert registry.count("GET", "/blobs/") == 3
    assert registry.count("GET", "/manifests/") == (6 if index else 3)
    assert registry.count() == done.json["summary"]["requests"]
    assert workspace.run("reconcile", "--exit-code").code == 0


def test_an_image_under_several_tags_is_read_once(workspace, registry, builds):
    _, digests = builds(a="2026-01-03T00:00:00Z")
    for tag in ("b", "c", "d"):
        registry.push("acme/web", tag, Image.build("web", "a", created="2026-01-03T00:00:00Z"))
    done = workspace.run("diff", "-o", "json")
    assert result(done)["newDigest"] == str(digests["a"])
    assert result(done)["sourceTag"] == "d"
    assert (registry.count("HEAD"), registry.count("GET", "/blobs/")) == (4, 1)


def test_undated_images_and_artifacts_are_never_the_newest(workspace, registry, builds):
    path, digests = builds(
        a="2020-01-01T00:00:00Z",
        b="1970-01-01T00:00:00Z",
        c="1980-01-01T00:00:01Z",
        d="yesterday",
        e="0001-01-01T00:00:00Z",
    )
    registry.push("acme/web", "f", Image.artifact("application/x", b"no image"))
    assert workspace.run("reconcile").code == 0
    assert image_in(workspace, path) == f"acme/web:a@{digests['a']}"


def test_only_so_many_are_looked_at_and_that_is_said(workspace, registry, builds):
    dates = {f"b{number}": f"2026-01-{number:02}T00:00:00Z" for number in range(1, 13)}
    path, digests = builds(**dates, b99="2019-01-01T00:00:00Z")
    workspace.config("tagPolicy: {candidates: 3}\n")
    done = workspace.run("reconcile")
    assert done.code == 0
    assert "newest-build looked at 3 of 13 tags, the last ones in natural order" in done.line("acme/web:prod: newest")
    assert image_in(workspace, path) == f"acme/web:b12@{digests['b12']}"
    assert registry.count("HEAD") == 3


@pytest.mark.parametrize("part", ["/manifests/sha256:", "/blobs/"])
def test_without_one_of_the_dates_nothing_is_chosen(workspace, registry, builds, part):
    path, _ = builds(a="2026-01-03T00:00:00Z", b="2026-01-05T00:00:00Z")
    workspace.config("registry: {tries: 1}\n")
    before = workspace.read(path)
    registry.intercept = lambda request: Response(503) if part in request.path else None
    done = workspace.run("reconcile")
    assert done.code == 3
    assert "the newest build cannot be told" in done.text
    assert workspace.read(path) == before


def test_a_tag_that_is_gone_competes_no_more(workspace, registry, builds):
    path, digests = builds(a="2026-01-03T00:00:00Z", b="2026-01-05T00:00:00Z")
    registry.intercept = lambda request: Response(404) if request.path.endswith("/manifests/b") else None
    assert workspace.run("reconcile").code == 0
    assert image_in(workspace, path) == f"acme/web:a@{digests['a']}"


# Against hostile lists, and against a registry that is not ours.


def test_a_hundred_thousand_tags_in_pages_with_odd_ones_among_them(workspace, registry, follow):
    path, digests = follow("web", ["1.99999.0"], policy="semver", range="1.x")
    odd = ["", "../x", "a b", "é", "-x", "x" * 129, "\u001b[31m", 7, None, ["1.0"], "sha256-" + "0" * 64 + ".sig"]

    def pages(request):
        if "/tags/list" not in request.path:
            return None
        page = int(request.target.rpartition("page=")[2]) if "page=" in request.target else 0
        tags = [f"1.{page * 1000 + number}.0" for number in range(1000)] + odd
        link = {} if page == 99 else {"Link": f'</v2/acme/web/tags/list?page={page + 1}>; rel="next"'}
        body = json.dumps({"name": "acme/web", "tags": tags}).encode()
        return Response(200, {"Content-Type": "application/json", **link}, body)

    registry.intercept = pages
    done = workspace.run("reconcile", "-o", "json")
    assert done.code == 0, done.text
    assert image_in(workspace, path) == f"acme/web:1.99999.0@{digests['1.99999.0']}"
    assert registry.count("GET", "/tags/list") == 100
    assert "\u001b" not in done.text


def test_a_list_that_never_ends_fails(workspace, registry, follow):
    path, _ = follow("web", ["1.0"], policy="semver")
    before = workspace.read(path)
    link = {"Link": '</v2/acme/web/tags/list?page=1>; rel="next"', "Content-Type": "application/json"}
    registry.intercept = lambda request: Response(200, link, b'{"tags": ["1.0"]}') if "/tags" in request.path else None
    done = workspace.run("reconcile")
    assert done.code == 3
    assert "its pages lead in a circle" in done.text
    assert workspace.read(path) == before


def test_against_docker_registry(workspace, docker_registry, registry, skopeo):
    tags = ["1.0.0", "1.2.0", "1.10.0", "2.0.0-rc.1", *(f"junk-{number}" for number in range(3))]
    for tag in tags:
        registry.push("acme/web", tag, Image.build("web", tag))
        target = f"docker://{docker_registry}/policies/web:{tag}"
        skopeo(
            "copy",
            "--src-tls-verify=false",
            "--dest-tls-verify=false",
            "--preserve-digests",
            f"docker://{registry.host}/acme/web:{tag}",
            target,
        )
    source = f"{docker_registry}/policies/web"
    annotations = '{"gitops-streams.io/policy": "semver", "gitops-streams.io/range": "1.x"}'
    workspace.write("streams/web.yaml", STREAM.format(name="web", annotations=annotations, source=source))
    path = workspace.deploy("web", f"{source}:1.0.0")
    done = workspace.run("reconcile", "-o", "json")
    assert done.code == 0, done.text
    assert image_in(workspace, path) == f"policies/web:1.10.0@{Image.build('web', '1.10.0').digest}"
    assert done.json["summary"]["requests"] == 2


def test_beside_a_helper_that_asks_while_files_are_scanned(workspace, registry, follow):
    path, digests = follow("web", ["1.0", "1.1"], policy="semver")
    exact, digest = workspace.follow(registry, "api")
    workspace.stream("many", **{f"t{number}": f"quay.invalid/acme/many:{number}" for number in range(250)})
    registry.forget()
    done = workspace.process("reconcile", "-o", "json")
    assert done.code == 0, done.text
    assert image_in(workspace, path) == f"acme/web:1.1@{digests['1.1']}"
    assert image_in(workspace, exact) == f"acme/api:1.0@{digest}"
    assert registry.count() == done.json["summary"]["requests"] == 3


def test_a_hold_keeps_the_tag_that_goes_with_its_digest(workspace, registry, follow):
    path, digests = follow("web", ["1.0"], policy="semver")
    workspace.run("reconcile")
    registry.push("acme/web", "1.1", Image.build("web", "1.1"))
    workspace.run("reconcile")
    text = workspace.read("streams/web.yaml").decode()
    workspace.write(
        "streams/web.yaml",
        text.replace("annotations: {", f'annotations: {{"gitops-streams.io/hold": "{digests["1.0"]}", '),
    )
    registry.forget()
    assert workspace.run("reconcile").code == 0
    assert image_in(workspace, path) == f"acme/web:1.0@{digests['1.0']}"
    assert registry.count() == 0
    assert workspace.run("reconcile", "--exit-code").code == 0


def test_a_place_without_a_digest_gets_the_last_known_good_tag_with_its_digest(workspace, registry, follow):
    path, digests = follow("web", ["1.0"], policy="semver")
    workspace.run("reconcile")
    workspace.deploy("web", f"{registry.host}/acme/web:0.9")
    registry.intercept = lambda request: Response(404) if "/tags/list" in request.path else None
    assert workspace.run("reconcile").code == 3
    assert image_in(workspace, path) == f"acme/web:1.0@{digests['1.0']}"
