"""What a review says, to the letter. With UPDATE_SNAPSHOTS=1 in the environment it is written anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

EXPECTED = Path(__file__).parent / "expected"
UPDATE = os.environ.get("UPDATE_SNAPSHOTS") == "1"


@pytest.mark.parametrize("output", ["table", "markdown"])
def test_everything_at_once(proposal, output):
    other = proposal.push("web", "2.0-rc")
    proposal.push("api", config={"Entrypoint": ["/bin/other"]})
    workspace = proposal.workspace
    workspace.stream("web", prod=proposal.reference("web"), next=proposal.reference("web", "2.0-rc"))
    assert workspace.run("reconcile").code == 0
    proposal.pin("web", other)
    workspace.write("overlays/prod/pod.yaml", f"kind: Pod\nimage: {proposal.reference('api')}@sha256:{'a' * 64}\n")
    workspace.write("overlays/dev/pod.yaml", f"kind: Pod\nimage: {proposal.reference('api')}\n")
    workspace.commit("All sorts of things")
    done = proposal.check("-o", output)
    text = re.sub(r"127\.0\.0\.1:\d{5}\b", "127.0.0.1:_PORT", done.out) + f"exit {done.code}\n"
    text = re.sub(r"with (`?main`?) at `?[0-9a-f]{10}`?", r"with \1 at BASE", text)
    path = EXPECTED / f"{output}.txt"
    if UPDATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()
