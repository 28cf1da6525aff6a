"""Tag policies as annotations: what they say, how a stream's and a tag's go together, and what is wrong with them."""

from __future__ import annotations

import hashlib
import json

import pytest

from gitops_streams.oci.reference import Reference
from gitops_streams.streams.follow import Followed, follow
from gitops_streams.streams.model import DockerImage
from gitops_streams.streams.policy import Choosing, ask
from gitops_streams.streams.tag_policy import (
    Alphabetical,
    Filter,
    NewestBuild,
    Numerical,
    Order,
    SemverRange,
    TagPolicy,
)

DIGEST = "sha256:" + "0123456789abcdef" * 4


def declare(of_stream=None, of_tag=None, **source):
    """Declare ``web:prod`` with annotations on the stream and on the tag."""

    def annotations(given):
        return {f"gitops-streams.io/{name}": value for name, value in (given or {}).items()}

    source = {"kind": "DockerImage", "name": "quay.io/acme/web"} | source
    return json.dumps(
        {
            "apiVersion": "image.openshift.io/v1",
            "kind": "ImageStream",
            "metadata": {"name": "web", "annotations": annotations(of_stream)},
            "spec": {"tags": [{"name": "prod", "annotations": annotations(of_tag), "from": source}]},
        }
    )


def only(catalog):
    assert not catalog.invalid, catalog.invalid
    (tag,) = catalog.tags.values()
    return tag


@pytest.mark.parametrize(
    ("annotations", "policy"),
    [
        ({"policy": "semver"}, TagPolicy(SemverRange("*"))),
        ({"policy": "semver", "range": "^1.2"}, TagPolicy(SemverRange("^1.2"))),
        ({"policy": "semver", "prereleases": "true"}, TagPolicy(SemverRange("*", prereleases=True))),
        ({"policy": "semver", "prereleases": "false"}, TagPolicy(SemverRange("*", prereleases=False))),
        ({"policy": "numerical"}, TagPolicy(Numerical())),
        ({"policy": "numerical", "order": "desc"}, TagPolicy(Numerical(Order.DESC))),
        ({"policy": "alphabetical", "order": "asc"}, TagPolicy(Alphabetical())),
        ({"policy": "newest-build"}, TagPolicy(NewestBuild())),
        ({"policy": "newest-build", "pattern": "^main-"}, TagPolicy(NewestBuild(), Filter("^main-"))),
        (
            {"policy": "numerical", "pattern": "^b(?P<n>.*)$", "extract": "$n"},
            TagPolicy(Numerical(), Filter("^b(?P<n>.*)$", "$n")),
        ),
        ({"policy": " semver ", "range": " 1.x "}, TagPolicy(SemverRange("1.x"))),
    ],
)
def test_policies(read, annotations, policy):
    tag = only(read(declare(of_tag=annotations)))
    assert tag.policy == policy
    assert tag.source == DockerImage(Reference.parse("quay.io/acme/web"), by_policy=True)
    assert only(read(declare(of_stream=annotations))).policy == policy


@pytest.mark.parametrize(
    ("annotations", "name", "detail"),
    [
        (
            {"policy": "latest"},
            "policy",
            '"latest" is none; write policy: semver, numerical, alphabetical, newest-build',
        ),
        ({"range": "1.x"}, "range", "it refines a policy, and there is none; write policy: semver"),
        ({"policy": "semver", "range": ">>1"}, "range", "'>>1' is no version or comparison"),
        ({"policy": "semver", "order": "asc"}, "order", "it says nothing to the policy semver"),
        ({"policy": "numerical", "range": "1"}, "range", "it says nothing to the policy numerical"),
        (
            {"policy": "newest-build", "prereleases": "true"},
            "prereleases",
            "it says nothing to the policy newest-build",
        ),
        ({"policy": "semver", "prereleases": "yes"}, "prereleases", "\"yes\" is neither 'true' nor 'false'"),
        ({"policy": "numerical", "order": "up"}, "order", "\"up\" is neither 'asc' (the highest) nor 'desc'"),
        ({"policy": "semver", "pattern": "("}, "pattern", "RE2 does not accept it: missing ): ("),
        ({"policy": "semver", "extract": "$1"}, "extract", "it takes groups from a pattern, and there is none"),
        ({"policy": "semver", "pattern": "a", "extract": "$1"}, "extract", "the pattern has no group '1'"),
    ],
)
def test_what_is_wrong_names_the_annotation(read, annotations, name, detail):
    catalog = read(declare(of_tag=annotations))
    (invalid,) = catalog.invalid
    assert invalid.reason.startswith(f"spec.tags[prod]: annotation gitops-streams.io/{name}: {detail}")
    assert catalog.tags == {}


