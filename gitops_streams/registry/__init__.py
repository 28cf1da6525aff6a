"""Registries: credentials, requests, and the way from a tag to its digest.

``RegistryClient`` is imported on first use: verbs that ask no registry do not pay for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_streams.registry.settings import (
    CredentialReference,
    HostSettings,
    RegistrySettings,
    Timeouts,
    VerifyDigest,
)

if TYPE_CHECKING:
    from gitops_streams.registry.client import RegistryClient
    from gitops_streams.registry.limits import RateLimit
    from gitops_streams.registry.tags import TagList

__all__ = [
    "CredentialReference",
    "HostSettings",
    "RateLimit",
    "RegistryClient",
    "RegistrySettings",
    "TagList",
    "Timeouts",
    "VerifyDigest",
]

_LAZY = {"RegistryClient": "client", "RateLimit": "limits", "TagList": "tags"}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(name)
    from importlib import import_module  # noqa: PLC0415 - only for what is imported late

    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
