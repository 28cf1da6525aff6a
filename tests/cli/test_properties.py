"""Random small repositories: the right digests are written, and not one other byte."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_streams.demo.images import AMD64, ARM64, Image
from gitops_streams.demo.registry import Registry
from gitops_streams.oci.digest import Digest

REPOSITORIES = ("acme/web", "acme/api-server", "lib/deep/er/cache", "x")
TAGS = ("1.0", "1.10", "latest", "v2", "2024.1")
OLD = str(Digest.of(b"an older build"))


@dataclass(frozen=True)
class Site:
    """A reference in one of the forms, before and after; ``{host}`` stands for the registry."""

    repository: str
    tag: str
    before: str
    after: str
    changes: bool


@st.composite
def sites(draw):
    repository, tag = draw(st.sampled_from(REPOSITORIES)), draw(st.sampled_from(TAGS))
    digest = f"{{digest:{repository}:{tag}}}"
    held = draw(st.sampled_from(["", f"@{OLD}", f"@{digest}"]))
    quote = draw(st.sampled_from(["", '"', "'"]))
    space = draw(st.sampled_from([" ", "  ", "   "]))
    comment = draw(st.sampled_from(["", " # why", "   #", f"  # not {{host}}/{repository}:{tag}", " # ünï 日本"]))
    name = f"{{host}}/{repository}"
    fixed = f"{tag}@{digest}"
    match draw(st.sampled_from(["image", "first", "flow", "kustomize", "kustomize digest", "helm", "helm split"])):
        case "image":
            form = f"spec:\n  name: a\n  image:{space}{quote}{name}:VALUE{quote}{comment}\n  other: 1\n"
            before, after = f"{tag}{held}", fixed
        case "first":
            form = f"spec:\n  containers:\n  - image:{space}{quote}{name}:VALUE{quote}{comment}\n    name: a\n"
            before, after = f"{tag}{held}", fixed
        case "flow":
            quote = quote or '"'
            form = f"spec: {{{{name: a, image:{space}{quote}{name}:VALUE{quote}, last: b}}}}{comment}\n"
            before, after = f"{tag}{held}", fixed
        case "kustomize":
            form = f"kind: Kustomization\nimages:\n- name: {name}\n  newTag:{space}'VALUE\nresources: [a]\n"
            before = f"{tag}{held}'{comment}"
            # A tag that stands alone gets a digest beside it; one that holds a digest keeps that form.
            after = f"{tag}'{comment}\n  digest: {digest}" if not held else f"{fixed}'{comment}"
        case "kustomize digest":
            held = held or f"@{OLD}"
            form = f"kind: Kustomization\nimages:\n- name: {name}\n  newTag:{space}'{tag}'\n"
            form += f"  digest: {quote}VALUE{quote}{comment}\n"
            before, after = held[1:], digest
        case "helm":
            form = f"image:\n  repository: {name}\n  tag:{space}'VALUE'{comment}\n  pullPolicy: Always\n"
            before, after = f"{tag}{held}", fixed
        case _:
            form = f'image:\n  tag:{space}"VALUE"{comment}\n  registry: {{host}}\n  repository: {repository}\n'
            before, after = f"{tag}{held}", fixed
    head, tail = form.split("VALUE")
    return Site(repository, tag, head + before + tail, head + after + tail, before != after)


NOISE = [
    "kind: ConfigMap\ndata:\n  text: |\n    image: {host}/acme/web:1.0\n",
    'kind: Service\nmetadata:\n  annotations:\n    note: "{host}/acme/web:1.0"\n',
    "# image: {host}/acme/web:1.0\nkind: Nothing\n",
    "kind: Deployment\nspec:\n  image: elsewhere.example.com/acme/web:1.0\n",
    "kind: Deployment\nspec:\n  image: {host}/acme/web-other:1.0\n",
    "kind: Deployment\nspec:\n  image: {host}/acme/web:0.9-not-followed\n",
    "kind: CustomResourceDefinition\nspec:\n  image: {host}/acme/web:1.0\n",
    "a: &x {{b: 'c'}}\nd: *x\n? [complex, key]\n: - value\n",
    "null\n",
]


@st.composite
def files(draw):
    """Draw a file: documents with and without sites, in one encoding of lines; give (bytes before, after, sites)."""
    documents = draw(st.lists(st.one_of(sites(), st.sampled_from(NOISE)), min_size=1, max_size=4))
    before = "---\n".join(document.before if isinstance(document, Site) else document for document in documents)
    after = "---\n".join(document.after if isinstance(document, Site) else document for document in documents)
    if draw(st.booleans()) and not isinstance(documents[-1], Site):
        before, after = before.removesuffix("\n"), after.removesuffix("\n")
    ending = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    mark = draw(st.sampled_from(["", "", "\ufeff"]))
    return (
        mark + before.replace("\n", ending),
        mark + after.replace("\n", ending),
        [document for document in documents if isinstance(document, Site)],
    )


@pytest.fixture(scope="module")
def stocked():
    """A registry with every repository and tag; a third of them indexes."""
    with Registry() as running:
        digests = {}
        for number, repository in enumerate(REPOSITORIES):
            for tag in TAGS:
                platforms = (AMD64, ARM64) if number % 3 == 0 else (AMD64,)
                digests[repository, tag] = running.push(
                    repository, tag, Image.build("image", f"{number}-{tag}", platforms=platforms)
                )
        yield running, digests


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(drawn=st.lists(files(), min_size=1, max_size=4), publish=st.sampled_from(["worktree", "commit"]))
def test_the_right_digests_and_not_one_other_byte(stocked, new_workspace, drawn, publish):
    registry, digests = stocked
    workspace = new_workspace("random")
    try:
        expected, used, changes = {}, set(), 0
        for number, (before, after, found) in enumerate(drawn):
            path = f"apps/{number}/file.yaml"
            workspace.write(path, filled(before, registry.host, digests))
            expected[path] = filled(after, registry.host, digests).encode()
            used |= {(site.repository, site.tag) for site in found}
            changes += sum(site.changes for site in found)
        streams = {}
        for number, repository in enumerate(REPOSITORIES):
            path = workspace.stream(f"s{number}", **{tag: f"{registry.host}/{repository}:{tag}" for tag in TAGS})
            streams[path] = workspace.read(path)
        workspace.commit()
        registry.forget()
        planned = workspace.run("diff", "-o", "json").json
        done = workspace.run("reconcile", "--publish", publish, "-o", "json")
        assert done.code == 0, done.text
        document = done.json
        assert document["summary"]["sites"]["changed"] == planned["summary"]["sites"]["changed"] == changes
        assert planned["results"] == document["results"]
        assert planned["files"] == document["files"]
        assert document["problems"] == []
        for path, content in {**expected, **streams}.items():
            assert workspace.read(path) == content
        status = [path for path in workspace.files() if path.startswith(b".gitops-streams/status/")]
        assert len(status) == len({repository for repository, _ in used})
        assert len(workspace.files()) == len(expected) + len(streams) + len(status)
        # A run asks for each distinct reference once, by HEAD.
        assert registry.statuses == ({("HEAD", 200): 2 * len(used)} if used else {})
        checked = workspace.run("check")
        assert checked.code == 0, checked.text
        files, head = workspace.files(), workspace.git("rev-parse", "HEAD")
        again = workspace.run("reconcile", "--publish", publish, "--exit-code")
        assert again.code == 0
        assert f"nothing to {'write' if publish == 'worktree' else 'commit'}" in again.out
        assert workspace.files() == files
        assert workspace.git("rev-parse", "HEAD") == head
        if publish == "commit":
            assert workspace.git("status", "--porcelain") == ""
    finally:
        shutil.rmtree(workspace.folder)


def filled(text, host, digests):
    for (repository, tag), digest in digests.items():
        text = text.replace(f"{{digest:{repository}:{tag}}}", str(digest))
    return text.replace("{host}", host).replace("{{", "{").replace("}}", "}")
