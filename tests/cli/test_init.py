"""``init`` as a command: it prints first, writes when it is told to, and a second run has nothing to propose."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from gitops_streams.cli.init import FORMATS
from gitops_streams.demo.images import Image
from gitops_streams.render import proposal

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.fixture
def shop(workspace, registry):
    """Two deployed images that nothing follows, a Flux policy, and a file that is no YAML."""
    for name in ("web", "api"):
        registry.push(f"acme/{name}", "1.0", Image.build(name, "1.0"))
        workspace.deploy(name, f"{registry.host}/acme/{name}:1.0")
    workspace.write("broken.yaml", "image: [\n")
    workspace.commit()
    return workspace


def test_the_formats_are_those_of_the_renderer():
    assert tuple(proposal.FORMATS) == FORMATS


def test_it_prints_declarations_and_writes_nothing(shop, registry):
    before = shop.files()
    done = shop.run("init")
    assert done.code == 0
    documents = [each for each in yaml.safe_load_all(done.out) if each]
    assert [each["metadata"] for each in documents] == [
        {"name": "api", "namespace": "acme"},
        {"name": "web", "namespace": "acme"},
    ]
    assert documents[0]["spec"]["tags"] == [
        {
            "name": "1.0",
            "from": {"kind": "DockerImage", "name": f"{registry.host}/acme/api:1.0"},
            "importPolicy": {"scheduled": True},
        }
    ]
    assert "# imagestreams/acme/web.yaml" in done.out
    assert "broken.yaml:2: not scanned: it is not YAML" in done.out
    assert "2 streams with 2 tags proposed for 2 references in 2 files\nnext: gitops-streams init --write" in done.err
    assert shop.files() == before


def test_what_is_printed_can_be_declared_as_it_stands(shop):
    shop.write("streams.yaml", shop.run("init", "-v").out)
    assert shop.run("check").line("deploy/web.yaml").startswith("deploy/web.yaml:11: unpinned: acme/web:1.0")
    assert "nothing to propose" in shop.run("init").err


def test_init_write_diff_reconcile_init(shop):
    done = shop.run("init", "--write")
    assert "wrote imagestreams/acme/web.yaml\nnext: gitops-streams diff" in done.err
    assert shop.run("diff", "-o", "json").json["summary"]["sites"]["changed"] == 2
    assert shop.run("reconcile").code == 0
    assert b"@sha256:" in shop.read("deploy/web.yaml")
    before = shop.files()
    again = shop.run("init", "--write")
    assert "nothing to propose" in again.err
    assert "kind: ImageStream" not in again.out
    assert shop.files() == before


def test_nothing_is_overwritten(shop):
    shop.write("imagestreams/acme/web.yaml", "mine\n")
    shop.run("init", "--write")
    assert shop.read("imagestreams/acme/web.yaml") == b"mine\n"
    assert b"kind: ImageStream" in shop.read("imagestreams/acme/web-2.yaml")


@pytest.mark.parametrize(
    ("folder", "path"), [("a/b", "a/b/acme/web.yaml"), (".", "acme/web.yaml"), ("", "acme/web.yaml")]
)
def test_another_directory(shop, folder, path):
    assert shop.run("init", "--write", "--directory", folder).code == 0
    assert b"kind: ImageStream" in shop.read(path)


@pytest.mark.parametrize("folder", ["/tmp/x", "../x", ".git/x", "a//../b"])
def test_a_directory_outside_of_the_repository(shop, folder):
    before = shop.files()
    done = shop.run("init", "--write", "--directory", folder)
    assert done.code == 2
    assert f"--directory {folder}: " in done.err
    assert shop.files() == before


def test_a_directory_that_would_not_be_read(shop):
    shop.config("exclude: [imagestreams/]\n")
    done = shop.run("init", "--write")
    assert done.code == 2
    assert "the configuration excludes it" in done.err
    assert not (shop.folder / "imagestreams").exists()


def test_a_directory_that_git_ignores(shop):
    shop.write(".gitignore", "imagestreams/\n")
    done = shop.run("init", "--write")
    assert done.code == 2
    assert "git ignores them" in done.err


def test_a_link_is_not_followed(shop, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (shop.folder / "imagestreams").symlink_to(tmp_path / "elsewhere")
    assert shop.run("init", "--write").code == 1
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_table_and_json(shop, registry):
    shop.write("flux.yaml", 'x: a # {"$imagepolicy": "ns:gone"}\nimage: nginx\n')
    table = shop.run("init", "-o", "table")
    assert table.line("acme/web:1.0").split() == ["acme/web:1.0", f"{registry.host}/acme/web:1.0", "deploy/web.yaml:11"]
    assert table.line("ns:gone").endswith("no stream stands for the Flux policy that its marker names")
    document = shop.run("init", "-o", "json").json
    assert document["schemaVersion"] == 1
    assert [stream["file"] for stream in document["streams"]] == [
        "imagestreams/acme/api.yaml",
        "imagestreams/acme/web.yaml",
    ]
    (use,) = document["streams"][1]["tags"][0]["uses"]
    assert (use["file"], use["line"], use["form"], use["obstacle"]) == ("deploy/web.yaml", 11, "image", None)
    assert {item["what"] for item in document["leftOut"]} == {"ns:gone", "nginx"}
    assert [problem["file"] for problem in document["problems"]] == ["broken.yaml"]


def test_an_empty_repository(workspace):
    workspace.commit()
    done = workspace.run("init", "--write")
    assert (done.code, done.out) == (0, "")
    assert "nothing to propose" in done.err


def test_a_bare_repository(shop, tmp_path):
    bare = tmp_path / "bare.git"
    shop.git("clone", "--quiet", "--bare", str(shop.folder), str(bare))
    done = shop.run("init", "-C", bare)
    assert "name: web" in done.out
    assert shop.run("init", "-C", bare, "--write").code == 2


@pytest.mark.parametrize("example", ["argocd", "flux"])
def test_an_example_without_its_streams_gets_them_back(new_workspace, example):
    workspace = new_workspace(example)
    shutil.copytree(EXAMPLES / example, workspace.folder, dirs_exist_ok=True)
    workspace.commit()
    followed = sites(workspace)
    assert workspace.run("init", "-o", "json").json["streams"] == []
    shutil.rmtree(workspace.folder / "imagestreams")
    proposed = workspace.run("init", "-o", "json").json
    found = [use for stream in proposed["streams"] for tag in stream["tags"] for use in tag["uses"]]
    assert found
    assert [use for use in found if use["obstacle"] is not None] == []
    assert workspace.run("init", "--write").code == 0
    # Places that markers bind wait for a stream of the name that they know.
    assert sites(workspace) >= len(found)
    assert followed >= len(found)


def sites(workspace):
    """Count the references that ``check`` looks at."""
    return workspace.run("check", "-o", "json").json["sites"]


def test_strict_finds_pins_of_no_stream_and_fails_on_warnings(shop, registry):
    shop.run("init", "--write")
    shop.run("reconcile")
    assert shop.run("check").code == 0
    assert shop.run("check", "--strict").code == 0
    shop.deploy("other", f"quay.io/acme/other:1@sha256:{'a' * 64}")
    assert shop.run("check").code == 0
    done = shop.run("check", "--strict")
    assert done.code == 1
    assert "deploy/other.yaml:11: warning: untracked-pin: quay.io/acme/other:1@sha256:aaaaaaaaaaaa…" in done.out
    shop.stream("unused", old="quay.io/acme/unused:1")
    done = shop.run("check")
    assert (done.code, "warning: unused: acme/unused:old" in done.out) == (0, True)
    assert shop.run("check", "--strict", "--base", "HEAD").code == 2
