"""The configuration file: every field, every fault with its place, and nothing that a hostile file could do."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_streams import config, schemas
from gitops_streams.config import Settings
from gitops_streams.config.publishing import CommitSettings, Publishing
from gitops_streams.errors import ConfigError
from gitops_streams.forges.settings import AppSettings, ForgeKind, ForgeSettings
from gitops_streams.git.identity import Identity, Signing, SigningMethod
from gitops_streams.manifests.field_rules import DigestPlace, FieldForm, FieldRule, SplitKeys, UserRules
from gitops_streams.manifests.path_pattern import PathPattern
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.reference import Reference
from gitops_streams.plan.model import Pin
from gitops_streams.registry.settings import (
    CredentialReference,
    HostSettings,
    RegistrySettings,
    Timeouts,
    VerifyDigest,
)
from gitops_streams.render.commit_message import PLACEHOLDERS
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
from gitops_streams.streams.local_registry import LocalRegistry
from gitops_streams.streams.policy_defaults import Defaults
from gitops_streams.streams.restraint import Freeze, Gates

ROOT = Path("/repository")
NAME = ".gitops-streams/config.yaml"
DOCS = Path(__file__).parent.parent.parent / "docs"


def parse(text: str | bytes) -> Settings:
    return config.read(dedent(text).encode() if isinstance(text, str) else text, NAME, ROOT)


def host(**fields: object) -> Settings:
    return Settings(registry=RegistrySettings(hosts={"quay.io": HostSettings(**fields)}))  # type: ignore[arg-type]


def credential(**fields: object) -> Settings:
    return host(credential=CredentialReference(**fields))  # type: ignore[arg-type]


def registry(**fields: object) -> Settings:
    return Settings(registry=RegistrySettings(**fields))  # type: ignore[arg-type]


def commit(**fields: object) -> Settings:
    return Settings(own_publishing=Publishing(commit=CommitSettings(**fields)))  # type: ignore[arg-type]


def gates(**fields: object) -> Settings:
    return Settings(gates=Gates(**fields))  # type: ignore[arg-type]


def pulls(**fields: object) -> Settings:
    return Settings(own_publishing=Publishing(pull_request=PullRequestPolicy(**fields)))  # type: ignore[arg-type]


def merging(**fields: object) -> Settings:
    return pulls(auto_merge=AutoMergePolicy(**fields))  # type: ignore[arg-type]


def review(**fields: object) -> Settings:
    return Settings(own_publishing=Publishing(review=ReviewPolicy(**fields)))  # type: ignore[arg-type]


def forge(**fields: object) -> Settings:
    return Settings(own_publishing=Publishing(forge=ForgeSettings(**fields)))  # type: ignore[arg-type]


def app(**fields: object) -> Settings:
    return forge(app=AppSettings("12", **fields))  # type: ignore[arg-type]


def fields(**values: object) -> Settings:
    rule = FieldRule(0, PathPattern.parse("/spec/**/image"), **values)  # type: ignore[arg-type]
    return Settings(rules=UserRules((rule,), {}))


SPLIT = "fields: [{path: '/spec/**/image', form: split, keys: {%s}}]"
QUAY = "registries: {quay.io: %s}"
SECRET = QUAY % "{credential: %s}"
FIELDS = {
    "pin": ("pin: digest", Settings(pin=Pin.DIGEST)),
    "pin, by default": ("pin: tag-and-digest", Settings()),
    "platform": ("platform: linux/arm64/v8", Settings(platform=Platform("linux", "arm64", "v8"))),
    "scheduled": ("scheduled: false", Settings(scheduled=False)),
    "tagPolicy": ("tagPolicy: {}", Settings()),
    "tagPolicy.prereleases": ("tagPolicy: {prereleases: true}", Settings(tag_policy=Defaults(prereleases=True))),
    "tagPolicy.candidates": ("tagPolicy: {candidates: 50}", Settings(tag_policy=Defaults(candidates=50))),
    "localRegistry": (
        "localRegistry: r.example.com:5000/s",
        Settings(local_registry=LocalRegistry("r.example.com:5000/s")),
    ),
    "exclude": ("exclude: ['vendor/**', a.yaml]", Settings(exclude=("vendor/**", "a.yaml"))),
    "fields": ("fields: []", Settings()),
    "fields[].path": ("fields: [{path: '/spec/**/image'}]", fields()),
    "fields[].kind": ("fields: [{path: '/spec/**/image', kind: Provider}]", fields(kind="Provider")),
    "fields[].apiVersion": ("fields: [{path: '/spec/**/image', apiVersion: apps/v1}]", fields(api_version="apps/v1")),
    "fields[].files": ("fields: [{path: '/spec/**/image', files: 'a/**'}]", fields(files="a/**")),
    "fields[].form": ("fields: [{path: '/spec/**/image', form: yaml}]", fields(form=FieldForm.YAML)),
    "fields[].form, a tag": (
        "fields: [{path: '/spec/**/image', form: tag, repository: quay.io/acme/web}]",
        fields(form=FieldForm.TAG, repository=Reference.parse("quay.io/acme/web")),
    ),
    "fields[].repository": (
        "fields: [{path: '/spec/**/image', form: tag, repository: nginx, digest: none}]",
        fields(form=FieldForm.TAG, repository=Reference.parse("nginx"), digest=DigestPlace.NONE),
    ),
    "fields[].digest": (
        "fields: [{path: '/spec/**/image', form: split, digest: raw-hex}]",
        fields(form=FieldForm.SPLIT, digest=DigestPlace.RAW_HEX),
    ),
    "fields[].keys": ("fields: [{path: '/spec/**/image', form: split, keys: {}}]", fields(form=FieldForm.SPLIT)),
    "fields[].keys.repository": (SPLIT % "repository: repo", fields(form=FieldForm.SPLIT, keys=SplitKeys("repo"))),
    "fields[].keys.registry": (SPLIT % "registry: r", fields(form=FieldForm.SPLIT, keys=SplitKeys(registry="r"))),
    "fields[].keys.tag": (SPLIT % "tag: version", fields(form=FieldForm.SPLIT, keys=SplitKeys(tag="version"))),
    "fields[].keys.digest": (SPLIT % "digest: sum", fields(form=FieldForm.SPLIT, keys=SplitKeys(digest="sum"))),
    "fields[].exclude": ("fields: [{path: '/spec/**/image', exclude: true}]", fields(exclude=True)),
    "imagePolicies": (
        "imagePolicies: {'flux-system:web': 'acme/web:prod'}",
        Settings(rules=UserRules(image_policies={"flux-system:web": "acme/web:prod"})),
    ),
    "remote": ("remote: upstream", Settings(remote="upstream")),
    "branch": ("branch: release/1.10", Settings(branch="release/1.10")),
    "commit": ("commit: {}", Settings()),
    "commit.subject": ("commit: {subject: 'fix: {count} images'}", commit(subject="fix: {count} images")),
    "commit.author": ("commit: {author: {name: Bot, email: b@x}}", commit(author=Identity("Bot", "b@x"))),
    "commit.author.name": (
        "commit: {author: {name: Jörg 'B', email: b@x}}",
        commit(author=Identity("Jörg 'B'", "b@x")),
    ),
    "commit.author.email": ("commit: {author: {name: B, email: b+c@x.y}}", commit(author=Identity("B", "b+c@x.y"))),
    "commit.signOff": ("commit: {signOff: true}", commit(sign_off=True)),
    "commit.coAuthors": ("commit: {coAuthors: [Jo Doe <jo@x>]}", commit(co_authors=("Jo Doe <jo@x>",))),
    "commit.signing": ("commit: {signing: {}}", Settings()),
    "commit.signing.method": ("commit: {signing: {method: off}}", commit(signing=Signing(SigningMethod.OFF))),
    "commit.signing.key": (
        "commit: {signing: {method: openpgp, key: 0xA1B2}}",
        commit(signing=Signing(SigningMethod.OPENPGP, "0xA1B2")),
    ),
    "commit.signing.key, a path": (
        "commit: {signing: {method: ssh, key: keys/bot.pub}}",
        commit(signing=Signing(SigningMethod.SSH, "/repository/keys/bot.pub")),
    ),
    "registry": ("registry: {}", Settings()),
    "registry.connectTimeout": ("registry: {connectTimeout: 2.5}", registry(timeouts=Timeouts(connect=2.5))),
    "registry.requestTimeout": ("registry: {requestTimeout: 90}", registry(timeouts=Timeouts(request=90))),
    "registry.helperTimeout": ("registry: {helperTimeout: 7}", registry(timeouts=Timeouts(helper=7))),
    "registry.tries": ("registry: {tries: 5}", registry(tries=5)),
    "registry.retryBudget": ("registry: {retryBudget: 0}", registry(retry_budget=0)),
    "registry.verifyDigest": ("registry: {verifyDigest: lenient}", registry(verify_digest=VerifyDigest.LENIENT)),
    "registry.rateLimitReserve": ("registry: {rateLimitReserve: 50}", registry(rate_limit_reserve=50)),
    "registry.mountedAuthFiles": (
        "registry: {mountedAuthFiles: [/run/secrets/pull, pull]}",
        registry(mounted_auth_files=(Path("/run/secrets/pull"), ROOT / "pull")),
    ),
    "registries": ("registries: {}", Settings()),
    "registries.<name>": (QUAY % "{}", host()),
    "registries.<name>.plainHttp": (QUAY % "{plainHttp: false}", host(plain_http=False)),
    "registries.<name>.skipTlsVerify": (QUAY % "{skipTlsVerify: true}", host(skip_tls_verify=True)),
    "registries.<name>.caFile": (QUAY % "{caFile: certs/a.pem}", host(ca_file=ROOT / "certs/a.pem")),
    "registries.<name>.clientCert": (QUAY % "{clientCert: /etc/a.pem}", host(client_cert=Path("/etc/a.pem"))),
    "registries.<name>.clientKey": (
        QUAY % "{clientCert: a.pem, clientKey: a.key}",
        host(client_cert=ROOT / "a.pem", client_key=ROOT / "a.key"),
    ),
    "registries.<name>.authHosts": (QUAY % "{authHosts: ['a.x:443', b]}", host(auth_hosts=("a.x:443", "b"))),
    "registries.<name>.concurrency": (QUAY % "{concurrency: 16}", host(concurrency=16)),
    "registries.<name>.requestsPerSecond": (QUAY % "{requestsPerSecond: 0.5}", host(requests_per_second=0.5)),
    "registries.<name>.allowPrivate": (QUAY % "{allowPrivate: true}", host(allow_private=True)),
    "registries.<name>.credential": (SECRET % "{passwordEnv: P}", credential(password_env="P")),
    "registries.<name>.credential.username": (
        SECRET % "{username: acme+bot, passwordEnv: P}",
        credential(username="acme+bot", password_env="P"),
    ),
    "registries.<name>.credential.usernameEnv": (
        SECRET % "{usernameEnv: U, passwordEnv: P}",
        credential(username_env="U", password_env="P"),
    ),
    "registries.<name>.credential.passwordEnv": (SECRET % "{passwordEnv: P_1}", credential(password_env="P_1")),
    "registries.<name>.credential.passwordFile": (SECRET % "{passwordFile: p}", credential(password_file=ROOT / "p")),
    "registries.<name>.credential.identityTokenEnv": (
        SECRET % "{identityTokenEnv: T}",
        credential(identity_token_env="T"),
    ),
    "registries.<name>.credential.identityTokenFile": (
        SECRET % "{identityTokenFile: /t}",
        credential(identity_token_file=Path("/t")),
    ),
    "registries.<name>.credential.authFile": (
        SECRET % "{authFile: auth.json}",
        credential(auth_file=ROOT / "auth.json"),
    ),
    "gates": ("gates: {}", Settings()),
    "gates.minAge": ("gates: {minAge: 1d12h}", gates(min_age=timedelta(hours=36))),
    "gates.holdUndated": ("gates: {holdUndated: true}", gates(hold_undated=True)),
    "gates.requirePlatforms": (
        "gates: {requirePlatforms: [linux/amd64]}",
        gates(platforms=(Platform("linux", "amd64"),)),
    ),
    "gates.freeze": ("gates: {freeze: []}", gates(freezes=())),
    "gates.freeze[].cron": (
        "gates: {freeze: [{cron: 0 18  * * 5, duration: 62h}]}",
        gates(freezes=(Freeze("0 18 * * 5", timedelta(hours=62)),)),
    ),
    "gates.freeze[].duration": (
        "gates: {freeze: [{cron: '0 18 * * 5', duration: 1w}]}",
        gates(freezes=(Freeze("0 18 * * 5", timedelta(weeks=1)),)),
    ),
    "gates.freeze[].timeZone": (
        "gates: {freeze: [{cron: '0 18 * * 5', duration: 1w, timeZone: Europe/Berlin}]}",
        gates(freezes=(Freeze("0 18 * * 5", timedelta(weeks=1), "Europe/Berlin"),)),
    ),
    "gates.allowDowngrade": ("gates: {allowDowngrade: true}", gates(allow_downgrade=True)),
    "gates.maxChanges": ("gates: {maxChanges: 20}", Settings(max_changes=20)),
    "pullRequest": ("pullRequest: {}", Settings()),
    "pullRequest.base": ("pullRequest: {base: release/1.10}", pulls(base="release/1.10")),
    "pullRequest.groupBy": ("pullRequest: {groupBy: namespace}", pulls(grouping=Grouping.NAMESPACE)),
    "pullRequest.groupLabel": (
        "pullRequest: {groupBy: label, groupLabel: app.kubernetes.io/part-of}",
        pulls(grouping=Grouping.LABEL, label_key="app.kubernetes.io/part-of"),
    ),
    "pullRequest.groups": ("pullRequest: {groups: []}", Settings()),
    "pullRequest.groups[].name": (
        "pullRequest: {groups: [{name: Pay ments, streams: [a]}, {name: b, streams: [c]}]}",
        pulls(groups=(GroupRule("Pay ments", ("a",)), GroupRule("b", ("c",)))),
    ),
    "pullRequest.groups[].streams": (
        "pullRequest: {groups: [{name: a, streams: [pay/*, web]}]}",
        pulls(groups=(GroupRule("a", ("pay/*", "web")),)),
    ),
    "pullRequest.branchPrefix": ("pullRequest: {branchPrefix: bots/images}", pulls(branch_prefix="bots/images")),
    "pullRequest.title": ("pullRequest: {title: 'fix: {count}'}", pulls(title="fix: {count}")),
    "pullRequest.labels": ("pullRequest: {labels: [a b, c]}", pulls(labels=("a b", "c"))),
    "pullRequest.createLabels": ("pullRequest: {createLabels: true}", pulls(create_labels=True)),
    "pullRequest.assignees": ("pullRequest: {assignees: [a]}", pulls(assignees=("a",))),
    "pullRequest.reviewers": ("pullRequest: {reviewers: [a, b]}", pulls(reviewers=("a", "b"))),
    "pullRequest.teamReviewers": ("pullRequest: {teamReviewers: [t]}", pulls(team_reviewers=("t",))),
    "pullRequest.milestone": ("pullRequest: {milestone: '1.2'}", pulls(milestone="1.2")),
    "pullRequest.draft": ("pullRequest: {draft: always}", pulls(drafts=Drafts.ALWAYS)),
    "pullRequest.autoMerge": ("pullRequest: {autoMerge: {}}", Settings()),
    "pullRequest.autoMerge.enabled": ("pullRequest: {autoMerge: {enabled: true}}", merging(enabled=True)),
    "pullRequest.autoMerge.method": (
        "pullRequest: {autoMerge: {method: squash}}",
        merging(method=MergeMethod.SQUASH),
    ),
    "pullRequest.autoMerge.fallbackMerge": (
        "pullRequest: {autoMerge: {fallbackMerge: true}}",
        merging(fallback_merge=True),
    ),
    "pullRequest.rebase": ("pullRequest: {rebase: never}", pulls(rebase=Rebase.NEVER)),
    "pullRequest.prune": ("pullRequest: {prune: true}", pulls(prune=True)),
    "pullRequest.deleteBranch": ("pullRequest: {deleteBranch: false}", pulls(delete_branch=False)),
    "pullRequest.maxOpen": ("pullRequest: {maxOpen: 3}", pulls(max_open=3)),
    "pullRequest.maxPerRun": ("pullRequest: {maxPerRun: 2}", pulls(max_per_run=2)),
    "pullRequest.ignoredAuthors": ("pullRequest: {ignoredAuthors: [a@b]}", pulls(ignored_authors=("a@b",))),
    "pullRequest.commits": ("pullRequest: {commits: api}", pulls(commits=CommitsBy.API)),
    "pullRequest.status": ("pullRequest: {status: true}", pulls(status=True)),
    "review": ("review: {}", Settings()),
    "review.requestsPerImage": ("review: {requestsPerImage: 0}", review(requests_per_image=0)),
    "review.env": ("review: {env: names-only}", review(env=EnvShown.NAMES_ONLY)),
    "review.compareHosts": ("review: {compareHosts: {}}", Settings()),
    "review.compareHosts.<name>": (
        "review: {compareHosts: {'git.x:8443': gitea}}",
        review(compare_hosts=("git.x:8443=gitea",)),
    ),
    "review.environments": ("review: {environments: []}", Settings()),
    "review.environments[].files": (
        "review: {environments: [{files: a/**, name: prod}]}",
        review(environments=(("a/**", "prod"),)),
    ),
    "review.environments[].name": (
        "review: {environments: [{files: a, name: Pro d}]}",
        review(environments=(("a", "Pro d"),)),
    ),
    "forge": ("forge: {}", Settings()),
    "forge.kind": ("forge: {kind: gitea}", forge(kind=ForgeKind.GITEA)),
    "forge.url": ("forge: {url: 'https://git.x'}", forge(url="https://git.x")),
    "forge.apiUrl": ("forge: {apiUrl: 'https://git.x:8443/api/v3'}", forge(api_url="https://git.x:8443/api/v3")),
    "forge.graphqlUrl": ("forge: {graphqlUrl: 'http://127.0.0.1/g'}", forge(graphql_url="http://127.0.0.1/g")),
    "forge.repository": ("forge: {repository: a/b/c}", forge(repository="a/b/c")),
    "forge.username": ("forge: {username: bot@x}", forge(username="bot@x")),
    "forge.tokenEnv": ("forge: {tokenEnv: T}", forge(token_env="T")),
    "forge.tokenFile": ("forge: {tokenFile: t}", forge(token_file=ROOT / "t")),
    "forge.app": ("forge: {app: {id: '12', privateKeyEnv: K}}", app(private_key_env="K")),
    "forge.app.id": ("forge: {app: {id: '12', privateKeyEnv: K}}", app(private_key_env="K")),
    "forge.app.privateKeyFile": ("forge: {app: {id: '12', privateKeyFile: /k}}", app(private_key_file=Path("/k"))),
    "forge.app.privateKeyEnv": ("forge: {app: {id: '12', privateKeyEnv: K_1}}", app(private_key_env="K_1")),
    "forge.app.installation": (
        "forge: {app: {id: '12', privateKeyEnv: K, installation: 7}}",
        app(private_key_env="K", installation_id=7),
    ),
    "forge.caFile": ("forge: {caFile: ca.pem}", forge(ca_file=ROOT / "ca.pem")),
    "forge.timeout": ("forge: {timeout: 5}", forge(timeout=5)),
    "forge.deadline": ("forge: {deadline: 0}", forge(deadline=0)),
}


@pytest.mark.parametrize(("text", "wanted"), FIELDS.values(), ids=FIELDS.keys())
def test_every_field(text: str, wanted: Settings):
    assert parse(text) == wanted


def properties(schema: dict, path: str = "") -> dict[str, dict]:
    """List the fields of the schema by their dotted paths."""
    found: dict[str, dict] = {}
    for name, inner in schema.get("properties", {}).items():
        found[f"{path}{name}"] = inner
        found |= properties(inner, f"{path}{name}.")
    if isinstance(schema.get("additionalProperties"), dict):
        inner = schema["additionalProperties"]
        if "enum" in inner:
            found[f"{path}<name>"] = inner
        found |= properties(inner, f"{path}<name>.")
    if isinstance(schema.get("items"), dict):
        found |= properties(schema["items"], f"{path.removesuffix('.')}[].")
    return found


ALL = properties(schemas.load("config"))


def test_no_field_of_the_schema_is_left_out_above():
    assert set(ALL) <= set(FIELDS)


def test_the_defaults_of_the_schema_are_those_of_the_settings():
    every = {path: field["default"] for path, field in ALL.items() if "default" in field and "[]" not in path}
    for path, default in every.items():
        keys = path.replace("<name>", "quay.io").split("/")[0]
        node: object = default
        for key in reversed(re.findall(r"quay\.io|[^.]+", keys)):
            node = {key: node}
        written = parse(json.dumps(node))
        base = host() if "<name>" in path else Settings()
        if path == "commit.subject":
            commit = replace(written.publishing.commit, subject=None)
            assert replace(written.publishing, commit=commit) == Publishing()
            written = replace(written, own_publishing=None)
        assert written == base, path


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n", "null", "~\n", "\ufeff", "\ufeff# nothing", "{}"])
def test_an_empty_file_is_no_configuration(text: str):
    assert parse(text.encode()) == Settings()


TOP = (
    "branch, commit, exclude, fields, forge, gates, imagePolicies, localRegistry, pin, platform, pullRequest,"
    " registries, registry, remote, review, scheduled, tagPolicy"
)
HOST = (
    "allowPrivate, authHosts, caFile, clientCert, clientKey, concurrency, credential, plainHttp, requestsPerSecond,"
    " skipTlsVerify"
)
REGISTRIES = "quay.io or registry.example.com:5000 or quay.io/acme"
REGISTRY_ADDRESS = "image-registry.openshift-image-registry.svc:5000 or registry.example.com/streams"
FAULTS = {
    "a local registry without a host": (
        "localRegistry: streams",
        f"1: localRegistry: it does not have the form of {REGISTRY_ADDRESS}",
    ),
    "a local registry with a scheme": (
        "localRegistry: https://registry.example.com",
        f"1: localRegistry: it does not have the form of {REGISTRY_ADDRESS}",
    ),
    "a local registry with a slash too many": (
        "localRegistry: registry.example.com/",
        f"1: localRegistry: it does not have the form of {REGISTRY_ADDRESS}",
    ),
    "unknown key at the top": (
        "pin: digest\nplatfrom: x",
        f"2: the top level: unknown key 'platfrom'; known here: {TOP}",
    ),
    "a path without a slash": (
        "fields: [{path: spec}]",
        "1: fields.0: path: it must start with a slash, as /spec/image",
    ),
    "a star within a key": (
        "fields:\n- path: /spec/ima*\n",
        "2: fields.0: path: * and ** stand for whole keys; write ~2 for an asterisk in a key",
    ),
    "a rule that excludes and says how": (
        "fields: [{path: /a, exclude: true, form: tag, digest: none}]",
        "1: fields.0: exclude: true has no use for digest, form",
    ),
    "a digest for a whole reference": (
        "fields: [{path: /a, digest: key}]",
        "1: fields.0: digest: key has no meaning with the form reference",
    ),
    "keys for text": (
        "fields: [{path: /a, form: yaml, keys: {tag: t}}]",
        "1: fields.0: keys have no meaning with the form yaml",
    ),
    "a tag of nothing": (
        "fields: [{path: /a, form: tag}]",
        "1: fields.0: the form tag needs the repository whose tag it is",
    ),
    "a tag of a tag": (
        "fields: [{path: /a, form: tag, repository: 'nginx:1'}]",
        "1: fields.0: repository: it must be a repository without a tag, such as quay.io/acme/web",
    ),
    "a tag anywhere": (
        "fields: [{path: /**/0, form: tag, repository: nginx}]",
        "1: fields.0: path: with the form tag it must hold a key, since files are looked for by that",
    ),
    "a repository without a tag": (
        "fields: [{path: /a, repository: nginx}]",
        "1: fields.0: repository has no meaning with the form reference",
    ),
    "an unknown form": (
        "fields: [{path: /a, form: toml}]",
        "1: fields.0.form: 'toml' is not allowed; allowed: reference, substring, split, yaml, json, tag",
    ),
    "a policy without a namespace": (
        "imagePolicies: {web: 'acme/web:prod'}",
        "1: imagePolicies: 'web' does not have the form of flux-system:web",
    ),
    "a policy that stands for no stream tag": (
        "imagePolicies: {'a:web': 'acme/web'}",
        "1: imagePolicies.a:web: it does not have the form of acme/web:prod",
    ),
    "unknown key of commit": (
        "commit:\n  subjekt: x",
        "2: commit: unknown key 'subjekt'; known here: author, coAuthors, signOff, signing, subject",
    ),
    "unknown key of author": (
        "commit:\n  author:\n    name: a\n    email: b\n    mail: c",
        "5: commit.author: unknown key 'mail'; known here: email, name",
    ),
    "unknown key of signing": (
        "commit:\n  signing:\n    format: ssh",
        "3: commit.signing: unknown key 'format'; known here: key, method",
    ),
    "unknown key of registry": (
        "registry:\n\n  retries: 3",
        (
            "3: registry: unknown key 'retries'; known here: connectTimeout, helperTimeout, mountedAuthFiles,"
            " rateLimitReserve, requestTimeout, retryBudget, tries, verifyDigest"
        ),
    ),
    "unknown key of a registry": (
        "registries:\n  quay.io:\n    insecure: true",
        f"3: registries.quay.io: unknown key 'insecure'; known here: {HOST}",
    ),
    "unknown key of a credential": (
        "registries:\n  quay.io:\n    credential:\n      passwordEnv: P\n      password: hunter2",
        (
            "5: registries.quay.io.credential: unknown key 'password'; known here: authFile, identityTokenEnv,"
            " identityTokenFile, passwordEnv, passwordFile, username, usernameEnv"
        ),
    ),
    "a number for a key": ("1: a", f"1: the top level: unknown key '1'; known here: {TOP}"),
    "wrong pin": ("# x\npin: tag", "2: pin: 'tag' is not allowed; allowed: tag-and-digest, digest"),
    "pin is a list": ("pin: [digest]", "1: pin: this is not allowed; allowed: tag-and-digest, digest"),
    "wrong method": (
        "commit: {signing: {method: gpg}}",
        "1: commit.signing.method: 'gpg' is not allowed; allowed: configured, off, openpgp, ssh",
    ),
    "wrong verifyDigest": (
        "registry: {verifyDigest: no}",
        "1: registry.verifyDigest: 'no' is not allowed; allowed: strict, lenient",
    ),
    "a list at the top": ("- pin: digest", "1: the top level: it must be a mapping"),
    "text at the top": ("pin", "1: the top level: it must be a mapping"),
    "a number for text": ("branch: 1.10", "1: branch: it must be text; quote it"),
    "a boolean for text": ("remote: true", "1: remote: it must be text; quote it"),
    "text for a boolean": ("commit:\n  signOff: yes", "2: commit.signOff: it must be true or false"),
    "text for a list": ("exclude: vendor/**", "1: exclude: it must be a list"),
    "an empty item": ("exclude:\n  - a\n  - ''", "3: exclude.1: it is empty"),
    "a missing item": ("exclude:\n  - a\n  -\n", "3: exclude.1: it must be text; fill it in or leave the key out"),
    "a key without a value": ("registries:\n", "1: registries: it must be a mapping; fill it in or leave the key out"),
    "text for a number": ("registry: {tries: three}", "1: registry.tries: it must be a whole number"),
    "a fraction for a whole number": ("registry: {tries: 2.5}", "1: registry.tries: it must be a whole number"),
    "too small": ("registry: {tries: 0}", "1: registry.tries: it must be 1 or more"),
    "too large": (QUAY % "{concurrency: 17}", "1: registries.quay.io.concurrency: it must be 16 or less"),
    "infinite": ("registry: {requestTimeout: .inf}", "1: registry.requestTimeout: it must be a number"),
    "no time at all": ("registry: {requestTimeout: 0}", "1: registry.requestTimeout: it must be 0.1 or more"),
    "longer than a socket can wait": (
        "registry: {requestTimeout: 1e50}",
        "1: registry.requestTimeout: it must be 3600 or less",
    ),
    "author without an address": ("commit:\n  author:\n    name: Bot", "2: commit.author: 'email' is missing"),
    "author without a name": ("commit:\n  author: {email: a@b}", "2: commit.author: 'name' is missing"),
    "an author who adds a line": (
        'commit: {author: {name: "a\\nb", email: a@b}}',
        "1: commit.author.name: it does not have the form of Image Bot",
    ),
    "an author with NUL": (
        'commit: {author: {name: "a\\0b", email: a@b}}',
        "1: commit.author.name: it does not have the form of Image Bot",
    ),
    "a remote that is an option": (
        "remote: --upload-pack=touch",
        "1: remote: it does not have the form of origin",
    ),
    "a branch that is an option": ("branch: -f", "1: branch: it does not have the form of main"),
    "a signing key that is an option": (
        "commit: {signing: {method: openpgp, key: --output=x}}",
        "1: commit.signing.key: it does not have the form of 0xA1B2C3D4E5F60718 or ~/.ssh/id_ed25519.pub",
    ),
    "a co-author without an address": (
        "commit:\n  coAuthors:\n    - Jo\n",
        "3: commit.coAuthors.0: it does not have the form of Name <name@example.com>",
    ),
    "no platform": ("platform: amd64", "1: platform: it does not have the form of linux/amd64 or linux/arm64/v8"),
    "a platform and a line end": (
        'platform: "linux/amd64\\n"',
        "1: platform: it does not have the form of linux/amd64 or linux/arm64/v8",
    ),
    "an unknown placeholder": (
        "commit:\n  subject: 'fix: {stream}'",
        (
            "2: commit.subject: the template of the commit's subject has an unknown placeholder {stream}:"
            " known: {summary}, {tags}, {count}, {files}, {scope}"
        ),
    ),
    "an empty subject": (
        "commit:\n  subject: ' {scope} '",
        "2: commit.subject: the template of the commit's subject gives an empty line",
    ),
    "a key without its method": ("commit:\n  signing: {key: a}", "2: commit.signing: 'method' is missing"),
    "a key for no method": (
        "commit: {signing: {key: a, method: off}}",
        "1: commit.signing.method: 'off' is not allowed; allowed: openpgp, ssh",
    ),
    "a registry with a scheme": (
        "registries:\n  https://quay.io: {}",
        f"2: registries: 'https://quay.io' does not have the form of {REGISTRIES}",
    ),
    "a registry with a final slash": (
        "registries:\n  quay.io/: {}",
        f"2: registries: 'quay.io/' does not have the form of {REGISTRIES}",
    ),
    "an auth host that is a URL": (
        QUAY % "{authHosts: ['https://a/token']}",
        "1: registries.quay.io.authHosts.0: it does not have the form of auth.example.com or auth.example.com:8443",
    ),
    "a key without a certificate": (QUAY % "{clientKey: a}", "1: registries.quay.io: 'clientCert' is missing"),
    "a home of nobody": (
        QUAY % "{caFile: ~no-such-user-here/a}",
        "1: registries.quay.io.caFile: it does not have the form of certs/registry.pem",
    ),
    "a path with NUL": (
        QUAY % '{caFile: "a\\0b"}',
        "1: registries.quay.io.caFile: it does not have the form of certs/registry.pem",
    ),
    "an SSH key of nobody": (
        "commit: {signing: {method: ssh, key: ~no-such-user-here/a}}",
        "1: commit.signing.key: it does not have the form of ~/.ssh/id_ed25519.pub",
    ),
    "a credential without a secret": (
        SECRET % "{username: a}",
        (
            "1: registries.quay.io.credential: one of passwordEnv, passwordFile, identityTokenEnv, identityTokenFile,"
            " authFile is needed"
        ),
    ),
    "two passwords": (
        SECRET % "{passwordEnv: P, passwordFile: p}",
        "1: registries.quay.io.credential: passwordEnv and passwordFile exclude each other",
    ),
    "an auth file and a password": (
        SECRET % "{passwordEnv: P, authFile: p}",
        "1: registries.quay.io.credential: authFile excludes the other keys",
    ),
    "no duration": ("gates: {minAge: ''}", "1: gates.minAge: '' is no duration; write 3d, 36h or 1d12h"),
    "no cron expression": (
        "gates: {freeze: [{cron: 61 18 * * 5, duration: 1h}]}",
        '1: gates.freeze.0: "61 18 * * 5" is no cron expression of five fields',
    ),
    "no time zone": (
        "gates: {freeze: [{cron: 1 18 * * 5, duration: 1h, timeZone: CEST}]}",
        '1: gates.freeze.0: "CEST" is no time zone that is known here; write Europe/Berlin or UTC',
    ),
    "two tokens": (
        "forge: {tokenEnv: T, tokenFile: t}",
        "1: forge: tokenEnv and tokenFile exclude each other",
    ),
    "an app without a key": (
        "forge: {app: {id: '1'}}",
        "1: forge.app: one of privateKeyFile, privateKeyEnv is needed",
    ),
    "a token in a URL": (
        "forge: {apiUrl: 'https://x:hunter2@git.x'}",
        "1: forge.apiUrl: it does not have the form of https://git.example.com/api/v3",
    ),
    "a group by no label": ("pullRequest:\n  groupBy: label", "1: pullRequest: 'groupLabel' is missing"),
    "a group of nothing": (
        "pullRequest: {groups: [{name: a, streams: []}]}",
        "1: pullRequest.groups.0.streams: it is empty",
    ),
    "a group with a long name": (
        f"pullRequest: {{groups: [{{name: {'a' * 101}, streams: [a]}}]}}",
        "1: pullRequest.groups.0.name: it is longer than 100 characters",
    ),
    "a prefix that is no branch": (
        "pullRequest: {branchPrefix: a..b}",
        "1: pullRequest.branchPrefix: it does not have the form of gitops-streams",
    ),
    "a draft of the old kind": (
        "pullRequest: {draft: true}",
        "1: pullRequest.draft: this is not allowed; allowed: never, new, always",
    ),
    "a compare host of an unknown kind": (
        "review: {compareHosts: {git.x: svn}}",
        "1: review.compareHosts.git.x: 'svn' is not allowed; allowed: github, gitlab, gitea, bitbucket",
    ),
    "not YAML": (
        "pin: digest\nexclude: [",
        "2: it is not YAML: while parsing a flow node: did not find expected node content",
    ),
    "a tab": ("commit:\n\tsubject: x", "2: it is not YAML: while scanning for the next token: found character that"),
    "two documents": ("pin: digest\n---\npin: digest\n", "1: it holds more than one document"),
    "a key twice": ("pin: digest\nbranch: a\npin: digest", "3: the key 'pin' stands twice"),
    "an alias": ("branch: &b main\nremote: *b", "2: aliases (*name) are not read here; write it out"),
    "an object of Python": (
        "pin: !!python/object/apply:os.system [x]\n",
        "1: pin: this is not allowed",
    ),
    "a tag": ("branch: !!binary bWFpbg==", "1: the tag tag:yaml.org,2002:binary is not read here"),
    "a date": ("branch: 2024-01-01\nremote: 0x1F\nplatform: 1:30", "3: platform: it does not have the form"),
    "deep": ("[" * 100_000, "1: it is not YAML: it nests more than 200 levels deep"),
}


@pytest.mark.parametrize(("text", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_names_its_place_and_what_is_allowed(text: str, message: str):
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert str(caught.value).startswith(f"{NAME}:{message}")
    assert "\n" not in str(caught.value), "one fault, one line"
    assert caught.value.hint == "docs/configuration.md lists every field"


@pytest.mark.parametrize("content", [b"\xff\xfep\x00", b"pin: \xff"])
def test_other_encodings(content: bytes):
    with pytest.raises(ConfigError, match=r"^\.gitops-streams/config\.yaml:1: it is not YAML: it is"):
        parse(content)


def test_all_faults_are_reported_at_once_in_order():
    with pytest.raises(ConfigError) as caught:
        parse("branch: 1\nfoo: 1\nbar: 2\npin: 3\ncommit: {signOff: 3}\n")
    assert [line.split(": ")[0] for line in str(caught.value).splitlines()] == [
        f"{NAME}:{line}" for line in range(1, 6)
    ]


def test_a_thousand_faults_make_a_short_message():
    with pytest.raises(ConfigError) as caught:
        parse("".join(f"{'k' * 1000}{n}: 1\n" for n in range(1000)))
    assert len(str(caught.value).splitlines()) == 10
    assert len(str(caught.value)) < 5000


@pytest.mark.parametrize(
    "text",
    [
        "registries: {quay.io: {credential: hunter2}}",
        "registries: {quay.io: {credential: {password: hunter2}}}",
        "registries: {quay.io: {credential: [hunter2]}}",
        "registries: {quay.io: {credential: {passwordEnv: 'hunter2!'}}}",
        "registries: {quay.io: {credential: {passwordFile: [hunter2]}}}",
        "registries: {quay.io: {credential: {username: a, passwordEnv: {value: hunter2}}}}",
        "registries: {quay.io: hunter2}",
        "registry: {mountedAuthFiles: hunter2}",
    ],
)
def test_a_secret_in_the_wrong_place_is_not_shown(text: str):
    with pytest.raises(ConfigError) as caught:
        parse(text)
    shown = f"{caught.value} {caught.value.hint} {caught.value.__cause__} {caught.value.__context__}"
    assert "hunter2" not in shown


def test_a_bomb_of_aliases_is_refused_at_once():
    lines = ["a: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 40)]
    with pytest.raises(ConfigError, match="aliases"):
        parse("\n".join([*lines, "pin: *a39"]))


def test_the_home_directory(hermetic: Path):
    found = parse(QUAY % "{caFile: ~/certs/a.pem, credential: {authFile: ~/auth.json}}")
    _, settings = found.registry.entry("quay.io", "acme/web")
    assert settings.ca_file == hermetic / "certs/a.pem"
    assert settings.credential is not None
    assert settings.credential.auth_file == hermetic / "auth.json"


@pytest.mark.parametrize(
    ("name", "repository"),
    [
        ("quay.io", ("quay.io", "acme/web")),
        ("quay.io/acme", ("quay.io", "acme/web")),
        ("quay.io/acme/web", ("quay.io", "acme/web")),
        ("localhost:5000", ("localhost:5000", "a")),
        ("'[::1]:5000'", ("[::1]:5000", "a")),
        ("index.docker.io", ("docker.io", "library/nginx")),
        ("docker.io/library", ("docker.io", "library/nginx")),
    ],
)
def test_names_of_registries_are_those_of_references(name: str, repository: tuple[str, str]):
    found = parse(f"registries: {{{name}: {{allowPrivate: true}}}}")
    assert found.registry.entry(*repository)[1].allow_private


scalars = st.sampled_from(["digest", "1", "1.5", "true", "null", "linux/amd64", "a", "''", "~nobody-at-all/x", "-x"])
names = st.sampled_from(
    sorted({part for path in ALL for part in path.split(".") if "<" not in part} | {"quay.io", "x"})
)
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(names, inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"{name}: {value}" for name, value in items.items()) + "}"
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(top=st.dictionaries(st.sampled_from(sorted(schemas.load("config")["properties"])), trees, max_size=3))
def test_any_shape_is_read_or_refused(top: dict[str, str]):
    text = "".join(f"{name}: {value}\n" for name, value in top.items())
    try:
        found = parse(text)
    except ConfigError as error:
        lines = str(error).splitlines()
    else:
        assert isinstance(found, Settings)
        return
    assert lines
    assert all(line.startswith(f"{NAME}:") for line in lines)


def blocks(page: str) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```$", (DOCS / page).read_text(), re.DOTALL | re.MULTILINE)


def test_the_page_has_a_row_for_every_field_with_its_default_and_its_words():
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", (DOCS / "configuration.md").read_text(), re.MULTILINE))
    assert set(ALL) <= set(rows)
    assert {name for name in rows if not name.startswith("{")} == set(ALL), "no row is left over"
    for path, field in ALL.items():
        default = field.get("default")
        if default is not None:
            written = default if isinstance(default, str) else str(default).lower()
            assert rows[path].split(" | ")[1] == f"`{written}`", path
        assert all(f"`{word}`" in rows[path] for word in field.get("enum", [])), path
        assert field["description"], path
    assert {name.strip("{}") for name in rows if name.startswith("{")} == set(PLACEHOLDERS)


OTHER_WAYS = {
    "pullRequest.groupLabel",
    "forge.tokenFile",
    "forge.app",
    "forge.app.id",
    "forge.app.privateKeyFile",
    "forge.app.privateKeyEnv",
    "forge.app.installation",
}
"""Fields that what the example shows excludes."""


def test_the_example_of_the_page_is_a_configuration_that_names_every_group():
    (example,) = blocks("configuration.md")
    found = parse(example)
    assert found.publishing.commit.author == Identity("Image Bot", "bot@example.com")
    assert len(found.registry.hosts) == 2
    unused = {
        path
        for path in ALL
        if not path.startswith("registries.") and ".<name>" not in path and f"{path.rpartition('.')[2]}:" not in example
    }
    assert unused == OTHER_WAYS


def test_the_page_says_that_untrusted_changes_must_not_meet_secrets():
    text = " ".join((DOCS / "configuration.md").read_text().split())
    assert "**must not have secrets in its environment**" in text
