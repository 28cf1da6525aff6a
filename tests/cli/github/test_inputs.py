"""The Action's inputs: strict, one name each, and laid over the configuration."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from gitops_streams import config
from gitops_streams.cli.github.inputs import Command, FailOn, Publish, read
from gitops_streams.config import Settings
from gitops_streams.errors import UsageError
from gitops_streams.git.identity import Identity
from gitops_streams.review.policy import CommitsBy, Drafts, Grouping

ROOT = Path(__file__).parents[3]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())


def given(**values: str):
    return read({f"GS_{name.upper()}": value for name, value in values.items()})


def test_every_input_of_the_action_is_read_and_no_other():
    """A name that action.yml passes on and nobody reads, or the other way round, would be silent."""
    passed = {}
    for step in ACTION["runs"]["steps"]:
        for name, value in step.get("env", {}).items():
            for used in re.findall(r"inputs\.([a-z-]+)", value):
                passed[used] = name
    assert passed == {name: "GS_" + name.upper().replace("-", "_") for name in ACTION["inputs"]}
    source = (ROOT / "gitops_streams/cli/github/inputs.py").read_text()
    read_there = set(re.findall(r'(?:text|lines|word|flag)\("([a-z-]+)"', source))
    assert read_there - {"workflow-token"} == set(ACTION["inputs"])


def test_the_defaults_of_the_action_are_read():
    inputs = read(
        {"GS_" + name.upper().replace("-", "_"): about["default"] for name, about in ACTION["inputs"].items()}
    )
    assert (inputs.command, inputs.publish, inputs.path) == (Command.RECONCILE, Publish.PULL_REQUEST, ".")
    assert inputs.fail_on == {FailOn.UNRESOLVED, FailOn.FINDINGS}
    assert inputs.dry_run is False


def test_lists_have_one_entry_a_line():
    inputs = given(labels="images\r\n\n  needs review \nimages\n", reviewers="alice, bob")
    assert inputs.labels == ("images", "needs review")
    assert inputs.reviewers == ("alice, bob",)


@pytest.mark.parametrize("value", ["True", "yes", "1", "TRUE", "false\ntrue", "${{ true }}"])
@pytest.mark.parametrize("name", ["dry_run", "auto_merge", "sign_off"])
def test_booleans_are_true_or_false(name, value):
    with pytest.raises(UsageError, match=name.replace("_", "-")):
        given(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("command", "sync"),
        ("publish", "pr"),
        ("group_by", "team"),
        ("draft", "true"),
        ("commits", "signed"),
        ("fail_on", "findings\nnothing"),
        ("author", "no address"),
        ("author", "A <a@b> <c@d>"),
        ("author", "A\nB <a@b>"),
        ("base", "main\nevil"),
        ("shard", "8/8"),
        ("shard", "three"),
        ("token", "a\nb"),
        ("labels", "a\x1b[31m"),
    ],
)
def test_what_is_wrong_is_named_and_never_shown(name, value):
    with pytest.raises(UsageError) as caught:
        given(**{name: value})
    assert f"the input {name.replace('_', '-')} " in caught.value.message
    assert value not in f"{caught.value.message} {caught.value.hint}".replace("findings", "")


def test_an_author():
    assert given(author="Image Bot <bot@example.com>").author == Identity("Image Bot", "bot@example.com")
    bot = "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>"
    assert str(given(author=bot).author) == bot


def test_tokens_do_not_show():
    inputs = given(token="s3cret", branch_token="s4cret", workflow_token="s5cret")
    assert "cret" not in repr(inputs)
    assert set(inputs.secrets) == {"s3cret", "s4cret", "s5cret"}


def test_the_workflows_own_token_is_known():
    assert given(token="a", workflow_token="a").by_workflow
    assert not given(token="b", workflow_token="a").by_workflow
    assert not given(workflow_token="a").by_workflow


CONFIGURED = config.read(
    b"""
pullRequest: {base: release, groupBy: stream, labels: [a], draft: new, autoMerge: {enabled: true, method: squash}}
commit: {signOff: true, author: {name: B, email: b@example.com}}
""",
    "config.yaml",
    Path(),
)


@pytest.mark.parametrize("settings", [Settings(), CONFIGURED])
def test_inputs_that_are_empty_change_nothing(settings):
    assert given().over(settings) == settings


def test_inputs_win_over_the_configuration():
    inputs = given(
        base="main", group_by="namespace", labels="b", draft="never", auto_merge="false", sign_off="false",
        commits="git", author="C <c@example.com>", token="t",
    )  # fmt: skip
    pulls = inputs.over(CONFIGURED).publishing.pull_request
    assert (pulls.base, pulls.grouping, pulls.labels) == ("main", Grouping.NAMESPACE, ("b",))
    assert (pulls.drafts, pulls.auto_merge.enabled, pulls.commits) == (Drafts.NO, False, CommitsBy.GIT)
    assert pulls.auto_merge.method == "squash"
    assert inputs.over(CONFIGURED).publishing.commit.author == Identity("C", "c@example.com")
    assert inputs.over(CONFIGURED).publishing.commit.sign_off is False
    assert inputs.over(CONFIGURED).publishing.forge.token_env == "GS_TOKEN"


def test_a_token_that_the_configuration_places_is_taken():
    settings = config.read(b"forge: {tokenEnv: OWN}", "config.yaml", Path())
    assert given(token="t").over(settings).publishing.forge.token_env == "OWN"


def test_with_a_token_for_branches_git_makes_the_commits():
    assert given(branch_token="b").over(Settings()).publishing.pull_request.commits is CommitsBy.GIT
    assert given(branch_token="b", commits="api").over(Settings()).publishing.pull_request.commits is CommitsBy.API
