"""The demonstration: the whole job on the sample, each step by the command that a user would type."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from gitops_streams.demo import sample
from gitops_streams.demo.registry import Registry
from gitops_streams.errors import GitopsStreamsError, RepositoryError

Say = Callable[[str], None]
"""Prints one line."""

_IDENTITY = {
    "GIT_AUTHOR_NAME": "gitops-streams demo",
    "GIT_AUTHOR_EMAIL": "demo@gitops-streams.invalid",
    "GIT_COMMITTER_NAME": "gitops-streams demo",
    "GIT_COMMITTER_EMAIL": "demo@gitops-streams.invalid",
}


class DemoFailed(GitopsStreamsError):
    """A step of the demonstration went wrong."""


def walk(folder: Path, registry: Registry, say: Say) -> None:
    """Make the sample repository in an empty folder and go through the whole job.

    Args:
        folder: where the repository is made; it is left there.
        registry: the running embedded registry.
        say: prints one line.

    Raises:
        DemoFailed: a command failed.
        RepositoryError: Git is not installed.
    """
    run = _Runner(folder, registry, say)
    sample.push_images(registry)
    for path, text in sample.files(registry.host).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    say(f"A registry runs on {registry.host}, and a sample GitOps repository is in {folder}:")
    say("three ImageStreams say which tags are followed; a Deployment, a kustomization and Helm values use them.")
    run.quietly("git", "init", "--quiet", "--initial-branch", "main")
    run.quietly("git", "add", "--all")
    run.quietly("git", "commit", "--quiet", "--no-gpg-sign", "--message", "The shop, with tags")

    say("\n1. The dry run: each stream tag is resolved once, nothing is written.\n")
    run("gitops-streams", "diff")
    say("\n2. Commit the pins: only the digests are written, byte for byte, and every edit is proven first.\n")
    run("gitops-streams", "reconcile", "--publish", "commit")
    run("git", "show", "--unified=0", "--format=%s", "HEAD", "--", "apps", "charts")

    repository, tag = sample.MOVED
    sample.move_tag(registry)
    say(f"\n3. Somebody publishes a new build as {repository}:{tag}. Why did it move, and where does it roll out?\n")
    run("gitops-streams", "diff", "--inspect")
    say("The run moves that digest alone. A pull request would say the same, and more (docs/pull-requests.md).\n")
    run("gitops-streams", "reconcile", "--publish", "commit")
    run("git", "show", "--unified=0", "--format=%B", "HEAD", "--", "apps", "charts")

    say("4. It runs as root now? Go back, and stay there whatever the registry says. No registry is asked.\n")
    run("gitops-streams", "rollback", sample.STREAM_TAG, "--reason", "runs as root")
    run("git", "commit", "--all", "--quiet", "--no-gpg-sign", "--message", "Stay at the old front")
    run("gitops-streams", "reconcile", "--publish", "commit")
    run("git", "show", "--unified=0", "--format=%s", "HEAD", "--", "apps", "charts")
    say(f"gitops-streams resume {sample.STREAM_TAG} lets it follow the registry again.")
    say(f"\nThe repository is yours to explore:\n\n   $ cd {shlex.quote(str(folder))}")
    say("   $ gitops-streams status                  what each stream tag resolved to; no network is needed")
    say(f"   $ gitops-streams history {sample.STREAM_TAG}   what it was before, and who moved it")
    say("   $ gitops-streams check                   whether every reference is pinned to it")
    say("   $ git log --patch                        every change, byte for byte")


class _Runner:
    """Runs commands in the sample repository, printing each as a user would type it."""

    def __init__(self, folder: Path, registry: Registry, say: Say) -> None:
        self.folder = folder
        self.say = say
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITOPS_STREAMS_"))}
        # The registry is on loopback: no proxy may be asked for it.
        self.environment = {**kept, **_IDENTITY, "GIT_PAGER": "cat", "NO_PROXY": registry.host.partition(":")[0]}

    def __call__(self, *command: str) -> None:
        """Print a command and what it prints."""
        self.say(f"$ {shlex.join(command)}")
        self.say(self.quietly(*command))

    def quietly(self, *command: str) -> str:
        """Run a command and return what it printed."""
        name, *arguments = command
        ours: Sequence[str] = (sys.executable, "-m", "gitops_streams") if name == "gitops-streams" else (name,)
        try:
            done = subprocess.run(
                [*ours, *arguments],
                cwd=self.folder,
                env=self.environment,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        except FileNotFoundError as error:
            raise RepositoryError(f"{name} is not installed", hint="the demonstration needs git") from error
        if done.returncode:
            raise DemoFailed(f"{shlex.join(command)} failed: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout
