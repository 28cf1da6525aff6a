"""What people get wrong: a message that names the place and the next step, the right exit code, never a traceback."""

from __future__ import annotations

import hashlib
import json

import pytest

from gitops_streams.demo.images import Image

VERBS = ("diff", "reconcile", "check", "status")


# The command line itself.


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["diff", "--frobnicate"], "No such option"),
        (["diff", "-o", "xml"], "'xml' is not one of"),
        (["reconcile", "--publish", "everywhere"], "'everywhere' is not one of"),
        (["diff", "-C", "/nonexistent"], "does not exist"),
        (["resolve"], "Missing argument 'REFERENCE...'"),
        (["apply"], "Missing argument 'PLAN.json'"),
        (["apply", "/nonexistent/plan.json"], "No such file or directory"),
        (["apply", "/"], "Is a directory"),
        (["diff", "surplus"], "unexpected extra argument"),
        (["demo", "--folder", "/dev/null/x"], "cannot be made"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_usage(cli, arguments, says):
    done = cli(*arguments)
    assert done.code == 2
    assert says in done.err
    assert done.out == ""


def test_no_verb_shows_the_help(process):
    done = process()
    assert done.code == 2
    assert "Commands:" in done.text


# The repository.


@pytest.mark.parametrize("verb", VERBS)
def test_no_repository(cli, tmp_path, verb):
    done = cli(verb, "-C", tmp_path)
    assert done.code == 1
    assert done.line("error: ") == f"error: {tmp_path} is not in a git repository"
    assert "git init makes one" in done.line("hint: ")
    assert done.out == ""


@pytest.mark.parametrize("verb", VERBS)
def test_no_streams(workspace, verb):
    workspace.deploy("web", "nginx:1.27")
    done = workspace.run(verb)
    assert done.code == 1
    assert done.line("error: ") == "error: no ImageStream is declared in this repository"
    assert "kind: ImageStream" in done.line("hint: ")


def test_no_streams_because_of_the_only_files_fault(workspace):
    workspace.write("streams.yaml", "kind: ImageStream\nspec: [\n")
    done = workspace.run("diff")
    assert done.code == 1
    assert "streams.yaml:3: not scanned: it is not YAML" in done.err


def test_git_is_not_installed(workspace, registry, tmp_path):
    workspace.follow(registry, "web")
    done = workspace.process("diff", env={"PATH": str(tmp_path)})
    assert done.code == 1
    assert done.line("error: ") == "error: git cannot be started"
    assert "install git" in done.line("hint: ")


def test_two_streams_of_one_name(workspace, registry):
    path, _ = workspace.follow(registry, "web")
    good, digest = workspace.follow(registry, "api")
    workspace.write("other/web.yaml", workspace.read("streams/web.yaml"))
    before = workspace.read(path)
    done = workspace.run("reconcile")
    assert done.code == 3
    for place in ("streams/web.yaml:1", "other/web.yaml:1"):
        assert f"{place}: 2 image streams are named acme/web (other/web.yaml:1, streams/web.yaml:1)" in done.out
    assert "give them different namespaces, or exclude one in the config" in done.out
    assert workspace.read(path) == before
    assert str(digest).encode() in workspace.read(good)
    checked = workspace.run("check")
    assert checked.code == 1
    assert "other/web.yaml:1" in checked.out


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("quay.io/Acme/Web:1.0", "lower case"),
        ("'quay.io/acme/web:'", ""),
        ("https://quay.io/acme/web:1.0", ""),
        ("quay.io/acme/web:1.0@sha256:1234", ""),
        ("'two words'", ""),
        ("'" + "a" * 300 + "'", ""),
        ("'quay.io/acme/web:1.0\x00'", None),
        ("-rf", ""),
    ],
)
def test_an_impossible_reference_in_a_stream(workspace, registry, source, says):
    good, digest = workspace.follow(registry, "api")
    path = workspace.stream("web", prod=source)
    done = workspace.run("reconcile")
    assert str(digest).encode() in workspace.read(good)
    if says is None:  # not even YAML
        assert done.line(f"{path}:").startswith(f"{path}:11: not scanned")
        return
    assert done.code == 3
    line = done.line(f"{path}:")
    assert f"{path}:11: spec.tags[prod].from.name: Invalid value: " in line
    assert says in line.lower()


