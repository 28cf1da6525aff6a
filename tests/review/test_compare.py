"""The classes of a move, what needs attention, and what is said where something could not be compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from image_values import (
    AMD64,
    ARM64,
    BUILT,
    CONFIG,
    OTHER_REVISION,
    REPOSITORY,
    SIGNED,
    UNSIGNED,
    built_for,
    config,
    digest,
    index,
    single,
)

from gitops_streams.oci.image import Evidence, Image, Presence, Uninspectable
from gitops_streams.oci.platform import Platform
from gitops_streams.review.compare import compare, uncompared
from gitops_streams.review.delta import Built, ImageDelta, MoveClass

REVISION = "org.opencontainers.image.revision"
SOURCE = "org.opencontainers.image.source"
LATER = BUILT + timedelta(days=6)
OLD = single()
NEW_SOURCE = config(created=LATER, labels={REVISION: OTHER_REVISION})
REBUILT = config(created=LATER)


def found(delta: ImageDelta) -> list[str]:
    return [delta.move.value, *(move.value for move in delta.also)]


class TestClasses:
    @pytest.mark.parametrize(
        ("new", "wanted"),
        [
            (single("a b d", config(created=LATER, user="root", labels={REVISION: OTHER_REVISION})), "contract source"),
            (single("a b c", config(user="root")), "contract"),
            (single("a b d", config(created=BUILT - timedelta(days=1))), "rollback rebuild"),
            (single("a b d", NEW_SOURCE), "source"),
            (single("a b c", NEW_SOURCE), "source metadata"),
            (single("x y z", REBUILT), "rebuild"),
            (single("a b d", REBUILT), "rebuild"),
            (single("a b c d", REBUILT), "rebuild"),
            (single("a b d", config(created=LATER, labels={REVISION: None})), "content"),
            (single("a b c", REBUILT), "metadata"),
            (single("a b c", config(labels={"team": "web"})), "metadata"),
            (single(None, None), "unknown"),
            (single("a b d", None), "content"),
            (single("a b c", None), "unknown"),
            (OLD, "metadata"),
        ],
    )
    def test_of_a_move(self, new, wanted):
        assert found(compare(OLD, new)) == wanted.split()

    def test_a_first_pin(self):
        delta = compare(None, OLD)
        assert found(delta) == ["first-pin"]
        assert not delta.alarming
        assert (delta.new_built, delta.old_built) == (Built(BUILT), Built(None))
        assert delta.source.new_version == "2.14.1"

    @pytest.mark.parametrize("short", [OTHER_REVISION[:7], OTHER_REVISION[:12]])
    def test_a_shortened_revision_is_the_same(self, short):
        old, new = (single("a", config(labels={REVISION: name})) for name in (OTHER_REVISION, short))
        assert found(compare(old, new)) == ["metadata"]

    def test_a_platform_more_is_no_metadata(self):
        old, new = index(built_for()), index(built_for(), built_for(ARM64))
        assert found(compare(old, new)) == ["rebuild"]
        assert not compare(old, new).alarming

    def test_several_hold_at_once(self):
        new = single("a b d", config(created=BUILT - timedelta(days=9), user="0", labels={REVISION: OTHER_REVISION}))
        assert found(compare(OLD, new)) == ["contract", "rollback", "source"]


class TestRollback:
    def test_the_history_has_the_digest_already(self):
        new = single("a b d", NEW_SOURCE)
        delta = compare(OLD, new, history={new.digest})
        assert found(delta) == ["rollback", "source"]
        assert delta.attention == ("The history has this digest already, below a newer one: the tag went back.",)

    def test_a_first_pin_is_none(self):
        assert found(compare(None, OLD, history={OLD.digest})) == ["first-pin"]

    def test_what_stays_is_none(self):
        assert found(compare(OLD, OLD, history={OLD.digest})) == ["metadata"]

    def test_older_than_before(self):
        delta = compare(OLD, single("a b d", config(created=BUILT - timedelta(seconds=1))))
        assert delta.attention == ("The new image was built before the one that is pinned.",)

    @pytest.mark.parametrize(
        "created",
        [
            datetime(1970, 1, 1, tzinfo=UTC),
            datetime(1980, 1, 1, 0, 0, 1, tzinfo=UTC),
            datetime(1, 1, 1, tzinfo=UTC),
            BUILT,
            None,
        ],
    )
    def test_a_date_that_is_no_age(self, created):
        delta = compare(OLD, single("a b d", config(created=created)))
        assert found(delta) == ["rebuild"]
        assert not delta.alarming

    def test_from_a_reproducible_build_to_a_dated_one(self):
        epoch = single("a b d", config(created=datetime(1970, 1, 1, tzinfo=UTC)))
        assert not compare(epoch, OLD).attention
        assert compare(epoch, OLD).old_built.reproducible

    def test_a_source_date_that_never_changes(self):
        assert found(compare(single("a"), single("b"))) == ["rebuild"]


class TestPlatforms:
    def test_one_is_gone(self):
        arm = built_for(ARM64, None, None, "arm")
        delta = compare(index(built_for(), arm), index(built_for()))
        assert found(delta) == ["contract", "rebuild"]
        assert [(item.field, item.name, item.old, item.new) for item in delta.contract] == [
            ("Platform", "linux/arm64", str(arm.digest), None)
        ]
        assert [(str(item.platform), item.new) for item in delta.platforms] == [
            ("linux/amd64", built_for().digest),
            ("linux/arm64", None),
        ]

    def test_another_spelling_is_the_same(self):
        old, new = (
            index(built_for(), built_for(Platform("linux", "arm64", variant), None, None, "arm"))
            for variant in ("v8", None)
        )
        delta = compare(old, new)
        assert not delta.contract
        assert [str(item.platform) for item in delta.platforms] == ["linux/amd64", "linux/arm64"]

    def test_another_variant_is_not(self):
        old, new = (index(built_for(), built_for(Platform("linux", "arm", v), None, None, v)) for v in ("v6", "v7"))
        assert [item.name for item in compare(old, new).contract] == ["linux/arm/v6"]

    def test_from_an_index_to_a_single_manifest(self):
        delta = compare(index(built_for(), built_for(ARM64)), single())
        assert [item.name for item in delta.contract] == ["linux/arm64"]
        assert delta.attention == ("The tag was an index of 2 platforms and is a single platform's image now.",)

    def test_from_an_index_to_a_manifest_that_was_not_read(self):
        delta = compare(index(built_for(), built_for(ARM64)), single(None, None, platform=None))
        assert not delta.contract
        assert found(delta) == ["unknown"]
        assert delta.attention == (
            "The tag was an index of 2 platforms and is a single platform's image now.",
            "The configuration of the new image was not read: changes of its contract are not known.",
        )

    def test_from_a_single_manifest_to_an_index(self):
        delta = compare(single(), index(built_for(ARM64, None, None), built_for()))
        assert not delta.alarming

    def test_another_architecture_alone(self):
        delta = compare(single(), single(platform=ARM64))
        assert [item.name for item in delta.contract] == ["linux/amd64"]
        assert "the configurations were not compared: no platform of both images was read in full" in delta.notes

    def test_one_of_two_for_a_platform_is_gone(self):
        windows = Platform("windows", "amd64")
        both = [built_for(windows, None, None, name) for name in "ab"]
        delta = compare(index(built_for(), *both), index(built_for(), both[1]))
        assert not delta.contract
        assert delta.attention == ("The index has fewer images for windows/amd64 than before.",)

    def test_those_that_were_not_read_are_named(self):
        old, new = (index(built_for(), built_for(ARM64, None, None, name)) for name in "ab")
        delta = compare(old, new)
        assert found(delta) == ["metadata"]
        assert delta.notes == ("only linux/amd64 was read; not linux/arm64",)

    def test_the_one_that_both_sides_read_is_compared(self):
        old = index(built_for(ARM64, "a", config(user="7")), built_for(AMD64, "a"))
        new = index(built_for(AMD64, "a"), built_for(ARM64, None, None, "arm"))
        assert not compare(old, new).contract


class TestAttention:
    def test_the_signature_is_gone(self):
        delta = compare(single(evidence=SIGNED), single(evidence=UNSIGNED))
        assert delta.attention == ("The image was signed before and is not signed now.",)
        assert delta.alarming

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (SIGNED, SIGNED),
            (UNSIGNED, SIGNED),
            (UNSIGNED, UNSIGNED),
            (SIGNED, Evidence()),
            (Evidence(sbom=Presence.PRESENT), UNSIGNED),
        ],
    )
    def test_the_signature_is_not_known_to_be_gone(self, old, new):
        assert not compare(single(evidence=old), single(evidence=new)).alarming

    @pytest.mark.parametrize(
        ("url", "sentence"),
        [
            ("https://github.com/evil/web", "The image names another source repository."),
            ("https://github.com/acme/web2", "The image names another source repository."),
            ("anything at all", "The image names another source repository."),
            (None, "The image names no source repository any more."),
            ("git@github.com:Acme/web.git", None),
            ("https://github.com/acme/web/tree/main/sub", None),
        ],
    )
    def test_the_source_repository(self, url, sentence):
        delta = compare(OLD, single("a b d", config(labels={SOURCE: url})))
        assert delta.attention == ((sentence,) if sentence else ())

    def test_a_source_repository_for_the_first_time(self):
        assert not compare(single("a", config(labels={SOURCE: None})), OLD).attention

    @pytest.mark.parametrize(
        ("old", "new", "root"),
        [
            ("1001", "root", True),
            ("1001", "", True),
            ("app:app", "0:0", True),
            ("", "root", False),
            ("root", "app", False),
        ],
    )
    def test_root_from_now_on(self, old, new, root):
        delta = compare(single("a", config(user=old)), single("a", config(user=new)))
        assert ("It runs as root now, and did not before." in delta.attention) == root

    def test_a_configuration_that_cannot_be_read_any_more(self):
        assert compare(OLD, single("a b d", None)).alarming


class TestWithoutInspection:
    GONE = Uninspectable(REPOSITORY, digest("gone"), "quay.io answered 404")

    def test_of_the_new_image(self):
        delta = compare(OLD, self.GONE)
        assert found(delta) == ["unknown"]
        assert delta.alarming
        assert delta.notes == ("the new image could not be inspected: quay.io answered 404",)

    def test_of_a_first_pin(self):
        assert found(compare(None, self.GONE)) == ["first-pin"]

    def test_of_the_old_image(self):
        delta = compare(self.GONE, OLD)
        assert found(delta) == ["unknown"]
        assert not delta.alarming
        assert delta.new_built.at == BUILT
        assert delta.notes == ("the old image could not be inspected: quay.io answered 404",)

    def test_what_the_history_tells(self):
        assert found(compare(self.GONE, OLD, history={OLD.digest})) == ["rollback", "unknown"]
        assert found(compare(OLD, self.GONE, history={self.GONE.digest})) == ["rollback", "unknown"]
        assert found(uncompared(MoveClass.UNKNOWN, (), returned=True)) == ["rollback", "unknown"]

    def test_notes_are_passed_on(self):
        delta = compare(single(notes=("no referrers",)), single(notes=("no SBOM",)))
        assert delta.notes == ("old image: no referrers", "new image: no SBOM")


class TestBase:
    NAME, DIGEST = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"

    def test_stated(self):
        old, new = (
            single("a", config(labels={self.NAME: "python:3.12", self.DIGEST: str(digest(name))})) for name in "xy"
        )
        base = compare(old, new).base
        assert base.moved
        assert base.old is not None
        assert (base.old.name, base.old.digest, base.old.likely) == ("python:3.12", digest("x"), False)

    def test_stated_by_annotations_before_labels(self):
        new = single("a", config(labels={self.NAME: "ubi9"}), annotations={self.NAME: "python"})
        assert compare(OLD, new).base.new.name == "python"

    def test_a_digest_that_is_none(self):
        base = compare(OLD, single("z", config(labels={self.DIGEST: "sha256:xyz"}))).base
        assert base.new is None

    def test_inferred_from_the_first_layers(self):
        delta = compare(single("a b c"), single("a b d"))
        assert not delta.base.moved
        assert delta.base.old is not None
        assert delta.base.old.likely
        assert "the first 2 of 3 layers are the same: the base image is likely unchanged" in delta.notes

    def test_not_inferred_where_nothing_is_shared(self):
        delta = compare(single("a b"), single("x b"))
        assert delta.base.old is None
        assert not delta.base.moved
        assert any("not even the first layer" in note for note in delta.notes)

    @pytest.mark.parametrize(("name", "moved"), [("python:3.12", False), ("python:3.13", True)])
    def test_names_alone(self, name, moved):
        old, new = (single("a", config(labels={self.NAME: text})) for text in ("python:3.12", name))
        assert compare(old, new).base.moved is moved


class TestInstructions:
    def compared(self, old: tuple[str, ...], new: tuple[str, ...]) -> ImageDelta:
        return compare(single("a", replace(CONFIG, history=old)), single("b", replace(CONFIG, history=new)))

    def test_those_that_are_new(self):
        delta = self.compared(("FROM x", "RUN a", "RUN a"), ("FROM x", "RUN a", "RUN b", "RUN a", "RUN a"))
        assert delta.instructions == ("RUN b", "RUN a")

    def test_builders_spell_them_differently(self):
        delta = self.compared(("/bin/sh -c #(nop)  USER 1",), ("USER 1 # buildkit", "RUN  a \\\n  b # buildkit"))
        assert delta.instructions == ("RUN a \\ b",)

    def test_are_bounded(self):
        delta = self.compared((), tuple(f"RUN {number} {'x ' * 4000}" for number in range(30)))
        assert len(delta.instructions) == 20
        assert all(len(text) == 300 for text in delta.instructions)
        assert "10 more build instructions are new" in delta.notes

    def test_hide_secrets(self):
        delta = self.compared(
            (), ("RUN |1 NPM_TOKEN=hunter2 /bin/sh -c npm ci # buildkit", "ENV PASSWORD=correct horse")
        )
        assert delta.instructions == ("RUN |1 NPM_TOKEN=(hidden) /bin/sh -c npm ci", "ENV PASSWORD=(hidden)")


def test_a_revision_that_only_one_image_names():
    delta = compare(OLD, single("a b d", config(labels={REVISION: None})))
    assert any("one of the images does not name the revision" in note for note in delta.notes)


def test_packed_anew():
    old, new = single("a"), single("b", replace(CONFIG, diff_ids=(digest("content a"),)))
    delta = compare(old, new)
    assert found(delta) == ["rebuild"]
    assert "the content of the layers is the same; they were packed anew" in delta.notes


def test_an_image_without_platforms():
    empty = Image(REPOSITORY, digest("e"), "application/vnd.oci.image.index.v1+json", ())
    assert found(compare(empty, OLD)) == ["content"]
    assert compare(OLD, empty).alarming
    assert found(compare(empty, empty)) == ["unknown"]
