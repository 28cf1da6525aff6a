"""How these tests run."""

from __future__ import annotations

from hypothesis import settings

# A deadline would be an assertion about a busy machine.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
