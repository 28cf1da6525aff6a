"""Places of policies, tests and schemas that say which images there may be: what stands there is never pulled.

Kyverno's ``validate.pattern``; the ``exemptImages`` of Gatekeeper's constraints, and lists of scanners and signers
called ``ignoredImages`` or ``excludeImages``; the ``glob`` of Sigstore's ClusterImagePolicy. The ``asserts`` of a test
of helm-unittest, and the values that it sets, which go together.
"""

from __future__ import annotations

import re

from gitops_streams.manifests.never_pulled import SCHEMA_WORDS
from gitops_streams.yamledit.nodes import Mapping, Node, resolve
from gitops_streams.yamledit.pointer import Pointer

COMPARED = "a policy compares it with images; it is not pulled"
OF_A_TEST = "it is what a test sets or expects"
OF_A_SCHEMA = "it stands in a schema"
_LISTS = re.compile(
    r"(?:(?:exempt|disallow)(?:ed)?|(?:exclude|ignore)d?|(?:deny|block)(?:[_-]?list)?|blocked|denied|forbidden)[_-]?images?"
    r"(?![a-z])",
    re.IGNORECASE,
)
"""Not ``blockchainImage``, nor ``blockNodeImage``."""
_PATTERNS = frozenset({"pattern", "anyPattern", "deny"})


def why(root: Node | None, pointer: Pointer) -> str | None:
    """Say why what stands there is compared and not pulled; ``None`` if it may be pulled.

    Args:
        root: the document's.
        pointer: from there to a scalar.
    """
    keys = [part for part in pointer if isinstance(part, str)]
    if not keys:
        return None
    if keys[-1] == "glob" or ("validate" in keys and not _PATTERNS.isdisjoint(keys)) or any(map(_LISTS.match, keys)):
        return COMPARED
    if "properties" in keys and not SCHEMA_WORDS.isdisjoint(keys[keys.index("properties") :]):
        return OF_A_SCHEMA
    if "asserts" in keys:
        return OF_A_TEST
    around = resolve(root, pointer[: pointer.index("set")]) if "set" in keys else None
    is_test = isinstance(around, Mapping) and (around.entry("asserts") is not None or around.entry("suite") is not None)
    return OF_A_TEST if is_test else None
