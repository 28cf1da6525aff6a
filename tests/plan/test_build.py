"""What is decided for a site, and what is asked for at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_streams.errors import InternalError
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.resolution import Cause, Method, Resolved, Unresolvable
from gitops_streams.plan.asked import what_to_ask
from gitops_streams.plan.model import Outcome, Pin
from gitops_streams.plan.proven import proven

WEB = "quay.io/acme/web"
OLD = "sha256:" + "0" * 64
NEW = Digest.parse("sha256:" + "1" * 64)
SHA512 = Digest.parse("sha512:" + "2" * 128)
ANSWER = Resolved(NEW, "application/json", "quay.io", Method.HEAD)


@pytest.fixture
def after(plan_files, stream):
    """Plan one document against stream ``web:prod``, which is at NEW; return it as it is then."""

    def plan(
        document: str, answer: Resolved | Unresolvable = ANSWER, pin: Pin = Pin.TAG_AND_DIGEST, **tags: str
    ) -> str:
        files = {"app.yaml": document, "streams.json": stream("web", **(tags or {"prod": f"{WEB}:1.4"}))}
        return plan_files(files, answers={f"{WEB}:1.4": answer}, pin=pin).files["app.yaml"].decode()

    return plan


class TestPins:
    @pytest.mark.parametrize(
        ("pin", "before", "wanted"),
        [
            (Pin.TAG_AND_DIGEST, f"{WEB}:1.4", f"{WEB}:1.4@{NEW}"),
            (Pin.TAG_AND_DIGEST, f"{WEB}:1.4@{OLD}", f"{WEB}:1.4@{NEW}"),
            (Pin.DIGEST, f"{WEB}:1.4", f"{WEB}@{NEW}"),
            (Pin.DIGEST, f"{WEB}:1.4@{NEW}", f"{WEB}@{NEW}"),
        ],
    )
    def test_a_whole_reference(self, after, pin, before, wanted):
        assert after(f"image: '{before}'\n", pin=pin) == f"image: '{wanted}'\n"

    def test_a_split_one_keeps_its_tag(self, after):
        document = f"v: {{repository: {WEB}, tag: '1.4'}}\n"
        assert after(document, pin=Pin.DIGEST) == document.replace("'1.4'", f"'1.4@{NEW}'")

    def test_a_marked_one(self, after):
        behind = '# {"$imagestream": "web:prod"}\n'
        assert after(f"x: old {behind}", pin=Pin.DIGEST) == f"x: {WEB}@{NEW} {behind}"

    def test_a_longer_digest(self, after):
        answer = Resolved(SHA512, "application/json", "quay.io", Method.HEAD)
        assert after(f"image: {WEB}:1.4\n", answer) == f"image: {WEB}:1.4@{SHA512}\n"
        bare = f"v: {{repository: {WEB}, tag: '1.4', sha: ''}}\n"
        assert after(bare, answer) == bare
        assert after(bare) == bare.replace("''", f"'{NEW.encoded}'")

    def test_never_both_a_tag_and_an_older_digest(self, after):
        document = f"v: {{repository: {WEB}, tag: '1.4@{OLD}', digest: '{OLD}'}}\n"
        assert after(document) == document.replace(OLD, str(NEW))


class TestFailures:
    REASON = Unresolvable(Cause.UNAVAILABLE, "quay.io does not answer", "try later")

    def test_keep_the_pin_that_is_there(self, after):
        document = f"image: {WEB}:1.4@{OLD}\n"
        assert after(document, self.REASON) == document

    def test_concern_their_own_tag_alone(self, plan_files, stream):
        declared = stream("web", a=f"{WEB}:1.4", b=f"{WEB}:1.5")
        files = {"app.yaml": f"image: {WEB}:1.4\nimages: ['{WEB}:1.5']\n", "streams.json": declared}
        plan = plan_files(files, answers={f"{WEB}:1.4": self.REASON}).plan
        assert [(str(tag.key), tag.outcome, tag.reason) for tag in plan.tags] == [
            ("web:a", Outcome.FAILED, "quay.io does not answer"),
            ("web:b", Outcome.CHANGED, None),
        ]
        assert len(plan.files) == 1

    def test_of_a_declaration_are_tags_that_failed(self, plan_files, stream):
        declared = stream("web", bad="Not A Reference", good=f"{WEB}:1.4")
        plan = plan_files({"app.yaml": f"image: {WEB}:1.4\n", "streams.json": declared}).plan
        (bad,) = [tag for tag in plan.tags if tag.outcome is Outcome.FAILED]
        assert str(bad.key) == "web:bad"
        assert bad.reason.startswith('streams.json:1: spec.tags[bad].from.name: Invalid value: "Not A Reference"')


class TestAsking:
    def test_is_for_what_is_used(self, plan_files, stream):
        declared = stream("web", a=f"{WEB}:1.4", b="alias:a", c="alias:b", d=f"{WEB}:1.6", e=f"{WEB}:1.5")
        text = f'x: y # {{"$imagestream": "web:c"}}\nz: {{image: "{WEB}:1.6"}}\nnotes: see {WEB}:1.5\n'
        planned = plan_files({"app.yaml": text, "streams.json": declared})
        asked = what_to_ask(planned.catalog, planned.bindings)
        assert [(str(item.key), str(item.question)) for item in asked] == [
            ("web:a", f"{WEB}:1.4"),
            ("web:b", f"{WEB}:1.4"),
            ("web:c", f"{WEB}:1.4"),
            ("web:d", f"{WEB}:1.6"),
        ]
        everything = what_to_ask(planned.catalog, planned.bindings, everything=True)
        assert [item.key.tag for item in everything] == ["a", "b", "c", "d", "e"]

    def test_is_not_for_places_that_cannot_be_edited(self, plan_files, stream):
        text = f'a: {{image: "{WEB}:1\\x2e4"}}\nb: {{image: !custom {WEB}:1.4}}\nimage: {WEB}:1.4\nimage: {WEB}:1.4\n'
        planned = plan_files({"app.yaml": text, "streams.json": stream("web", prod=f"{WEB}:1.4")})
        assert what_to_ask(planned.catalog, planned.bindings) == ()
        assert len(planned.plan.skipped) == 4

    def test_is_left_out_where_the_declaration_says_it(self, after):
        assert after(f"image: {WEB}:1.4\n", prod=f"{WEB}:1.4@{OLD}") == f"image: {WEB}:1.4@{OLD}\n"


def test_what_is_skipped_in_one_place_goes_by_its_reason(plan_files, stream):
    text = f"{{b: 'see {WEB}:1.4 there', annotations: {{a: 'see {WEB}:1.4'}}}}\n"
    planned = plan_files({"app.yaml": text, "streams.json": stream("web", prod=f"{WEB}:1.4")})
    reasons = [item.reason for item in planned.plan.skipped]
    assert [reason[:13] for reason in reasons] == ["an annotation", "it stands wit"]
    assert all(
        reason.endswith(f"fields: [{{files: app.yaml, path: {path}, form: substring}}]")
        for reason, path in zip(reasons, ("/annotations/a", "/b"), strict=True)
    )


class TestAnchors:
    def test_of_places_that_want_the_same_are_edited_once(self, after):
        for document in (
            f"image: &i {WEB}:1.4\ninitImage: *i\n",
            f"image: &i {WEB}:1.4\nenv: [{{name: A, value: *i}}]\n",
            f"anchors: [&i {WEB}:1.4]\nimage: *i\nargs: [*i]\n",
            f"kind: List\nitems:\n- metadata: {{namespace: a}}\n  image: &i {WEB}:1.4\n- x: *i\n",
        ):
            assert after(document) == document.replace(":1.4", f":1.4@{NEW}")

    @pytest.mark.parametrize(
        "document",
        [
            f"a: {{repository: {WEB}, tag: &t '1.4'}}\nb: {{repository: quay.io/acme/api, tag: *t}}\n",
            f"a: {{repository: {WEB}, tag: &t '1.4'}}\nappVersion: *t\n",
            f"image: &i {WEB}:1.4\ndescription: *i\n",
            f"kind: List\nitems:\n- metadata: {{namespace: a}}\n  image: &i {WEB}:1.4\n- tags: [*i]\n",
        ],
    )
    def test_that_others_use_are_left_alone(self, after, document):
        assert after(document, prod=f"{WEB}:1.4", api="quay.io/acme/api:1.4") == document

    def test_shared_by_two_streams_end_nothing_else(self, plan_files, stream):
        streams = {f"{name}.json": stream("web", name, prod=f"{WEB}:1.4") for name in "ab"}
        text = (
            f"kind: List\nitems:\n- metadata: {{namespace: a}}\n  image: &i {WEB}:1.4\n"
            f"- metadata: {{namespace: b}}\n  image: *i\n- metadata: {{namespace: a}}\n  image: {WEB}:1.4\n"
        )
        plan = plan_files({"app.yaml": text} | streams, answers={f"{WEB}:1.4": ANSWER}).plan
        # Both streams resolve to one digest, so both want the same.
        assert plan.site_counts[Outcome.CHANGED] == 3
        (file,) = proven(plan).files
        assert file.after.decode() == text.replace(":1.4", f":1.4@{NEW}")

    def test_that_two_streams_want_differently_are_left_alone(self, plan_files, stream):
        streams = {"a.json": stream("web", "a", prod=f"{WEB}:1.4"), "b.json": stream("api", "b", x=f"{WEB}:1.5")}
        text = f'a: &i old # {{"$imagestream": "a/web:prod"}}\nimage: *i\nimages: ["{WEB}:1.5"]\n'
        plan = plan_files({"app.yaml": text} | streams).plan
        assert plan.site_counts[Outcome.SKIPPED] == 1
        assert plan.site_counts[Outcome.CHANGED] == 1

    def test_of_a_site_that_is_skipped_count_no_more(self, after):
        # The first map cannot get its tag, so it must not get its digest through the second one either.
        document = (
            f"a: {{repository: {WEB}, tag: &t '1.4@{OLD}', digest: &d '{OLD}'}}\n"
            f"b: {{repository: {WEB}, tag: '1.4', digest: *d}}\nappVersion: *t\n"
        )
        assert after(document) == document

    def test_beside_a_digest_key_do_not_keep_it_from_its_digest(self, after):
        document = f"v: &v '1.4'\na: {{repository: {WEB}, tag: *v, digest: '{OLD}'}}\n"
        assert after(document) == document.replace(OLD, str(NEW))


def test_a_file_that_a_second_parser_refuses_is_left_out_and_says_so(plan_files, stream):
    # libyaml takes a colon for a part of an anchor's name, the other parser does not.
    text = f"- &a:\n  b: 1\n- image: '{WEB}:1.4'\n"
    plan = proven(plan_files({"app.yaml": text, "s.json": stream("web", prod=f"{WEB}:1.4")}).plan)
    assert plan.files == ()
    assert plan.site_counts[Outcome.SKIPPED] == 1
    (site,) = plan.sites
    assert "can be proven" in site.reason


def test_a_proof_that_fails_is_an_error_of_ours(plan_files, stream):
    plan = plan_files({"app.yaml": f"image: {WEB}:1.4\n", "s.json": stream("web", prod=f"{WEB}:1.4")}).plan
    (file,) = plan.files
    broken = replace(plan, files=(replace(file, after=file.after + b"# more\n"),))
    with pytest.raises(InternalError, match="a byte outside the edited spans changed"):
        proven(broken)
