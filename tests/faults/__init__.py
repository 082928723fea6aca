"""What a run says when the world fails: every row of the table in docs/faults.md is really run."""
