"""Which pins a change touches: places are known again, whatever moved around them."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.manifests import scan
from gitops_streams.oci.reference import Repository
from gitops_streams.plan.bind import bind, tracked
from gitops_streams.review.followed import followed_changes
from gitops_streams.review.pins import Touch, changed_pins, places
from gitops_streams.streams import load, status

WEB = Repository("quay.io", "acme/web")
STREAM = """\
kind: ImageStream
apiVersion: image.openshift.io/v1
metadata: {name: web, namespace: acme}
spec:
  tags:
    - name: prod
      from: {kind: DockerImage, name: "quay.io/acme/web:1.4"}
"""


def digest(text):
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def web(text="a", tag="1.4"):
    return f"quay.io/acme/web:{tag}@{digest(text)}"


def catalog_of(text=STREAM):
    return load.load([("streams/web.yaml", scan.read("streams/web.yaml", text.encode()))])


def found_in(files, stream=STREAM):
    catalog = catalog_of(stream)
    scanned = [scan.scan(path, text.encode(), tracked(catalog) | {WEB})[0] for path, text in sorted(files.items())]
    kept = [file for file in scanned if file is not None]
    return places(kept, bind(kept, catalog, status.EMPTY))


def changes(before, after, renamed=None):
    return changed_pins(found_in(before), found_in(after), renamed)


def pod(name, **images):
    containers = "".join(f"    - {{name: {container}, image: {image!r}}}\n" for container, image in images.items())
    return f"kind: Pod\nmetadata: {{name: {name}}}\nspec:\n  containers:\n{containers}"


def values(*images):
    return "".join(f"part{number}: {{image: {image!r}}}\n" for number, image in enumerate(images))


def test_nothing_changes():
    files = {"a.yaml": pod("web", main=web()), "values.yaml": values(web(), web("b"))}
    assert changes(files, files) == ()


def test_a_digest_changes():
    (change,) = changes({"a.yaml": pod("web", main=web("a"))}, {"a.yaml": pod("web", main=web("b"))})
    assert (change.touch, str(change.old), str(change.new)) == (Touch.CHANGED, digest("a"), digest("b"))
    assert str(change.tag) == "acme/web:prod"


def test_a_container_is_put_before_another():
    (change,) = changes({"a.yaml": pod("web", main=web("a"))}, {"a.yaml": pod("web", proxy=web("b"), main=web("a"))})
    assert (change.touch, str(change.new)) == (Touch.ADDED, digest("b"))
    (gone,) = changes({"a.yaml": pod("web", proxy=web("b"), main=web("a"))}, {"a.yaml": pod("web", main=web("a"))})
    assert (gone.touch, str(gone.old), gone.new) == (Touch.REMOVED, digest("b"), None)


def test_documents_are_put_in_another_order():
    one, two = pod("one", main=web("a")), pod("two", main=web("b"))
    assert changes({"a.yaml": f"{one}---\n{two}"}, {"a.yaml": f"{two}---\n{one}"}) == ()
    (change,) = changes({"a.yaml": f"{one}---\n{two}"}, {"a.yaml": f"{two}---\n{pod('one', main=web('c'))}"})
    assert (str(change.old), str(change.new)) == (digest("a"), digest("c"))


def test_an_object_moves_to_another_file():
    one, two = pod("one", main=web("a")), pod("two", main=web("b"))
    assert changes({"a.yaml": f"{one}---\n{two}"}, {"one.yaml": one, "two.yaml": two}) == ()
    (change,) = changes({"a.yaml": one}, {"b.yaml": pod("one", main=web("c"))})
    assert (change.touch, str(change.old), str(change.new)) == (Touch.CHANGED, digest("a"), digest("c"))


def test_a_values_file_is_renamed():
    before, after = {"values.yaml": values(web("a"), web("b"))}, {"prod.yaml": values(web("c"), web("b"))}
    (change,) = changes(before, after, {"values.yaml": "prod.yaml"})
    assert (change.touch, str(change.old), change.occurrence.file) == (Touch.CHANGED, digest("a"), "prod.yaml")
    # Where git does not know it again, what stays the same is no change all the same.
    assert [change.touch for change in changes(before, after)] == [Touch.ADDED, Touch.REMOVED]


def test_a_pin_is_moved_within_values():
    assert changes({"v.yaml": f"old: {{image: {web()!r}}}\n"}, {"v.yaml": f"new: {{image: {web()!r}}}\n"}) == ()


def test_a_copy_is_new_and_the_first_stays():
    (change,) = changes(
        {"a.yaml": pod("a", main=web())}, {"a.yaml": pod("a", main=web()), "b.yaml": pod("b", main=web())}
    )
    assert (change.touch, change.occurrence.file) == (Touch.ADDED, "b.yaml")


@pytest.mark.parametrize(
    ("before", "after", "touches"),
    [
        ("quay.io/acme/web:1.4", web(), [Touch.CHANGED]),
        (web(), "quay.io/acme/web:1.4", [Touch.CHANGED]),
        (web(), web(tag="2.0"), [Touch.CHANGED]),
        (web(), f"quay.io/acme/web@{digest('a')}", [Touch.CHANGED]),
        # Nobody follows it, and it has no digest.
        ("quay.io/acme/web:2.0", "quay.io/acme/web:2.1", []),
        # A stream tag follows it, and it has no digest.
        ("quay.io/acme/web:2.0", "quay.io/acme/web:1.4", [Touch.CHANGED]),
        # Another spelling of the same.
        (f'"{web()}"', f"'{web()}'", []),
    ],
)
def test_what_a_change_is(before, after, touches):
    found = changes({"a.yaml": f"kind: Pod\nimage: {before}\n"}, {"a.yaml": f"kind: Pod\nimage: {after}\n"})
    assert [change.touch for change in found] == touches


def test_a_digest_alone_that_nobody_knows_belongs_where_it_was():
    before = {"a.yaml": f"kind: Pod\nimage: {web()}\n"}
    after = {"a.yaml": f"kind: Pod\nimage: quay.io/acme/web@{digest('unknown')}\n"}
    (change,) = changes(before, after)
    assert change.after.site is None
    assert "history" in change.after.reason
    assert str(change.tag) == "acme/web:prod"
    # Another tag is another matter: that nobody follows.
    (change,) = changes(before, {"a.yaml": f"kind: Pod\nimage: {web(tag='2.0')}\n"})
    assert change.tag is None


def test_another_repository_in_the_same_place():
    (change,) = changes(
        {"a.yaml": pod("web", main="quay.io/other/web:1.4@" + digest("x"))}, {"a.yaml": pod("web", main=web())}
    )
    # What nobody follows is not looked at: here a pin begins.
    assert (change.touch, change.old) == (Touch.ADDED, None)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=8), st.randoms(use_true_random=False)
)
def test_exactly_what_changed_is_told(moves, random):
    """Pods with one image each, in any order, in one file or in many: a change is one of its digest alone."""
    old = [pod(f"pod-{number}", main=web(str(was))) for number, (was, _) in enumerate(moves)]
    new = [pod(f"pod-{number}", main=web(str(now))) for number, (_, now) in enumerate(moves)]
    random.shuffle(new)
    together = {"all.yaml": "---\n".join(new)}
    apart = {f"{number}.yaml": text for number, text in enumerate(new)}
    wanted = sorted((digest(str(was)), digest(str(now))) for was, now in moves if was != now)
    for after in (together, apart):
        found = changes({"all.yaml": "---\n".join(old)}, after)
        assert sorted((str(change.old), str(change.new)) for change in found) == wanted


@given(st.lists(st.integers(0, 3), max_size=6), st.lists(st.integers(0, 3), max_size=6))
def test_every_place_is_accounted_for_once(before, after):
    """Whatever is paired with what: added less removed is how many more there are."""
    old = {"v.yaml": values(*(web(str(each)) for each in before))}
    new = {"v.yaml": values(*(web(str(each)) for each in after))}
    found = changes(old, new)
    touches = [change.touch for change in found]
    assert touches.count(Touch.ADDED) - touches.count(Touch.REMOVED) == len(after) - len(before)
    assert len({id(change.after) for change in found if change.after}) == sum(bool(change.after) for change in found)
    if before == after:
        assert not found


# What is followed.


def test_what_is_followed():
    before = catalog_of()
    assert followed_changes(before, before) == ()
    (changed,) = followed_changes(before, catalog_of(STREAM.replace("1.4", "1.5")))
    assert (changed.touch, changed.before, changed.after) == (
        Touch.CHANGED,
        "quay.io/acme/web:1.4",
        "quay.io/acme/web:1.5",
    )
    (added,) = followed_changes(
        before, catalog_of(STREAM + '    - {name: next, from: {kind: DockerImage, name: "x:1"}}\n')
    )
    assert (str(added.key), added.touch, added.before) == ("acme/web:next", Touch.ADDED, None)
    (gone,) = followed_changes(before, load.load([]))
    assert (gone.touch, gone.after, gone.line) == (Touch.REMOVED, None, 6)
    alias = STREAM.replace("DockerImage", "ImageStreamTag").replace("quay.io/acme/web:1.4", "web:stable")
    (changed,) = followed_changes(before, catalog_of(alias))
    assert changed.after == "acme/web:stable"
    insecure = STREAM + "      importPolicy: {insecure: true}\n"
    (changed,) = followed_changes(before, catalog_of(insecure))
    assert changed.after == "quay.io/acme/web:1.4, insecure"