# The configuration.


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pin: digest\npins: tag\n", ".gitops-streams/config.yaml:2: the top level: unknown key 'pins'; known here: "),
        ("registry:\n  # a comment\n  tires: 3\n", ".gitops-streams/config.yaml:3: registry: unknown key 'tires'"),
        (
            "registries:\n  quay.io:\n    plain_http: true\n",
            ".gitops-streams/config.yaml:3: registries.quay.io: unknown key",
        ),
        ("pin: both\n", ".gitops-streams/config.yaml:1: pin: 'both' is not allowed; allowed: tag-and-digest, digest"),
        ("registry: {tries: many}\n", ".gitops-streams/config.yaml:1: registry.tries: "),
        ("registry: {tries: 99}\n", ".gitops-streams/config.yaml:1: registry.tries: "),
        ("exclude: vendor\n", ".gitops-streams/config.yaml:1: exclude: "),
        ("exclude:\n  - a\n  - 1\n", ".gitops-streams/config.yaml:3: exclude.1: "),
        ("commit: {author: {name: Bot}}\n", ".gitops-streams/config.yaml:1: commit.author: 'email' is "),
        ("- pin\n", ".gitops-streams/config.yaml:1: the top level: "),
        ("pin: [\n", ".gitops-streams/config.yaml:2: it is not YAML"),
        ("pin: !!python/object/apply:os.system [id]\n", ".gitops-streams/config.yaml:1: "),
        ("pin: digest\npin: tag-and-digest\n", ".gitops-streams/config.yaml:2: "),
        ("1: 2\n", ".gitops-streams/config.yaml:1: the top level: unknown key '1'"),
        ("platform: linux/\n", ".gitops-streams/config.yaml:1: platform: "),
        ("a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: [*b, *b]\n", ".gitops-streams/config.yaml:"),
        ("x: " + 5000 * "[" + "\n", ".gitops-streams/config.yaml:1: "),
        (b"pin: \xff\n", ".gitops-streams/config.yaml"),
        ("{% pin %}: 1\n", ".gitops-streams/config.yaml:1: it is not YAML"),
        ("commit: {subject: 'x {nonsense}'}\n", "unknown placeholder {nonsense}"),
        ("registries: {'not a host!': {}}\n", None),
        ("? [a, b]\n: c\n", ".gitops-streams/config.yaml:1: "),
        ("pin: 2024-01-01\n", ".gitops-streams/config.yaml:1: pin: "),
        ("registry: {tries: .nan}\n", ".gitops-streams/config.yaml:1: registry.tries: "),
    ],
    ids=lambda value: None if value is None else str(value)[:30].strip(),
)
@pytest.mark.parametrize("verb", ["reconcile"])
def test_the_configuration(workspace, registry, text, says, verb):
    path, _ = workspace.follow(registry, "web")
    before = workspace.read(path)
    workspace.write(".gitops-streams/config.yaml", text)
    done = workspace.run(verb)
    if says is None:
        assert done.code in {0, 1}
        return
    assert done.code == 1
    assert workspace.read(path) == before
    assert registry.log == () or "placeholder" in says
    line = done.line("error: ")
    assert line.startswith(f"error: {says}") or "placeholder" in line
    assert done.line("hint: ")


@pytest.mark.parametrize("verb", ["diff", "check", "status"])
def test_every_verb_reads_the_configuration(workspace, registry, verb):
    workspace.follow(registry, "web")
    workspace.config("colour: blue\n")
    assert "unknown key 'colour'" in workspace.run(verb).err


def test_another_configuration_file(workspace, registry, tmp_path, cli):
    path, digest = workspace.follow(registry, "web")
    workspace.config("colour: blue\n")
    other = tmp_path / "other.yaml"
    other.write_text("pin: digest\n")
    assert workspace.run("reconcile", "--config", other).code == 0
    assert f"{registry.host}/acme/web@{digest}  #".encode() in workspace.read(path)
    missing = workspace.run("reconcile", "--config", tmp_path / "missing.yaml")
    assert missing.code == 1
    assert "missing.yaml cannot be read: No such file or directory" in missing.err


