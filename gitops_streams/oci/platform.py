"""A platform, ``os/architecture[/variant]``.

Source: OCI image-spec, ``image-index.md`` § Platform.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from gitops_streams.errors import InvalidReference

_PART = re.compile(r"[a-z0-9_.-]+")


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
        parts = text.split("/")
        if len(parts) not in {2, 3} or not all(_PART.fullmatch(part) for part in parts):
            raise InvalidReference(f"{text!r} is not a platform", hint="write it as linux/amd64 or linux/arm64/v8")
        return cls(*parts)

    def admits(self, other: Platform) -> bool:
        """Whether an image for ``other`` serves this platform; no variant here admits any."""
        return (self.os, self.architecture) == (other.os, other.architecture) and self.variant in {None, other.variant}

    def __str__(self) -> str:
        """``os/architecture[/variant]``."""
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part is not None)
