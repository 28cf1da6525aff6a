"""What the reader of a map does with its tag but put it behind a colon: a digest behind that tag would be wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from gitops_streams.manifests.image_like import plain
from gitops_streams.manifests.occurrence import Occurrence, Place, SplitReference
from gitops_streams.manifests.split import Field, read_field
from gitops_streams.oci.reference import looks_like_reference
from gitops_streams.yamledit.nodes import Mapping, Scalar, resolve

UNKNOWN = "it is one of a loop's items, and what its tag is put into nobody can tell"

SUFFIXES = ("variant", "tagSuffix", "suffix")
"""What charts put behind a tag with a hyphen: those of VictoriaMetrics, Istio and others."""
_SWITCHES = ("rootless", "distroless", "fips", "chroot")
"""What charts have another image for: Gitea's ends in ``-rootless``, that of ingress-nginx has another name."""
_ON = frozenset({"true", "yes", "on", "y"})
"""What Helm, which reads YAML 1.1, takes for true."""
_LOOPS = frozenset({"matrix", "withItems", "withParam", "elements", "loop"})
"""What GitHub's workflows, Argo Workflows, ApplicationSets and Ansible's tasks go through item by item."""
_LOOKUPS = "with_"
"""How the older of Ansible's loops begin: ``with_items``, ``with_dict``."""
_BUILT = frozenset({"dockerfile", "dockerfilepath", "context", "buildargs"})
"""Keys beside an image that is built, without case and separators."""
_NAMING = re.compile(r"(?P<of>.*?)(?:image(?:name|repository)?|repository)", re.DOTALL)
"""Keys that name an image, without case and separators, with what it is the image of."""
_ON_NODES = re.compile(r"driver$|^(?:gds|gdrcopy|vgpuManager|kmodule)", re.IGNORECASE)
"""The drivers of NVIDIA's ClusterPolicy and NicClusterPolicy, as keys and as kinds (NVIDIADriver)."""


def is_input(place: Place) -> bool:
    """Whether the map holds the inputs of an action: its repository is one of Git, its tag a release's."""
    return place.pointer[-1:] == ("with",)


def is_item(place: Place) -> bool:
    """Whether the map is an item of a loop: what its values are put into nobody can tell."""
    keys = [part for part in place.pointer if isinstance(part, str)]
    return not _LOOPS.isdisjoint(keys) or any(key.startswith(_LOOKUPS) for key in keys)


def is_built(place: Place) -> bool:
    """Whether the map says how its image is built: the tag is the one that it gets."""
    keys = (entry.key.value for entry in place.mapping.entries if isinstance(entry.key, Scalar))
    return any(plain(key) in _BUILT for key in keys)


def why_not(place: Place, found: Occurrence) -> str | None:
    """Say why what a map spells is left alone, if what reads it does more than to join name, tag and digest."""
    if found.tag is None or not isinstance(found.form, SplitReference):
        return None  # a digest, or a whole reference, is taken as it is
    if found.form.digest is None:
        return obstacle(place)
    more = _behind_the_tag(place)
    return None if more is None else f"{more}: the digest would be that of another image"


def obstacle(place: Place) -> str | None:
    """Say why a digest behind the tag would not end up behind it, if what reads the map joins it otherwise."""
    more = _behind_the_tag(place)
    if more is not None:
        return f"{more}, and a digest would stand before it"
    around = _above(place, 1)
    kind = around.text("type") if isinstance(around, Mapping) and place.pointer[-1:] == ("source",) else None
    if kind in {"registry-image", "docker-image"}:
        return f"a {kind} takes its digest as version.digest beside its source"
    return None


def suffixed(named: Callable[[str], Field | None], of: str) -> str | None:
    """Say what is put behind the tag of one of several images in a map.

    Args:
        named: returns the field whose key is one without case and separators.
        of: how the keys of the image begin, in the same spelling.
    """
    fields = (named(of + plain(key)) for key in SUFFIXES)
    return next((behind(field.key) for field in fields if field is not None and field.value), None)


def behind(key: str) -> str:
    """Say that the value of a key makes another image of the one that is named."""
    return f"{key} is put behind its tag"


def _behind_the_tag(place: Place) -> str | None:
    """Say what makes another image of the one that is named, if something does."""
    for key in SUFFIXES:
        suffix = read_field(place, key)
        if suffix is not None and suffix.value:
            return behind(key)
    for key in _SWITCHES:
        switch = read_field(place, key)
        if switch is not None and switch.value.lower() in _ON:
            return f"{key} is put behind its tag or its name"
    return None


def other_name(place: Place, own: Collection[str], *, bare: bool) -> str | None:
    """Say why a tag may be that of another image of its map too: one whose name stands there without a tag.

    Args:
        place: the map.
        own: the keys of the image whose tag it is.
        bare: whether names have but one segment, since what stands before them is a key of its own.
    """
    keys = [entry.key.value for entry in place.mapping.entries if isinstance(entry.key, Scalar)]
    there = {plain(key) for key in keys}
    for key in keys:
        named = None if key in own else _NAMING.fullmatch(bare_key := plain(key))
        if named is None or not there.isdisjoint(
            {f"{named['of']}tag", f"{named['of']}imagetag", f"{bare_key}tag"} - {"tag"}
        ):
            continue
        field = read_field(place, key)
        reference = None if field is None else looks_like_reference(field.value)
        untagged = reference is not None and reference.tag is None and reference.digest is None
        if untagged and field is not None and (bare or "/" in field.value):
            return f"its tag may be that of {key} beside it too"
    return None


def variant_of_all(place: Place) -> str | None:
    """Say why Istio's charts put more behind a tag: ``global.variant`` is that of every image without one."""
    for level in range(len(place.pointer) - len(place.object.pointer) + 1):
        around = _above(place, level)
        shared = around.get("global") if isinstance(around, Mapping) else None
        if isinstance(shared, Mapping) and shared.text("variant"):
            return "global.variant is put behind its tag, and a digest would stand before it"
    return None


def node_system(place: Place) -> str | None:
    """Say why an operator puts the node's system behind a version, as NVIDIA's do for drivers.

    Source: NVIDIA/gpu-operator ``controllers/object_controls.go``: only ``version: sha256:…`` is taken as it is.
    """
    last = place.pointer[-1] if len(place.pointer) > len(place.object.pointer) else None
    key = place.object.kind if last == "spec" else last
    if isinstance(key, str) and _ON_NODES.search(key):
        return "what deploys a driver puts the system of each node behind its version; a digest would stand before it"
    return None


def _above(place: Place, levels: int) -> object:
    """Return what stands around the map, so many levels above it."""
    path = place.pointer[len(place.object.pointer) :]
    return resolve(place.object.mapping, path[: len(path) - levels]) if levels <= len(path) else None
