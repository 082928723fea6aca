"""Fallback Review: which packages of a pull request come from Chainguard Libraries, and which from PyPI."""

__version__ = "0.1.0"
