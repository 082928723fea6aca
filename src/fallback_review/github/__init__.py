"""Speaking to GitHub: event, changed lockfiles, comments, status, workflow commands."""
