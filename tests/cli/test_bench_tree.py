"""A tree of 400 files against distribution's own registry: every site right, nothing else changed, one request each."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import pytest

REPOSITORIES, FILES = "40", "400"


@pytest.fixture(scope="module")
def generate(shared):
    """Run the generator of the benchmark's data."""
    program = shared / "bench/gen.py"
    if not program.is_file():
        pytest.skip(f"no {program}")

    def run(*arguments):
        subprocess.run([sys.executable, program, *map(str, arguments)], check=True, capture_output=True, timeout=120)

    return run


def tree(generate, folder, registry, *arguments):
    """Generate a tree; give what each of its references must be pinned to, by file and line."""
    generate("tree", "--registry", registry, "--repos", REPOSITORIES, "--files", FILES, *arguments, folder)
    references = json.loads(folder.with_name(folder.name + ".expected.json").read_text())
    assert len(references) > 400
    return {(item["file"], item["line"]): item for item in references}


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts[:1]
    }


def verify(expected, before, after, document, extra=0):
    """Check a run against the generator's own truth, without anything that the program itself says of the bytes."""
    distinct = {(item["image"], item["tag"]) for item in expected.values()}
    assert document["summary"]["tags"]["failed"] == 0
    assert document["summary"]["requests"] <= len(distinct) + extra
    sites = {(site["file"], site["line"]): (result, site) for result in document["results"] for site in result["sites"]}
    assert sites.keys() == expected.keys()
    for place, item in expected.items():
        result, site = sites[place]
        assert result["newDigest"] == item["digest"], place
        assert (result["image"], result["sourceTag"]) == (item["image"], item["tag"])
        assert item["digest"] in site["after"]
    # Taking the digests out again must give the old bytes: line by line, so that none was put in a wrong place.
    for path, old in before.items():
        lines, new = old.split(b"\n"), after[path].split(b"\n")
        number = 0
        for line, text in enumerate(lines, 1):
            item = expected.get((path, line))
            written = new[number]
            number += 1
            if item is None or written == text:
                assert written == text, (path, line)
                if item is None:
                    continue
            digest = item["digest"].encode()
            if digest in written:
                assert without(written, digest) == without(text, digest), (path, line)
            else:
                # kustomize: the digest stands on a line of its own, behind the tag.
                assert written == text
                ending = b"\r" if text.endswith(b"\r") else b""
                assert new[number] == b"    digest: " + digest + ending, (path, line)
                number += 1
        assert number == len(new), path
    status = {path for path in after if path.startswith(".gitops-streams/status/")}
    assert after.keys() - before.keys() <= status


def without(text, digest):
    return text.replace(b"@" + digest, b"")


def test_every_site_and_nothing_else(docker_registry, generate, cli, tmp_path, skopeo):
    """One test, since filling the registry costs more than all that follows."""
    generate("push", "--registry", docker_registry, "--repos", REPOSITORIES)
    for pinned in ("0.0", "1.0"):
        folder = tmp_path / f"tree-{pinned}"
        expected = tree(generate, folder, docker_registry, "--pinned", pinned)
        before = contents(folder)
        done = cli("diff", "-C", folder, "-o", "json")
        assert done.code == 0, done.err
        assert contents(folder) == before
        changed = cli("reconcile", "-C", folder, "-o", "json", "--publish", "commit")
        assert changed.code == 0, changed.err
        assert changed.json["results"] == done.json["results"]
        assert changed.json["summary"]["sites"]["changed"] == (len(expected) if pinned == "0.0" else 0)
        after = contents(folder)
        verify(expected, before, after, changed.json)
        assert cli("check", "-C", folder).code == 0
        again = cli("reconcile", "-C", folder, "--publish", "commit")
        assert "nothing to commit" in again.out
        assert contents(folder) == after
    images = sorted({(item["image"], item["tag"]): item["digest"] for item in expected.values()}.items())[::40]
    resolved = cli("resolve", "-C", tmp_path, *(f"{image}:{tag}" for (image, tag), _ in images))
    assert resolved.code == 0, resolved.err
    for ((image, tag), digest), line in zip(images, resolved.out.splitlines(), strict=True):
        seen = skopeo("inspect", "--tls-verify=false", "--format={{.Digest}}", f"docker://{image}:{tag}").strip()
        assert line == f"{image}:{tag}@{seen}"
        assert seen == digest


