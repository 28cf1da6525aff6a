"""What whole commands print, to the letter. With UPDATE_SNAPSHOTS=1 in the environment they are written anew.

Ports, paths and commits differ from run to run. A port's placeholder is as long as a port that the kernel chooses
(five digits), so that columns stay in line.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from gitops_streams.demo import sample
from gitops_streams.demo.exchange import Response
from gitops_streams.demo.images import Image

SNAPSHOTS = Path(__file__).parent / "snapshots"
UPDATE = os.environ.get("UPDATE_SNAPSHOTS") == "1"


@pytest.fixture
def matches(registry):
    """Compare what a command printed with its snapshot."""

    def compare(name, done, *folders, commits=()):
        text = f"{done.out}{'--- stderr ---' + chr(10) + done.err if done.err else ''}exit {done.code}\n"
        for folder in folders:
            text = text.replace(str(folder), "/FOLDER")
        text = re.sub(r"127\.0\.0\.1:\d{5}\b", "127.0.0.1:_PORT", text)
        text = re.sub(r"\bindex [0-9a-f]+\.\.[0-9a-f]+", "index OLD..NEW", text)
        text = re.sub(r"(committed .* as )[0-9a-f]{12}", r"\1COMMIT", text)
        for commit in commits:
            text = text.replace(commit[:12], "COMMITCOMMIT")
        path = SNAPSHOTS / f"{name}.txt"
        if UPDATE:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        assert text == path.read_text()

    return compare


@pytest.fixture
def shop(workspace, registry):
    """The demonstration's repository."""
    sample.push_images(registry)
    for path, text in sample.files(registry.host).items():
        workspace.write(path, text)
    workspace.commit()
    return workspace


def test_demo(matches, cli, tmp_path):
    matches("demo", cli("demo", "--folder", tmp_path / "demo"), tmp_path)


@pytest.mark.parametrize("output", ["table", "diff", "markdown", "json-patch"])
def test_diff(matches, shop, output):
    matches(f"diff-{output}", shop.run("diff", "-o", output))


def test_reconcile(matches, shop):
    matches("reconcile", shop.run("reconcile", "--publish", "commit"))
    matches("reconcile-again", shop.run("reconcile", "--publish", "commit", "-v"))


def test_status(matches, shop):
    matches("status-before", shop.run("status"))
    shop.run("reconcile")
    matches("status", shop.run("status"))


def test_sites(matches, shop, registry):
    lines = [
        "kind: ConfigMap\ndata:\n  web.yaml: |\n    image: WEB:1.4",
        "b: {image: WEB:1.4} # gitops-streams: ignore",
        "c: {image: WEB:9} # gitops-streams: no",
        "d: {image: quay.io/acme/other:1}\n",
    ]
    shop.write("apps/web/notes.yaml", "\n".join(lines).replace("WEB", f"{registry.host}/shop/web"))
    matches("sites", shop.run("sites"))
    matches("sites-untracked", shop.run("sites", "--untracked"))


def test_check(matches, shop, registry):
    matches("check", shop.run("check"))
    shop.run("reconcile")
    matches("check-clean", shop.run("check"))
    before = shop.read("apps/web/deployment.yaml")
    registry.push("shop/web", "1.4", Image.build("web", "1.4.1"))
    shop.run("reconcile")
    shop.write("apps/web/deployment.yaml", before)
    matches("check-behind", shop.run("check"))


def test_verbs(matches, shop, registry):
    """A rollback from typing it to its end, and what is refused."""
    shop.run("reconcile")
    registry.push("shop/web", "1.4", Image.build("web", "1.4.1"))
    shop.run("reconcile")
    matches("rollback", shop.run("rollback", "shop/web:prod", "--reason", "login is broken"))
    matches("rollback-again", shop.run("rollback", "shop/web:prod"))
    matches("reconcile-held", shop.run("reconcile"))
    matches("resume", shop.run("resume", "web:prod"))
    matches("tag", shop.run("tag", f"{registry.host}/shop/web:1.5", "web:next", "cache:7", "--scheduled"))
    matches("tag-delete", shop.run("tag", "-d", "web:next", "--dry-run"))


def test_a_failing_run(matches, shop, registry):
    """One tag is not there, one file cannot be scanned, one declaration is wrong; the rest is done."""
    registry.intercept = lambda request: Response(404) if "/cache/" in request.path else None
    shop.write("apps/web/broken.yaml", f"image: {registry.host}/shop/web:1.4\nports: [80\n")
    shop.stream("typo", prod="quay.io/Shop/Web:1")
    matches("failing", shop.run("reconcile"))


def test_an_error(matches, shop):
    shop.config("pni: digest\n")
    matches("error", shop.run("reconcile"))


@pytest.mark.parametrize("output", ["yaml", "table"])
def test_init(matches, shop, output):
    (shop.folder / "imagestreams" / "shop.yaml").unlink()
    matches(f"init-{output}", shop.run("init", "-v", "-o", output))


def test_history_and_a_revert(matches, shop, registry, monkeypatch):
    for date, author in (("2026-01-02T03:04:05Z", "Image Bot"), ("2026-01-09T03:04:05Z", "Image Bot")):
        monkeypatch.setenv("GIT_AUTHOR_DATE", date)
        monkeypatch.setenv("GIT_AUTHOR_NAME", author)
        assert shop.run("reconcile", "--publish", "commit").code == 0
        registry.push("shop/web", "1.4", Image.build("shop/web", date))
    commits = shop.git("log", "--format=%H").split()
    matches("history", shop.run("history", "web"), commits=commits)

    monkeypatch.setenv("GIT_AUTHOR_DATE", "2026-01-10T03:04:05Z")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Ann")
    registry.push("shop/web", "1.4", Image.build("shop/web", "2026-01-02T03:04:05Z"))
    shop.git("revert", "--no-edit", "HEAD")
    commits += shop.git("log", "--format=%H", "-1").split()
    matches("diff-held", shop.run("diff"), commits=commits)
    matches("diff-held-markdown", shop.run("diff", "-o", "markdown", "--no-inspect"), commits=commits)
