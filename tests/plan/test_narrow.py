"""What a plan for some of its stream tags writes."""

from __future__ import annotations

from gitops_streams.plan.model import Outcome
from gitops_streams.plan.narrow import narrowed

DIGEST = "sha256:" + "0" * 64


def tree(stream):
    return {
        "streams.json": stream("web", t="quay.io/acme/web:1", u="quay.io/acme/web:2") + "---\n",
        "api.json": stream("api", t="quay.io/acme/api:1"),
        "both.yaml": "a: {image: quay.io/acme/web:1}\nb: {image: quay.io/acme/api:1}\nc: {image: quay.io/acme/web:2}\n",
        "web.yaml": "image: quay.io/acme/web:1\n",
        "none.yaml": f"image: quay.io/acme/web:1@{DIGEST}\nother: nginx\n",
    }


def test_a_file_is_written_with_the_edits_of_some_tags_alone(stream, plan_files):
    planned = plan_files(tree(stream))
    keys = {str(tag.key): tag.key for tag in planned.plan.tags}
    narrow = narrowed(planned.plan, [keys["api:t"], keys["web:u"]])
    assert [str(tag.key) for tag in narrow.tags] == ["api:t", "web:u"]
    (file,) = narrow.files
    assert file.path == "both.yaml"
    assert file.before == planned.plan.files[0].before
    first, second, third = file.after.decode().splitlines()
    assert first == "a: {image: quay.io/acme/web:1}"
    assert "api:1@sha256:" in second
    assert "web:2@sha256:" in third
    assert len(file.edits) == len([op for patch in file.patches for op in patch.operations if op.op != "test"]) == 2
    assert (narrow.skipped, narrow.problems) == (planned.plan.skipped, planned.plan.problems)


def test_no_tags_write_no_files(stream, plan_files):
    planned = plan_files(tree(stream))
    narrow = narrowed(planned.plan, [])
    assert (narrow.tags, narrow.files) == ((), ())
    assert narrow.site_counts[Outcome.CHANGED] == 0


def test_a_scalar_that_two_tags_share_is_written_with_either(stream, plan_files):
    """Both want the same text there, else the plan would have skipped the place."""
    files = {
        "one.json": stream("one", "one", t="quay.io/acme/web:1"),
        "two.json": stream("two", "two", t="quay.io/acme/web:1"),
        "both.yaml": (
            "kind: List\nitems:\n"
            "- {kind: Pod, metadata: {namespace: one}, image: &i quay.io/acme/web:1}\n"
            "- {kind: Pod, metadata: {namespace: two}, image: *i}\n"
        ),
    }
    planned = plan_files(files)
    whole = [file.after for file in planned.plan.files]
    assert [str(tag.key) for tag, _ in planned.plan.changes] == ["one/one:t", "two/two:t"]
    for tag in planned.plan.tags:
        assert [file.after for file in narrowed(planned.plan, [tag.key]).files] == whole
