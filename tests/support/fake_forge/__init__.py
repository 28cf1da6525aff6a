"""A stateful forge for tests: several dialects over one store, joined to ``git http-backend``, faults on demand.

with FakeForge(tmp_path) as forge:
    repository = forge.create_repository("acme/gitops", kind="github")
    token = forge.token("machine", permissions={"contents": "write", "pull_requests": "write"})
    forge.faults.add(r"POST .*/pulls$", AfterEffect(502))
    …                                        # a client at work on repository.clone_url and forge.api_url()
    repository.pull(1).merge()
    assert forge.violations == []
"""

from fake_forge.accounts import FULL, Account, App, Token, TokenKind
from fake_forge.exchange import (
    AfterEffect,
    Faults,
    Garbled,
    Logged,
    Reset,
    Respond,
    Silence,
    Slow,
    could_not_resolve_to_a_node,
    primary_rate_limit,
    secondary_rate_limit,
)
from fake_forge.forge import FakeForge
from fake_forge.pull import Pull
from fake_forge.records import Kind
from fake_forge.repository import Repository
from fake_forge.store import Store

__all__ = [
    "FULL",
    "Account",
    "AfterEffect",
    "App",
    "FakeForge",
    "Faults",
    "Garbled",
    "Kind",
    "Logged",
    "Pull",
    "Repository",
    "Reset",
    "Respond",
    "Silence",
    "Slow",
    "Store",
    "Token",
    "TokenKind",
    "could_not_resolve_to_a_node",
    "primary_rate_limit",
    "secondary_rate_limit",
]
