"""The published schemas: valid themselves, and in step with the code whose words they list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gitops_streams import schemas
from gitops_streams.forges.settings import ForgeKind
from gitops_streams.git.identity import SigningMethod
from gitops_streams.plan.audit import Kind
from gitops_streams.plan.audit_uses import UNTRACKED
from gitops_streams.plan.listing import State
from gitops_streams.plan.model import Outcome, Pin, Rule
from gitops_streams.registry.settings import VerifyDigest
from gitops_streams.render import pin_json, sites
from gitops_streams.render.json_report import SCHEMA_VERSION
from gitops_streams.review.pins import Touch
from gitops_streams.review.policy import CommitsBy, Drafts, EnvShown, Grouping, MergeMethod, Rebase
from gitops_streams.review.standing import Standing
from gitops_streams.yamledit.problem import Severity

NAMES = ["check", "check-base", "config", "history", "overview", "plan", "serve", "sites", "status"]


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every subschema."""
    if isinstance(schema, dict):
        yield schema
        for inner in schema.values():
            yield from nodes(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from nodes(inner)


def test_every_schema_is_listed_here():
    shipped = {
        file.name.removesuffix(".schema.json") for file in files(schemas).iterdir() if file.name.endswith(".json")
    }
    assert shipped == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_2020_12(name: str):
    schema = schemas.load(name)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("name", NAMES)
def test_patterns_are_anchored_and_compile(name: str):
    for node in nodes(schemas.load(name)):
        pattern = node.get("pattern")
        if isinstance(pattern, str):
            assert pattern.startswith("^"), pattern
            assert pattern.endswith("$"), pattern
            re.compile(pattern)


def test_examples_and_defaults_are_valid_themselves():
    for node in nodes(schemas.load("config")):
        if isinstance(node.get("examples"), list):
            for example in node["examples"]:
                assert Draft202012Validator(node).is_valid(example), example
        if "default" in node and not isinstance(node["default"], dict):
            assert Draft202012Validator(node).is_valid(node["default"]), node


def test_the_words_of_the_configuration_are_those_of_the_code():
    fields = schemas.load("config")["properties"]
    assert fields["pin"]["enum"] == [pin.value for pin in Pin]
    signing = fields["commit"]["properties"]["signing"]["properties"]
    assert signing["method"]["enum"] == [method.value for method in SigningMethod]
    assert fields["registry"]["properties"]["verifyDigest"]["enum"] == [choice.value for choice in VerifyDigest]
    pulls = fields["pullRequest"]["properties"]
    assert pulls["groupBy"]["enum"] == [grouping.value for grouping in Grouping]
    assert pulls["draft"]["enum"] == [drafts.value for drafts in Drafts]
    assert pulls["rebase"]["enum"] == [rebase.value for rebase in Rebase]
    assert pulls["autoMerge"]["properties"]["method"]["enum"] == [method.value for method in MergeMethod]
    assert set(pulls["commits"]["enum"]) == {commits.value for commits in CommitsBy}
    assert fields["review"]["properties"]["env"]["enum"] == [shown.value for shown in EnvShown]
    assert fields["forge"]["properties"]["kind"]["enum"] == [kind.value for kind in ForgeKind]


def test_the_words_of_a_plan_are_those_of_the_code():
    plan = schemas.load("plan")
    fields = plan["properties"]
    assert fields["schemaVersion"] == {"const": SCHEMA_VERSION}
    outcomes = {outcome.value for outcome in Outcome}
    for count in ("tags", "sites"):
        assert set(fields["summary"]["properties"][count]["required"]) == outcomes
    result = fields["results"]["items"]["properties"]
    site = result["sites"]["items"]["properties"]
    assert set(result["outcome"]["enum"]) == set(site["outcome"]["enum"]) == outcomes
    assert set(site["boundBy"]["enum"]) == {rule.value for rule in Rule}
    assert set(fields["problems"]["items"]["properties"]["severity"]["enum"]) == {value.value for value in Severity}


def test_the_words_of_a_check_are_those_of_the_code():
    fields = schemas.load("check-base")["properties"]
    pin = fields["pins"]["items"]["properties"]
    assert fields["schemaVersion"] == {"const": pin_json.SCHEMA_VERSION}
    assert set(fields["summary"]["properties"]["pins"]["required"]) == {standing.value for standing in Standing}
    assert set(pin["standing"]["enum"]) == {standing.value for standing in Standing}
    assert set(pin["change"]["enum"]) == {touch.value for touch in Touch}
    assert set(pin["boundBy"]["enum"]) == {None, *(rule.value for rule in Rule)}
    # What nothing uses is a matter of the whole repository, not of a change.
    kinds = {kind.value for kind in Kind} - {Kind.UNUSED.value}
    assert set(fields["findings"]["items"]["properties"]["kind"]["enum"]) == kinds


def test_the_words_of_findings_are_those_of_the_code():
    finding = schemas.load("check")["properties"]["findings"]["items"]["properties"]
    assert set(finding["kind"]["enum"]) == {UNTRACKED, *(kind.value for kind in Kind)}
    assert set(finding["severity"]["enum"]) == {value.value for value in Severity}


def test_the_words_of_sites_are_those_of_the_code():
    fields = schemas.load("sites")["properties"]
    site = fields["sites"]["items"]["properties"]
    assert fields["schemaVersion"] == {"const": sites.SCHEMA_VERSION}
    assert set(fields["summary"]["required"]) == set(site["state"]["enum"]) == {state.value for state in State}
    assert set(site["boundBy"]["enum"]) == {None, *(rule.value for rule in Rule)}
    assert set(fields["problems"]["items"]["properties"]["severity"]["enum"]) == {value.value for value in Severity}


def test_a_schema_is_loaded_anew_each_time():
    first = schemas.load("config")
    first.clear()
    assert schemas.load("config")
