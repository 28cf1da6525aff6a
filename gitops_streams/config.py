"""The configuration file, checked against its published schema and turned into settings.

No file at all is a complete configuration. What is wrong is said with file, line, field and the
allowed values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitops_streams.errors import ConfigError
from gitops_streams.git.commit import Identity, Signing, SigningMethod
from gitops_streams.oci.platform import Platform
from gitops_streams.plan.model import Pin
from gitops_streams.registry.settings import (
    CredentialReference,
    HostSettings,
    RegistrySettings,
    Timeouts,
    VerifyDigest,
)

PATH = ".gitops-streams/config.yaml"
_DOCUMENTATION = "docs/configuration.md lists every field"


@dataclass(frozen=True, slots=True)
class CommitSettings:
    """How commits are made."""

    subject: str | None = None
    """Template of the subject line; ``None`` takes the default."""
    author: Identity | None = None
    """``None`` takes the identity that Git has configured."""
    sign_off: bool = False
    co_authors: tuple[str, ...] = ()
    signing: Signing = field(default_factory=Signing)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a repository can configure."""

    pin: Pin = Pin.TAG_AND_DIGEST
    platform: Platform | None = None
    exclude: tuple[str, ...] = ()
    remote: str | None = None
    """``None``: the remote that Git would choose for the branch."""
    branch: str | None = None
    commit: CommitSettings = field(default_factory=CommitSettings)
    registry: RegistrySettings = field(default_factory=RegistrySettings)


def parse(content: bytes, name: str, root: Path) -> Settings:
    """Read a configuration file.

    Args:
        content: the file's bytes.
        name: how messages call the file.
        root: what relative paths in it are relative to (the top of the repository).

    Raises:
        ConfigError: the file cannot be used; the message names file, line, field and what is allowed.
    """
    import yaml  # noqa: PLC0415  only a repository with a configuration pays for it

    try:
        document = yaml.load(content, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = name if mark is None else f"{name}:{mark.line + 1}"
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise ConfigError(f"{place}: it is not YAML: {problem}", hint=_DOCUMENTATION) from error
    if document is None:
        return Settings()
    _validate(document, content, name)
    return _settings(document, root)


def _validate(document: object, content: bytes, name: str) -> None:
    from jsonschema import Draft202012Validator  # noqa: PLC0415  see above
    from jsonschema.exceptions import best_match  # noqa: PLC0415

    from gitops_streams import schemas  # noqa: PLC0415

    error = best_match(Draft202012Validator(schemas.load("config")).iter_errors(document))
    if error is None:
        return
    path: list[str | int] = list(error.absolute_path)
    unknown: str | None = None
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {})
        unknown = next(str(key) for key in error.instance if key not in known)
        message = f"unknown key {unknown!r}; known here: {', '.join(sorted(known))}"
    elif error.validator == "enum":
        message = f"{error.instance!r} is not allowed; allowed: {', '.join(map(str, error.validator_value))}"
    elif error.validator == "required":
        message = f"{error.message}; all of {', '.join(error.validator_value)} are needed"
    elif error.validator == "type":
        message = f"{error.instance!r} is no {error.validator_value}"
    else:
        message = error.message
    line = _line(content, [*path, unknown] if unknown is not None else path)
    where = ".".join(map(str, path)) or "the top level"
    raise ConfigError(f"{name}:{line}: {where}: {message}", hint=_DOCUMENTATION)


def _line(content: bytes, path: list[str | int]) -> int:
    """Return the 1-based line of the place that a path of keys leads to; of its key where it has one."""
    from gitops_streams.yamledit.locate import Unparsable, decode, locate  # noqa: PLC0415  only an error asks
    from gitops_streams.yamledit.nodes import Mapping as MappingNode  # noqa: PLC0415
    from gitops_streams.yamledit.nodes import Scalar, Sequence, target  # noqa: PLC0415

    text = decode(content)
    located = text if isinstance(text, Unparsable) else locate(text)
    if isinstance(located, Unparsable) or not located.documents:
        return 1
    node, line = located.documents[0].root, 1
    for part in path:
        node = None if node is None else target(node)
        if isinstance(node, MappingNode):
            entry = node.entry(str(part))
            if entry is None or not isinstance(entry.key, Scalar):
                return line
            line, node = entry.key.line, entry.value
        elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            line = getattr(node, "line", line)
    return line


def _settings(document: Mapping[str, Any], root: Path) -> Settings:
    platform = document.get("platform")
    return Settings(
        pin=Pin(document.get("pin", Pin.TAG_AND_DIGEST)),
        platform=None if platform is None else Platform.parse(platform),
        exclude=tuple(document.get("exclude", ())),
        remote=document.get("remote"),
        branch=document.get("branch"),
        commit=_commit(document.get("commit", {}), root),
        registry=_registry(document.get("registry", {}), document.get("registries", {}), root),
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


def _optional(document: Mapping[str, Any], key: str, root: Path) -> Path | None:
    return _path(document[key], root) if key in document else None


def _path(text: str, root: Path) -> Path:
    """Expand ``~`` and take relative paths from the top of the repository."""
    return root / Path(text).expanduser()