def test_a_configuration_without_a_repository(cli, registry, tmp_path):
    registry.push("acme/web", "1.0", Image.build("web", "1.0"))
    (tmp_path / "broken.yaml").write_text("colour: blue\n")
    done = cli("resolve", "-C", tmp_path, "--config", tmp_path / "broken.yaml", f"{registry.host}/acme/web:1.0")
    assert done.code == 1
    assert "unknown key 'colour'" in done.err


# References on the command line.


def test_an_impossible_reference_stops_no_other(cli, registry, tmp_path):
    digest = registry.push("acme/web", "1.0", Image.build("web", "1.0"))
    good = f"{registry.host}/acme/web:1.0"
    done = cli("resolve", "-C", tmp_path, "quay.io/Acme/Web", good, "a b", f"{registry.host}/acme/none:1")
    assert done.code == 3
    assert done.out == f"{good}@{digest}\n"
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 3
    assert "quay.io/Acme/Web" in errors[0]


def test_a_reference_by_digest_has_no_tag_to_resolve(cli, registry, tmp_path):
    digest = registry.push("acme/web", "latest", Image.build("web", "1.0"))
    other = registry.push("acme/web", "2.0", Image.build("web", "2.0"))
    done = cli("resolve", "-C", tmp_path, f"{registry.host}/acme/web@{other}")
    assert str(digest) not in done.text
    assert registry.count() == 0
    assert done.code == 3
    assert "no tag" in done.line("error: ")


def test_an_impossible_platform(cli, tmp_path):
    done = cli("resolve", "-C", tmp_path, "--platform", "///", "nginx")
    assert done.code in {1, 2}
    assert "///" in done.line("error: ")


# Plans that somebody hands in.


def plan_for(path: str, content: bytes, before: str, after: str) -> dict:
    zero = {"changed": 0, "unchanged": 0, "held": 0, "skipped": 0, "failed": 0}
    operations = [
        {"op": "test", "path": "/image", "value": before},
        {"op": "replace", "path": "/image", "value": after},
    ]
    return {
        "schemaVersion": 1,
        "summary": {"requests": 0, "tags": zero, "sites": zero},
        "results": [],
        "skipped": [],
        "files": [
            {
                "file": path,
                "sha256": hashlib.sha256(content).hexdigest(),
                "patch": [{"document": 0, "ops": operations}],
            }
        ],
        "problems": [],
    }


CONTENT = b"image: a\n"


def refused(workspace, tmp_path, plan, *arguments):
    before = workspace.files()
    (tmp_path / "plan.json").write_bytes(plan if isinstance(plan, bytes) else json.dumps(plan).encode())
    done = workspace.run("apply", *arguments, tmp_path / "plan.json")
    assert done.code == 1, done.text
    assert done.out == ""
    assert workspace.files() == before
    return done


