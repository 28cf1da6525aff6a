"""Bitbucket Data Center: pull requests on one's own server."""

from gitops_streams.forges.bitbucket_data_center.forge import BitbucketDataCenter

__all__ = ["BitbucketDataCenter"]
