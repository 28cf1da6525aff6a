"""Where an image is pushed to, in manifests of builds: a digest there would be wrong."""

from __future__ import annotations

import re

from gitops_streams.manifests.image_like import is_image_key, plain
from gitops_streams.manifests.key_memory import remembered
from gitops_streams.yamledit.nodes import Mapping, Node, Scalar, Sequence, resolve, target
from gitops_streams.yamledit.objects import Object
from gitops_streams.yamledit.pointer import Pointer

PUSHED = "it names what is pushed there, not what is pulled"
VARIABLE = "a variable of a pipeline may name what it pushes"

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_KEY_WORDS = frozenset({"dest", "destination", "output", "push"})
"""``outputImage``, ``destImageURL``, ``IMAGE_DESTINATION``."""
_PARENTS = frozenset({"output", "destination", "destinations", "to", "artifacts"})
"""BuildConfig and Shipwright ``output``, BuildConfig ``to``, Skaffold and Cloud Build ``artifacts``."""
_MODULES = frozenset({"docker_image", "docker_image_build", "docker_image_pull", "docker_image_push", "podman_image"})
"""Ansible's, maybe behind the name of their collection: they build, push or pull, and take no digest behind a tag."""
_KEYS = frozenset({"tag", "tags", "output", "destination", "destinations", "to", "image_templates", "name_template"})
"""Lists of what is tagged, of CI and of Prow; the ``tag`` of a kpack Image; the names of what GoReleaser builds."""
_BUILT = re.compile(r"docker_?file(?:_?path)?|build_?args", re.IGNORECASE)
"""Keys beside the name of an image that is built: DevSpace's, Okteto's and others."""
_PARAMETERS = frozenset({"image", "imageurl", "outputimage", "destination", "imagename"})
"""The parameters of Tekton's build tasks (buildah, kaniko, s2i, buildpacks), without case and hyphens."""
_PUSHING = frozenset(
    {"build", "bud", "push", "tag", "copy", "cp", "append", "attach", "mutate", "rebase"}
    | {"jib:build", "jib:dockerBuild", "spring-boot:build-image", "bootBuildImage"}
    | {"-t", "--tag", "--destination", "--dest", "--new_tag", "--push"}
)
"""Words of a command line that writes images: docker, podman, buildah, skopeo, crane, kaniko, oras, Maven, Gradle."""
_FLAG_WORDS = _KEY_WORDS | {"cache", "publish", "tag", "target", "to", "upload"}
"""``--output-image=x``, ``--cache-repo=x``: what one flag of any command line says of its own value."""
_LONGEST_COMMAND = 256
"""Words; every item of a list looks at all of them, and nobody writes a command line that is longer."""
_PIPELINES = {
    "env": frozenset({"jobs", "on", "runs-on", "steps", "run", "uses"}),
    "variables": frozenset({"before_script", "include", "jobs", "script", "stage", "stages", "steps", "trigger"}),
}
"""Maps of variables, each with keys beside it that a pipeline has and a manifest has not: workflows of GitHub and
Gitea; pipelines of GitLab and Azure."""
_BUILDER = re.compile(r"build|push", re.IGNORECASE)


def is_pushed(found: Object, pointer: Pointer) -> bool:
    """Whether a scalar names what is pushed.

    Args:
        found: the object that it stands in.
        pointer: from the document's root to the scalar.
    """
    path = pointer[len(found.pointer) :]
    keys = [part for part in path if isinstance(part, str)]
    if not keys:
        return False
    if keys[-1] in _KEYS or not _PARENTS.isdisjoint(keys[:-1]) or _says_so(keys[-1]):
        return True
    if any(map(_writes, keys)) and not _is_a_value(found, path):
        return True  # outputImage: {value: …}
    parent = resolve(found.mapping, path[:-1])
    if isinstance(parent, Mapping):
        return _is_built(found, path, parent)
    if path[:-1] == ("images",):
        return isinstance(found.mapping.get("steps"), Sequence)  # what Cloud Build pushes when its steps are done
    if isinstance(parent, Sequence):
        return any(_word(item) in _PUSHING for item in parent.items[:_LONGEST_COMMAND])
    return False


