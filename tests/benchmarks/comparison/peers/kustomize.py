"""kustomize, for what it can do: render overlays. It resolves no tag, so there is nothing to judge."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from comparison.measure import Command

from .peer import Scene, Stage, first_line

OVERLAYS = 20


@dataclass(frozen=True)
class Kustomize:
    """``kubectl kustomize`` on a few overlays, one process each."""

    name: str = f"kubectl kustomize, {OVERLAYS} overlays"
    stages: frozenset[Stage] = frozenset({Stage.UNPINNED})
    slow: bool = True
    note: str = (
        "renders only. It asks no registry and resolves no tag; `kustomize edit set image` writes a digest that "
        "somebody else has looked up, into one kustomization.yaml at a time, and formats that file anew."
    )

    def missing(self) -> str:
        """Look for kubectl."""
        return "" if shutil.which("kubectl") else "kubectl is not on PATH"

    def version(self) -> str:
        """Ask kubectl which kustomize it has in it."""
        return f"kubectl, {first_line('sh', '-c', 'kubectl version --client | grep -i kustomize')}"

    def prepare(self, scene: Scene) -> Command:
        """Take the first overlays by name."""
        overlays = sorted(path.parent for path in scene.tree.glob("apps/*/*/overlays/*/kustomization.yaml"))
        script = 'for overlay; do kubectl kustomize "$overlay" || exit 1; done'
        return Command(("sh", "-c", script, "sh", *map(str, overlays[:OVERLAYS])), scene.tree)

    def judge(self, scene: Scene, output: bytes) -> None:
        """There is nothing to judge."""
