"""A monorepo as large as they get, as a function of its seed: most files name no image, some merely mention one.

    python tests/benchmarks/tree.py DIR                             100,000 files, 5,000 references, 200 streams
    python tests/benchmarks/tree.py DIR --files 2000 --references 5000 --dense     references in every file

``DIR`` is a Git repository with one commit, ``DIR.names`` holds the tracked repositories, one a line, as
``rg -F -f`` takes them, and ``DIR.sites`` the number of references that must be found.
"""

from __future__ import annotations

import argparse
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

HOST = "registry.example.com"
_TEAMS = ["payments", "search", "platform", "identity", "media", "growth", "risk", "data", "edge", "mobile"]
_PARTS = ["api", "worker", "gateway", "cron", "admin", "proxy", "sync", "render", "index", "mailer", "audit", "feed"]
_KEYS = ["timeout", "retries", "endpoint", "level", "mode", "zone", "owner", "schedule", "window", "threshold"]
_WORDS = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "is",
    "that",
    "for",
    "on",
    "with",
    "as",
    "by",
    "from",
    "at",
    "this",
    "be",
    "are",
    "or",
    "an",
    "which",
    "when",
    "it",
    "not",
    "per",
    "each",
]
_TAGS = ["1.0", "1.1", "2.0", "2.1", "3.0"]


def repositories(count: int) -> list[str]:
    """Name the repositories, without their registry; their names have as little in common as real ones."""
    names = []
    for i in range(count):
        if i % 4:
            part, key = _PARTS[(i * 7) % len(_PARTS)], _KEYS[(i * 3) % len(_KEYS)]
            names.append(f"{_TEAMS[i % len(_TEAMS)]}/{part}-{key}{i // 40 or ''}{'x' * (i % 3)}")
        else:
            names.append(f"{_KEYS[(i // 4) % len(_KEYS)]}{i}/{_PARTS[i % len(_PARTS)]}")
    return names


class Tree:
    """Writes one tree."""

    def __init__(self, root: Path, *, files: int, references: int, streams: int, dense: bool, seed: int) -> None:
        self._root = root
        self._random = random.Random(seed)
        self._files, self._references, self._dense = files, references, dense
        self._names = repositories(streams)
        self.sites = 0

    def write(self) -> None:
        """Write and commit everything."""
        self._root.mkdir(parents=True)
        streams = self._root / "streams"
        streams.mkdir()
        for name in self._names:
            (streams / f"{name.replace('/', '-')}.yaml").write_text(_stream(name))
        manifests = self._files - len(self._names)
        sharing = min(manifests, self._references) if self._dense else self._references * 2 // 3
        chosen = set(self._random.sample(range(manifests), sharing))
        counts = dict.fromkeys(chosen, 1)
        for index in self._random.choices(sorted(chosen), k=self._references - sharing):
            counts[index] += 1
        for index in range(manifests):
            folder = (
                self._root / _TEAMS[index % len(_TEAMS)] / f"app-{index // 500:03d}" / f"part-{index // 25 % 20:02d}"
            )
            if index % 25 < len(_TEAMS) or not folder.exists():
                folder.mkdir(parents=True, exist_ok=True)
            path, text = self._file(index, counts.get(index, 0))
            (folder / path).write_text(text)
        git = ["git", "-C", str(self._root), "-c", "user.name=b", "-c", "user.email=b@example.com", "-c", "gc.auto=0"]
        subprocess.run(["git", "init", "-q", "-b", "main", str(self._root)], check=True)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "tree"], check=True)
        self._root.with_name(self._root.name + ".names").write_text("".join(f"{name}\n" for name in self._names))
        self._root.with_name(self._root.name + ".sites").write_text(f"{self.sites}\n")

    def _reference(self) -> str:
        self.sites += 1
        return f"{HOST}/{self._random.choice(self._names)}:{self._random.choice(_TAGS)}"

    def _file(self, index: int, references: int) -> tuple[str, str]:
        draw = self._random
        name = f"{draw.choice(_PARTS)}-{index}"
        if references:
            return f"deploy-{index}.yaml", _deployment(
                name, [self._reference() for _ in range(references)], self._prose(4)
            )
        kind = draw.random()
        if kind < 0.35:
            return f"config-{index}.yaml", _config_map(name, "\n".join(self._settings(draw.randint(6, 30))))
        if kind < 0.55:
            return f"service-{index}.yaml", _service(name, draw.randint(1024, 65535))
        if kind < 0.75:
            other = f"{HOST}/vendor/{draw.choice(_PARTS)}-{draw.randint(0, 400)}:{draw.choice(_TAGS)}"
            return f"deploy-{index}.yaml", _deployment(name, [other], self._prose(6))
        if kind < 0.85:
            return f"values-{index}.yaml", "\n".join(self._settings(draw.randint(10, 60))) + "\n"
        if kind < 0.88:
            mentioned = draw.choice(self._names)
            return f"notes-{index}.yaml", f"# {self._prose(8)} {mentioned}\n" + _config_map(name, f"see {mentioned}")
        if kind < 0.92:
            return f"data-{index}.json", f'{{"name": "{name}", "weights": [{", ".join(map(str, range(40)))}]}}\n'
        return f"README-{index}.md", f"# {name}\n\n{self._prose(80)}\n"

    def _settings(self, count: int) -> Iterator[str]:
        for _ in range(count):
            key = f"{self._random.choice(_KEYS)}{self._random.randint(0, 99)}"
            yield f"{key}: {self._random.choice(['true', '30s', str(self._random.random()), self._prose(5)])}"

    def _prose(self, words: int) -> str:
        return " ".join(self._random.choices(_WORDS + _PARTS + _KEYS, k=words))


def _stream(name: str) -> str:
    tags = "".join(
        f'  - name: "{tag}"\n    from: {{kind: DockerImage, name: "{HOST}/{name}:{tag}"}}\n' for tag in _TAGS
    )
    called = name.replace("/", "-")
    return (
        "apiVersion: image.openshift.io/v1\nkind: ImageStream\n"
        f"metadata: {{name: {called}, namespace: ci}}\nspec:\n  tags:\n{tags}"
    )


def _deployment(name: str, images: list[str], why: str) -> str:
    containers = "".join(
        f"""      - name: c{number}
        image: {image}
        imagePullPolicy: IfNotPresent
        env:
        - name: LOG_LEVEL
          value: "info"
        resources:
          requests: {{cpu: 100m, memory: 128Mi}}
"""
        for number, image in enumerate(images)
    )
    return f"""# {why}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  labels:
    app.kubernetes.io/name: {name}
    app.kubernetes.io/part-of: shop
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
      annotations:
        description: '{why}'
    spec:
      serviceAccountName: {name}
      containers:
{containers}"""


def _config_map(name: str, text: str) -> str:
    body = "".join(f"    {line}\n" for line in text.splitlines())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  settings.conf: |\n{body}"


def _service(name: str, port: int) -> str:
    return (
        f"apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:\n  selector:\n    app: {name}\n"
        f"  ports:\n  - name: http\n    port: 80\n    targetPort: {port}\n"
    )


def main() -> None:
    """Write what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--references", type=int, default=5_000)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--dense", action="store_true", help="every file holds a reference")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    tree = Tree(
        asked.root,
        files=asked.files,
        references=asked.references,
        streams=asked.streams,
        dense=asked.dense,
        seed=asked.seed,
    )
    tree.write()
    print(f"{tree.sites} references")


if __name__ == "__main__":
    main()
