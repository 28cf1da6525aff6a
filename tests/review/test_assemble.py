"""The review of a plan: what is inspected, how its parts come together, and in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from image_values import config, single

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.image import ImagePair, InspectedPair, Uninspectable
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.reference import Reference
from gitops_streams.oci.resolution import Cause, Method, Resolved, Unresolvable
from gitops_streams.plan.model import Change, Held
from gitops_streams.review.assemble import assemble, to_inspect
from gitops_streams.review.delta import MoveClass
from gitops_streams.review.policy import ReviewPolicy
from gitops_streams.review.report import FileReview, NotUpdated, Review, RunInfo

WEB, API = "quay.io/acme/web", "quay.io/acme/api"
OLD, OLDER, NEW = (Digest.parse("sha256:" + digit * 64) for digit in "123")
RUN = RunInfo("1.2.3")


def stream(name: str, *, source: str, annotations: str = "", kind: str = "DockerImage", policy: str = "") -> str:
    return f"""\
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {{name: {name}, namespace: acme, annotations: {{{annotations}}}}}
spec:
  tags:
    - name: prod
      from: {{kind: {kind}, name: '{source}'}}
      {policy}
"""


def pods(*images: str) -> str:
    return "".join(f"---\nkind: Pod\nmetadata: {{name: p{at}}}\nimage: {image}\n" for at, image in enumerate(images))


def resolved(value: Digest = NEW) -> Resolved:
    return Resolved(value, "application/json", "quay.io", Method.HEAD)


@pytest.fixture
def planned(plan_files):
    def plan(files: dict[str, str], **answers: Resolved | Unresolvable):
        known = {f"{WEB}:1.4": answers.get("web", resolved()), f"{API}:2": answers.get("api", resolved())}
        declared = {"web.stream.yaml": stream("web", source=f"{WEB}:1.4")}
        return plan_files({**declared, **files}, answers=known)

    return plan


def review(planned, inspected=None, policy=None, files=()) -> Review:
    return assemble(
        "all",
        planned.plan,
        planned.catalog,
        planned.history,
        inspected or {},
        policy=policy or ReviewPolicy(),
        base="main",
        base_sha="9c41d07",
        files=files or [file.path for file in planned.plan.files],
        run=RUN,
    )


def lock(*digests: Digest) -> dict[str, str]:
    items = "".join(
        f"""\
        - dockerImageReference: "{WEB}@{item}"
          image: "{item}"
          sourceTag: "1.4"
          spec: "{"0" * 16}"
"""
        for item in digests
    )
    return {
        ".gitops-streams/status/acme/web.lock": f"""\
