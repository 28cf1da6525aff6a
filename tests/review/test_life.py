"""The life of a pull request in a small world: whatever people and killed runs do, and in whatever order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from example_counts import examples
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from pull_world import BASE, BOT, FORGE, GROUP, PERSON, World, tree_id

from gitops_streams.review import marker
from gitops_streams.review.lifecycle import BLOCKED_LABEL, PullOutcome
from gitops_streams.review.policy import Drafts, PullRequestPolicy, Rebase
from gitops_streams.review.pull_request import PullState

digests = st.sampled_from(["1", "2", "3"])
tags = st.sampled_from(["a", "b"])


class Life(RuleBasedStateMachine):
    policy = PullRequestPolicy()

    def __init__(self):
        super().__init__()
        self.world = World(self.policy)

    # The world moves on.

    @rule(tag=tags, digest=digests)
    def a_tag_moves(self, tag, digest):
        self.world.wanted[tag] = tag + digest

    @rule(name=st.sampled_from(["other", "a", "b"]), value=digests)
    def the_base_moves(self, name, value):
        world = self.world
        tree = dict(world.tree(world.base)) | {name: value if name == "other" else name + value}
        world.base = world.commit((world.base,), tree, PERSON)

    @rule()
    def the_base_catches_up(self):
        world = self.world
        world.base = world.commit((world.base,), dict(world.tree(world.base)) | world.wanted, PERSON)

    # People.

    def some_pull(self, pick):
        pulls = self.world.open_pulls()
        return pulls[pick % len(pulls)]

    @precondition(lambda self: self.world.branch)
    @rule(name=st.sampled_from(["mine", "a"]), value=digests, by=st.sampled_from([PERSON, BOT]))
    def a_person_pushes(self, name, value, by):
        world = self.world
        tree = dict(world.tree(world.branch)) | {name: f"mine{value}{len(world.commits)}"}
        # By the button of the forge, or with their own Git in the bot's name but for one field.
        head = world.commit((world.branch,), tree, by, PERSON if by == BOT else FORGE)
        world.set_branch(head)
        world.protected.add(head)

    @precondition(lambda self: self.world.branch)
    @rule()
    def a_person_presses_update_branch(self):
        world = self.world
        merged = world.merge(world.branch, world.base)
        if merged is not None and world.base not in world.ancestors(world.branch):
            world.set_branch(world.commit((world.branch, world.base), merged, PERSON, FORGE))

    @precondition(lambda self: self.world.branch and self.world.commits[self.world.branch].parents)
    @rule()
    def a_person_reverts_the_last_commit(self):
        world = self.world
        before = world.commits[world.branch].parents[0]
        changes = world.tree(before) != world.tree(world.branch)
        head = world.commit((world.branch,), world.tree(before), PERSON)
        world.set_branch(head)
        world.protected |= {head} if changes else set()

    @precondition(lambda self: self.world.branch)
    @rule()
    def a_person_pushes_an_empty_commit(self):
        world = self.world
        world.set_branch(world.commit((world.branch,), world.tree(world.branch), PERSON))

    @precondition(lambda self: self.world.branch and self.world.commits[self.world.branch].parents)
    @rule()
    def a_person_drops_the_last_commit(self):
        world = self.world
        before = world.commits[world.branch].parents[0]
        world.protected -= world.ancestors(world.branch) - world.ancestors(before)
        world.set_branch(before)

    @precondition(lambda self: self.world.branch)
    @rule()
    def a_person_deletes_the_branch(self):
        world = self.world
        for pull in world.open_pulls():
            world.refuse(pull)
        world.protected.clear()
        world.set_branch(None)

    @precondition(lambda self: self.world.open_pulls())
    @rule(pick=st.integers(0, 3))
    def a_person_closes(self, pick):
        self.world.refuse(self.some_pull(pick))

    @precondition(lambda self: self.world.branch and not self.world.open_pulls() and self.world.pulls)
    @rule(pick=st.integers(0, 9))
    def a_person_reopens(self, pick):
        world = self.world
        closed = [pull for pull in world.pulls if pull.own and pull.state is PullState.CLOSED]
        if closed:
            pull = closed[pick % len(closed)]
            said = marker.read(pull.body)
            if isinstance(said, marker.Marker):
                world.refused.discard(said.fingerprint)
            world.edit(pull, state=PullState.OPEN, head_sha=world.branch)

    @precondition(lambda self: len(self.world.open_pulls()) == 1)
    @rule(base=st.sampled_from([BASE, "release"]))
    def a_person_retargets(self, base):
        self.world.edit(self.some_pull(0), base=base)

    @precondition(lambda self: self.world.open_pulls())
    @rule(pick=st.integers(0, 3))
    def a_person_ticks_the_box(self, pick):
        pull = self.some_pull(pick)
        self.world.edit(pull, body=pull.body.replace("- [ ] <!--", "- [x] <!--"))

    @precondition(lambda self: self.world.open_pulls())
    @rule(text=st.sampled_from(["", "lgtm", "forged", "head"]))
    def a_person_edits_the_body(self, text):
        pull, world = self.some_pull(0), self.world
        said = marker.read(pull.body)
        if isinstance(said, marker.NoMarker):
            return
        if text == "forged":
            text = marker.rewritten(pull.body, replace(said, group="other"))
        elif text == "head":  # to pass for what we pushed
            text = marker.rewritten(pull.body, replace(said, head=pull.head_sha))
        world.edit(pull, body=text)

    @precondition(lambda self: self.world.open_pulls())
    @rule(labels=st.sets(st.sampled_from(["theirs", BLOCKED_LABEL])), auto=st.booleans())
    def a_person_labels(self, labels, auto):
        self.world.edit(self.some_pull(0), labels=frozenset(labels), auto_merge=auto)

    @precondition(lambda self: any(pull.base == BASE for pull in self.world.open_pulls()))
    @rule(squash=st.booleans(), keep=st.booleans())
    def a_person_merges(self, squash, keep):
        world = self.world
        pull = next(pull for pull in world.open_pulls() if pull.base == BASE)
        merged = world.merge(world.base, world.branch)
        if merged is None:
            return
        parents = (world.base,) if squash else (world.base, world.branch)
        world.base = world.commit(parents, merged, PERSON, FORGE)
        world.edit(pull, state=PullState.MERGED)
        if not keep:
            world.protected.clear()
            world.set_branch(None)

    @precondition(lambda self: self.world.branch)
    @rule()
    def a_fork_has_a_branch_of_the_same_name(self):
        said = marker.Marker(GROUP.name, BASE, self.world.branch, self.world.desired().fingerprint)
        self.world.fork(f"{marker.write(said)}\n- [x] {marker.REBUILD_BOX}\n")

    # We.

    @rule()
    def a_run(self):
        world = self.world
        theirs = [pull.labels - {BLOCKED_LABEL} for pull in world.pulls]
        decision = world.run()
        assert [pull.labels - {BLOCKED_LABEL} for pull in world.pulls[: len(theirs)]] == theirs
        self.check(decision)
        settled = world.snapshot()
        again = world.run()
        assert world.snapshot() == settled, again
        assert again.outcome in {PullOutcome.UNCHANGED, PullOutcome.BLOCKED, PullOutcome.NONE}, again

    def check(self, decision):
        world, desired = self.world, self.world.desired()
        here = [pull for pull in world.open_pulls() if pull.base == BASE]
        if decision.outcome in {PullOutcome.CREATED, PullOutcome.UPDATED, PullOutcome.UNCHANGED}:
            assert desired.tree is not None
            merged = world.merge(world.base, world.branch)
            clean = merged is not None and tree_id(merged) == desired.tree
            assert clean or self.policy.rebase is Rebase.NEVER
            assert len(here) == 1
            assert marker.read(here[0].body) == marker.Marker(GROUP.name, BASE, world.branch, desired.fingerprint)
            assert BLOCKED_LABEL not in here[0].labels
            assert not marker.rebuild_asked(here[0].body)
        elif decision.outcome is PullOutcome.BLOCKED:
            assert world.protected or any(pull.base != BASE for pull in world.open_pulls())
            for pull in here:
                assert BLOCKED_LABEL in pull.labels
                assert not pull.auto_merge
                assert world.comments[pull.number, marker.COMMENT_BLOCKED]
        else:
            assert not here
            assert desired.tree is None or desired.fingerprint in world.refused or decision.pull is not None

    @rule(after=st.integers(0, 5))
    def a_run_is_killed(self, after):
        self.world.run(killed_after=after)

    @rule(tag=tags, digest=digests)
    def two_runs_race(self, tag, digest):
        def other():
            self.world.wanted[tag] = tag + digest
            self.world.run()

        self.world.run(interference=other)

    @precondition(lambda self: self.world.branch)
    @rule(value=digests)
    def a_person_pushes_while_we_run(self, value):
        self.world.run(interference=lambda: self.world.branch and self.a_person_pushes("mine", value, PERSON))

    @invariant()
    def there_is_at_most_one(self):
        pulls = [pull for pull in self.world.open_pulls() if pull.base == BASE]
        assert len(pulls) <= 1


@pytest.mark.parametrize(
    "policy",
    [
        PullRequestPolicy(),
        PullRequestPolicy(rebase=Rebase.ALWAYS, drafts=Drafts.ALWAYS),
        PullRequestPolicy(rebase=Rebase.NEVER, delete_branch=False),
    ],
    ids=["as it comes", "always rebased", "never rebased"],
)
def test_nothing_is_lost_or_opened_twice_and_every_run_settles(policy):
    machine = type("Life", (Life,), {"policy": policy})
    machine.TestCase.settings = settings(
        max_examples=examples(60), stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
    )
    machine.TestCase("runTest").runTest()
