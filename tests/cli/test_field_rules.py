"""Field rules, ignore comments and Flux's markers, from the configuration to the bytes that are written."""

from __future__ import annotations

import pytest

from gitops_streams.demo.images import Image


@pytest.fixture
def acme(workspace, registry):
    """A repository that declares ``acme/web:prod``; what it writes is asked for by ``pinned``."""
    digest = registry.push("acme/web", "1.4", Image.build("web", "1.4"))
    workspace.stream("web", prod=f"{registry.host}/acme/web:1.4")

    class Acme:
        image = f"{registry.host}/acme/web"
        pin = str(digest)
        shop = workspace

        def pinned(self, config: str, text: str, path: str = "deploy/app.yaml") -> str:
            """Write a configuration and a manifest, reconcile twice; return the manifest with WEB and PIN in it."""
            workspace.config(self.spelt(config))
            workspace.write(path, self.spelt(text))
            first = workspace.run("reconcile")
            assert first.code == 0, first.text
            written = workspace.read(path)
            assert workspace.run("reconcile").code == 0
            assert workspace.read(path) == written
            return written.decode().replace(self.pin, "PIN").replace(self.pin[7:], "HEX").replace(self.image, "WEB")

        def spelt(self, text: str) -> str:
            return text.replace("WEB", self.image).replace("PIN", self.pin)

    return Acme()