apiVersion: gitops-streams.io/v1
kind: ImageStreamStatus
metadata: {{name: "web", namespace: "acme"}}
status:
  tags:
    - tag: "prod"
      items:
{items}"""
    }


class TestWhatIsInspected:
    def test_each_pair_once(self, planned):
        files = {
            "a.yaml": pods(f"{WEB}:1.4@{OLD}", f"{WEB}:1.4@{OLD}"),
            "b.yaml": pods(f"{API}:2"),
            "api.stream.yaml": stream("api", source=f"{API}:2"),
        }
        done = planned(files)
        assert to_inspect(done.plan, done.catalog) == (
            ImagePair(Reference.parse(API).repository, None, NEW),
            ImagePair(Reference.parse(WEB).repository, OLD, NEW),
        )

    def test_nothing_that_stays(self, planned):
        done = planned({"a.yaml": pods(f"{WEB}:1.4@{NEW}")})
        assert to_inspect(done.plan, done.catalog) == ()
        assert review(done).tags == ()

    def test_nothing_that_failed(self, planned):
        done = planned({"a.yaml": pods(f"{WEB}:1.4@{OLD}")}, web=Unresolvable(Cause.DENIED, "401"))
        assert to_inspect(done.plan, done.catalog) == ()

    def test_nothing_that_is_only_spelt_anew(self, planned):
        marker = '# {"$imagestream": "acme/web:prod"}'
        done = planned({"a.yaml": f"image: {WEB}@{NEW} {marker}\n"})
        assert to_inspect(done.plan, done.catalog) == ()
        (tag,) = review(done).tags
        assert (tag.delta.move, tag.old, tag.delta.notes) == (
            MoveClass.METADATA,
            (),
            ("the digest stays the same: only how it is written changes",),
        )

    def test_how_the_declaration_says(self, plan_files):
        declared = stream(
            "web",
            source=f"{WEB}:1.4",
            annotations="gitops-streams.io/platform: linux/arm64",
            policy="importPolicy: {insecure: true}",
        )
        done = plan_files({"s.yaml": declared, "a.yaml": pods(f"{WEB}:1.4")})
        (pair,) = to_inspect(done.plan, done.catalog)
        assert (pair.platform, pair.insecure) == (Platform("linux", "arm64"), True)

    @pytest.mark.parametrize(
        ("images", "history", "wanted"),
        [
            ([OLD, OLDER, OLDER], [OLD, OLDER], OLDER),
            ([OLDER, OLD], [OLD, OLDER], OLD),
            ([OLDER, OLD], [OLDER, OLD], OLDER),
            ([OLDER, OLD], [OLDER], OLDER),
            ([OLDER, OLD], [], OLD),
            ([None, OLD, None], [], OLD),
            ([NEW, OLD], [], OLD),
        ],
    )
    def test_one_of_several_old_digests(self, planned, images, history, wanted):
        files = {"a.yaml": pods(*(f"{WEB}:1.4" + (f"@{image}" if image else "") for image in images))}
        done = planned({**files, **(lock(*history) if history else {})})
        (pair,) = to_inspect(done.plan, done.catalog, done.history)
        assert pair.old == wanted


class TestTags:
    def pair(self, old: Digest | None = OLD) -> ImagePair:
        return ImagePair(Reference.parse(WEB).repository, old, NEW)

    def images(self, **fields: object) -> InspectedPair:
        return InspectedPair(replace(single("a"), digest=OLD), replace(single("b", config(**fields)), digest=NEW))

    def test_are_compared(self, planned):
        done = planned({"a.yaml": pods(f"{WEB}:1.4@{OLD}")})
        found = review(done, {self.pair(): self.images(user="root")})
        (tag,) = found.tags
        assert (str(tag.key), tag.declared_in, tag.declared_line) == ("acme/web:prod", "web.stream.yaml", 6)
        assert (tag.followed, str(tag.repository), tag.source_tag) == (f"{WEB}:1.4", WEB, "1.4")
        assert (tag.old, tag.new) == ((OLD,), NEW)
        assert (tag.delta.move, found.alarming) == (MoveClass.CONTRACT, (tag,))
        assert [(item.file, item.name) for item in tag.rollouts] == [("a.yaml", "p0")]
        assert (found.group, found.base, found.base_sha, found.run) == ("all", "main", "9c41d07", RUN)

    def test_that_were_not_inspected(self, planned):
        (tag,) = review(planned({"a.yaml": pods(f"{WEB}:1.4@{OLD}")})).tags
        assert (tag.delta.move, tag.delta.notes) == (MoveClass.UNKNOWN, ("the images were not inspected",))
        (tag,) = review(planned({"a.yaml": pods(f"{WEB}:1.4")})).tags
        assert (tag.delta.move, tag.delta.notes) == (MoveClass.FIRST_PIN, ("the images were not inspected",))
        assert not tag.delta.alarming

    def test_that_could_not_be_inspected(self, planned):
        repository = Reference.parse(WEB).repository
        gone = InspectedPair(Uninspectable(repository, OLD, "404"), Uninspectable(repository, NEW, "429"))
        (tag,) = review(planned({"a.yaml": pods(f"{WEB}:1.4@{OLD}")}), {self.pair(): gone}).tags
        assert tag.delta.move is MoveClass.UNKNOWN
        assert tag.delta.alarming

    def test_a_first_pin(self, planned):
        pair = InspectedPair(None, replace(single("b"), digest=NEW))
        (tag,) = review(planned({"a.yaml": pods(f"{WEB}:1.4")}), {self.pair(None): pair}).tags
        assert (tag.delta.move, tag.old) == (MoveClass.FIRST_PIN, ())
        assert len(tag.delta.platforms) == 1

    @pytest.mark.parametrize(
        ("history", "rollback"), [([OLD, NEW], True), ([NEW, OLD], False), ([OLD], False), ([OLD, OLDER, NEW], True)]
    )
    def test_that_went_back(self, planned, history, rollback):
        done = planned({"a.yaml": pods(f"{WEB}:1.4@{OLD}"), **lock(*history)})
        for inspected in ({}, {self.pair(): self.images()}):
            (tag,) = review(done, inspected).tags
            assert (tag.delta.move is MoveClass.ROLLBACK) is rollback

    def test_with_several_old_digests_say_so(self, planned):
        images = [f"{WEB}:1.4@{OLD}", f"{WEB}:1.4@{OLD}", f"{WEB}:1.4@{OLDER}", f"{WEB}:1.4", f"{WEB}:1.4@{NEW}"]
        (tag,) = review(planned({"a.yaml": pods(*images)})).tags
        assert tag.old == (OLD, OLDER)
        assert tag.delta.notes == (
            f"the places that change hold 2 digests: {OLD.short} is compared, not {OLDER.short}",
            "1 of 4 places held no digest",
            "the images were not inspected",
        )

    def test_are_compared_with_whichever_old_digest_was_inspected(self, planned):
        done = planned({"a.yaml": pods(f"{WEB}:1.4@{OLD}", f"{WEB}:1.4@{OLDER}")})
        inspected = {self.pair(OLDER): self.images(user="root")}
        (tag,) = review(done, inspected).tags
        assert (tag.old, tag.delta.move) == ((OLDER, OLD), MoveClass.CONTRACT)

    def test_through_aliases(self, planned):
        declared = stream("live", source="web:prod", kind="ImageStreamTag")
        marked = 'image: x # {"$imagestream": "acme/live:prod"}\n'
        (tag,) = review(planned({"a.yaml": marked, "live.yaml": declared})).tags
        assert (str(tag.key), tag.followed) == ("acme/live:prod", f"acme/web:prod → {WEB}:1.4")

    def test_from_another_repository_need_attention(self, planned):
        marked = f'image: docker.io/evil/web:1.4@{OLD} # {{"$imagestream": "acme/web:prod"}}\n'
        (tag,) = review(planned({"a.yaml": marked})).tags
        assert tag.delta.attention == ("It comes from another repository than the one that is pinned.",)
        assert "pinned before from docker.io/evil/web" in tag.delta.notes

    def test_those_that_need_attention_come_first(self, planned):
        files = {
            "a.yaml": pods(f"{WEB}:1.4@{OLD}", f"{API}:2@{OLD}"),
            "api.stream.yaml": stream("api", source=f"{API}:2"),
        }
        names = [str(tag.key) for tag in review(planned(files)).tags]
        assert names == ["acme/api:prod", "acme/web:prod"]
        found = review(planned(files), {self.pair(): self.images(user="root")})
        assert [str(tag.key) for tag in found.tags] == ["acme/web:prod", "acme/api:prod"]

    def test_as_the_policy_says(self, planned):
        done = planned({"a/b.yaml": pods(f"{WEB}:1.4@{OLD}")})
        policy = ReviewPolicy(environments=(("a/**", "prod"),))
        (tag,) = review(done, {self.pair(): self.images()}, policy).tags
        assert tag.rollouts[0].environment == "prod"


class TestTheRest:
    def test_files(self, planned):
        done = planned({"b.yaml": pods(f"{WEB}:1.4"), "a.yaml": pods(f"{WEB}:1.4")})
        found = review(done, files=["b.yaml", ".gitops-streams/status/acme/web.lock", "a.yaml", "b.yaml"])
        key = done.plan.tags[0].key
        assert found.files == (
            FileReview(".gitops-streams/status/acme/web.lock", ()),
            FileReview("a.yaml", (key,)),
            FileReview("b.yaml", (key,)),
        )

    def test_failed_tags_keep_their_digests(self, planned):
        done = planned({"a.yaml": pods(f"{WEB}:1.4@{OLD}", f"{WEB}:1.4")}, web=Unresolvable(Cause.DENIED, "401"))
        found = review(done)
        assert found.tags == ()
        assert found.not_updated == (NotUpdated("acme/web:prod", "failed", "401", (OLD,)),)

    def test_skipped_references(self, planned):
        done = planned({"a.yaml": pods(f"{WEB}@{OLD}", f"{WEB}:1.4")})
        (left,) = review(done).not_updated
        assert (left.what, left.outcome, left.kept) == (f"a.yaml:4 {WEB}@{OLD}", "skipped", (OLD,))
        assert "it has a digest and no tag" in left.reason

    def test_those_that_read_alike_are_told_once(self, planned):
        done = planned({"a.yaml": f"images: ['{WEB}@{OLD}', '{WEB}@{OLD}']\n", "b.yaml": pods(f"{WEB}:1.4")})
        assert len(done.plan.skipped) == 2
        assert len(review(done).not_updated) == 1

    def test_held_tags_and_sites(self, planned):
        done = planned({"a.yaml": pods(f"{WEB}:1.4@{OLD}", f"{WEB}:1.4@{OLDER}")})
        (tag,) = done.plan.tags
        first, second = tag.sites
        assert isinstance(first, Change)
        assert isinstance(second, Change)
        whole = replace(tag, sites=(Held(first.site, "window"), Held(second.site, "window")))
        found = review(replace(done, plan=replace(done.plan, tags=(whole,))))
        assert found.not_updated == (NotUpdated("acme/web:prod", "held", "window", (OLD, OLDER)),)
        part = replace(tag, sites=(first, Held(second.site, "window")))
        found = review(replace(done, plan=replace(done.plan, tags=(part,))))
        assert [tag.old for tag in found.tags] == [(OLD,)]
        assert found.not_updated == (NotUpdated(f"a.yaml:8 {WEB}:1.4@{OLDER}", "held", "window", (OLDER,)),)

    def test_the_same_input_gives_the_same_review(self, planned):
        files = {"b.yaml": pods(f"{WEB}:1.4@{OLD}", f"{WEB}:1.4@{OLDER}"), "a.yaml": pods(f"{WEB}:1.4")}
        assert review(planned(files)) == review(planned(dict(reversed(files.items()))))
