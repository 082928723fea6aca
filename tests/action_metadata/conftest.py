"""The fixtures of the GitHub lab."""

from tests.github_lab.fixtures import environment, github_lab, lab

__all__ = ["environment", "github_lab", "lab"]
