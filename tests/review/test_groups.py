"""Which stream tags share a pull request."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_streams.oci.resolution import Cause, Unresolvable
from gitops_streams.plan.model import Outcome
from gitops_streams.review.branches import branch_of
from gitops_streams.review.groups import divide
from gitops_streams.review.policy import Grouping, GroupRule, PullRequestPolicy

WEB, API = "quay.io/acme/web:1", "quay.io/acme/api:1"


def stream(name, namespace=None, labels=None, **tags):
    metadata = {"name": name, "labels": labels or {}} | ({"namespace": namespace} if namespace else {})
    entries = [{"name": tag, "from": {"kind": "DockerImage", "name": source}} for tag, source in tags.items()]
    head = {"apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": metadata}
    return json.dumps(head | {"spec": {"tags": entries}})


FILES = {
    "streams.json": stream("base", t="quay.io/acme/base:1"),
    "apps/web/stream.json": stream("web", "shop", {"team": "shop"}, t=WEB, wrong="quay.io/ACME/x"),
    "apps/api/stream.json": stream("api", "shop", {"team": "back-end"}, t=API),
    "jobs/stream.json": stream("api", "jobs", {"team": "back-end"}, t="quay.io/acme/job:1"),
    "unused/stream.json": stream("unused", "jobs", t="quay.io/acme/unused:1"),
    "deploy/all.yaml": f"a: {{image: quay.io/acme/base:1}}\nb: {{image: {WEB}}}\nc: {{image: {API}}}\n",
    "deploy/job.yaml": "image: quay.io/acme/job:1\n",
}


@pytest.fixture
def divided(plan_files):
    def run(files=FILES, base="main", **policy):
        planned = plan_files(files)
        return divide(planned.plan, planned.catalog, PullRequestPolicy(**policy), base)

    return run


def tags_of(groups):
    return {part.group.name: " ".join(str(tag.key) for tag in part.plan.tags) for part in groups}


@pytest.mark.parametrize(
    ("policy", "tags"),
    [
        ({}, {"all": "base:t jobs/api:t shop/api:t shop/web:t shop/web:wrong"}),
        (
            {"grouping": Grouping.STREAM},
            {
                "base": "base:t",
                "jobs/api": "jobs/api:t",
                "jobs/unused": "",
                "shop/api": "shop/api:t",
                "shop/web": "shop/web:t shop/web:wrong",
            },
        ),
        (
            {"grouping": Grouping.NAMESPACE},
            {"(no namespace)": "base:t", "jobs": "jobs/api:t", "shop": "shop/api:t shop/web:t shop/web:wrong"},
        ),
        (
            {"grouping": Grouping.LABEL, "label_key": "team"},
            {"(no label)": "base:t", "back-end": "jobs/api:t shop/api:t", "shop": "shop/web:t shop/web:wrong"},
        ),
        (
            {"grouping": Grouping.DIRECTORY},
            {
                ".": "base:t",
                "apps/api": "shop/api:t",
                "apps/web": "shop/web:t shop/web:wrong",
                "jobs": "jobs/api:t",
                "unused": "",
            },
        ),
        (
            {
                "groups": (
                    GroupRule("web", ("*/web", "nothing")),
                    GroupRule("shop", ("shop/",)),
                    GroupRule("none", ("x",)),
                )
            },
            {"all": "base:t jobs/api:t", "none": "", "shop": "shop/api:t", "web": "shop/web:t shop/web:wrong"},
        ),
        (
            {"groups": (GroupRule("everything", ("**",)),)},
            {"all": "", "everything": "base:t jobs/api:t shop/api:t shop/web:t shop/web:wrong"},
        ),
    ],
    ids=["all", "stream", "namespace", "label", "directory", "rules", "a rule for everything"],
)
def test_divided(divided, policy, tags):
    assert tags_of(divided(**policy)) == tags


def test_each_group_has_the_edits_of_its_tags_alone(divided):
    parts = {part.group.name: part.plan for part in divided(grouping=Grouping.NAMESPACE)}
    assert {name: [file.path for file in plan.files] for name, plan in parts.items()} == {
        "(no namespace)": ["deploy/all.yaml"],
        "jobs": ["deploy/job.yaml"],
        "shop": ["deploy/all.yaml"],
    }
    pinned = {name: plan.files[0].after.decode().count("@sha256:") for name, plan in parts.items()}
    assert pinned == {"(no namespace)": 1, "jobs": 1, "shop": 2}


def test_a_group_carries_its_branch(divided):
    (part,) = divided(base="release/1", branch_prefix="bots")
    assert part.group.branch == branch_of("bots", "release/1", "all") == "bots/release--1/all"


def test_a_tag_without_a_digest_belongs_to_its_stream(plan_files):
    answers = {WEB: Unresolvable(Cause.UNSUPPORTED, "down")}
    planned = plan_files(FILES, answers=answers)
    parts = divide(planned.plan, planned.catalog, PullRequestPolicy(grouping=Grouping.STREAM), "main")
    (web,) = [part.plan for part in parts if part.group.name == "shop/web"]
    assert [tag.outcome for tag in web.tags] == [Outcome.FAILED, Outcome.FAILED]
    assert web.files == ()


def test_found_names_and_configured_names_stay_apart(divided):
    """The rule's pull request gets what the rule says, and not a namespace that happens to be called so."""
    rules = (GroupRule("shop", ("jobs/*",)), GroupRule("shop (by namespace)", ("x",)))
    groups = divided(groups=rules, grouping=Grouping.NAMESPACE)
    assert tags_of(groups) == {
        "(no namespace)": "base:t",
        "shop": "jobs/api:t",
        "shop (by namespace)": "",
        "shop (by namespace) (by namespace)": "shop/api:t shop/web:t shop/web:wrong",
    }
    assert len({part.group.branch for part in groups}) == 4


