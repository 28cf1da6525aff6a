"""The command line. Verbs are imported when they are called, so that ``--help`` costs little more than click."""

from __future__ import annotations

from gitops_streams.cli.group import main

__all__ = ["main"]
