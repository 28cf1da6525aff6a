"""Proposals: what is proposed for which use, that it can be declared as it stands, and that it settles the matter."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_streams.manifests import scan
from gitops_streams.manifests.survey import survey
from gitops_streams.plan.bind import bind, tracked
from gitops_streams.plan.proposal import Known
from gitops_streams.plan.propose import propose
from gitops_streams.streams import argocd_image_updater, flux, load, status
from gitops_streams.yamledit.locate import Located, locate

A = f"sha256:{'a' * 64}"
FLUX = """\
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: {name: web, namespace: flux-system}
spec: {image: quay.io/acme/web}
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {name: stable, namespace: flux-system}
spec: {imageRepositoryRef: {name: web}, policy: {semver: {range: '>=1'}}}
"""
EDGE = """\
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {name: edge, namespace: flux-system}
spec: {imageRepositoryRef: {name: web}, policy: {numerical: {}}}
"""
STREAM = """\
apiVersion: v1
kind: ImageStream
metadata: {{name: web}}
spec: {{tags: [{{name: prod, from: {{kind: DockerImage, name: '{source}'}}}}]}}
"""
ARGO = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: shop
  annotations: {argocd-image-updater.argoproj.io/image-list: "web=quay.io/acme/web:~1"}
"""


def located(files):
    found = {path: locate(text) for path, text in files.items() if "kind: ImageStream\n" in text}
    assert all(isinstance(each, Located) for each in found.values())
    return found


def proposal(files, recorded=(), occupied=()):
    surveys = []
    for path, text in sorted(files.items()):
        found, problems = survey(path, text.encode())
        assert problems == [], problems
        surveys += [found] if found is not None else []
    objects = [(each.file.path, one) for each in surveys for one in each.foreign]
    foreign = [*flux.read(objects), *argocd_image_updater.read(objects)]
    declared = located(files)
    return propose(
        surveys,
        foreign,
        Known(load.load(declared.items()), status.read(recorded), declared),
        directory="imagestreams",
        occupied=lambda path: path in files or path in occupied,
    )


def written(files, found):
    return files | {stream.path: stream.text for stream in found.streams}


def shown(found):
    """List the stream tags with what they follow and the lines that use them; a line that is not bound has a ?."""
    return [
        f"{key} = {tag.declared.source}"
        + "".join(f" {use.use.occurrence.line}{'?' if use.obstacle else ''}" for use in tag.uses)
        for key, tag in found.tags
    ]


def left_out(found):
    return [f"{item.line} {item.what}: {item.reason}" for item in found.left_out]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("image: quay.io/acme/web:1.4\n", ["web:1.4 = quay.io/acme/web:1.4 1"]),
        (f"image: quay.io/acme/web:1.4@{A}\n", ["web:1.4 = quay.io/acme/web:1.4 1"]),
        (
            "a: {image: 'nginx:1'}\nb: {image: 'docker.io/library/nginx:1'}\n",
            ["nginx:1 = docker.io/library/nginx:1 1 2"],
        ),
        ("a: {image: 'a/web:1'}\nb: {image: 'a/web:2'}\n", ["web:1 = a/web:1 1", "web:2 = a/web:2 2"]),
        ("kind: Kustomization\nimages: [{name: web, newName: q.io/a/web, newTag: '1'}]\n", ["web:1 = q.io/a/web:1 2"]),
        ("image:\n  registry: q.io\n  repository: a/web\n  tag: '1'\n", ["web:1 = q.io/a/web:1 4"]),
        ("kind: Pod\nmetadata: {namespace: acme}\nimage: web:1\n", ["acme/web:1 = web:1 3"]),
        (
            "metadata: {namespace: acme}\nimage: web:1\n---\nmetadata: {namespace: b}\nimage: web:1\n",
            ["web:1 = web:1 2 5"],
        ),
        ("image: quay.io/acme/web:${TAG}\n", []),
        ("image: '{{ .Values.image }}:1'\n", []),
        ("image: $(IMAGE)\n", []),
        ("imagePullPolicy: a:b\nimageTime: '12:30'\n", []),
        ("text: |\n  image: quay.io/acme/web:1.4\n", []),
        ("kind: CustomResourceDefinition\nimage: a:1\n", []),
        ("kind: ImageUpdater\nimageName: a/web:1\n", []),
    ],
)  # fmt: skip
def test_what_is_proposed_for_a_document(text, wanted):
    assert shown(proposal({"a.yaml": text})) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"image: quay.io/acme/web@{A}\n", "1 quay.io/acme/web@" + A + ": it has a digest and no tag"),
        ("image: nginx\n", "1 nginx: it names no tag; write :latest if that is what it means"),
        ("imageName: nginx\n", None),
        ('image: a # {"$imagepolicy": "flux-system:web"}\n', "1 flux-system:web: no stream stands for the Flux policy"),
    ],
)
def test_what_is_left_out_is_said(text, wanted):
    found = proposal({"a.yaml": text})
    assert found.streams == ()
    told = [item for item in left_out(found) if "names no tag" not in item or "nginx" in item]
    assert [item[: len(wanted or "")] for item in told] == ([wanted] if wanted else [])


