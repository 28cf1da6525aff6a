"""Azure DevOps: pull requests of Azure Repos."""

from gitops_streams.forges.azure_devops.forge import AzureDevops, authorization_for

__all__ = ["AzureDevops", "authorization_for"]
