"""Every sender that is known: one line for each."""

from __future__ import annotations

from gitops_streams.serve.senders.acr import ACR
from gitops_streams.serve.senders.acr_event_grid import ACR_EVENT_GRID
from gitops_streams.serve.senders.aliyun_acr import ALIYUN_ACR
from gitops_streams.serve.senders.argo_cd import ARGO_CD
from gitops_streams.serve.senders.artifactory import ARTIFACTORY
from gitops_streams.serve.senders.azure_devops import AZURE_DEVOPS
from gitops_streams.serve.senders.bitbucket_cloud import BITBUCKET_CLOUD
from gitops_streams.serve.senders.bitbucket_data_center import BITBUCKET_DATA_CENTER
from gitops_streams.serve.senders.cloudevents import CLOUDEVENTS
from gitops_streams.serve.senders.distribution import DISTRIBUTION, GITLAB_REGISTRY
from gitops_streams.serve.senders.docker_hub import DOCKER_HUB_SENDER
from gitops_streams.serve.senders.ecr import ECR
from gitops_streams.serve.senders.flux import FLUX
from gitops_streams.serve.senders.generic_hmac import GENERIC_HMAC
from gitops_streams.serve.senders.ghcr import GHCR
from gitops_streams.serve.senders.gitea import GITEA
from gitops_streams.serve.senders.gitea_packages import GITEA_PACKAGES
from gitops_streams.serve.senders.github import GITHUB
from gitops_streams.serve.senders.gitlab import GITLAB
from gitops_streams.serve.senders.google_pubsub import GOOGLE
from gitops_streams.serve.senders.harbor import HARBOR
from gitops_streams.serve.senders.nexus import NEXUS
from gitops_streams.serve.senders.quay import QUAY
from gitops_streams.serve.senders.sender import Sender

SENDERS: tuple[Sender, ...] = (
    DOCKER_HUB_SENDER,
    DISTRIBUTION,
    GITLAB_REGISTRY,
    QUAY,
    GHCR,
    HARBOR,
    ACR,
    ACR_EVENT_GRID,
    ALIYUN_ACR,
    GOOGLE,
    ECR,
    NEXUS,
    ARTIFACTORY,
    GITEA_PACKAGES,
    CLOUDEVENTS,
    GENERIC_HMAC,
    GITHUB,
    GITLAB,
    GITEA,
    BITBUCKET_CLOUD,
    BITBUCKET_DATA_CENTER,
    AZURE_DEVOPS,
    FLUX,
    ARGO_CD,
)
"""Registries first, then forges, then controllers; the order is that of ``docs/webhooks.md``."""
