"""References as an independent, slow and generous detector counts them: PyYAML's pure parser, and shapes by key.

It shares neither parser nor grammar nor code with the product. What it finds is what coverage is measured against.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from yaml_fuzz import witness
from yaml_fuzz.witness import Refused, Seen

_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_HOST = r"(?:localhost|[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+|[a-zA-Z0-9-]+(?=:))(?::[0-9]+)?"
_NAME = rf"(?:(?P<host>{_HOST})/)?(?P<path>{_PART}(?:/{_PART})*)"
_WHOLE = re.compile(rf"{_NAME}:(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})(?:@(?P<digest>sha256:[0-9a-f]{{64}}))?")
_UNTAGGED = re.compile(_NAME)
_TAG = re.compile(r"(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})(?:@(?P<digest>sha256:[0-9a-f]{64}))?")
_IMAGE_KEY = re.compile(r"image(?!_?-?(?:pull|stream))", re.IGNORECASE)
_NEVER_KEYS = frozenset({"lastTriggeredImage", "kubectl.kubernetes.io/last-applied-configuration"})
_NEVER_KINDS = re.compile(r"CustomResourceDefinition|ImageStream.*|ImageRepository|ImagePolicy|ImageUpdater")
_TEXTS = re.compile(r"(?:annotations|labels|description|message)$", re.IGNORECASE)
_DEEPEST_TEXT = 3

Address = tuple[str | int, ...]
"""The document's index, then keys and indexes; within a string that is a manifest, ``"<text>"`` and so on."""


@dataclass(frozen=True)
class Candidate:
    """A tagged reference."""

    address: Address
    form: str
    repository: str
    """Canonical: ``docker.io/library/nginx``."""
    tag: str
    digest: str | None

    @property
    def question(self) -> str:
        return f"{self.repository}:{self.tag}"


class Unparsable(Exception):
    """The detector cannot read the file; the message is the cause."""


def digest_of(question: str) -> str:
    """Return the made-up digest of ``repository:tag``."""
    return f"sha256:{hashlib.sha256(question.encode()).hexdigest()}"


def read(data: bytes) -> list[Seen]:
    """Read a file.

    Raises:
        Unparsable: with the cause.
    """
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise Unparsable("UTF-16")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unparsable("not UTF-8") from error
    try:
        return witness.read(text)
    except Refused as refused:
        try:
            return [Seen("document", below=[_from_json(json.loads(text, parse_int=str, parse_float=str))])]
        except (ValueError, RecursionError):
            cause = "template" if "{{" in text else "comments in JSON" if _is_jsonc(text) else "not YAML"
            raise Unparsable(cause) from refused


def _is_jsonc(text: str) -> bool:
    return text.lstrip()[:1] in {"{", "["} or text.lstrip()[:2] in {"//", "/*"}


def _from_json(value: Any) -> Seen:
    if isinstance(value, dict):
        return Seen(
            "mapping", below=[part for key, item in value.items() for part in (Seen("scalar", key), _from_json(item))]
        )
    if isinstance(value, list):
        return Seen("sequence", below=[_from_json(item) for item in value])
    return Seen("scalar", value if isinstance(value, str) else json.dumps(value))


def detect(path: str, documents: list[Seen]) -> Iterator[Candidate]:
    """Yield the tagged references of a file."""
    del path
    for number, document in enumerate(documents):
        if document.below:
            yield from _node(document.below[0], (number,), "", 0)
            yield from _template(document.below[0], (number,))


_TEMPLATED = re.compile(r"[\w./:-]*(?:\$\{\w+\}[\w./-]*)*:\$\{(\w+)\}")


def _template(node: Seen, address: Address) -> Iterator[Candidate]:
    """Yield the tags among an OpenShift Template's parameters that an image of its objects is made of."""
    entries = _entries(node)
    if "kind" not in entries or entries["kind"].said != "Template" or "parameters" not in entries:
        return
    values: dict[str, tuple[int, str]] = {}
    for index, item in enumerate(entries["parameters"].below):
        parameter = _entries(item)
        if "name" in parameter and "value" in parameter:
            values[parameter["name"].said] = (index, parameter["value"].said)
    made = {}
    for said in _images(entries.get("objects", node)):
        found = _TEMPLATED.fullmatch(said)
        if found is None or found[1] not in values:
            continue
        name = re.sub(r"\$\{(\w+)\}", lambda one: values.get(one[1], (0, "?"))[1], said[: said.rindex(":")])
        index, tag = values[found[1]]
        split = _made("template", name, tag, None, ("parameters", index, "value"))
        if split is not None:
            made[split] = None
    for part, candidate in made:
        yield Candidate((*address, *part), *candidate)


