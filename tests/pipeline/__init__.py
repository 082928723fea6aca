"""The pipeline between two texts and a review, with indexes that answer from a table."""
