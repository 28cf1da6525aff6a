"""The names of our annotations of policies and gates, without their prefix.

They stand apart from what reads the annotations, which most repositories have none of and need not import.
"""

from __future__ import annotations

POLICY = frozenset({"policy", "range", "order", "pattern", "extract", "prereleases"})
"""See ``policy_annotations``."""
GATES = frozenset({"min-age", "hold-undated", "require-platforms", "freeze", "allow-downgrade"})
"""See ``gate_annotations``."""