def test_what_is_declared_already_is_left_out():
    text = "a: {image: 'a/web:1'}\nb: {image: 'a/web:2'}\nc: {image: 'b/web:1'}\n"
    found = proposal({"s.yaml": STREAM.format(source="a/web:1"), "a.yaml": text})
    assert shown(found) == ["b-web:1 = b/web:1 3"]
    advice = "gitops-streams tag docker.io/a/web:2 web:2"
    assert left_out(found) == [f"2 a/web:2: web follows other tags of its repository; to add this one: {advice}"]


def test_the_same_in_many_places_is_said_once():
    (item,) = proposal({"a.yaml": "image: nginx\n", "b.yaml": "image: nginx\n"}).left_out
    assert (item.file, item.line, item.places) == ("a.yaml", 1, 2)


def test_a_base_whose_overlay_names_the_tag_lacks_nothing():
    overlay = "kind: Kustomization\nimages: [{name: a/web, newTag: '1'}]\n"
    found = proposal({"base.yaml": "image: a/web\n", "overlay.yaml": overlay})
    assert (shown(found), found.left_out) == (["web:1 = a/web:1 2"], ())


def test_files_are_named_after_streams_and_none_is_taken():
    files = {"a.yaml": "kind: Pod\nmetadata: {namespace: acme}\nimage: web:1\n", "b.yaml": "image: app:1\n"}
    found = proposal(files, occupied={"imagestreams/app.yaml", "imagestreams/app-2.yaml"})
    assert [stream.path for stream in found.streams] == ["imagestreams/app-3.yaml", "imagestreams/acme/web.yaml"]


def test_a_flux_policy_takes_the_places_that_its_markers_name():
    marked = 'image: quay.io/acme/web:1.5 # {"$imagepolicy": "flux-system:stable"}\n'
    found = proposal({"flux.yaml": FLUX, "a.yaml": marked, "b.yaml": "image: quay.io/acme/web:1.4\n"})
    assert shown(found) == ["web:1.4 = quay.io/acme/web:1.4 1", "web:stable = quay.io/acme/web 1"]
    (change,) = found.markers
    assert (change.file, change.line) == ("a.yaml", 1)
    assert (change.before, change.after) == (
        '# {"$imagepolicy": "flux-system:stable"}',
        '# {"$imagestream": "web:stable"}',
    )


@pytest.mark.parametrize("part", ["", ":name", ":tag", ":digest"])
def test_a_marker_keeps_its_part(part):
    value = {"": "quay.io/acme/web:1.5", ":name": "quay.io/acme/web", ":tag": "'1.5'", ":digest": A}[part]
    found = proposal({"flux.yaml": FLUX, "a.yaml": f'x: {value} # {{"$imagepolicy": "flux-system:stable{part}"}}\n'})
    (change,) = found.markers
    assert change.after == f'# {{"$imagestream": "web:stable{part}"}}'


def test_two_policies_of_one_repository_need_their_markers():
    marked = 'image: quay.io/acme/web:1.5 # {"$imagepolicy": "flux-system:stable"}\n'
    files = {"flux.yaml": FLUX + EDGE, "a.yaml": marked}
    found = proposal(files)
    assert shown(found) == ["web:stable = quay.io/acme/web 1?", "web:edge = quay.io/acme/web"]
    (use,) = found.streams[0].tags[0].uses
    assert use.obstacle.startswith("ambiguous: ")
    # With the markers that the proposal asks for, each place has its own.
    after = written(files, found) | {"a.yaml": marked.replace(found.markers[0].before, found.markers[0].after)}
    assert [str(site.tag) for site in sites(after)] == ["web:stable"]


def test_an_image_updater_has_a_say_in_every_place():
    found = proposal({"argo.yaml": ARGO, "a.yaml": "image: quay.io/acme/web:1.4\n"})
    assert shown(found) == ["web:web = quay.io/acme/web 1"]


def test_the_same_policy_twice_is_one_stream_tag():
    found = proposal({"a.yaml": ARGO, "b.yaml": ARGO.replace("name: shop", "name: blog")})
    assert shown(found) == ["web:web = quay.io/acme/web"]
    assert found.streams[0].tags[0].origin == "Application shop, image web, Application blog, image web"


@pytest.mark.parametrize("text", [FLUX, FLUX + EDGE, ARGO])
def test_what_other_tools_ask_for_is_proposed_once(text):
    files = {"other.yaml": text, "a.yaml": "image: quay.io/acme/web:1.4\n"}
    first = proposal(files)
    second = proposal(written(files, first))
    assert (len(first.streams), second.streams, second.left_out) == (1, (), ())


