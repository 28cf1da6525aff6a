"""Where a rollback leads: to the image before, called again further back, whatever holds have recorded meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.oci.digest import Digest
from gitops_streams.streams import status
from gitops_streams.streams.follow import Followed, follow
from gitops_streams.streams.forgetting import without
from gitops_streams.streams.history import EMPTY, History, Item, NoImage, StreamStatus
from gitops_streams.streams.load import load
from gitops_streams.streams.model import StreamKey, TagKey
from gitops_streams.streams.restraint import Hold
from gitops_streams.streams.rollback import candidates, chosen
from gitops_streams.yamledit.locate import Located, locate

KEY = TagKey(StreamKey("acme", "web"), "prod")
LIVE = TagKey(StreamKey("acme", "web"), "live")


def image(name):
    return Digest.of(name.encode())


class Story:
    """A stream tag as time goes by: its source moves, people hold it and let it go, runs record what it is."""

    def __init__(self, source="quay.io/acme/web:1.4"):
        self.declare(source)
        self.status = None
        self.source = None

    def declare(self, source):
        text = (
            "apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata: {name: web, namespace: acme}\n"
            f'spec: {{tags: [{{name: prod, from: {{kind: DockerImage, name: "{source}"}}}},'
            " {name: live, from: {kind: ImageStreamTag, name: prod}}]}\n"
        )
        located = locate(text)
        assert isinstance(located, Located)
        self.catalog = load([("s.yaml", located)])
        self.tag = self.catalog.tags[KEY]

    @property
    def history(self):
        return EMPTY if self.status is None else History({KEY.stream: self.status})

    def followed(self, key=KEY):
        found = follow(self.catalog, key, self.history)
        assert isinstance(found, Followed)
        return found

    def reconcile(self):
        """Record what the tag is: what its source has, or what it is held at."""
        source = self.followed().source
        digest = self.source if self.tag.hold is None else self.tag.hold.digest
        item = Item(source.reference.pinned(digest, keep_tag=False), digest, source.tag, self.tag.fingerprint)
        self.status = status.record(self.status, KEY, item)

    def moves(self, *names):
        for name in names:
            self.source = image(name)
            self.reconcile()

    def hold(self, digest):
        self.tag = replace(self.tag, hold=None if digest is None else Hold(digest))

    def candidates(self):
        return candidates(self.tag, self.history, self.followed())

    def roll_back(self, *, reconcile):
        (digest, *_) = [item.image for item in self.candidates().earlier]
        self.hold(digest)
        if reconcile:
            self.reconcile()
        return digest

    def recorded(self):
        return [item.image for item in self.history.items(KEY)]


@pytest.mark.parametrize("reconcile", [True, False])
def test_rolling_back_again_goes_further_back(reconcile):
    story = Story()
    story.moves("a", "b", "c", "d")
    assert [story.roll_back(reconcile=reconcile) for _ in range(3)] == [image("c"), image("b"), image("a")]
    assert story.candidates().earlier == ()
    assert story.candidates().current == image("a")
    if reconcile:
        assert story.recorded() == [image(name) for name in "abcdcba"]
    used = "abcd" if reconcile else "dcba"
    assert [item.image for item in story.candidates().images] == [image(name) for name in used]


def test_a_source_that_went_back_by_itself_is_no_rollback():
    story = Story()
    story.moves("a", "b", "a")
    assert story.candidates().current == image("a")
    assert story.roll_back(reconcile=True) == image("b")


def test_a_source_that_goes_to_and_fro_is_left_behind_all_the_same():
    story = Story()
    story.moves("a", "b", "a", "b")
    assert [story.roll_back(reconcile=True) for _ in range(3)] == [image("a"), image("b"), image("a")]
    assert story.candidates().earlier == ()


def test_after_resuming_the_newest_of_the_source_is_where_it_is():
    story = Story()
    story.moves("a", "b")
    story.roll_back(reconcile=True)
    story.hold(None)
    story.reconcile()
    assert story.recorded() == [image(name) for name in "baba"]
    assert story.roll_back(reconcile=True) == image("a")


def test_a_hold_where_it_is_rolls_back_to_the_one_before():
    story = Story()
    story.moves("a", "b")
    story.hold(image("b"))
    story.reconcile()
    assert story.roll_back(reconcile=True) == image("a")


def test_an_image_that_was_never_recorded_is_after_all_that_is():
    story = Story()
    story.moves("a", "b")
    story.hold(image("elsewhere"))
    assert [item.image for item in story.candidates().earlier] == [image("b"), image("a")]


def test_what_came_from_another_tag_or_repository_is_no_candidate():
    story = Story("quay.io/acme/web:1.3")
    story.moves("a", "b")
    story.declare("quay.io/acme/web:1.4")
    assert [item.image for item in story.candidates().elsewhere] == [image("b"), image("a")]
    story.moves("c")
    assert story.candidates().earlier == ()
    story.declare("ghcr.io/acme/web:1.4")
    story.moves("d")
    found = story.candidates()
    assert ([item.image for item in found.images], found.earlier) == ([image("d")], ())
    assert isinstance(chosen(found, str(image("a"))), NoImage)


def test_nothing_recorded_is_nothing_to_go_back_to():
    story = Story()
    assert story.candidates() == candidates(story.tag, EMPTY, story.followed())
    assert (story.candidates().current, story.candidates().images) == (None, ())


def test_an_alias_without_a_history_has_that_of_what_it_leads_to():
    story = Story()
    story.moves("a", "b")
    found = candidates(story.catalog.tags[LIVE], story.history, story.followed(LIVE))
    assert (found.current, [item.image for item in found.earlier]) == (image("b"), [image("a")])


def test_an_image_is_chosen_by_the_beginning_of_its_digest():
    story = Story()
    story.moves("a", "b", "c")
    found = story.candidates()
    for prefix in (str(image("a")), str(image("a"))[:15], image("a").encoded[:8]):
        item = chosen(found, prefix)
        assert isinstance(item, Item)
        assert item.image == image("a")
    several, none = chosen(found, "sha256:"), chosen(found, "zz")
    assert isinstance(several, NoImage)
    assert several.reason.startswith('multiple images match the prefix "sha256:": sha256:')
    assert none == NoImage('no recorded image matches "zz"')


@given(st.lists(st.sampled_from(["a", "b", "c", "back", "resume", "run"]), max_size=12))
def test_rolling_back_always_ends(steps):
    story = Story()
    story.moves("a")
    for step in steps:
        if step == "back":
            if story.candidates().earlier:
                story.roll_back(reconcile=True)
        elif step == "resume":
            story.hold(None)
        elif step == "run":
            story.reconcile()
        else:
            story.source = image(step)
            story.reconcile()
    for _ in range(len(story.recorded()) + 1):
        found = story.candidates()
        assert found.current not in {item.image for item in found.earlier}
        assert len({item.image for item in found.earlier}) == len(found.earlier)
        if not found.earlier:
            return
        story.roll_back(reconcile=True)
    pytest.fail("it goes back for ever")


# What is forgotten with a deleted tag.


def test_the_record_of_a_deleted_tag_goes_with_it():
    story = Story()
    story.moves("a")
    status_of = story.status
    assert isinstance(status_of, StreamStatus)
    left = without(status_of, ["prod"], load([]))
    assert left is not None
    assert left.tags == {}
    assert without(status_of, ["other"], load([])) is None


def test_an_image_that_another_tag_names_stays_recorded():
    story = Story()
    story.moves("a")
    text = (
        "apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata: {name: other, namespace: acme}\n"
        f"spec: {{tags: [{{name: x, from: {{kind: ImageStreamImage, name: 'web@{image('a').encoded[:9]}'}}}}]}}\n"
    )
    located = locate(text)
    assert isinstance(located, Located)
    catalog = load([("s.yaml", located)])
    assert len(catalog.tags) == 1
    assert without(story.status, ["prod"], catalog) is None