def test_the_line_is_that_of_the_annotation(read):
    text = """\
kind: ImageStream
apiVersion: image.openshift.io/v1
metadata: {name: web}
spec:
  tags:
    - name: prod
      annotations:
        gitops-streams.io/policy: semver
        gitops-streams.io/range: 1 to 2
      from: {kind: DockerImage, name: a}
"""
    assert [invalid.line for invalid in read(text).invalid] == [9]


@pytest.mark.parametrize("text", ['"1.4"', "1.4", "1.10"])
def test_a_range_is_read_as_it_is_written(read, text):
    catalog = read(declare(of_tag={"policy": "semver", "range": "@"}).replace('"@"', text))
    assert only(catalog).policy == TagPolicy(SemverRange(text.strip('"')))


def test_a_tag_refines_its_streams_policy(read):
    tag = only(read(declare({"policy": "semver", "range": "1.x", "pattern": "^v"}, {"range": "2.x"})))
    assert tag.policy == TagPolicy(SemverRange("2.x"), Filter("^v"))


def test_a_tags_own_policy_stands_alone(read):
    tag = only(read(declare({"policy": "semver", "range": "1.x", "pattern": "^v"}, {"policy": "numerical"})))
    assert tag.policy == TagPolicy(Numerical())
    same = only(read(declare({"policy": "semver", "range": "1.x"}, {"policy": "semver"})))
    assert same.policy == TagPolicy(SemverRange("*"))


def test_an_empty_policy_follows_the_tag_that_is_named(read):
    tag = only(read(declare({"policy": "semver", "range": "1.x"}, {"policy": ""}, name="quay.io/acme/web:1.4")))
    assert (tag.policy, tag.source.tag) == (None, "1.4")


@pytest.mark.parametrize(
    "source",
    [
        {"name": f"quay.io/acme/web@{DIGEST}"},
        {"kind": "ImageStreamTag", "name": "other:1"},
        {"kind": "ImageStreamImage", "name": f"web@{DIGEST}"},
    ],
)
def test_a_streams_policy_leaves_other_sources_alone_and_a_tags_own_is_an_error(read, source):
    assert only(read(declare({"policy": "semver"}, **source))).policy is None
    (invalid,) = read(declare(None, {"policy": "semver"}, **source)).invalid
    assert "it chooses among the tags of a repository, and from.name names" in invalid.reason


def test_the_tag_of_the_source_is_ignored_and_that_is_said(read):
    catalog = read(declare(None, {"policy": "semver"}, name="quay.io/acme/web:latest"))
    assert only(catalog).source == DockerImage(Reference.parse("quay.io/acme/web"), by_policy=True)
    (problem,) = catalog.problems
    assert "the tag latest of from.name is not followed: gitops-streams.io/policy chooses (semver *)" in problem.reason
    assert read(declare(None, {"policy": "semver"})).problems == ()


def test_the_question_is_which_tag(read, key):
    catalog = read(declare(None, {"policy": "semver", "range": "1.x"}))
    followed = follow(catalog, key("web:prod"))
    assert isinstance(followed, Followed)
    repository = Reference.parse("quay.io/acme/web").repository
    assert ask(followed) == Choosing(repository, TagPolicy(SemverRange("1.x")))


class TestFingerprint:
    """It decides whether what is recorded was resolved for the same declaration."""

    def test_of_a_declaration_without_a_policy_is_what_it_always_was(self, read):
        content = json.dumps(["DockerImage", "quay.io/acme/web:1.4", ""])
        expected = hashlib.sha256(content.encode()).hexdigest()[:16]
        assert only(read(declare(name="quay.io/acme/web:1.4"))).fingerprint == expected

    def test_changes_with_everything_that_a_policy_says(self, read):
        each = [
            None,
            {"policy": "semver"},
            {"policy": "semver", "range": "1.x"},
            {"policy": "semver", "prereleases": "true"},
            {"policy": "semver", "prereleases": "false"},
            {"policy": "semver", "pattern": "^v"},
            {"policy": "semver", "pattern": "^v(.*)", "extract": "$1"},
            {"policy": "numerical"},
            {"policy": "numerical", "order": "desc"},
            {"policy": "alphabetical"},
            {"policy": "newest-build"},
        ]
        assert len({only(read(declare(None, given))).fingerprint for given in each}) == len(each)

    def test_does_not_change_with_the_tag_that_is_ignored(self, read):
        one, other = (only(read(declare(None, {"policy": "semver"}, name=f"a{tag}"))) for tag in ("", ":1"))
        assert one.fingerprint == other.fingerprint
