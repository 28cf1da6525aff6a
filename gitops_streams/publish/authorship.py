"""Who makes the commits of pull requests, and under which addresses commits are known as ours."""

from __future__ import annotations

from dataclasses import dataclass

from gitops_streams.errors import RepositoryError, UsageError
from gitops_streams.forges.forge import CommitsByApi, Forge, KnowsIdentity
from gitops_streams.git.command import Commands
from gitops_streams.git.commit import author, committer
from gitops_streams.git.identity import Identity, SigningMethod
from gitops_streams.publish.proposal import PullRequestOptions
from gitops_streams.review.policy import CommitsBy

_BOT = "[bot]"
"""What the login of an App or of Actions ends with on GitHub, which signs what they commit by its API."""


@dataclass(frozen=True, slots=True)
class Authorship:
    """Who commits."""

    api: CommitsByApi | None
    """The forge, where it makes the commits; else git does."""
    identity: Identity | None
    """Author and committer for git; ``None``: the user's own."""
    committer: Identity | None
    """Who that is in either case; ``None`` where the forge commits and does not say as whom."""
    addresses: frozenset[str]
    """E-mail addresses that our commits bear."""


def settle_authorship(commands: Commands, forge: Forge, options: PullRequestOptions) -> Authorship:
    """Settle who commits: who is configured, else the forge's account where nobody sits here, else the user.

    Raises:
        UsageError: commits by the API are configured, and the forge makes none, or could not make them as configured.
        RepositoryError: git does not know who the user is, and nor does the forge.
    """
    by = options.policy.commits
    known = forge.identity() if isinstance(forge, KnowsIdentity) and _asks(options) else None
    account = None if known is None else Identity(known.name, known.email)
    api = forge if isinstance(forge, CommitsByApi) else None
    configured = options.identity is not None or options.signing.method in {SigningMethod.OPENPGP, SigningMethod.SSH}
    if by is CommitsBy.API:
        if api is None:
            raise UsageError(
                f"{forge.capabilities.name} makes no commits itself", hint="set pullRequest.commits to git or auto"
            )
        if configured:
            raise UsageError(
                "commits that the forge makes have its account as author, and its signature",
                hint="leave commit.author and commit.signing out, or set pullRequest.commits to git",
            )
        return Authorship(api, None, account, frozenset({account.email} if account else ()))
    if by is CommitsBy.AUTO and api is not None and account and account.name.endswith(_BOT) and not configured:
        return Authorship(api, None, account, frozenset({account.email}))
    if options.identity is not None:
        return Authorship(None, options.identity, options.identity, frozenset({options.identity.email}))
    fallback = account or options.fallback_identity
    if options.automatic and fallback is not None:
        return Authorship(None, fallback, fallback, frozenset({fallback.email}))
    try:
        user = committer(commands, None)
        return Authorship(None, None, user, frozenset({author(commands).email, user.email}))
    except RepositoryError:
        if fallback is None:
            raise
        return Authorship(None, fallback, fallback, frozenset({fallback.email}))


def _asks(options: PullRequestOptions) -> bool:
    """Whether it matters who the forge takes us for."""
    return options.policy.commits is not CommitsBy.GIT or options.identity is None
