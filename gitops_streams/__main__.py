"""``python -m gitops_streams``."""

from __future__ import annotations

from gitops_streams.cli import main

main()
