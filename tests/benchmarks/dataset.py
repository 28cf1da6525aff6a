"""The benchmark's data: images of a registry, and a GitOps repository that refers to them. A function of its seed.

The shape is a platform team's monorepo: applications with workloads, kustomize overlays, Helm values
and ConfigMaps, some repositories used everywhere and most of them seldom.
"""

from __future__ import annotations

import http.client
import json
import random
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from gitops_streams.demo.images import AMD64, ARM64, Flavour, Image

TAGS = [f"{major}.{minor}" for major in (1, 2) for minor in range(5)]
_WORDS = ["api", "gateway", "worker", "search", "mailer", "proxy", "billing", "auth", "report", "media"]


@dataclass(frozen=True)
class Expected:
    """A place that must be pinned: its image with the tag, and where its digest is or must be."""

    file: str
    line: int
    digest: str
    image: str = ""


@dataclass
class Dataset:
    """The tree that was written."""

    root: Path
    expected: list[Expected] = field(default_factory=list)
    used: dict[tuple[str, str], str] = field(default_factory=dict)
    """Repository and tag of every reference that must be pinned, and the digest."""
    mentioned: dict[tuple[str, str], str] = field(default_factory=dict)
    """What ConfigMaps merely mention: it exists, but nothing that is deployed refers to it there."""

    def after(self, moved: dict[tuple[str, str], str], registry: str) -> list[Expected]:
        """Return the places of this tree that must be changed once some tags have moved."""
        digests = {f"{registry}/{name}:{tag}": digest for (name, tag), digest in moved.items()}
        return [replace(place, digest=digests[place.image]) for place in self.expected if place.image in digests]


def image(repository: str, tag: str, generation: int = 0) -> Image:
    """Build the image of one tag: a third are indexes over two platforms, a third have Docker's media types."""
    kind = int(repository[-3:]) % 3
    platforms = (AMD64, ARM64) if kind == 0 else (AMD64,)
    flavour = Flavour.DOCKER if kind == 1 else Flavour.OCI
    content = f"{tag} of {repository}" + (f", build {generation}" if generation else "")
    return Image.build(repository.rpartition("/")[2], content, platforms=platforms, flavour=flavour)


def repositories(count: int) -> list[str]:
    """Name the repositories."""
    return [f"{_WORDS[i % 7]}-team/{_WORDS[i % len(_WORDS)]}-{i:03d}" for i in range(count)]


def write_tree(root: Path, registry: str, *, files: int, count: int, pinned: bool, seed: int = 1) -> Dataset:
    """Write the repository and commit it.

    Args:
        root: a folder that does not exist.
        registry: the registry's host and port.
        files: how many files to write.
        count: how many repositories the images come from.
        pinned: whether every reference has its digest already.
        seed: another one gives another tree.
    """
    rnd = random.Random(seed)
    data = Dataset(root)
    names = repositories(count)
    digests: dict[tuple[str, str], str] = {}

    def pick() -> tuple[str, str, str]:
        name, tag = names[int(rnd.random() ** 1.6 * len(names))], rnd.choice(TAGS)
        if (name, tag) not in digests:
            digests[name, tag] = str(image(name, tag).digest)
        return name, tag, digests[name, tag]

    def write(path: str, lines: list[str], sites: list[tuple[int, tuple[str, str, str]]]) -> None:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        end = "\r\n" if rnd.random() < 0.01 else "\n"
        target.write_bytes((end.join(lines) + end).encode())
        for index, (name, tag, digest) in sites:
            data.expected.append(Expected(path, index + 1, digest, f"{registry}/{name}:{tag}"))
            data.used[name, tag] = digest

    for name in names:
        write(f"imagestreams/{name.replace('/', '-')}.yaml", _stream(name, registry), [])
    written, app = len(names), 0
    while written < files:
        for path, lines, sites in _application(app, registry, rnd, pick, data.mentioned, pinned=pinned):
            if written < files:
                write(path, lines, sites)
                written += 1
        app += 1
    _commit(root)
    return data


def move(used: Iterable[tuple[str, str]], share: float, seed: int = 1) -> dict[tuple[str, str], str]:
    """Choose a share of the tags, which are built again, and return their new digests."""
    tags = sorted(used)
    chosen = random.Random(seed).sample(tags, max(1, round(len(tags) * share)))
    return {(name, tag): str(image(name, tag, 1).digest) for name, tag in sorted(chosen)}


