"""Mending a lock as text: rows of entries are replaced where they stand, and nothing else moves.

One module a form. What an entry will say is a `Mending`; which files that are is nothing that this package
knows. A text that was mended is read again by its format's own reader, and held to what was asked
(`mended`): comments, order and line ends stay because they are never touched.
"""

from fallback_review.lockfiles.mend.apply import mended
from fallback_review.lockfiles.mend.edits import MendError, Mending, NewFile

__all__ = ["MendError", "Mending", "NewFile", "mended"]
