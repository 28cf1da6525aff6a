"""Bare names of images that are names of image stream tags: an ImageChange trigger of the same object says so.

OpenShift puts the image there once the trigger fires; whoever takes the name for an image of Docker Hub is wrong,
even where the trigger itself names no container that there is.
"""

from __future__ import annotations

from gitops_streams.yamledit.nodes import Mapping, Sequence, resolve, target
from gitops_streams.yamledit.objects import Object


def is_stream_tag(found: Object, value: str) -> bool:
    """Whether a trigger of a DeploymentConfig names an image stream tag by just that text.

    Args:
        found: the object that the text stands in.
        value: what stands where an image does.
    """
    if found.kind != "DeploymentConfig" or "/" in value:
        return False
    triggers = resolve(found.mapping, ("spec", "triggers"))
    for item in triggers.items if isinstance(triggers, Sequence) else ():
        origin = resolve(target(item), ("imageChangeParams", "from"))
        if isinstance(origin, Mapping) and origin.text("kind") == "ImageStreamTag" and origin.text("name") == value:
            return True
    return False
