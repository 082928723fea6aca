"""The fixtures of the GitHub lab."""

from tests.github_lab.fixtures import client, connect, environment, event_of, github_lab, lab

__all__ = ["client", "connect", "environment", "event_of", "github_lab", "lab"]