def is_pipeline_variable(found: Object, pointer: Pointer) -> bool:
    """Whether a scalar is the value of a variable of a pipeline; what its scripts make of that nobody can tell."""
    path = pointer[len(found.pointer) :]
    for end, part in enumerate(path[:-1]):
        telling = _PIPELINES.get(part) if isinstance(part, str) else None
        around = resolve(found.mapping, path[:end]) if telling is not None else None
        if telling is None or not isinstance(around, Mapping):
            continue
        if isinstance(around.get(str(part)), Mapping) and (_has_any(around, telling) or _has_jobs(around)):
            return True
    return False


def _has_any(mapping: Mapping, keys: frozenset[str]) -> bool:
    return any(isinstance(entry.key, Scalar) and entry.key.value in keys for entry in mapping.entries)


def _has_jobs(mapping: Mapping) -> bool:
    """Whether it is a pipeline of GitLab that has nothing but jobs beside its variables."""
    values = (target(entry.value) for entry in mapping.entries)
    return any(isinstance(value, Mapping) and value.entry("script") is not None for value in values)


def is_pushed_name(name: str) -> bool:
    """Whether the name of a parameter says, or may well mean, that its value is pushed."""
    return plain(name) in _PARAMETERS or is_pushed_flag(name)


def is_pushed_flag(flag: str) -> bool:
    """Whether the value of a command line's flag, such as ``--output-image``, names what is pushed."""
    return flag in _PUSHING or any(word.lower() in _FLAG_WORDS for word in _WORDS.findall(flag))


def _is_built(found: Object, path: Pointer, parent: Mapping) -> bool:
    above = path[-2] if len(path) > 1 else None
    if path[-1] == "image" and parent.get("build") is not None and not found.kind:
        return True  # a Compose service that is built gets this name; a KafkaConnect's is what it is built from
    if path[-1] == "image" and not found.kind and _says_how_it_is_built(path, parent):
        return True
    if above == "with":
        step = resolve(found.mapping, path[:-2])
        action = step.text("uses") if isinstance(step, Mapping) else None
        return action is not None and _BUILDER.search(action) is not None
    if isinstance(above, int) and len(path) > 2 and path[-3] == "params":  # noqa: PLR2004  the list, an index, a key
        return plain(parent.text("name") or "") in _PARAMETERS
    return False


def _says_how_it_is_built(path: Pointer, parent: Mapping) -> bool:
    """Whether a Dockerfile stands beside it; a ``context`` may be another thing, but for a member of ``build``."""
    keys = (entry.key.value for entry in parent.entries if isinstance(entry.key, Scalar))
    return any(_BUILT.fullmatch(key) or (key == "context" and path[-3:-2] == ("build",)) for key in keys)


@remembered
def _says_so(key: str) -> bool:
    return any(word.lower() in _KEY_WORDS for word in _WORDS.findall(key))


@remembered
def _writes(key: str) -> bool:
    """Whether all that stands below a key is pushed."""
    return (is_image_key(key) and _says_so(key)) or key.rpartition(".")[2] in _MODULES


def _is_a_value(found: Object, path: Pointer) -> bool:
    """Whether what seems a module of Ansible's is a key with a scalar, ``docker_image: web:1.4``: modules have maps."""
    above = (part for part in path[:-1] if isinstance(part, str))
    return not any(map(_writes, above)) and isinstance(resolve(found.mapping, path), Scalar)


def _word(node: Node) -> str | None:
    """Return an item of a command line; of ``--destination=x`` what stands before the equals sign."""
    item = target(node)
    return item.value.partition("=")[0].strip() if isinstance(item, Scalar) else None
