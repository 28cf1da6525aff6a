"""Flux's markers, bound through the configuration, with none of the defects that their own tools are known for."""

from __future__ import annotations

import pytest

from gitops_streams.demo.images import Image

MAPPED = 'imagePolicies: {"flux-system:web": "acme/web:prod"}\n'
MARK = '# {"$imagepolicy": "flux-system:web%s"}'


@pytest.fixture
def fluxed(workspace, registry):
    """Return a function that reconciles one manifest and returns its bytes, with WEB and PIN in them."""
    digest = registry.push("acme/web", "1.20", Image.build("web", "1.20"))
    image = f"{registry.host}/acme/web"
    workspace.stream("web", prod=f"{image}:1.20")

    def run(manifest: bytes | str, config: str = MAPPED, code: int = 0) -> bytes:
        data = manifest.encode() if isinstance(manifest, str) else manifest
        workspace.config(config)
        workspace.write("deploy/app.yaml", data.replace(b"WEB", image.encode()))
        done = workspace.run("reconcile")
        assert done.code == code, done.text
        run.text = done.text
        return (
            workspace.read("deploy/app.yaml")
            .replace(str(digest).encode(), b"PIN")
            .replace(str(digest)[7:].encode(), b"HEX")
            .replace(image.encode(), b"WEB")
        )

    return run


FORMS = {
    "a whole reference": ("a: quay.io/x/y:0 MARK\n", "a: WEB:1.20@PIN MARK\n"),
    "its parts": (
        "a: {}\nb:\n  repository: x MARK:name\n  tag: 1.3 MARK:tag\n",
        "a: {}\nb:\n  repository: WEB MARK:name\n  tag: 1.20@PIN MARK:tag\n",
    ),
    "a tag with its digest beside it": (
        "tag: 1.3 MARK:tag\ndigest: '' MARK:digest\n",
        "tag: \"1.20\" MARK:tag\ndigest: 'PIN' MARK:digest\n",
    ),
    "above an item of a list": (
        'args:\n  # {"$imagepolicy": "flux-system:web"}\n  - WEB:0\n  - WEB:0\n',
        'args:\n  # {"$imagepolicy": "flux-system:web"}\n  - WEB:1.20@PIN\n  - WEB:0\n',
    ),
    "the last of a flow map, which keeps its rest (Kargo)": (
        "a: {name: a, image: 'WEB:0' } MARK\nb: c # d\n",
        "a: {name: a, image: 'WEB:1.20@PIN' } MARK\nb: c # d\n",
    ),
    "a quoted tag keeps its quotes (Argo CD Image Updater)": (
        'tag: "v1.0.0" MARK:tag\n',
        'tag: "1.20@PIN" MARK:tag\n',
    ),
    "blank lines stay, in a block too (Flux #117, Argo CD Image Updater)": (
        "\n\na: |-\n  x\n\n  y\n\n\nb:\n\n    image: WEB:0 MARK\n\n\n",
        "\n\na: |-\n  x\n\n  y\n\n\nb:\n\n    image: WEB:1.20@PIN MARK\n\n\n",
    ),
    "comments and indentation stay (flux2 #1441)": (
        "# a\nx:\n    # b\n    -   image: WEB:0   MARK\n        # c\n        y:   z\n",
        "# a\nx:\n    # b\n    -   image: WEB:1.20@PIN   MARK\n        # c\n        y:   z\n",
    ),
    "CRLF, no last line end, characters of many bytes (Kargo)": (
        "é: 'ü 😀'\r\nimage: WEB:0 MARK\r\nb: c",
        "é: 'ü 😀'\r\nimage: WEB:1.20@PIN MARK\r\nb: c",
    ),
    "what is written in braces beside it stays (Flux #566)": (
        "a: '{{ .x }}'\nimage: WEB:0 MARK\nb: {? {c: d} : e}\n",
        "a: '{{ .x }}'\nimage: WEB:1.20@PIN MARK\nb: {? {c: d} : e}\n",
    ),
    "an anchor is edited once, and stays (Calamari #2161)": (
        "a: {image: &web WEB:1.20}\nb: {image: *web}\nc: {image: *web}\n",
        "a: {image: &web WEB:1.20@PIN}\nb: {image: *web}\nc: {image: *web}\n",
    ),
    "a document whose root is a list (Flux #624)": (
        "- image: WEB:0 MARK\n",
        "- image: WEB:1.20@PIN MARK\n",
    ),
    "our own marker on the same line goes first": (
        'image: WEB:0 # {"$imagestream": "acme/web:prod:tag-only"}\n',
        'image: "1.20" # {"$imagestream": "acme/web:prod:tag-only"}\n',
    ),
    "ignore goes before it": (
        "a: # gitops-streams: ignore\n  image: WEB:0 MARK\n",
        "a: # gitops-streams: ignore\n  image: WEB:0 MARK\n",
    ),
}


def spelt(text: str) -> str:
    for part in (":name", ":tag", ":digest", ""):
        text = text.replace(f"MARK{part}", MARK % part)
    return text


@pytest.mark.parametrize(("before", "after"), FORMS.values(), ids=FORMS)
def test_what_is_written(fluxed, before, after):
    assert fluxed(spelt(before)).decode() == spelt(after), fluxed.text


def test_an_unmapped_policy_is_reported_with_the_line_to_add(fluxed, workspace):
    text = spelt("a: x:0 MARK\nb: y:0 MARK\n").encode()
    assert fluxed(text, "{}") == text
    assert 'imagePolicies: {"flux-system:web": "[namespace/]stream:tag"}' in fluxed.text
    assert "and of 1 more" in fluxed.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('a: WEB:0 # see {"$imagepolicy": "flux-system:web"}\n', "the whole comment must be"),
        ('a: WEB:0 # {"$imagepolicy": "web"}\n', "the whole comment must be"),
        ('a: WEB:0 # {"$imagepolicy": "flux-system:web:sha"}\n', "the whole comment must be"),
        ('# {"$imagepolicy": "flux-system:web"}\na: WEB:0\n', "above a value that is an item of a list"),
        ('a: | # {"$imagepolicy": "flux-system:web"}\n  WEB:0\n', "must stand behind a value"),
        ('tag: \'1\' # {"$imagepolicy": "flux-system:web:tag"}\ndigest: x\n', "mark the digest too"),
    ],
)
def test_nothing_is_passed_over_in_silence(fluxed, text, said):
    """As Flux does (image-automation-controller #624): what has no effect is told."""
    assert fluxed(text) == text.encode()
    assert said in " ".join(fluxed.text.split())


def test_a_digest_that_is_not_known_is_not_emptied(fluxed, registry, workspace):
    """Flux writes the empty string where its policy does not reflect digests; a failed lookup keeps the pin."""
    digest = "sha256:" + "1" * 64
    workspace.stream("web", prod=f"{registry.host}/acme/web:missing")
    text = spelt(f"tag: x MARK:tag\ndigest: {digest} MARK:digest\n")
    assert fluxed(text, code=3).decode() == text


def test_a_policy_that_stands_for_no_declared_tag_is_told(fluxed):
    text = spelt("a: WEB:0 MARK\n")
    assert fluxed(text, 'imagePolicies: {"flux-system:web": "acme/web:nope"}\n').decode() == text
    assert "nope" in fluxed.text


def test_a_marked_anchor_that_aliases_use_too_is_left_alone_and_told(fluxed):
    text = spelt("a: &web WEB:0 MARK\nb: *web\n")
    assert fluxed(text).decode() == text
    assert "it is an anchor" in fluxed.text