def _entries(node: Seen) -> dict[str, Seen]:
    if node.kind != "mapping":
        return {}
    return {one.said: other for one, other in zip(node.below[::2], node.below[1::2], strict=True)}


def _images(node: Seen) -> Iterator[str]:
    for name, value in _entries(node).items():
        if value.kind == "scalar" and _IMAGE_KEY.search(name):
            yield value.said
    for below in node.below:
        yield from _images(below)


def _node(node: Seen, address: Address, key: str, depth: int) -> Iterator[Candidate]:
    if len(address) > 200 or depth > _DEEPEST_TEXT:
        return
    if node.kind == "mapping":
        yield from _mapping(node, address, key, depth)
    elif node.kind == "sequence":
        for index, item in enumerate(node.below):
            yield from _node(item, (*address, index), key, depth)
    elif node.aimed().kind == "scalar":
        yield from _scalar(node.aimed().said, address, key, depth)


def _mapping(node: Seen, address: Address, key: str, depth: int) -> Iterator[Candidate]:
    entries = {
        one.said: other for one, other in zip(node.below[::2], node.below[1::2], strict=True) if one.kind == "scalar"
    }
    texts = {name: value.aimed().said for name, value in entries.items() if value.aimed().kind == "scalar"}
    kind = texts.get("kind", "")
    if _NEVER_KINDS.fullmatch(kind) or _TEXTS.search(key):
        return
    is_image = any(isinstance(part, str) and _IMAGE_KEY.search(part) for part in (*address[-3:], key))
    split = _split(texts, entries, key, kind, is_image=is_image)
    for part, candidate in [split] if split is not None else _image_and_tag(texts):
        yield Candidate((*address, *part), *candidate)
    for name, value in entries.items():
        if name in _NEVER_KEYS or (name == "status" and kind) or (split is not None and name in split[0]):
            continue
        # What a variable or a parameter is called says as much as a key.
        called = texts.get("name", name) if name in {"value", "default"} else name
        if name in {"value", "options"} and _IMAGE_KEY.search(key):
            called = key  # the images that a form lets people choose from
        if name == "name" and (kind == "DockerImage" or (address[-1:] == (key,) and _IMAGE_KEY.search(key))):
            called = "image"  # a BuildConfig's, GitLab's
        if name == "value" and "op" in texts and _IMAGE_KEY.search(texts.get("path", "").rpartition("/")[2]):
            called = "image"  # JSON Patch
        yield from _node(value, (*address, name), called, depth)


def _split(
    texts: dict[str, str], entries: dict[str, Seen], key: str, kind: str, *, is_image: bool
) -> tuple[Address, tuple[str, str, str, str | None]] | None:
    """Return what several scalars of one mapping say together, with the part that carries the tag."""
    digest = texts.get("digest") or texts.get("sha") or None
    if digest and re.fullmatch(r"[0-9a-f]{64}", digest):
        digest = f"sha256:{digest}"
    ref = entries.get("ref")
    if kind == "" and texts.get("url", "").startswith("oci://") and ref is not None and ref.kind == "mapping":
        inner = {one.said: other.said for one, other in zip(ref.below[::2], ref.below[1::2], strict=True)}
        return _made("OCIRepository", texts["url"][6:], inner.get("tag", ""), inner.get("digest"), ("ref", "tag"))
    if "newTag" in texts and "name" in texts:
        return _made("kustomize", texts.get("newName") or texts["name"], texts["newTag"], digest, ("newTag",))
    joined = _joined(texts, key, digest)
    if joined is not None:
        return joined
    if "repository" in texts and "tag" in texts:
        registry = texts.get("registry", "").removesuffix("/")
        name = f"{registry}/{texts['repository']}" if registry else texts["repository"]
        return _made("Helm", name, texts["tag"], digest, ("tag",))
    named = next((texts[each] for each in ("image", "name", "repo") if texts.get(each)), "")
    if "tag" in texts and named and _IMAGE_KEY.search(key):
        return _made("name and tag", named, texts["tag"], digest, ("tag",))
    name = texts.get("image") or texts.get("name") or ""
    if is_image and "/" in name and texts.get("version") and "tag" not in texts and not kind:
        registry = texts.get("registry", "")
        name = f"{registry}/{name}" if registry else name
        return _made("name and version", name, texts["version"], digest, ("version",))
    return None


