"""Turns the configuration's fields into settings; the schema has checked every one of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gitops_streams.config.publishing import CommitSettings, Publishing
from gitops_streams.config.rules import user_rules
from gitops_streams.config.settings import Settings
from gitops_streams.forges.settings import AppSettings, ForgeKind, ForgeSettings
from gitops_streams.git.identity import Identity, Signing, SigningMethod
from gitops_streams.oci.platform import Platform
from gitops_streams.plan.model import Pin
from gitops_streams.registry.settings import (
    CredentialReference,
    HostSettings,
    RegistrySettings,
    Timeouts,
    VerifyDigest,
)
from gitops_streams.review.policy import (
    AutoMergePolicy,
    CommitsBy,
    Drafts,
    EnvShown,
    Grouping,
    GroupRule,
    MergeMethod,
    PullRequestPolicy,
    Rebase,
    ReviewPolicy,
)
from gitops_streams.streams.gate_annotations import parse_duration, parse_freeze
from gitops_streams.streams.local_registry import LocalRegistry
from gitops_streams.streams.policy_defaults import Defaults
from gitops_streams.streams.restraint import Freeze, Gates


def settings(document: Mapping[str, Any], root: Path) -> Settings:
    """Turn a document that the schema has accepted into settings."""
    platform, registry = document.get("platform"), document.get("localRegistry")
    publishing = Publishing(
        _commit(document.get("commit", {}), root),
        _pull_request(document.get("pullRequest", {})),
        _review(document.get("review", {})),
        _forge(document.get("forge", {}), root),
    )
    return Settings(
        pin=Pin(document.get("pin", Pin.TAG_AND_DIGEST)),
        platform=None if platform is None else Platform.parse(platform),
        scheduled=document.get("scheduled", True),
        gates=_gates(document.get("gates", {})),
        max_changes=document.get("gates", {}).get("maxChanges"),
        tag_policy=_tag_policy(document.get("tagPolicy", {})),
        local_registry=None if registry is None else LocalRegistry.parse(registry),
        exclude=tuple(document.get("exclude", ())),
        rules=user_rules(document.get("fields", ()), document.get("imagePolicies", {})),
        remote=document.get("remote"),
        branch=document.get("branch"),
        registry=_registry(document.get("registry", {}), document.get("registries", {}), root),
        own_publishing=publishing.said,
    )


def _gates(document: Mapping[str, Any]) -> Gates:
    age, platforms, freezes = document.get("minAge"), document.get("requirePlatforms"), document.get("freeze")
    return Gates(
        min_age=None if age is None else parse_duration(age),
        # What is the default is left unsaid, so that an empty section says nothing.
        hold_undated=document.get("holdUndated") or None,
        platforms=None if platforms is None else tuple(map(Platform.parse, platforms)),
        freezes=None if freezes is None else tuple(map(_freeze, freezes)),
        allow_downgrade=document.get("allowDowngrade") or None,
    )


def _freeze(rule: Mapping[str, str]) -> Freeze:
    freeze = parse_freeze(rule["cron"], rule["duration"], rule.get("timeZone", "UTC"))
    if isinstance(freeze, str):
        raise AssertionError("the schema's format has read it")  # noqa: TRY004  the type is what we know wrongly
    return freeze


def _tag_policy(document: Mapping[str, Any]) -> Defaults:
    default = Defaults()
    return Defaults(
        prereleases=document.get("prereleases", default.prereleases),
        candidates=document.get("candidates", default.candidates),
    )


def _commit(document: Mapping[str, Any], root: Path) -> CommitSettings:
    author, signing = document.get("author"), document.get("signing", {})
    method = SigningMethod(signing.get("method", SigningMethod.CONFIGURED))
    key = signing.get("key")
    if key is not None and method is SigningMethod.SSH:
        key = str(_path(key, root))
    return CommitSettings(
        subject=document.get("subject"),
        author=None if author is None else Identity(author["name"], author["email"]),
        sign_off=document.get("signOff", False),
        co_authors=tuple(document.get("coAuthors", ())),
        signing=Signing(method, key),
    )


def _registry(document: Mapping[str, Any], hosts: Mapping[str, Any], root: Path) -> RegistrySettings:
    default = RegistrySettings()
    return RegistrySettings(
        hosts={name: _host(entry, root) for name, entry in hosts.items()},
        timeouts=Timeouts(
            connect=document.get("connectTimeout", default.timeouts.connect),
            request=document.get("requestTimeout", default.timeouts.request),
            helper=document.get("helperTimeout", default.timeouts.helper),
        ),
        tries=document.get("tries", default.tries),
        retry_budget=document.get("retryBudget", default.retry_budget),
        verify_digest=VerifyDigest(document.get("verifyDigest", default.verify_digest)),
        rate_limit_reserve=document.get("rateLimitReserve", default.rate_limit_reserve),
        mounted_auth_files=tuple(_path(path, root) for path in document.get("mountedAuthFiles", ())),
    )


def _host(document: Mapping[str, Any], root: Path) -> HostSettings:
    credential = document.get("credential")
    return HostSettings(
        plain_http=document.get("plainHttp"),
        skip_tls_verify=document.get("skipTlsVerify", False),
        ca_file=_optional(document, "caFile", root),
        client_cert=_optional(document, "clientCert", root),
        client_key=_optional(document, "clientKey", root),
        credential=None if credential is None else _credential(credential, root),
        auth_hosts=tuple(document.get("authHosts", ())),
        concurrency=document.get("concurrency", HostSettings().concurrency),
        requests_per_second=document.get("requestsPerSecond"),
        allow_private=document.get("allowPrivate", False),
    )


def _credential(document: Mapping[str, Any], root: Path) -> CredentialReference:
    return CredentialReference(
        username=document.get("username"),
        username_env=document.get("usernameEnv"),
        password_env=document.get("passwordEnv"),
        password_file=_optional(document, "passwordFile", root),
        identity_token_env=document.get("identityTokenEnv"),
        identity_token_file=_optional(document, "identityTokenFile", root),
        auth_file=_optional(document, "authFile", root),
    )


def _pull_request(document: Mapping[str, Any]) -> PullRequestPolicy:
    default, merge = PullRequestPolicy(), document.get("autoMerge", {})
    return PullRequestPolicy(
        base=document.get("base"),
        grouping=Grouping(document.get("groupBy", default.grouping)),
        label_key=document.get("groupLabel"),
        groups=tuple(GroupRule(rule["name"], tuple(rule["streams"])) for rule in document.get("groups", ())),
        branch_prefix=document.get("branchPrefix", default.branch_prefix),
        title=document.get("title", default.title),
        labels=tuple(document.get("labels", ())),
        create_labels=document.get("createLabels", default.create_labels),
        assignees=tuple(document.get("assignees", ())),
        reviewers=tuple(document.get("reviewers", ())),
        team_reviewers=tuple(document.get("teamReviewers", ())),
        milestone=document.get("milestone"),
        drafts=Drafts(document.get("draft", default.drafts)),
        auto_merge=AutoMergePolicy(
            enabled=merge.get("enabled", default.auto_merge.enabled),
            method=MergeMethod(merge.get("method", default.auto_merge.method)),
            fallback_merge=merge.get("fallbackMerge", default.auto_merge.fallback_merge),
        ),
        rebase=Rebase(document.get("rebase", default.rebase)),
        prune=document.get("prune", default.prune),
        delete_branch=document.get("deleteBranch", default.delete_branch),
        max_open=document.get("maxOpen"),
        max_per_run=document.get("maxPerRun"),
        ignored_authors=tuple(document.get("ignoredAuthors", ())),
        commits=CommitsBy(document.get("commits", default.commits)),
        status=document.get("status", default.status),
    )


def _review(document: Mapping[str, Any]) -> ReviewPolicy:
    default = ReviewPolicy()
    return ReviewPolicy(
        requests_per_image=document.get("requestsPerImage", default.requests_per_image),
        env=EnvShown(document.get("env", default.env)),
        compare_hosts=tuple(f"{host}={kind}" for host, kind in document.get("compareHosts", {}).items()),
        environments=tuple((rule["files"], rule["name"]) for rule in document.get("environments", ())),
    )


def _forge(document: Mapping[str, Any], root: Path) -> ForgeSettings:
    default, kind, app = ForgeSettings(), document.get("kind"), document.get("app")
    return ForgeSettings(
        kind=None if kind is None else ForgeKind(kind),
        url=document.get("url"),
        api_url=document.get("apiUrl"),
        graphql_url=document.get("graphqlUrl"),
        repository=document.get("repository"),
        username=document.get("username"),
        token_env=document.get("tokenEnv"),
        token_file=_optional(document, "tokenFile", root),
        app=None
        if app is None
        else AppSettings(
            app_id=app["id"],
            private_key_file=_optional(app, "privateKeyFile", root),
            private_key_env=app.get("privateKeyEnv"),
            installation_id=app.get("installation"),
        ),
        ca_file=_optional(document, "caFile", root),
        timeout=document.get("timeout", default.timeout),
        deadline=document.get("deadline", default.deadline),
    )


def _optional(document: Mapping[str, Any], key: str, root: Path) -> Path | None:
    return _path(document[key], root) if key in document else None


def _path(text: str, root: Path) -> Path:
    """Expand ``~`` and take relative paths from the top of the repository."""
    return root / Path(text).expanduser()
