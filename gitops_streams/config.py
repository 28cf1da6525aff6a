"""The configuration file, checked against its published schema and turned into settings.

No file at all is a complete configuration. What is wrong is said with file, line, field and the
allowed values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from gitops_streams.errors import ConfigError, InvalidReference
from gitops_streams.git.commit import Identity, Signing, SigningMethod
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.reference import Repository
from gitops_streams.plan.model import Pin
from gitops_streams.registry.settings import (
    CredentialReference,
    HostSettings,
    RegistrySettings,
    Timeouts,
    VerifyDigest,
)
from gitops_streams.render.commit_message import CommitMessage, Move, render_commit_message
from gitops_streams.yamledit.core_schema import Unsupported, Value, value
from gitops_streams.yamledit.locate import Unparsable, decode, locate
from gitops_streams.yamledit.nodes import Mapping as MappingNode
from gitops_streams.yamledit.nodes import Node, Sequence

if TYPE_CHECKING:
    from jsonschema import FormatChecker, ValidationError

PATH = ".gitops-streams/config.yaml"
_DOCUMENTATION = "docs/configuration.md lists every field"
_SHOWN = 10
"""Faults reported at one time."""
_LONGEST = 60
"""Characters shown of a key or a word that is wrong."""


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
        ConfigError: the file cannot be used; a line for everything that is wrong names file, line, field
            and what is allowed.
    """
    node = _read(content, name)
    document = value(node)
    if isinstance(document, Unsupported):
        raise _error([(document.line, document.reason)], name)
    if document is None:
        return Settings()
    if found := list(_check(document, node)):
        raise _error(found, name)
    return _settings(cast("Mapping[str, Any]", document), root)


def _read(content: bytes, name: str) -> Node | None:
    text = decode(content)
    located = text if isinstance(text, Unparsable) else locate(text)
    if isinstance(located, Unparsable):
        # Where something is missing at the end, libyaml names the line behind the last one.
        line = min(located.line or 1, content.count(b"\n") + 1)
        raise _error([(line, f"it is not YAML: {located.reason}")], name)
    if len(located.documents) > 1:
        raise _error([(1, "it holds more than one document")], name)
    return located.documents[0].root if located.documents else None


def _error(found: Iterable[tuple[int, str]], name: str) -> ConfigError:
    lines = [f"{name}:{line}: {reason}" for line, reason in sorted(set(found))]
    return ConfigError("\n".join(lines[:_SHOWN]), hint=_DOCUMENTATION)


def _check(document: Value, node: Node | None) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of everything that the schema objects to.

    Values are shown only where they are one of a few words: a mistyped credential must not be printed.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415  only a repository with a configuration pays for it

    from gitops_streams import schemas  # noqa: PLC0415

    for error in Draft202012Validator(schemas.load("config"), format_checker=_formats()).iter_errors(document):
        path, schema = list(error.absolute_path), cast("dict[str, Any]", error.schema)
        where = ".".join(map(str, path)) or "the top level"
        if error.validator == "additionalProperties":
            known = schema["properties"]
            for key in error.instance:
                if key not in known:
                    reason = f"unknown key {key[:_LONGEST]!r}; known here: {', '.join(sorted(known))}"
                    yield _line(node, [*path, key]), f"{where}: {reason}"
        elif "propertyNames" in error.schema_path:
            reason = f"{error.instance[:_LONGEST]!r} does not have the form of {_examples(schema)}"
            yield _line(node, [*path, error.instance]), f"{where}: {reason}"
        else:
            yield _line(node, path), f"{where}: {_reason(error)}"


def _reason(error: ValidationError) -> str:  # noqa: C901, PLR0911  one case for each keyword of the schema
    wanted: Any = error.validator_value
    schema: Any = error.schema
    match error.validator:
        case "enum":
            shown = f"{error.instance[:_LONGEST]!r}" if isinstance(error.instance, str) else "this"
            return f"{shown} is not allowed; allowed: {', '.join(wanted)}"
        case "required" | "dependentRequired":
            return f"{error.message.split(' is a')[0]} is missing"
        case "type":
            quote = wanted == "string" and isinstance(error.instance, bool | int | float)
            advice = "; quote it" if quote else "; fill it in or leave the key out" if error.instance is None else ""
            return f"it must be {_TYPES[wanted]}{advice}"
        case "minimum":
            return f"it must be {wanted} or more"
        case "maximum":
            return f"it must be {wanted} or less"
        case "minLength":
            return "it is empty"
        case "anyOf":  # of the credential
            return f"one of {', '.join(branch['required'][0] for branch in wanted)} is needed"
        case "not":
            return f"{' and '.join(wanted['required'])} exclude each other"
        case "maxProperties":
            return "authFile excludes the other keys"
        case "format" if isinstance(error.cause, ConfigError):
            return ": ".join(filter(None, (error.cause.message, error.cause.hint)))
        case _:  # a pattern or a format
            return f"it does not have the form of {_examples(schema)}"


_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
}


def _examples(schema: Mapping[str, Any]) -> str:
    return " or ".join(map(str, schema["examples"]))


def _formats() -> FormatChecker:
    """Return the checks of the formats that the schema names: where a value is used must not be where it fails."""
    from jsonschema import FormatChecker  # noqa: PLC0415  see `_check`

    checker = FormatChecker(formats=())

    @checker.checks("path", raises=(RuntimeError, ValueError))
    def path(text: object) -> bool:
        return not isinstance(text, str) or "\0" not in str(Path(text).expanduser())

    @checker.checks("platform", raises=InvalidReference)
    def platform(text: object) -> bool:
        return not isinstance(text, str) or bool(Platform.parse(text))

    @checker.checks("commit-subject", raises=ConfigError)
    def subject(text: object) -> bool:
        move = Move("acme/web:prod", Repository("quay.io", "acme/web"), None, Digest.of(b""))
        return not isinstance(text, str) or bool(render_commit_message(CommitMessage((move,), 1, subject=text)))

    return checker


def _line(root: Node | None, path: Iterable[str | int]) -> int:
    """Return the 1-based line of the place that a path of keys leads to; of its key where it has one."""
    node, line = root, 1
    for part in path:
        if isinstance(node, MappingNode):
            entry = node.entry(str(part))
            if entry is None:
                break
            line, node = entry.key.line, entry.value
        elif isinstance(node, Sequence) and isinstance(part, int):
            node = node.items[part]
            line = node.line
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
