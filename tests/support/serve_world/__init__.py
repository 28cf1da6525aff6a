"""What tests of the service stand on: images that are pushed to a registry, repositories, and the service itself."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

OCI = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def settle(home: Path) -> None:
    """Have Git and everything that this process starts know nothing of whoever runs it; for benchmarks."""
    os.environ |= {
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "Bench",
        "GIT_AUTHOR_EMAIL": "bench@example.com",
        "GIT_COMMITTER_NAME": "Bench",
        "GIT_COMMITTER_EMAIL": "bench@example.com",
    }


class Pusher:
    """Pushes the smallest images that there are."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._known: set[tuple[str, str]] = set()

    def push(self, repository: str, tag: str, name: str) -> str:
        """Push an image that differs from others by its name; return its digest."""
        config = self._blob(repository, _CONFIG)
        document = {
            "schemaVersion": 2,
            "mediaType": OCI,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": len(_CONFIG), "digest": config},
            "layers": [],
            "annotations": {"name": name},
        }
        body = json.dumps(document).encode()
        self._request("PUT", f"/v2/{repository}/manifests/{tag}", body, OCI, 201)
        return digest_of(body)

    def _blob(self, repository: str, content: bytes) -> str:
        digest = digest_of(content)
        if (repository, digest) not in self._known:
            location = self._request("POST", f"/v2/{repository}/blobs/uploads/", b"", None, 202)
            target = location.partition(self.host)[2] or location
            joint = "&" if "?" in target else "?"
            kind = "application/octet-stream"
            self._request("PUT", f"{target}{joint}digest={digest}", content, kind, 201)
            self._known.add((repository, digest))
        return digest

    def _request(self, method: str, target: str, body: bytes, kind: str | None, expected: int) -> str:
        connection = http.client.HTTPConnection(self.host, timeout=20)
        try:
            connection.request(method, target, body, {"Content-Type": kind} if kind else {})
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status == expected, (answer.status, text)
            return answer.getheader("Location", "")
        finally:
            connection.close()


STREAM = """apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {{name: {name}}}
spec:
  tags:
  - name: {tag}
    from: {{kind: DockerImage, name: {image}}}
    importPolicy: {{scheduled: {scheduled}}}
"""
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  template:
    spec:
      containers:
      - name: main
        image: {image}
"""


def git(directory: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=directory, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.removesuffix("\n")


class Fleet:
    """A bare remote with image streams and deployments that use them, and a clone to change it by."""

    def __init__(self, folder: Path, name: str = "fleet") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.remote = folder / f"{name}.git"
        self.clone = folder / f"{name}-clone"
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.remote))
        git(folder, "clone", "--quiet", str(self.remote), str(self.clone))
        git(self.clone, "symbolic-ref", "HEAD", "refs/heads/main")

    @property
    def url(self) -> str:
        return self.remote.as_uri()

    def write(self, path: str, text: str) -> None:
        file = self.clone / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def stream(self, name: str, image: str, *, tag: str = "1", scheduled: bool = True, used: bool = True) -> None:
        self.write(
            f"streams/{name}.yaml", STREAM.format(name=name, tag=tag, image=image, scheduled=str(scheduled).lower())
        )
        if used:
            self.write(f"deploy/{name}.yaml", DEPLOYMENT.format(name=name, image=image))

    def publish(self, message: str = "Declare") -> str:
        git(self.clone, "add", "--all")
        git(self.clone, "commit", "--quiet", "-m", message)
        git(self.clone, "pull", "--quiet", "--rebase", "origin", "main") if self.head() else None
        git(self.clone, "push", "--quiet", "origin", "HEAD:refs/heads/main")
        return self.head() or ""

    def head(self) -> str | None:
        done = subprocess.run(
            ["git", "rev-parse", "--verify", "--quiet", "refs/heads/main"],
            cwd=self.remote, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout.strip() or None

    def show(self, path: str) -> str:
        return git(self.remote, "show", f"refs/heads/main:{path}")

    def commits(self) -> list[str]:
        return git(self.remote, "log", "--format=%s", "refs/heads/main").splitlines()

    def await_text(self, path: str, text: str, seconds: float = 20.0) -> None:
        """Wait until a file of the branch holds a text."""
        deadline = time.monotonic() + seconds
        while text not in self.show(path):
            assert time.monotonic() < deadline, f"{path} does not get {text}:\n{self.show(path)}"
            time.sleep(0.02)


class Service:
    """``gitops-streams serve`` as a process; a context manager that ends it by SIGTERM."""

    def __init__(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self._environment = os.environ | (environment or {})
        self._arguments = arguments
        self.lines: list[str] = []
        self.page = ""
        self.status: int | None = None

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", "gitops_streams", "serve", *self._arguments],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=self._environment,
        )  # fmt: skip
        started = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(started,))
        self._reader.start()
        assert started.wait(30), "".join(self.lines)
        assert self.page, "".join(self.lines)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self, seconds: float = 40.0) -> int:
        """End it by SIGTERM, if it still runs; one that does not end is made to tell what its threads do."""
        if self.status is None:
            self.process.terminate()
            try:
                self.status = self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGABRT)
                self.status = self.process.wait()
                self._close()
                raise AssertionError(f"still running {seconds} s after SIGTERM:\n{''.join(self.lines)}") from None
            self._close()
        return self.status

    def kill(self) -> None:
        """End it by SIGKILL."""
        self.process.kill()
        self.status = self.process.wait()
        self._close()

    def _close(self) -> None:
        self._reader.join()
        if self.process.stderr is not None:
            self.process.stderr.close()

    def get(self, path: str) -> tuple[int, bytes]:
        return self.send("GET", path)

    def send(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.page.removeprefix("http://"), timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def overview(self) -> dict[str, object]:
        status, body = self.get("/api/overview")
        assert status == 200, body
        found: dict[str, object] = json.loads(body)
        return found

    def await_ready(self, seconds: float = 30.0) -> None:
        """Wait until every repository was visited once."""
        deadline = time.monotonic() + seconds
        while (answer := self.get("/readyz"))[0] != 200:
            assert time.monotonic() < deadline, (answer, self.lines)
            time.sleep(0.05)

    def _read(self, started: threading.Event) -> None:
        for text in self.process.stderr or ():
            self.lines.append(text)
            found = re.search(r"serving.*(http://[^\s\"]+)", text)
            if found:
                self.page = found[1]
                started.set()
        started.set()


class FakeClock:
    """Time that passes when it is told to (``registry.limits.Clock``)."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_700_000_000.0 + self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
