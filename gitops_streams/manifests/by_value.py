"""By value: any other scalar that is exactly a tagged reference with its registry's domain, under whatever key.

Environment variables, arguments, parameters, fields of anybody's own kinds. Words with a colon in them are
many and images among them few, so what it takes is a domain, a tracked repository and a place that is no prose,
no script, no schema, no label, no push destination and nobody's name of a chart or of a
stream. What has the value and not the place is reported with the reason.
"""

from __future__ import annotations

from collections.abc import Collection

from gitops_streams.manifests import never_pulled, whole
from gitops_streams.manifests.image_like import is_image_key, plain
from gitops_streams.manifests.occurrence import Occurrence, Place
from gitops_streams.manifests.push_destinations import is_pushed_flag, is_pushed_name
from gitops_streams.oci.reference import Reference, Repository, looks_like_reference
from gitops_streams.yamledit.nodes import Mapping, Scalar, Sequence, resolve, target
from gitops_streams.yamledit.pointer import Pointer

OCI = "oci://"
DOCKER = "docker://"
EITHER = "what imports it takes a tag or a digest behind docker://, never both; write the digest in place of the tag"
"""KubeVirt's importer, which copies images as skopeo does.

Source: containers/image ``docker/docker_transport.go`` (``newReference``); kubevirt/containerized-data-importer issue
2689: a DataImportCron needs the tag. An importer that has the node pull the image takes both: they stand there then.
"""
FORM = "value"
_VARIABLES = (("env",), ("extraEnv",), ("extraEnvVars",))


def find(place: Place, scalar: Scalar, tracked: Collection[Repository]) -> Occurrence | str | None:
    """Return the reference that a scalar is; why it is left alone; ``None`` if it is none that somebody tracks.

    Args:
        place: ``pointer`` leads to the scalar, or to an alias of it.
        scalar: what stands there.
        tracked: the repositories that streams follow.
    """
    value = scalar.value
    if scalar.is_block:
        return None
    prefix = _prefix(value, place.pointer)
    reference = looks_like_reference(value.removeprefix(prefix))
    if reference is None or reference.tag is None or reference.repository not in tracked:
        return None
    why = never_pulled.why(place.object, place.pointer, whole=True)
    if why is not None or not (whole.has_domain(reference) or _is_named_image(place, reference)):
        return why
    if prefix == DOCKER and reference.digest is None:
        return EITHER
    return whole.of(place, place.pointer, scalar, reference, FORM, prefix)


def _prefix(value: str, pointer: Pointer) -> str:
    """Return the scheme that stands before a reference."""
    if value.startswith(OCI):
        return OCI
    # Elsewhere it may be where a tool copies to.
    return DOCKER if value.startswith(DOCKER) and pointer[-1:] == ("url",) else ""


def _is_named_image(place: Place, reference: Reference) -> bool:
    """Whether ``org/name:tag`` is a member of a map of images, or of a variable, a parameter or a flag that says image.

    Or of a key that says outright that it is a repository and a tag: ``dindSidecarRepositoryAndTag``.

    Names of one segment may be those of image stream tags, but for members of such a map and variables of a container;
    a parameter called just ``image`` may be what is pushed.
    """
    path = place.pointer[len(place.object.pointer) :]
    last, bare = place.pointer[-1], "/" not in reference.name
    # What an item of a list has beside its image may be its name, or a file's.
    in_map = isinstance(last, str) and isinstance(path[-2] if len(path) > 1 else None, str)
    if in_map and any(map(_says_images, path[-2:-1] if bare else path[-3:-1])):
        return True
    if isinstance(last, str) and plain(last).endswith("repositoryandtag"):
        return True
    if not (isinstance(last, int) or last in {"value", "default"}) or (bare and path[-3:-2] not in _VARIABLES):
        return False
    around = resolve(place.object.mapping, place.pointer[len(place.object.pointer) : -1])
    if isinstance(around, Sequence):
        before = target(around.items[last - 1]) if isinstance(last, int) and last > 0 else None
        return isinstance(before, Scalar) and before.value.startswith("-") and _is_image_flag(before.value)
    name = (around.text("name") or "") if isinstance(around, Mapping) else ""
    return is_image_key(name) and not is_pushed_name(name)


def _says_images(key: object) -> bool:
    """Whether a key says that several images stand below it: ``images``, ``componentImages``, ``system_images``."""
    return isinstance(key, str) and key.lower().endswith("images") and is_image_key(key) and "stream" not in key.lower()


def _is_image_flag(flag: str) -> bool:
    """Whether a command line's flag says that its value is an image, and one that is pulled."""
    return is_image_key(flag) and not is_pushed_flag(flag)
