"""Small documents to start from: each holds another corner of YAML, JSON and of what refers to images."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

HEX = "0123456789abcdef" * 4
_LARGEST = 6000
"""Characters; a mutation of more tells no more, and takes longer."""

SEEDS: tuple[str, ...] = (
    (
        "kind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n      - name: web\n"
        "        image: quay.io/acme/web:1.4  # the web\n        ports: [80, 443]\n"
    ),
    "images:\n- name: quay.io/acme/web\n  newTag: '1.4'\n- {name: nginx, newTag: 41, digest: }\n",
    f"image:\n  registry: quay.io\n  repository: acme/web\n  tag: 1.4\n  digest: sha256:{HEX}\n",
    (
        "values:\n  image: &image\n    repository: acme/web\n    tag: 41\n  other: *image\n  third:\n"
        "    <<: *image\n    tag: 2\n"
    ),
    "a: &x quay.io/acme/web:1\nb: *x\nc: &x quay.io/acme/api:1\nd: [*x, *x]\n",
    '{"kind": "Pod", "spec": {"containers": [{"image": "nginx:1", "args": ["\\u00e9", "\\/", "\\ud83d\\ude00"]}]}}',
    '{\n\t"image":\t"nginx:1.27",\n\t"tag": 1.10, "n": null, "e": {}, "l": []\n}\n',
    (
        "\ufeff%YAML 1.1\n%TAG !e! tag:example.com,2000:\n---\nimage: !!str nginx:1\nx: !e!y z\n...\n---\n"
        "image: !<tag:x> a\n"
    ),
    "text: |\n  image: nginx:1\n  # no comment\nfolded: >-\n  a\n  b\n\n  c\nkeep: |+2\n    x\n\nend: 1\n",
    "? complex\n: image\n? [a, b]\n: {image: nginx:1}\n? image\n: nginx:1\n",
    "image: nginx:1\r\nother:\r\n  digest:\r\n  tag: 1\r\n",
    "image: nginx:1\rnext: 2\r",
    "image: \"nginx:1\\n\"\nlong: \"a\n  b\n\n  c\"\nsingle: 'it''s'\nplain: a\n  b\n",
    "image: nginx:1 # nel \x85 and \u2028 and \u2029\nother: 'a\x85b'\n",
    "- - - a\n    - b\n  - c\n-\n  image: nginx:1\n- []\n- {}\n- ~\n-\n",
    "{a: b, image: nginx:1, ? c : d, e, [x: y]: z, 'f':g, \"h\":i}\n",
    "[a: b, image: nginx:1, {c: d}, [e], 'f': g]\n",
    "image: nginx:1\nimage: nginx:2\nother: 1\nother: 2\n",
    "image: {user}/x\nother: ${TAG}\ntemplate: {{ .Values.image }}\n",
    'image: nginx:1 # {"$imagestream": "acme/web:prod"}\ntag: 1 # {"$imagepolicy": "ns:web:tag"}\n',
    (
        "apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata: {name: web}\nspec:\n  tags:\n"
        "  - name: prod\n    from: {kind: DockerImage, name: quay.io/acme/web:1.4}\n"
    ),
    ('kind: ConfigMap\ndata:\n  app.yaml: |\n    image: quay.io/acme/web:1.4\n  app.json: \'{"image": "nginx:1"}\'\n'),
    (
        "kind: Kustomization\npatches:\n- patch: |-\n    - op: replace\n      path: /spec/containers/0/image\n"
        "      value: nginx:1\n"
    ),
    (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nspec:\n  url: oci://quay.io/acme/web\n"
        "  ref:\n    tag: 1.4\n"
    ),
    (
        "kind: Application\nspec:\n  source:\n    helm:\n      values: |\n        image:\n"
        '          repository: nginx\n          tag: "1"\n'
    ),
    (
        "kind: DeploymentConfig\nspec:\n  triggers:\n  - type: ImageChange\n    imageChangeParams:\n"
        "      containerNames: [web]\n      from: {kind: ImageStreamTag, name: 'web:prod'}\n"
        "  template: {spec: {containers: [{name: web, image: ' '}]}}\n"
    ),
    "key: value\t# tab\n\timage: nginx:1\n",
    "a: 'x' #c\n#d\nb: \"y\"#e\n--- # f\n--- |\n g\n--- >\n h\n... # i\n",
    "a:\n- b\n- c:\n  - d\n e: f\n",
    'image: &a !!str nginx:1\ndigest: &b\nsha: !!null\nempty: \'\'\n"quoted key": ""\n',
)


def load(corpus: Path | None = None) -> list[bytes]:
    """Return the seeds; with the small files of a folder, if there is one."""
    found = [seed.encode() for seed in SEEDS]
    found += [SEEDS[0].encode("utf-16"), SEEDS[0].encode("latin-1") + b"# \xe9\n"]
    if corpus is not None and corpus.is_dir():
        files = sorted(path for path in corpus.rglob("*") if path.suffix in {".yaml", ".yml", ".json"})
        found += [data for data in map(Path.read_bytes, files) if len(data) <= _LARGEST]
    return found


def weights(known: Sequence[bytes]) -> list[float]:
    """Return cumulative weights of seeds, by which each costs about as much time in all as every other."""
    return list(accumulate(1 / (100 + len(data)) for data in known))
