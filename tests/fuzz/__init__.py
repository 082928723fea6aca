"""Fuzzing of every lockfile parser: ``python -m tests.fuzz.run`` (see docs/reliability.md)."""