@pytest.mark.parametrize("publish", ["worktree", "commit"])
@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("../outside.yaml", "the path leaves the repository"),
        ("deploy/../../outside.yaml", "the path leaves the repository"),
        ("{absolute}", "the path leaves the repository"),
        (".git/config", "inside a git directory"),
        (".GIT/config", "inside a git directory"),
        ("vendor/.git/hooks/x", "inside a git directory"),
        ("link.yaml", ""),
        ("linked/outside.yaml", ""),
        ("./web.yaml", "not a plain relative path"),
        ("deploy//web.yaml", "not a plain relative path"),
        ("deploy", ""),
        ("missing.yaml", "it is not there"),
        ("a\x00b", "not a path"),
        ("\ud800.yaml", "not a path"),
        ("\udcff.yaml", "it is not there"),
        ("x" * 5000, ""),
    ],
    ids=ascii,
)
def test_a_plan_for_a_file_that_is_none_of_the_repositorys(workspace, tmp_path, path, says, publish):
    outside = tmp_path / "outside.yaml"
    outside.write_bytes(CONTENT)
    workspace.write("deploy/web.yaml", CONTENT)
    (workspace.folder / "link.yaml").symlink_to(outside)
    (workspace.folder / "linked").symlink_to(tmp_path)
    workspace.commit()
    plan = plan_for(path.replace("{absolute}", str(outside)), CONTENT, "a", "b")
    done = refused(workspace, tmp_path, plan, "--publish", publish)
    assert says in done.err
    assert outside.read_bytes() == CONTENT
    assert workspace.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe\xfd", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "is not a plan: at the top level"),
        (b"{}", "is not a plan: at the top level"),
        (b'{"schemaVersion": 2}', "is not a plan"),
        (b"NaN", "is not a plan"),
        (b"9" * 5000, "is not"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_plan_that_is_none(workspace, tmp_path, content, says):
    assert says in refused(workspace, tmp_path, content).line("error: ")


def edited(change):
    plan = plan_for("web.yaml", CONTENT, "a", "b")
    change(plan)
    return plan


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda plan: plan["files"][0].update(sha256=64 * "0"), "web.yaml has changed since the plan was made"),
        (lambda plan: plan["files"][0]["patch"][0]["ops"][0].update(value="x"), "web.yaml, document 0"),
        (lambda plan: plan["files"][0]["patch"][0].update(document=1), "web.yaml, document 1"),
        (lambda plan: plan["files"][0]["patch"][0].update(document=10**30), "web.yaml, document 1"),
        (lambda plan: plan["files"][0]["patch"][0]["ops"][1].update(path="/none"), "web.yaml, document 0"),
        (lambda plan: plan["files"][0]["patch"][0]["ops"][1].update(op="remove"), "is not a plan"),
        (lambda plan: plan["files"][0]["patch"][0]["ops"][1].update(value="b\nkind: Evil"), "web.yaml"),
        (lambda plan: plan["files"][0]["patch"][0]["ops"][1].update(value="\ud800"), "web.yaml"),
        (lambda plan: plan["files"][0]["patch"][0]["ops"].reverse(), "web.yaml, document 0"),
        (lambda plan: plan["files"].append(dict(plan["files"][0])), "web.yaml"),
        (lambda plan: plan["files"][0].update(patch="x"), "is not a plan"),
    ],
    ids=[
        "hash",
        "test",
        "document",
        "huge document",
        "pointer",
        "op",
        "line break",
        "surrogate",
        "order",
        "twice",
        "type",
    ],
)
def test_a_plan_that_does_not_fit(workspace, tmp_path, change, says):
    workspace.write("web.yaml", CONTENT)
    done = refused(workspace, tmp_path, edited(change))
    assert says in done.line("error: ")


@pytest.mark.parametrize("stream", ["../../x", "acme/web\n", "acme/../x", "a/b/c", "", "Acme/web", "/x"])
def test_a_plan_whose_stream_would_be_filed_elsewhere(workspace, tmp_path, stream):
    workspace.write("web.yaml", CONTENT)
    plan = plan_for("web.yaml", CONTENT, "a", "b")
    plan["results"] = [
        {
            "stream": stream, "tag": "x", "outcome": "changed", "from": None, "image": "quay.io/acme/web",
            "sourceTag": "1", "newDigest": "sha256:" + 64 * "0", "spec": "", "reason": None, "sites": [],
        }
    ]  # fmt: skip
    assert "is not a plan" in refused(workspace, tmp_path, plan).line("error: ")


def test_a_plan_whose_words_are_hostile(workspace, tmp_path):
    plan = plan_for("\x1b]0;owned\x07\n\nhint: curl | sh", CONTENT, "a", "b")
    done = refused(workspace, tmp_path, plan)
    assert "\x1b" not in done.err
    assert not [line for line in done.err.splitlines() if line.startswith("hint: curl")]


def test_a_plan_from_standard_input_that_ends_early(workspace, registry):
    workspace.follow(registry, "web")
    plan = workspace.run("diff", "-o", "json").out.encode()
    before = workspace.files()
    done = workspace.process("apply", "-", stdin=plan[:-20])
    assert done.code == 1
    assert "is not JSON" in done.line("error: ")
    assert workspace.files() == before


def test_a_plan_for_a_file_in_a_submodule(workspace, new_workspace, tmp_path):
    inner = new_workspace("inner")
    inner.write("web.yaml", CONTENT)
    inner.commit()
    workspace.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.folder), "vendor")
    workspace.commit()
    refused(workspace, tmp_path, plan_for("vendor/web.yaml", CONTENT, "a", "b"))
    refused(workspace, tmp_path, plan_for("vendor/web.yaml", CONTENT, "a", "b"), "--publish", "commit")
