"""The yardstick: nothing but one HEAD request a distinct reference, one after the other over one connection."""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import dataclass

from comparison.judging import Verdict
from comparison.measure import Command
from gitops_streams.oci.media_types import SUPPORTED_TYPES

from .peer import EVERY_STAGE, Scene, Stage

_HEADS = """
import http.client, json, sys
asked = json.load(sys.stdin)
connection = http.client.HTTPConnection(asked["host"])
answers = []
for path, tag in asked["questions"]:
    connection.request("HEAD", f"/v2/{path}/manifests/{tag}", headers={"Accept": asked["accept"]})
    reply = connection.getresponse()
    reply.read()
    answers.append(reply.getheader("Docker-Content-Digest"))
json.dump(answers, sys.stdout)
"""


@dataclass(frozen=True)
class BareHeads:
    """Python's own HTTP client, told what to ask: it reads no tree and writes none."""

    name: str = "bare HEADs, one connection"
    stages: frozenset[Stage] = EVERY_STAGE
    slow: bool = False
    note: str = "is told what to ask, reads no file and plans nothing: right counts answers, not places."

    def missing(self) -> str:
        """It is always there."""
        return ""

    def version(self) -> str:
        """Say which Python runs it."""
        return f"http.client of Python {platform.python_version()}"

    def prepare(self, scene: Scene) -> Command:
        """Write down the questions."""
        asked = {"host": scene.host, "accept": ",".join(sorted(SUPPORTED_TYPES)), "questions": list(scene.questions)}
        return Command((sys.executable, "-I", "-S", "-c", _HEADS), scene.work, stdin=json.dumps(asked).encode())

    def judge(self, scene: Scene, output: bytes) -> Verdict:
        """Compare the answers with the digests that were pushed."""
        answers = json.loads(output)
        right = sum(got == digest for got, digest in zip(answers, scene.questions.values(), strict=True))
        return Verdict(right, len(answers) - right, 0)
