"""The life of a pull request on every forge but GitHub, through the command line."""

from __future__ import annotations

import pytest
from fake_forge import AfterEffect, Kind, Respond
from forge_worlds import BRANCH, CREATE, NAMES

from gitops_streams.review.lifecycle import PullOutcome
from gitops_streams.review.pull_request import PullState

CONFIG = """\
forge:
  kind: {kind}
  url: {url}
  apiUrl: {api}
  repository: {repository}
commit:
  author: {{name: Machine, email: machine@acme.example}}
pullRequest:
  labels: [images]
  createLabels: true
{more}"""


@pytest.fixture(params=[kind for kind in Kind if kind is not Kind.GITHUB], ids=lambda kind: kind.value)
def world(request, new_world):
    """Make a world on a kind of forge, with one image to pin."""
    made = new_world()
    kind = request.param
    made.repository = made.forge.create_repository(
        NAMES[kind].replace(" ", "-").replace("gitops", "manifests"), kind, private=True
    )
    made.workspace.git("remote", "set-url", "origin", made.repository.clone_url)

    def configure(more=""):
        api, name = made.forge.api_url(kind), made.repository.full_name
        text = CONFIG.format(kind=kind.value, url=made.forge.url, api=api, repository=name, more=more)
        made.workspace.config(text)
        made.push("Configure")

    made.configure = configure
    configure()
    made.follow("web")
    return made


def api_writes(world):
    return [line for line in world.writes() if "git-receive-pack" not in line]


def test_it_is_opened_kept_updated_and_closed(world):
    opened = world.one()
    assert (opened.outcome, opened.number, opened.warnings) == (PullOutcome.CREATED, 1, ())
    assert opened.url is not None
    head = world.pull.head_sha
    assert opened.head == head
    written = world.writes()
    same = world.one()
    assert (same.outcome, same.head) == (PullOutcome.UNCHANGED, head)
    assert world.writes() == written
    digest = world.release("web")
    assert world.one().outcome is PullOutcome.UPDATED
    assert world.pinned("web") == str(digest)
    assert world.pull.head_sha != head
    world.take_over()
    closed = world.one()
    assert closed.outcome is PullOutcome.CLOSED
    assert world.branches == {}
    assert not world.pull.is_open
    assert len(world.pull.comments) == 1
    assert world.one().outcome is PullOutcome.NONE


def test_an_answer_that_is_lost_opens_no_second_one(world):
    world.forge.faults.add(CREATE[world.repository.kind], AfterEffect(502))
    assert world.one().outcome is PullOutcome.CREATED
    assert world.one().outcome is PullOutcome.UNCHANGED
    assert len(world.repository.pulls) == 1


def test_a_persons_commit_blocks_it_with_one_comment(world):
    world.one()
    theirs = world.repository.human_push(BRANCH, {"deploy/theirs.yaml": b"x: 1\n"})
    world.release("web")
    assert world.one().outcome is PullOutcome.BLOCKED
    assert world.one().outcome is PullOutcome.BLOCKED
    assert world.branches == {BRANCH: theirs}
    assert len(world.pull.comments) == 1


def test_what_a_person_closed_is_not_opened_again_until_it_moves(world):
    world.one()
    world.pull.close_by("alice")
    assert world.one().outcome is PullOutcome.NONE
    assert len(world.repository.pulls) == 1
    world.release("web")
    assert world.one().outcome is PullOutcome.CREATED
    assert [pull.state for pull in world.repository.pulls] == [PullState.CLOSED.value, PullState.OPEN.value]


def test_merged_with_the_branch_left_it_starts_anew(world):
    world.one()
    world.repository.pull(1).merge("squash")
    assert world.one().outcome is PullOutcome.NONE
    world.release("web")
    assert world.one().outcome is PullOutcome.CREATED
    assert len(world.repository.pulls) == 2


def test_a_draft_stays_one_and_is_not_written_again(world):
    world.configure("  draft: always\n")
    assert world.one().outcome is PullOutcome.CREATED
    assert world.pull.draft
    written = api_writes(world)
    assert world.one().outcome is PullOutcome.UNCHANGED
    assert api_writes(world) == written


def test_a_token_that_does_not_say_who_it_is_still_closes_and_blocks(world):
    who = {
        Kind.GITLAB: r"GET .*/user$",
        Kind.GITEA: r"GET .*/user$",
        Kind.BITBUCKET_CLOUD: r"GET .*/user$",
        Kind.BITBUCKET_DATA_CENTER: r"GET .*/application-properties",
    }.get(world.repository.kind)
    if who is None:
        pytest.skip("tells every token")
    answer = Respond(200, {"version": "8.19.0"}) if "application" in who else Respond(403, {"message": "no"})
    world.one()
    world.forge.faults.add(who, answer)
    world.take_over()
    closed = world.one()
    assert closed.outcome is PullOutcome.CLOSED
    assert any("does not tell which account" in warning for warning in closed.warnings)
    assert world.branches == {}
