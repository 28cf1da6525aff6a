"""``spec.dockerImageRepository``: which tags there are, and which go first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.oci.platform import Platform
from gitops_streams.oci.reference import Reference
from gitops_streams.streams.follow import Followed, follow
from gitops_streams.streams.model import Catalog, DockerImage, ImageStream, StreamKey, StreamTag, TagKey
from gitops_streams.streams.whole_repository import MAX_TAGS, alias_targets, extended, limited, prioritized

STREAM = """\
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: web
  namespace: acme
  annotations: {{{annotations}}}
spec:
  dockerImageRepository: quay.io/acme/web
  tags:
    - {{name: prod, from: {{kind: DockerImage, name: quay.io/acme/web:1.4}}}}
    - {{name: stable, from: {{kind: ImageStreamTag, name: "1.3"}}}}
    - {{name: wrong, from: {{kind: Nothing, name: x}}}}
"""


@pytest.fixture
def catalog(read) -> Catalog:
    return read(STREAM.format(annotations=""))


# TestPrioritizeTags of library-go, in our own order of cases.
@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        (
            ["other", "latest", "v5.5", "5.2.3", "5.5", "v5.3.6-bother", "5.3.6-abba", "5.6"],
            ["latest", "5.6", "5.5", "v5.5", "v5.3.6-bother", "5.3.6-abba", "5.2.3", "other"],
        ),
        (
            ["1.1-beta1", "1.2-rc1", "1.1-rc1", "1.1-beta2", "1.2-beta1", "1.2-alpha1", "1.2-beta4", "latest"],
            ["latest", "1.2-rc1", "1.2-beta4", "1.2-beta1", "1.2-alpha1", "1.1-rc1", "1.1-beta2", "1.1-beta1"],
        ),
        (["7.1", "v7.1", "7.1.0"], ["7.1", "v7.1", "7.1.0"]),
        (["7.1.0", "v7.1", "7.1"], ["7.1", "v7.1", "7.1.0"]),
        (["b", "a", "10", "9", "v1", "1.10", "1.9"], ["1.10", "1.9", "10", "9", "a", "b", "v1"]),
        (["01.2", "1.2.03", "1.2", "1.2.3.4"], ["1.2", "01.2", "1.2.03", "1.2.3.4"]),
        (["1.10.0", "1.9.0", "1.9.0-rc1"], ["1.10.0", "1.9.0", "1.9.0-rc1"]),
        ([], []),
    ],
)
def test_prioritize_tags(tags: list[str], wanted: list[str]):
    assert prioritized(tags) == wanted


TAGS = st.from_regex(r"latest|v{0,2}[0-9]{1,2}(\.[0-9]{1,2}){0,3}(-[a-z]{1,3}[0-9]?)?|[a-z]{1,3}", fullmatch=True)


@given(st.lists(TAGS, unique=True), st.randoms())
def test_the_order_is_one_of_the_tags_and_not_of_how_they_come(tags: list[str], random):
    shuffled = random.sample(tags, len(tags))
    assert prioritized(shuffled) == prioritized(tags)
    assert sorted(prioritized(tags)) == sorted(tags)


def test_a_tag_is_there_once_it_is_wanted(catalog, key):
    (tag,) = [tag for tag in extended(catalog, [key("acme/web:2.0")]).tags.values() if tag.implied]
    assert str(tag.key) == "acme/web:2.0"
    assert isinstance(tag.source, DockerImage)
    assert str(tag.source) == "quay.io/acme/web:2.0"
    assert (tag.file, tag.line) == ("streams.yaml", 8)


def test_declaring_such_a_tag_later_changes_nothing_that_is_recorded(catalog, key, read):
    declared = read(STREAM.format(annotations="").replace("prod", "'1.4'"))
    implied = extended(catalog, [key("acme/web:1.4")]).tags[key("acme/web:1.4")]
    assert implied.fingerprint == declared.tags[key("acme/web:1.4")].fingerprint


@pytest.mark.parametrize("wanted", ["acme/web:prod", "acme/web:wrong", "acme/other:1", "web:1", "acme/web:-no"])
def test_what_is_declared_elsewhere_or_no_tag_is_not_added(catalog, key, wanted: str):
    assert extended(catalog, [key(wanted)]) is catalog


def test_a_stream_without_the_field_has_no_other_tags(declare, key):
    catalog = declare("- {name: prod, from: {kind: DockerImage, name: 'quay.io/acme/web:1.4'}}\n")
    assert extended(catalog, [key("acme/web:2.0")]) is catalog


def test_the_annotations_of_the_stream_are_defaults(read, key):
    annotations = (
        '"gitops-streams.io/paths": "a/ b/", "gitops-streams.io/platform": linux/arm64,'
        ' "gitops-streams.io/policy": semver, "openshift.io/image.insecureRepository": "true"'
    )
    tag = extended(read(STREAM.format(annotations=annotations)), [key("acme/web:2")]).tags[key("acme/web:2")]
    assert (tag.paths, tag.platform, tag.insecure) == (("a/", "b/"), Platform("linux", "arm64"), True)
    assert tag.policy is None
    assert str(tag.source) == "quay.io/acme/web:2"


@pytest.mark.parametrize(("annotation", "value"), [("platform", "x"), ("min-age", "soon")])
def test_an_annotation_that_is_wrong_leaves_the_repository_alone(read, annotation: str, value: str):
    catalog = read(STREAM.format(annotations=f"gitops-streams.io/{annotation}: {value}"))
    assert catalog.streams[0].whole is None
    assert any(f"annotation gitops-streams.io/{annotation}" in each.reason for each in catalog.problems)


def test_an_alias_may_name_such_a_tag(catalog, key):
    assert alias_targets(catalog) == {key("acme/web:1.3")}
    reached = follow(extended(catalog, alias_targets(catalog)), key("acme/web:stable"))
    assert isinstance(reached, Followed)
    assert str(reached.source) == "quay.io/acme/web:1.3"


def keys_of(stream: ImageStream) -> list[str]:
    return [tag.key.tag for tag in stream.tags]


def test_what_is_used_stays_up_to_the_limit(catalog, key):
    names = [f"1.{n}" for n in range(3, MAX_TAGS + 10)]
    wanted = [key(f"acme/web:{name}") for name in names]
    wide = extended(catalog, [*wanted, key("acme/web:unused")])
    left = limited(wide, wanted)
    kept = set(keys_of(left.catalog.streams[0])) - {"prod", "stable"}
    # An alias names 1.3: it stays, and does not count.
    assert kept == {"1.3", *names[-MAX_TAGS:]}
    assert [str(dropped) for dropped in left.dropped] == [f"acme/web:{name}" for name in names[-MAX_TAGS - 1 : 0 : -1]]
    (problem,) = left.problems
    assert (problem.file, problem.line) == ("streams.yaml", 8)
    assert problem.reason == (
        "acme/web: spec.dockerImageRepository: 56 of its tags are used and 50 followed;"
        " not 1.9, 1.8, 1.7, 1.6, 1.5, …: declare it in spec.tags"
    )


def test_within_the_limit_nothing_is_said(catalog, key):
    wanted = [key(f"acme/web:1.{n}") for n in range(10, 10 + MAX_TAGS)]
    left = limited(extended(catalog, wanted), wanted)
    assert (left.dropped, left.problems) == ({}, ())
    assert limited(left.catalog, wanted).catalog is left.catalog


@given(st.lists(TAGS, unique=True, max_size=80), st.randoms())
def test_the_limit_does_not_depend_on_the_order(tags: list[str], random):
    stream = StreamKey("acme", "web")
    source = DockerImage(Reference.parse("quay.io/acme/web"))
    whole = StreamTag(TagKey(stream, ""), source, "a.yaml", 1, implied=True)
    catalog = Catalog((ImageStream(stream, "a.yaml", 1, (), whole=whole),))
    keys = [TagKey(stream, tag) for tag in tags]
    shuffled = random.sample(keys, len(keys))
    once, again = limited(extended(catalog, keys), keys), limited(extended(catalog, shuffled), shuffled)
    assert (once.catalog, dict(once.dropped), once.problems) == (again.catalog, dict(again.dropped), again.problems)
    assert len(once.catalog.tags) == min(len(keys), MAX_TAGS)
    assert {*once.catalog.tags, *once.dropped} == set(keys)
