"""A platform, ``os/architecture[/variant]``.

Source: OCI image-spec, ``image-index.md`` § Platform.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from gitops_streams.errors import InvalidReference

_PART = re.compile(r"[a-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Platform:
    """What an image was built for; ``str()`` gives ``linux/arm64/v8``."""

    os: str
    architecture: str
    variant: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``os/architecture[/variant]``.

        Raises:
            InvalidReference: any other form.
        """
        parts = text.split("/", 3)
        if len(parts) not in {2, 3} or not all(_PART.fullmatch(part) for part in parts):
            raise InvalidReference(f"{text!r} is not a platform", hint="write it as linux/amd64 or linux/arm64/v8")
        return cls(*parts)

    @property
    def normal(self) -> Platform:
        """The form in which equal platforms are equal: ``arm64/v8`` is ``arm64`` (image-spec, § Platform Variants)."""
        if self.architecture == "arm64" and self.variant == "v8":
            return Platform(self.os, self.architecture)
        return self

    def admits(self, other: Platform) -> bool:
        """Whether an image for ``other`` serves this platform; no variant here admits any."""
        mine, theirs = self.normal, other.normal
        same = (mine.os, mine.architecture) == (theirs.os, theirs.architecture)
        return same and (self.variant is None or mine.variant == theirs.variant)

    def __str__(self) -> str:
        """``os/architecture[/variant]``."""
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part is not None)


@dataclass(frozen=True, slots=True)
class LegacyChoice:
    """What OpenShift's ``importMode: Legacy`` takes of an index: ``wanted``, else linux/amd64, else the first image.

    Source: openshift-apiserver ``importer.go`` (``manifestFromManifestList``), which ignores variants. The annotations
    ``importer.image.openshift.io/prefer-os`` and ``prefer-arch`` take the place of the control plane's platform.
    """

    wanted: Platform

    def __str__(self) -> str:
        """``linux/amd64, by Legacy``."""
        return f"{self.wanted}, by Legacy"
