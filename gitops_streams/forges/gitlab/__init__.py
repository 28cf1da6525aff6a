"""GitLab: merge requests, on gitlab.com and self-managed."""

from gitops_streams.forges.gitlab.forge import Gitlab, check_token

__all__ = ["Gitlab", "check_token"]
