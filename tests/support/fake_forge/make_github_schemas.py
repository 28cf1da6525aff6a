"""Cut GitHub's published descriptions down to what the fake forge checks; run by hand (see CONTRIBUTING.md).

    python tests/support/fake_forge/make_github_schemas.py

Reads the npm packages ``@octokit/openapi`` and ``@octokit/graphql-schema`` (both MIT, made from GitHub's own
descriptions, which are MIT too) and writes ``github_requests.json`` and ``github.graphql`` beside this file:
of REST the requests of the operations that the fake answers, as JSON Schema; of GraphQL the types named below.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REQUESTS = HERE / "github_requests.json"
GRAPHQL = HERE / "github.graphql"

_PACKAGES = ("@octokit/openapi@23.0.2", "@octokit/graphql-schema@15.26.1")
_PROSE = {"description", "example", "examples", "title", "externalDocs", "x-github", "deprecated", "readOnly"}
_NAMED = {"properties", "patternProperties"}

_TYPES = {
    "Actor",
    "AutoMergeRequest",
    "Bot",
    "Commit",
    "GitObject",
    "Label",
    "LabelConnection",
    "Node",
    "PageInfo",
    "PullRequest",
    "PullRequestConnection",
    "RateLimit",
    "Ref",
    "Repository",
    "User",
}
_QUERIES = {"node", "rateLimit", "repository", "viewer"}
_MUTATIONS = {
    "convertPullRequestToDraft",
    "createCommitOnBranch",
    "disablePullRequestAutoMerge",
    "enablePullRequestAutoMerge",
    "markPullRequestReadyForReview",
    "updateRefs",
}


def requests_of(description: dict[str, Any], operations: Iterable[str]) -> dict[str, Any]:
    """Return the parameters and bodies of operations, as JSON Schema without prose.

    Args:
        description: an OpenAPI 3.0 document.
        operations: ``GET /repos/{owner}/{repo}``.
    """
    cut = {}
    for operation in sorted(operations):
        method, path = operation.split(" ", 1)
        item = description["paths"][path]
        asked = item[method.lower()]
        named = [_resolved(one, description) for one in (*item.get("parameters", ()), *asked.get("parameters", ()))]
        entry: dict[str, Any] = {"path": {}, "query": {}}
        for parameter in named:
            if parameter["in"] in entry:
                schema = json_schema(parameter["schema"], description)
                entry[parameter["in"]][parameter["name"]] = {"schema": schema}
                if parameter.get("required") and parameter["in"] == "query":
                    entry["query"][parameter["name"]]["required"] = True
        body = _resolved(asked.get("requestBody", {}), description)
        if media := body.get("content", {}).get("application/json"):
            entry["body"] = {
                "schema": json_schema(media["schema"], description),
                "required": bool(body.get("required")),
            }
        cut[operation] = entry
    return cut


def json_schema(schema: Any, description: dict[str, Any]) -> Any:
    """Turn a schema of OpenAPI 3.0 into JSON Schema: references resolved, ``nullable`` a type, prose left out."""
    if isinstance(schema, list):
        return [json_schema(one, description) for one in schema]
    if not isinstance(schema, dict):
        return schema
    schema = _resolved(schema, description)
    new = {
        name: {key: json_schema(one, description) for key, one in value.items()}
        if name in _NAMED
        else json_schema(value, description)
        for name, value in schema.items()
        if name not in _PROSE and not name.startswith("x-") and name != "nullable"
    }
    if schema.get("nullable"):
        if "type" in new:
            new["type"] = [new["type"], "null"]
            if "enum" in new and None not in new["enum"]:
                new["enum"].append(None)
        else:
            new = {"anyOf": [new, {"type": "null"}]}
    return new


def _resolved(one: dict[str, Any], description: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in one:
        found: Any = description
        for step in one["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        one = found
    return one


def cut_graphql(text: str) -> str:
    """Return the part of a GraphQL schema that the named types, queries and mutations need."""
    from graphql import assert_valid_schema, build_schema, parse, print_ast  # noqa: PLC0415 - the REST half works without

    document = parse(text, no_location=True)
    known = {one.name.value: one for one in document.definitions if hasattr(one, "name")}
    kinds = {name: one.kind for name, one in known.items()}
    payloads = {_named(field.type) for field in known["Mutation"].fields if field.name.value in _MUTATIONS}
    kept = _TYPES | payloads | {"Query", "Mutation"}
    leaves = {"scalar_type_definition", "enum_type_definition"}
    needed: set[str] = set()

    def need(name: str) -> None:
        if name in needed or name not in known:
            return
        needed.add(name)
        if kinds[name] == "input_object_type_definition":
            for field in known[name].fields or ():
                need(_named(field.type))

    for name in sorted(kept):
        one = known[name]
        fields = []
        for field in one.fields:
            result = _named(field.type)
            chosen = {"Query": _QUERIES, "Mutation": _MUTATIONS}.get(name)
            if chosen is not None and field.name.value not in chosen:
                continue
            if result in kept or kinds.get(result) in leaves or result not in known:
                fields.append(field)
                need(result)
                for argument in field.arguments or ():
                    need(_named(argument.type))
        # Query is a Node at GitHub, but its "id" is not among what is kept.
        faces = tuple(face for face in one.interfaces or () if face.name.value in kept and name != "Query")
        known[name] = replace(one, fields=tuple(fields), interfaces=faces)
    cut = "\n\n".join(print_ast(_bare(known[name])) for name in sorted(kept | needed)) + "\n"
    assert_valid_schema(build_schema(cut))
    return cut


def _named(kind: Any) -> str:
    while not hasattr(kind, "name"):
        kind = kind.type
    return str(kind.name.value)


def _bare(node: Any) -> Any:
    """Return a definition and its parts without descriptions and directives."""
    changes: dict[str, Any] = {name: None for name in ("description", "directives") if getattr(node, name, None)}
    for name in ("fields", "arguments", "values"):
        if parts := getattr(node, name, None):
            changes[name] = tuple(_bare(part) for part in parts)
    return replace(node, **changes)


def _download(folder: Path) -> tuple[dict[str, Any], str]:
    command = ["npm", "pack", "--silent", *_PACKAGES]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    wanted = {"openapi": "package/generated/api.github.com.json", "graphql-schema": "package/schema.graphql"}
    texts = {}
    for package, member in wanted.items():
        (archive,) = folder.glob(f"octokit-{package}-*.tgz")
        with tarfile.open(archive) as packed:
            file = packed.extractfile(member)
            assert file is not None
            texts[package] = file.read().decode()
    return json.loads(texts["openapi"]), texts["graphql-schema"]


def main() -> None:
    """Download, cut and write."""
    sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent.parent)]
    from fake_forge.github_dialect import OPERATIONS  # noqa: PLC0415 - the path was not set before

    with tempfile.TemporaryDirectory() as folder:
        openapi, graphql = _download(Path(folder))
    document = {
        "source": f"{_PACKAGES[0]}, generated/api.github.com.json, requests only; GitHub's description, MIT",
        "operations": requests_of(openapi, OPERATIONS),
    }
    REQUESTS.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
    GRAPHQL.write_text(f"# {_PACKAGES[1]}, schema.graphql, cut down; GitHub's schema, MIT\n\n{cut_graphql(graphql)}")
    for path in (REQUESTS, GRAPHQL):
        print(f"{path.name}: {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