def test_found_names_stay_apart_from_each_other(divided):
    files = {"a/s.json": stream("one", t=WEB), "a (by directory)/s.json": stream("two", t=API)}
    groups = divided(files, grouping=Grouping.DIRECTORY, groups=(GroupRule("a", ("x",)),))
    assert {part.group.name for part in groups} == {"a", "a (by directory)", "a (by directory) (by directory)"}


def test_a_configured_group_may_be_called_all(divided):
    groups = tags_of(divided(groups=(GroupRule("all", ("base",)),)))
    assert groups == {"all": "base:t", "all (by all)": "jobs/api:t shop/api:t shop/web:t shop/web:wrong"}


@pytest.mark.parametrize(
    ("files", "by"),
    [
        # Two follow the repository: it is theirs, and not of those who stand beside it.
        (
            {"a.json": stream("a", "a", t=WEB), "b.json": stream("b", "b", t=WEB), "c.json": stream("c", "c", t=API)}
            | {"x.yaml": f"a: {{image: {WEB}}}\nb: {{image: {API}}}\n"},
            ["a", "b"],
        ),
        # A marker that names nothing: of those with a site in the file.
        (
            {"a.json": stream("a", "a", t=WEB), "c.json": stream("c", "c", t=API)}
            | {"x.yaml": f'a: x # {{"$imagestream": "gone:t"}}\nb: {{image: {API}}}\n'},
            ["c"],
        ),
        # Nobody's: everybody's.
        (
            {"a.json": stream("a", "a", t=WEB), "c.json": stream("c", "c", t=API)}
            | {"x.yaml": 'a: "?" # {"$imagestream": "gone:t"}\n'},
            ["a", "c"],
        ),
    ],
    ids=["repository", "file", "nobody"],
)
def test_a_skipped_reference_goes_to_whom_it_concerns(divided, files, by):
    groups = divided(files, grouping=Grouping.NAMESPACE)
    assert [part.group.name for part in groups if part.plan.skipped] == by


@pytest.mark.parametrize(
    ("files", "by"),
    [
        (
            {
                "a.json": stream("a", "a", t=WEB).replace(
                    '"labels"', '"annotations": {"gitops-streams.io/x": ""}, "labels"'
                )
            },
            ["a"],
        ),
        ({"broken.yaml": f"image: {WEB}\n- [\n"}, ["a", "c"]),
    ],
    ids=["its declaration", "nobody"],
)
def test_a_problem_goes_to_whom_it_concerns(divided, files, by):
    known = {"a.json": stream("a", "a", t=WEB), "c.json": stream("c", "c", t=API)}
    groups = divided(known | files, grouping=Grouping.NAMESPACE)
    assert [part.group.name for part in groups if part.plan.problems] == by


def test_a_problem_of_a_file_goes_to_those_with_a_site_in_it(plan_files, divided):
    """Two documents, of which one declares what cannot be used."""
    bad = stream("bad").replace('"bad"', '"BAD"')
    files = {
        "a.json": stream("a", "a", t=WEB),
        "c.json": stream("c", "c", t=API),
        "x.yaml": f"{bad}\n---\nimage: {API}\n",
    }
    groups = divided(files, grouping=Grouping.NAMESPACE)
    assert [part.group.name for part in groups if part.plan.problems] == ["c"]


names = st.sampled_from(["a", "b", "all", "(no label)", "a (by label)", "shop"])
globs = st.sampled_from(["*", "**", "a*", "shop/*", "*/web", "b", "x"])
declared = st.dictionaries(
    st.tuples(st.sampled_from(["web", "api", "a"]), st.sampled_from([None, "shop", "a"])),
    st.tuples(st.sampled_from([None, "shop", "a", "B"]), st.sampled_from(["", "a/", "shop/", "a (by directory)/"])),
    min_size=1,
)


@settings(max_examples=150, deadline=None)
@given(
    declared=declared,
    grouping=st.sampled_from(list(Grouping)),
    rules=st.lists(
        st.builds(GroupRule, names, st.lists(globs, min_size=1).map(tuple)),
        max_size=3,
        unique_by=lambda rule: rule.name,
    ),
)
def test_every_tag_is_in_one_group_with_its_whole_stream(plan_files, declared, grouping, rules):
    files, sites = {}, []
    for number, ((name, namespace), (label, folder)) in enumerate(declared.items()):
        tags = {tag: f"quay.io/acme/{name}{number}:{tag}" for tag in ("one", "two")}
        labels = {} if label is None else {"team": label}
        files[f"{folder}{number}.json"] = stream(name, namespace, labels, **tags, wrong="/")
        sites += [f"k{number}{tag}: {{image: {source}}}\n" for tag, source in tags.items()]
    files["x.yaml"] = "".join(sites)
    planned = plan_files(files)
    policy = PullRequestPolicy(grouping=grouping, label_key="team", groups=tuple(rules))
    groups = divide(planned.plan, planned.catalog, policy, "main")
    assert groups == divide(planned.plan, planned.catalog, policy, "main")
    keys = [tag.key for part in groups for tag in part.plan.tags]
    assert sorted(keys, key=str) == sorted((tag.key for tag in planned.plan.tags), key=str)
    for stream_key in planned.catalog.by_key:
        assert len({part.group for part in groups for tag in part.plan.tags if tag.key.stream == stream_key}) <= 1
    assert len({part.group.name for part in groups}) == len(groups)
    assert len({part.group.branch for part in groups}) == len(groups)
    assert {rule.name for rule in rules} <= {part.group.name for part in groups}
    edits = [edit for part in groups for file in part.plan.files for edit in file.edits]
    assert len(edits) == sum(len(file.edits) for file in planned.plan.files)
