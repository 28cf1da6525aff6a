"""The script that people write: ask ``skopeo inspect`` for each reference's digest, replace the text everywhere."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from comparison.judging import Verdict, edits_between, judge_edits
from comparison.measure import Command

from .peer import EVERY_STAGE, Scene, Stage, first_line, fresh_clone

_SCRIPT = r"""
set -eu
registry=$1
grep -rhoE --include='*.yaml' "image: *[\"']?$registry/[^[:space:]\"'@]+" . | sed -E "s/image: *[\"']?//" | sort -u |
while read -r reference; do
  digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$reference" </dev/null)
  grep -rlF --include='*.yaml' -- "$reference" . |
  xargs -r sed -E -i "s|$reference(@sha256:[0-9a-f]{64})?|$reference@$digest|g"
done
"""


@dataclass(frozen=True)
class SkopeoAndSed:
    """Each distinct reference of an ``image:`` line once, one after the other."""

    name: str = "skopeo inspect + sed"
    stages: frozenset[Stage] = EVERY_STAGE
    slow: bool = True
    note: str = (
        "knows `image:` lines only, and replaces their text wherever it stands: in ConfigMaps, and in the "
        "ImageStreams that say what to follow."
    )

    def missing(self) -> str:
        """Look for skopeo."""
        return "" if shutil.which("skopeo") else "not on PATH"

    def version(self) -> str:
        """Ask skopeo."""
        return first_line("skopeo", "--version")

    def prepare(self, scene: Scene) -> Command:
        """Clone the tree: the script writes."""
        return Command(("sh", "-c", _SCRIPT, "sh", scene.host), fresh_clone(scene), {"LC_ALL": "C.UTF-8"})

    def judge(self, scene: Scene, _output: bytes) -> Verdict:
        """Compare the trees."""
        return judge_edits(edits_between(scene.tree, Path(scene.work, "clone")), scene.expected)
