"""Plans of what stands within strings: anchors, merges, holds of several stream tags, other files of one tree."""

from __future__ import annotations

import pytest

from gitops_streams.plan.model import Change, Skipped
from gitops_streams.plan.narrow import narrowed
from gitops_streams.plan.proven import proven
from gitops_streams.streams.model import StreamKey, TagKey

WEB, API = "quay.io/acme/web:1.4", "quay.io/acme/api:2"


def block(key: str, text: str) -> str:
    return f"{key}: |\n" + "".join(f"  {line}\n" for line in text.splitlines())


@pytest.fixture
def planned(plan_files, stream):
    def plan(text: str, path: str = "a.yaml"):
        streams = {"w.json": stream("web", prod=WEB), "p.json": stream("api", prod=API)}
        done = plan_files({path: text, **streams})
        assert proven(done.plan) == done.plan
        again = plan_files({path: done.files[path], **streams})
        assert again.plan.files == ()
        return done, done.files[path].decode()

    return plan


def pinned(planned, name: str) -> str:
    digests = {f"{tag.image.reference.name}:{tag.image.tag}": tag.digest for tag in planned.plan.tags}
    return f"{name}@{digests[name]}"


def test_an_anchor_within_serves_its_aliases_with_one_edit(planned):
    text = block("x", f"image: &i {WEB}\nother: {{image: *i}}")
    done, after = planned(text)
    assert after == text.replace(WEB, pinned(done, WEB))


def test_an_anchor_within_that_says_something_else_too_is_left_alone(planned):
    text = block("x", f"image: &i {WEB}\ntitle: *i")
    done, after = planned(text)
    assert after == text
    assert [type(site) for site in done.plan.sites] == [Skipped]


def test_two_stream_tags_in_one_string(planned):
    text = block("x", f"a: {{image: {WEB}}}\nb: {{image: {API}}}\nc: 'see {WEB}'")
    done, after = planned(text)
    assert after == text.replace(f"{{image: {WEB}", f"{{image: {pinned(done, WEB)}").replace(API, pinned(done, API))
    # A pull request of one of them alone.
    only = narrowed(done.plan, [TagKey(StreamKey(None, "api"), "prod")])
    (file,) = only.files
    assert file.after.decode() == text.replace(API, pinned(done, API))
    assert proven(only) == only


def test_a_split_map_whose_digest_needs_a_line_that_the_string_cannot_hold(planned):
    folded = (
        "kind: Kustomization\nimages: []\nx: >-\n  kind: Kustomization\n\n  images:\n    - newName: quay.io/acme/web\n"
        "      name: a\n      newTag: '1.4'\n"
    )
    done, after = planned(folded)
    assert after == folded
    (site,) = done.plan.sites
    assert isinstance(site, Skipped)
    assert "without folding" in site.reason


def test_a_digest_that_gets_a_line_of_its_own_in_a_quoted_string(planned):
    text = 'x: "kind: Kustomization\\nimages:\\n- name: quay.io/acme/web\\n  newTag: \\"1.4\\"\\n"\n'
    done, after = planned(text)
    digest = pinned(done, WEB).partition("@")[2]
    assert after == text.replace('\\"1.4\\"', f'\\"1.4\\"\\n  digest: {digest}')


def test_json_with_tabs_within_a_block(planned):
    text = block("x", '{\n\t"image": "' + WEB + '",\n\t"n": [1, null]\n}')
    done, after = planned(text)
    assert after == text.replace(WEB, pinned(done, WEB))


def test_a_byte_order_mark_and_windows_line_ends(planned):
    text = ("\ufeff" + block("x", f"a: ü🙂\nimage: {WEB}")).replace("\n", "\r\n")
    done, after = planned(text)
    assert after == text.replace(WEB, pinned(done, WEB))


def test_what_stands_in_the_file_and_in_a_string_of_it(planned):
    text = f"image: {WEB}\n" + block("x", f"image: {WEB}") + f"y:\n  image: {WEB}\n"
    done, after = planned(text)
    assert after == text.replace(WEB, pinned(done, WEB))
    assert [site.site.occurrence.line for site in done.plan.sites if isinstance(site, Change)] == [1, 3, 5]


ANCHORED = f"a: &y |\n  image: {WEB}\n  x: 1\n"


@pytest.mark.parametrize("use", ["b: *y\n", "b: [*y, {c: *y}]\n"])
def test_an_alias_of_a_string_is_another_use_of_it(planned, use):
    done, after = planned(ANCHORED + use)
    assert after == ANCHORED.replace(WEB, pinned(done, WEB)) + use


@pytest.mark.parametrize(
    "use",
    ["? [b, c]\n: *y\n", "? *y\n: 1\n", "b: *y\nb: *y\n", "description: *y\n", "metadata: {annotations: {b: *y}}\n"],
    ids=["a key that is a list", "a key", "a key that stands twice", "prose", "an annotation"],
)
def test_a_string_whose_alias_no_path_leads_to_or_is_text_is_left_alone(plan_files, stream, use):
    # Found by the fuzzer: the edit of the string could not be proven, which ended the whole run.
    planned = plan_files({"a.yaml": ANCHORED + use, "w.json": stream("web", prod=WEB)})
    plan = proven(planned.plan)
    assert plan.files == ()
    assert [mention.reference for mention in plan.skipped] == [WEB]


def test_a_string_of_which_two_parsers_think_differently_leaves_the_file_alone(plan_files, stream):
    # An anchor with a colon in its name: libyaml takes it for one, ruamel.yaml does not.
    text = f"image: {WEB}\n" + block("x", f"y:\n- &a:\n  b: 1\n- image: {WEB}")
    planned = plan_files({"a.yaml": text, "w.json": stream("web", prod=WEB)})
    plan = proven(planned.plan)
    assert plan.files == ()
    assert [type(site) for site in plan.sites] == [Skipped, Skipped]
    assert all("no edit of this file can be proven" in site.reason for site in plan.sites)


class TestReferencesAlone:
    """What stands before the reference is no part of the edit, so that it may start with hyphens and need no quotes."""

    def test_arguments(self, planned):
        text = f"args:\n- --web={WEB}\n- '--web={WEB}'\n- WEB={WEB}  # here\nmore: [--web={WEB}, \"-api={API}\"]\n"
        done, after = planned(text)
        assert after == text.replace(WEB, pinned(done, WEB)).replace(API, pinned(done, API))

    def test_lines_of_a_variable(self, planned):
        text = f"env:\n- name: WEB_IMAGES\n  value: |\n    1.3={WEB}\n    1.4={API}\n    old={WEB}\n"
        done, after = planned(text)
        assert after == text.replace(WEB, pinned(done, WEB)).replace(API, pinned(done, API))

    @pytest.mark.parametrize("header", [">-", "|-", ">2-"])
    def test_block_scalars(self, planned, header):
        text = f"image: {header}  # why\n  {WEB}\nspec:\n- image: {header}\n    {API}\n"
        done, after = planned(text)
        assert after == text.replace(WEB, pinned(done, WEB)).replace(API, pinned(done, API))
