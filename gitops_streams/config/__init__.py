"""The configuration file, checked against its published schema and turned into settings."""

from gitops_streams.config.parse import PATH, parse
from gitops_streams.config.settings import CommitSettings, Settings

__all__ = ["PATH", "CommitSettings", "Settings", "parse"]
