"""Turns the sections that say where references stand (``fields``, ``imagePolicies``) into rules of the scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gitops_streams.manifests.field_rules import DigestPlace, FieldForm, FieldRule, SplitKeys, UserRules
from gitops_streams.manifests.path_pattern import InvalidPattern, PathPattern
from gitops_streams.oci.reference import Reference, looks_like_reference

_DIGESTS = {
    FieldForm.SPLIT: frozenset(DigestPlace),
    FieldForm.TAG: frozenset(DigestPlace),
}
_WITHOUT_DIGEST = frozenset({DigestPlace.SUFFIX})


def user_rules(fields: Sequence[Mapping[str, Any]], image_policies: Mapping[str, str]) -> UserRules:
    """Turn both sections into rules; the schema and ``fault`` have accepted every one of them."""
    return UserRules(tuple(_rule(index, field) for index, field in enumerate(fields)), dict(image_policies))


def _rule(index: int, field: Mapping[str, Any]) -> FieldRule:
    keys, default = field.get("keys", {}), SplitKeys()
    repository = field.get("repository")
    return FieldRule(
        index,
        PathPattern.parse(field["path"]),
        kind=field.get("kind"),
        api_version=field.get("apiVersion"),
        files=field.get("files"),
        form=FieldForm(field.get("form", FieldForm.REFERENCE)),
        digest=DigestPlace(field.get("digest", DigestPlace.SUFFIX)),
        keys=SplitKeys(
            keys.get("repository", default.repository),
            keys.get("registry", default.registry),
            keys.get("tag", default.tag),
            keys.get("digest", default.digest),
        ),
        repository=None if repository is None else Reference.parse(repository),
        exclude=field.get("exclude", False),
    )


def fault(field: Mapping[str, Any]) -> str | None:
    """Say what is wrong with one entry of ``fields`` that the schema cannot tell; ``None`` if nothing is."""
    path = field.get("path", "/")
    try:
        pattern = PathPattern.parse(path) if isinstance(path, str) else None
    except InvalidPattern as error:
        return f"path: {error}"
    known = [form for form in FieldForm if form == field.get("form", FieldForm.REFERENCE)]
    if pattern is None or not known:
        return None  # which the schema says
    form = known[0]
    if field.get("exclude", False):
        idle = sorted(field.keys() & {"form", "digest", "keys", "repository"})
        return f"exclude: true has no use for {', '.join(idle)}" if idle else None
    digest = field.get("digest")
    if digest is not None and digest not in _DIGESTS.get(form, _WITHOUT_DIGEST):
        return f"digest: {digest} has no meaning with the form {form}"
    if "keys" in field and form not in _DIGESTS:
        return f"keys have no meaning with the form {form}"
    return _repository_fault(field, form, pattern)


def _repository_fault(field: Mapping[str, Any], form: FieldForm, pattern: PathPattern) -> str | None:
    repository = field.get("repository")
    if form is not FieldForm.TAG:
        return None if repository is None else f"repository has no meaning with the form {form}"
    if repository is None:
        return "the form tag needs the repository whose tag it is"
    reference = looks_like_reference(repository) if isinstance(repository, str) else None
    if reference is None or reference.tag is not None or reference.digest is not None:
        return "repository: it must be a repository without a tag, such as quay.io/acme/web"
    return None if pattern.keys else "path: with the form tag it must hold a key, since files are looked for by that"