def _image_and_tag(texts: dict[str, str]) -> Iterator[tuple[Address, tuple[str, str, str, str | None]]]:
    """Yield what keys that say image themselves spell: ``webImage`` and ``webImageTag``, or its version."""
    for word, tag in texts.items():
        stem = re.fullmatch(r"((?!default|global|common).*image)[_-]?(tag|version)", word, re.IGNORECASE)
        name = "" if stem is None else next((texts[key] for key in _named(stem[1]) if texts.get(key)), "")
        if stem is None or not name or (stem[2].lower() == "version" and "/" not in name):
            continue
        registry = texts.get(f"{stem[1]}Registry", "")
        digest = next((texts[f"{stem[1]}{end}"] for end in ("Digest", "_digest") if texts.get(f"{stem[1]}{end}")), None)
        made = _made("image and its tag", f"{registry}/{name}" if registry else name, tag, digest, (word,))
        if made is not None:
            yield made


def _joined(
    texts: dict[str, str], key: str, digest: str | None
) -> tuple[Address, tuple[str, str, str, str | None]] | None:
    """Return a name in two parts with its tag: ``hub: docker.io/istio``, ``image: pilot``; ``image: a/b``, ``tag``."""
    image, tag = texts.get("image", ""), next((each for each in ("tag", "version") if texts.get(each)), None)
    if not image or tag is None or not _UNTAGGED.fullmatch(image):
        return None
    first = next((texts[each] for each in ("hub", "repository") if texts.get(each)), "")
    if first and "." in first.partition("/")[0] and "/" not in image and not first.endswith(f"/{image}"):
        return _made("joined", f"{first}/{image}", texts[tag], digest, (tag,))
    registry = texts.get("registry", "")
    if tag == "tag" and not first and not _IMAGE_KEY.search(key) and (registry or "/" in image):
        return _made("joined", f"{registry}/{image}" if registry else image, texts[tag], digest, (tag,))
    return None


def _named(stem: str) -> Iterator[str]:
    """Yield the keys under which the name of ``imageTag`` may stand."""
    yield from (f"{stem}{end}" for end in ("", "Name", "_NAME", "_name", "Repository", "_repository", "Repo", "_repo"))


def _made(
    form: str, name: str, tag: str, digest: str | None, part: Address
) -> tuple[Address, tuple[str, str, str, str | None]] | None:
    named, tagged = _UNTAGGED.fullmatch(name), _TAG.fullmatch(tag)
    if named is None or tagged is None or {name, tag} & {"null", "~"}:
        return None
    return part, (form, canonical(named["host"], named["path"]), tagged["tag"], tagged["digest"] or digest)


_LISTED = re.compile(r"(?:[\w.-]+=[\w./:@-]+\n)+(?:[\w.-]+=[\w./:@-]+\n?)?")
"""A variable that lists an operator's images: ``4.2.0=quay.io/strimzi/kafka:latest-kafka-4.2.0``, a line each."""


def _scalar(said: str, address: Address, key: str, depth: int) -> Iterator[Candidate]:
    if "\n" in said or ": " in said or said[:1] in {"{", "["}:
        if ":" in said and not said.lstrip().startswith("#!"):
            yield from _text(said, address, depth)
        for number, line in enumerate(said.split("\n") if _LISTED.fullmatch(said) else ()):
            yield from _scalar(line, (*address, "<line>", number), key, depth)
        return
    form = "image key" if _IMAGE_KEY.search(key) else "by value"
    name, equals, value = said.partition("=")
    if equals and re.fullmatch(r"[A-Za-z_]\w*|--?[A-Za-z][\w.-]*|[\d.]+", name):
        said, form = value, "literal"
    scheme = re.match(r"(?:docker|oci)://", said)
    if scheme is not None:
        said = said[scheme.end() :]
    found = _WHOLE.fullmatch(said)
    if found is None or (form != "image key" and (found["host"] is None or "/" not in said)):
        return
    yield Candidate(address, form, canonical(found["host"], found["path"]), found["tag"], found["digest"])


def _text(said: str, address: Address, depth: int) -> Iterator[Candidate]:
    try:
        documents = witness.read(said)
    except Refused:
        return
    for number, document in enumerate(documents):
        if document.below and document.below[0].kind in {"mapping", "sequence"}:
            for found in _node(document.below[0], (*address, "<text>", number), "", depth + 1):
                yield Candidate(
                    found.address,
                    f"in a text: {found.form.removeprefix('in a text: ')}",
                    found.repository,
                    found.tag,
                    found.digest,
                )


def canonical(host: str | None, path: str) -> str:
    """Write a repository in full."""
    if host is None or not ("." in host or ":" in host or host == "localhost"):
        path = path if host is None else f"{host}/{path}"
        return f"docker.io/{path}" if "/" in path else f"docker.io/library/{path}"
    if host in {"docker.io", "index.docker.io"}:
        return f"docker.io/{path}" if "/" in path else f"docker.io/library/{path}"
    return f"{host}/{path}"
