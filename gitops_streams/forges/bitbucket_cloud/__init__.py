"""Bitbucket Cloud: pull requests on bitbucket.org."""

from gitops_streams.forges.bitbucket_cloud.forge import BitbucketCloud

__all__ = ["BitbucketCloud"]
