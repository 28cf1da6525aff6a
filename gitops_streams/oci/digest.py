"""A content digest, ``algorithm:hex``.

Source: OCI image-spec, ``descriptor.md`` § Digests. Registered algorithms sha256 (64 hexadecimal
digits) and sha512 (128) are accepted, lower case only.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Self

from gitops_streams.errors import InvalidDigest

_LENGTHS = {"sha256": 64, "sha512": 128}
_FORM = re.compile(r"([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*):([0-9a-fA-F]{32,})")


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest of a registered algorithm; ``str()`` gives ``sha256:…``."""

    algorithm: str
    encoded: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``algorithm:hex``.

        Raises:
            InvalidDigest: wrong form, unregistered algorithm, wrong length or upper-case digits.
        """
        match = _FORM.fullmatch(text)
        if match is None:
            raise InvalidDigest(f"{text!r} is not a digest", hint="a digest reads sha256:<64 hexadecimal digits>")
        algorithm, encoded = match.groups()
        length = _LENGTHS.get(algorithm)
        if length is None:
            raise InvalidDigest(
                f"{text!r}: unsupported digest algorithm {algorithm!r}",
                hint=f"supported: {', '.join(_LENGTHS)}",
            )
        if len(encoded) != length or encoded.lower() != encoded:
            raise InvalidDigest(f"{text!r}: {algorithm} takes {length} lower-case hexadecimal digits")
        return cls(algorithm, encoded)

    @classmethod
    def of(cls, content: bytes, algorithm: str = "sha256") -> Self:
        """Compute the digest of some content (``algorithm`` is one that ``parse`` accepts)."""
        return cls(algorithm, hashlib.new(algorithm, content).hexdigest())

    @property
    def short(self) -> str:
        """The first twelve digits, for people; never for machines."""
        return f"{self.algorithm}:{self.encoded[:12]}"

    def __str__(self) -> str:
        """``algorithm:hex``, as registries and manifests write it."""
        return f"{self.algorithm}:{self.encoded}"
