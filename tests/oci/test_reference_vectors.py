"""The reference grammar's own test tables (distribution/reference), operation by operation on our types."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from gitops_streams.errors import GitopsStreamsError, InvalidReference
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import DOMAIN, IDENTIFIER, NAME, TAG, Reference

_FILE = (
    Path(os.environ.get("GITOPS_STREAMS_SHARED") or Path(__file__).parents[3] / "shared")
    / "cases"
    / "reference_vectors.json"
)
_DATA: dict[str, list[dict[str, Any]]] = (
    json.loads(_FILE.read_text()) if _FILE.is_file() else {"vectors": [], "operations": []}
)

Fields = dict[str, Any]


def _fields(reference: Reference) -> Fields:
    repository = reference.repository
    return {
        "string": reference.canonical,
        "repository": str(repository) if repository.domain else repository.path,
        "domain": repository.domain,
        "path": repository.path,
        "tag": reference.tag or "",
        "digest": str(reference.digest or ""),
        "familiar": repository.familiar,
        "familiar_string": f"{repository.familiar}{reference.canonical.removeprefix(str(repository))}",
        "bare_digest": False,
    }


def _with_name(text: str) -> Fields:
    reference = Reference.parse_strict(text)
    if reference.tag is not None or reference.digest is not None:
        raise InvalidReference("a name has neither tag nor digest")
    return _fields(reference)


def _parse_named(text: str) -> Fields:
    fields = _fields(Reference.parse(text))
    if fields["string"] != text:
        raise InvalidReference("not canonical")
    return fields


def _parse_any(text: str) -> Fields:
    """A bare identifier, a digest, or a reference."""
    if IDENTIFIER.fullmatch(text):
        return {"string": f"sha256:{text}", "bare_digest": True}
    try:
        return {"string": str(Digest.parse(text)), "bare_digest": True}
    except InvalidReference:
        return _fields(Reference.parse(text))


def _parse_docker_ref(text: str) -> Fields:
    """What a container runtime pulls: by digest, else by tag, else ``latest``."""
    reference = Reference.parse(text)
    if reference.digest is not None:
        return _fields(reference.pinned(reference.digest, keep_tag=False))
    return _fields(Reference(reference.name, reference.repository, reference.tag or "latest"))


_PARSERS: dict[str, Callable[[str], Fields]] = {
    "parse": lambda text: _fields(Reference.parse_strict(text)),
    "parse_normalized": lambda text: _fields(Reference.parse(text)),
    "with_name": _with_name,
    "parse_named": _parse_named,
    "parse_any": _parse_any,
    "parse_docker_ref": _parse_docker_ref,
}


def _match_name(text: str) -> Fields | None:
    match = NAME.fullmatch(text)
    return None if match is None else {"domain": match["domain"] or "", "path": match["path"]}


def _match_reference(text: str) -> Fields | None:
    try:
        return _fields(Reference.parse_strict(text))
    except InvalidReference:
        return None


_MATCHERS: dict[str, Callable[[str], object]] = {
    "match_domain": DOMAIN.fullmatch,
    "match_identifier": IDENTIFIER.fullmatch,
    "match_name": _match_name,
    "match_reference": _match_reference,
}


def _cases(table: str, *, of: Callable[[str], bool]) -> list[Any]:
    return [
        pytest.param(vector, id=f"{index}-{vector['op']}")
        for index, vector in enumerate(_DATA[table])
        if of(vector["op"])
    ]


@pytest.mark.skipif(not _DATA["vectors"], reason=f"no {_FILE}; set GITOPS_STREAMS_SHARED")
def test_all_vectors_are_mapped() -> None:
    assert len(_DATA["vectors"]) == 331
    assert len(_DATA["operations"]) == 21
    assert {vector["op"] for vector in _DATA["vectors"]} == _PARSERS.keys() | _MATCHERS.keys()
    assert {vector["op"] for vector in _DATA["operations"]} == {"with_tag", "with_digest", "familiar_match"}


@pytest.mark.parametrize("vector", _cases("vectors", of=_PARSERS.__contains__))
def test_parse(vector: dict[str, Any]) -> None:
    parse, text = _PARSERS[vector["op"]], vector["input"]
    if "error" in vector:
        if "sha512:" in text and vector["error"] == "digest.ErrDigestUnsupported":
            # Go's test did not register sha512; 128 digits of it are a digest all the same.
            assert parse(text)["digest"].startswith("sha512:")
            return
        with pytest.raises(InvalidReference):
            parse(text)
        return
    fields = parse(text)
    wanted = vector.get("expect", {})
    assert {key: fields[key] for key in wanted} == wanted


@pytest.mark.parametrize("vector", _cases("vectors", of=_MATCHERS.__contains__))
def test_match(vector: dict[str, Any]) -> None:
    found = _MATCHERS[vector["op"]](vector["input"])
    assert (found is not None) is vector["match"]
    wanted = vector.get("expect", {})
    assert wanted == {key: found[key] for key in wanted}  # type: ignore[index]


@pytest.mark.parametrize("vector", _cases("operations", of=lambda op: op.startswith("with_")))
def test_with_tag_and_digest(vector: dict[str, Any]) -> None:
    name = Reference.parse_strict(vector["name"])
    if vector.get("error"):
        if vector["op"] == "with_tag":
            assert TAG.fullmatch(vector["tag"]) is None
            with pytest.raises(InvalidReference):
                Reference.parse_strict(f"{vector['name']}:{vector['tag']}")
        else:
            with pytest.raises(InvalidReference):
                Digest.parse(vector["digest"])
        return
    built = Reference(name.name, name.repository, vector["tag"] or None)
    if vector["digest"]:
        # The table's digest is too short to be one; what is tested is the writing.
        algorithm, _, encoded = vector["digest"].partition(":")
        built = built.pinned(Digest(algorithm, encoded))
    assert str(built) == vector["expect_string"]


def _glob(pattern: str, text: str) -> bool:
    """Go's ``path.Match``: a star stops at a slash."""
    if "[-" in pattern:
        raise ValueError("syntax error in pattern")
    patterns, parts = pattern.split("/"), text.split("/")
    return len(patterns) == len(parts) and all(map(fnmatchcase, parts, patterns))


@pytest.mark.parametrize("vector", _cases("operations", of=lambda op: op == "familiar_match"))
def test_familiar_match(vector: dict[str, Any]) -> None:
    """Matching by glob is no operation of ours; the familiar spellings that it is applied to are."""
    fields = _fields(Reference.parse(vector["reference"]))
    spellings = (fields["familiar_string"], fields["familiar"])
    if "error" in vector:
        with pytest.raises(ValueError, match="pattern"):
            _glob(vector["pattern"], spellings[0])
        return
    assert any(_glob(vector["pattern"], spelling) for spelling in spellings) is vector["expect"]


def test_errors_are_ours() -> None:
    assert issubclass(InvalidReference, GitopsStreamsError)
