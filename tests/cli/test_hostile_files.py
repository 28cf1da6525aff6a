"""Files as repositories really hold them, and worse: each is named in one clear line, none stops the others."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys

import pytest

HINT = "hint: repair such a file, or list it under exclude in .gitops-streams/config.yaml"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.fixture
def tracked(workspace, registry):
    """Follow one image in a good manifest; give (workspace, its reference, check)."""
    good, digest = workspace.follow(registry, "web")
    reference = f"{registry.host}/acme/web:1.0"

    def reconcile(*arguments, code=0):
        done = workspace.run("reconcile", *arguments)
        assert done.code == code, done.text
        assert f"{reference}@{digest}  #".encode() in workspace.read(good)
        assert workspace.read(good).count(b"@sha256:") == 1
        return done

    return workspace, reference, digest, reconcile


def left_alone(files, path, content):
    return files[path if isinstance(path, bytes) else path.encode()] == (
        content if isinstance(content, bytes) else content.encode()
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("kind: Pod\nspec:\n\timage: {image}\n", "deploy/bad.yaml:3: not scanned: it is not YAML"),
        ("kind: Pod\nimage: {image}\nspec: [1, 2\n", "deploy/bad.yaml:4: not scanned: it is not YAML"),
        ("kind: Pod\nimage: *nobody # {image}\n", "deploy/bad.yaml:2: not scanned: it is not YAML: undefined alias"),
        ("kind: Pod\nimage: {image}\nname: \x01\n", "deploy/bad.yaml:3: not scanned: it is not YAML"),
        (
            "image: {image}\n{{{{- if .Values.on }}}}\nname: x\n{{{{- end }}}}\n",
            "deploy/bad.yaml:3: not scanned: it is a template, not YAML",
        ),
        (
            "kind: Pod\nimage: {image}\nx: " + 250 * "[" + 250 * "]" + "\n",
            "deploy/bad.yaml:3: not scanned: it is not YAML",
        ),
        ("kind: Pod\nimage: {image}\nx: " + 200_000 * "[" + "\n", "deploy/bad.yaml:3: not scanned: it is not YAML"),
        ("kind: Pod\nimage: {image}\n" + "".join(f"{' ' * n}a:\n" for n in range(2000)), "deploy/bad.yaml:"),
        ("\ufeff\ufeffkind: Pod\nimage: {image}\n", "deploy/bad.yaml:1: not scanned"),
    ],
    ids=[
        "tab",
        "open flow",
        "undefined alias",
        "control character",
        "template",
        "deep",
        "deepest",
        "deep block",
        "two BOMs",
    ],
)
def test_what_is_not_yaml(tracked, content, says):
    workspace, reference, _, reconcile = tracked
    text = content.format(image=reference)
    workspace.write("deploy/bad.yaml", text)
    done = reconcile()
    assert done.line("deploy/bad.yaml").startswith(says)
    assert done.line("hint: ") == HINT
    assert left_alone(workspace.files(), "deploy/bad.yaml", text)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"kind: Pod\nimage: IMAGE\nname: caf\xe9\n", "deploy/bad.yaml:3: not scanned: it is not valid UTF-8"),
        (b"kind: Pod\nimage: IMAGE\nname: \xed\xa0\x80\n", "deploy/bad.yaml:3: not scanned: it is not valid UTF-8"),
    ],
)
def test_what_is_not_utf8(tracked, content, says):
    workspace, reference, _, reconcile = tracked
    content = content.replace(b"IMAGE", reference.encode())
    workspace.write("deploy/bad.yaml", content)
    assert reconcile().line("deploy/bad.yaml").startswith(says)
    assert left_alone(workspace.files(), "deploy/bad.yaml", content)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_with_a_tracked_reference_is_named(tracked, encoding):
    workspace, reference, _, reconcile = tracked
    content = f"\ufeffkind: Pod\nimage: {reference}\n".encode(encoding)
    workspace.write("deploy/bad.yaml", content)
    assert reconcile().line("deploy/bad.yaml") == "deploy/bad.yaml: not scanned: it is UTF-16; save it as UTF-8"
    assert left_alone(workspace.files(), "deploy/bad.yaml", content)


def test_utf16_without_one_is_of_no_interest(tracked):
    workspace, _, _, reconcile = tracked
    content = "kind: Pod\nimage: other.example.com/a/b:1\n".encode("utf-16")
    workspace.write("deploy/bad.yaml", content)
    assert "bad.yaml" not in reconcile().text
    assert left_alone(workspace.files(), "deploy/bad.yaml", content)


def test_utf32_is_left_alone(tracked):
    workspace, reference, _, reconcile = tracked
    content = f"kind: Pod\nimage: {reference}\n".encode("utf-32")
    workspace.write("deploy/bad.yaml", content)
    reconcile()
    assert left_alone(workspace.files(), "deploy/bad.yaml", content)


def test_utf16_that_is_found_is_named(tracked):
    workspace, reference, _, reconcile = tracked
    content = "\ufeffkind: Pod\n".encode("utf-16-le") + f"image: {reference}\n".encode()
    workspace.write("deploy/bad.yaml", content)
    assert reconcile().line("deploy/bad.yaml") == ("deploy/bad.yaml: not scanned: it is UTF-16; save it as UTF-8")


def test_a_bomb_costs_no_more_than_its_length(tracked):
    workspace, reference, digest, reconcile = tracked
    workspace.write("deploy/bomb.yaml", f"{BOMB}image: {reference}\n")
    done = reconcile()
    assert workspace.read("deploy/bomb.yaml").decode() in {
        f"{BOMB}image: {reference}\n",
        f"{BOMB}image: {reference}@{digest}\n",
    }
    if "@sha256" not in workspace.read("deploy/bomb.yaml").decode():
        assert "deploy/bomb.yaml" in done.out


def test_a_bomb_under_an_image_key(tracked):
    workspace, reference, _, reconcile = tracked
    text = f"{BOMB}image: *i\n# {reference}\n"
    workspace.write("deploy/bomb.yaml", text)
    reconcile()
    assert left_alone(workspace.files(), "deploy/bomb.yaml", text)


def test_fifty_megabytes(tracked):
    workspace, reference, _, reconcile = tracked
    content = f"image: {reference}\n".encode() + b"# filler, line after line, of a file nobody meant\n" * 1_000_000
    assert len(content) > 49_000_000
    workspace.write("deploy/large.yaml", content)
    done = reconcile()
    line = done.line("deploy/large.yaml")
    assert line.startswith("deploy/large.yaml: not scanned: larger than the limit of 16777216 bytes: it has ")
    assert done.line("hint: ") == HINT
    assert workspace.read("deploy/large.yaml") == content


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"kind: Pod\r\nspec:\r\n  image: IMAGE\r\n", b"kind: Pod\r\nspec:\r\n  image: PINNED\r\n"),
        (b"\xef\xbb\xbfkind: Pod\nimage: IMAGE\n", b"\xef\xbb\xbfkind: Pod\nimage: PINNED\n"),
        (b"\xef\xbb\xbfkind: Pod\r\nimage: 'IMAGE'\r\n", b"\xef\xbb\xbfkind: Pod\r\nimage: 'PINNED'\r\n"),
        (b"kind: Pod\nimage: IMAGE", b"kind: Pod\nimage: PINNED"),
        (b"kind: Pod\nimage:\tIMAGE\t# tab\n", b"kind: Pod\nimage:\tPINNED\t# tab\n"),
        (b'image: IMAGE \t \n...\n---\nimage: "IMAGE"\n', b'image: PINNED \t \n...\n---\nimage: "PINNED"\n'),
        ("# ünï\n日本: {image: IMAGE}\n".encode(), "# ünï\n日本: {image: PINNED}\n".encode()),
        (b'{"image": "IMAGE"}', b'{"image": "PINNED"}'),
        (b"kind: Pod\rimage: IMAGE\r", b"kind: Pod\rimage: PINNED\r"),
        ("x: a\u2028b\u0085c\nimage: IMAGE\n".encode(), "x: a\u2028b\u0085c\nimage: PINNED\n".encode()),
    ],
    ids=["CRLF", "BOM", "BOM and CRLF", "no final newline", "tabs", "documents", "unicode", "flow", "CR", "odd breaks"],
)
def test_bytes_around_the_pin_stay(tracked, before, after):
    workspace, reference, digest, reconcile = tracked
    before = before.replace(b"IMAGE", reference.encode())
    workspace.write("deploy/odd.yaml", before)
    done = reconcile()
    pinned = after.replace(b"PINNED", f"{reference}@{digest}".encode())
    there = workspace.read("deploy/odd.yaml")
    if there != pinned:
        assert there == before
        assert "deploy/odd.yaml" in done.out


def test_a_key_that_stands_twice(tracked):
    workspace, reference, _, reconcile = tracked
    text = f"kind: Pod\nspec:\n  image: {reference}\n  image: {reference}\n"
    workspace.write("deploy/twice.yaml", text)
    done = reconcile()
    assert left_alone(workspace.files(), "deploy/twice.yaml", text)
    assert "deploy/twice.yaml:" in done.out
    assert "twice" in done.out


def test_a_key_that_stands_twice_elsewhere_in_the_file(tracked):
    workspace, reference, digest, reconcile = tracked
    text = f"kind: Pod\nmetadata: {{a: 1, a: 2}}\nimage: {reference}\n"
    workspace.write("deploy/twice.yaml", text)
    done = reconcile()
    there = workspace.read("deploy/twice.yaml").decode()
    if f"@{digest}" in there:
        assert there == text.replace(reference, f"{reference}@{digest}")
    else:
        assert there == text
        assert "deploy/twice.yaml:3" in done.out


def test_an_anchored_reference_is_edited_once_for_all_its_aliases(tracked):
    workspace, reference, digest, reconcile = tracked
    text = f"kind: Pod\na:\n  image: &image {reference}\nb:\n  image: *image\nc:\n  <<: {{image: *image}}\n"
    workspace.write("deploy/anchor.yaml", text)
    reconcile()
    assert workspace.read("deploy/anchor.yaml").decode() == text.replace(reference, f"{reference}@{digest}")
    assert reconcile_again(workspace) == 0


def test_an_anchored_map_is_edited_once_for_all_its_aliases(tracked):
    workspace, reference, digest, reconcile = tracked
    text = f"kind: Pod\na: &main\n  image: {reference}\nb: *main\nc:\n  <<: *main\n  name: c\n"
    workspace.write("deploy/anchor.yaml", text)
    reconcile()
    assert workspace.read("deploy/anchor.yaml").decode() == text.replace(reference, f"{reference}@{digest}")
    assert reconcile_again(workspace) == 0


def reconcile_again(workspace):
    before = workspace.files()
    done = workspace.run("reconcile", "--exit-code")
    assert workspace.files() == before
    return done.code


def test_a_tag_shared_by_an_anchor_with_another_repository_is_not_edited(tracked):
    workspace, reference, _, reconcile = tracked
    repository = reference.removesuffix(":1.0")
    mine = f"{{repository: {repository}, tag: &tag '1.0'}}"
    text = f"a:\n  image: {mine}\nb:\n  image: {{repository: elsewhere/x, tag: *tag}}\n"
    workspace.write("chart/values.yaml", text)
    done = reconcile()
    assert left_alone(workspace.files(), "chart/values.yaml", text)
    assert "chart/values.yaml:2" in done.out


def test_links_are_never_followed(tracked, tmp_path):
    workspace, reference, digest, reconcile = tracked
    outside = tmp_path / "outside"
    outside.mkdir()
    text = f"kind: Pod\nimage: {reference}\n"
    (outside / "a.yaml").write_text(text)
    (workspace.folder / "deploy/link.yaml").symlink_to(outside / "a.yaml")
    (workspace.folder / "linked").symlink_to(outside)
    (workspace.folder / "deploy/dangling.yaml").symlink_to("nowhere.yaml")
    (workspace.folder / "deploy/loop.yaml").symlink_to("loop.yaml")
    (workspace.folder / "deploy/inside.yaml").symlink_to("web.yaml")
    workspace.commit()
    reconcile()
    assert (outside / "a.yaml").read_text() == text
    assert (workspace.folder / "deploy/inside.yaml").is_symlink()
    assert str(digest) in (workspace.folder / "deploy/inside.yaml").read_text()
    workspace.git("checkout", "--quiet", "--", ".")
    assert workspace.run("reconcile", "--publish", "commit").code == 0
    assert (outside / "a.yaml").read_text() == text
    assert (workspace.folder / "linked").is_symlink()


def test_a_status_folder_that_leads_out_of_the_repository_is_not_written_through(tracked, tmp_path):
    workspace, _, _, _ = tracked
    outside = tmp_path / "outside"
    outside.mkdir()
    (workspace.folder / ".gitops-streams").symlink_to(outside)
    before = workspace.files()
    done = workspace.run("reconcile")
    assert done.code == 1
    assert done.err.startswith("error: .gitops-streams")
    assert "symbolic link" in done.err
    assert done.line("hint: ").startswith("hint: make it a regular file")
    assert list(outside.iterdir()) == []
    assert workspace.files() == before


def test_a_tracked_file_whose_folder_became_a_link_is_not_written_through(tracked, tmp_path):
    workspace, _, _, _ = tracked
    workspace.commit()
    (workspace.folder / "deploy").rename(tmp_path / "moved")
    (workspace.folder / "deploy").symlink_to(tmp_path / "moved")
    before = (tmp_path / "moved/web.yaml").read_bytes()
    assert workspace.run("reconcile").code in {0, 1}
    done = workspace.run("reconcile", "--publish", "commit")
    assert done.code == 1
    assert "deploy" in done.err
    assert (tmp_path / "moved/web.yaml").read_bytes() == before


def test_submodules_are_their_own_repositories(tracked, new_workspace, registry, cli):
    workspace, reference, digest, reconcile = tracked
    inner = new_workspace("inner")
    text = f"kind: Pod\nimage: {reference}\n"
    inner.write("pod.yaml", text)
    inner.stream("inner", prod=reference)
    inner.commit()
    workspace.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.folder), "vendor/inner")
    workspace.commit()
    reconcile()
    assert workspace.read("vendor/inner/pod.yaml").decode() == text
    workspace.git("checkout", "--quiet", "--", ".")
    assert workspace.run("reconcile", "--publish", "commit").code == 0
    assert workspace.read("vendor/inner/pod.yaml").decode() == text
    assert workspace.git("status", "--porcelain") == ""
    # From inside, it is a repository like any other; its .git is a file.
    assert cli("reconcile", "-C", workspace.folder / "vendor/inner").code == 0
    assert workspace.read("vendor/inner/pod.yaml").decode() == text.replace(reference, f"{reference}@{digest}")


NAMES = [
    b"with space.yaml",
    b"-leading-dash.yaml",
    b"--force.yaml",
    b"new\nline.yaml",
    b"carriage\rreturn.yaml",
    b"tab\t.yaml",
    b'quote".yaml',
    b"back\\slash.yaml",
    b"latin-\xe9.yaml",
    "ünïcödé-日本.yaml".encode(),
    b"*.yaml",
    b":(exclude)magic.yaml",
    b"a\x1b[31m.yaml",
    b"$(touch pwned).yaml",
    b"%s%n{0}.yaml",
    b"a..b/..c/d.yaml",
]


@pytest.mark.parametrize("publish", ["worktree", "commit"])
def test_file_names_of_every_kind(tracked, publish):
    workspace, reference, digest, _ = tracked
    text = f"kind: Pod\nimage: {reference}\n"
    for name in NAMES:
        workspace.write(name, text)
    workspace.commit()
    done = workspace.run("reconcile", "--publish", publish, "-v")
    assert done.code == 0, done.text
    assert "\x1b" not in done.text
    files = workspace.files()
    pinned = text.replace(reference, f"{reference}@{digest}").encode()
    assert {name: files[name] for name in NAMES} == dict.fromkeys(NAMES, pinned)
    assert not any(name == b"pwned" for name in files)
    second = workspace.run("reconcile", "--publish", publish, "--exit-code")
    assert second.code == 0
    assert workspace.files() == files
    if publish == "commit":
        assert workspace.git("status", "--porcelain") == ""


def test_a_diff_with_file_names_of_every_kind_applies(tracked):
    workspace, reference, digest, _ = tracked
    for name in NAMES:
        workspace.write(name, f"kind: Pod\nimage: {reference}\n")
    workspace.commit()
    patch = workspace.process("diff", "-o", "diff").out
    subprocess.run(["git", "apply", "--check", "-"], cwd=workspace.folder, input=patch.encode(), check=True)
    subprocess.run(["git", "apply", "-"], cwd=workspace.folder, input=patch.encode(), check=True)
    applied = workspace.files()
    workspace.git("checkout", "--quiet", "--", ".")
    workspace.run("reconcile")
    status = b".gitops-streams/status/acme/web.lock"
    assert applied == {name: content for name, content in workspace.files().items() if name != status}
    assert str(digest) in patch


def test_ignored_files_are_not_edited(tracked):
    workspace, reference, _, reconcile = tracked
    text = f"kind: Pod\nimage: {reference}\n"
    workspace.write(".gitignore", "build/\n")
    workspace.write("build/pod.yaml", text)
    reconcile()
    assert left_alone(workspace.files(), "build/pod.yaml", text)


def test_excluded_files_are_not_edited(tracked):
    workspace, reference, _, reconcile = tracked
    text = f"kind: Pod\nimage: {reference}\n"
    workspace.config("exclude: ['vendor/**']\n")
    workspace.write("vendor/deep/pod.yaml", text)
    reconcile()
    assert left_alone(workspace.files(), "vendor/deep/pod.yaml", text)


def test_a_pipe_that_is_named_like_a_manifest(tracked):
    workspace, _, _, reconcile = tracked
    os.mkfifo(workspace.folder / "deploy/pipe.yaml")
    reconcile()


def test_a_status_file_that_is_not_ours_is_said_and_rebuilt(tracked):
    workspace, _, digest, reconcile = tracked
    workspace.write(".gitops-streams/status/acme/web.lock", "{{{ no status")
    done = reconcile()
    assert "will be rebuilt" in done.line(".gitops-streams/status/acme/web.lock")
    assert str(digest).encode() in workspace.read(".gitops-streams/status/acme/web.lock")


# What the operating system refuses. Root is refused nothing by the modes of files as long as it has these capabilities
# (capability.h: CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH).
CAPABILITIES = (1, 2)
PR_CAPBSET_DROP = 24


@pytest.fixture
def unprivileged(workspace):
    """Run the program as a user whom permissions bind; root gives up what lets it pass them by."""

    def run(*arguments):
        if os.geteuid() != 0:
            return workspace.process(*arguments)
        libc = ctypes.CDLL(None)
        settings = {"preexec_fn": lambda: [libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) for number in CAPABILITIES]}
        closed = workspace.folder.with_name("closed")
        closed.touch(mode=0)
        probe = subprocess.run(["cat", closed], capture_output=True, check=False, **settings)
        if probe.returncode == 0:
            pytest.skip("root cannot give up its capabilities here")
        return workspace.process(*arguments, **settings)

    return run


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_file_that_must_not_be_written(workspace, registry, unprivileged, what):
    bad, _ = workspace.follow(registry, "web")
    workspace.follow(registry, "api")
    workspace.commit()
    (workspace.folder / bad).chmod(0o444)
    if what == "folder":
        (workspace.folder / "deploy").chmod(0o555)
    before = workspace.files()
    done = unprivileged("reconcile")
    (workspace.folder / "deploy").chmod(0o755)
    assert done.code == 1
    place = "deploy/" if what == "folder" else bad
    assert done.err.startswith(f"error: {place}")
    assert "was not written: Permission denied" in done.err
    assert done.line("hint: ").startswith("hint: check the permissions of the file and its directory")
    assert workspace.files() == before


def test_a_file_that_must_not_be_read(workspace, registry, unprivileged):
    good, digest = workspace.follow(registry, "web")
    closed = workspace.deploy("closed", f"{registry.host}/acme/web:1.0")
    (workspace.folder / closed).chmod(0)
    done = unprivileged("reconcile")
    assert done.code == 0
    assert done.line("deploy/closed.yaml: ").startswith("deploy/closed.yaml: not scanned: permission denied")
    assert str(digest).encode() in workspace.read(good)


def test_a_disk_that_is_full(workspace, registry):
    """A limit on the size of files is the full disk that a test can have; the kernel cuts the write short."""
    path, _ = workspace.follow(registry, "web")
    workspace.follow(registry, "api")
    filler = "# filler\n" * 20_000
    workspace.write(path, workspace.read(path).decode() + filler)
    before = workspace.files()
    done = workspace.process(
        "reconcile", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    )
    assert done.code == 1
    assert done.err.startswith(f"error: {path} was not written: File too large")
    assert "hint: " in done.err
    assert workspace.files() == before
    assert workspace.run("reconcile").code == 0


@pytest.mark.parametrize("publish", ["worktree", "commit"])
def test_a_disk_that_really_is_full(new_workspace, registry, tmp_path, git, publish):
    """A small file system of its own, in a mount namespace of its own."""
    done = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("no mount namespaces here")
    workspace = new_workspace("work")
    path, _ = workspace.follow(registry, "web")
    workspace.write(path, workspace.read(path).decode() + "# filler\n" * 20_000)
    workspace.commit()
    before = workspace.files()
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    # 1 MB holds the repository; what is left after the filler cannot hold another copy of the manifest.
    script = f"""
