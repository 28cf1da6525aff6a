"""Read Flux's ``ImageRepository`` and ``ImagePolicy`` as stream tags.

Source: fluxcd/image-reflector-controller ``api/v1`` (and ``v1beta1``, ``v1beta2``: the same fields). Its words for
policies are ours, so most is carried over as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gitops_streams.oci.reference import Reference, looks_like_reference
from gitops_streams.streams.foreign import Foreign, Untranslated, Wanted, as_policy, has_parameter, text_at, texts_at
from gitops_streams.yamledit.nodes import Mapping, resolve
from gitops_streams.yamledit.objects import Object

GROUP = "image.toolkit.fluxcd.io"
_DEFAULT_EXCLUSION = ("^.*\\.sig$",)
_NOWHERE = "default"
"""The namespace of objects that name none, as the API server has it."""
_CLOUDS = frozenset({"aws", "azure", "gcp"})
_DIGESTS = {
    "Never": "Flux writes no digest (digestReflectionPolicy: Never); here every pin has one",
    "IfNotPresent": "Flux keeps the first digest of a tag (digestReflectionPolicy: IfNotPresent); here a tag that is"
    " pushed again is followed",
}


@dataclass(frozen=True, slots=True)
class _Repository:
    """An ``ImageRepository``."""

    image: Reference
    insecure: bool
    pull_secrets: tuple[str, ...]
    notes: tuple[str, ...]


def read(found: Iterable[tuple[str, Object]]) -> list[Foreign]:
    """Read the policies among some objects, each with its file; every policy gives one result."""
    repositories: dict[tuple[str, str], _Repository | str] = {}
    policies: list[tuple[str, Object]] = []
    for file, each in found:
        if each.api_version.partition("/")[0] != GROUP:
            continue
        if each.kind == "ImageRepository":
            repositories[_key(each)] = _read_repository(each.mapping)
        elif each.kind == "ImagePolicy":
            policies.append((file, each))
    return [_read_policy(file, policy, repositories) for file, policy in policies]


def _key(found: Object) -> tuple[str, str]:
    return found.namespace or _NOWHERE, found.name or ""


def _read_repository(mapping: Mapping) -> _Repository | str:
    image = text_at(mapping, "spec", "image")
    reference = looks_like_reference(image)
    if reference is None or reference.tag is not None or reference.digest is not None:
        return f"spec.image {image[:200]!r} is not a repository's name"
    notes = []
    excluded = texts_at(mapping, "spec", "exclusionList")
    if excluded and excluded != _DEFAULT_EXCLUSION:
        notes.append("spec.exclusionList has no equivalent; gitops-streams.io/pattern chooses which tags are looked at")
    if text_at(mapping, "spec", "suspend") == "true":
        notes.append("its ImageRepository is suspended in Flux; nothing is suspended here")
    secrets = [text_at(mapping, "spec", key, "name") for key in ("secretRef", "certSecretRef")]
    secrets.append(text_at(mapping, "spec", "serviceAccountName"))
    provider = text_at(mapping, "spec", "provider")
    secrets.append(f"provider {provider}" if provider in _CLOUDS else "")
    return _Repository(
        reference, text_at(mapping, "spec", "insecure") == "true", tuple(filter(None, secrets)), tuple(notes)
    )


def _read_policy(file: str, found: Object, repositories: dict[tuple[str, str], _Repository | str]) -> Foreign:
    mapping, (namespace, name) = found.mapping, _key(found)
    origin = f"ImagePolicy {namespace}/{name}"

    def refused(reason: str) -> Untranslated:
        return Untranslated(file, mapping.line, origin, reason)

    if has_parameter(f"{namespace}/{name}"):
        return refused("its name holds a parameter, which is filled in elsewhere")
    target = text_at(mapping, "spec", "imageRepositoryRef", "name")
    key = (text_at(mapping, "spec", "imageRepositoryRef", "namespace") or namespace, target)
    repository = repositories.get(key)
    if repository is None:
        return refused(f"its ImageRepository {'/'.join(key)} is not declared in this repository")
    if isinstance(repository, str):
        return refused(f"of its ImageRepository {'/'.join(key)}, {repository}")
    policy = as_policy(_annotations(mapping))
    if isinstance(policy, str):
        return refused(policy)
    notes = list(repository.notes)
    digests = _DIGESTS.get(text_at(mapping, "spec", "digestReflectionPolicy"))
    notes += [digests] if digests else []
    if text_at(mapping, "spec", "suspend") == "true":
        notes.append("it is suspended in Flux; gitops-streams hold keeps a stream tag where it is")
    return Wanted(
        file,
        mapping.line,
        origin,
        (name, f"{namespace}-{name}"),
        repository.image,
        None,
        policy.policy,
        policy.annotations,
        repository.insecure,
        (namespace, name),
        tuple(notes),
        repository.pull_secrets,
    )


def _annotations(mapping: Mapping) -> dict[str, str]:
    """Return the policy in our words; Flux takes the first of several."""
    found: dict[str, str] = {}
    if isinstance(resolve(mapping, ("spec", "policy", "semver")), Mapping):
        found = {"policy": "semver", "range": text_at(mapping, "spec", "policy", "semver", "range")}
    else:
        for kind in ("alphabetical", "numerical"):
            if isinstance(resolve(mapping, ("spec", "policy", kind)), Mapping):
                found = {"policy": kind, "order": text_at(mapping, "spec", "policy", kind, "order").lower()}
                break
    for key in ("pattern", "extract") if found else ():
        found[key] = text_at(mapping, "spec", "filterTags", key)
    return found
