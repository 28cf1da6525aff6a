"""Gitea and Forgejo: pull requests, Codeberg's included."""

from gitops_streams.forges.gitea.forge import Gitea

__all__ = ["Gitea"]