mount -t tmpfs -o size=1m none {mounted} && cp -a {workspace.folder} {mounted}/work && cd {mounted}/work || exit 99
dd if=/dev/zero of={mounted}/filler bs=1k count=1024 2>/dev/null
for size in 100 60 30; do truncate -s -${{size}}k {mounted}/filler; done
dd if=/dev/zero of={mounted}/filler2 bs=1k count=1024 2>/dev/null
rm {mounted}/filler2; dd if=/dev/zero of={mounted}/filler2 bs=1k count=130 2>/dev/null
"$@"; code=$?
rm {mounted}/filler {mounted}/filler2
tar -C {mounted}/work -cf {tmp_path}/after.tar . || exit 98
exit $code
"""
    done = subprocess.run(
        [
            "unshare",
            "-rm",
            "sh",
            "-c",
            script,
            "sh",
            sys.executable,
            "-m",
            "gitops_streams",
            "reconcile",
            "--publish",
            publish,
        ],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert "No space left on device" in done.stderr
    assert "hint: " in done.stderr
    after = tmp_path / "after"
    after.mkdir()
    subprocess.run(["tar", "-C", after, "-xf", tmp_path / "after.tar"], check=True)
    assert {name: (after / name.decode()).read_bytes() for name in before} == before
    assert git(after, "rev-parse", "HEAD") == workspace.git("rev-parse", "HEAD")