CASES = {
    "a whole reference": (
        "fields: [{kind: Runner, path: /spec/package}]",
        "kind: Runner\nspec:\n  package: 'WEB:1.4' # here\n",
        "kind: Runner\nspec:\n  package: 'WEB:1.4@PIN' # here\n",
    ),
    "a reference under an annotation": (
        "fields: [{path: /metadata/annotations/acme.io~1image}]",
        "kind: Runner\nmetadata: {annotations: {acme.io/image: WEB:1.4, acme.io/other: 'a WEB:1.4'}}\n",
        "kind: Runner\nmetadata: {annotations: {acme.io/image: WEB:1.4@PIN, acme.io/other: 'a WEB:1.4'}}\n",
    ),
    "another kind": (
        "fields: [{kind: Walker, path: /metadata/annotations/image}]",
        "kind: Runner\nmetadata: {annotations: {image: WEB:1.4}}\n",
        "kind: Runner\nmetadata: {annotations: {image: WEB:1.4}}\n",
    ),
    "another group": (
        "fields: [{apiVersion: b.c, path: /metadata/annotations/image}]",
        "apiVersion: a.c/v1\nmetadata: {annotations: {image: WEB:1.4}}\n",
        "apiVersion: a.c/v1\nmetadata: {annotations: {image: WEB:1.4}}\n",
    ),
    "any version of a group": (
        "fields: [{apiVersion: a.c, path: /metadata/annotations/image}]",
        "apiVersion: a.c/v1\nmetadata: {annotations: {image: WEB:1.4}}\n",
        "apiVersion: a.c/v1\nmetadata: {annotations: {image: WEB:1.4@PIN}}\n",
    ),
    "another file": (
        "fields: [{files: 'apps/**', path: /metadata/annotations/image}]",
        "metadata: {annotations: {image: WEB:1.4}}\n",
        "metadata: {annotations: {image: WEB:1.4}}\n",
    ),
    "a split reference with keys of its own": (
        "fields: [{path: '/**/runner', form: split, keys: {repository: repo, tag: version}}]",
        "spec:\n  runner:\n    repo: WEB\n    version: 1.4\n",
        "spec:\n  runner:\n    repo: WEB\n    version: 1.4@PIN\n",
    ),
    "a split reference whose digest gets a key": (
        "fields: [{path: /spec/0, form: split, keys: {repository: repo, tag: version, digest: sum}, digest: key}]",
        "spec:\n- {repo: WEB, version: '1.4'}\n",
        "spec:\n- {repo: WEB, version: '1.4', sum: PIN}\n",
    ),
    "a split reference whose digest is raw hex": (
        "fields: [{path: '/spec/*', form: split, keys: {repository: repo, tag: version}, digest: raw-hex}]",
        "spec:\n- repo: WEB\n  version: '1.4' # chosen by hand\n",
        "spec:\n- repo: WEB\n  version: '1.4' # chosen by hand\n  digest: HEX\n",
    ),
    "a digest key that is there": (
        "fields: [{path: /spec, form: split, keys: {repository: repo, tag: version}}]",
        "spec:\n  repo: WEB\n  version: '1.4'\n  digest:\n",
        "spec:\n  repo: WEB\n  version: '1.4'\n  digest: PIN\n",
    ),
    "a tag": (
        "fields: [{path: /spec/version, form: tag, repository: WEB}]",
        "spec: {version: 1.4}\n",
        "spec: {version: 1.4@PIN}\n",
    ),
    "a tag beside which the digest goes": (
        "fields: [{path: /spec/version, form: tag, repository: WEB, digest: key}]",
        "spec:\n  version: 1.4\n",
        "spec:\n  version: 1.4\n  digest: PIN\n",
    ),
    "a tag beside a digest in hexadecimal digits": (
        "fields: [{path: /spec/version, form: tag, repository: WEB, digest: raw-hex, keys: {digest: sha}}]",
        "spec:\n  version: 1.4\n  sha: ''\n",
        "spec:\n  version: 1.4\n  sha: 'HEX'\n",
    ),
    "a tag alone": (
        "fields: [{path: /spec/version, form: tag, repository: WEB, digest: none}]",
        "spec: {version: 1.4}\n",
        "spec: {version: 1.4}\n",
    ),
    "a manifest in a ConfigMap": (
        "fields: [{kind: ConfigMap, path: '/data/*', form: yaml}]",
        "kind: ConfigMap\ndata:\n  app.yaml: |\n    a: b\n    image: WEB:1.4 # c\n\n    d: e\n",
        "kind: ConfigMap\ndata:\n  app.yaml: |\n    a: b\n    image: WEB:1.4@PIN # c\n\n    d: e\n",
    ),
    "JSON in a ConfigMap": (
        "fields: [{kind: ConfigMap, path: /data/app.json, form: json}]",
        'kind: ConfigMap\ndata:\n  app.json: |\n    {"image": "WEB:1.4"}\n  b.json: |\n    {"image": "WEB:1.4"}\n',
        'kind: ConfigMap\ndata:\n  app.json: |\n    {"image": "WEB:1.4@PIN"}\n  b.json: |\n    {"image": "WEB:1.4"}\n',
    ),
    "references in a text": (
        "fields: [{path: /args/*, form: substring}]",
        "args:\n- --reloader=WEB:1.4 # c\n- \"a WEB:1.4, é 'WEB:1.4'\"\n",
        "args:\n- --reloader=WEB:1.4@PIN # c\n- \"a WEB:1.4@PIN, é 'WEB:1.4@PIN'\"\n",
    ),
    "what only looks like a reference in a text": (
        "fields: [{path: /args/*, form: substring}]",
        "args:\n- WEB:1.4-x WEB:1.40 x/WEB:1.4 WEB:1.4/x WEB:1.4+y $A/WEB:1.4 https://WEB:1.4 WEB\n",
        "args:\n- WEB:1.4-x WEB:1.40 x/WEB:1.4 WEB:1.4/x WEB:1.4+y $A/WEB:1.4 https://WEB:1.4 WEB\n",
    ),
    "references in a script": (
        "fields: [{path: '/data/*', form: substring}]",
        "data:\n  a: |\n    run WEB:1.4 \\\n      oci://WEB:1.4.\n\n    x\n  b: >-\n    x\n    WEB:1.4\n",
        "data:\n  a: |\n    run WEB:1.4@PIN \\\n      oci://WEB:1.4@PIN.\n\n    x\n  b: >-\n    x\n    WEB:1.4@PIN\n",
    ),
    "references in a quoted text with escapes": (
        "fields: [{path: /a, form: substring}]",
        'a: "x\\n\\"WEB:1.4\\"\\tWEB:1.4\\n"\n',
        'a: "x\\n\\"WEB:1.4@PIN\\"\\tWEB:1.4@PIN\\n"\n',
    ),
    "an excluded place": (
        "fields: [{path: '/spec/**/canary', exclude: true}]",
        "spec: {a: {canary: {image: WEB:1.4}}, b: {image: WEB:1.4}}\n",
        "spec: {a: {canary: {image: WEB:1.4}}, b: {image: WEB:1.4@PIN}}\n",
    ),
    "an excluded place with a marker": (
        "fields: [{path: /image, exclude: true}]",
        'image: WEB:1.4 # {"$imagestream": "acme/web:prod"}\nb: {image: WEB:1.4}\n',
        'image: WEB:1.4 # {"$imagestream": "acme/web:prod"}\nb: {image: WEB:1.4@PIN}\n',
    ),
    "ignore": (
        "{}",
        "a:\n- image: WEB:1.4 # gitops-streams: ignore\n- image: WEB:1.4 # not: ignore\n",
        "a:\n- image: WEB:1.4 # gitops-streams: ignore\n- image: WEB:1.4@PIN # not: ignore\n",
    ),
    "ignore with a reason, before a marker": (
        "{}",
        'image: "WEB:1.4"  # why # gitops-streams: ignore, {"$imagestream": "acme/web:prod"}\n',
        'image: "WEB:1.4"  # why # gitops-streams: ignore, {"$imagestream": "acme/web:prod"}\n',
    ),
    "ignore behind a key": (
        "{}",
        "a: # gitops-streams: ignore\n  image: WEB:1.4\n  x: {repository: WEB, tag: '1.4'}\nb: {image: WEB:1.4}\n",
        "a: # gitops-streams: ignore\n  image: WEB:1.4\n  x: {repository: WEB, tag: '1.4'}\nb: {image: WEB:1.4@PIN}\n",
    ),
    "ignore behind the tag of a split reference": (
        "{}",
        "web:\n  repository: WEB\n  tag: '1.4' # gitops-streams: ignore\n",
        "web:\n  repository: WEB\n  tag: '1.4' # gitops-streams: ignore\n",
    ),
    "ignore behind the bar of a block": (
        "fields: [{path: '/data/*', form: yaml}]",
        "data:\n  a: | # gitops-streams: ignore\n    image: WEB:1.4\n  b: |\n    image: WEB:1.4\n",
        "data:\n  a: | # gitops-streams: ignore\n    image: WEB:1.4\n  b: |\n    image: WEB:1.4@PIN\n",
    ),
    "ignore within a block": (
        "fields: [{path: '/data/*', form: yaml}]",
        "data:\n  b: |\n    image: WEB:1.4 # gitops-streams: ignore\n    c: {image: WEB:1.4}\n",
        "data:\n  b: |\n    image: WEB:1.4 # gitops-streams: ignore\n    c: {image: WEB:1.4@PIN}\n",
    ),
    "ignore-file": (
        "{}",
        "# Ours.\n# gitops-streams: ignore-file\n---\nimage: WEB:1.4\n---\nimage: WEB:1.4\n",
        "# Ours.\n# gitops-streams: ignore-file\n---\nimage: WEB:1.4\n---\nimage: WEB:1.4\n",
    ),
    "ignore-file in the middle": (
        "{}",
        "a: b\n# gitops-streams: ignore-file\nimage: WEB:1.4\n",
        "a: b\n# gitops-streams: ignore-file\nimage: WEB:1.4@PIN\n",
    ),
    "a marker of a tag alone": (
        "{}",
        'version: 1.3 # {"$imagestream": "acme/web:prod:tag-only"}\n',
        'version: "1.4" # {"$imagestream": "acme/web:prod:tag-only"}\n',
    ),
    "a rule goes before a shape": (
        "fields: [{path: /web, form: split, digest: key}]",
        "web:\n  repository: WEB\n  tag: '1.4'\n",
        "web:\n  repository: WEB\n  tag: '1.4'\n  digest: PIN\n",
    ),
    "a member of a list": (
        "fields: [{path: /spec/package, kind: Runner}]",
        "kind: List\nitems:\n- {kind: Runner, spec: {package: WEB:1.4}}\n",
        "kind: List\nitems:\n- {kind: Runner, spec: {package: WEB:1.4@PIN}}\n",
    ),
    "what a server writes": (
        "fields: [{path: '/**/x'}]",
        "kind: Runner\nstatus: {x: WEB:1.4}\nspec: {x: WEB:1.4, lastTriggeredImage: {x: WEB:1.4}}\n",
        "kind: Runner\nstatus: {x: WEB:1.4}\nspec: {x: WEB:1.4@PIN, lastTriggeredImage: {x: WEB:1.4}}\n",
    ),
}


@pytest.mark.parametrize(("config", "before", "after"), CASES.values(), ids=CASES)
def test_what_is_written(acme, config, before, after):
    assert acme.pinned(config, before) == after
