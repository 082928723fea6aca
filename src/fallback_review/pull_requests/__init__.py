"""One pull request: its files, its review, and the channels that the review is delivered through."""
