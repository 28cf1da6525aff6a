"""GitHub: pull requests, commits and who signs them; REST, and GraphQL for what REST cannot do."""

from gitops_streams.forges.github.app import AppAuthorization, read_key
from gitops_streams.forges.github.forge import Github

__all__ = ["AppAuthorization", "Github", "read_key"]
