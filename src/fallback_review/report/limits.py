"""What GitHub takes of a text, and of how many: one place for all that writes to it."""

from __future__ import annotations

COMMENT = 65_536
"""Characters of a comment's or an issue's body; GitHub refuses a longer one (422)."""
STATUS_DESCRIPTION = 140
"""Characters: https://docs.github.com/rest/commits/statuses#create-a-commit-status"""
SUMMARY = 1024 * 1024
"""Bytes of one step's job summary; GitHub refuses a longer one as a whole.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""
ANNOTATIONS = 10
"""Annotations of one level that the runner shows for one step (the same page)."""
ANNOTATION_MESSAGE = 4_096
"""Characters of an annotation's message (the same page)."""