def test_a_policy_for_what_is_followed_otherwise_is_said():
    found = proposal({"s.yaml": STREAM.format(source="quay.io/acme/web:1"), "flux.yaml": FLUX})
    assert found.streams == ()
    (told,) = left_out(found)
    assert "web:prod follows quay.io/acme/web otherwise; for its own way, add a tag to s.yaml" in told


def test_hints_say_what_a_registry_may_need():
    pod = (
        "kind: Pod\nspec: {imagePullSecrets: [{name: quay}], containers: [{name: a, image: 'localhost:5000/web:1'}]}\n"
    )
    (stream,) = proposal({"a.yaml": pod}).streams
    assert stream.hints == (
        "it is pulled with a login (quay): gitops-streams may need one to localhost:5000 too",
        "if localhost:5000 speaks plain HTTP, write insecure: true under importPolicy",
    )


def test_plain_http_is_carried_over():
    (stream,) = proposal({"flux.yaml": FLUX.replace("acme/web}", "acme/web, insecure: true}")}).streams
    assert "insecure: true" in stream.text


def test_comments_cannot_break_out_of_their_line():
    name = "x\\u2028\\u0085\\nspec: {evil: true}"
    application = ARGO.replace("name: shop", f'name: "{name}"')
    (stream,) = proposal({"a.yaml": application}).streams
    assert all(line.lstrip().startswith("#") for line in stream.text.splitlines() if "evil" in line)


# The property: what is proposed is loaded without a problem, takes every reference, and leaves nothing to propose.

component = st.from_regex(r"[a-z0-9]{1,3}(?:(?:\.|_|__|-{1,3})[a-z0-9]{1,3})?", fullmatch=True)
tags = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,6}", fullmatch=True) | st.sampled_from(
    ["1.10", "null", "1e3", "0x1"]
)
names = st.builds(
    lambda domain, path: domain + "/".join(path),
    st.sampled_from(["", "quay.io/", "localhost:5000/", "REG.example:80/", "[::1]/"]),
    st.lists(component, min_size=1, max_size=3),
)
spaces = st.sampled_from([None, "acme", "b", "NOT A NAMESPACE", "x" * 64])


@st.composite
def documents(draw):
    name, tag, namespace = draw(names), draw(tags), draw(spaces)
    metadata = (
        {
            "metadata": {
                "name": draw(st.text(st.characters(categories=["L", "N", "P"]), max_size=4)),
                "namespace": namespace,
            }
        }
        if namespace
        else {}
    )
    match draw(st.integers(0, 3)):
        case 0:
            return {"kind": "Pod", **metadata, "spec": {"containers": [{"name": "a", "image": f"{name}:{tag}"}]}}
        case 1:
            return {"kind": "Kustomization", **metadata, "images": [{"name": "x", "newName": name, "newTag": tag}]}
        case 2:
            return {"image": {"repository": name, "tag": tag}}
        case _:
            return {"kind": "Pod", **metadata, "image": f"{name}:{tag}@{A}"}


def sites(files):
    catalog = load.load(located(files).items())
    assert catalog.problems == ()
    scanned = [scan.scan(path, text.encode(), tracked(catalog))[0] for path, text in sorted(files.items())]
    return bind([file for file in scanned if file is not None], catalog, status.read(())).sites


@settings(deadline=None, max_examples=60)
@given(st.lists(documents(), max_size=6))
def test_a_proposal_settles_the_matter(found):
    files = {f"f{number}.yaml": json.dumps(document, ensure_ascii=False) for number, document in enumerate(found)}
    first = proposal(files)
    after = written(files, first)
    assert all(stream.path not in files for stream in first.streams)
    uses = [(use.use.occurrence.file, str(key), use.obstacle) for key, tag in first.tags for use in tag.uses]
    assert all(obstacle is None for _, _, obstacle in uses)
    bound = [(site.occurrence.file, str(site.tag)) for site in sites(after)]
    assert sorted(bound) == sorted((file, key) for file, key, _ in uses)
    assert proposal(after).streams == ()


def test_a_stream_of_a_whole_repository_takes_every_tag():
    stream = (
        "apiVersion: v1\nkind: ImageStream\nmetadata: {name: web}\nspec: {dockerImageRepository: quay.io/acme/web}\n"
    )
    text = "a: {image: 'quay.io/acme/web:1'}\nb: {image: 'quay.io/acme/api:1'}\n"
    found = proposal({"s.yaml": stream, "a.yaml": text, "flux.yaml": FLUX})
    assert shown(found) == ["api:1 = quay.io/acme/api:1 2"]
    (told,) = left_out(found)
    assert "web follows quay.io/acme/web otherwise" in told
