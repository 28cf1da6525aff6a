"""The command line as a process that waits to be let go, and then lets no time pass between changes on a forge.

    python hasty_cli.py reconcile …    starts when a line comes on standard input

Two of them, let go at one moment, race as closely as processes can.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import gitops_streams.reconcile.pull_requests  # noqa: F401  all that a run needs is imported before the start
from gitops_streams.cli import main
from gitops_streams.forges.github import forge as github

if __name__ == "__main__":
    github.DIALECT = replace(github.DIALECT, change_pause=0.0)
    print("ready", flush=True)
    sys.stdin.readline()
    main()
