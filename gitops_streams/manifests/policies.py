"""Places of policies that say which images there may be: what stands there is compared with images, and never pulled.

Kyverno's ``validate.pattern``; the ``exemptImages`` of Gatekeeper's constraints, and lists of scanners and signers
called ``ignoredImages`` or ``excludeImages``; the ``glob`` of Sigstore's ClusterImagePolicy.
"""

from __future__ import annotations

import re

from gitops_streams.yamledit.pointer import Pointer

COMPARED = "a policy compares it with images; it is not pulled"
_LISTS = re.compile(r"(?:exempt|exclude|ignore|deny|denie|block|forbid|disallow)[a-z]*[_-]?images?", re.IGNORECASE)
_PATTERNS = frozenset({"pattern", "anyPattern", "deny"})


def is_compared(pointer: Pointer) -> bool:
    """Whether what stands there is compared with images.

    Args:
        pointer: from the document's root to a scalar.
    """
    keys = [part for part in pointer if isinstance(part, str)]
    if not keys:
        return False
    if "validate" in keys and not _PATTERNS.isdisjoint(keys):
        return True
    return keys[-1] == "glob" or any(map(_LISTS.match, keys))