def test_moved_tags_and_nothing_else(docker_registry, generate, cli, tmp_path):
    """What a scheduled run meets: a pinned tree, of which some tags have moved. In repositories of its own seed."""
    generate("push", "--registry", docker_registry, "--repos", "8", "--seed", "7")
    folder = tmp_path / "tree"
    generate(
        "tree", "--registry", docker_registry, "--repos", "8", "--files", "80", "--seed", "7", "--pinned", "1.0", folder
    )
    assert cli("reconcile", "-C", folder, "--publish", "commit").code == 0
    before = contents(folder)
    generate("move", "--registry", docker_registry, "--repos", "8", "--seed", "7", "--fraction", "0.5")
    done = cli("reconcile", "-C", folder, "-o", "json").json
    moved = {(item["image"], item["sourceTag"]) for item in done["results"] if item["outcome"] == "changed"}
    assert moved
    assert {tag for _, tag in moved} <= {"latest", "v1.9.0"}
    assert done["summary"]["tags"]["changed"] + done["summary"]["tags"]["unchanged"] == len(done["results"])
    after = contents(folder)
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed == {
        site["file"] for item in done["results"] for site in item["sites"] if site["outcome"] == "changed"
    } | {path for path in changed if path.startswith(".gitops-streams/status/")}


@contextmanager
def serving(program, folder, **access):
    """Run distribution's registry on a store; give its host."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    configuration = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "store")}},
        "http": {"addr": host},
        **access,
    }
    (folder / "config.yml").write_text(json.dumps(configuration))
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [program, "serve", folder / "config.yml"], stdout=log, stderr=log, env={"OTEL_TRACES_EXPORTER": "none"}
        )
        try:
            for _ in range(300):
                assert process.poll() is None, (folder / "log").read_text()
                with suppress(OSError), socket.create_connection(host.split(":"), timeout=5):
                    break
                time.sleep(0.05)
            yield host
        finally:
            process.terminate()
            process.wait(60)


def test_behind_user_and_password(real_server, generate, cli, tmp_path, hermetic):
    """The first request learns that a password is asked for; every other carries it at once."""
    program, htpasswd = real_server("docker-registry"), real_server("htpasswd")
    with serving(program, tmp_path) as host:
        generate("push", "--registry", host, "--repos", "4")
    line = subprocess.run([htpasswd, "-Bbn", "robot", "s3cr3t"], capture_output=True, text=True, check=True).stdout
    (tmp_path / "users").write_text(line)
    access = {"auth": {"htpasswd": {"realm": "registry", "path": str(tmp_path / "users")}}}
    with serving(program, tmp_path, **access) as host:
        folder = tmp_path / "tree"
        generate("tree", "--registry", host, "--repos", "4", "--files", "40", folder)
        expected = json.loads(folder.with_name("tree.expected.json").read_text())
        before = contents(folder)
        refused = cli("reconcile", "-C", folder, "-o", "json")
        assert refused.code == 3
        assert {result["outcome"] for result in refused.json["results"]} == {"failed"}
        assert contents(folder) == before
        (hermetic / ".docker").mkdir()
        auth = base64.b64encode(b"robot:s3cr3t").decode()
        (hermetic / ".docker/config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
        done = cli("reconcile", "-C", folder, "-o", "json")
        assert done.code == 0, done.err
        verify({(item["file"], item["line"]): item for item in expected}, before, contents(folder), done.json, extra=1)
