"""What must hold for every document and every declaration."""

from __future__ import annotations

import pytest
from example_counts import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_streams.manifests.scan import needles, scan
from gitops_streams.plan.bind import tracked
from gitops_streams.plan.model import Change, Outcome, Pin
from gitops_streams.plan.narrow import narrowed
from gitops_streams.plan.proven import proven
from gitops_streams.reconcile.recording import resolved_items
from gitops_streams.render import json_report
from gitops_streams.render.report import Report
from gitops_streams.streams import status

REPOSITORIES = ["quay.io/acme/web", "nginx", "docker.io/library/nginx", "localhost:5000/a/b", "acme/web"]
TAGS = ["1.4", "41", "latest"]
DIGESTS = ["sha256:" + digit * 64 for digit in "0e"]
SOURCES = [(repository, tag) for repository in REPOSITORIES if "library" not in repository for tag in TAGS]
MARKERS = ["web:t0", "web:t1:tag", "dev/api:t2", "gone:x"]
quotes = st.sampled_from(["", "'", '"'])
words = st.sampled_from(["x", "true", "null", "~", "1.5", "a b"])


@st.composite
def references(draw):
    tag = draw(st.sampled_from([*(f":{tag}" for tag in TAGS), ""]))
    digest = draw(st.sampled_from(["", "", *(f"@{digest}" for digest in DIGESTS)]))
    return draw(st.sampled_from(REPOSITORIES)) + tag + digest


@st.composite
def entries(draw):
    """A few lines of a mapping, without indentation."""
    quote = draw(quotes)
    scalar = f"{quote}{draw(references() | references() | references() | words)}{quote}"
    comment = draw(st.sampled_from([""] * 8 + ["  # note", *(f' # {{"$imagestream": "{m}"}}' for m in MARKERS)]))
    repository, tag = draw(st.sampled_from(REPOSITORIES)), draw(st.sampled_from(TAGS))
    registry, slash, rest = repository.partition("/")
    digest = draw(st.sampled_from([None, "", "null", '""', *DIGESTS]))
    key = draw(st.sampled_from(["digest", "sha"]))
    digest_line = [] if digest is None else [f"  {key}: {digest}".rstrip()]
    form = draw(st.integers(0, 6))
    if form == 0:
        return [f"{draw(st.sampled_from(['image', 'baseImage', 'value', 'IMAGE']))}: {scalar}{comment}"]
    if form == 1:
        return ["images:", f"- {scalar}{comment}", f"- {{name: {repository}, newTag: {quote}{tag}{quote}}}"]
    if form == 2:
        return ["values:", f"  repository: {repository}", f"  tag: {quote}{tag}{quote}", *digest_line]
    if form == 3:
        split = [f"  registry: {registry}", f"  repository: {rest}"] if slash else [f"  repository: {registry}"]
        return ["values:", *split, f"  tag: {tag}{comment}", *digest_line]
    if form == 4:
        kustomize = [f"- name: {repository}", f"  newTag: {quote}{tag}{quote}{comment}"]
        return ["images:", *kustomize, *(line for line in digest_line if "digest" in line)]
    if form == 5:
        return ["anchored:", f"  image: &a{tag.replace('.', '')} {scalar}", f"  initImage: *a{tag.replace('.', '')}"]
    return ["text: |", f"  image: {draw(references())}"]


@st.composite
def other_entries(draw):
    """The same of forms that spread over several maps, or hold more than a reference in one scalar."""
    quote = draw(quotes)
    comment = draw(st.sampled_from(["", "", "  # note"]))
    repository, tag = draw(st.sampled_from(REPOSITORIES)), draw(st.sampled_from(TAGS))
    registry, slash, rest = repository.partition("/")
    digest = draw(st.sampled_from([None, "", *DIGESTS]))
    digest_line = [] if digest is None else [f"  digest: {digest}".rstrip()]
    form = draw(st.integers(0, 4))
    if form == 0:
        beside = "" if digest is None else f", digest: {digest or chr(39) * 2}"
        ref = [f"  ref: {{tag: {quote}{tag}{quote}{beside}}}"]
        block = ["  ref:", f"    tag: {quote}{tag}{quote}{comment}", *(f"  {line}" for line in digest_line)]
        return ["spec:", f"  url: oci://{repository}", *draw(st.sampled_from([ref, block]))]
    if form == 1:
        literal = f"{draw(st.sampled_from(['IMAGE', 'x']))}={draw(references())}"
        return ["configMapGenerator:", f"- literals: [{quote}{literal}{quote}, a=b]"]
    if form == 2:
        split = [f"  registry: {registry}", f"  name: {rest}"] if slash else [f"  name: {registry}"]
        return ["image:", *split, f"  tag: {quote}{tag}{quote}{comment}", *digest_line]
    if form == 3:
        prefix = draw(st.sampled_from(["", "oci://", "docker://"]))
        key = draw(st.sampled_from(["uses", "artifact", "description", "tags", "name"]))
        return [f"{key}: {quote}{prefix}{draw(references())}{quote}{comment}"]
    pairs = [("repository", repository), ("tag", tag)]
    items = ", ".join(f"{{name: image.{name}, value: '{value}'}}" for name, value in draw(st.permutations(pairs)))
    return ["helm:", f"  parameters: [{items}]", "kustomize:", f"  images: [x={draw(references())}]"]


