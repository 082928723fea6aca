"""How properties are tested here: a slow moment of the machine is no finding."""

from __future__ import annotations

from hypothesis import settings

# With a deadline, one example that a busy machine holds up counts as failed, and is then made smaller for up
# to five minutes. Time is bounded by the fuzzing runner instead (tests/fuzz).
settings.register_profile("lockfiles", deadline=None)
settings.load_profile("lockfiles")