def push(registry: str, used: Iterable[tuple[str, str]], generation: int = 0) -> None:
    """Push the images of a tree over one connection."""
    connection = http.client.HTTPConnection(registry)
    present: set[tuple[str, str]] = set()

    def call(method: str, path: str, body: bytes, kind: str = "application/octet-stream") -> str:
        connection.request(method, path, body, {"Content-Type": kind})
        reply = connection.getresponse()
        text = reply.read()
        if reply.status >= http.client.BAD_REQUEST:
            raise RuntimeError(f"{method} {path}: {reply.status} {text[:200]!r}")
        return reply.getheader("Location") or ""

    for name, tag in sorted(used):
        built = image(name, tag, generation)
        for part in (*built.members, built):
            for blob in part.blobs:
                digest = str(part.digest.of(blob))
                if (name, digest) not in present:
                    location = call("POST", f"/v2/{name}/blobs/uploads/", b"").split(registry, 1)[-1]
                    call("PUT", f"{location}{'&' if '?' in location else '?'}digest={digest}", blob)
                    present.add((name, digest))
            reference = tag if part is built else str(part.digest)
            call("PUT", f"/v2/{name}/manifests/{reference}", part.content, part.media_type)
    connection.close()


def _stream(name: str, registry: str) -> list[str]:
    lines = ["apiVersion: image.openshift.io/v1", "kind: ImageStream", "metadata:"]
    lines += [f"  name: {name.replace('/', '-')}", "spec:", "  tags:"]
    for tag in TAGS:
        lines += [f'    - name: "{tag}"', "      from:", "        kind: DockerImage"]
        lines += [f"        name: {registry}/{name}:{tag}", "      importPolicy: {scheduled: true}"]
    return lines


def _application(app: int, registry: str, rnd: random.Random, pick, mentioned, *, pinned: bool) -> Iterator[tuple]:
    top = f"apps/{rnd.choice(_WORDS)}/app-{app:05d}"
    for kind, file in (("Deployment", "deployment"), ("StatefulSet", "store")):
        lines = [f"# app-{app:05d}", "apiVersion: apps/v1", f"kind: {kind}", "metadata:", f"  name: app-{app:05d}"]
        lines += ["spec:", "  replicas: 2", "  template:", "    spec:", "      containers:"]
        sites = []
        for index in range(rnd.choice([1, 1, 2, 3])):
            name, tag, digest = chosen = pick()
            quote, note = rnd.choice(["", "", '"', "'"]), rnd.choice(["", "", "  # since the move"])
            suffix = f"@{digest}" if pinned else ""
            lines += [
                f"        - name: c{index}",
                f"          image: {quote}{registry}/{name}:{tag}{suffix}{quote}{note}",
            ]
            sites.append((len(lines) - 1, chosen))
            lines += ["          env:", "            - name: LOG_LEVEL", "              value: info"]
            lines += [
                "          ports: [{containerPort: 8080}]",
                "          resources:",
                "            limits: {memory: 256Mi}",
            ]
        yield f"{top}/base/{file}.yaml", lines, sites
    name, tag, digest = pick()
    mentioned[name, tag] = digest
    config = ["apiVersion: v1", "kind: ConfigMap", "metadata:"]
    yield (
        f"{top}/base/configmap.yaml",
        [*config, f"  name: app-{app:05d}", "data:", "  notes: |", f"    image: {registry}/{name}:{tag}"],
        [],
    )
    service = [
        "apiVersion: v1",
        "kind: Service",
        "metadata:",
        f"  name: app-{app:05d}",
        "spec:",
        "  ports: [{port: 80}]",
    ]
    yield f"{top}/base/service.yaml", service, []
    base = ["apiVersion: kustomize.config.k8s.io/v1beta1", "kind: Kustomization"]
    base += ["resources: [deployment.yaml, store.yaml, configmap.yaml, service.yaml]"]
    yield f"{top}/base/kustomization.yaml", base, []
    for environment in ("dev", "prod"):
        lines = [
            "apiVersion: kustomize.config.k8s.io/v1beta1",
            "kind: Kustomization",
            "resources: [../../base]",
            "images:",
        ]
        sites = []
        for _ in range(rnd.choice([1, 2, 3])):
            name, tag, digest = chosen = pick()
            # Both spellings of a pin are in use; Renovate reads the first only, kustomize and we read both.
            joined = pinned and environment == "dev"
            lines += [f"  - name: {registry}/{name}", f'    newTag: "{tag}{f"@{digest}" if joined else ""}"']
            lines += [f"    digest: {digest}"] if pinned and not joined else []
            sites.append((len(lines) - 1, chosen))
        yield f"{top}/overlays/{environment}/kustomization.yaml", lines, sites
    name, tag, digest = chosen = pick()
    suffix = f"@{digest}" if pinned else ""
    lines = ["image:", f"  registry: {registry}", f"  repository: {name}", f'  tag: "{tag}{suffix}"']
    yield f"{top}/chart/values.yaml", lines, [(3, chosen)]


def _commit(root: Path) -> None:
    identity = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@example.invalid"]
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--no-gpg-sign", "-m", "The tree"]):
        subprocess.run(["git", *identity, *arguments], cwd=root, check=True)


def read_expected(path: Path) -> list[Expected]:
    """Read ground truth from a JSON list of objects with ``file``, ``line`` and ``digest``."""
    return [
        Expected(entry["file"], entry["line"], entry["digest"], f"{entry.get('image', '')}:{entry.get('tag', '')}")
        for entry in json.loads(path.read_text())
    ]