@st.composite
def documents(draw):
    namespace = draw(st.sampled_from([None, "dev", "prod"]))
    lines = [draw(st.sampled_from(["kind: Kustomization", "kind: Pod"]))]
    lines += [f"metadata: {{namespace: {namespace}}}"] if namespace else []
    for number, entry in enumerate(draw(st.lists(entries() | other_entries(), min_size=1, max_size=4))):
        top = entry[0].startswith("images:") and not any(line.startswith("images:") for line in lines)
        lines += entry if top else [f"k{number}:", *(f"  {line}" for line in entry)]
    return lines


@st.composite
def trees(draw, plan_streams):
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    files = {}
    for number in range(draw(st.integers(1, 3))):
        text = f"{ending}---{ending}".join(
            ending.join(lines) for lines in draw(st.lists(documents(), min_size=1, max_size=2))
        )
        final = draw(st.sampled_from([ending, ""]))
        files[f"dir{number}/{draw(st.sampled_from(['app.yaml', 'kustomization.yaml']))}"] = text + final
    streams: dict[tuple[str, str | None], dict[str, str]] = {}
    # Every image is followed, mostly by one stream.
    for number, (repository, tag) in enumerate(SOURCES + draw(st.lists(st.sampled_from(SOURCES), max_size=3))):
        key = (draw(st.sampled_from(["web", "api"])), draw(st.sampled_from([None, "dev", "prod"])))
        streams.setdefault(key, {})[f"t{number}"] = f"{repository}:{tag}"
    for (name, namespace), tags in streams.items():
        files[f"streams-{namespace}-{name}.json"] = plan_streams(name, namespace, **tags)
    return files


@pytest.fixture(scope="module")
def every_tree(stream):
    return trees(stream)


quickly = settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.too_slow])


def recorded(planned):
    streams = dict(planned.history.streams)
    for key, item in resolved_items(planned.plan):
        streams[key.stream] = status.record(streams.get(key.stream), key, item)
    return {status.path_of(key): status.render(stream).encode() for key, stream in streams.items()}


@quickly
@given(data=st.data(), pin=st.sampled_from(list(Pin)))
def test_every_change_is_proven_and_a_second_run_has_none(data, pin, every_tree, plan_files):
    first = plan_files(data.draw(every_tree), pin=pin)
    assert proven(first.plan) == first.plan
    second = plan_files(first.files | recorded(first), pin=pin)
    assert second.plan.files == ()
    assert second.plan.site_counts[Outcome.CHANGED] == 0


@quickly
@given(data=st.data())
def test_files_that_screening_leaves_out_hold_nothing_to_edit(data, every_tree, plan_files):
    files = data.draw(every_tree)
    repositories = tracked(plan_files(files).catalog)
    strings = [needle.encode() for needle in needles(repositories)]
    for path, text in files.items():
        scanned, _ = scan(path, text.encode(), repositories)
        if scanned is not None:
            assert any(needle in text.encode() for needle in strings), path


@quickly
@given(data=st.data())
def test_the_order_of_files_does_not_matter(data, every_tree, plan_files):
    files = data.draw(every_tree)
    shuffled = dict(data.draw(st.permutations(list(files.items()))))
    reports = [json_report.render(Report(plan_files(tree).plan)) for tree in (files, shuffled)]
    assert reports[0] == reports[1]


@quickly
@given(data=st.data())
def test_nothing_is_guessed(data, every_tree, plan_files):
    """A site that is bound by its source has one stream tag of that source, or one of them in its own namespace."""
    planned = plan_files(data.draw(every_tree))
    for site in planned.bindings.sites:
        if site.rule != "source":
            continue
        found = site.occurrence
        candidates = [
            tag.key
            for tag in planned.catalog.tags.values()
            if (tag.source.reference.repository, tag.source.tag) == (found.repository, found.tag)
        ]
        own = [key for key in candidates if found.namespace is not None and key.stream.namespace == found.namespace]
        assert (own or candidates) == [site.tag]
    for reference in planned.bindings.skipped:
        if reference.reason.startswith("ambiguous"):
            named = [str(key) for key in planned.catalog.tags if f" {key}" in reference.reason.replace(",", " ")]
            assert len(named) > 1


@quickly
@given(data=st.data())
def test_a_tag_and_a_digest_never_disagree_afterwards(data, every_tree, plan_files):
    planned = plan_files(data.draw(every_tree))
    again = plan_files(planned.files | recorded(planned))
    digests = {tag.key: tag.digest for tag in again.plan.tags}
    for site in again.plan.sites:
        assert not isinstance(site, Change)
        if site.outcome is Outcome.UNCHANGED and site.site.occurrence.form_name != "marker":
            assert site.site.occurrence.digest == digests[site.site.tag]


@quickly
@given(data=st.data())
def test_a_plan_of_all_its_tags_is_the_plan(data, every_tree, plan_files):
    plan = plan_files(data.draw(every_tree)).plan
    assert narrowed(plan, {tag.key for tag in plan.tags}) == plan


@quickly
@given(data=st.data())
def test_parts_of_a_plan_one_after_another_write_what_the_plan_writes(data, every_tree, plan_files):
    """As pull requests do that are merged one by one, each planned on what the others have left."""
    whole = plan_files(data.draw(every_tree))
    keys = [tag.key for tag in whole.plan.tags]
    parts = data.draw(st.lists(st.sampled_from(["one", "two", "three"]), min_size=len(keys), max_size=len(keys)))
    files = whole.files | {file.path: file.before for file in whole.plan.files}
    for part in data.draw(st.permutations(["one", "two", "three"])):
        mine = [key for key, own in zip(keys, parts, strict=True) if own == part]
        plan = narrowed(plan_files(files).plan, mine)
        assert proven(plan) == plan
        assert {tag.key for tag in plan.tags} == set(mine)
        files |= {file.path: file.after for file in plan.files}
    assert files == whole.files
